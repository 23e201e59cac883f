// The same seed, options and version give the same transcript, byte for byte: everywhere, every time.

import { execFile } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'
import {
  bankApplication,
  type Scenario,
  Simulation,
  type SimulationOptions,
  sharedApplication,
  simulate,
} from '../../src/simulation/index.js'
import { executableOf, SUPPORTED_NODES } from '../support/nodes.js'

interface Run {
  readonly seed: number
  readonly machine?: 'bank' | 'shared'
  readonly scenario?: Partial<Scenario>
}

/** Runs that between them use every option. */
const RUNS: Readonly<Record<string, Run>> = {
  'classic 0': { seed: 0 },
  'classic 6': { seed: 6 },
  'classic 4294967295': { seed: 4_294_967_295 },
  'crashes 1': { seed: 1, scenario: { members: 5, clients: 3, faults: { loss: 50_000, crash: 10 } } },
  'crashes of a duplicating network 2': {
    seed: 2,
    scenario: { members: 3, clients: 3, faults: { loss: 50_000, crash: 8, duplication: 100_000 } },
  },
  'bank 3': { seed: 3, machine: 'bank', scenario: { members: 7, clients: 5 } },
  'bank with crashes 4': {
    seed: 4,
    machine: 'bank',
    scenario: { members: 3, clients: 4, faults: { loss: 50_000, crash: 5 } },
  },
  'linearizable reads 5': { seed: 5, scenario: { members: 5, reads: 'linearizable' } },
  'linearizable reads with crashes and losses 7': {
    seed: 7,
    scenario: { members: 5, clients: 4, reads: 'linearizable', faults: { loss: 200_000, crash: 6 } },
  },
  'shared keys with crashes 9': {
    seed: 9,
    machine: 'shared',
    scenario: {
      members: 5,
      clients: 6,
      requests: 30,
      faults: { loss: 50_000, crash: 4 },
      placement: 'mixed',
      untilMicros: 9_000_000,
    },
  },
  'slow and cut off 8': {
    seed: 8,
    scenario: {
      members: 4,
      requests: 3,
      delayMicros: 300_000,
      jitterMicros: 250_000,
      lengthMicros: 5_000_000,
    },
  },
}

function optionsOf({ machine, ...run }: Run): SimulationOptions {
  return {
    ...run,
    hash: true,
    ...(machine && { application: machine === 'bank' ? bankApplication() : sharedApplication() }),
  }
}

function hashesHere(): Record<string, string | null> {
  const runs = Object.entries(RUNS)
  return Object.fromEntries(
    runs.map(([name, run]) => [name, simulate(optionsOf(run)).summary.transcriptSha256]),
  )
}

/** The same in a process of its own, from dist: `npm test` has built it before. */
async function hashesElsewhere(node: string, env: Readonly<Record<string, string>> = {}): Promise<unknown> {
  const simulation = new URL('../../dist/simulation/index.js', import.meta.url)
  const code = `
    const { bankApplication, sharedApplication, simulate } = await import('${simulation.href}')
    const hashes = {}
    for (const [name, { machine, ...run }] of Object.entries(${JSON.stringify(RUNS)})) {
      const options = { ...run, hash: true, ...(machine && { application: machine === 'bank' ? bankApplication() : sharedApplication() }) }
      hashes[name] = simulate(options).summary.transcriptSha256
    }
    process.stdout.write(JSON.stringify(hashes))`
  const { stdout } = await promisify(execFile)(node, ['--input-type=module', '--eval', code], {
    env: { ...process.env, ...env },
  })
  return JSON.parse(stdout)
}

const GOLDEN = new URL('./golden/hashes.json', import.meta.url)

describe('the transcripts of eleven runs', () => {
  const hashes = hashesHere()

  it('are those of the golden file', () => {
    if (process.env['UPDATE_GOLDEN'] === '1' && !process.env['CI']) {
      writeFileSync(GOLDEN, `${JSON.stringify(hashes, null, 2)}\n`)
    }
    const golden: unknown = JSON.parse(readFileSync(GOLDEN, 'utf8'))
    expect(hashes, 'rewrite it with `npm run golden` if the change is meant').toEqual(golden)
  })

  it('are eleven different ones', () => {
    expect(new Set(Object.values(hashes)).size).toBe(11)
  })

  it('are the same again, in the other order, in a process in which other clusters have run', () => {
    for (const [name, run] of Object.entries(RUNS).reverse()) {
      simulate({ seed: 99, scenario: { members: 3, clients: 1 } })
      expect(simulate(optionsOf(run)).summary.transcriptSha256, name).toBe(hashes[name])
    }
  })

  it('are the same while another cluster runs in between', () => {
    const both = [optionsOf({ seed: 6 }), optionsOf({ seed: 0 })].map((options) => new Simulation(options))
    for (let busy = true; busy; ) busy = both.map((each) => each.advance(100)).includes(true)
    expect(both.map((each) => each.result.summary.transcriptSha256)).toEqual([
      hashes['classic 6'],
      hashes['classic 0'],
    ])
  })

  it.concurrent('are the same in another time zone and locale', async () => {
    const env = { TZ: 'Asia/Kolkata', LC_ALL: 'tr_TR.UTF-8', LANG: 'tr_TR.UTF-8', LANGUAGE: 'tr' }
    expect(await hashesElsewhere(process.execPath, env)).toEqual(hashes)
  })

  it.concurrent.for(SUPPORTED_NODES)('are the same on Node.js $major', async (node, context) => {
    expect(await hashesElsewhere(executableOf(node, context))).toEqual(hashes)
  })
})

describe('watching a run', () => {
  it('changes nothing about it: listeners, formats and colours see the same events', () => {
    const quiet = simulate({ seed: 6 }).summary
    const watched = simulate({
      seed: 6,
      onEvent: () => {},
      onLine: () => {},
      format: 'ndjson',
      hash: true,
    }).summary
    expect({ ...watched, transcriptSha256: null }).toEqual(quiet)
  })
})
