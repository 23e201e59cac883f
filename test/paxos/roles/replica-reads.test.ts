// Reads at a Replica: a linearizable one is answered from a state that is as new as the latest decree that anybody may
// have been told of before; a stale one from a state that is not older than its reader has seen.

import { beforeEach, describe, expect, it } from 'vitest'
import {
  type Consistency,
  type MemberId,
  NO_OP,
  type NodeId,
  Replica,
  type Slot,
} from '../../../src/paxos/index.js'
import { Bench, sending } from '../../support/bench.js'
import { anyLedger, encoded } from '../../support/ledger.js'
import { ballot, decree, founding, gives, opening, request, THREE } from '../../support/words.js'

const SELF = 1
const READER = 9

let bench: Bench
let replica: Replica

function seat(incarnation = 1, members: readonly MemberId[] = THREE): void {
  bench = new Bench({ self: SELF, incarnation, members })
  replica = new Replica(bench, anyLedger, { founding: founding(members) })
  replica.begin()
}

beforeEach(() => seat())

const read = (name: string, consistency: Consistency = 'linearizable', atLeast: Slot = 0) =>
  replica.read(READER, { type: 'read', name, query: encoded(null), consistency, atLeast })

const towards = (member: MemberId | null) => {
  replica.leaderChanged(SELF, { type: 'leaderChanged', towards: member, indirect: false })
  bench.take()
}

const confirmed = (question: string, slot: Slot) =>
  replica.confirmed(SELF, { type: 'confirmed', question, slot })

const indexed = (from: NodeId, question: string, slot: Slot) =>
  replica.readIndexAnswer(from, { type: 'readIndexAnswer', question, slot })

/** The slots up to this one are applied; the last has an entry. */
function apply(slot: Slot): void {
  const decrees = Array.from({ length: slot }, () => NO_OP)
  decrees[slot - 1] = decree([opening('a'), request(1, slot, `at ${slot}`)])
  const decisions = decrees.map((each, index) => ({ slot: index + 1, ballot: ballot(1), decree: each }))
  replica.learn(SELF, { type: 'learn', decisions, decided: slot, source: 2 })
}

/** The names of the reads that were answered since the last time, and the slot they were read at. */
const answered = () => bench.messages('readAnswer').map(({ name, slot }) => [name, slot])

describe('a linearizable read', () => {
  it('at the leader waits until the leader has confirmed that it leads', () => {
    towards(SELF)
    read('r')
    expect(bench.messages('confirm')).toEqual([{ type: 'confirm', question: '2t.1.1' }])
    confirmed('2t.1.1', 0)
    expect(bench.take()).toEqual([
      sending(READER, { type: 'readAnswer', name: 'r', outcome: gives([]), slot: 0 }),
    ])
  })

  it('elsewhere asks the leader from which slot on it may read', () => {
    towards(2)
    read('r')
    expect(bench.sent('readIndex')).toEqual([{ to: 2, message: { type: 'readIndex', question: '2t.1.1' } }])
  })

  it('waits until every slot that it must see is applied here', () => {
    towards(2)
    read('r')
    indexed(2, '2t.1.1', 3)
    expect(answered()).toEqual([])
    apply(3)
    expect(answered()).toEqual([['r', 3]])
  })

  it('that comes after the question was asked waits for the next: a round begun before it proves nothing', () => {
    towards(SELF)
    read('r')
    read('s')
    bench.take()
    confirmed('2t.1.1', 0)
    const deeds = bench.take()
    expect(deeds).toContainEqual(sending(SELF, { type: 'confirm', question: '2t.1.2' }))
    expect(deeds.filter((deed) => deed.type === 'send' && deed.message.type === 'readAnswer')).toHaveLength(1)
    confirmed('2t.1.2', 0)
    expect(answered()).toEqual([['s', 0]])
  })

  it('shares its question with all that come before the question is asked', () => {
    read('r')
    read('s')
    read('t')
    towards(SELF)
    confirmed('2t.1.1', 0)
    expect(answered()).toEqual([['r', 0]])
    confirmed('2t.1.2', 0)
    expect(answered()).toEqual([
      ['s', 0],
      ['t', 0],
    ])
  })

  it('is not answered by an answer to another question', () => {
    towards(2)
    read('r')
    bench.take()
    indexed(2, '2t.1.2', 0)
    indexed(2, '2t.0.1', 0)
    expect(answered()).toEqual([])
  })

  it('is not answered by an answer to an earlier life of this member', () => {
    towards(2)
    read('r')
    seat(2)
    towards(2)
    read('r')
    indexed(2, '2t.1.1', 0)
    expect(answered()).toEqual([])
  })

  it('asks the same question again while there is no answer, so that a slow one still counts', () => {
    towards(2)
    read('r')
    bench.take()
    replica.timer('ask')
    replica.timer('ask')
    expect(bench.messages('readIndex').map(({ question }) => question)).toEqual(['2t.1.1', '2t.1.1'])
    indexed(2, '2t.1.1', 0)
    expect(answered()).toEqual([['r', 0]])
  })

  it('asks other members when the way towards the leader gives no answer', () => {
    seat(1, [0, 1, 2, 3, 4])
    towards(2)
    read('r')
    const ways: unknown[] = bench.sent('readIndex').map(({ to }) => to)
    for (let again = 0; again < 8; again++) {
      replica.timer('ask')
      ways.push(...bench.sent('readIndex').map(({ to }) => to))
    }
    expect(ways, 'every other time it goes straight').toEqual([2, 0, 2, 2, 2, 3, 2, 4, 2])
  })

  it('waits while no leader is known, and asks as soon as one is', () => {
    read('r')
    expect(bench.messages('readIndex')).toEqual([])
    replica.leaderChanged(SELF, { type: 'leaderChanged', towards: 2, indirect: false })
    expect(bench.messages('readIndex')).toHaveLength(1)
  })

  it('that is sent again while it waits is answered once', () => {
    towards(2)
    read('r')
    read('r')
    indexed(2, '2t.1.1', 1)
    read('r')
    indexed(2, '2t.1.2', 1)
    bench.take()
    apply(1)
    expect(answered()).toEqual([['r', 1]])
  })
})

describe('the question of another replica', () => {
  it('is asked on, and answered with the slot', () => {
    towards(SELF)
    replica.readIndex(2, { type: 'readIndex', question: '4.9' })
    expect(bench.messages('confirm')).toHaveLength(1)
    confirmed('2t.1.1', 6)
    expect(bench.take()).toEqual([sending(2, { type: 'readIndexAnswer', question: '4.9', slot: 6 })])
  })

  it('that comes while one is in flight waits for the next, like a read', () => {
    towards(SELF)
    read('r')
    replica.readIndex(2, { type: 'readIndex', question: '4.9' })
    bench.take()
    confirmed('2t.1.1', 0)
    expect(bench.messages('readIndexAnswer')).toEqual([])
    confirmed('2t.1.2', 5)
    expect(bench.messages('readIndexAnswer')).toMatchObject([{ question: '4.9', slot: 5 }])
  })

  it('is replaced by a newer one of the same replica', () => {
    towards(SELF)
    read('r')
    replica.readIndex(2, { type: 'readIndex', question: '4.8' })
    replica.readIndex(2, { type: 'readIndex', question: '4.9' })
    confirmed('2t.1.1', 0)
    bench.take()
    confirmed('2t.1.2', 0)
    expect(bench.messages('readIndexAnswer').map(({ question }) => question)).toEqual(['4.9'])
  })
})

describe('a stale read', () => {
  it('is answered at once from whatever is applied', () => {
    apply(2)
    bench.take()
    read('r', 'stale')
    expect(bench.sent('readAnswer')).toEqual([
      { to: READER, message: { type: 'readAnswer', name: 'r', outcome: gives(['at 2']), slot: 2 } },
    ])
  })

  it('honours its token: it waits until what its reader has seen is applied here', () => {
    read('r', 'stale', 3)
    read('s', 'stale', 2)
    expect(answered()).toEqual([])
    apply(2)
    expect(answered()).toEqual([['s', 2]])
    apply(3)
    expect(answered()).toEqual([['r', 3]])
  })

  it('that waits is forgotten when too many wait that came later', () => {
    bench = new Bench({ self: SELF, settings: { queueLimit: 2 } })
    replica = new Replica(bench, anyLedger, { founding: founding(THREE) })
    replica.begin()
    read('never', 'stale', Number.MAX_SAFE_INTEGER)
    read('r', 'stale', 2)
    read('s', 'stale', 2)
    expect(replica.reads.size).toBe(2)
    apply(2)
    expect(answered()).toEqual([
      ['r', 2],
      ['s', 2],
    ])
  })

  it('asks nobody', () => {
    towards(2)
    read('r', 'stale')
    expect(bench.take()).toHaveLength(1)
  })
})

describe('a query that fails', () => {
  it('is answered with its error', () => {
    const query = () => {
      throw new Error('no')
    }
    replica = new Replica(bench, { ...anyLedger, query }, {})
    read('r', 'stale')
    expect(bench.messages('readAnswer')[0]?.outcome).toEqual({
      ok: false,
      error: 'command-failed',
      detail: 'no',
    })
  })
})
