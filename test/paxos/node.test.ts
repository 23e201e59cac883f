// The Node: what leaves it and when, what it takes in, and that it does nothing else.

import { describe, expect, it } from 'vitest'
import {
  Acceptor,
  type Action,
  type ClientRequest,
  DEFAULT_ROLES,
  DEPARTURE,
  type Message,
  Node,
  type NodeOptions,
  ROUTES,
  type RoleName,
  type StoreRecord,
} from '../../src/paxos/index.js'
import { Bench } from '../support/bench.js'
import { anyLedger, encoded } from '../support/ledger.js'
import { ballot, founding, opaque, storeOf, THREE, WALL_MICROS } from '../support/words.js'

const SELF = 1

/** What a member finds in its store when it starts for the second time. */
const RECORDS: readonly StoreRecord[] = [
  { type: 'created', store: storeOf(SELF), member: SELF },
  { type: 'incarnation', incarnation: 1 },
  { type: 'founded', founding: founding() },
]

/** What the first other member tells it then: a quorum misses nothing in its store, so it may vote. */
const RECOGNISED: Message = { type: 'recognised', life: 1, leader: null }

/** A node and its driver: every event comes a microsecond after the one before. */
class Driven {
  readonly node: Node
  #nowMicros = 0

  constructor(options: Partial<NodeOptions> = {}) {
    this.node = new Node({
      self: SELF,
      machine: anyLedger,
      purpose: { type: 'join', contacts: THREE },
      draw: (low) => low,
      records: RECORDS,
      ...options,
    })
  }

  /** A member that is up. */
  static awake(options: Partial<NodeOptions> = {}): Driven {
    const driven = new Driven(options)
    driven.boot()
    driven.durable(1)
    driven.receive(RECOGNISED)
    return driven
  }

  #now(): { readonly nowMicros: number; readonly wallMicros: number } {
    this.#nowMicros += 1
    return { nowMicros: this.#nowMicros, wallMicros: WALL_MICROS + this.#nowMicros }
  }

  boot(): readonly Action[] {
    return this.node.step({ ...this.#now(), type: 'boot' })
  }

  durable(count: number): readonly Action[] {
    return this.node.step({ ...this.#now(), type: 'durable', count })
  }

  ring(role: RoleName, timer: string, deadlineMicros: number): readonly Action[] {
    return this.node.step({ ...this.#now(), type: 'timer', role, timer, deadlineMicros })
  }

  request(reference: number): readonly Action[] {
    return this.requests([{ type: 'command', client: 0, reference, command: encoded('x') }])
  }

  requests(requests: readonly ClientRequest[]): readonly Action[] {
    return this.node.step({ ...this.#now(), type: 'requests', requests })
  }

  receive(...messages: readonly Message[]): readonly Action[] {
    const envelopes = messages.map((message) => ({ from: 0, message }))
    return this.node.step({ ...this.#now(), type: 'messages', envelopes })
  }
}

const accept = (slot: number): Message => ({
  type: 'accept',
  ballot: ballot(1),
  slot,
  decree: opaque(slot),
  decided: 0,
})
const prepare = (round: number): Message => ({
  type: 'prepare',
  ballot: ballot(round),
  fromSlot: 1,
  version: 1,
})
const heartbeat: Message = { type: 'heartbeat', ballot: ballot(1), decided: 0, round: 0, written: 0 }

/** The types of the messages that leave for another node. */
const leaving = (actions: readonly Action[]) =>
  actions.flatMap((action) =>
    action.type === 'send' && action.to !== SELF && !isLocal(action.message) ? [action.message.type] : [],
  )
const isLocal = ({ type }: Message) => DEPARTURE[type] === 'local'

/** Roles on a bench, to look at their handlers. */
function handlersOf(name: RoleName): ReadonlySet<string> {
  const role = DEFAULT_ROLES[name](new Bench(), {}, anyLedger)
  const names = new Set<string>()
  for (let from: object = role; from !== Object.prototype; from = Object.getPrototypeOf(from)) {
    for (const property of Object.getOwnPropertyNames(from)) names.add(property)
  }
  return names
}

describe('routing', () => {
  it.each(Object.entries(ROUTES))('%s is heard by %j, each of which has a handler for it', (type, roles) => {
    expect(roles.length).toBeGreaterThan(0)
    for (const role of roles) expect(handlersOf(role).has(type), role).toBe(true)
  })

  it('is total, and says of every message when it leaves', () => {
    expect(Object.keys(DEPARTURE).sort()).toEqual(Object.keys(ROUTES).sort())
  })

  it('drops a message for a role that the node does not have', () => {
    expect(Driven.awake({ records: [] }).receive(accept(1), prepare(1), heartbeat)).toEqual([])
  })

  it.each(['coup', 'constructor', 'toString', '__proto__'])(
    'drops a message of type %s, and goes on',
    (type) => {
      const driven = Driven.awake()
      expect(driven.receive({ type } as unknown as Message)).toEqual([]) // a forgery
      expect(driven.receive(heartbeat)).not.toEqual([])
    },
  )

  it.each(Object.entries(DEPARTURE).filter(([, departure]) => departure === 'local'))(
    '%s from outside is ignored: only the node itself may say such a thing',
    (type) => {
      const driven = Driven.awake()
      const before = driven.node.freeze().roles
      const forged = {
        type,
        ballot: ballot(9),
        promised: ballot(9),
        decided: 9,
        slot: 9,
        decisions: [],
        votes: [],
        towards: 0,
        question: 'q',
      }
      expect(driven.receive(forged as unknown as Message)).toEqual([]) // a forgery
      expect(driven.node.freeze().roles).toEqual(before)
    },
  )
})

describe('a leader', () => {
  it('puts all that comes in one turn into one decree', () => {
    const driven = new Driven({ records: [], purpose: { type: 'seed', cluster: 7, voters: [SELF] } })
    driven.boot()
    for (const count of [2, 3, 4]) driven.durable(count)
    const requests = [1, 2, 3].map(
      (reference) => ({ type: 'command', client: reference, reference, command: encoded('x') }) as const,
    )
    const written = driven.requests(requests).filter(({ type }) => type === 'persist')
    expect(written).toHaveLength(1)
  })
})

describe('a vouching message', () => {
  it('waits until everything that its node wrote before it is durable (Paxos Made Simple, section 2.5)', () => {
    const driven = Driven.awake()
    expect(leaving(driven.receive(accept(1)))).toEqual([])
    expect(leaving(driven.receive(accept(2)))).toEqual([])
    expect(leaving(driven.durable(2)), 'only the promise').toEqual([])
    expect(leaving(driven.durable(3))).toEqual(['accepted'])
    expect(leaving(driven.durable(4))).toEqual(['accepted'])
  })

  it('does not wait for what is written after it', () => {
    const driven = Driven.awake()
    driven.receive(accept(1))
    driven.receive(accept(2), accept(3))
    const [first] = driven.durable(3)
    expect(first).toMatchObject({ type: 'send', message: { type: 'accepted', slot: 1 } })
  })

  it('that is repeated while its write is in flight waits as well', () => {
    const driven = Driven.awake()
    driven.receive(prepare(1))
    expect(leaving(driven.receive(prepare(1), prepare(1)))).toEqual([])
    expect(leaving(driven.durable(2))).toEqual(['promise', 'promise', 'promise'])
  })

  it('leaves at once when nothing is being written', () => {
    const driven = Driven.awake()
    driven.receive(accept(1))
    driven.durable(3)
    expect(leaving(driven.receive(accept(1)))).toEqual(['accepted'])
  })

  it('keeps its order', () => {
    const driven = Driven.awake()
    driven.receive(accept(1), accept(2), prepare(2))
    expect(leaving(driven.durable(5))).toEqual(['accepted', 'accepted', 'promise'])
  })

  it('turns nobody away on the strength of a founding that a crash may still undo', () => {
    const driven = new Driven({ records: [], purpose: { type: 'seed', cluster: 7, voters: [0, SELF] } })
    driven.boot()
    driven.durable(2)
    const join = (store: number): Message => ({ type: 'join', store })
    expect(leaving(driven.receive(join(555), join(556)))).toEqual([])
    expect(leaving(driven.durable(3))).toContain('turnedAway')
  })

  it('to the node itself waits too: a leader does not count its own vote before it is durable', () => {
    const alone = { type: 'seed', cluster: 7, voters: [SELF] } as const
    const driven = new Driven({ records: [], purpose: alone })
    driven.boot()
    driven.durable(2)
    expect(driven.node.roles.leader?.phase).toBe('following')
    driven.durable(3)
    expect(driven.node.roles.leader?.phase).toBe('scouting')
    driven.durable(4)
    expect(driven.node.roles.leader?.phase).toBe('leading')
    driven.request(1)
    expect(driven.node.roles.replica?.applied).toBe(0)
    driven.durable(5)
    expect(driven.node.roles.replica?.applied).toBe(1)
  })

  it('over the bound of what may wait is dropped, to be asked for again', () => {
    const driven = Driven.awake({ settings: { heldLimit: 2 } })
    driven.receive(accept(1), accept(2), accept(3))
    expect(leaving(driven.durable(4))).toEqual(['accepted', 'accepted'])
  })
})

describe('a store', () => {
  it('holds what was found in it and what was written since; of the latter only what was synced is durable', () => {
    const driven = new Driven()
    const counts = () => [driven.node.recordsWritten, driven.node.recordsDurable]
    driven.boot()
    expect(counts()).toEqual([4, 3])
    driven.durable(1)
    driven.receive(RECOGNISED)
    expect(counts()).toEqual([4, 4])
    driven.receive(prepare(1), accept(1))
    expect(counts()).toEqual([6, 4])
    driven.durable(2)
    expect(counts()).toEqual([6, 5])
  })
})

describe('a store that owes a sync', () => {
  it('owes it since the oldest record that is not durable was written, or since the last sync', () => {
    const driven = Driven.awake()
    const owes = () => driven.node.stalledMicros
    expect(owes()).toBe(0)
    driven.receive(accept(1))
    for (let turn = 0; turn < 5; turn++) driven.receive(heartbeat)
    expect(owes()).toBe(5)
    driven.receive(accept(2))
    driven.durable(3)
    expect(owes()).toBe(0)
    driven.receive(heartbeat)
    expect(owes()).toBe(1)
    driven.durable(4)
    driven.receive(heartbeat)
    expect(owes()).toBe(0)
  })
})

describe('a free message', () => {
  it('leaves at once, also while a write is in flight', () => {
    const driven = Driven.awake()
    driven.receive(accept(1))
    expect(leaving(driven.receive(heartbeat))).toEqual(['heartbeatAck'])
    expect(leaving(driven.receive(prepare(0)))).toEqual(['prepareRejected'])
  })
})

describe('a node that starts', () => {
  it('sends nothing, and takes nothing in, before its incarnation is durable', () => {
    const driven = new Driven()
    expect(driven.boot()).toEqual([{ type: 'persist', record: { type: 'incarnation', incarnation: 2 } }])
    expect(driven.receive(prepare(1), accept(1), heartbeat)).toEqual([])
    expect(driven.durable(0)).toEqual([])
    expect(driven.node.roles).toEqual({})
    driven.durable(1)
    expect(Object.keys(driven.node.roles)).toEqual(['requester', 'leader', 'replica', 'initializer'])
  })

  it('with a blank store gives it an identity first, and neither is spoken of before both are durable', () => {
    const draws: [number, number][] = []
    const draw = (low: number, high: number) => {
      draws.push([low, high])
      return high
    }
    const driven = new Driven({ records: [], draw })
    expect(driven.boot()).toEqual([
      { type: 'persist', record: { type: 'created', store: Number.MAX_SAFE_INTEGER, member: SELF } },
      { type: 'persist', record: { type: 'incarnation', incarnation: 1 } },
    ])
    expect(driven.durable(1)).toEqual([])
    expect(leaving(driven.durable(2))).toEqual(['join'])
  })

  it('keeps the requests that come too early', () => {
    const driven = new Driven()
    driven.boot()
    expect(driven.request(1)).toEqual([])
    const sent = driven.durable(1).filter((action) => action.type === 'send')
    expect(sent[0]).toMatchObject({ to: SELF, message: { type: 'request' } })
  })

  it('goes by its store rather than by its purpose: a seed founds no second cluster', () => {
    const driven = Driven.awake({ purpose: { type: 'seed', cluster: 8, voters: [SELF] } })
    expect(driven.node.founding).toEqual(founding())
    expect(driven.node.roles.seed).toBeUndefined()
    expect(driven.node.roles.leader?.phase).toBe('following')
  })

  it('with a promise in its store keeps it', () => {
    const records: readonly StoreRecord[] = [...RECORDS, { type: 'promised', ballot: ballot(6) }]
    const driven = Driven.awake({ records })
    expect(leaving(driven.receive(prepare(5)))).toEqual(['prepareRejected'])
    expect(driven.node.roles.leader?.highestRound).toBe(6)
  })

  it('only to request needs no store, and is no member', () => {
    const purpose = { type: 'request', contacts: THREE, incarnation: 4 } as const
    const driven = new Driven({ self: 9, records: [], purpose })
    driven.boot()
    expect(driven.request(1)).toContainEqual(
      expect.objectContaining({ type: 'send', to: 0, message: expect.objectContaining({ type: 'request' }) }),
    )
    expect(Object.keys(driven.node.roles)).toEqual(['requester'])
  })

  it('cannot found a cluster of which it is no voter', () => {
    expect(() => new Driven({ purpose: { type: 'seed', cluster: 7, voters: [0, 2] } })).toThrow(RangeError)
  })
})

describe('a timer', () => {
  it('rings once', () => {
    const driven = Driven.awake()
    const deadline = driven.node.deadline('leader', 'election') ?? 0
    expect(driven.ring('leader', 'election', deadline)).not.toEqual([])
    expect(driven.ring('leader', 'election', deadline)).toEqual([])
  })

  it('that was replaced, cancelled, or belongs to a role that is gone does nothing', () => {
    const driven = Driven.awake()
    const first = driven.node.deadline('leader', 'election') ?? 0
    driven.ring('leader', 'election', first)
    expect(driven.node.deadline('leader', 'election')).not.toBe(first)
    const before = driven.node.freeze().roles
    expect(driven.ring('leader', 'election', first)).toEqual([])
    expect(driven.ring('leader', 'heartbeat', 5)).toEqual([])
    expect(driven.ring('scout', 'resend', 5)).toEqual([])
    expect(driven.node.freeze().roles).toEqual(before)
  })

  it('of a role ends with it', () => {
    const driven = Driven.awake({ records: RECORDS.slice(0, 2) })
    expect(driven.node.deadline('initializer', 'join')).toBeDefined()
    driven.receive({ type: 'welcome', founding: founding(), isNew: true })
    expect(driven.node.deadline('initializer', 'join')).toBeUndefined()
  })
})

describe('roles', () => {
  it('are injected: one can be swapped without touching another', () => {
    const made: string[] = []
    const driven = Driven.awake({
      roles: {
        acceptor: (context, start) => {
          made.push('acceptor')
          return new (class Recorder extends Acceptor {})(context, start)
        },
      },
    })
    expect(made).toEqual(['acceptor'])
    expect(driven.node.roles.acceptor?.constructor.name).toBe('Recorder')
    expect(driven.node.roles.leader?.constructor.name).toBe('Leader')
  })
})

describe('a node in which a role throws', () => {
  it('takes no further turn: what it had done in that one is lost', () => {
    const driven = Driven.awake({
      roles: {
        acceptor: (context, start) =>
          new (class extends Acceptor {
            override prepare(): void {
              throw new Error('broken')
            }
          })(context, start),
      },
    })
    expect(() => driven.receive(prepare(1))).toThrow('broken')
    expect(() => driven.receive(heartbeat)).toThrow('start it again from its store')
    expect(() => driven.node.freeze()).toThrow('start it again from its store')
  })
})

describe('what a node is made with', () => {
  const make = (options: Partial<NodeOptions>) => () =>
    new Node({
      self: 0,
      machine: anyLedger,
      purpose: { type: 'join', contacts: [1] },
      draw: (low) => low,
      ...options,
    })

  it.each([
    [{ settings: { resendMicros: 0 } }, 'resendMicros must be a whole number above 0, and 0 is not'],
    [{ settings: { alpha: Number.NaN } }, 'alpha must be a whole number above 0, and NaN is not'],
    [{ settings: { alfa: 3 } as object }, 'There is no setting alfa'],
    [{ purpose: { type: 'seed', cluster: 1, voters: [1, 2] } as const }, 'no voter'],
    [{ purpose: { type: 'seed', cluster: 1, voters: [0, 0, 1.5] } as const }, 'different whole numbers'],
    [{ purpose: { type: 'request', contacts: [], incarnation: 1 } as const }, 'name a contact'],
  ])('is refused with a sentence: %o', (options, sentence) => {
    expect(make({})).not.toThrow()
    expect(make(options)).toThrow(sentence)
  })
})
