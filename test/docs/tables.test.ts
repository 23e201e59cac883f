// The tables of faults and of verdicts in the documents have all there are, in the order of the code.

import { expect, test } from 'vitest'
import { FAULTS, simulate } from '../../src/simulation/index.js'
import { readDocument } from './markdown.js'

/** The first two cells of each row of the table with this head. */
function rowsOf(path: string, head: string): readonly (readonly [string, string])[] {
  const { lines } = readDocument(path)
  const from = lines.indexOf(head)
  return lines.slice(from + 2, lines.indexOf('', from)).map((line) => {
    const [, first = '', second = ''] = line.split('|')
    return [first.replaceAll('`', '').trim(), second.trim()] as const
  })
}

test('docs/SIMULATION.md has every class of faults, with its unit', () => {
  const classes = Object.entries(FAULTS).map(([name, { unit }]) => [name, unit === 'times' ? 'times' : '%'])
  expect(rowsOf('docs/SIMULATION.md', '| class | unit | what happens |')).toEqual(classes)
})

test('docs/CHECKING.md has every verdict', () => {
  const { verdicts } = simulate({ seed: 1, scenario: { clients: 0, members: 1 } }).summary
  const rows = rowsOf('docs/CHECKING.md', '| verdict | what it says |').map(([name]) => name)
  expect(rows).toEqual(Object.keys(verdicts))
})
