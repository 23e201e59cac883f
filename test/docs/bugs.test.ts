// Every test that docs/BUGS.md names as a guard is there.

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
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
