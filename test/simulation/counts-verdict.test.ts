// A commander that counts somebody who has not voted under its ballot is seen.

import { describe, expect, it } from 'vitest'
import type { Ballot, Node } from '../../src/paxos/index.js'
import { Counts } from '../../src/simulation/verdicts/counts.js'

const ballot: Ballot = { round: 3, member: 0, incarnation: 1 }
const earlier: Ballot = { round: 1, member: 0, incarnation: 1 }

/** A node whose commander has slot 5 in flight. */
function commanding(): { node: Node; accepted: number[]; flights: Map<number, unknown> } {
  const accepted: number[] = []
  const flights = new Map([[5, { members: [0, 1, 2], accepted }]])
  const node = { self: 0, roles: { commander: { ballot, flights } } } as unknown as Node // as much as is looked at
  return { node, accepted, flights }
}

/** What is said when a member is counted that has this vote on its disk. */
function said(member: number, vote: Ballot, slot = 5): string | null {
  const counts = new Counts((node, ...of) => node === member && of[0] === slot && of[1] === vote)
  const { node, accepted, flights } = commanding()
  counts.hears(node, 5)
  accepted.push(member)
  flights.delete(5) // it is decided
  return counts.counted()
}

describe('who is counted', () => {
  it('has voted in that slot under that very ballot', () => {
    expect(said(1, ballot)).toBeNull()
  })

  it.each([
    ['under an earlier ballot of the same leader', earlier, 5],
    ['in another slot', ballot, 4],
  ])('is counted wrongly if it voted %s, also where that decides the slot', (_what, vote, slot) => {
    expect(said(1, vote, slot)).toBe(
      'NODE_0 counts NODE_1 in slot 5 under 3.0.1, and no such vote is on its disk',
    )
  })

  it('is of no interest where it does not vote, or where nobody counts', () => {
    expect(said(7, earlier)).toBeNull()
    const counts = new Counts(() => false)
    counts.hears(commanding().node, 4)
    counts.hears({ self: 1, roles: {} } as Node, 5)
    expect(counts.counted()).toBeNull()
  })
})
