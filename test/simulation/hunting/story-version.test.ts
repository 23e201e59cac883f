// A story names the version of the world that it was told in: one that runs otherwise has another.

import { createHash } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { keyValueApplication, sharedApplication } from '../../../src/simulation/application.js'
import { FAULTS } from '../../../src/simulation/faults/classes.js'
import { CLASSES } from '../../../src/simulation/hunting/fields.js'
import { STORY_VERSION } from '../../../src/simulation/hunting/story.js'
import { CLASSIC, type Scenario } from '../../../src/simulation/scenario.js'
import { simulate } from '../../../src/simulation/simulate.js'

const GOLDEN = new URL('../golden/story-version.json', import.meta.url)

const SCENARIO: Scenario = {
  ...CLASSIC,
  members: 3,
  clients: 3,
  requests: 12,
  placement: 'mixed',
  alpha: 8,
  logBytes: 1_600,
  chunkBytes: 400,
  quietMicros: 4_000_000,
  lengthMicros: 12_000_000,
}

/** The transcripts of a run of every class of faults. */
function digestOfRuns(): string {
  const hash = createHash('sha256')
  for (const [seed, name] of CLASSES.entries()) {
    const faults = { loss: 20_000, crash: 1, [name]: FAULTS[name].unit === 'times' ? 3 : 50_000 }
    const application = seed % 2 === 0 ? sharedApplication() : keyValueApplication('linearizable')
    const { summary } = simulate({ seed, application, scenario: { ...SCENARIO, faults }, hash: true })
    hash.update(`${name} ${summary.transcriptSha256}\n`)
  }
  return hash.digest('hex')
}

it('STORY_VERSION is another one whenever the same scenario and seed run otherwise', () => {
  const now = { version: STORY_VERSION, runs: digestOfRuns() }
  const golden = JSON.parse(readFileSync(GOLDEN, 'utf8'))
  const mayWrite = process.env['UPDATE_GOLDEN'] === '1' && !process.env['CI']
  if (mayWrite && golden.version !== now.version) {
    writeFileSync(GOLDEN, `${JSON.stringify(now, null, 2)}\n`)
    return
  }
  const advice =
    'stories told before replay something else now: raise STORY_VERSION (src/simulation/hunting/story.ts), then `npm run golden`, then `npm run museum -- --quick --pin`'
  expect(now, advice).toEqual(golden)
})
