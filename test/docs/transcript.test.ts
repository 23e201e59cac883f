// docs/TRANSCRIPT.md has every event that a transcript may hold.

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { ROOT, readDocument } from './markdown.js'

const source = readFileSync(join(ROOT, 'src/simulation/events.ts'), 'utf8')
const events = [...source.matchAll(/readonly type: '(\w+)'/g)].map(([, type = '']) => type)

const { lines } = readDocument('docs/TRANSCRIPT.md')
const from = lines.indexOf('| what happens | the rest |')
const told = lines
  .slice(from + 2, lines.indexOf('', from))
  .flatMap((line) => [...(line.split('|')[1] ?? '').matchAll(/`(\w+)`/g)].map(([, type = '']) => type))

test('every event has its row in docs/TRANSCRIPT.md, in the order of the code', () => {
  expect(events.length).toBeGreaterThan(0)
  expect(told).toEqual(events)
})
