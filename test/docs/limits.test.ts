// The tables in docs/LIMITS.md say what the code does: every setting with its default, every bound of a scenario.

import { describe, expect, it } from 'vitest'
import { DEFAULT_SETTINGS } from '../../src/paxos/index.js'
import { BOUNDS, LAST_SEED } from '../../src/simulation/index.js'
import { readDocument } from './markdown.js'

const { lines } = readDocument('docs/LIMITS.md')

const settings = lines
  .map((line) => /^\| `(\w+)` \| (µs|bytes|slots|count) \| ([\d,]+) \| /.exec(line))
  .filter((match) => match !== null)
  .map(([, name = '', unit = '', value = '']) => ({ name, unit, value: Number(value.replaceAll(',', '')) }))

const microseconds = (name: string): boolean => name.endsWith('Micros')
const bytes = (name: string): boolean => name.endsWith('Bytes')

describe('docs/LIMITS.md', () => {
  it('has every setting, with its default, in the order of the code', () => {
    expect(settings.map(({ name, value }) => [name, value])).toEqual(Object.entries(DEFAULT_SETTINGS))
  })

  it('gives each the unit of its name', () => {
    for (const { name, unit } of settings) {
      expect(unit === 'µs', name).toBe(microseconds(name))
      expect(unit === 'bytes', name).toBe(bytes(name))
    }
  })

  it('marks those that members must agree on, and no others', () => {
    const agreed = lines.flatMap((line) => /^\| `(\w+)` \| .* \| \*agreed\.\*/.exec(line)?.[1] ?? [])
    expect(agreed).toEqual(agreedInCode())
  })

  it('has every bound of a scenario', () => {
    const from = lines.indexOf('| what | from | to |')
    const named = lines.slice(from, lines.indexOf('', from)).flatMap((line) => {
      const [, names = ''] = line.split('|')
      return [...names.matchAll(/`(\w+)`/g)].map(([, name = '']) => name)
    })
    expect(named.sort()).toEqual(Object.keys(BOUNDS).sort())
    expect(lines).toContain(`| seed | 0 | ${LAST_SEED.toLocaleString('en')} |`)
  })
})

/** The settings whose comment says *Agreed.* */
function agreedInCode(): readonly string[] {
  const source = readDocument('src/paxos/settings.ts').lines.join('\n')
  const [, body = ''] = /export interface Settings \{\n([^}]*)\n\}/.exec(source) ?? []
  return body
    .split('readonly ')
    .map((text, index, all) => ({ comment: all[index - 1] ?? '', name: /^\w+/.exec(text)?.[0] ?? '' }))
    .filter(({ comment }) => comment.slice(comment.lastIndexOf('/**')).includes('*Agreed.*'))
    .map(({ name }) => name)
}
