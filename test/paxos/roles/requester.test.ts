// The Requester: one session a client, every command numbered, and sent again until it is answered.

import { beforeEach, describe, expect, it } from 'vitest'
import {
  type Consistency,
  decodeChange,
  encodeNumber,
  type MemberId,
  nameOfRequest,
  type Outcome,
  Requester,
  type Settings,
} from '../../../src/paxos/index.js'
import { Bench } from '../../support/bench.js'
import { decoded, encoded } from '../../support/ledger.js'
import { founding, gives } from '../../support/words.js'

const SELF = 1
const RESEND = 400_000

let bench: Bench
let requester: Requester

interface Seat {
  readonly settings?: Partial<Settings>
  readonly contacts?: readonly MemberId[]
  readonly incarnation?: number
}

function seat({ settings = {}, contacts = [], incarnation = 1 }: Seat = {}): void {
  bench = new Bench({ self: SELF, settings, incarnation })
  requester = new Requester(bench, { contacts })
  requester.begin()
}

beforeEach(() => seat())

const command = (reference: number, client = 0) =>
  requester.take({ type: 'command', client, reference, command: encoded(`c${reference}`) })

const query = (reference: number, consistency: Consistency = 'linearizable', client = 0) =>
  requester.take({ type: 'query', client, reference, query: encoded(null), consistency })

const refused = (error: 'session-unknown' | 'session-limit' | 'overloaded'): Outcome => ({
  ok: false,
  error,
  detail: error,
})

const opened = (opener: string, outcome: Outcome) =>
  requester.answer(SELF, { type: 'answer', session: 0, sequence: 0, name: opener, outcome, slot: 1 })

const answer = (sequence: number, outcome: Outcome = gives(sequence), session = 5, slot = sequence) =>
  requester.answer(SELF, { type: 'answer', session, sequence, name: '', outcome, slot })

/** The requests that were sent since the last time, shortly: an opener, or session.sequence and acknowledged. */
const sent = () =>
  bench.messages('request').map(({ request }) => {
    const { session, sequence, acknowledged } = request
    return session === 0 ? nameOfRequest(request) : `${session}.${sequence} acknowledges ${acknowledged}`
  })

/** What clients were told since the last time: reference, and value or error. */
const told = () =>
  bench.take().flatMap((deed) => {
    if (deed.type !== 'observe' || deed.observation.type !== 'answered') return []
    const { reference, outcome } = deed.observation
    return [[reference, outcome.ok ? decoded(outcome.output) : outcome.error]]
  })

/** The session of client 0 is open, as number 5. */
function open(): void {
  command(1)
  opened('1.2t.1.1', { ok: true, output: encodeNumber(5) })
}

/** The timer rings at this time. */
function ring(nowMicros: number): void {
  bench.take()
  bench.nowMicros = nowMicros
  requester.timer()
}

describe('a client', () => {
  it('has a session opened with its first command, once', () => {
    command(1)
    command(2)
    expect(sent()).toEqual(['1.2t.1.1'])
  })

  it('has its commands sent when the session is open, numbered in their order', () => {
    command(1)
    command(2)
    bench.take()
    opened('1.2t.1.1', { ok: true, output: encodeNumber(5) })
    command(3)
    expect(sent()).toEqual(['5.1 acknowledges 0', '5.2 acknowledges 0', '5.3 acknowledges 0'])
  })

  it('has a session of its own, whose opener no other client and no other life shares', () => {
    command(1, 0)
    command(2, 7)
    const openers = sent()
    seat({ incarnation: 2 })
    command(1, 0)
    openers.push(...sent())
    expect(new Set(openers).size).toBe(3)
  })

  it('is told every outcome, with the reference that it gave', () => {
    open()
    command(2)
    bench.take()
    answer(2)
    answer(1, { ok: false, error: 'command-failed', detail: 'no' })
    expect(told()).toEqual([
      [2, 2],
      [1, 'command-failed'],
    ])
  })

  it('is told an outcome once, however often it comes', () => {
    open()
    answer(1)
    bench.take()
    answer(1)
    opened('1.2t.1.1', { ok: true, output: encodeNumber(6) })
    expect(bench.take()).toEqual([])
  })

  it('is told at once when its backlog is full', () => {
    seat({ settings: { queueLimit: 2 } })
    for (const reference of [1, 2, 3]) command(reference)
    expect(told()).toEqual([[3, 'overloaded']])
  })
})

describe('acknowledgements', () => {
  it('tell up to where every answer has arrived, without a gap', () => {
    open()
    command(2)
    command(3)
    answer(3)
    bench.take()
    command(4)
    expect(sent()).toEqual(['5.4 acknowledges 0'])
    answer(1)
    command(5)
    expect(sent()).toEqual(['5.5 acknowledges 1'])
    answer(2)
    command(6)
    expect(sent()).toEqual(['5.6 acknowledges 3'])
  })

  it('make room in the session: what is beyond its window waits', () => {
    seat({ settings: { sessionWindow: 2 } })
    open()
    bench.take()
    for (const reference of [2, 3, 4]) command(reference)
    expect(sent()).toEqual(['5.2 acknowledges 0'])
    answer(2)
    expect(sent()).toEqual([])
    answer(1)
    expect(sent()).toEqual(['5.3 acknowledges 2', '5.4 acknowledges 2'])
  })
})

describe('a resend', () => {
  it('goes out until there is an answer, waiting twice as long each time, up to four times', () => {
    open()
    const times: number[] = []
    for (let nowMicros = 0; nowMicros <= 40 * RESEND; nowMicros += RESEND) {
      ring(nowMicros)
      if (sent().length > 0) times.push(nowMicros / RESEND)
    }
    expect(times).toEqual([1, 3, 7, 11, 15, 19, 23, 27, 31, 35, 39])
    answer(1)
    ring(80 * RESEND)
    expect(bench.take()).toEqual([])
  })

  it('opens the same session as before', () => {
    command(1)
    ring(RESEND)
    expect(sent()).toEqual(['1.2t.1.1'])
  })

  it('of everything goes out at once when a leader is found', () => {
    open()
    command(2)
    query(3)
    bench.take()
    requester.leaderChanged(SELF, { type: 'leaderChanged', towards: null, indirect: false })
    expect(bench.take()).toEqual([])
    requester.leaderChanged(SELF, { type: 'leaderChanged', towards: 2, indirect: false })
    const types = bench.take().map((deed) => deed.type === 'send' && deed.message.type)
    expect(types).toEqual(['request', 'request', 'read'])
  })

  it('of what a leader was too busy for waits its turn; the client is not troubled with it', () => {
    open()
    bench.take()
    answer(1, refused('overloaded'))
    expect(bench.take()).toEqual([])
    ring(RESEND)
    expect(sent()).toEqual(['5.1 acknowledges 0'])
    answer(1)
    expect(told()).toEqual([[1, 1]])
  })

  it('needs no timer while everything is answered', () => {
    open()
    expect(bench.armed('resend')).toEqual({ low: RESEND / 2, high: RESEND })
    answer(1)
    ring(RESEND)
    expect(bench.take()).toEqual([])
    command(2)
    expect(bench.armed('resend')).toBeDefined()
  })
})

describe('where requests go', () => {
  it('is the replica of its own node, which knows the way', () => {
    command(1)
    expect(bench.sent('request').map(({ to }) => to)).toEqual([SELF])
  })

  it('is, for a node that is no member, one contact after the other, as each gives no answer', () => {
    seat({ contacts: [3, 4, 5, 6] })
    command(1) // asked again sooner until all have been asked, since one of them may be silent for ever
    const targets = bench.sent('request').map(({ to }) => to)
    for (let waits = 1; waits <= 8; waits++) {
      ring(waits * RESEND)
      targets.push(...bench.sent('request').map(({ to }) => to))
    }
    expect(targets).toEqual([3, 4, 5, 6, 3, 4, 5])
  })

  it('moves on once for everything that waits for the same contact', () => {
    seat({ contacts: [3, 4, 5, 6] })
    open()
    command(2)
    query(3)
    ring(RESEND)
    const targets = bench.take().flatMap((deed) => (deed.type === 'send' ? [deed.to] : []))
    expect(targets).toEqual([4, 4, 4])
  })

  it('stays the contact that answers', () => {
    seat({ contacts: [3, 4, 5, 6] })
    open()
    for (let sequence = 1; sequence <= 5; sequence++) {
      answer(sequence)
      ring(sequence * RESEND)
      command(sequence + 1)
    }
    command(9)
    expect(new Set(bench.sent('request').map(({ to }) => to))).toEqual(new Set([3]))
  })
})

describe('a session that is gone', () => {
  it('leaves the outcome of everything outstanding unknown, and says so', () => {
    open()
    command(2)
    bench.take()
    answer(2, refused('session-unknown'))
    expect(told()).toEqual([
      [2, 'session-unknown'],
      [1, 'session-unknown'],
    ])
  })

  it('is followed by another for what was not sent yet, numbered from 1 again', () => {
    seat({ settings: { sessionWindow: 1 } })
    open()
    command(2)
    bench.take()
    answer(1, refused('session-unknown'))
    expect(sent()).toEqual(['1.2t.1.2'])
    opened('1.2t.1.2', { ok: true, output: encodeNumber(8) })
    expect(sent()).toEqual(['8.1 acknowledges 0'])
  })

  it('has its late answers ignored', () => {
    open()
    command(2)
    answer(1, refused('session-unknown'))
    bench.take()
    answer(2)
    expect(bench.take()).toEqual([])
  })
})

describe('a session that cannot be opened', () => {
  it('refuses what waits for it; the next command tries again', () => {
    command(1)
    command(2)
    bench.take()
    opened('1.2t.1.1', refused('session-limit'))
    expect(told()).toEqual([
      [1, 'session-limit'],
      [2, 'session-limit'],
    ])
    command(3)
    expect(sent()).toEqual(['1.2t.1.2'])
  })
})

describe('a read', () => {
  const readAnswer = (name: string, slot = 0) =>
    requester.readAnswer(SELF, { type: 'readAnswer', name, outcome: gives(['x']), slot })

  it('needs no session', () => {
    query(1)
    expect(bench.messages('read')).toEqual([
      { type: 'read', name: '2t.1.1', query: encoded(null), consistency: 'linearizable', atLeast: 0 },
    ])
  })

  it('is answered once', () => {
    query(1)
    bench.take()
    readAnswer('2t.1.1')
    expect(told()).toEqual([[1, ['x']]])
    readAnswer('2t.1.1')
    expect(bench.take()).toEqual([])
  })

  it.each([
    ['an earlier life of this node', () => seat({ incarnation: 2 })],
    [
      'a life with a store that was lost',
      () => {
        bench.store = 555
      },
    ],
  ])('is not answered by an answer to %s', (_whose, begin) => {
    begin()
    query(1)
    bench.take()
    readAnswer('2t.1.1')
    expect(bench.take()).toEqual([])
  })

  it('is sent again under its name until it is answered', () => {
    query(1)
    ring(RESEND)
    expect(bench.messages('read').map(({ name }) => name)).toEqual(['2t.1.1'])
    readAnswer('2t.1.1')
    ring(9 * RESEND)
    expect(bench.take()).toEqual([])
  })

  it('carries what its client has seen in answers to commands and reads, and nobody else', () => {
    open()
    answer(1, gives(1), 5, 40)
    query(2, 'stale')
    bench.take()
    readAnswer('2t.1.1', 60)
    query(3, 'stale')
    query(4, 'stale', 9)
    expect(bench.messages('read').map(({ atLeast }) => atLeast)).toEqual([60, 0])
  })

  it('over the bound is refused at once', () => {
    seat({ settings: { queueLimit: 1 } })
    query(1)
    query(2)
    expect(told()).toEqual([[2, 'overloaded']])
  })
})

describe('a change of the membership', () => {
  const voters = founding([0, 1, 2, 3]).voters
  const change = (reference: number) =>
    requester.take({ type: 'change', client: 4, reference, version: 1, voters })
  const changedTo = (name: string, outcome: Outcome) =>
    requester.answer(SELF, { type: 'answer', session: 0, sequence: 1, name, outcome, slot: 9 })
  const changes = () => bench.messages('request').map(({ request: { command } }) => decodeChange(command))

  it('is sent to the cluster itself, and needs no session', () => {
    change(1)
    const [asked] = bench.sent('request')
    expect(asked).toMatchObject({ to: SELF, message: { request: { session: 0, sequence: 1 } } })
    expect(asked && decodeChange(asked.message.request.command)).toEqual({
      name: '1.2t.1.1',
      version: 1,
      voters,
    })
  })

  it('has a name that no other change and no other life shares', () => {
    change(1)
    change(2)
    const names = changes().map(({ name }) => name)
    seat({ incarnation: 2 })
    change(1)
    names.push(...changes().map(({ name }) => name))
    expect(new Set(names).size).toBe(3)
  })

  it('is sent again, under the same name, until it is answered', () => {
    change(1)
    const [first] = changes()
    ring(10_000_000)
    expect(changes()).toEqual([first])
    changedTo('1.2t.1.1', { ok: true, output: encodeNumber(2) })
    bench.take()
    ring(20_000_000)
    expect(bench.take()).toEqual([])
  })

  it('is sent again at once when a leader is found', () => {
    change(1)
    bench.take()
    requester.leaderChanged(SELF, { type: 'leaderChanged', towards: 2, indirect: false })
    expect(changes()).toHaveLength(1)
  })

  it.each<[string, Outcome]>([
    ['the new version', { ok: true, output: encodeNumber(2) }],
    ['why it cannot be', { ok: false, error: 'change-refused', detail: 'no' }],
  ])('has its outcome told, once: %s', (_name, outcome) => {
    change(8)
    bench.take()
    changedTo('1.2t.1.1', outcome)
    changedTo('1.2t.1.1', outcome)
    expect(bench.take()).toEqual([
      {
        type: 'observe',
        observation: { type: 'answered', client: 4, reference: 8, outcome, session: 0, sequence: 0, slot: 9 },
      },
    ])
  })

  it('over the bound is refused at once', () => {
    seat({ settings: { queueLimit: 1 } })
    change(1)
    expect(changes()).toHaveLength(1)
    change(2)
    expect(told()).toEqual([[2, 'overloaded']])
    changedTo('1.2t.1.1', { ok: true, output: encodeNumber(2) })
    bench.take()
    change(3)
    expect(changes()).toHaveLength(1)
  })

  it('that finds the queue full is sent again later', () => {
    change(1)
    bench.take()
    changedTo('1.2t.1.1', { ok: false, error: 'overloaded', detail: '' })
    expect(bench.take()).toEqual([])
    ring(10_000_000)
    expect(changes()).toHaveLength(1)
  })
})
