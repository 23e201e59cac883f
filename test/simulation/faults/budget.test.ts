// Permanent damage stays within what the members can stand, unless a run is meant to exceed that.

import { describe, expect, it } from 'vitest'
import { sharedApplication } from '../../../src/simulation/application.js'
import { swarm } from '../../../src/simulation/faults/swarm.js'
import type { World } from '../../../src/simulation/world.js'
import { failuresOf, runWorld } from '../worlds.js'

const DAMAGE = { wipe: 8, rot: 8, misdirection: 8, swap: 8 }

/** Runs of a cluster to which everything happens that damages stores. */
function damaged(members: number, overBudget: boolean): World[] {
  return Array.from({ length: 12 }, (_, seed) =>
    runWorld({
      seed,
      scenario: { members, clients: 2, requests: 4, faults: DAMAGE, overBudget, placement: 'own' },
    }),
  )
}

const struck = ({ faults }: World): number => Object.values(faults).reduce((sum, count) => sum + count, 0)

describe('the budget of permanent damage', () => {
  it.each([
    [1, 0],
    [2, 0],
    [3, 1],
    [4, 1],
    [5, 2],
    [7, 3],
  ])('lets at most a minority of %d members lose their stores, which is %d', (members, most) => {
    const worlds = damaged(members, false)
    const lost = worlds.map(({ hosts }) => hosts.slice(0, members).filter(({ isOut }) => isOut).length)
    expect(Math.max(...lost)).toBe(most)
  })

  it('is lifted where more than that is asked for, and then nothing is expected but that no answer is wrong', () => {
    const worlds = damaged(3, true)
    expect(Math.max(...worlds.map(struck))).toBeGreaterThan(1)
    for (const { verdicts } of worlds) {
      expect(Object.entries(verdicts).filter(([, { ok }]) => !ok)).toEqual([])
    }
  })

  it.each([
    [60_003_479, 'the founding survives the crash in which the founder then loses it'],
    [60_020_296, 'a newcomer is turned away by a founding that a crash undoes'],
    [60_007_004, 'a member that has vouched for nothing comes back with a blank store of another'],
  ])('holds nobody to what it had not vouched for, or lost for good: seed %d, %s', (seed) => {
    const faults = { ...swarm(seed).faults, wipe: 6, rot: 6, swap: 4, misdirection: 4 }
    const scenario = { ...swarm(seed), faults, overBudget: true }
    expect(failuresOf(runWorld({ seed, scenario, application: sharedApplication() }))).toEqual([])
  })
})
