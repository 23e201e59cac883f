// What the verdicts notice that no planted bug of `verdicts.test.ts` shows, one call at a time.

import { describe, expect, it } from 'vitest'
import { encodeDecree, NO_OP, type StoreRecord } from '../../src/paxos/index.js'
import { Agreement } from '../../src/simulation/verdicts/agreement.js'
import { Answers } from '../../src/simulation/verdicts/answers.js'
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

describe('durability, when slots are taken over from a removed member', () => {
  const learned = (slot: number): StoreRecord => ({ type: 'learned', slot })
  const decision: StoreRecord = { type: 'decision', slot: 2, decree: NO_OP }
  const takesOver = (...records: StoreRecord[]): Durability => {
    const durability = new Durability(() => [0, 1, 2])
    for (const record of records) durability.synced(3, 1, record)
    durability.takenOver(4, 1, 2, [decree, NO_OP])
    return durability
  }
  const snapshot: StoreRecord = {
    ...{ type: 'snapshot', slot: 2, data: decree, trimmed: 0 },
    ...{ incarnation: 1, promised: ballot, written: 2 },
  }

  it('holds when the store has them, and that they are decided, or a snapshot of what they made', () => {
    expect(takesOver(accepted(1, decree), decision, learned(2)).result.ok).toBe(true)
    expect(takesOver(snapshot).result.ok).toBe(true)
  })

  it('breaks when the store does not say that they are decided', () => {
    expect(takesOver(accepted(1, decree), decision, learned(1)).result).toMatchObject({
      ok: false,
      event: 4,
      reason: 'NODE_1 takes over what was decided up to slot 2, and its store says so only up to slot 1',
    })
  })

  it('breaks when the store has something else there, or nothing', () => {
    const reason =
      'NODE_1 takes over what was decided up to slot 2, and its store has not what was decided in slot 1'
    expect(takesOver(accepted(1, NO_OP), decision, learned(2)).result.reason).toBe(reason)
    expect(takesOver(decision, learned(2)).result.reason).toBe(reason)
  })

  it('says nothing of a store that has lost something: its member need not know', () => {
    const durability = new Durability(() => [0, 1, 2])
    durability.forgot(1)
    durability.takenOver(4, 1, 2, [decree, NO_OP])
    expect(durability.result.ok).toBe(true)
  })
})

describe('answers', () => {
  it('break when a request is refused that should not have been', () => {
    const answers = new Answers()
    answers.answered(2, '1.1', { ok: false, error: 'session-window', detail: 'too many' }, undefined, false)
    expect(answers.result).toMatchObject({ ok: false, event: 2, reason: 'request 1.1 was refused: too many' })
  })

  it('break when there are no grounds for a refusal, be it of a command or of a read', () => {
    const answers = new Answers()
    const overloaded = { ok: false, error: 'overloaded', detail: '3 wait' } as const
    answers.answered(2, '1.1', overloaded, undefined, true)
    expect(answers.result.ok).toBe(true)
    answers.refused(3, 'a read of client 4', overloaded, true)
    expect(answers.result.ok).toBe(true)
    answers.refused(4, 'a read of client 4', overloaded, false)
    expect(answers.result).toMatchObject({
      ok: false,
      event: 4,
      reason: 'a read of client 4 was refused: 3 wait',
    })
  })

  it('break when a request is said to have failed that by the decrees does not', () => {
    const answers = new Answers()
    answers.answered(
      2,
      '1.1',
      { ok: false, error: 'command-failed', detail: 'no' },
      { ok: true, output: decree },
      false,
    )
    expect(answers.result.reason).toMatch(/by the decrees it does not fail so/)
  })
})
