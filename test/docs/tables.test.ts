// The tables of faults and of verdicts in the documents have all there are, in the order of the code.

import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { FAULTS, simulate } from '../../src/simulation/index.js'
import { ROOT, readDocument } from './markdown.js'

/** The cells of each row of the table with this head. */
function cellsOf(path: string, head: string): readonly (readonly string[])[] {
  const { lines } = readDocument(path)
  const from = lines.indexOf(head)
  return lines.slice(from + 2, lines.indexOf('', from)).map((line) =>
    line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.replaceAll('`', '').trim()),
  )
}

/** The first two cells of each row. */
function rowsOf(path: string, head: string): readonly (readonly [string, string])[] {
  return cellsOf(path, head).map(([first = '', second = '']) => [first, second])
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

const explorations = cellsOf('docs/EXPLORING.md', '| options | states generated | different | depth |')
const small = explorations.filter(([, generated = '']) => Number(generated.replaceAll(',', '')) < 300_000)

test.for(small)(
  'docs/EXPLORING.md: %s generates %s states, %s different ones, in %s steps',
  ([options, ...row]) => {
    const words = (options ?? '').split(' ')
    const told = execFileSync(process.execPath, [join(ROOT, 'bin/synod.js'), 'explore', '--json', ...words])
    const { generated, unique, depth } = JSON.parse(told.toString())
    expect([generated, unique, depth].map((count) => count.toLocaleString('en-US'))).toEqual(row)
  },
)
