// The Leader that leads (Paxos Made Moderately Complex, figure 7; The Part-Time Parliament, section 3.1). How it comes
// to lead is in leader-elections.test.ts.

import { beforeEach, describe, expect, it } from 'vitest'
import { type Ballot, clonePlain, decodeDecree, NO_OP } from '../../../src/paxos/index.js'
import { Leader } from '../../../src/paxos/roles/leader.js'
import { sending } from '../../support/bench.js'
import {
  acknowledge,
  adopted,
  at,
  BASE,
  bench,
  heartbeat,
  lead,
  leader,
  learned,
  NOBODY,
  progress,
  propose,
  scout,
  seat,
  tendered,
  vote,
} from '../../support/seated-leader.js'
import { ballot, FIVE, opaque, request, THREE, WALL_MICROS } from '../../support/words.js'

beforeEach(() => seat())

describe('an adoption', () => {
  it('makes it lead: a commander, a heartbeat to all, and everyone here is told', () => {
    const under = scout()
    bench.take()
    adopted(under)
    const deeds = bench.take()
    expect(deeds).toContainEqual({ type: 'become', role: 'commander', start: { ballot: under, decided: 0 } })
    expect(deeds).toContainEqual(
      sending(THREE, { type: 'heartbeat', ballot: under, decided: 0, round: 0, written: 0 }),
    )
    expect(deeds).toContainEqual(sending(0, { type: 'leaderChanged', towards: 0, indirect: false }))
  })

  it.each([
    ['an earlier ballot', (own: Ballot) => ballot(own.round - 1)],
    ['a later one', (own: Ballot) => ballot(own.round + 1)],
    ['an earlier life', (own: Ballot) => ({ ...own, incarnation: 0 })],
  ])('of %s does not: that one was never prepared (Paxos Made Simple, section 2.2)', (_name, other) => {
    const under = scout()
    bench.take()
    adopted(other(under))
    expect(bench.take()).toEqual([])
    expect(leader.phase).toBe('scouting')
  })

  it('that comes when it does not scout any more does nothing', () => {
    const under = scout()
    leader.timer('election')
    bench.take()
    adopted(under)
    expect(bench.take()).toEqual([])
  })

  it('has it propose again every vote that it adopted, in its slot', () => {
    lead({}, [vote(1, opaque(1)), vote(2, opaque(2))])
    expect(tendered()).toEqual([
      [1, opaque(1)],
      [2, opaque(2)],
    ])
  })

  it('has it fill the gaps with no-ops (The Part-Time Parliament, section 3.1)', () => {
    lead({}, [vote(2, opaque(2)), vote(5, opaque(5))])
    expect(tendered()).toEqual([
      [1, NO_OP],
      [2, opaque(2)],
      [3, NO_OP],
      [4, NO_OP],
      [5, opaque(5)],
    ])
    propose(request(1, 1, 'new'))
    expect(tendered()).toEqual([[6, [1]]])
  })

  it('has it propose nothing at or below the highest watermark of the quorum, no-op included', () => {
    lead({}, [vote(8, opaque(8))], 6)
    learned(6)
    expect(tendered()).toEqual([
      [7, NO_OP],
      [8, opaque(8)],
    ])
  })

  it('has it propose nothing at all before its own replica knows what it adopted as decided', () => {
    lead({}, [vote(7, opaque(7))], 6)
    propose(request(1, 1, 'x'))
    learned(5)
    expect(tendered()).toEqual([])
    learned(6)
    expect(tendered()).toEqual([
      [7, opaque(7)],
      [8, [1]],
    ])
  })
})

describe('proposing', () => {
  it('takes the next slot for each decree and stamps it with the wall clock', () => {
    lead()
    bench.take()
    propose(request(1, 1, 'x'))
    propose(request(1, 2, 'y'))
    const tenders = bench.messages('tender')
    expect(tenders.map(({ slot }) => slot)).toEqual([1, 2])
    expect(tenders.map(({ decree }) => decodeDecree(decree).stampMicros)).toEqual([WALL_MICROS, WALL_MICROS])
  })

  it('batches what arrives in one turn into one decree', () => {
    lead()
    propose(request(1, 1, 'x'), request(1, 2, 'y'), request(2, 1, 'z'))
    expect(tendered()).toEqual([[1, [1, 2, 1]]])
  })

  it('takes more of a turn than its queue may hold, as long as it may propose', () => {
    lead({ settings: { queueLimit: 2 } })
    propose(...[1, 2, 3, 4, 5].map((sequence) => request(1, sequence, 'x')))
    expect(tendered()).toEqual([
      [1, [1, 2]],
      [2, [3, 4]],
      [3, [5]],
    ])
  })

  it('batches what arrives while a write is in flight into one decree', () => {
    lead()
    propose(request(2, 1, 'in flight'))
    bench.take()
    bench.writing = true
    for (const sequence of [1, 2, 3]) propose(request(1, sequence, 'x'))
    expect(tendered()).toEqual([])
    bench.writing = false
    leader.written()
    expect(tendered()).toEqual([[2, [1, 2, 3]]])
  })

  it('does not wait for its own disk when the others have decided all that is in flight', () => {
    const under = lead()
    propose(request(2, 1, 'in flight'))
    bench.take()
    bench.writing = true
    for (const sequence of [1, 2]) propose(request(1, sequence, 'x'))
    expect(tendered()).toEqual([])
    progress(under, 1)
    expect(tendered()).toEqual([[2, [1, 2]]])
  })

  it('does not wait for its own disk with what fills a decree', () => {
    lead({ settings: { decreeBytes: 20 } })
    propose(request(2, 1, 'in flight'))
    bench.take()
    bench.writing = true
    const full = 'x'.repeat(12)
    propose(request(1, 1, full))
    expect(tendered()).toEqual([])
    propose(request(1, 2, full))
    expect(tendered()).toEqual([[2, [1]]])
    propose(request(1, 3, full))
    expect(tendered()).toEqual([[3, [2]]])
    propose(request(1, 4, 'y'))
    expect(tendered()).toEqual([])
    bench.writing = false
    leader.written()
    expect(tendered()).toEqual([[4, [3, 4]]])
  })

  it('that was thawed counts what waits anew', () => {
    lead({ settings: { decreeBytes: 20 } })
    propose(request(2, 1, 'in flight'))
    bench.writing = true
    propose(request(1, 1, 'x'.repeat(12)))
    const thawed = Object.assign(new Leader(bench), clonePlain({ ...leader }))
    bench.take()
    thawed.propose(0, { type: 'propose', request: request(1, 2, 'x'.repeat(12)) })
    thawed.settled()
    expect(tendered()).toEqual([[2, [1]]])
  })

  it('bounds the bytes of a decree, and lets a single command through that is larger', () => {
    lead({ settings: { decreeBytes: 10 } })
    propose(request(2, 1, 'in flight'))
    bench.take()
    bench.writing = true
    for (const [sequence, entry] of [
      [1, 'abc'],
      [2, 'def'],
      [3, 'x'.repeat(50)],
      [4, 'g'],
    ] as const) {
      propose(request(1, sequence, entry))
    }
    bench.writing = false
    leader.written()
    expect(tendered()).toEqual([
      [2, [1, 2]],
      [3, [3]],
      [4, [4]],
    ])
  })

  it('proposes slot s only when every slot up to s − alpha is decided', () => {
    const under = lead({ settings: { alpha: 3 } })
    for (const sequence of [1, 2, 3, 4, 5, 6]) propose(request(1, sequence, 'x'))
    expect(tendered().map(([slot]) => slot)).toEqual([1, 2, 3])
    progress(under, 1)
    expect(tendered(), 'its replica does not know slot 1 yet, so not who votes on slot 4').toEqual([])
    learned(1)
    expect(tendered()).toEqual([[4, [4, 5, 6]]])
  })

  it('keeps to alpha while it proposes again what it inherited', () => {
    const votes = [1, 2, 3, 4].map((slot) => vote(slot, opaque(slot)))
    const under = lead({ settings: { alpha: 2 } }, votes)
    expect(tendered().map(([slot]) => slot)).toEqual([1, 2])
    progress(under, 2)
    learned(2)
    expect(tendered().map(([slot]) => slot)).toEqual([3, 4])
  })

  it('proposes no further decree while the window of bytes is full', () => {
    const under = lead({ settings: { windowBytes: 100 } })
    propose(request(1, 1, 'x'.repeat(200)))
    propose(request(1, 2, 'y'))
    expect(tendered()).toEqual([[1, [1]]])
    progress(under, 1)
    expect(tendered()).toEqual([[2, [2]]])
  })

  it('refuses what is over the bound of its queue, and takes nothing when it does not lead', () => {
    lead({ settings: { queueLimit: 2 } })
    propose(request(2, 1, 'in flight'))
    bench.writing = true
    const requests = [1, 2, 3].map((sequence) => request(1, sequence, 'x'))
    for (const each of requests) propose(each)
    expect(bench.messages('refused')).toEqual([{ type: 'refused', request: requests[2] }])
    seat()
    bench.take()
    propose(request(1, 1, 'x'))
    expect(bench.take()).toEqual([])
  })

  it('tells the others the watermark when nothing in flight will carry it', () => {
    const under = lead()
    propose(request(1, 1, 'x'))
    propose(request(1, 2, 'y'))
    bench.take()
    progress(under, 1)
    expect(bench.sent('decided')).toEqual([])
    progress(under, 2)
    expect(bench.sent('decided')).toEqual([
      { to: [1, 2], message: { type: 'decided', ballot: under, decided: 2 } },
    ])
  })

  it('takes no progress of another ballot for its own', () => {
    lead()
    propose(request(1, 1, 'x'))
    progress(ballot(0, 1), 1)
    expect(leader.decidedThrough).toBe(0)
  })
})

describe('leading', () => {
  it('tells every member at each heartbeat how far everything is decided, and what of its store is durable', () => {
    const under = lead()
    propose(request(1, 1, 'x'))
    progress(under, 1)
    acknowledge(1, under)
    bench.recordsWritten = 9
    bench.recordsDurable = 7
    bench.take()
    leader.timer('heartbeat')
    expect(bench.take()).toEqual([
      sending(THREE, { type: 'heartbeat', ballot: under, decided: 1, round: 0, written: 7 }),
      { type: 'after', timer: 'heartbeat', low: 100_000, high: 100_000 },
    ])
  })

  it('ends when no quorum acknowledges for the base time, itself included', () => {
    const under = lead({ members: FIVE })
    at(BASE - 1)
    acknowledge(1, under)
    leader.timer('heartbeat')
    expect(leader.phase).toBe('leading')
    at(BASE)
    bench.take()
    leader.timer('heartbeat')
    expect(leader.phase).toBe('following')
    const deeds = bench.take()
    expect(deeds).toContainEqual({ type: 'retire', role: 'commander' })
    expect(deeds).toContainEqual(NOBODY)
  })

  it('goes on while a quorum acknowledges', () => {
    const under = lead({ members: FIVE })
    for (let nowMicros = 0; nowMicros <= 4 * BASE; nowMicros += BASE / 5) {
      at(nowMicros)
      for (const from of [2, 4]) acknowledge(from, under)
      leader.timer('heartbeat')
    }
    expect(leader.phase).toBe('leading')
  })

  it('takes no acknowledgement of an earlier ballot for one of its own', () => {
    const under = lead()
    at(BASE)
    for (const from of [1, 2]) acknowledge(from, ballot(under.round, 0, 0))
    leader.timer('heartbeat')
    expect(leader.phase).toBe('following')
  })

  it('ends when what it adopted as decided cannot be had from anybody', () => {
    const under = lead({}, [], 6)
    learned(3)
    at(2 * BASE + 1)
    for (const from of [1, 2]) acknowledge(from, under)
    leader.timer('heartbeat')
    expect(leader.phase).toBe('following')
  })

  it('ends when its own disk owes a sync for the base time: it could lead nobody anywhere', () => {
    const under = lead()
    for (const from of [1, 2]) acknowledge(from, under)
    bench.stalledMicros = BASE
    leader.timer('heartbeat')
    expect(leader.phase).toBe('leading')
    bench.stalledMicros = BASE + 1
    leader.timer('heartbeat')
    expect(leader.phase).toBe('following')
  })

  it('ends when another leads with a higher ballot, and forgets what was only queued', () => {
    lead()
    propose(request(2, 1, 'in flight'))
    bench.take()
    bench.writing = true
    propose(request(1, 1, 'x'))
    heartbeat(2, ballot(8, 2))
    expect(leader).toMatchObject({ phase: 'following', queue: [], inherited: [] })
    bench.take()
    bench.writing = false
    leader.written()
    expect(tendered()).toEqual([])
  })

  it('is not ended by the heartbeat of a lower ballot', () => {
    seat()
    lead({ round: 3 })
    heartbeat(2, ballot(3, 2))
    expect(leader.phase).toBe('leading')
  })
})

describe('a read round', () => {
  const confirm = (question: string) => leader.confirm(0, { type: 'confirm', question })
  const confirmed = () => bench.messages('confirmed')

  it('is confirmed by a quorum that answers a heartbeat sent after the question', () => {
    const under = lead()
    confirm('q')
    expect(bench.messages('heartbeat').at(-1)?.round).toBe(1)
    acknowledge(0, under, 1)
    expect(confirmed()).toEqual([])
    acknowledge(2, under, 1)
    expect(confirmed()).toEqual([{ type: 'confirmed', question: 'q', slot: 0 }])
  })

  it('is not confirmed by answers to a round that began before', () => {
    const under = lead()
    confirm('q')
    for (const from of THREE) acknowledge(from, under, 0)
    expect(confirmed()).toEqual([])
  })

  it('waits for every slot adopted and proposed when it began, and for none proposed later', () => {
    const under = lead({}, [vote(4, opaque(4))])
    propose(request(1, 1, 'x'))
    confirm('q')
    propose(request(1, 2, 'y'))
    bench.take()
    for (const from of [0, 1]) acknowledge(from, under, 1)
    expect(confirmed()).toEqual([{ type: 'confirmed', question: 'q', slot: 5 }])
  })

  it('begins before the next slot is proposed in, also where that is always in flight', () => {
    const under = lead({ settings: { alpha: 1 } })
    propose(request(1, 1, 'x'))
    propose(request(1, 2, 'y'))
    bench.take()
    confirm('q')
    expect(bench.take(), 'who votes on slot 2 is not known yet').toEqual([])
    progress(under, 1)
    learned(1)
    const order = bench.take().flatMap((deed) => (deed.type === 'send' ? [deed.message.type] : []))
    expect(order.filter((type) => type === 'heartbeat' || type === 'tender')).toEqual(['heartbeat', 'tender'])
    for (const from of [0, 1]) acknowledge(from, under, 1)
    expect(confirmed()).toEqual([{ type: 'confirmed', question: 'q', slot: 1 }])
  })

  it('that is asked again is the same round, so a slow answer still confirms it', () => {
    const under = lead()
    confirm('q')
    acknowledge(0, under, 1)
    confirm('q')
    acknowledge(1, under, 1)
    expect(confirmed()).toHaveLength(1)
  })

  it('gives way to a newer question', () => {
    const under = lead()
    confirm('q')
    confirm('r')
    bench.take()
    for (const from of [0, 1]) acknowledge(from, under, 1)
    expect(confirmed()).toEqual([])
    for (const from of [0, 1]) acknowledge(from, under, 2)
    expect(confirmed()).toMatchObject([{ question: 'r' }])
  })

  it('of an earlier leadership is not confirmed in a later one: much may have been decided between them', () => {
    lead()
    confirm('q')
    heartbeat(2, ballot(8, 2))
    at(BASE)
    const again = scout()
    adopted(again, [vote(1, opaque(1))])
    bench.take()
    for (const from of [0, 1, 2]) acknowledge(from, again, 1)
    expect(confirmed()).toEqual([])
  })

  it('is not begun by who does not lead, and ends with the leadership', () => {
    bench.take()
    confirm('q')
    expect(bench.take()).toEqual([])
    const under = lead()
    confirm('q')
    heartbeat(2, ballot(8, 2))
    for (const from of [0, 1]) acknowledge(from, under, 1)
    expect(confirmed()).toEqual([])
  })
})
