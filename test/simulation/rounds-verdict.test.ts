// A leader that confirms a read without a round that a quorum acknowledged after it is seen.

import { describe, expect, it } from 'vitest'
import type { Ballot, Message } from '../../src/paxos/index.js'
import { Rounds } from '../../src/simulation/verdicts/rounds.js'

const ballot: Ballot = { round: 1, member: 0, incarnation: 1 }
const configurations = [
  { version: 1, fromSlot: 1, voters: [], members: [0, 1, 2] },
  { version: 2, fromSlot: 9, voters: [], members: [0, 3, 4] },
] as const
const before = configurations[0]
const after = configurations[1]

const confirm = (question: string): Message => ({ type: 'confirm', question })
const confirmed = (question: string, slot = 1): Message => ({ type: 'confirmed', question, slot })
const heartbeat = (round: number): Message => ({ type: 'heartbeat', ballot, decided: 0, round, written: 0 })

/** Sends all but the last, hears those acknowledgements, and gives what is said of the last. */
function said(
  sent: readonly Message[],
  acknowledged: readonly (readonly [number, number])[] = [],
  prepared = 1,
): string | null {
  const rounds = new Rounds(
    (slot) => (slot < after.fromSlot ? before : after),
    (_node, _ballot, { version }) => version <= prepared,
  )
  rounds.started(0)
  for (const message of sent.slice(0, -1)) expect(rounds.sent(0, message)).toBeNull()
  for (const [from, round] of acknowledged) rounds.acknowledged(0, from, ballot, round)
  const [last] = sent.slice(-1)
  return last ? rounds.sent(0, last) : null
}

const ROUND = [confirm('a'), heartbeat(1), confirmed('a')]

describe('a read is confirmed', () => {
  it('by a quorum that acknowledged a round begun after it', () => {
    expect(said(ROUND, [[1, 1]])).toBeNull()
  })

  it.each([
    ['nobody acknowledged', ROUND, []],
    ['only an earlier round was acknowledged', ROUND, [[1, 0]]],
    ['the round had begun before', [heartbeat(1), ...ROUND], [[1, 1]]],
    [
      'one acknowledged it again and again',
      [...ROUND],
      [
        [0, 1],
        [0, 1],
      ],
    ],
    ['it is another read that was confirmed', [...ROUND.slice(0, 2), confirm('b'), confirmed('b')], [[1, 1]]],
  ] as const)('wrongly when %s', (_what, sent, acknowledged) => {
    expect(said(sent, acknowledged)).toMatch(/^NODE_0 confirms a read, and only NODE_0 acknowledged /)
  })

  it('for the question that was asked last; nobody listens to another one', () => {
    expect(said([confirm('a'), confirm('b'), confirmed('a')])).toBeNull()
  })
})

describe('a read behind a change of the members', () => {
  const ROUND_BEHIND = [confirm('a'), heartbeat(1), confirmed('a', after.fromSlot - 1)]

  it('is confirmed by those who vote on the next slot', () => {
    expect(said(ROUND_BEHIND, [[3, 1]], 2)).toBeNull()
    expect(said(ROUND_BEHIND, [[1, 1]], 2)).toMatch(/^NODE_0 confirms a read, and only NODE_0, NODE_1 ack/)
  })

  it('is confirmed wrongly when they have not promised', () => {
    expect(said(ROUND_BEHIND, [[3, 1]], 1)).toBe(
      'NODE_0 confirms a read, and no quorum of those who vote on slot 9 has promised its ballot',
    )
  })
})
