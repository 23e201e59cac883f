// The Acceptor (Paxos Made Simple, section 2.2): what it promises and accepts, and what it says of it.

import { beforeEach, describe, expect, it } from 'vitest'
import {
  Acceptor,
  type Ballot,
  type Decree,
  isObsolete,
  type Message,
  NO_BALLOT,
  recover,
  type Settings,
  type Slot,
  type Vote,
} from '../../../src/paxos/index.js'
import { Bench, persisting, sending } from '../../support/bench.js'
import { ballot, changed, opaque, THREE } from '../../support/words.js'

const LEADER = 0
const A = opaque(1)
const B = opaque(2)

let bench: Bench
let acceptor: Acceptor

/** An acceptor on member 1, fresh or with what it recovered. */
function seat(promised: Ballot = NO_BALLOT, votes: readonly Vote[] = [], settings: Partial<Settings> = {}) {
  bench = new Bench({ self: 1, settings })
  acceptor = new Acceptor(bench, { promised, votes: new Map(votes.map((vote) => [vote.slot, vote])) })
}

beforeEach(() => seat())

const prepare = (asked: Ballot, fromSlot: Slot = 1) =>
  acceptor.prepare(LEADER, { type: 'prepare', ballot: asked, fromSlot, version: 1 })

const accept = (under: Ballot, slot: Slot, decree: Decree, decided: Slot = 0) =>
  acceptor.accept(LEADER, { type: 'accept', ballot: under, slot, decree, decided })

const decided = (under: Ballot, upTo: Slot) =>
  acceptor.decided(LEADER, { type: 'decided', ballot: under, decided: upTo })

const heartbeat = (under: Ballot, upTo: Slot = 0, round = 0) =>
  acceptor.heartbeat(LEADER, { type: 'heartbeat', ballot: under, decided: upTo, round, written: 0 })

const learned = (upTo: Slot) => acceptor.learned(1, { type: 'learned', decided: upTo })

const answer = (message: Message) => sending(LEADER, message)

/** The slots that the replica is told are decided with what was accepted here. */
const taught = () => bench.messages('learn').flatMap(({ decisions }) => decisions.map(({ slot }) => slot))

const promise = (asked: Ballot, more: object = {}): Message => ({
  type: 'promise',
  ballot: asked,
  fromSlot: 1,
  votes: [],
  nextSlot: null,
  decided: 0,
  written: bench.recordsWritten,
  ...more,
})

describe('phase 1b: a promise (Paxos Made Simple, section 2.2)', () => {
  it('is given to a higher ballot, and written before it is said', () => {
    prepare(ballot(1))
    expect(bench.take()).toEqual([
      persisting({ type: 'promised', ballot: ballot(1) }),
      answer(promise(ballot(1))),
    ])
    expect(acceptor.promised).toEqual(ballot(1))
  })

  it('is given again to the same ballot, without another record', () => {
    prepare(ballot(1))
    bench.take()
    prepare(ballot(1))
    expect(bench.take()).toEqual([answer(promise(ballot(1)))])
  })

  it('is refused to a lower ballot: the rejection echoes that ballot and names the one that was promised', () => {
    seat(ballot(2))
    prepare(ballot(1, 2))
    expect(bench.take()).toEqual([
      answer({ type: 'prepareRejected', ballot: ballot(1, 2), promised: ballot(2) }),
    ])
    expect(acceptor.promised).toEqual(ballot(2))
  })

  it('tells the vote with the highest ballot in every slot that was asked for', () => {
    accept(ballot(1), 1, A)
    accept(ballot(1), 2, A)
    accept(ballot(1), 4, A)
    accept(ballot(2), 2, B)
    bench.take()
    prepare(ballot(3), 2)
    expect(bench.messages('promise')[0]?.votes).toEqual([
      { slot: 2, ballot: ballot(2), decree: B },
      { slot: 4, ballot: ballot(1), decree: A },
    ])
  })

  it('does not tell what is decided, only how far that goes', () => {
    for (const slot of [1, 2, 3]) accept(ballot(1), slot, A)
    learned(2)
    bench.take()
    prepare(ballot(2))
    expect(bench.messages('promise')).toEqual([
      promise(ballot(2), { votes: [{ slot: 3, ballot: ballot(1), decree: A }], decided: 2 }),
    ])
  })

  it('comes in chunks of bounded size, all at once, each saying where the next begins', () => {
    seat(NO_BALLOT, [], { chunkBytes: 10 })
    const large = new Uint8Array(8)
    for (const slot of [1, 2, 5]) accept(ballot(1), slot, large)
    bench.take()
    const told = () =>
      bench
        .messages('promise')
        .map(({ fromSlot, votes, nextSlot }) => [fromSlot, votes.map(({ slot }) => slot), nextSlot])
    prepare(ballot(2))
    expect(told()).toEqual([
      [1, [1], 2],
      [2, [2], 5],
      [5, [5], null],
    ])
    prepare(ballot(2), 2)
    expect(told()).toEqual([
      [2, [2], 5],
      [5, [5], null],
    ])
  })

  it('lets a single vote through that is larger than a chunk', () => {
    seat(NO_BALLOT, [], { chunkBytes: 1 })
    accept(ballot(1), 1, new Uint8Array(100))
    bench.take()
    prepare(ballot(2))
    expect(bench.messages('promise')[0]).toMatchObject({ votes: [{ slot: 1 }], nextSlot: null })
  })
})

describe('phase 2b: an acceptance (Paxos Made Simple, section 2.2)', () => {
  it('is given under the promised ballot, and written before it is said', () => {
    seat(ballot(3))
    accept(ballot(3), 1, A)
    expect(bench.take()).toEqual([
      persisting({ type: 'accepted', ballot: ballot(3), slot: 1, decree: A, learned: 0 }),
      answer({ type: 'accepted', ballot: ballot(3), slot: 1, written: 1 }),
    ])
  })

  it('is given under a higher one, which it promises first', () => {
    seat(ballot(3, 1, 2))
    accept(ballot(4), 1, A)
    expect(bench.take()).toEqual([
      persisting({ type: 'promised', ballot: ballot(4) }),
      persisting({ type: 'accepted', ballot: ballot(4), slot: 1, decree: A, learned: 0 }),
      answer({ type: 'accepted', ballot: ballot(4), slot: 1, written: 2 }),
    ])
    expect(acceptor.promised).toEqual(ballot(4))
  })

  it.each([
    ['round', ballot(2, 2, 9)],
    ['member', ballot(3, 0, 9)],
    ['incarnation', ballot(3, 1, 1)],
  ])('is refused under a ballot whose %s is lower, echoing that ballot', (_name, under) => {
    seat(ballot(3, 1, 2))
    accept(under, 1, A)
    expect(bench.take()).toEqual([
      answer({ type: 'acceptRejected', ballot: under, promised: ballot(3, 1, 2) }),
    ])
    expect(acceptor.votes.size).toBe(0)
  })

  it('that is repeated is said again without another record; like every acceptance it waits for the disk', () => {
    accept(ballot(1), 1, A)
    bench.take()
    accept(ballot(1), 1, A)
    expect(bench.take()).toEqual([answer({ type: 'accepted', ballot: ballot(1), slot: 1, written: 2 })])
  })

  it('under a higher ballot replaces the vote in that slot and no other', () => {
    accept(ballot(1), 1, A)
    accept(ballot(1), 2, A)
    accept(ballot(2), 1, B)
    expect([...acceptor.votes.values()].map(({ ballot: under, decree }) => [under.round, decree])).toEqual([
      [2, B],
      [1, A],
    ])
  })

  it('records how far the decisions are known here', () => {
    learned(0)
    accept(ballot(1), 1, A)
    learned(1)
    bench.take()
    accept(ballot(1), 2, B)
    expect(bench.take()[0]).toEqual(
      persisting({ type: 'accepted', ballot: ballot(1), slot: 2, decree: B, learned: 1 }),
    )
  })
})

describe('an acceptor that starts again', () => {
  it('keeps its promise (Paxos Made Simple, section 2.5)', () => {
    seat(ballot(5))
    prepare(ballot(4))
    accept(ballot(4), 1, A)
    expect(bench.take().map((deed) => deed.type === 'send' && deed.message.type)).toEqual([
      'prepareRejected',
      'acceptRejected',
    ])
  })

  it('tells what it accepted in its earlier life', () => {
    seat(ballot(5), [{ slot: 3, ballot: ballot(4), decree: A }])
    prepare(ballot(6))
    expect(bench.messages('promise')[0]?.votes).toEqual([{ slot: 3, ballot: ballot(4), decree: A }])
  })

  it('decides by the watermark what it accepted in its earlier life under that ballot', () => {
    seat(ballot(5), [{ slot: 3, ballot: ballot(5), decree: A }])
    decided(ballot(5), 3)
    expect(taught()).toEqual([3])
  })
})

describe('the watermark (ballot, slot)', () => {
  it('decides every slot up to it that was accepted under that very ballot', () => {
    for (const slot of [1, 2, 3]) accept(ballot(1), slot, A)
    bench.take()
    decided(ballot(1), 2)
    expect(bench.take()).toEqual([
      sending(1, {
        type: 'learn',
        decisions: [
          { slot: 1, ballot: ballot(1), decree: A },
          { slot: 2, ballot: ballot(1), decree: A },
        ],
        decided: 2,
        source: LEADER,
      }),
    ])
  })

  it('does not decide what was accepted under a lower ballot: that may have lost', () => {
    for (const slot of [1, 2, 3]) accept(ballot(1), slot, A)
    accept(ballot(2), 2, B)
    bench.take()
    decided(ballot(2), 3)
    expect(taught()).toEqual([2])
  })

  it('of a lower ballot decides nothing here, but the replica is told to fetch', () => {
    accept(ballot(2), 1, A)
    bench.take()
    decided(ballot(1), 1)
    expect(bench.messages('learn')).toEqual([{ type: 'learn', decisions: [], decided: 1, source: LEADER }])
  })

  it('of a ballot that was not promised yet decides nothing accepted before it', () => {
    accept(ballot(1), 1, A)
    bench.take()
    decided(ballot(3), 1)
    expect(taught()).toEqual([])
  })

  it('rides on accepts and on heartbeats as well', () => {
    accept(ballot(1), 1, A)
    accept(ballot(1), 2, A, 1)
    expect(taught()).toEqual([1])
    heartbeat(ballot(1), 2)
    expect(taught()).toEqual([2])
  })

  it('that was heard before also decides what is accepted below it later', () => {
    accept(ballot(1), 1, A)
    decided(ballot(1), 3)
    bench.take()
    accept(ballot(1), 3, A)
    accept(ballot(1), 2, A)
    expect(taught()).toEqual([3, 2])
  })

  it('of an earlier ballot does not decide what is accepted below it under a later one', () => {
    accept(ballot(1), 1, A)
    decided(ballot(1), 3)
    bench.take()
    accept(ballot(2), 3, B, 0)
    expect(taught()).toEqual([])
  })

  it('is told once, however often it is heard', () => {
    accept(ballot(1), 1, A)
    decided(ballot(1), 1)
    bench.take()
    decided(ballot(1), 1)
    heartbeat(ballot(1), 1)
    expect(bench.messages('learn')).toEqual([])
  })

  it('far ahead of every vote costs nothing', () => {
    accept(ballot(1), 1, A)
    bench.take()
    decided(ballot(1), Number.MAX_SAFE_INTEGER - 1)
    expect(taught()).toEqual([1])
  })

  it('decides nothing again that the replica knows', () => {
    for (const slot of [1, 2]) accept(ballot(1), slot, A)
    learned(1)
    bench.take()
    decided(ballot(1), 2)
    expect(taught()).toEqual([2])
  })
})

describe('a heartbeat', () => {
  it('is acknowledged, with its round, when no higher ballot was promised', () => {
    seat(ballot(2))
    heartbeat(ballot(2), 0, 7)
    heartbeat(ballot(3), 0, 8)
    expect(bench.take()).toEqual([
      answer({ type: 'heartbeatAck', ballot: ballot(2), round: 7 }),
      answer({ type: 'heartbeatAck', ballot: ballot(3), round: 8 }),
    ])
  })

  it('is rejected when a higher ballot was promised, echoing its own', () => {
    seat(ballot(2))
    heartbeat(ballot(1, 2))
    expect(bench.take()).toEqual([
      answer({ type: 'heartbeatRejected', ballot: ballot(1, 2), promised: ballot(2) }),
    ])
  })

  it('promises nothing', () => {
    heartbeat(ballot(9))
    expect(acceptor.promised).toEqual(NO_BALLOT)
  })
})

// ---- trimming and changes of the membership ------------------------------------------------------------------

const trim = (slot: Slot) => acceptor.trim(1, { type: 'trim', slot })

describe('an acceptor that is trimmed', () => {
  beforeEach(() => {
    for (const slot of [1, 2, 3, 4]) accept(ballot(1), slot, A)
    learned(3)
    trim(2)
    bench.take()
  })

  it('forgets the votes up to there and keeps the others', () => {
    expect([...acceptor.votes.keys()]).toEqual([3, 4])
  })

  it.each([
    ['the ballot that it was decided under', ballot(1), A],
    ['a higher one, with another decree', ballot(9), B],
  ])(
    'votes on none of those slots again, under %s: it says how far everything is decided',
    (_name, under, decree) => {
      accept(under, 2, decree)
      expect(bench.take()).toEqual([answer({ type: 'acceptOutdated', ballot: under, decided: 3 })])
      expect(acceptor.votes.has(2)).toBe(false)
      expect(acceptor.promised, 'and promises nothing').toEqual(ballot(1))
    },
  )

  it('still refuses a ballot that is lower than what it promised', () => {
    accept(ballot(0), 1, B)
    expect(bench.messages('acceptRejected')).toHaveLength(1)
  })

  it('promises with nothing at or below it, and says that all of that is decided', () => {
    prepare(ballot(2))
    const [said] = bench.messages('promise')
    expect(said?.votes.map(({ slot }) => slot)).toEqual([4])
    expect(said?.decided).toBeGreaterThanOrEqual(acceptor.trimmed)
  })

  it('never goes back to an earlier slot', () => {
    trim(1)
    accept(ballot(1), 2, A)
    expect(bench.messages('acceptOutdated')).toHaveLength(1)
  })

  it('teaches its replica nothing of them when a watermark comes late', () => {
    decided(ballot(1), 4)
    expect(taught()).toEqual([4])
  })

  it('above everything that it voted on votes on what comes after', () => {
    learned(9)
    trim(9)
    bench.take()
    accept(ballot(1), 10, A)
    prepare(ballot(2))
    expect(bench.messages('promise')[0]).toMatchObject({ votes: [{ slot: 10 }], decided: 9 })
  })

  it('begins its next life with what is left', () => {
    acceptor = new Acceptor(bench, { promised: ballot(1), votes: acceptor.votes, trimmed: 2, decided: 3 })
    prepare(ballot(2))
    expect(bench.messages('promise')[0]).toMatchObject({ votes: [{ slot: 4 }], decided: 3 })
    accept(ballot(2), 2, B)
    expect(bench.messages('acceptOutdated')).toHaveLength(1)
  })
})

describe('a prepare under a configuration', () => {
  const prepareUnder = (version: number, asked = ballot(2)) => {
    bench.take()
    acceptor.prepare(LEADER, { type: 'prepare', ballot: asked, fromSlot: 1, version })
    return bench.take()
  }

  beforeEach(() => {
    bench.membership = { ...changed(5, THREE, [0, 1]), highestMember: 2 }
  })

  it('that is in force, or to come, is promised', () => {
    for (const version of [1, 2, 3]) expect(prepareUnder(version, ballot(version + 1))).toHaveLength(2)
    expect(acceptor.promised).toEqual(ballot(4))
  })

  it('that is over is not: whoever prepares learns first who votes by now', () => {
    const [, second] = bench.membership.configurations
    bench.membership = { configurations: second === undefined ? [] : [second], highestMember: 2 }
    learned(8)
    expect(prepareUnder(1)).toEqual([answer({ type: 'prepareOutdated', ballot: ballot(2), decided: 8 })])
    expect(acceptor.promised).toEqual(NO_BALLOT)
    expect(prepareUnder(2)).toHaveLength(2)
  })

  it('of a lower ballot is rejected, whatever it is under', () => {
    seat(ballot(5))
    expect(prepareUnder(0)).toEqual([
      answer({ type: 'prepareRejected', ballot: ballot(2), promised: ballot(5) }),
    ])
  })
})

describe('what an acceptor vouches for', () => {
  it('says how many records were ever written, with the one that it vouches for', () => {
    bench.recordsWritten = 40
    prepare(ballot(1))
    accept(ballot(1), 1, A)
    const written = bench.take().flatMap((deed) => {
      if (deed.type !== 'send' || !('written' in deed.message)) return []
      return [deed.message.written]
    })
    expect(written).toEqual([41, 42])
  })
})

describe('an acceptor that starts again after it was trimmed', () => {
  it('keeps a promise that it gave by accepting', () => {
    accept(ballot(9), 1, A)
    learned(1)
    trim(1)
    const records = bench.take().flatMap((deed) => (deed.type === 'persist' ? [deed.record] : []))
    const cut = {
      type: 'snapshot',
      slot: 1,
      checksum: 0,
      data: opaque(),
      trimmed: 1,
      incarnation: 1,
      promised: NO_BALLOT,
      written: 9,
    } as const
    const kept = [...records.filter((record) => !isObsolete(record, cut)), cut]
    expect(recover(kept).promised).toEqual(ballot(9))
  })

  it('has forgotten its votes on what was trimmed before it began', () => {
    const votes = new Map([1, 2, 3].map((slot) => [slot, { slot, ballot: ballot(1), decree: A }] as const))
    acceptor = new Acceptor(bench, { promised: ballot(1), votes, trimmed: 2, decided: 2 })
    expect([...acceptor.votes.keys()]).toEqual([3])
  })
})
