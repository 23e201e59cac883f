// The Commander (Paxos Made Moderately Complex, figure 6; The Part-Time Parliament, section 2.3, steps 3 to 5).

import { beforeEach, describe, expect, it } from 'vitest'
import {
  type Ballot,
  Commander,
  type MemberId,
  type Message,
  type NodeId,
  type Slot,
} from '../../../src/paxos/index.js'
import { Bench, sending } from '../../support/bench.js'
import { ballot, opaque, THREE } from '../../support/words.js'

const OWN = ballot(5)
const RESEND = 100

let bench: Bench
let commander: Commander

function seat(members: readonly MemberId[] = THREE, decided: Slot = 0) {
  bench = new Bench({ members, settings: { resendMicros: RESEND } })
  commander = new Commander(bench, { ballot: OWN, decided })
  commander.begin()
}

beforeEach(() => seat())

const tender = (slot: Slot, under: Ballot = OWN) =>
  commander.tender(0, { type: 'tender', ballot: under, slot, decree: opaque(slot), members: bench.members })

const accepted = (from: NodeId, slot: Slot, under: Ballot = OWN) =>
  commander.accepted(from, { type: 'accepted', ballot: under, slot, written: 0 })

const reject = (under: Ballot, promised: Ballot) =>
  commander.acceptRejected(1, { type: 'acceptRejected', ballot: under, promised })

const accept = (slot: Slot, decided: Slot = 0): Message => ({
  type: 'accept',
  ballot: OWN,
  slot,
  decree: opaque(slot),
  decided,
})

const progress = () => bench.messages('progress').map(({ decided }) => decided)

/** Lets the timer ring at this time; gives who is asked again for which slot. */
function ring(nowMicros: number): [to: NodeId | readonly NodeId[], slot: Slot][] {
  bench.take()
  bench.nowMicros = nowMicros
  commander.timer()
  return bench.sent('accept').map(({ to, message }) => [to, message.slot])
}

describe('phase 2a', () => {
  it('asks every member to accept, its own included, and says how far everything is decided', () => {
    seat(THREE, 6)
    tender(7)
    expect(bench.take()[0]).toEqual(sending(THREE, accept(7, 6)))
  })

  it('proposes nothing that was tendered under another ballot', () => {
    tender(1, ballot(4))
    expect(bench.take()).toEqual([])
  })
})

describe('a slot', () => {
  it('is decided when a quorum has accepted: its own acceptor and the leader are told', () => {
    tender(1)
    bench.take()
    accepted(0, 1)
    expect(bench.take()).toEqual([])
    accepted(2, 1)
    expect(bench.take()).toEqual([
      sending(0, { type: 'decided', ballot: OWN, decided: 1 }),
      sending(0, { type: 'progress', ballot: OWN, decided: 1 }),
    ])
  })

  it('of 14 members is decided by 8 and not by 7', () => {
    seat([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13])
    tender(1)
    for (const from of [0, 1, 2, 3, 4, 5, 6]) accepted(from, 1)
    expect(progress()).toEqual([])
    accepted(9, 1)
    expect(progress()).toEqual([1])
  })

  it('counts an acceptance that comes twice once', () => {
    tender(1)
    for (let copy = 0; copy < 3; copy++) accepted(1, 1)
    expect(progress()).toEqual([])
  })

  it('counts no acceptance of another ballot, another slot, or of who is no voter', () => {
    tender(1)
    accepted(0, 1)
    accepted(1, 1, ballot(4))
    accepted(1, 1, ballot(5, 0, 2))
    accepted(1, 2)
    accepted(7, 1)
    expect(progress()).toEqual([])
  })
})

describe('the watermark', () => {
  it('moves over decided slots without a gap, whatever order they are decided in', () => {
    for (const slot of [1, 2, 3, 4]) tender(slot)
    bench.take()
    for (const slot of [3, 2]) for (const from of [0, 1]) accepted(from, slot)
    expect(progress()).toEqual([])
    for (const from of [0, 1]) accepted(from, 1)
    expect(progress()).toEqual([3])
    for (const from of [0, 1]) accepted(from, 4)
    expect(progress()).toEqual([4])
  })

  it('goes with the next accept', () => {
    tender(1)
    for (const from of [0, 1]) accepted(from, 1)
    bench.take()
    tender(2)
    expect(bench.messages('accept')[0]).toEqual(accept(2, 1))
  })

  it('is not moved by a late or repeated acceptance', () => {
    tender(1)
    for (const from of [0, 1]) accepted(from, 1)
    bench.take()
    for (const from of [2, 1]) accepted(from, 1)
    expect(bench.take()).toEqual([])
  })
})

describe('a resend', () => {
  it('goes only to those who are silent', () => {
    tender(1)
    accepted(2, 1)
    expect(ring(RESEND)).toEqual([[[0, 1], 1]])
  })

  it('goes out for what was decided out of order, until everyone has accepted it', () => {
    tender(1)
    tender(2)
    for (const from of [0, 1]) accepted(from, 2)
    expect(ring(RESEND)).toEqual([
      [THREE, 1],
      [[2], 2],
    ])
  })

  it('is not for slots that have not waited long enough', () => {
    tender(1)
    bench.nowMicros = RESEND / 2
    tender(2)
    expect(ring(RESEND)).toEqual([[THREE, 1]])
  })

  it('waits twice as long each time, up to eight times', () => {
    tender(1)
    const resent: number[] = []
    for (let waits = 1; waits <= 31; waits++) if (ring(waits * RESEND).length > 0) resent.push(waits)
    expect(resent).toEqual([1, 3, 7, 15, 23, 31])
  })

  it('is prompt for every slot, whatever others have waited and whenever the timer was set', () => {
    tender(1)
    for (const waits of [1, 3]) ring(waits * RESEND)
    bench.nowMicros = 3.5 * RESEND
    tender(2)
    expect([4, 5].flatMap((waits) => ring(waits * RESEND))).toEqual([[THREE, 2]])
  })

  it('goes to nobody when everyone has accepted a slot beyond a gap', () => {
    tender(1)
    tender(2)
    for (const from of THREE) accepted(from, 2)
    expect(ring(RESEND)).toEqual([[THREE, 1]])
  })

  it('needs no timer while nothing is in flight, and one for all slots while something is', () => {
    expect(bench.armed('resend')).toBeUndefined()
    tender(1)
    expect(bench.armed('resend')).toEqual({ low: RESEND, high: RESEND })
    tender(2)
    expect(bench.armed('resend')).toBeUndefined()
    for (const slot of [1, 2]) for (const from of [0, 1]) accepted(from, slot)
    bench.take()
    commander.timer()
    expect(bench.take()).toEqual([])
  })
})

describe('a rejection', () => {
  it('that names a higher promise preempts', () => {
    reject(OWN, ballot(5, 1))
    expect(bench.take()).toEqual([sending(0, { type: 'preempted', ballot: OWN, promised: ballot(5, 1) })])
  })

  it.each([
    ['a lower promise', OWN, ballot(4, 2)],
    ['its own ballot', OWN, OWN],
    ['the rejection of an earlier ballot', ballot(4), ballot(6)],
  ])('that names %s does not', (_name, under, promised) => {
    reject(under, promised)
    expect(bench.take()).toEqual([])
  })
})

describe('a slot and its members', () => {
  /** Slot 1 is voted on by the old members, slot 2 by the new ones. */
  beforeEach(() => {
    for (const [slot, members] of [
      [1, THREE],
      [2, [2, 3, 4]],
    ] as const) {
      commander.tender(0, { type: 'tender', ballot: OWN, slot, decree: opaque(slot), members })
    }
  })

  it('are asked, and nobody else', () => {
    expect(bench.sent('accept').map(({ to, message }) => [message.slot, to])).toEqual([
      [1, THREE],
      [2, [2, 3, 4]],
    ])
    expect(ring(RESEND)).toEqual([
      [THREE, 1],
      [[2, 3, 4], 2],
    ])
  })

  it('belong together: who does not vote on a slot does not count for it', () => {
    for (const from of [3, 4, 2]) accepted(from, 1)
    expect(progress(), 'only 2 votes on slot 1').toEqual([])
    for (const from of [0, 1]) accepted(from, 2)
    accepted(0, 1)
    expect(progress()).toEqual([1])
    accepted(2, 2)
    expect(progress()).toEqual([])
    accepted(4, 2)
    expect(progress()).toEqual([2])
  })
})

describe('a slot that was trimmed elsewhere', () => {
  const outdated = (decided: Slot, under: Ballot = OWN) =>
    commander.acceptOutdated(2, { type: 'acceptOutdated', ballot: under, decided })

  it('is learned from whoever has trimmed it, and its leader is told that it is behind', () => {
    tender(1)
    bench.take()
    outdated(7)
    expect(bench.take()).toEqual([
      sending(0, { type: 'learn', decisions: [], decided: 7, source: 2 }),
      sending(0, { type: 'outrun', ballot: OWN }),
    ])
  })

  it.each([
    ['under another ballot', 7, ballot(4)],
    ['and was counted here meanwhile', 3, OWN],
  ])('%s is no news', (_name, decided, under) => {
    seat(THREE, 3)
    outdated(decided, under)
    expect(bench.take()).toEqual([])
  })
})
