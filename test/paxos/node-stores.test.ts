// The Node and its store: it votes only with a store that a configuration names, and that misses nothing that it has
// vouched for.

import { describe, expect, it } from 'vitest'
import {
  type Action,
  type ClientRequest,
  type Message,
  type MessageOf,
  Node,
  type NodeEvent,
  type NodeId,
  type NodeOptions,
  type RefusedStore,
  type StoreRecord,
} from '../../src/paxos/index.js'
import { anyLedger, encoded } from '../support/ledger.js'
import { ballot, changing, decree, founding, opaque, storeOf, THREE, WALL_MICROS } from '../support/words.js'

const SELF = 1
const LIFE = 1

/** What a member finds in its store when it starts for the second time. */
const RECORDS: readonly StoreRecord[] = [
  { type: 'created', store: storeOf(SELF), member: SELF },
  { type: 'incarnation', incarnation: 1 },
  { type: 'founded', founding: founding() },
]

type Event = NodeEvent extends infer Each ? (Each extends NodeEvent ? Omit<Each, keyof At> : never) : never
interface At {
  readonly nowMicros: number
  readonly wallMicros: number
}

/** A node whose disk syncs at once. */
class Driven {
  node: Node
  readonly options: NodeOptions
  /** Everything that it did. */
  readonly actions: Action[] = []
  #written = 0
  #nowMicros = 0

  constructor(options: Partial<NodeOptions> = {}) {
    this.options = {
      self: SELF,
      machine: anyLedger,
      purpose: { type: 'join', contacts: THREE },
      draw: (low) => low,
      records: RECORDS,
      ...options,
    }
    this.node = new Node(this.options)
    this.step({ type: 'boot' })
  }

  step(event: Event): readonly Action[] {
    this.#nowMicros += 1
    const at = { nowMicros: this.#nowMicros, wallMicros: WALL_MICROS + this.#nowMicros }
    const actions = this.node.step({ ...event, ...at } as NodeEvent) // an event, with its time
    this.actions.push(...actions)
    this.#written += actions.filter(({ type }) => type === 'persist').length
    if (!this.node.writing) return actions
    return [...actions, ...this.step({ type: 'durable', count: this.#written })]
  }

  receive(from: NodeId, ...messages: readonly Message[]): readonly Action[] {
    return this.step({ type: 'messages', envelopes: messages.map((message) => ({ from, message })) })
  }

  request(request: ClientRequest): readonly Action[] {
    return this.step({ type: 'requests', requests: [request] })
  }

  /** Goes on as a thawed copy of itself. */
  thaw(): this {
    this.node = Node.thaw(this.node.freeze(), this.options)
    return this
  }

  get refusals(): { readonly reason: RefusedStore; readonly detail: string }[] {
    return this.actions.flatMap((action) =>
      action.type === 'observe' && action.observation.type === 'refused' ? [action.observation] : [],
    )
  }

  get votes(): boolean {
    return this.node.roles.acceptor !== undefined
  }
}

const sent = <Type extends Message['type']>(actions: readonly Action[], type: Type): MessageOf<Type>[] =>
  actions.flatMap((action) =>
    action.type === 'send' && action.message.type === type ? [action.message as MessageOf<Type>] : [],
  )

const prepare: Message = { type: 'prepare', ballot: ballot(1), fromSlot: 1, version: 1 }
const heartbeat = (decided: number, written = 0): Message => ({
  type: 'heartbeat',
  ballot: ballot(1),
  decided,
  round: 0,
  written,
})
const recognised = (leader: number | null = null): Message => ({ type: 'recognised', life: LIFE, leader })

describe('a member that starts again', () => {
  it('neither votes nor leads before it is recognised', () => {
    const driven = new Driven()
    expect(driven.votes).toBe(false)
    expect(sent(driven.receive(0, prepare), 'promise')).toEqual([])
    const deadlineMicros = driven.node.deadline('leader', 'election') ?? 0
    driven.step({ type: 'timer', role: 'leader', timer: 'election', deadlineMicros })
    const [question] = sent(driven.actions, 'prescout')
    const answer = {
      type: 'prescoutAnswer',
      question: question?.question ?? '',
      leader: null,
      decided: 0,
    } as const
    for (const from of [0, 2]) driven.receive(from, answer)
    expect(driven.node.roles.leader?.phase).toBe('asking')
  })

  it('votes as soon as it is', () => {
    const driven = new Driven()
    driven.receive(0, recognised())
    expect(driven.votes).toBe(true)
    expect(sent(driven.receive(0, prepare), 'promise')).toHaveLength(1)
  })

  it('waits for the leader too', () => {
    const driven = new Driven()
    driven.receive(0, recognised(2))
    expect(driven.votes).toBe(false)
    driven.receive(2, recognised(2))
    expect(driven.votes).toBe(true)
  })

  it('has its acceptor remember what its store holds', () => {
    const records: StoreRecord[] = [
      ...RECORDS,
      { type: 'accepted', ballot: ballot(6), slot: 1, decree: opaque(1), learned: 0 },
    ]
    const driven = new Driven({ records })
    driven.receive(0, recognised())
    expect(driven.node.roles.acceptor).toMatchObject({ promised: ballot(6), highestVote: 1 })
  })

  it('learns meanwhile, like a member that does not vote', () => {
    const driven = new Driven()
    expect(sent(driven.receive(0, heartbeat(4)), 'learning')).toEqual([
      { type: 'learning', ballot: ballot(1), store: storeOf(SELF), decided: 0 },
    ])
  })

  it('says how many records were ever written to its store, with that of this life', () => {
    expect(sent(new Driven().actions, 'returning')).toMatchObject([{ written: 4, store: storeOf(SELF) }])
  })

  it('remembers what a leader vouched for by its heartbeats', () => {
    const driven = new Driven()
    const returning = (life: number, written: number): Message => ({
      type: 'returning',
      life,
      store: storeOf(0),
      written,
    })
    driven.receive(0, heartbeat(0, 40))
    expect(sent(driven.receive(0, returning(1, 40)), 'rolledBack')).toMatchObject([{ written: 40 }])
    expect(sent(driven.receive(0, returning(2, 41)), 'recognised')).toHaveLength(1)
  })

  it('with what a snapshot left of its records counts those that are gone too', () => {
    const before = new Driven()
    before.receive(0, { type: 'fetched', fromSlot: 1, decrees: [opaque()], decided: 1 })
    before.step({ type: 'snapshot' })
    const cut = before.actions.flatMap((action) => (action.type === 'persist' ? [action.record] : [])).at(-1)
    expect(cut).toMatchObject({ type: 'snapshot', written: 6 })
    const after = new Driven({ records: [...RECORDS, ...(cut === undefined ? [] : [cut])] })
    expect(sent(after.actions, 'returning')).toMatchObject([{ written: 7 }])
    expect(after.node.roles.replica?.applied).toBe(1)
  })
})

describe('a member that founds a cluster, or is there when it is founded', () => {
  it('votes at once: it has vouched for nothing', () => {
    const seed = new Driven({ records: [], purpose: { type: 'seed', cluster: 7, voters: [SELF] } })
    expect(seed.votes).toBe(true)
    expect(sent(seed.actions, 'returning')).toEqual([])
    const joining = new Driven({ records: RECORDS.slice(0, 2) })
    joining.receive(0, { type: 'welcome', founding: founding(), isNew: true })
    expect(joining.votes).toBe(true)
  })
})

describe('a member that is welcome later', () => {
  it('votes only when others say that its store misses nothing: it may be one that was put back', () => {
    const driven = new Driven({ records: RECORDS.slice(0, 2) })
    const [asking] = sent(
      driven.receive(0, { type: 'welcome', founding: founding(), isNew: false }),
      'returning',
    )
    expect(asking).toMatchObject({ store: storeOf(SELF), written: 3 })
    expect(driven.votes).toBe(false)
    const before = driven.receive(0, { type: 'rolledBack', life: LIFE, written: 90 })
    expect(sent(before, 'returning')).toEqual([])
    expect(driven.refusals).toMatchObject([{ reason: 'rolled-back' }])
    expect(driven.votes).toBe(false)
  })
})

describe('a newcomer', () => {
  const NEW = 3
  const records: readonly StoreRecord[] = [{ type: 'created', store: storeOf(NEW), member: NEW }]
  const fetched = (...decrees: readonly Uint8Array[]): Message => ({
    type: 'fetched',
    fromSlot: 1,
    decrees,
    decided: decrees.length,
  })

  it('learns, and votes only when a decree that it has applied names it with its store', () => {
    const driven = new Driven({ self: NEW, records })
    driven.receive(0, { type: 'welcome', founding: founding(), isNew: false })
    for (const from of [0, 1]) driven.receive(from, { type: 'recognised', life: LIFE, leader: null })
    expect(driven.votes).toBe(false)
    expect(sent(driven.receive(0, heartbeat(1)), 'learning')).toHaveLength(1)
    driven.receive(0, fetched(decree([changing([0, 1, 2, NEW])])))
    expect(driven.votes).toBe(true)
    expect(driven.refusals).toEqual([])
  })

  it('that is named with another store may never vote', () => {
    const driven = new Driven({
      self: NEW,
      records: [{ type: 'created', store: 555, member: NEW }],
    })
    driven.receive(
      0,
      { type: 'welcome', founding: founding(), isNew: false },
      fetched(decree([changing([0, 1, 2, NEW])])),
    )
    expect(driven.votes).toBe(false)
    expect(driven.refusals).toMatchObject([{ reason: 'turned-away' }])
  })
})

describe('a member that is removed', () => {
  it('goes on voting on what it may be needed for, and leads nowhere any more', () => {
    const driven = new Driven({ settings: { alpha: 1 } })
    driven.receive(0, recognised())
    const decrees = [decree([changing([0, 2])])]
    driven.receive(0, { type: 'fetched', fromSlot: 1, decrees, decided: 1 })
    expect(driven.votes).toBe(true)
    expect(driven.node.voting).toBe(false)
    expect(driven.refusals).toEqual([])
  })
})

describe('a store that may not vote', () => {
  const advice =
    'Member 1 cannot vote with this store again: remove it, and admit a new member with a number above 2 and an empty store.'
  const adviceOfNobody = advice.replace('a number above 2', 'a number that no member ever had')

  it.each<[string, readonly StoreRecord[], RefusedStore, string]>([
    ['is damaged', [...RECORDS, { type: 'damaged' }], 'damaged', 'A record in the store cannot be read.'],
    [
      "is another member's",
      [{ type: 'created', store: storeOf(2), member: 2 }, ...RECORDS.slice(1)],
      'foreign',
      'The store belongs to member 2.',
    ],
  ])('because it %s begins nothing, writes nothing, and says so', (_name, records, reason, detail) => {
    const driven = new Driven({ records })
    expect(driven.refusals).toEqual([{ type: 'refused', reason, detail: `${detail} ${adviceOfNobody}` }])
    expect(driven.actions).toHaveLength(1)
    expect(driven.node.roles).toEqual({})
    expect(driven.receive(0, prepare, heartbeat(0))).toEqual([])
    expect(driven.request({ type: 'command', client: 0, reference: 1, command: encoded('x') })).toEqual([])
  })

  it('because it was rolled back says so, writes that down, and does nothing more, whatever comes later', () => {
    const driven = new Driven()
    driven.receive(0, { type: 'rolledBack', life: LIFE, written: 50 })
    expect(driven.refusals.map(({ reason, detail }) => [reason, detail])).toEqual([
      [
        'rolled-back',
        `The store held 4 records when it was opened, and has vouched for 50: it was put back to an earlier state. ${advice}`,
      ],
    ])
    for (const from of [0, 2]) driven.receive(from, recognised())
    expect(driven.votes).toBe(false)
    expect(sent(driven.receive(0, prepare), 'promise')).toEqual([])
    expect(driven.receive(0, heartbeat(3))).toEqual([])
    const records = driven.actions.flatMap((action) => (action.type === 'persist' ? [action.record] : []))
    expect(records).toContainEqual({ type: 'refused', reason: 'rolled-back' })
  })

  it('because the cluster knows its number with another does not vote, and says so once', () => {
    const driven = new Driven()
    for (const from of [0, 2]) driven.receive(from, { type: 'turnedAway', cluster: 7, store: storeOf(SELF) })
    driven.receive(0, recognised())
    expect(driven.votes).toBe(false)
    expect(driven.refusals.map(({ reason }) => reason)).toEqual(['turned-away'])
  })

  it('is found out also when it votes already: it stops', () => {
    const driven = new Driven()
    driven.receive(0, recognised())
    driven.receive(2, { type: 'turnedAway', cluster: 7, store: storeOf(SELF) })
    expect(driven.votes).toBe(false)
    expect(driven.node.voting).toBe(false)
  })
})

describe('a node that is frozen and thawed', () => {
  it.each([
    ['while it is not recognised', (driven: Driven) => driven],
    ['when it is', (driven: Driven) => driven.receive(0, recognised())],
    [
      'when it is refused',
      (driven: Driven) => driven.receive(0, { type: 'rolledBack', life: 1, written: 9 }),
    ],
  ])('goes on as it was: %s', (_name, prepareIt) => {
    const [plain, thawed] = [new Driven(), new Driven()]
    for (const driven of [plain, thawed]) prepareIt(driven)
    thawed.thaw()
    for (const driven of [plain, thawed]) {
      driven.receive(0, recognised(), prepare, heartbeat(3))
      driven.receive(2, recognised(), prepare)
    }
    expect(thawed.votes).toBe(plain.votes)
    expect(thawed.actions).toEqual(plain.actions)
    expect(thawed.node.freeze()).toEqual(plain.node.freeze())
  })

  it('in the middle of a snapshot on its way goes on with it', () => {
    const chunk = { type: 'snapshotChunk', slot: 5, checksum: 1, total: 20, offset: 0 } as const
    const driven = new Driven()
    driven.receive(0, { ...chunk, chunk: new Uint8Array(10) })
    driven.thaw()
    expect(driven.node.roles.replica?.incoming).toMatchObject({ slot: 5, received: 10 })
  })
})

describe('a driver', () => {
  it('may ask for a snapshot, of which there is none before something is applied', () => {
    const driven = new Driven()
    expect(driven.step({ type: 'snapshot' })).toEqual([])
    driven.receive(0, { type: 'fetched', fromSlot: 1, decrees: [opaque()], decided: 1 })
    const written = driven.step({ type: 'snapshot' })
    expect(written[0]).toMatchObject({ type: 'persist', record: { type: 'snapshot', slot: 1 } })
  })

  it('may ask for another leader, wherever it asks', () => {
    const driven = new Driven()
    driven.receive(0, recognised())
    driven.receive(2, { ...heartbeat(0), ballot: ballot(1, 2) } as Message)
    expect(driven.step({ type: 'transfer', to: 0 })).toMatchObject([
      { type: 'send', to: 2, message: { type: 'transfer', to: 0 } },
    ])
  })

  it('may ask both of a node that has no such role yet: nothing happens', () => {
    const driven = new Driven({ records: [] })
    expect(driven.step({ type: 'snapshot' })).toEqual([])
    expect(driven.step({ type: 'transfer', to: null })).toEqual([])
  })
})
