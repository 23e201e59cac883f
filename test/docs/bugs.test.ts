// Every test that docs/BUGS.md names as a guard is there, and every seed that it names holds.

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { sharedApplication, simulate, swarm } from '../../src/simulation/index.js'
import { ROOT, readDocument } from './markdown.js'

/** Where a guard is: after the name of its file, between quotation marks, perhaps several joined by `and`. */
const GUARD = /`(test\/[\w./-]+)` ((?:"[^"]+"(?: and )?)+)/g

const guards = readDocument('docs/BUGS.md').lines.flatMap((line) =>
  [...line.matchAll(GUARD)].flatMap(([, file = '', names = '']) =>
    [...names.matchAll(/"([^"]+)"/g)].map(([, name = '']) => [file, name] as const),
  ),
)

test('docs/BUGS.md names a guard for every bug', () => {
  const bugs = readDocument('docs/BUGS.md').lines.filter((line) => /^\| [A-Z]/.test(line))
  for (const bug of bugs) expect(bug).toMatch(GUARD)
})

test.for(guards)('%s has the test "%s"', ([file, name]) => {
  expect(readFileSync(join(ROOT, file), 'utf8')).toContain(`'${name}'`)
})

/** Seeds of the swarm as it is; those of a class of faults, or of other options, are told in words. */
const SEEDS = /\bseeds? (\d+(?:(?:, | and )\d+)*)/g

const seeds = readDocument('docs/BUGS.md').lines.flatMap((line) =>
  [...line.matchAll(SEEDS)].flatMap(([, list = '']) => (list.match(/\d+/g) ?? []).map(Number)),
)

test.for(seeds)('seed %i holds', (seed) => {
  const { summary } = simulate({ seed, scenario: swarm(seed), application: sharedApplication() })
  expect(summary).toMatchObject({ seed, ok: true })
})
