// Every bound of a node is seen to break the verdict: one entry more than there may be, and the node is named.

import { describe, expect, it } from 'vitest'
import {
  type Ballot,
  completeSettings,
  encodeDecree,
  Node,
  type NodeOptions,
  Replica,
  type RoleFactories,
  type StoreRecord,
} from '../../src/paxos/index.js'
import { sharedApplication, swarm } from '../../src/simulation/index.js'
import { Bounds } from '../../src/simulation/verdicts/bounds.js'
import { runWorld } from './worlds.js'

const SETTINGS = completeSettings({
  ...{ queueLimit: 2, parkedLimit: 2, heldLimit: 2, sessionLimit: 2, sessionWindow: 2 },
  ...{ alpha: 1, windowBytes: 10, decreeBytes: 1, chunkBytes: 1, logBytes: 32 },
})
/** Decisions that a log of that size may hold. */
const LOGGED = 2
const DECIDED = 10
const MACHINES = 3

const table = (size: number): Map<number, object> =>
  new Map(Array.from({ length: size }, (_, at) => [at, {}]))
const list = (size: number): object[] => Array.from({ length: size }, () => ({}))

/** A node of which the verdict sees only how much there is of everything: this much, in place of nothing. */
interface Sizes {
  readonly held?: number
  readonly queue?: number
  readonly flightBytes?: readonly number[]
  readonly flights?: number
  readonly inherited?: number
  readonly acknowledged?: number
  readonly newcomers?: number
  readonly votes?: number
  readonly unapplied?: number
  readonly waiting?: number
  readonly parked?: number
  readonly reads?: number
  readonly unasked?: number
  readonly asked?: number
  readonly sessions?: number
  readonly outcomes?: number
  readonly kept?: number
  /** Members that catch up, until these times. */
  readonly catchingUp?: readonly number[]
  readonly since?: number
  readonly logBytes?: number
  readonly collected?: number
  readonly early?: number
  readonly promised?: number
  readonly vouched?: number
  readonly recognisedBy?: number
  readonly clientReads?: number
  readonly changes?: number
  readonly outstanding?: number
  readonly backlog?: number
  readonly bySession?: number
  readonly byOpener?: number
}

const APPLIED = 9
const NOW = 1_000_000

function nodeWith(sizes: Sizes): Node {
  const kept = sizes.kept ?? 0
  const live = new Map<number, object>()
  for (let session = 1; session <= (sizes.sessions ?? 1); session++)
    live.set(session, { outcomes: table(sizes.outcomes ?? 0) })
  const roles = {
    leader: {
      queue: list(sizes.queue ?? 0),
      flightBytes: sizes.flightBytes ?? [],
      inherited: list(sizes.inherited ?? 0),
      adoptedThrough: APPLIED,
      acknowledged: table(sizes.acknowledged ?? 0),
      newcomers: table(sizes.newcomers ?? 0),
    },
    commander: { flights: table(sizes.flights ?? 0) },
    acceptor: { votes: table(sizes.votes ?? 0) },
    replica: {
      ...{ applied: APPLIED, trimmed: APPLIED - kept, sinceSnapshotBytes: sizes.since ?? 0 },
      catchingUp: new Map((sizes.catchingUp ?? []).map((untilMicros, node) => [node, untilMicros])),
      decisions: table(kept + (sizes.unapplied ?? 0)),
      logBytes: sizes.logBytes ?? 0,
      waiting: table(sizes.waiting ?? 0),
      parked: list(sizes.parked ?? 0),
      reads: table(sizes.reads ?? 0),
      unasked: table(sizes.unasked ?? 0),
      asked: table(sizes.asked ?? 0),
      replicated: { sessions: { live } },
    },
    scout: {
      fromSlot: APPLIED + 1,
      votes: table(sizes.collected ?? 0),
      early: table(sizes.early ?? 0),
      expected: table(MACHINES),
      promised: list(sizes.promised ?? 0),
    },
    initializer: { vouched: table(sizes.vouched ?? 0), recognisedBy: table(sizes.recognisedBy ?? 0) },
    requester: {
      reads: table(sizes.clientReads ?? 0),
      changes: table(sizes.changes ?? 0),
      clients: new Map([
        [1, { outstanding: table(sizes.outstanding ?? 0), backlog: list(sizes.backlog ?? 0) }],
      ]),
      bySession: table(sizes.bySession ?? 0),
      byOpener: table(sizes.byOpener ?? 0),
    },
  }
  return { self: 1, nowMicros: NOW, held: sizes.held ?? 0, roles } as unknown as Node // all that the verdict looks at
}

function verdictOn(sizes: Sizes, records: readonly StoreRecord[] | null = null): Bounds['result'] {
  const verdict = new Bounds(SETTINGS)
  verdict.check(7, nodeWith(sizes), DECIDED, MACHINES, records)
  return verdict.result
}

/** So many slots may have been voted on that the node has not applied. */
const AHEAD = DECIDED + SETTINGS.alpha - APPLIED

const COUNTS: readonly [field: keyof Sizes, most: number, what: string][] = [
  ['held', 2, 'messages that wait for its disk'],
  ['queue', 3, 'requests in its queue'],
  ['flights', 1, 'slots of its commander'],
  ['inherited', AHEAD, 'slots to propose again'],
  ['acknowledged', MACHINES, 'members that answer its heartbeats'],
  ['newcomers', MACHINES, 'newcomers that learn'],
  ['votes', LOGGED + AHEAD, 'votes'],
  ['unapplied', AHEAD, 'decisions not applied'],
  ['waiting', 2, 'requests that somebody waits for'],
  ['parked', 2, 'requests parked'],
  ['reads', 2, 'reads'],
  ['unasked', 2, 'reads not asked for'],
  ['asked', 2, 'reads asked for'],
  ['sessions', 2, 'sessions'],
  ['outcomes', 2, 'outcomes in a session'],
  ['kept', LOGGED, 'applied decisions in its log'],
  ['logBytes', 1.25 * 32, 'bytes of decrees in its log'],
  ['collected', AHEAD, 'votes collected by its scout'],
  ['early', AHEAD * MACHINES, 'early chunks of promises'],
  ['promised', MACHINES, 'members that promised'],
  ['vouched', MACHINES, 'stores that vouched'],
  ['recognisedBy', MACHINES, 'members that recognise it'],
  ['clientReads', 2, 'reads of its clients'],
  ['changes', 2, 'changes that were asked for'],
  ['outstanding', 2, 'unanswered requests of a client'],
  ['backlog', 2, 'requests of a client not sent'],
  ['bySession', 1, 'open sessions'],
  ['byOpener', 1, 'sessions being opened'],
]

describe('the verdict on bounds', () => {
  it.each(COUNTS)(
    'holds with as much as there may be of %s, %i, and breaks with one more',
    (field, most, what) => {
      expect(verdictOn({ [field]: most })).toEqual({ ok: true })
      expect(verdictOn({ [field]: most + 1 })).toEqual({
        ok: false,
        event: 7,
        reason: `NODE_1 has ${most + 1} ${what}, and may have ${most}`,
      })
    },
  )

  it('breaks with more slots in flight than α, and where more bytes were in flight before the last decree', () => {
    expect(verdictOn({ flightBytes: [11] })).toEqual({ ok: true }) // one decree may reach beyond
    expect(verdictOn({ flightBytes: [1, 1] }).reason).toBe('NODE_1 has 2 slots in flight, and may have 1')
    const wide = new Bounds({ ...SETTINGS, alpha: 9 })
    wide.check(7, nodeWith({ flightBytes: [5, 6, 1] }), DECIDED, MACHINES, null)
    expect(wide.result.reason).toBe('NODE_1 has 11 bytes in flight before the last decree, and may have 10')
  })
})

describe('the verdict on bounds, of a member that catches up', () => {
  const until = (node: number): number => NOW + node
  const glances = (...all: readonly Sizes[]): Bounds['result'] => {
    const verdict = new Bounds(SETTINGS)
    for (const [event, sizes] of all.entries()) verdict.glance(event, nodeWith(sizes))
    return verdict.result
  }

  it('lets the log that it comes from grow by what is decided meanwhile, and by nothing else', () => {
    const catchingUp = [until(0)]
    expect(verdictOn({ since: 100, logBytes: 108, kept: 6, votes: 6 + AHEAD, catchingUp })).toEqual({
      ok: true,
    })
    expect(verdictOn({ since: 100, logBytes: 109, catchingUp }).reason).toBe(
      'NODE_1 has 109 bytes of decrees in its log, and may have 108',
    )
    expect(verdictOn({ since: 100, kept: 7, catchingUp }).reason).toMatch(/7 applied decisions in its log/)
    expect(verdictOn({ since: 100, votes: 7 + AHEAD, catchingUp }).reason).toMatch(/votes, and may have/)
  })

  it('breaks when the log grows, and nobody is waited for any more', () => {
    expect(glances({ since: 33, logBytes: 40, catchingUp: [until(0)] })).toEqual({ ok: true })
    expect(
      glances(
        { since: 33, logBytes: 40, catchingUp: [until(0)] },
        { since: 33, logBytes: 40, catchingUp: [until(-1)] },
      ),
    ).toEqual({
      ok: true, // it has not grown since
    })
    expect(glances({ since: 32, logBytes: 40 })).toEqual({ ok: true })
    const reason =
      'NODE_1 has 33 bytes of decrees since its snapshot, and waits for nobody who catches up, and may have 32'
    expect(glances({ since: 33, logBytes: 40, catchingUp: [] })).toEqual({ ok: false, event: 0, reason })
    expect(glances({ since: 33, logBytes: 40, catchingUp: [until(-1)] })).toEqual({
      ok: false,
      event: 0,
      reason,
    })
  })

  it('breaks where more are waited for than there are, or one for longer than ten election timeouts', () => {
    const [few, many] = [table(MACHINES), table(MACHINES + 1)].map((all) => [...all.keys()].map(until))
    expect(verdictOn({ catchingUp: few ?? [] })).toEqual({ ok: true })
    expect(verdictOn({ catchingUp: many ?? [] }).reason).toBe(
      'NODE_1 has 4 members that catch up from it, and may have 3',
    )
    const longest = 10 * SETTINGS.electionTimeoutMicros
    expect(verdictOn({ catchingUp: [until(longest)] })).toEqual({ ok: true })
    expect(verdictOn({ catchingUp: [until(longest + 1)] }).ok).toBe(false)
  })
})

describe('the verdict on bounds, of a store', () => {
  const ballot: Ballot = { round: 1, member: 0, incarnation: 1 }
  const bytes = encodeDecree(1, [])
  const vote = (slot: number, round = 1, decree = bytes): StoreRecord => ({
    ...{ type: 'accepted', ballot: { ...ballot, round }, slot, decree, learned: 0 },
  })
  const decision = (slot: number, decree = bytes): StoreRecord => ({ type: 'decision', slot, decree })
  const snapshot = (slot: number): StoreRecord => ({
    ...{ type: 'snapshot', slot, data: bytes, trimmed: slot, incarnation: 1, promised: ballot, written: 9 },
  })
  const reasonOf = (...records: readonly StoreRecord[]): string | undefined => verdictOn({}, records).reason

  it('holds with a snapshot, what comes after it, and votes of several ballots on a slot', () => {
    expect(verdictOn({}, [snapshot(8), vote(9), vote(9, 2), decision(9)])).toEqual({ ok: true })
    expect(verdictOn({}, [snapshot(8), vote(8)])).toEqual({ ok: true }) // the next one sees to it
    expect(verdictOn({}, [vote(10), vote(11)])).toEqual({ ok: true })
    expect(verdictOn({}, [vote(9, 1, new Uint8Array(24))])).toEqual({ ok: true })
  })

  it('breaks with what a snapshot makes needless, and with what is there twice', () => {
    expect(reasonOf(snapshot(7), snapshot(8))).toBe('NODE_1 has 2 snapshots on its disk, and may have 1')
    const needless = 'NODE_1 has 1 records on its disk that its snapshot makes needless, and may have 0'
    expect(reasonOf(vote(8), snapshot(8))).toBe(needless)
    expect(reasonOf({ type: 'learned', slot: 8 }, snapshot(8))).toBe(needless)
    const twice = 'NODE_1 has 1 votes and decisions on its disk that are there twice, and may have 0'
    expect(reasonOf(vote(9), vote(9))).toBe(twice)
    expect(reasonOf(decision(9), decision(9))).toBe(twice)
  })

  it('breaks with more applied decrees than a log may hold, and more slots than can have been voted on', () => {
    expect(reasonOf(vote(9, 1, new Uint8Array(25)))).toBe(
      'NODE_1 has 41 bytes of applied decrees on its disk, and may have 40',
    )
    expect(reasonOf(vote(8, 1, new Uint8Array(5)), vote(9, 1, new Uint8Array(5)))).toMatch(
      /^NODE_1 has 42 bytes/,
    )
    expect(reasonOf(vote(10), vote(11), vote(12))).toBe(
      'NODE_1 has 3 slots on its disk that are not applied, and may have 2',
    )
  })
})

/** Trims what it has in memory, and has its store keep all. */
class Hoards extends Replica {
  protected override persist(record: StoreRecord): void {
    super.persist(record.type === 'snapshot' ? { ...record, trimmed: 0 } : record)
  }
}

/** Waits for whoever began to catch up, also where that one is gone. */
class WaitsForEver extends Replica {
  override get isSending(): boolean {
    return this.catchingUp.size > 0
  }
}

describe('in a world', () => {
  /** The first of some seeds that breaks the verdict; their members crash, and come back far behind. */
  const found = (roles: Partial<RoleFactories>): string | undefined => {
    const makeNode = (made: NodeOptions): Node => new Node({ ...made, roles })
    for (let seed = 1; seed <= 30; seed++) {
      const scenario = { ...swarm(seed), logBytes: 400, chunkBytes: 50, faults: { crash: 20, snapshot: 20 } }
      const { court } = runWorld({ seed, scenario, application: sharedApplication(), makeNode })
      if (!court.bounds.result.ok) return court.bounds.result.reason
    }
    return undefined
  }

  it('nothing is found where nothing is wrong', () => expect(found({})).toBeUndefined())

  it('a store that keeps what its member has trimmed is found', () => {
    const replica: RoleFactories['replica'] = (context, start, machine) => new Hoards(context, machine, start)
    expect(found({ replica })).toMatch(/bytes of applied decrees on its disk/)
  })

  it('a log that waits for ever for somebody who is gone is found', () => {
    const replica: RoleFactories['replica'] = (context, start, machine) =>
      new WaitsForEver(context, machine, start)
    expect(found({ replica })).toMatch(/waits for nobody who catches up/)
  })
})
