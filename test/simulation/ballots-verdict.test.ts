// The verdict of ballots is seen to fail, on made-up disks; and what durability says of what is chosen and of lost stores.

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
import { Ballots } from '../../src/simulation/verdicts/ballots.js'
import { Durability } from '../../src/simulation/verdicts/durability.js'

const voters = [0, 1, 2]
const decree = encodeDecree(1, [])
const ballot = (round: number, incarnation = 1): Ballot => ({ round, member: 0, incarnation })
const promised = (round: number): StoreRecord => ({ type: 'promised', ballot: ballot(round) })
const accepted = (round: number, value = decree): StoreRecord => ({
  type: 'accepted',
  ballot: ballot(round),
  slot: 1,
  decree: value,
  learned: 0,
})

/** Member 0 under a ballot of its own, as much of it as is looked at; its acceptor knows this promise. */
const member = (phase: Leader['phase'], tries: Ballot, knows: Ballot = ballot(9)): Node =>
  ({ self: 0, roles: { leader: { phase, ballot: tries }, acceptor: { promised: knows } } }) as unknown as Node // see above
const scouts = (tries: Ballot) => member('scouting', tries)
const leads = (tries: Ballot) => member('leading', tries)

describe('the verdict of ballots', () => {
  it('holds when a quorum promised before anybody voted', () => {
    const verdict = new Ballots(() => voters)
    for (const node of [0, 1]) verdict.synced(1, node, promised(1))
    for (const node of [0, 2]) verdict.synced(2, node, accepted(1))
    expect(verdict.result.ok).toBe(true)
  })

  it('fails when fewer than a quorum had promised what was voted on', () => {
    const verdict = new Ballots(() => voters)
    verdict.synced(1, 0, promised(1))
    verdict.synced(2, 0, accepted(1))
    expect(verdict.result).toMatchObject({ ok: false, event: 2, reason: expect.stringMatching(/only 1 had/) })
  })

  it.each([
    ['promises less than it had promised', promised(1)],
    ['accepts below what it had promised', accepted(1)],
  ])('fails when a store %s', (_what, record) => {
    const verdict = new Ballots(() => voters)
    for (const node of voters) verdict.synced(1, node, promised(2))
    verdict.synced(2, 0, record)
    expect(verdict.result).toMatchObject({
      event: 2,
      reason: expect.stringMatching(/^NODE_0 .* had promised 2/),
    })
  })

  it('fails when a scout begins with a lower ballot than before, though it may be over at once', () => {
    const verdict = new Ballots(() => voters)
    for (const round of [3, 3, 5]) verdict.scouted(1, member('following', ballot(round)))
    expect(verdict.result.ok).toBe(true)
    verdict.scouted(2, member('following', ballot(4)))
    expect(verdict.result).toMatchObject({
      event: 2,
      reason: expect.stringMatching(/^NODE_0 .* left behind/),
    })
  })

  it('fails when a scout begins with a ballot that its member has led under', () => {
    const verdict = new Ballots(() => voters)
    verdict.scouted(1, scouts(ballot(3)))
    verdict.scouted(2, scouts(ballot(3))) // nobody had answered
    verdict.led(0, ballot(3))
    verdict.scouted(3, leads(ballot(3))) // it asks those who vote from some later slot on
    expect(verdict.result.ok).toBe(true)
    verdict.scouted(4, scouts(ballot(3)))
    expect(verdict.result).toMatchObject({
      event: 4,
      reason: expect.stringMatching(/^NODE_0 .* had led under it/),
    })
  })

  it('fails when a heartbeat is acknowledged below what was promised', () => {
    const verdict = new Ballots(() => voters)
    verdict.synced(1, 0, promised(2))
    verdict.acknowledged(2, 0, ballot(2))
    expect(verdict.result.ok).toBe(true)
    verdict.acknowledged(3, 0, ballot(1))
    expect(verdict.result).toMatchObject({
      event: 3,
      reason: expect.stringMatching(/^NODE_0 acknowledges .* had promised 2/),
    })
  })

  it('does not ask of a store that lost something what it had promised', () => {
    const verdict = new Ballots(() => voters)
    verdict.synced(1, 0, promised(2))
    verdict.forgot(0)
    verdict.synced(2, 0, promised(1))
    verdict.inspect(3, member('following', ballot(1), ballot(1)))
    expect(verdict.result.ok).toBe(true)
  })

  it('fails when a member does not know any more what it had promised', () => {
    const verdict = new Ballots(() => voters)
    verdict.synced(1, 0, promised(2))
    verdict.inspect(2, member('following', ballot(2), ballot(2)))
    expect(verdict.result.ok).toBe(true)
    verdict.inspect(3, member('following', ballot(2), ballot(1)))
    expect(verdict.result).toMatchObject({
      event: 3,
      reason: 'NODE_0 had promised 2.0.1, and does not know that any more',
    })
  })

  it('fails when a member tries a lower ballot than before', () => {
    const verdict = new Ballots(() => voters)
    for (const [event, round] of [4, 3].entries()) verdict.inspect(event, scouts(ballot(round)))
    expect(verdict.result).toMatchObject({
      event: 1,
      reason: 'NODE_0 tries ballot 3.0.1, which it had left behind',
    })
  })

  it('fails when a member tries a ballot of an earlier life', () => {
    const verdict = new Ballots(() => voters)
    verdict.inspect(1, scouts(ballot(4)))
    verdict.started(0)
    verdict.inspect(2, scouts(ballot(4)))
    expect(verdict.result).toMatchObject({
      event: 2,
      reason: 'NODE_0 tries ballot 4.0.1, which it had left behind',
    })
  })

  it('fails when a member scouts again with a ballot that it has led under', () => {
    const verdict = new Ballots(() => voters)
    verdict.inspect(1, leads(ballot(4)))
    verdict.inspect(2, scouts(ballot(4)))
    expect(verdict.result).toMatchObject({
      event: 2,
      reason: 'NODE_0 tries ballot 4.0.1 again, and had led under it',
    })
  })

  it('holds when one that was not adopted is prepared again, then led under, and a new life takes a new one', () => {
    const verdict = new Ballots(() => voters)
    for (const tries of [ballot(4), ballot(4), ballot(5)]) verdict.inspect(1, scouts(tries))
    verdict.inspect(2, leads(ballot(5)))
    verdict.started(0)
    verdict.inspect(3, scouts(ballot(6, 2)))
    expect(verdict.result.ok).toBe(true)
  })
})

describe('the verdict of durability', () => {
  it('fails when a higher ballot has another decree than was chosen, though nobody has learned it', () => {
    const verdict = new Durability(() => voters)
    for (const node of [0, 1]) verdict.synced(1, node, accepted(1))
    expect(verdict.result.ok).toBe(true)
    verdict.synced(2, 2, accepted(2, NO_OP))
    expect(verdict.result).toMatchObject({
      event: 2,
      reason: expect.stringMatching(/^slot 1 was chosen under/),
    })
  })

  it('does not mind another decree where nothing was chosen', () => {
    const verdict = new Durability(() => voters)
    verdict.synced(1, 0, accepted(1))
    for (const node of [1, 2]) verdict.synced(2, node, accepted(2, NO_OP))
    expect(verdict.result.ok).toBe(true)
  })

  it.each([
    ['is that of the highest vote that some quorum has below it', accepted(3), true],
    ['is that of a lower one, where another quorum has no higher', accepted(3, NO_OP), true],
    ['is one that no quorum can have told of', accepted(3, encodeDecree(2, [])), false],
  ])('asks which decree a new ballot takes over: it %s', (_what, record, ok) => {
    const verdict = new Durability(() => voters)
    verdict.synced(1, 0, accepted(1, NO_OP))
    verdict.synced(2, 1, accepted(2))
    verdict.synced(3, 2, record)
    const reason = 'ballot 3.0.1 has another decree in slot 1 than any quorum could have told of'
    expect(verdict.result).toMatchObject(ok ? { ok } : { ok, event: 3, reason })
  })

  it('fails when a store votes that has lost something', () => {
    const verdict = new Durability(() => voters)
    verdict.synced(1, 1, promised(1))
    verdict.forgot(1)
    verdict.synced(3, 1, promised(1))
    expect(verdict.result).toMatchObject({
      event: 3,
      reason: expect.stringMatching(/^NODE_1 votes with a store/),
    })
  })
})

describe('the verdict of agreement', () => {
  it('fails when a snapshot takes a member back', () => {
    const verdict = new Agreement()
    verdict.started(0)
    for (const slot of [1, 2]) verdict.applied(slot, 0, slot, decree)
    verdict.installed(3, 0, 1)
    expect(verdict.result).toMatchObject({
      event: 3,
      reason: expect.stringMatching(/slot 2 was applied already/),
    })
  })
})
