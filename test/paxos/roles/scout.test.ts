// The Scout (Paxos Made Moderately Complex, figure 6; Paxos Made Simple, section 2.2, phase 1a).

import { beforeEach, describe, expect, it } from 'vitest'
import {
  type Ballot,
  type MemberId,
  type MessageOf,
  type NodeId,
  Scout,
  type Slot,
  type Vote,
} from '../../../src/paxos/index.js'
import { Bench, type Deed, sending } from '../../support/bench.js'
import { ballot, changed, opaque, THREE } from '../../support/words.js'

const OWN = ballot(5)
const A = opaque(1)
const B = opaque(2)

let bench: Bench
let scout: Scout

function seat(fromSlot: Slot = 1, members: readonly MemberId[] = THREE) {
  bench = new Bench({ members })
  scout = new Scout(bench, { ballot: OWN, fromSlot, configurations: bench.membership.configurations })
  scout.begin()
}

beforeEach(() => seat())

const vote = (slot: Slot, under: Ballot, decree = A): Vote => ({ slot, ballot: under, decree })

function promise(from: NodeId, more: Partial<MessageOf<'promise'>> = {}): void {
  const empty = { fromSlot: scout.fromSlot, votes: [], nextSlot: null, decided: 0, written: 0 }
  scout.promise(from, { type: 'promise', ballot: OWN, ...empty, ...more })
}

const reject = (from: NodeId, asked: Ballot, promised: Ballot) =>
  scout.prepareRejected(from, { type: 'prepareRejected', ballot: asked, promised })

const adopted = () => bench.messages('adopted')

describe('a scout', () => {
  it('asks every member for its promise, its own included, from the first slot that is not known decided', () => {
    seat(7)
    expect(bench.take()[0]).toEqual(sending(THREE, { type: 'prepare', ballot: OWN, fromSlot: 7, version: 1 }))
  })

  it('reports adopted when a quorum has promised, once, and is gone', () => {
    bench.take()
    promise(0)
    expect(bench.take()).toEqual([])
    promise(2)
    const expected: Deed[] = [
      sending(0, { type: 'adopted', ballot: OWN, version: 1, votes: [], decided: 0, source: 0 }),
      { type: 'retire', role: 'scout' },
    ]
    expect(bench.take()).toEqual(expected)
  })

  it('adopts with 8 of 14 and not with 7', () => {
    seat(1, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13])
    for (const from of [0, 1, 2, 3, 4, 5, 6]) promise(from)
    expect(adopted()).toEqual([])
    promise(13)
    expect(adopted()).toHaveLength(1)
  })

  it('counts a promise that comes twice once', () => {
    promise(1)
    promise(1)
    promise(1)
    expect(adopted()).toEqual([])
  })

  it('counts no promise of another ballot, higher, lower, or of an earlier life', () => {
    for (const other of [ballot(4), ballot(6), ballot(5, 1), ballot(5, 0, 2)]) {
      promise(1, { ballot: other })
      promise(2, { ballot: other })
    }
    expect(adopted()).toEqual([])
  })

  it('counts nobody who is no voter', () => {
    for (const from of [7, 8, 9]) promise(from)
    expect(adopted()).toEqual([])
  })
})

describe('the votes that it adopts (Paxos Made Simple, section 2.2: P2c)', () => {
  it('are, slot by slot, those with the highest ballot, in whatever order they come', () => {
    promise(2, { votes: [vote(1, ballot(3), B), vote(3, ballot(1), A)] })
    promise(1, { votes: [vote(1, ballot(2), A), vote(3, ballot(1, 1), B)] })
    expect(adopted()[0]?.votes).toEqual([vote(1, ballot(3), B), vote(3, ballot(1, 1), B)])
  })

  it('are in ascending order of slots', () => {
    promise(1, { votes: [vote(9, ballot(1))] })
    promise(2, { votes: [vote(2, ballot(1)), vote(4, ballot(1))] })
    expect(adopted()[0]?.votes.map(({ slot }) => slot)).toEqual([2, 4, 9])
  })

  it('leave out what anyone of the quorum knows decided, and say who has it', () => {
    promise(1, { votes: [vote(3, ballot(1)), vote(4, ballot(1))] })
    promise(2, { decided: 3 })
    expect(adopted()).toEqual([
      { type: 'adopted', ballot: OWN, version: 1, votes: [vote(4, ballot(1))], decided: 3, source: 2 },
    ])
  })

  it('begin above what its leader knows decided, even if the quorum knows less', () => {
    seat(5)
    promise(1)
    promise(2, { decided: 2 })
    expect(adopted()[0]).toMatchObject({ decided: 4, source: 0 })
  })
})

describe('a promise in chunks', () => {
  it('counts when the last one is there', () => {
    bench.take()
    promise(1, { votes: [vote(1, ballot(1))], nextSlot: 4 })
    promise(0)
    expect(bench.take()).toEqual([])
    promise(1, { fromSlot: 4, votes: [vote(4, ballot(2))] })
    expect(adopted()[0]?.votes.map(({ slot }) => slot)).toEqual([1, 4])
  })

  it('counts in whatever order they come', () => {
    promise(0)
    promise(1, { fromSlot: 9, votes: [vote(9, ballot(1))] })
    promise(1, { fromSlot: 4, votes: [vote(4, ballot(2))], nextSlot: 9 })
    expect(adopted()).toEqual([])
    promise(1, { votes: [vote(1, ballot(1))], nextSlot: 4 })
    expect(adopted()[0]?.votes.map(({ slot }) => slot)).toEqual([1, 4, 9])
  })

  it('does not count while one in the middle is missing, nor by one that comes again', () => {
    promise(0)
    promise(1, { votes: [vote(1, ballot(1))], nextSlot: 4 })
    promise(1, { votes: [vote(1, ballot(1))], nextSlot: null })
    promise(1, { fromSlot: 9, nextSlot: null })
    expect(adopted()).toEqual([])
  })
})

describe('a scout that waits', () => {
  it('asks those again who have not told everything, from where they stopped', () => {
    promise(1, { nextSlot: 4 })
    promise(2)
    bench.take()
    scout.timer()
    expect(bench.take()).toEqual([
      sending(0, { type: 'prepare', ballot: OWN, fromSlot: 1, version: 1 }),
      sending(1, { type: 'prepare', ballot: OWN, fromSlot: 4, version: 1 }),
      { type: 'after', timer: 'resend', low: 150_000, high: 150_000 },
    ])
  })
})

describe('a rejection', () => {
  it('that names a higher promise ends it: preempted', () => {
    bench.take()
    reject(1, OWN, ballot(6))
    const expected: Deed[] = [
      sending(0, { type: 'preempted', ballot: OWN, promised: ballot(6) }),
      { type: 'retire', role: 'scout' },
    ]
    expect(bench.take()).toEqual(expected)
  })

  it.each([
    ['a lower promise', OWN, ballot(4)],
    ['its own ballot', OWN, OWN],
    ['the rejection of an earlier ballot', ballot(4), ballot(6)],
  ])('that names %s changes nothing', (_name, asked, promised) => {
    bench.take()
    reject(1, asked, promised)
    expect(bench.take()).toEqual([])
    promise(1)
    promise(2)
    expect(adopted()).toHaveLength(1)
  })
})

describe('a scout under several configurations', () => {
  beforeEach(() => {
    bench = new Bench()
    const { configurations } = changed(5, THREE, [2, 3, 4, 5, 6])
    scout = new Scout(bench, { ballot: OWN, fromSlot: 1, configurations })
    scout.begin()
  })

  it('asks the members of each of them, once, under the version of the first', () => {
    expect(bench.sent('prepare')).toEqual([
      { to: [0, 1, 2, 3, 4, 5, 6], message: { type: 'prepare', ballot: OWN, fromSlot: 1, version: 1 } },
    ])
  })

  it.each([
    ['everybody of the first alone', [0, 1, 2]],
    ['everybody of the second but those of the first', [3, 4, 5, 6]],
    ['a majority of all of them together', [3, 4, 5, 0]],
    ['one too few of the second', [0, 1, 3, 4]],
  ])('is not adopted by %s', (_name, members) => {
    for (const from of members) promise(from)
    expect(adopted()).toEqual([])
  })

  it.each([
    ['a quorum of each', [0, 1, 3, 4, 5]],
    ['fewer, where a member counts for both', [2, 0, 3, 4]],
  ])('is adopted by %s, under the version of the last', (_name, members) => {
    for (const from of members.slice(0, -1)) promise(from)
    expect(adopted()).toEqual([])
    promise(members.at(-1) ?? 0)
    expect(adopted()).toMatchObject([{ version: 2 }])
  })

  it('passes over the promises of those who are members of none', () => {
    for (const from of [7, 8, 9, 0, 3, 4]) promise(from)
    expect(adopted()).toEqual([])
  })

  it('counts a member once, however often it promises', () => {
    for (const from of [2, 2, 2, 2, 3, 3, 4]) promise(from)
    expect(adopted()).toEqual([])
  })
})

describe('an outdated prepare', () => {
  const outdated = (asked: Ballot) =>
    scout.prepareOutdated(1, { type: 'prepareOutdated', ballot: asked, decided: 20 })

  it('has the replica learn who votes by now, from whoever knows it', () => {
    bench.take()
    outdated(OWN)
    expect(bench.take()).toEqual([sending(0, { type: 'learn', decisions: [], decided: 20, source: 1 })])
  })

  it('of an earlier ballot changes nothing', () => {
    bench.take()
    outdated(ballot(4))
    expect(bench.take()).toEqual([])
  })
})
