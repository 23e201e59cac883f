// What the verdicts say of the members: exactly once, identical state, bounds; and of which members a quorum is.

import { describe, expect, it } from 'vitest'
import { keyValue } from '../../src/machines/index.js'
import {
  type AnyMachine,
  completeSettings,
  encodeDecree,
  initialReplicated,
  Leader,
  type MessageOf,
  Node,
  type NodeOptions,
  openSession,
  Replica,
  type StoreRecord,
} from '../../src/paxos/index.js'
import { keyValueApplication, sharedApplication } from '../../src/simulation/application.js'
import { samePlain } from '../../src/simulation/same-plain.js'
import { Agreement } from '../../src/simulation/verdicts/agreement.js'
import { Bounds } from '../../src/simulation/verdicts/bounds.js'
import { digestPlain } from '../../src/simulation/verdicts/digest.js'
import { Durability } from '../../src/simulation/verdicts/durability.js'
import { ExactlyOnce } from '../../src/simulation/verdicts/exactly-once.js'
import { IdenticalState, type Replicas } from '../../src/simulation/verdicts/identical-state.js'
import { runWorld, transcribed } from './worlds.js'

const contended = { members: 3, clients: 6, requests: 60, placement: 'spread' } as const

describe('exactly once', () => {
  const executing = (slots: readonly number[]): ExactlyOnce => {
    const verdict = new ExactlyOnce()
    verdict.started(1)
    for (const slot of slots) verdict.executes(1, slot)
    return verdict
  }

  it('holds when each slot has as many executions as it should, however many slots come at once', () => {
    const verdict = executing([1, 1, 3])
    verdict.applied(5, 1, 1, 2)
    verdict.applied(6, 1, 2, 0)
    verdict.applied(7, 1, 3, 1)
    expect(verdict.result.ok).toBe(true)
  })

  it.each([
    ['once too often', [1, 1, 1]],
    ['once too rarely', [1]],
  ])('breaks when a command is executed %s', (_how, slots) => {
    const verdict = executing(slots)
    verdict.applied(5, 1, 1, 2)
    expect(verdict.result).toMatchObject({
      ok: false,
      event: 5,
      reason: expect.stringMatching(/^NODE_1 executed \d commands .* slot 1 .*, and 2 were decided/),
    })
  })

  it('counts anew in another life', () => {
    const verdict = executing([1])
    verdict.started(1)
    verdict.executes(1, 1)
    verdict.applied(5, 1, 1, 1)
    expect(verdict.result.ok).toBe(true)
  })

  it('breaks when members forget which requests they have executed', () => {
    const { world, lines } = transcribed({
      scenario: {
        ...contended,
        faults: { loss: 250_000 },
        quietMicros: 200_000_000,
        lengthMicros: 300_000_000,
      },
      application: sharedApplication(),
      makeNode: (made) =>
        new Node({
          ...made,
          roles: { replica: (context, start, machine) => new Forgetful(context, machine, start) },
        }),
    })
    world.run()
    const { event = 0, reason } = world.court.exactlyOnce.result
    expect(reason).toMatch(
      /^NODE_\d executed \d+ commands up to slot \d+ that it had not before, and \d+ were/,
    )
    expect(lines[event - 1]).toMatch(/ applies /)
  })
})

describe('identical state', () => {
  it('breaks when a state is not the one that others hold after the same slot', () => {
    const verdict = new IdenticalState()
    verdict.executes(1, 0, 65, [1])
    verdict.executes(2, null, 65, [1])
    verdict.executes(3, 1, 64, [2]) // nobody else was seen after slot 63
    expect(verdict.result.ok).toBe(true)
    verdict.executes(4, 1, 65, [2])
    expect(verdict.result).toMatchObject({
      ok: false,
      event: 4,
      reason: 'after slot 64 the state of NODE_1 is not what others hold',
    })
  })

  it('compares large states at every 64th slot only', () => {
    const large = (first: number): number[] => [first, ...Array.from({ length: 100 }, () => 0)]
    const verdict = new IdenticalState()
    verdict.executes(1, 0, 2, large(1))
    for (const slot of [60, 61, 65]) {
      verdict.executes(2, 0, slot, large(1))
      verdict.executes(3, 1, slot, large(slot === 65 ? 2 : 3))
    }
    expect(verdict.result).toMatchObject({
      ok: false,
      event: 3,
      reason: 'after slot 64 the state of NODE_1 is not what others hold',
    })
  })

  it('does not confuse a state from elsewhere with one from before', () => {
    const verdict = new IdenticalState()
    verdict.executes(1, 0, 30, [1])
    verdict.executes(2, 0, 51, [2])
    verdict.started(1)
    verdict.replaced(1)
    verdict.executes(3, 1, 51, [2])
    expect(verdict.result.ok).toBe(true)
    verdict.replaced(1)
    verdict.executes(4, 1, 30, [2])
    expect(verdict.result.ok).toBe(false)
  })

  it('breaks at the very command that gives a member something else than others', () => {
    const verdict = new IdenticalState()
    for (const node of [null, 0]) for (const output of [7, { a: 1 }, 8]) verdict.gave(1, node, 5, output)
    verdict.gave(2, 1, 5, 7)
    verdict.gave(3, 1, 5, { a: 1 })
    expect(verdict.result.ok).toBe(true)
    verdict.gave(4, 1, 5, 9)
    expect(verdict.result).toMatchObject({
      ok: false,
      event: 4,
      reason: 'what command 3 of slot 5 gave NODE_1 is not what it gave others',
    })
  })

  it('breaks when a snapshot that is installed is not what others hold', () => {
    const verdict = new IdenticalState()
    verdict.executes(1, 0, 65, [1])
    verdict.installed(2, 1, 64, [1])
    verdict.installed(3, 1, 63, [2])
    expect(verdict.result.ok).toBe(true)
    verdict.installed(4, 1, 64, [2])
    expect(verdict.result).toMatchObject({
      ok: false,
      event: 4,
      reason: expect.stringMatching(/NODE_1 installed/),
    })
  })

  it('breaks at the first slot after which a member holds something else', () => {
    const changed = planting((machine, slot) => oddAfter(30, machine, slot))
    const { event, reason } = changed.world.court.identicalState.result
    expect(reason).toBe(`after slot ${changed.first()} the state of NODE_1 is not what others hold`)
    expect(event).toBeLessThan(changed.world.events)
  })

  it('breaks at the first command to which a machine gives what chance will have', () => {
    const application = sharedApplication()
    const { machine } = application
    let calls = 0
    let first = 0
    const apply: typeof machine.apply = (state, command, context) => {
      const [next, output] = machine.apply(state, command, context)
      if (context.slot <= 30) return [next, output]
      calls += 1
      if (calls === 1) first = context.slot
      return [next, calls as never] // a number is none of its outputs
    }
    const world = runWorld({
      scenario: { ...contended, requests: 100 },
      application: { ...application, machine: { ...machine, apply } },
    })
    expect(world.court.identicalState.result.reason).toMatch(
      new RegExp(`^what command 1 of slot ${first} gave `),
    )
  })

  /** A world in which member 1 runs another machine, and the first slot that it said was odd. */
  function planting(plant: (machine: AnyMachine, odd: (slot: number) => void) => AnyMachine) {
    const slots: number[] = []
    const makeNode = (made: NodeOptions): Node =>
      new Node(made.self === 1 ? { ...made, machine: plant(made.machine, (slot) => slots.push(slot)) } : made)
    const scenario = { ...contended, requests: 100 }
    const world = runWorld({ scenario, application: sharedApplication(), makeNode })
    return { world, first: () => slots[0] }
  }
})

describe('identical sessions', () => {
  const member = (id: number, applied: number, opener: string): Replicas => {
    const replicated = { ...initialReplicated(keyValue as AnyMachine), applied } // its own state is of its own type
    openSession(replicated.sessions, opener, 0, completeSettings())
    return { id, replicated }
  }

  it('are asked of members that have applied the same slots, and of no others', () => {
    const verdict = new IdenticalState()
    verdict.compareSessions(5, [member(0, 7, 'a'), member(1, 8, 'b'), member(2, 7, 'a')])
    expect(verdict.result.ok).toBe(true)
    verdict.compareSessions(6, [member(0, 7, 'a'), member(1, 8, 'b'), member(2, 7, 'c')])
    expect(verdict.result).toMatchObject({
      ok: false,
      event: 6,
      reason: 'after slot 7 the sessions of NODE_2 are not those of NODE_0',
    })
  })

  it('are not those of a member that forgets', () => {
    const makeNode = (made: NodeOptions): Node =>
      new Node({
        ...made,
        roles:
          made.self === 1
            ? { replica: (context, start, machine) => new Forgetful(context, machine, start) }
            : {},
      })
    const world = runWorld({
      scenario: { ...contended, faults: {} },
      application: sharedApplication(),
      makeNode,
    })
    expect(world.court.identicalState.result.reason).toMatch(
      /^after slot \d+ the sessions of NODE_1 are not those/,
    )
  })
})

/** A machine that holds from some slot on what no command has set. */
function oddAfter(slot: number, machine: AnyMachine, tell: (slot: number) => void): AnyMachine {
  return {
    ...machine,
    apply: (state, command, context) => {
      const [next, output] = machine.apply(state, command, context)
      if (context.slot > slot) {
        ;(next as Map<string, unknown>).set('odd', true) // of the key-value machine
        tell(context.slot)
      }
      return [next, output]
    },
  }
}

describe('a digest', () => {
  const values: unknown[] = [
    null,
    undefined,
    0,
    -0,
    1,
    -1,
    0.5,
    Number.NaN,
    2 ** 40,
    '',
    'a',
    'ab',
    true,
    10n,
    [],
    [1],
    [1, 2],
    [2, 1],
    [[1], 2],
    [1, [2]],
    {},
    { a: 1 },
    { a: undefined },
    { b: 1 },
    new Map(),
    new Map([['a', 1]]),
    new Map([[1, 'a']]),
    new Set(['a']),
    new Set(),
    Uint8Array.of(),
    Uint8Array.of(1),
    Uint8Array.of(1, 0),
  ]

  it('differs where plain data differs, and nowhere else', () => {
    for (const a of values)
      for (const b of values) expect(digestPlain(a) === digestPlain(b)).toBe(samePlain(a, b))
  })

  it('does not depend on the order of insertion', () => {
    expect(
      digestPlain(
        new Map([
          ['a', { x: 1, y: 2 }],
          ['b', { x: 3, y: 4 }],
        ]),
      ),
    ).toBe(
      digestPlain(
        new Map([
          ['b', { y: 4, x: 3 }],
          ['a', { y: 2, x: 1 }],
        ]),
      ),
    )
    expect(digestPlain(new Set([1, 2]))).toBe(digestPlain(new Set([2, 1])))
  })

  it('is not made of what goes round in circles', () => {
    const circle: unknown[] = []
    circle.push(circle, circle)
    expect(digestPlain(circle)).toBeNull()
  })
})

describe('bounds', () => {
  const settings = completeSettings({ queueLimit: 2, alpha: 1 })

  it('break when a queue is longer than it may be', () => {
    const verdict = new Bounds(settings)
    const world = runWorld({ scenario: { ...contended, clients: 1 } })
    const leading = world.hosts.find(({ node }) => node?.roles.leader?.phase === 'leading')?.node
    if (!leading?.roles.leader) throw new Error('Somebody leads.')
    verdict.check(3, leading, world.court.decided, 5, null)
    expect(verdict.result.ok).toBe(true)
    const request = { session: 1, sequence: 1, acknowledged: 0, command: new Uint8Array(1) }
    leading.roles.leader.queue.push(request, request, request, request)
    verdict.check(4, leading, world.court.decided, 5, null)
    expect(verdict.result).toMatchObject({
      ok: false,
      event: 4,
      reason: expect.stringMatching(/^NODE_\d has 4 requests in its queue, and may have 3$/),
    })
  })

  it('break when a log grows on, as where no snapshot can be taken', () => {
    const small = completeSettings({ logBytes: 1_000 })
    const verdict = new Bounds(small)
    const world = runWorld({ scenario: { ...contended, clients: 1 } })
    const [member] = world.hosts.flatMap(({ node }) => (node?.roles.replica ? [node] : []))
    if (!member?.roles.replica) throw new Error('There are members.')
    member.roles.replica.sinceSnapshotBytes = 0
    member.roles.replica.logBytes = 1_250
    verdict.check(3, member, world.court.decided, 5, null)
    expect(verdict.result.ok).toBe(true)
    member.roles.replica.logBytes = 1_251
    verdict.check(4, member, world.court.decided, 5, null)
    expect(verdict.result).toMatchObject({
      ok: false,
      event: 4,
      reason: expect.stringMatching(/^NODE_\d has 1251 bytes of decrees in its log, and may have 1250$/),
    })
  })

  it('break when a leader takes whatever comes', () => {
    const run = (roles: NodeOptions['roles'] = {}) =>
      runWorld({
        seed: 1,
        scenario: { ...contended, clients: 60, requests: 600, lengthMicros: 2_000_000 },
        settings: { queueLimit: 2, alpha: 1 },
        application: keyValueApplication('decree'),
        makeNode: (made) => new Node({ ...made, roles }),
      })
    expect(run().court.bounds.result.ok).toBe(true)
    const greedy = run({ leader: (context, start) => new Greedy(context, start) })
    expect(greedy.court.bounds.result.reason).toMatch(/requests in its queue, and may have 3$/)
  })
})

describe('a snapshot', () => {
  it('moves on what a member has applied, but not beyond what anybody has', () => {
    const agreement = new Agreement()
    const decree = encodeDecree(1, [])
    agreement.started(0)
    agreement.started(1)
    for (const slot of [1, 2]) agreement.applied(slot, 0, slot, decree)
    agreement.installed(3, 1, 1)
    agreement.applied(4, 1, 2, decree)
    expect(agreement.result.ok).toBe(true)
    agreement.installed(5, 1, 9)
    expect(agreement.result).toMatchObject({
      ok: false,
      event: 5,
      reason: expect.stringMatching(/after slot 9/),
    })
  })
})

describe('a quorum', () => {
  const decree = encodeDecree(1, [])
  const accepted = (slot: number): StoreRecord => ({
    type: 'accepted',
    ballot: { round: 1, member: 0, incarnation: 1 },
    slot,
    decree,
    learned: 0,
  })

  it('is one of the voters of the slot', () => {
    const durability = new Durability((slot) => (slot < 5 ? [0, 1, 2] : [2, 3, 4]))
    for (const slot of [4, 5]) for (const node of [1, 2]) durability.synced(1, node, accepted(slot))
    durability.decided(2, 4, decree)
    expect(durability.result.ok).toBe(true)
    durability.decided(3, 5, decree)
    expect(durability.result).toMatchObject({
      ok: false,
      event: 3,
      reason: expect.stringMatching(/^slot 5 /),
    })
  })
})

/** Executes a request again when it is decided again. */
class Forgetful extends Replica {
  override learn(from: number, learn: MessageOf<'learn'>): void {
    for (const { outcomes } of this.replicated.sessions.live.values()) outcomes.clear()
    super.learn(from, learn)
  }
}

/** Refuses nothing. */
class Greedy extends Leader {
  override propose(from: number, propose: MessageOf<'propose'>): void {
    if (this.queue.length < this.settings.queueLimit) super.propose(from, propose)
    else this.queue.push(propose.request)
  }
}
