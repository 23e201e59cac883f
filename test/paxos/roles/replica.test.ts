// The Replica (Paxos Made Moderately Complex, figure 1): decisions in order, gaps fetched, requests passed on and
// answered. Its reads are in replica-reads.test.ts, what a decree does in ../replicated.test.ts.

import { beforeEach, describe, expect, it } from 'vitest'
import {
  type Decree,
  type MemberId,
  NO_OP,
  type NodeId,
  Replica,
  type Request,
  type Settings,
  type Slot,
} from '../../../src/paxos/index.js'
import { Bench, persisting, sending } from '../../support/bench.js'
import { anyLedger } from '../../support/ledger.js'
import { ballot, decree, FIVE, founding, gives, opening, request, THREE } from '../../support/words.js'

const SELF = 1
const RESEND = 150_000
/** What opens session 1, in slot 1 of most tests. */
const OPENING = decree([opening('1.1.1')])

let bench: Bench
let replica: Replica

interface Seat {
  readonly members?: readonly MemberId[]
  readonly settings?: Partial<Settings>
  readonly decisions?: ReadonlyMap<Slot, Decree>
}

function seat({ members = THREE, settings = {}, decisions = new Map() }: Seat = {}): void {
  bench = new Bench({ self: SELF, members, settings })
  replica = new Replica(bench, anyLedger, { founding: founding(members), decisions })
  replica.begin()
}

beforeEach(() => seat())

/** The acceptor of this node tells decisions from `first` on, or only that there are some. */
function learn(
  first: Slot,
  decrees: readonly Decree[],
  decided: Slot = first + decrees.length - 1,
  source = 2,
) {
  const decisions = decrees.map((each, index) => ({ slot: first + index, ballot: ballot(1), decree: each }))
  replica.learn(SELF, { type: 'learn', decisions, decided, source })
}

const fetched = (from: NodeId, fromSlot: Slot, decrees: readonly Decree[], decided: Slot) =>
  replica.fetched(from, { type: 'fetched', fromSlot, decrees, decided })

const towards = (member: MemberId | null, indirect = false) =>
  replica.leaderChanged(SELF, { type: 'leaderChanged', towards: member, indirect })

const ask = (from: NodeId, sent: Request) => replica.request(from, { type: 'request', request: sent })
const relay = (from: NodeId, sent: Request, hops = 1) =>
  replica.relay(from, { type: 'relay', request: sent, hops })

const entry = (sequence: number, text = `${sequence}`) => decree([request(1, sequence, text)])

/** Whom the fetches of a time-out go to. */
function fetchTargets(): readonly (NodeId | readonly NodeId[])[] {
  bench.take()
  replica.timer('fetch')
  return bench.sent('fetch').map(({ to }) => to)
}

describe('decisions', () => {
  it('are applied in the order of their slots, each once, whatever order they come in', () => {
    learn(3, [entry(2)], 1)
    learn(2, [entry(1)], 1)
    expect(replica.applied).toBe(0)
    learn(1, [OPENING], 1)
    learn(1, [OPENING, entry(1), entry(2)])
    expect(replica).toMatchObject({ applied: 3, state: ['1', '2'] })
  })

  it('that are no-ops are passed over', () => {
    learn(1, [NO_OP, NO_OP, OPENING, NO_OP, entry(1)])
    expect(replica).toMatchObject({ applied: 5, state: ['1'] })
  })

  it('are told to the acceptor and the leader of this node, up to the first gap', () => {
    learn(1, [OPENING, NO_OP])
    expect(bench.messages('learned').at(-1)).toEqual({ type: 'learned', decided: 2 })
    learn(4, [NO_OP], 2)
    expect(bench.messages('learned')).toEqual([])
  })

  it('of an earlier life are applied at once, up to the first gap', () => {
    seat({
      decisions: new Map([
        [1, OPENING],
        [2, entry(1)],
        [4, NO_OP],
      ]),
    })
    expect(replica).toMatchObject({ applied: 2, state: ['1'] })
    expect(bench.messages('learned').at(-1)).toEqual({ type: 'learned', decided: 2 })
  })

  it('are observed as they are applied', () => {
    learn(1, [OPENING, NO_OP])
    const observed = bench.take().filter(({ type }) => type === 'observe')
    expect(observed).toEqual([
      { type: 'observe', observation: { type: 'applied', slot: 1, decree: OPENING } },
      { type: 'observe', observation: { type: 'applied', slot: 2, decree: NO_OP } },
    ])
  })
})

describe('a gap', () => {
  it('is fetched soon, not at once: messages may only have overtaken each other', () => {
    learn(2, [entry(1)])
    expect(bench.armed('fetch')).toEqual({ low: RESEND / 2, high: RESEND / 2 })
    learn(1, [OPENING], 2)
    expect(fetchTargets()).toEqual([])
  })

  it('that is wide is fetched at once', () => {
    learn(1, [], 100)
    expect(bench.armed('fetch')?.low).toBe(0)
  })

  it('is asked for from the first slot that is missing', () => {
    learn(1, [OPENING], 4)
    bench.take()
    replica.timer('fetch')
    expect(bench.take()).toEqual([
      sending(2, { type: 'fetch', fromSlot: 2 }),
      { type: 'after', timer: 'fetch', low: RESEND, high: RESEND },
    ])
  })

  it('is asked of who is known to have it, and then of every other member in turn', () => {
    seat({ members: FIVE })
    learn(1, [], 3, 4)
    const targets = Array.from({ length: 9 }, () => fetchTargets()).flat()
    expect(targets[0]).toBe(4)
    expect(new Set(targets.slice(1))).toEqual(new Set([0, 2, 3, 4]))
  })

  it('is asked of who leads too, which may be nobody that is known as a member', () => {
    seat({ members: FIVE })
    towards(11)
    learn(1, [], 3, 4) // it has told, and is gone
    const targets = Array.from({ length: 4 }, () => fetchTargets()).flat()
    expect(targets).toContain(11)
  })

  it('is asked of who has it again once a fetch has helped', () => {
    seat({ members: FIVE })
    learn(1, [], 3, 4)
    for (let times = 0; times < 3; times++) fetchTargets()
    fetched(0, 1, [OPENING], 3)
    expect(fetchTargets()).toEqual([4])
  })

  it('that is filled by a fetch is written to the store, before anything vouches for it', () => {
    learn(1, [], 2)
    bench.take()
    fetched(2, 1, [OPENING, entry(1)], 2)
    expect(bench.take().slice(0, 2)).toEqual([
      persisting({ type: 'decision', slot: 1, decree: OPENING }),
      persisting({ type: 'decision', slot: 2, decree: entry(1) }),
    ])
    expect(replica.state).toEqual(['1'])
  })

  it('is filled chunk by chunk, as long as each helps', () => {
    learn(1, [], 5)
    bench.take()
    fetched(2, 1, [OPENING], 5)
    expect(bench.sent('fetch')).toEqual([{ to: 2, message: { type: 'fetch', fromSlot: 2 } }])
    fetched(2, 1, [OPENING], 5)
    expect(bench.sent('fetch')).toEqual([])
  })

  it('that is filled is not fetched any more', () => {
    learn(1, [], 1)
    fetched(2, 1, [OPENING], 1)
    expect(fetchTargets()).toEqual([])
  })

  it('between what its leader adopted as decided and what is known here is asked for at once', () => {
    bench.take()
    replica.adopted(SELF, {
      type: 'adopted',
      ballot: ballot(2),
      version: 1,
      votes: [],
      decided: 3,
      source: 2,
    })
    expect(bench.sent('fetch')).toEqual([{ to: 2, message: { type: 'fetch', fromSlot: 1 } }])
    expect(fetchTargets()).not.toEqual([])
  })

  it('is looked for all the time while the leader is heard only by way of another member', () => {
    towards(2, true)
    learn(1, [], 0, 0)
    expect(fetchTargets()).toEqual([2])
    expect(fetchTargets()).not.toEqual([])
    towards(0, false)
    fetchTargets()
    expect(fetchTargets()).toEqual([])
  })
})

describe('a fetch', () => {
  const fetch = (fromSlot: Slot) => {
    bench.take()
    replica.fetch(2, { type: 'fetch', fromSlot })
    return bench.sent('fetched')[0]
  }

  it('is answered with consecutive decrees, as far as they are applied here', () => {
    learn(1, [OPENING, entry(1), NO_OP])
    learn(5, [NO_OP], 3)
    expect(fetch(2)).toEqual({
      to: 2,
      message: { type: 'fetched', fromSlot: 2, decrees: [entry(1), NO_OP], decided: 3 },
    })
    expect(fetch(4)?.message).toMatchObject({ decrees: [], decided: 3 })
  })

  it('is answered in chunks of bounded size, at least one decree each', () => {
    seat({ settings: { chunkBytes: OPENING.length } })
    learn(1, [OPENING, entry(1, 'x'.repeat(500)), entry(2)])
    expect([1, 2, 3].map((slot) => fetch(slot)?.message.decrees.length)).toEqual([1, 1, 1])
  })
})

describe('a request', () => {
  const sent = request(1, 1, 'x')

  it('is proposed where the leader is, and relayed to it from everywhere else', () => {
    towards(SELF)
    bench.take()
    ask(SELF, sent)
    expect(bench.take()).toEqual([sending(SELF, { type: 'propose', request: sent })])
    towards(2)
    bench.take()
    ask(9, request(1, 2, 'y'))
    expect(bench.take()).toEqual([sending(2, { type: 'relay', request: request(1, 2, 'y'), hops: 1 })])
  })

  it('is answered when it is applied: a requester with an answer, a replica with a relayed', () => {
    towards(SELF)
    learn(1, [OPENING])
    ask(9, sent)
    relay(2, request(1, 2, 'y'))
    bench.take()
    learn(2, [decree([sent, request(1, 2, 'y')])])
    const answers = bench.take().filter(({ type }) => type === 'send')
    const common = { session: 1, name: '', slot: 2 }
    expect(answers.slice(0, 2)).toEqual([
      sending(9, { type: 'answer', ...common, sequence: 1, outcome: gives(1) }),
      sending(2, { type: 'relayed', ...common, sequence: 2, outcome: gives(2) }),
    ])
  })

  it('that the leader answered is answered here before it is applied here', () => {
    towards(2)
    ask(9, sent)
    bench.take()
    const answered = { session: 1, sequence: 1, name: '', outcome: gives(4), slot: 8 }
    replica.relayed(2, { type: 'relayed', ...answered })
    expect(bench.take()).toEqual([sending(9, { type: 'answer', ...answered })])
    replica.relayed(2, { type: 'relayed', ...answered })
    expect(bench.take()).toEqual([])
  })

  it('that was executed is answered again, whoever sends it, without being proposed again', () => {
    towards(SELF)
    learn(1, [OPENING, entry(1, 'x')])
    bench.take()
    ask(9, sent)
    ask(8, opening('1.1.1'))
    const answers = bench.sent('answer')
    expect(answers.map(({ to, message }) => [to, message.outcome.ok, message.slot])).toEqual([
      [9, true, 2],
      [8, true, 2],
    ])
  })

  it('that is decided twice is executed once', () => {
    learn(1, [OPENING, entry(1, 'x'), entry(1, 'x')])
    expect(replica.state).toEqual(['x'])
  })

  it('waits while no leader is known, up to a bound; that of this node is sent again by its requester', () => {
    seat({ settings: { parkedLimit: 2 } })
    bench.take()
    for (const sequence of [1, 2, 3]) ask(9, request(1, sequence, 'x'))
    ask(SELF, request(2, 1, 'y'))
    expect(bench.take()).toEqual([])
    towards(2)
    expect(bench.messages('relay').map(({ request: each }) => [each.session, each.sequence])).toEqual([
      [1, 1],
      [1, 2],
    ])
  })

  it('is passed on by three members at most', () => {
    towards(2)
    for (const hops of [2, 3, 4]) relay(0, request(1, hops, 'x'), hops)
    expect(bench.messages('relay').map(({ hops }) => hops)).toEqual([3])
  })

  it('that gets no answer on its way goes by way of other members, and never back to who sent it', () => {
    seat({ members: FIVE })
    towards(2)
    bench.take()
    for (let copy = 0; copy < 9; copy++) ask(9, sent)
    const ways = bench.sent('relay').map(({ to }) => to)
    expect(ways, 'every other copy goes straight').toEqual([2, 0, 2, 2, 2, 3, 2, 4, 2])
    for (let copy = 0; copy < 8; copy++) relay(0, request(1, 2, 'y'))
    expect(bench.sent('relay').map(({ to }) => to)).not.toContain(0)
  })

  it('that comes back to this node by another member is still answered to the requester here', () => {
    towards(2)
    ask(9, sent)
    relay(0, sent, 2)
    learn(1, [OPENING])
    bench.take()
    learn(2, [entry(1, 'x')])
    expect(bench.sent('answer').map(({ to }) => to)).toEqual([9])
  })

  it('that the leader refuses is answered overloaded', () => {
    towards(SELF)
    ask(9, sent)
    bench.take()
    replica.refused(SELF, { type: 'refused', request: sent })
    expect(bench.sent('answer')).toMatchObject([
      { to: 9, message: { outcome: { ok: false, error: 'overloaded' } } },
    ])
  })

  it('that no decree can hold is dropped', () => {
    towards(SELF)
    bench.take()
    ask(9, { ...sent, sequence: 0.5 })
    ask(9, { ...opening(''), command: new Uint8Array(1 << 20) })
    expect(bench.take()).toEqual([])
  })

  it('whose requester waits is remembered up to a bound; the oldest is forgotten', () => {
    seat({ settings: { queueLimit: 2 } })
    towards(SELF)
    learn(1, [OPENING])
    for (const sequence of [1, 2, 3]) ask(9, request(1, sequence, 'x'))
    bench.take()
    learn(2, [decree([1, 2, 3].map((sequence) => request(1, sequence, 'x')))])
    expect(bench.messages('answer').map(({ sequence }) => sequence)).toEqual([2, 3])
  })
})
