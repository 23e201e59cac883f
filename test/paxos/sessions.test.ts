// Sessions: each request is executed exactly once, however often it is sent and however often it is decided.

import { beforeEach, describe, expect, it } from 'vitest'
import {
  DEFAULT_SETTINGS,
  emptySessions,
  executeOnce,
  knownOutcome,
  type Outcome,
  openSession,
  type Request,
  type Sessions,
  type Settings,
} from '../../src/paxos/index.js'
import { gives, request } from '../support/words.js'

const settings: Settings = {
  ...DEFAULT_SETTINGS,
  sessionWindow: 3,
  sessionLimit: 2,
  sessionIdleMicros: 1_000,
}

let sessions: Sessions
/** The entries that were executed, in order. */
let executed: string[]

beforeEach(() => {
  sessions = emptySessions()
  executed = []
})

const open = (opener: string, timeMicros = 0) => openSession(sessions, opener, timeMicros, settings)

function execute(sequence: number, entry: string, { session = 1, acknowledged = 0, timeMicros = 0 } = {}) {
  const sent: Request = request(session, sequence, entry, acknowledged)
  return executeOnce(sessions, sent, timeMicros, settings, () => {
    executed.push(entry)
    return gives(executed.length)
  })
}

const errorOf = (outcome: Outcome) => (outcome.ok ? 'none' : outcome.error)

describe('opening a session', () => {
  it('numbers sessions from 1, and gives the same one to the same opener', () => {
    expect([open('a'), open('b'), open('a')]).toEqual([1, 2, 1])
  })

  it('is refused when there are as many as there may be', () => {
    open('a')
    open('b')
    expect(open('c')).toBeUndefined()
    expect(open('a')).toBe(1)
  })

  it('never gives a number again', () => {
    for (const opener of ['a', 'b']) open(opener)
    expect(open('c', 5_000)).toBe(3)
    expect(open('a', 5_000)).toBe(4)
  })
})

describe('a request', () => {
  beforeEach(() => {
    open('a')
  })

  it('is executed the first time that it is decided; every copy gets the first outcome', () => {
    expect([execute(1, 'x'), execute(1, 'x'), execute(1, 'x')]).toEqual([gives(1), gives(1), gives(1)])
    expect(executed).toEqual(['x'])
  })

  it('5 that is decided before request 4 is executed, and so is request 4', () => {
    for (const sequence of [1, 2, 3]) execute(sequence, `${sequence}`, { acknowledged: sequence - 1 })
    execute(5, 'five', { acknowledged: 3 })
    execute(4, 'four', { acknowledged: 3 })
    execute(5, 'five', { acknowledged: 3 })
    expect(executed).toEqual(['1', '2', '3', 'five', 'four'])
  })

  it('of an unknown session is not executed and says so', () => {
    expect(errorOf(execute(1, 'x', { session: 9 }))).toBe('session-unknown')
    expect(executed).toEqual([])
  })

  it('beyond the window of its session is not executed and says so', () => {
    expect(errorOf(execute(4, 'x'))).toBe('session-window')
    expect(errorOf(execute(3, 'y'))).toBe('none')
    expect(executed).toEqual(['y'])
  })

  it('whose answer was acknowledged is not executed again, though the answer is gone', () => {
    execute(1, 'x')
    execute(2, 'y', { acknowledged: 1 })
    expect(errorOf(execute(1, 'x'))).toBe('already-acknowledged')
    expect(executed).toEqual(['x', 'y'])
  })

  it('has its outcome kept until it is acknowledged, and no longer', () => {
    execute(1, 'x')
    execute(2, 'y')
    expect(knownOutcome(sessions, request(1, 1, 'x'))).toEqual(gives(1))
    execute(3, 'z', { acknowledged: 2 })
    expect([...(sessions.live.get(1)?.outcomes.keys() ?? [])]).toEqual([3])
  })

  it('that an old copy overtakes does not take an acknowledgement back', () => {
    execute(1, 'x')
    execute(2, 'y', { acknowledged: 1 })
    execute(2, 'y', { acknowledged: 0 })
    expect(sessions.live.get(1)?.acknowledged).toBe(1)
  })
})

describe('a session', () => {
  it('that no decree uses for long goes when there is no room for another', () => {
    for (const opener of ['a', 'b']) open(opener)
    execute(1, 'x', { session: 2, timeMicros: 900 })
    expect(open('c', 1_000)).toBe(3)
    expect([...sessions.live.keys()]).toEqual([2, 3])
    expect(errorOf(execute(1, 'x'))).toBe('session-unknown')
  })

  it('never goes while there is room, however long it is not used', () => {
    open('a')
    open('b', 1_000_000)
    expect(errorOf(execute(1, 'x', { timeMicros: 2_000_000 }))).toBe('none')
  })

  it('that is used does not go', () => {
    for (const opener of ['a', 'b']) open(opener)
    for (let timeMicros = 0; timeMicros <= 20_000; timeMicros += 900) {
      for (const session of [1, 2]) execute(1, 'x', { session, timeMicros })
      expect(open('c', timeMicros + 99)).toBeUndefined()
    }
  })

  it('goes at the latest a quarter of the time after it may, if it is asked for', () => {
    for (const opener of ['a', 'b']) open(opener)
    expect(open('c', 999)).toBeUndefined()
    expect(open('c', 1_249)).toBe(3)
  })
})
