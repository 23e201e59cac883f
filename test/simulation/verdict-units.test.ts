// What the verdicts notice that no planted bug of `verdicts.test.ts` shows, one call at a time.

import { describe, expect, it } from 'vitest'
import {
  type Ballot,
  encodeDecree,
  type Leader,
  NO_OP,
  type Node,
  type StoreRecord,
} from '../../src/paxos/index.js'
import { Agreement } from '../../src/simulation/verdicts/agreement.js'
import { Answers } from '../../src/simulation/verdicts/answers.js'
import { Ballots } from '../../src/simulation/verdicts/ballots.js'
import { Durability } from '../../src/simulation/verdicts/durability.js'

const ballot = { round: 1, member: 0, incarnation: 1 }
const decree = encodeDecree(1, [])
const accepted = (slot: number, what: Uint8Array): StoreRecord => ({
  type: 'accepted',
  ballot,
  slot,
  decree: what,
  learned: 0,
})

const disks = (...records: StoreRecord[][]) => records.map((each, id) => ({ id, records: each }))

describe('agreement', () => {
  it('breaks when a member applies a slot before its turn', () => {
    const agreement = new Agreement()
    agreement.started(0)
    agreement.applied(7, 0, 2, decree)
    expect(agreement.result).toMatchObject({
      ok: false,
      event: 7,
      reason: expect.stringMatching(/turn of slot 1/),
    })
  })

  it('names the first event that broke it, and no later one', () => {
    const agreement = new Agreement()
    agreement.applied(7, 0, 2, decree)
    agreement.applied(9, 0, 5, decree)
    expect(agreement.result.event).toBe(7)
  })
})

describe('durability', () => {
  it('breaks when one ballot has two decrees in a slot', () => {
    const durability = new Durability(() => [0, 1, 2])
    durability.synced(3, 0, accepted(1, decree))
    durability.synced(4, 1, accepted(1, NO_OP))
    expect(durability.result).toMatchObject({
      ok: false,
      event: 4,
      reason: 'ballot 1.0.1 has two decrees in slot 1',
    })
  })

  it('breaks when a client was told of a command that no slot holds', () => {
    const durability = new Durability(() => [0, 1, 2])
    durability.acknowledged(5, '1.1', true)
    expect(durability.result.ok).toBe(true)
    durability.acknowledged(6, '1.2', false)
    expect(durability.result).toMatchObject({
      ok: false,
      event: 6,
      reason: expect.stringMatching(/request 1\.2/),
    })
  })

  it('breaks when in the end a decided slot is on fewer disks than a quorum', () => {
    const held = new Durability(() => [0, 1, 2])
    held.ended(8, [decree], disks([accepted(1, decree)], [accepted(1, decree)], []))
    expect(held.result.ok).toBe(true)
    const lost = new Durability(() => [0, 1, 2])
    lost.ended(8, [decree], disks([accepted(1, decree)], [accepted(1, NO_OP)], []))
    expect(lost.result).toMatchObject({ ok: false, event: 8, reason: 'slot 1 is left on only 1 disks' })
  })
})

describe('ballots', () => {
  const under = (round: number, incarnation = 1) => ({ round, member: 0, incarnation })
  const promised = (round: number): StoreRecord => ({ type: 'promised', ballot: under(round) })
  const accepted = (slot: number, round: number): StoreRecord => ({
    type: 'accepted',
    ballot: under(round),
    slot,
    decree,
    learned: 0,
  })
  /** A quorum of three has promised this round. */
  const promisedBy = (round: number, ...nodes: readonly number[]): Ballots => {
    const ballots = new Ballots(() => [0, 1, 2])
    for (const node of nodes) ballots.synced(1, node, promised(round))
    return ballots
  }
  /** A member that scouts or leads under a ballot; one that knows this promise. */
  const node = (phase: Leader['phase'], tries: Ballot, knows: Ballot = under(9)) =>
    ({
      self: 0,
      roles: { leader: { phase, ballot: tries }, acceptor: { promised: knows } },
    }) as unknown as Node // as much as is looked at
  const scouts = (tries: Ballot) => node('scouting', tries)

  it('hold when a quorum promises, votes, and promises a higher one', () => {
    const ballots = promisedBy(1, 0, 1)
    ballots.synced(2, 0, accepted(1, 1))
    ballots.synced(3, 1, accepted(1, 1))
    ballots.synced(4, 1, promised(2))
    expect(ballots.result.ok).toBe(true)
  })

  it.each([
    ['promises a lower ballot', promised(1), 'NODE_1 has promised 1.0.1, and had promised 2.0.1 before'],
    [
      'accepts under a lower one',
      accepted(4, 1),
      'NODE_1 has accepted in slot 4 under 1.0.1, and had promised 2.0.1 before',
    ],
  ])('break when a member %s', (_what, record, reason) => {
    const ballots = promisedBy(2, 0, 1)
    ballots.synced(5, 1, record)
    expect(ballots.result).toMatchObject({ ok: false, event: 5, reason })
  })

  it('break when somebody votes before a quorum has promised', () => {
    const ballots = promisedBy(1, 0)
    ballots.synced(5, 0, accepted(3, 1))
    expect(ballots.result.reason).toBe('slot 3 was voted on under 1.0.1, and only 1 had promised that')
  })

  it('break when a member has forgotten its promise, unless its store was spoilt', () => {
    const forgets = (ballots: Ballots) => {
      ballots.inspect(5, node('following', under(1), under(1)))
      return ballots.result.reason
    }
    expect(forgets(promisedBy(2, 0))).toBe('NODE_0 had promised 2.0.1, and does not know that any more')
    const spoilt = promisedBy(2, 0)
    spoilt.forgot(0)
    spoilt.synced(3, 0, promised(1))
    expect(forgets(spoilt)).toBeUndefined()
  })

  it.each<[string, (ballots: Ballots) => void, string]>([
    [
      'goes back to a lower ballot',
      (ballots) => {
        for (const round of [4, 3]) ballots.inspect(5, scouts(under(round)))
      },
      'NODE_0 tries ballot 3.0.1, which it had left behind',
    ],
    [
      'uses one of an earlier life again',
      (ballots) => {
        ballots.inspect(4, scouts(under(4)))
        ballots.started(0)
        ballots.inspect(5, scouts(under(4)))
      },
      'NODE_0 tries ballot 4.0.1, which it had left behind',
    ],
    [
      'scouts again with one that it led under',
      (ballots) => {
        ballots.inspect(4, node('leading', under(4)))
        ballots.inspect(5, scouts(under(4)))
      },
      'NODE_0 tries ballot 4.0.1 again, and had led under it',
    ],
  ])('break when a member %s', (_what, plays, reason) => {
    const ballots = promisedBy(1, 0, 1)
    plays(ballots)
    expect(ballots.result).toMatchObject({ ok: false, event: 5, reason })
  })

  it('hold when a ballot that was prepared and not adopted is prepared again, and in a new life a new one', () => {
    const ballots = promisedBy(1, 0, 1)
    for (const tries of [under(4), under(4), under(5)]) ballots.inspect(4, scouts(tries))
    ballots.inspect(4, node('leading', under(5)))
    ballots.started(0)
    ballots.inspect(4, scouts(under(6, 2)))
    expect(ballots.result.ok).toBe(true)
  })
})

describe('answers', () => {
  it('break when a request is refused that should not have been', () => {
    const answers = new Answers()
    answers.answered(2, '1.1', { ok: false, error: 'session-window', detail: 'too many' }, undefined)
    expect(answers.result).toMatchObject({ ok: false, event: 2, reason: 'request 1.1 was refused: too many' })
  })

  it('break when a request is said to have failed that by the decrees does not', () => {
    const answers = new Answers()
    answers.answered(
      2,
      '1.1',
      { ok: false, error: 'command-failed', detail: 'no' },
      { ok: true, output: decree },
    )
    expect(answers.result.reason).toMatch(/by the decrees it does not fail so/)
  })
})
