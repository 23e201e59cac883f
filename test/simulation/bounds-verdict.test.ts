// Every bound of a node is seen to break the verdict: one entry more than there may be, and the node is named.

import { describe, expect, it } from 'vitest'
import { completeSettings, type Node } from '../../src/paxos/index.js'
import { Bounds } from '../../src/simulation/verdicts/bounds.js'

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
      ...{ applied: APPLIED, trimmed: APPLIED - kept, catchingUp: new Map(), sinceSnapshotBytes: 0 },
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
  return { self: 1, held: sizes.held ?? 0, roles } as unknown as Node // all that the verdict looks at
}

function verdictOn(sizes: Sizes): Bounds['result'] {
  const verdict = new Bounds(SETTINGS)
  verdict.check(7, nodeWith(sizes), DECIDED, MACHINES)
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
  ['logBytes', 1.25 * 32 + 10 + 1 + 1, 'bytes of decrees in its log'],
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
    wide.check(7, nodeWith({ flightBytes: [5, 6, 1] }), DECIDED, MACHINES)
    expect(wide.result.reason).toBe('NODE_1 has 11 bytes in flight before the last decree, and may have 10')
  })
})
