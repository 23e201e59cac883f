// Disks that lie and stores that are put back lose what others count on. Every such run ends in a refusal, or in a
// verdict that says so.

import { expect, it } from 'vitest'
import type { NodeId } from '../../../src/paxos/index.js'
import type { WorldEvent } from '../../../src/simulation/events.js'
import type { FaultClass } from '../../../src/simulation/faults/classes.js'
import { runWorld } from '../worlds.js'

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
    const { verdicts, refused } = runWorld({
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
    const { durability } = verdicts
    if (reckoning.unnoticed.size > 0) {
      expect(durability, `seed ${seed}`).toMatchObject({ ok: false, event: expect.any(Number) })
      ends.failed += 1
    } else if (reckoning.losses > 0) {
      expect(Object.keys(refused).length, `seed ${seed}`).toBeGreaterThan(0)
      ends.refused += 1
    } else expect(durability, `seed ${seed}`).toMatchObject({ ok: true })
  }
  expect(ends.refused).toBeGreaterThan(10)
  expect(ends.failed).toBeGreaterThan(0)
})
