// What the verdicts say of the clients' operations: linearizable, stale reads, liveness. Each is seen to fail, on made-up
// calls and on a planted bug.

import { describe, expect, it } from 'vitest'
import {
  type MessageOf,
  Node,
  type Outcome,
  Replica,
  type Request,
  type RoleFactories,
} from '../../src/paxos/index.js'
import { sharedApplication } from '../../src/simulation/application.js'
import type { HistoryEntry } from '../../src/simulation/clients.js'
import { ApplicationError, checkLinearizability, operationsOfHistory } from '../../src/simulation/index.js'
import { Linearizable } from '../../src/simulation/verdicts/linearizable.js'
import { Liveness } from '../../src/simulation/verdicts/liveness.js'
import { StaleReads } from '../../src/simulation/verdicts/stale-reads.js'
import type { World } from '../../src/simulation/world.js'
import { watchesNobody } from '../support/planted.js'
import { failuresOf, runWorld, transcribed } from './worlds.js'

const contended = {
  members: 5,
  clients: 8,
  requests: 40,
  placement: 'mixed',
  faults: { loss: 100_000 },
  quietMicros: 60_000_000,
} as const

function planted(roles: Partial<RoleFactories>): { world: World; lines: string[] } {
  const makeNode = (made: ConstructorParameters<typeof Node>[0]): Node => new Node({ ...made, roles })
  const run = transcribed({ seed: 1, scenario: contended, application: sharedApplication(), makeNode })
  run.world.run()
  return run
}

describe('linearizable, by the order of the decrees', () => {
  it('breaks when a command has its place before one that was over when it began', () => {
    const verdict = new Linearizable(undefined)
    verdict.executed(10, 0, 5, 0)
    expect(verdict.floor).toBe(5)
    verdict.executed(11, 1, 4, 0) // it had begun before: nobody knows better
    expect(verdict.result.ok).toBe(true)
    verdict.executed(12, 2, 3, 5)
    expect(verdict.result).toMatchObject({
      ok: false,
      event: 12,
      reason: 'client 2 was told of command 3, and had begun it when command 5 was over',
    })
  })

  it('breaks when a read does not see what was over when it began, or sees what is not decided', () => {
    const verdict = (): Linearizable => new Linearizable(undefined)
    const late = verdict()
    late.read(7, 1, 2, 4, 4, 9)
    expect(late.result.ok).toBe(true)
    late.read(8, 1, 2, 4, 5, 9)
    expect(late.result).toMatchObject({
      ok: false,
      event: 8,
      reason: expect.stringMatching(/command 5 was over/),
    })
    const early = verdict()
    early.read(8, 1, 10, 4, 0, 9)
    expect(early.result.reason).toBe('client 1 read from slot 10, when only 9 were decided')
  })

  it('breaks when a replica answers from what it has, and so does the search that knows no decrees', () => {
    const { world, lines } = planted({
      replica: (context, start, machine) => new Hasty(context, machine, start),
    })
    const { event = 0, reason } = world.court.linearizable.result
    expect(reason).toMatch(
      /^client \d+ read what \d+ commands had made, and had begun to when command \d+ was over$/,
    )
    expect(lines[event - 1]).toMatch(/completes client \d+: get . = ok /)
    expect(checkLinearizability('key-value', operationsOfHistory(world.clients.history)).verdict).toBe(
      'not linearizable',
    )
  })

  it('breaks when a replica makes something up', () => {
    const application = sharedApplication()
    const query = application.machine.query?.bind(application.machine)
    const machine = { ...application.machine, query: () => 7, ...(query === undefined && {}) }
    const makeNode = (made: ConstructorParameters<typeof Node>[0]): Node => new Node({ ...made, machine })
    const world = runWorld({ scenario: { ...contended, clients: 1 }, application, makeNode })
    expect(world.court.linearizable.result.reason).toMatch(/^what client 0 read is not what slot \d+ gives$/)
    expect(world.court.staleReads.result.reason).toMatch(/^what client 0 read is not what slot \d+ gives$/)
  })
})

describe('linearizable, by the search', () => {
  const entry = (
    process: number,
    f: string,
    value: unknown,
    type: HistoryEntry['type'] = 'ok',
  ): HistoryEntry => ({
    process,
    type,
    f,
    key: 'A',
    value,
    time: 0,
  })
  const set = (value: number): HistoryEntry => entry(0, 'set', value)

  it('breaks at the end of the operation that has no place', () => {
    const verdict = new Linearizable('key-value')
    verdict.note(1, set(1), 4, set(1))
    verdict.note(5, entry(1, 'get', null), 9, entry(1, 'get', 2))
    verdict.search(20)
    expect(verdict.result).toMatchObject({
      ok: false,
      event: 9,
      reason: 'the history of key A has no order in which get has a place',
    })
  })

  it('leaves open for ever what nobody was told of', () => {
    const verdict = new Linearizable('key-value')
    verdict.note(1, set(1), 0, null)
    verdict.note(2, entry(1, 'get', null), 3, entry(1, 'get', null))
    verdict.note(4, entry(1, 'get', null), 5, entry(1, 'get', 1))
    verdict.search(20)
    expect(verdict.result).toEqual({ ok: true })
  })

  it('stays undecided, which breaks nothing, when it takes too many steps', () => {
    const verdict = new Linearizable('key-value', 3)
    for (let number = 0; number < 20; number++) verdict.note(number, set(number), 100 + number, set(number))
    verdict.search(200)
    expect(verdict.result).toEqual({ ok: true, undecided: 'the search was given up after 3 steps' })
  })

  it('says so when the model of an application does not know its operations', () => {
    const verdict = new Linearizable('register')
    verdict.note(1, set(1), 4, set(1))
    expect(() => verdict.search(20)).toThrow(ApplicationError)
    expect(() => verdict.search(20)).toThrow(
      "its `model` does not fit: at event 1: register has no operation 'set'",
    )
  })
})

describe('stale reads', () => {
  it('break when a client is told of an earlier slot than before, but not by what others were told', () => {
    const verdict = new StaleReads()
    verdict.told(0, 9)
    verdict.answered(3, 1, 5, 9)
    verdict.forget(0)
    verdict.answered(4, 0, 5, 9)
    expect(verdict.result.ok).toBe(true)
    verdict.told(0, 6)
    verdict.answered(5, 0, 5, 9)
    expect(verdict.result).toMatchObject({
      ok: false,
      event: 5,
      reason: 'client 0 read from slot 5, and had been told of slot 6 before',
    })
  })

  it('break when a slot is read that is not decided', () => {
    const verdict = new StaleReads()
    verdict.answered(5, 0, 10, 9)
    expect(verdict.result).toMatchObject({
      ok: false,
      event: 5,
      reason: expect.stringMatching(/only 9 were decided/),
    })
  })

  it('break when replicas do not care what a client has seen', () => {
    const { world, lines } = planted({
      replica: (context, start, machine) => new Careless(context, machine, start),
    })
    const { event = 0, reason } = world.court.staleReads.result
    expect(reason).toMatch(/^client \d+ read from slot \d+, and had been told of slot \d+ before$/)
    expect(lines[event - 1]).toMatch(/completes client \d+: stale-get/)
    expect(failuresOf(world)).toHaveLength(1)
  })
})

describe('answers', () => {
  it.each([
    [
      'reads for want of room, and there is room',
      RefusesReads,
      /^a read of client \d+ was refused: no room$/,
    ],
    [
      'one command in three because its session is unknown',
      RefusesEveryThird,
      /^request \d+\.\d+ was refused: who is that\?$/,
    ],
    [
      'commands whose session was opened further than it has applied',
      KnowsWhatItApplied,
      /^request \d+\.\d+ was refused: who is that\?$/,
    ],
  ] as const)('break when a member refuses %s', (_what, Refusing, expected) => {
    const { world, lines } = planted({
      replica: (context, start, machine) => new Refusing(context, machine, start),
    })
    const { event = 0, reason } = world.court.answers.result
    expect(reason).toMatch(expected)
    expect(lines[event - 1]).toMatch(/ completes client \d+: /)
  })
})

describe('liveness', () => {
  const begun = (place = 0) => ({ client: 1, place, timeMicros: 3_000, f: 'get' })

  it('breaks as soon as an operation takes too long once no fault is active, before it is over', () => {
    const verdict = new Liveness(5_000, 100)
    verdict.check(begun(), 10, 6_000)
    verdict.watch([begun()], 11, 6_000)
    expect(verdict.result.ok).toBe(true)
    for (const [event, nowMicros] of [
      [12, 6_001],
      [13, 6_002],
    ] as const)
      verdict.watch([begun()], event, nowMicros)
    expect(verdict.result).toMatchObject({
      ok: false,
      event: 12,
      reason: expect.stringMatching(/^get of client 1/),
    })
  })

  it('names the end of the operation where nobody has looked before', () => {
    const verdict = new Liveness(5_000, 100)
    verdict.check(begun(), 14, 6_001)
    expect(verdict.result).toMatchObject({ ok: false, event: 14 })
  })

  it('says nothing when nobody knows of such a time', () => {
    const verdict = new Liveness(0, 100)
    verdict.watch([begun()], 9, 1_000_000)
    verdict.check(begun(), 10, 1_000_000)
    expect(verdict.result.ok).toBe(true)
  })

  it('breaks when a partition is all that is wrong, for whoever is linked with a quorum', () => {
    const linked = new Liveness(0, 100)
    linked.holds({ fromMicros: 2_000, linked: [0, 1], shape: 'ring' }, [], 5, 2_000)
    linked.check(begun(2), 6, 9_000)
    const beginning = begun()
    linked.check(beginning, 7, 4_000)
    expect(linked.result.ok).toBe(true)
    linked.watch([beginning], 8, 4_001)
    expect(linked.result).toMatchObject({
      ok: false,
      event: 8,
      reason: expect.stringMatching(/linked both ways/),
    })
  })

  it('breaks when a member leads for long whose disk stalls, where the others are a quorum', () => {
    const stalled = { fromMicros: 2_000, linked: [0, 2], shape: 'stalled-disk', stalled: 1 }
    const verdict = new Liveness(0, 100)
    verdict.leads(1, 4, 9_000)
    verdict.holds(stalled, [], 5, 2_000)
    verdict.leads(1, 6, 3_000)
    verdict.leads(2, 7, 3_001)
    verdict.leads(null, 8, 3_001)
    expect(verdict.result.ok).toBe(true)
    verdict.leads(1, 9, 3_001)
    expect(verdict.result).toMatchObject({
      ok: false,
      event: 9,
      reason: expect.stringMatching(/^NODE_1 still/),
    })
    const alone = new Liveness(0, 100)
    alone.holds({ ...stalled, linked: [] }, [], 5, 2_000)
    alone.leads(1, 6, 9_000)
    expect(alone.result.ok).toBe(true)
  })

  it('breaks when a member leads on that was asked to hand over', () => {
    const asked = (): Liveness => {
      const verdict = new Liveness(0, 100)
      verdict.handsOver(1, 2_000)
      verdict.leads(1, 5, 2_200)
      verdict.leads(null, 6, 2_201)
      return verdict
    }
    const another = asked()
    another.leads(2, 7, 2_201)
    another.leads(1, 8, 2_202)
    expect(another.result.ok).toBe(true)
    const changed = asked()
    changed.changes()
    changed.leads(1, 7, 2_201)
    expect(changed.result.ok).toBe(true)
    const same = asked()
    same.leads(1, 7, 2_201)
    expect(same.result).toMatchObject({
      ok: false,
      event: 7,
      reason: expect.stringMatching(/asked to hand over/),
    })
  })

  it('does not count the time in which something else was wrong beside a partition', () => {
    const verdict = new Liveness(0, 100)
    const beginning = begun()
    verdict.holds({ fromMicros: 1_000, linked: [0, 1], shape: 'ring' }, [], 5, 5_000)
    verdict.holds(null, [beginning], 6, 5_001)
    expect(verdict.result.ok).toBe(true)
    verdict.holds({ fromMicros: 7_000, linked: [0, 1], shape: 'ring' }, [], 7, 6_000) // it takes shape only later
    verdict.check(beginning, 8, 8_000)
    expect(verdict.result.ok).toBe(true)
    verdict.check(beginning, 9, 8_001)
    expect(verdict.result.ok).toBe(false)
  })

  it('breaks when nobody follows a leader that is gone', () => {
    const makeNode = (made: ConstructorParameters<typeof Node>[0]): Node =>
      new Node({ ...made, roles: watchesNobody })
    const scenario = {
      ...contended,
      faults: { 'isolated-leader': 1 },
      requests: 1_000,
      untilMicros: 20_000_000,
      quietMicros: 4_000_000,
    }
    const results = [undefined, makeNode].map((made) => {
      const { world } = transcribed({
        seed: 1,
        scenario,
        application: sharedApplication(),
        ...(made && { makeNode: made }),
      })
      world.run()
      return world.court.liveness.result
    })
    expect(results[0]).toMatchObject({ ok: true })
    expect(results[1]).toMatchObject({ ok: false, reason: expect.stringMatching(/ of client \d+, begun at/) })
  })
})

/** Answers every read from what it has applied. */
class Hasty extends Replica {
  override read(from: number, read: MessageOf<'read'>): void {
    super.read(from, { ...read, consistency: 'stale', atLeast: 0 })
  }
}

/** Answers no read. */
class RefusesReads extends Replica {
  protected override query(): Outcome {
    return { ok: false, error: 'overloaded', detail: 'no room' }
  }
}

/** Refuses commands whose session is another's, it says. */
abstract class RefusesCommands extends Replica {
  protected abstract refuses(request: Request): boolean

  override request(from: number, message: MessageOf<'request'>): void {
    const { session, sequence } = message.request
    const outcome = { ok: false, error: 'session-unknown', detail: 'who is that?' } as const
    if (session === 0 || !this.refuses(message.request)) super.request(from, message)
    else this.send(from, { type: 'answer', session, sequence, name: '', outcome, slot: this.applied })
  }
}

class RefusesEveryThird extends RefusesCommands {
  protected override refuses({ sequence }: Request): boolean {
    return sequence % 3 === 0
  }
}

class KnowsWhatItApplied extends RefusesCommands {
  protected override refuses({ session }: Request): boolean {
    return !this.replicated.sessions.live.has(session)
  }
}

/** Ignores what a client has seen. */
class Careless extends Replica {
  override read(from: number, read: MessageOf<'read'>): void {
    super.read(from, { ...read, atLeast: 0 })
  }
}
