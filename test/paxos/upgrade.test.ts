// Upgrades of the machine: what a decree that asks for one does, and what it does to a member that does not know the
// version. From end to end they are in test/testing/upgrade.test.ts.

import { describe, expect, it } from 'vitest'
import {
  type Action,
  type AnyMachine,
  applyDecree,
  completeSettings,
  type Decree,
  decodeUpgrade,
  encodeNumber,
  encodeUpgrade,
  executionOf,
  initialReplicated,
  isRequest,
  MachineOutdated,
  MalformedBytes,
  Node,
  type NodeEvent,
  nameOfRequest,
  type Outcome,
  outputOf,
  Replica,
  Requester,
  readSnapshot,
  rememberedOutcome,
  requestKey,
  runQuery,
  Seed,
  type Snapshot,
  type StoreRecord,
  takeSnapshot,
  UpgradeRefused,
  versionOf,
} from '../../src/paxos/index.js'
import { Bench, persisting } from '../support/bench.js'
import { encoded } from '../support/ledger.js'
import { lead, leader, bench as leading } from '../support/seated-leader.js'
import {
  decree,
  founding,
  gives,
  opaque,
  opening,
  request,
  storeOf,
  upgrading,
  WALL_MICROS,
} from '../support/words.js'
import { journal } from '../testing/machines.js'

/** A journal of which every member knows this version, where its types do not matter. */
const machineOf = (version: number): AnyMachine => journal(version) as unknown as AnyMachine // it is given entries only

/** The memory of a replica whose program knows this version, in a cluster that begins with version 1. */
function remember(version: number, machine: AnyMachine = machineOf(version)) {
  const execution = executionOf(machine, completeSettings())
  const replicated = initialReplicated(machine, founding())
  const apply = (next: Decree): Outcome[] => {
    const outcomes: Outcome[] = []
    applyDecree(replicated, next, execution, (_request, outcome) => outcomes.push(outcome))
    return outcomes
  }
  apply(decree([opening('a')]))
  return { replicated, execution, apply }
}

const upgraded = (version: number): Outcome => ({ ok: true, output: encodeNumber(version) })
const refused = (detail: string) => ({
  ok: false,
  error: 'upgrade-refused',
  detail: expect.stringContaining(detail),
})

describe('a request for an upgrade', () => {
  const asked = upgrading(1, 2, '0.a.1.1')

  it('is its bytes, and its bytes are it', () => {
    const upgrade = { name: 'ä', from: 1, to: 2 ** 40 }
    expect(decodeUpgrade(encodeUpgrade(upgrade))).toEqual(upgrade)
  })

  it.each([
    ['bytes that go on', Uint8Array.of(...asked.command, 0)],
    ['bytes that end too early', asked.command.slice(0, -1)],
    ['an upgrade without a name', encodeUpgrade({ name: '', from: 1, to: 2 })],
  ])('is not made of %s', (_, command) => {
    expect(() => decodeUpgrade(command)).toThrow(MalformedBytes)
    expect(isRequest({ ...asked, command })).toBe(false)
  })

  it('is one to the cluster itself, known by its name, and no change of the members', () => {
    expect(isRequest(asked)).toBe(true)
    expect(isRequest({ ...asked, sequence: 1 })).toBe(false)
    expect(isRequest({ ...asked, sequence: 3 })).toBe(false)
    expect(nameOfRequest(asked)).toBe('0.a.1.1')
    expect(requestKey(0, 2, 'x')).not.toBe(requestKey(0, 1, 'x'))
  })

  it('is refused with an error of its own', () => {
    expect(() => outputOf({ ok: false, error: 'upgrade-refused', detail: 'no' })).toThrow(
      new UpgradeRefused('no'),
    )
  })
})

describe('a decree that upgrades', () => {
  it('migrates the state, tells the new version, and has the next command run under it', () => {
    const { replicated, apply } = remember(2)
    apply(decree([request(1, 1, 'x')]))
    expect(apply(decree([upgrading(1, 2)]))).toEqual([upgraded(2)])
    expect(replicated).toMatchObject({ machineVersion: 2, state: { form: 2, entries: ['x/1'] } })
    expect(apply(decree([request(1, 2, 'y')]))).toEqual([gives('y/2')])
  })

  it('does so before all else that shares its slot: a slot is of one version', () => {
    const { apply } = remember(2)
    const outcomes = apply(decree([request(1, 1, 'x'), upgrading(1, 2), request(1, 2, 'y')]))
    expect(outcomes).toEqual([upgraded(2), gives('x/2'), gives('y/2')])
  })

  it('answers a query under the version that is active', () => {
    const { replicated, apply, execution } = remember(2)
    apply(decree([request(1, 1, 'x'), upgrading(1, 2)]))
    expect(runQuery(replicated, encoded('entries'), execution)).toEqual(gives(['x/2']))
  })

  it('is carried out once, and its name gives the same answer as long as that version is active', () => {
    const { replicated, apply } = remember(3)
    expect(rememberedOutcome(replicated, upgrading(1, 2))).toBeUndefined()
    expect(apply(decree([upgrading(1, 2), upgrading(1, 2)]))).toEqual([upgraded(2), upgraded(2)])
    expect(rememberedOutcome(replicated, upgrading(1, 2))).toEqual(upgraded(2))
    apply(decree([upgrading(2, 3)]))
    expect(rememberedOutcome(replicated, upgrading(1, 2))).toBeUndefined()
    expect(apply(decree([upgrading(1, 2)]))).toEqual([refused('version 3 is active')])
    expect(replicated.machineVersion).toBe(3)
  })

  it('keeps what was answered before: a command that comes again has the answer of its first time', () => {
    const { apply } = remember(2)
    apply(decree([request(1, 1, 'x')]))
    apply(decree([upgrading(1, 2)]))
    expect(apply(decree([request(1, 1, 'x')]))).toEqual([gives('x/1')])
  })

  it.each([
    ['from another version than the active one', upgrading(2, 3), 'version 1 is active'],
    ['to the version that is active', upgrading(1, 1), '1 is not above 1'],
    ['to an earlier one', upgrading(1, 0), '0 is not above 1'],
    ['in bytes that are none', { ...upgrading(1, 2), command: opaque(1) }, 'no upgrade'],
  ])('does nothing %s', (_, asked, why) => {
    const { replicated, apply } = remember(3)
    const before = structuredClone(replicated)
    expect(apply(decree([asked]))).toEqual([refused(why)])
    expect(replicated).toEqual({ ...before, applied: 2 })
  })

  it('does nothing where a migration throws, even the last of several', () => {
    const machine = machineOf(3)
    const migrate = (state: unknown, from: number) => {
      if (from === 2) throw new Error('full')
      return machine.migrate?.(state, from)
    }
    const { replicated, apply } = remember(3, { ...machine, migrate })
    expect(apply(decree([upgrading(1, 3)]))).toEqual([refused('from version 1 to 3: full')])
    expect(replicated).toMatchObject({ machineVersion: 1, state: [] })
  })

  it('is not applied by a machine that does not know the version, nor is anything else in its slot', () => {
    const { replicated, apply } = remember(2)
    const before = structuredClone(replicated)
    const next = decree([request(1, 1, 'x'), upgrading(1, 2), upgrading(2, 3)])
    expect(() => apply(next)).toThrow(new MachineOutdated(3, 2))
    expect(replicated).toEqual(before)
  })

  it('to an unknown version that is refused stops nobody', () => {
    const { apply } = remember(2)
    expect(apply(decree([upgrading(7, 9)]))).toEqual([refused('version 1 is active')])
  })
})

describe('the version of a machine', () => {
  it('is 1 unless it says so', () => {
    const { version: _, ...machine } = machineOf(1)
    expect(versionOf(machine)).toBe(1)
  })

  it.each([0, 1.5, -1, Number.NaN, Number.POSITIVE_INFINITY])('is not %d', (version) => {
    expect(() => versionOf({ ...machineOf(1), version })).toThrow(RangeError)
  })

  it('above 1 needs migrations', () => {
    const { migrate: _, ...machine } = machineOf(2)
    expect(() => versionOf(machine)).toThrow('A machine of version 2 needs a `migrate`')
  })

  it('with which a cluster begins is that of the founding', () => {
    expect(initialReplicated(machineOf(3), founding())).toMatchObject({ machineVersion: 1, state: [] })
    const later = { ...founding(), machineVersion: 2 }
    expect(initialReplicated(machineOf(3), later)).toMatchObject({ machineVersion: 2, state: { form: 2 } })
    expect(() => initialReplicated(machineOf(1), later)).toThrow(new MachineOutdated(2, 1))
  })
})

describe('a snapshot', () => {
  it('holds the version of its state, and what activated it', () => {
    const { replicated, apply } = remember(3)
    apply(decree([upgrading(1, 2), request(1, 1, 'x')]))
    const copy = readSnapshot(takeSnapshot(replicated, machineOf(2)), machineOf(3))
    expect(copy).toStrictEqual(replicated)
    expect(rememberedOutcome(copy, upgrading(1, 2))).toEqual(upgraded(2))
  })

  it('of a version that a machine does not know is not read by it', () => {
    const { replicated, apply } = remember(2)
    apply(decree([upgrading(1, 2)]))
    const snapshot = takeSnapshot(replicated, machineOf(2))
    expect(() => readSnapshot(snapshot, machineOf(1))).toThrow(new MachineOutdated(2, 1))
  })
})

describe('the roles', () => {
  it('found a cluster with the version that the machine of the seed knows', () => {
    const bench = new Bench()
    bench.knownVersion = 2
    const seed = new Seed(bench, { cluster: 7, voters: [0] })
    seed.begin()
    const begun = { ...founding([0]), machineVersion: 2 }
    expect(bench.take()).toContainEqual(persisting({ type: 'founded', founding: begun }))
  })

  it('ask for an upgrade by a name, again until it is answered', () => {
    const bench = new Bench()
    const requester = new Requester(bench)
    requester.take({ type: 'upgrade', client: 1, reference: 5, from: 1, to: 2 })
    const [first] = bench.messages('request')
    expect(first?.request).toEqual(upgrading(1, 2, '0.2s.1.1'))
    bench.nowMicros += 10_000_000
    requester.timer()
    expect(bench.messages('request')).toEqual([first])
    const answer = { type: 'answer', session: 0, sequence: 2, name: '0.2s.1.1', slot: 9 } as const
    requester.answer(0, { ...answer, outcome: upgraded(2) })
    expect(bench.take()).toMatchObject([
      { type: 'observe', observation: { reference: 5, outcome: upgraded(2) } },
    ])
  })

  it('propose it like a command: it waits for nobody', () => {
    lead()
    leader.propose(0, { type: 'propose', request: upgrading(1, 2) })
    leader.settled()
    expect(leader.change).toBeNull()
    expect(leading.messages('tender')).toHaveLength(1)
  })

  it.each([
    [2, 'propose'],
    [3, 'answer'],
  ] as const)('that lead with version 2 have an upgrade to %i end in a %s', (to, type) => {
    const bench = new Bench()
    bench.knownVersion = 2
    const replica = new Replica(bench, machineOf(2), { founding: founding() })
    replica.begin()
    replica.leaderChanged(0, { type: 'leaderChanged', towards: 0, indirect: false })
    bench.take()
    replica.request(9, { type: 'request', request: upgrading(1, to) })
    const [deed] = bench.take()
    expect(deed).toMatchObject({ type: 'send', message: { type } })
    if (type === 'answer')
      expect(deed).toMatchObject({
        to: 9,
        message: { outcome: refused('Member 0 leads, and its program knows') },
      })
  })

  it('apply what was decided before an upgrade to an unknown version, and nothing from there on', () => {
    const bench = new Bench()
    const replica = new Replica(bench, machineOf(1), { founding: founding() })
    replica.begin()
    const decrees = [
      decree([opening('a'), request(1, 1, 'x')]),
      decree([upgrading(1, 2)]),
      decree([request(1, 2, 'y')]),
    ]
    replica.fetched(1, { type: 'fetched', fromSlot: 1, decrees, decided: 3 })
    expect(replica.applied).toBe(1)
    expect(replica.state).toEqual(['x/1'])
    const deeds = bench.take()
    expect(deeds).toContainEqual({ type: 'needVersion', version: 2 })
    const applied = deeds.filter((deed) => deed.type === 'observe' && deed.observation.type === 'applied')
    expect(applied).toHaveLength(1)
  })
})

describe('a node whose machine is too old', () => {
  const BEFORE: readonly StoreRecord[] = [
    { type: 'created', store: storeOf(0), member: 0 },
    { type: 'incarnation', incarnation: 1 },
    { type: 'founded', founding: founding() },
  ]

  /** Starts a node from a store; gives it, and what it did. */
  function start(records: readonly StoreRecord[], version = 1) {
    const options = {
      self: 0,
      machine: machineOf(version),
      purpose: { type: 'join', contacts: [1] },
      draw: (low: number) => low,
    } as const
    const node = new Node({ ...options, records })
    let written = 0
    const actions: Action[] = []
    const step = (event: Record<string, unknown>) => {
      const given = { nowMicros: 0, wallMicros: WALL_MICROS, ...event } as NodeEvent // each test gives a whole event
      const taken = node.step(given)
      actions.push(...taken)
      written += taken.filter(({ type }) => type === 'persist').length
      return taken
    }
    const sync = () => step({ type: 'durable', count: written })
    step({ type: 'boot' })
    sync()
    return { node, actions, step, sync, options }
  }

  const said = (actions: readonly Action[]) =>
    actions.flatMap((action) =>
      action.type === 'observe' && action.observation.type === 'outdated' ? [action.observation] : [],
    )
  const outdated = (version: number, known: number) => {
    const { message: detail } = new MachineOutdated(version, known)
    return { type: 'outdated', version, known, detail }
  }

  const snapshotOf = (version: number): StoreRecord => {
    const { replicated, apply } = remember(version)
    apply(decree([upgrading(1, version)]))
    const snapshot: Snapshot = takeSnapshot(replicated, machineOf(version))
    return {
      type: 'snapshot',
      ...snapshot,
      trimmed: 0,
      incarnation: 1,
      promised: { round: 0, member: -1, incarnation: 0 },
      written: 4,
    }
  }

  it.each<[string, readonly StoreRecord[]]>([
    ['the snapshot in its store', [...BEFORE, snapshotOf(2)]],
    [
      'the decisions in its store',
      [
        ...BEFORE,
        { type: 'decision', slot: 1, decree: decree([upgrading(1, 2)]) },
        { type: 'learned', slot: 1 },
      ],
    ],
    [
      'the founding',
      [...BEFORE.slice(0, 2), { type: 'founded', founding: { ...founding(), machineVersion: 2 } }],
    ],
  ])('for %s says so in the turn in which it awakes, and has no role', (_, records) => {
    const { node, actions } = start(records)
    expect(said(actions)).toEqual([outdated(2, 1)])
    expect(node.roles).toEqual({})
    const newer = start(records, 2)
    expect(said(newer.actions)).toEqual([])
    expect(newer.node.roles.replica?.replicated.machineVersion).toBe(2)
  })

  it('and that is welcome keeps the founding, and says so', () => {
    const { node, actions, step } = start(BEFORE.slice(0, 2))
    const begun = { ...founding(), machineVersion: 4 }
    step({
      type: 'messages',
      envelopes: [{ from: 1, message: { type: 'welcome', founding: begun, isNew: true } }],
    })
    expect(said(actions)).toEqual([outdated(4, 1)])
    expect(actions).toContainEqual({ type: 'persist', record: { type: 'founded', founding: begun } })
    expect(node.roles).toEqual({})
  })

  it('says so once, and hears nothing any more, whatever comes, also as a thawed copy', () => {
    const { node, step, sync, options } = start([...BEFORE, snapshotOf(2)])
    const prepare = {
      type: 'prepare',
      ballot: { round: 1, member: 1, incarnation: 1 },
      fromSlot: 1,
      version: 1,
    }
    const message = { type: 'messages', envelopes: [{ from: 1, message: prepare }] }
    expect(step(message)).toEqual([])
    expect(sync()).toEqual([])
    const thawed = Node.thaw(node.freeze(), options)
    expect(thawed.step({ ...message, nowMicros: 1, wallMicros: 1 } as unknown as NodeEvent)).toEqual([])
    expect(thawed.roles).toEqual({})
  })
})
