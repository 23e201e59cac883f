// Disks that lie and stores that are put back lose what others count on. Every such run ends in a refusal, or in a
// verdict that says so.

import { describe, expect, it } from 'vitest'
import { Node, type NodeId } from '../../../src/paxos/index.js'
import type { WorldEvent } from '../../../src/simulation/events.js'
import type { FaultClass } from '../../../src/simulation/faults/classes.js'
import { CLASSIC } from '../../../src/simulation/scenario.js'
import type { WorldOptions } from '../../../src/simulation/world.js'
import { failuresOf, runWorld } from '../worlds.js'

const SEEDS = Array.from({ length: 120 }, (_, index) => index + 1)

/** What the members of a run went through, by a reckoning of its own. */
class Reckoning {
  /** Those that have lost something that their disks had called durable, and not been refused since. */
  readonly unnoticed: Set<NodeId> = new Set()
  losses = 0
  /** Those that are struck, and whether they have synced anything since. */
  readonly #struck: Map<NodeId, boolean> = new Map()
  readonly #shownBy: WorldEvent['type']

  constructor(shownBy: WorldEvent['type']) {
    this.#shownBy = shownBy
  }

  hear(event: WorldEvent): void {
    const { type, node } = event
    if (type === this.#shownBy) {
      if (this.#struck.get(node)) {
        this.losses += 1
        this.unnoticed.add(node)
      }
      this.#struck.delete(node)
    }
    if (type === 'suffers') this.#struck.set(node, false)
    else if (type === 'syncs' && this.#struck.has(node)) this.#struck.set(node, true)
    else if (type === 'refuses') this.unnoticed.delete(node)
  }
}

it.each<[FaultClass, WorldEvent['type']]>([
  ['lying-sync', 'crashes'],
  ['rollback', 'recovers'],
])('%s: whatever was lost is noticed by its member, or said by the verdict', (name, shownBy) => {
  const ends = { refused: 0, failed: 0 }
  for (const seed of SEEDS) {
    const reckoning = new Reckoning(shownBy)
    const world = runWorld({
      seed,
      scenario: {
        members: 1 + 2 * (seed % 3),
        clients: 3,
        requests: 15,
        delayMicros: 5_000,
        jitterMicros: 5_000,
        placement: 'own',
        quietMicros: 3_000_000,
        lengthMicros: 6_000_000,
        faults: { [name]: 1 },
      },
      observer: (event) => reckoning.hear(event),
    })
    const { refused } = world
    const { durability } = world.verdicts
    if (reckoning.unnoticed.size > 0) {
      expect(durability, `seed ${seed}`).toMatchObject({ ok: false, event: expect.any(Number) })
      ends.failed += 1
    } else if (reckoning.losses > 0) {
      expect(Object.keys(refused).length, `seed ${seed}`).toBeGreaterThan(0)
      ends.refused += 1
      expect(failuresOf(world)).toEqual([])
    } else expect(durability, `seed ${seed}`).toMatchObject({ ok: true })
  }
  expect(ends.refused).toBeGreaterThan(10)
  expect(ends.failed).toBeGreaterThan(0)
})

/** Three members, of whom one after the other is put back, and notices. */
const putBack = (rollback: number): WorldOptions['scenario'] => ({
  ...CLASSIC,
  ...{ members: 3, clients: 4, requests: 400, delayMicros: 2_000, jitterMicros: 1_000, placement: 'own' },
  ...{ quietMicros: 5_000_000, lengthMicros: 16_000_000, faults: { rollback } },
})

describe('stores that were refused', () => {
  const worlds = [1, 4].map((times) =>
    Array.from({ length: 30 }, (_, seed) => runWorld({ seed, scenario: putBack(times) })),
  )
  const [once = [], often = []] = worlds.map((all) =>
    all.filter(({ refused, verdicts }) => refused['rolled-back'] !== undefined && verdicts['durability']?.ok),
  )

  it('leave everything to be asked for while a quorum is left', () => {
    expect(once.length).toBeGreaterThan(3)
    for (const world of once) {
      expect(failuresOf(world)).toEqual([])
      const { conservation, ...others } = world.verdicts
      expect(conservation?.notAsked).toBe('the application has no invariant')
      expect(Object.values(others).filter(({ notAsked }) => notAsked !== undefined)).toEqual([])
    }
  })

  it('are the outcome where no quorum is left, and then only safety is asked for', () => {
    const stopped = often.filter(({ verdicts }) => verdicts['ended']?.notAsked !== undefined)
    expect(stopped.length).toBeGreaterThan(3)
    for (const world of stopped) {
      const { verdicts, refused, clients } = world
      expect(failuresOf(world)).toEqual([])
      expect(verdicts['liveness']?.notAsked).toMatch(
        /^from event \d+ on there is no quorum without the stores of NODE_\d, NODE_\d/,
      )
      expect(refused['rolled-back']).toBeGreaterThan(1)
      expect(clients.done).toBe(false)
    }
  })

  it('excuse nothing where nothing was lost: a member that refuses a sound store breaks the verdicts on progress', () => {
    const suspicious: WorldOptions['makeNode'] = (options) => {
      const records = [...(options.records ?? [])]
      if (records.length > 0) records.push({ type: 'damaged' })
      return new Node({ ...options, records })
    }
    const scenario = { ...putBack(0), faults: { crash: 8 } }
    const { verdicts, refused } = runWorld({ seed: 1, scenario, makeNode: suspicious })
    expect(refused['damaged']).toBe(3)
    const failed = Object.keys(verdicts).filter((name) => verdicts[name]?.ok === false)
    expect(failed).toEqual(['liveness', 'ended'])
  })

  it('are counted once, however often their members start with them', () => {
    const starts = often.map(({ hosts, refused }) => [
      hosts.filter(({ isRefused }) => isRefused).length,
      Object.values(refused).reduce((sum, count) => sum + count),
    ])
    for (const [stores, counted] of starts) expect(counted).toBe(stores)
  })
})
