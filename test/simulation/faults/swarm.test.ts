// Swarm sampling: what the seed picks, and that the protocol stands it.

import { describe, expect, it } from 'vitest'
import { Leader, type MessageOf, Node, type NodeOptions } from '../../../src/paxos/index.js'
import { sharedApplication } from '../../../src/simulation/application.js'
import type { WorldEvent } from '../../../src/simulation/events.js'
import { FAULTS, type FaultClass } from '../../../src/simulation/faults/classes.js'
import { planOf } from '../../../src/simulation/faults/plan.js'
import { swarm } from '../../../src/simulation/faults/swarm.js'
import { checkScenario } from '../../../src/simulation/scenario.js'
import { simulate } from '../../../src/simulation/simulate.js'
import { failuresOf, runWorld } from '../worlds.js'

const seeds = (from: number, count: number): number[] => Array.from({ length: count }, (_, at) => from + at)

describe('the swarm', () => {
  const scenarios = seeds(1, 1_500).map((seed) => ({ seed, scenario: swarm(seed) }))
  const share = (test: (classes: string[]) => boolean): number =>
    scenarios.filter(({ scenario }) => test(Object.keys(scenario.faults))).length / scenarios.length

  it('gives scenarios that can be run, of one to seven members, in at most twenty simulated seconds', () => {
    for (const { seed, scenario } of scenarios) {
      checkScenario(seed, scenario)
      expect(scenario.lengthMicros).toBeLessThanOrEqual(20_000_000)
      expect(scenario.quietMicros).toBeLessThan(scenario.lengthMicros)
    }
    expect(new Set(scenarios.map(({ scenario }) => scenario.members))).toEqual(new Set([1, 2, 3, 4, 5, 6, 7]))
  })

  it('turns about a third of its classes on, in a few runs none, and in a few all', () => {
    const inTheSwarm = Object.keys(FAULTS).filter((name) => !OUTSIDE.includes(name as FaultClass))
    const counts = scenarios.map(({ scenario }) => Object.keys(scenario.faults).length)
    const mean = counts.reduce((sum, count) => sum + count, 0) / counts.length / inTheSwarm.length
    expect(mean).toBeGreaterThan(0.25)
    expect(mean).toBeLessThan(0.42)
    expect(share((classes) => classes.length === 0)).toBeGreaterThan(0.01)
    expect(share((classes) => classes.length === inTheSwarm.length)).toBeGreaterThan(0.01)
    for (const name of inTheSwarm)
      expect(
        share((classes) => classes.includes(name)),
        name,
      ).toBeGreaterThan(0.05)
  })

  it.each(SINGLES)('has %s last for long while nothing else is wrong, in one run of a hundred', (name) => {
    const isLong = ({ seed, scenario }: (typeof scenarios)[number]): boolean =>
      Object.keys(scenario.faults).join() === name &&
      planOf(seed, scenario).every(({ startMicros, endMicros }) => endMicros - startMicros > 5_500_000)
    expect(scenarios.filter(isLong).length / scenarios.length).toBeGreaterThan(0.008)
  })

  it('leaves out what no Paxos can stand', () => {
    for (const name of OUTSIDE)
      expect(
        share((classes) => classes.includes(name)),
        name,
      ).toBe(0)
  })

  it.each([1, 41, 81])('gives the same runs again, byte for byte: twenty from seed %d on', (first) => {
    for (const seed of seeds(first, 20)) {
      const [quietMicros, untilMicros, lengthMicros] = [1_000_000, 1_200_000, 2_500_000]
      const scenario = { ...swarm(seed), requests: 6, quietMicros, untilMicros, lengthMicros }
      const once = () => simulate({ seed, scenario, application: sharedApplication(), hash: true }).summary
      expect(once()).toEqual(once())
    }
  })

  it('is stood by the protocol, with every verdict', () => {
    const failures = seeds(1, 25).flatMap((seed) =>
      failuresOf(runWorld({ seed, scenario: swarm(seed), application: sharedApplication() })),
    )
    expect(failures, 'npx synod simulate SEED --scenario swarm --machine shared').toEqual([])
  })

  it('is stood by it where it was not once', () => {
    for (const seed of [
      4_002_167, 20_032_805, 30_058_169, 30_081_856, 80_003_338, 81_002_362, 81_003_806, 82_011_611,
      83_090_283, 83_190_944, 84_005_675, 84_011_614, 84_026_710, 87_107_777,
    ]) {
      const world = runWorld({ seed, scenario: swarm(seed), application: sharedApplication() })
      expect(failuresOf(world), `seed ${seed}`).toEqual([])
    }
  })

  it('has twenty requests a simulated second or more in every run, also where hardly anybody is answered', () => {
    const slowest = [2_002_196, 6_026_354, 4_001_509, 7_004_341]
    for (const seed of [...seeds(101, 56), ...slowest]) {
      const { clients, nowMicros } = runWorld({
        seed,
        scenario: swarm(seed),
        application: sharedApplication(),
      })
      expect(clients.sent / (nowMicros / 1_000_000), `seed ${seed}`).toBeGreaterThanOrEqual(20)
    }
  })

  it('fills queues that have little room, so that one without a bound is soon found', () => {
    const tight = seeds(1, 400).filter((seed) => swarm(seed).queueLimit !== null)
    expect(tight.length).toBeGreaterThan(40)
    const makeNode = (made: NodeOptions): Node =>
      new Node({ ...made, roles: { leader: (context, start) => new Greedy(context, start) } })
    const found = tight.find((seed) => {
      const world = runWorld({ seed, scenario: swarm(seed), application: sharedApplication(), makeNode })
      return !world.court.bounds.result.ok
    })
    expect(found).toBeDefined()
  })

  it('has clients told that their session is gone, or that there is no room for one, and stands that', () => {
    const told = new Set<string>()
    const observer = (event: WorldEvent): void => {
      if (event.type === 'completes' && event.completion.type === 'info') told.add(event.completion.error)
    }
    const tight = seeds(1, 120).filter((seed) => swarm(seed).queueLimit !== null)
    const failures = tight.flatMap((seed) =>
      failuresOf(runWorld({ seed, scenario: swarm(seed), application: sharedApplication(), observer })),
    )
    expect(failures).toEqual([])
    expect([...told].filter((error) => /^Session \d+ is unknown or has expired/.test(error))).not.toEqual([])
    expect([...told].filter((error) => /sessions already/.test(error))).not.toEqual([])
  })

  it('soon finds a leader that sits out its stalled disk, one that hears nobody and leads on, and one that hands over to nobody', () => {
    const hunts: readonly [FaultClass, typeof Leader][] = [
      ['stalled-disk', SitsOutItsDisk],
      ['chained', HearsEverybody],
      ['transfer', KeepsLeading],
    ]
    for (const [name, Planted] of hunts) {
      const isFit = (seed: number): boolean => {
        const classes = Object.keys(swarm(seed).faults)
        return name === 'transfer' ? classes.includes(name) : classes.join() === name
      }
      const fit = seeds(1, 1_000).filter(isFit).slice(0, 12)
      const makeNode = (made: NodeOptions): Node =>
        new Node({ ...made, roles: { leader: (context, start) => new Planted(context, start) } })
      const found = fit.find((seed) => {
        const world = runWorld({ seed, scenario: swarm(seed), application: sharedApplication(), makeNode })
        return !world.court.liveness.result.ok
      })
      expect(found, name).toBeDefined()
    }
  })

  it('breaks no promise over budget either, when more stores are damaged than can be', () => {
    const faults = { wipe: 4, rot: 4, misdirection: 2, swap: 2, crash: 6, loss: 20_000 }
    const failures = seeds(1, 25).flatMap((seed) => {
      const scenario = { ...swarm(seed), faults, overBudget: true }
      return failuresOf(runWorld({ seed, scenario, application: sharedApplication() }))
    })
    expect(failures).toEqual([])
  })
})

const SINGLES: readonly FaultClass[] = [
  'halves',
  'minority',
  'isolated-leader',
  'ring',
  'bridge',
  'quorum-loss',
  'constrained',
  'chained',
  'stalled-disk',
]

const OUTSIDE: readonly FaultClass[] = ['lying-sync', 'rollback']

class SitsOutItsDisk extends Leader {
  protected override isStalled(): boolean {
    return false
  }
}

/** Each time it looks, it has just heard from everybody. */
class HearsEverybody extends Leader {
  override timer(timer: string): void {
    for (const member of this.members) this.acknowledged.set(member, this.nowMicros)
    super.timer(timer)
  }
}

class KeepsLeading extends Leader {
  override transfer(): void {
    // goes on
  }
}

/** Queues whatever comes. */
class Greedy extends Leader {
  override propose(from: number, propose: MessageOf<'propose'>): void {
    if (this.queue.length < this.settings.queueLimit) super.propose(from, propose)
    else this.queue.push(propose.request)
  }
}
