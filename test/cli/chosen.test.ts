// The summary of a run says what the seed and the options chose: all of it, by the names of the options.

import { describe, expect, it } from 'vitest'
import { chosenOf, leftOutOf } from '../../src/cli/chosen.js'
import { headOf } from '../../src/simulation/head.js'
import { keyValueApplication, type Scenario, sharedApplication, swarm } from '../../src/simulation/index.js'
import { CLASSIC } from '../../src/simulation/scenario.js'
import { synod } from './command.js'

const optionsOf = (scenario: Partial<Scenario>, application = keyValueApplication('decree')) =>
  headOf(1, { ...CLASSIC, ...scenario }, application).options

describe('what was chosen', () => {
  it('is told of the classic scenario', () => {
    expect(chosenOf(optionsOf({}))).toEqual([
      '  cluster   14 members, 11 clients, 30 ± 20 ms',
      '  clients   placement last, machine key-value, reads decree, requests 11 each',
      '  settings  alpha 64, log 4194304 bytes, chunk 262144 bytes',
      '  calm      from 10 s on, length 60 s',
    ])
    expect(leftOutOf(optionsOf({}))).toEqual([])
  })

  it('is told of a run in which everything is chosen', () => {
    const scenario: Partial<Scenario> = {
      ...{ members: 5, clients: 9, requests: 7, delayMicros: 3_200, jitterMicros: 8 },
      placement: 'mixed',
      ...{ paceMicros: 45_000, untilMicros: 12_500_001, quietMicros: 9_000_000, lengthMicros: 18_000_000 },
      ...{ alpha: 2, logBytes: 800, chunkBytes: 50, queueLimit: 16 },
    }
    expect(chosenOf(optionsOf(scenario, sharedApplication()))).toEqual([
      '  cluster   5 members, 9 clients, 3.2 ± 0.008 ms',
      '  clients   placement mixed, machine shared, requests 7 each, pace 45 ms, until 12.500001 s',
      '  settings  alpha 2, log 800 bytes, chunk 50 bytes, queue 16',
      '  calm      from 9 s on, length 18 s',
    ])
  })

  it('is told of what is left out, class by class', () => {
    const faults = [0, 1, 2, 5].map((number) => ({ class: 'ring', number }) as const)
    const omitted = { faults: [...faults, { class: 'crash', number: 3 } as const], clients: [4, 5, 9] }
    expect(leftOutOf(optionsOf({ omitted }))).toEqual(['  left out  ring 0..2,5, crash 3, clients 4..5,9'])
  })

  it.each([3, 8])(
    'names every option that the swarm picks for seed %i, as its replay would',
    async (seed) => {
      const { stderr } = await synod(['simulate', String(seed), '--scenario', 'swarm'])
      const { alpha, logBytes, chunkBytes, placement, untilMicros } = swarm(seed)
      for (const part of [
        ...[`alpha ${alpha}`, `log ${logBytes} bytes`, `chunk ${chunkBytes} bytes`],
        ...[`placement ${placement}`, `until ${(untilMicros ?? 0) / 1_000_000} s`],
      ])
        expect(stderr).toContain(part)
    },
  )
})

it.each(['simulate', 'hunt', 'shrink'])('synod %s --help has the classes of faults', async (command) => {
  const { stdout } = await synod([command, '--help'])
  expect(stdout).toContain('(see below)')
  expect(stdout).toMatch(/\n {2}crash-in-recovery +x {2}/)
})
