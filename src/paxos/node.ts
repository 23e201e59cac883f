/**
 * A node: holds roles, routes messages to them, and collects what they want done.
 *
 * A driver feeds it events, each with the time, and carries out the actions that come out, in their order. The node
 * never calls the world. The same class runs in the simulated world, over TCP, and in a web page.
 *
 * What a driver must do:
 * - begin with `boot`, after giving the node every record that its store holds;
 * - write `persist` records in order, and report with `durable` how many of them no crash can undo;
 * - deliver `send` to every recipient but the node itself, which has had it already; it may lose, delay, duplicate
 *   and reorder;
 * - report `timer` when a deadline has come. A deadline that was replaced meanwhile does no harm;
 * - if it says `keepsSnapshots`, write what is to be kept, and report `kept`.
 */

import type { Action, Observation, RefusedStore } from './actions.js'
import { type Ballot, type MemberId, NO_BALLOT, type NodeId } from './ballot.js'
import type { Slot } from './decree.js'
import { MachineOutdated } from './errors.js'
import type { Envelope, NodeEvent } from './events.js'
import { DEFAULT_ROLES, type RoleFactories, type Roles } from './factories.js'
import { type AnyMachine, versionOf } from './machine.js'
import {
  foundingMembership,
  isVoter,
  type Membership,
  membersOf,
  NO_MEMBERSHIP,
  storesOf,
} from './membership.js'
import type { Founding, Message, MessageType } from './messages.js'
import { clonePlain } from './plain.js'
import { checkPurpose, type Purpose } from './purpose.js'
import { type Recovered, recover, type StoreRecord } from './records.js'
import type { Induction, Role, RoleContext } from './role.js'
import { type ClientRequest, overloaded } from './roles/requester.js'
import { DEPARTURE, ROUTES, type RoleName } from './routing.js'
import { completeSettings, type Micros, type Settings } from './settings.js'
import type { RoleStarts } from './starts.js'

export interface NodeOptions {
  readonly self: NodeId
  readonly machine: AnyMachine
  readonly purpose: Purpose
  /**
   * Draws a whole number from `low` to `high`, both included: how the driver spreads timers. `what` names what it is
   * for: `role timer`, or `store` and `life` for what names a blank store, and a life of a client's node.
   */
  readonly draw: (low: number, high: number, what: string) => number
  readonly roles?: Partial<RoleFactories>
  readonly settings?: Partial<Settings>
  /** What the store holds, in the order of writing. */
  readonly records?: Iterable<StoreRecord>
  /**
   * The driver writes large snapshots to disk before they are persisted: see the action `keep`. Default: it does not, and
   * whatever is persisted after a snapshot waits until that is on the disk.
   */
  readonly keepsSnapshots?: boolean
}

type Send = Extract<Action, { type: 'send' }>

/** A vouching message that waits until `written` records are durable. */
interface Held {
  readonly written: number
  readonly send: Send
}

/** A node as plain data. */
export interface FrozenNode {
  readonly fields: NodeFields
  readonly roles: { readonly [Name in RoleName]?: Readonly<Record<string, unknown>> }
}

interface NodeFields {
  incarnation: number
  /** The identity of the store; 0 for a node that has none. */
  store: number
  founding: Founding | null
  membership: Membership
  /** The members of its configurations, and the others that this node may turn to. */
  members: readonly MemberId[]
  others: readonly MemberId[]
  /** The store misses nothing that it has vouched for. */
  recognised: boolean
  /** Why the store may not vote; null as long as nothing speaks against it. */
  refusal: RefusedStore | null
  /** The version that the machine must know before this node goes on, and does not; 0 as long as it knows enough. */
  neededVersion: number
  /** Booted, and the incarnation is durable. */
  awake: boolean
  nowMicros: Micros
  wallMicros: Micros
  /** Records written before this life. */
  writtenBefore: number
  /** Records written in this life, and how many of them are durable. */
  written: number
  durable: number
  /** How long the store has owed a sync: since the oldest of those records was written, or since the last sync. */
  owedSinceMicros: Micros
  /** What waits for the disk, in the order of sending. */
  held: Held[]
  /** The deadline of every timer that is set, by `role timer`. */
  timers: Map<string, Micros>
  /** Requests that came before the node was awake. */
  early: ClientRequest[]
  /** What the store held, until the acceptor has it. */
  recovered: Recovered | null
}

/** The roles that a node has at the moment. */
type NodeRoles = { readonly [Name in RoleName]?: Roles[Name] }

export class Node implements RoleContext {
  readonly self: NodeId
  readonly settings: Settings
  readonly knownVersion: number
  readonly #options: NodeOptions
  readonly #factories: RoleFactories
  #fields: NodeFields
  #roles: NodeRoles = {}
  /** Who hears the messages of a type, as far as that was asked since the roles last changed; see ROUTES. */
  readonly #hearing: Map<MessageType, readonly (Hears | undefined)[]> = new Map()
  #actions: Action[] = []
  /** Set between the beginning of a turn and its end: still set afterwards, the turn threw. */
  #inTurn = false
  /** The store that each voter's number is bound to, as the membership says. */
  #stores: Map<MemberId, number> = new Map()
  /** Messages from this node to itself, delivered within the turn. */
  #local: Message[] = []

  constructor(options: NodeOptions) {
    checkPurpose(options.self, options.purpose)
    this.self = options.self
    this.settings = completeSettings(options.settings)
    this.knownVersion = versionOf(options.machine)
    this.#options = options
    this.#factories = { ...DEFAULT_ROLES, ...options.roles }
    const recovered = recover(options.records ?? [])
    this.#fields = {
      incarnation: 0,
      store: 0,
      founding: null,
      membership: NO_MEMBERSHIP,
      members: [],
      others: [],
      recognised: false,
      refusal: null,
      neededVersion: 0,
      awake: false,
      nowMicros: 0,
      wallMicros: 0,
      writtenBefore: recovered.written,
      written: 0,
      durable: 0,
      owedSinceMicros: 0,
      held: [],
      timers: new Map(),
      early: [],
      recovered,
    }
  }

  /**
   * One turn: takes in an event, and returns what the driver is to do, in this order.
   *
   * If a role throws, what the turn had done is lost, and with it the link between this node and its store; so the
   * node refuses every later turn. Start it again from its store.
   */
  step(event: NodeEvent): Action[] {
    this.#checkWhole()
    this.#inTurn = true
    this.#fields.nowMicros = event.nowMicros
    this.#fields.wallMicros = event.wallMicros
    this.#actions = []
    switch (event.type) {
      case 'boot':
        this.#boot()
        break
      case 'messages':
        if (this.#fields.awake) for (const envelope of event.envelopes) this.#receive(envelope)
        break
      case 'timer':
        this.#fire(event.role, event.timer, event.deadlineMicros)
        break
      case 'durable':
        this.#release(event.count)
        break
      case 'requests':
        this.#request(event.requests)
        break
      case 'contacts':
        this.roles.requester?.turnTo(event.members)
        break
      case 'transfer':
        this.roles.leader?.transfer(this.self, { type: 'transfer', to: event.to })
        break
      case 'lost':
        this.roles.leader?.lost(event.member)
        break
      case 'kept':
        this.roles.replica?.snapshotKept(event.slot)
        break
      case 'snapshot':
        this.roles.replica?.takeSnapshot()
        break
    }
    this.#deliverLocal()
    this.roles.leader?.settled()
    this.#deliverLocal()
    if (this.#fields.neededVersion > 0 && this.#fields.awake) this.#stop()
    this.#inTurn = false
    return this.#actions
  }

  #checkWhole(): void {
    if (!this.#inTurn) return
    throw new Error(
      'The last turn of this node is not over, or threw; if it threw, start it again from its store.',
    )
  }

  /** The deadline of a timer, or undefined if it is not set. */
  deadline(role: RoleName, timer: string): Micros | undefined {
    return this.#fields.timers.get(timerName(role, timer))
  }

  /** The whole node as plain data; it shares nothing with the node. */
  freeze(): FrozenNode {
    return clonePlain(this.plain)
  }

  /** The same, but shared with the node: to be read, and before its next turn. */
  get plain(): FrozenNode {
    this.#checkWhole()
    const roles: Record<string, Readonly<Record<string, unknown>>> = {}
    for (const [name, role] of Object.entries(this.roles)) roles[name] = { ...role }
    return { fields: this.#fields, roles }
  }

  /** The node that was frozen, with the same options (its records are not read again). */
  static thaw(frozen: FrozenNode, options: NodeOptions): Node {
    const node = new Node({ ...options, records: [] })
    const { fields, roles } = clonePlain(frozen)
    node.#fields = fields
    node.#stores = storesOf(fields.membership)
    for (const [name, state] of Object.entries(roles)) {
      Object.assign(node.#make(name as RoleName, {}), state) // the keys of `roles` are role names
    }
    return node
  }

  /** The roles that this node has at the moment. */
  get roles(): NodeRoles {
    return this.#roles
  }

  // ---- what roles see ------------------------------------------------------------------------------------------

  get incarnation(): number {
    return this.#fields.incarnation
  }

  get nowMicros(): Micros {
    return this.#fields.nowMicros
  }

  get wallMicros(): Micros {
    return this.#fields.wallMicros
  }

  get membership(): Membership {
    return this.#fields.membership
  }

  get members(): readonly MemberId[] {
    return this.#fields.members
  }

  get others(): readonly MemberId[] {
    return this.#fields.others
  }

  get voting(): boolean {
    return this.#fields.recognised && this.#isNamed()
  }

  get store(): number {
    return this.#fields.store
  }

  get promisedBallot(): Ballot {
    return this.roles.acceptor?.promised ?? this.#fields.recovered?.promised ?? NO_BALLOT
  }

  get recordsWritten(): number {
    return this.#fields.writtenBefore + this.#fields.written
  }

  get recordsDurable(): number {
    return this.#fields.writtenBefore + this.#fields.durable
  }

  get founding(): Founding | null {
    return this.#fields.founding
  }

  /** How many messages wait for the disk. */
  get held(): number {
    return this.#fields.held.length
  }

  get writing(): boolean {
    return this.#fields.durable < this.#fields.written
  }

  get stalledMicros(): Micros {
    return this.writing ? this.nowMicros - this.#fields.owedSinceMicros : 0
  }

  send(role: RoleName, to: NodeId | readonly NodeId[], message: Message): void {
    const send: Send = { type: 'send', role, to, message }
    if (DEPARTURE[message.type] === 'vouching' && this.writing) {
      const { held, written } = this.#fields
      if (held.length < this.settings.heldLimit) held.push({ written, send })
      return
    }
    this.#depart(send)
  }

  persist(record: StoreRecord): void {
    if (!this.writing) this.#fields.owedSinceMicros = this.nowMicros
    this.#fields.written += 1
    this.#actions.push({ type: 'persist', record })
  }

  keep(slot: Slot, data: Uint8Array): boolean {
    if (this.#options.keepsSnapshots !== true) return false
    this.#actions.push({ type: 'keep', slot, data })
    return true
  }

  after(role: RoleName, timer: string, lowMicros: Micros, highMicros: Micros): void {
    const low = Math.max(0, lowMicros)
    const name = timerName(role, timer)
    const deadlineMicros = this.nowMicros + this.#options.draw(low, Math.max(low, highMicros), name)
    this.#fields.timers.set(name, deadlineMicros)
    this.#actions.push({ type: 'timer', role, timer, deadlineMicros })
  }

  cancel(role: RoleName, timer: string): void {
    this.#fields.timers.delete(timerName(role, timer))
  }

  become<Name extends RoleName>(role: Name, start: RoleStarts[Name]): void {
    this.retire(role)
    const begun = this.#make(role, start)
    this.observe({ type: 'began', role })
    begun.begin()
  }

  retire(role: RoleName): void {
    if (this.roles[role] === undefined) return
    const { [role]: _, ...others } = this.#roles
    this.#setRoles(others)
    for (const timer of this.#fields.timers.keys()) {
      if (timer.startsWith(`${role} `)) this.#fields.timers.delete(timer)
    }
    this.observe({ type: 'ended', role })
  }

  induct(founding: Founding, way: Induction): void {
    const recovered = this.#fields.recovered ?? recover([])
    const { promised, decisions, snapshot, trimmed } = recovered
    const returning = way === 'returns'
    this.#fields.founding = founding
    this.#fields.recognised = !returning
    this.reconfigure(foundingMembership(founding.voters))
    this.become('leader', { round: promised.round, eager: way === 'founds' })
    try {
      this.become('replica', { founding, decisions, snapshot, trimmed })
    } catch (error) {
      if (!(error instanceof MachineOutdated)) throw error
      this.needVersion(error.version)
      return
    }
    const life = returning ? this.#options.draw(1, 0xffff_ffff, 'life') : 0
    this.become('initializer', { founding, returning, life, held: this.#fields.writtenBefore + 1 })
  }

  reconfigure(membership: Membership): void {
    this.#fields.membership = membership
    this.#fields.members = membersOf(membership.configurations)
    this.#fields.others = this.#findOthers()
    this.#stores = storesOf(membership)
    this.observe({ type: 'configured', applied: this.roles.replica?.applied ?? 0, membership })
    this.#vote()
  }

  recognise(): void {
    if (this.#fields.refusal !== null) return
    this.#fields.recognised = true
    this.#vote()
  }

  refuse(reason: RefusedStore, detail: string): void {
    if (this.#fields.refusal !== null) return
    // What is wrong with a foreign or damaged store, every boot sees again. The rest only the others know.
    if (reason === 'rolled-back' || reason === 'turned-away') this.persist({ type: 'refused', reason })
    this.#fields.refusal = reason
    this.#fields.recognised = false
    this.observe({ type: 'refused', reason, detail: `${detail} ${this.#replacementAdvice()}` })
    this.#sleep()
  }

  needVersion(version: number): void {
    this.#fields.neededVersion = version
  }

  observe(observation: Observation): void {
    this.#actions.push({ type: 'observe', observation })
  }

  // ---- turns ---------------------------------------------------------------------------------------------------

  /** The turn in which its machine proved too old ends like any other: what it did up to there is right. */
  #stop(): void {
    const {
      message: detail,
      version,
      known,
    } = new MachineOutdated(this.#fields.neededVersion, this.knownVersion)
    this.observe({ type: 'outdated', version, known, detail })
    this.#sleep()
  }

  /** It hears nothing any more, and no role is left. */
  #sleep(): void {
    this.#fields.awake = false
    for (const role of Object.keys(this.roles)) this.retire(role as RoleName) // the keys of `roles` are role names
  }

  /** Nothing is sent, and no role begins, before the new incarnation is durable. */
  #boot(): void {
    const { purpose } = this.#options
    if (purpose.type === 'request') {
      this.#fields.incarnation = purpose.incarnation
      this.#fields.recovered = null
      this.#wake()
      return
    }
    const { recovered } = this.#fields
    if (this.#refusesStore(recovered)) return
    this.#fields.store = recovered?.store ?? this.#createStore()
    this.#fields.incarnation = (recovered?.incarnation ?? 0) + 1
    this.persist({ type: 'incarnation', incarnation: this.#fields.incarnation })
  }

  /** A store that cannot be this member's, or not all of it: nobody begins. */
  #refusesStore(recovered: Recovered | null): boolean {
    if (recovered?.damaged) this.refuse('damaged', 'A record in the store cannot be read.')
    const owner = recovered?.member ?? this.self
    if (owner !== this.self) this.refuse('foreign', `The store belongs to member ${owner}.`)
    if (recovered?.refused != null) this.#refuseAgain(recovered.refused)
    return this.#fields.refusal !== null
  }

  #refuseAgain(reason: RefusedStore): void {
    this.#fields.refusal = reason
    const detail = `The store was refused before. ${this.#replacementAdvice()}`
    this.observe({ type: 'refused', reason, detail })
  }

  /** Gives a blank store its identity: 53 random bits. */
  #createStore(): number {
    const { draw } = this.#options
    const store = draw(0, 0x1f_ffff, 'store') * 0x1_0000_0000 + draw(0, 0xffff_ffff, 'store')
    this.persist({ type: 'created', store, member: this.self })
    return store
  }

  #wake(): void {
    this.#fields.awake = true
    const { purpose } = this.#options
    this.become('requester', purpose.type === 'request' ? { contacts: purpose.contacts } : {})
    const founding = this.#fields.recovered?.founding ?? null
    this.#request(this.#fields.early.splice(0))
    if (founding !== null) this.induct(founding, 'returns')
    else if (purpose.type === 'seed') this.become('seed', purpose)
    else if (purpose.type === 'join') this.become('initializer', { contacts: purpose.contacts })
  }

  /** Who was away for long, or is no member yet, may know only members that are gone; who runs it may know better. */
  #findOthers(): readonly MemberId[] {
    const { purpose } = this.#options
    const known = purpose.type === 'join' ? [...this.members, ...purpose.contacts] : this.members
    return [...new Set(known)].filter((member) => member !== this.self)
  }

  /** Whether a configuration names this member with this store. One that was lost is not that voter any more. */
  #isNamed(): boolean {
    return isVoter(this.#fields.membership.configurations, this.self, this.#fields.store)
  }

  /** Begins to vote, if this node may and does not yet. Who is removed goes on: it may be needed for the last slots. */
  #vote(): void {
    if (this.members.includes(this.self) && !this.#isNamed()) {
      this.refuse('turned-away', `Member ${this.self} is known with another store than this one.`)
      return
    }
    if (!this.voting || this.roles.acceptor !== undefined) return
    const { promised, votes } = this.#fields.recovered ?? recover([])
    // What the replica has trimmed since, while this node did not vote, no acceptor has heard of.
    const { trimmed = 0, applied: decided = 0 } = this.roles.replica ?? {}
    this.#fields.recovered = null
    this.become('acceptor', { promised, votes, trimmed, decided })
  }

  #replacementAdvice(): string {
    const above = this.#fields.membership.highestMember
    const number = above < 0 ? 'a number that no member ever had' : `a number above ${above}`
    return `Member ${this.self} cannot vote with this store again: remove it, and admit a new member with ${number} and an empty store.`
  }

  #request(requests: readonly ClientRequest[]): void {
    const { requester } = this.roles
    if (requester !== undefined) for (const request of requests) requester.take(request)
    else for (const request of requests) this.#keep(request)
  }

  /** For when it is awake; as many as a requester would keep. */
  #keep(request: ClientRequest): void {
    const { early } = this.#fields
    if (early.length < this.settings.queueLimit) early.push(request)
    else this.observe(overloaded(request, this.settings.queueLimit))
  }

  #receive({ from, store, message }: Envelope): void {
    if (!FOREIGN.has(message.type)) return
    if (store !== undefined && (this.#stores.get(from) ?? store) !== store)
      this.#turnAway(from, store, message)
    else this.#route(from, message)
    this.#deliverLocal()
  }

  /** Its number is bound to another store: it is not that member, whatever it says. */
  #turnAway(from: NodeId, store: number, { type }: Message): void {
    const { founding } = this.#fields
    if (founding === null || type === 'turnedAway') return
    this.send('initializer', from, { type: 'turnedAway', cluster: founding.cluster, store })
  }

  #fire(role: RoleName, timer: string, deadlineMicros: Micros): void {
    if (this.deadline(role, timer) !== deadlineMicros) return
    this.cancel(role, timer)
    this.roles[role]?.timer(timer)
  }

  #release(count: number): void {
    this.#fields.durable = count
    this.#fields.owedSinceMicros = this.nowMicros
    if (!this.#fields.awake && !this.writing && this.#mayWake()) this.#wake()
    const { held } = this.#fields
    const waiting = held.findIndex(({ written }) => written > count)
    this.#fields.held = waiting === -1 ? [] : held.splice(waiting)
    for (const { send } of held) this.#depart(send)
    this.#deliverLocal()
    if (this.writing) return
    this.roles.leader?.written()
  }

  #mayWake(): boolean {
    return this.#fields.refusal === null && this.#fields.neededVersion === 0
  }

  #depart(send: Send): void {
    this.#actions.push(send)
    const { to, message } = send
    if (typeof to === 'number' ? to === this.self : to.includes(this.self)) this.#local.push(message)
  }

  #deliverLocal(): void {
    const local = this.#local
    if (local.length === 0) return
    for (const message of local) this.#route(this.self, message) // also those that come meanwhile
    local.length = 0
  }

  #route(from: NodeId, message: Message): void {
    const { type } = message
    const { roles } = this
    const hearing = this.#hearing.get(type) ?? this.#findHearing(type)
    for (let at = 0; at < hearing.length; at++) {
      if (this.roles !== roles) {
        this.#routeAnew(from, message, at) // a role began or ended meanwhile
        return
      }
      const hears = hearing[at]
      if (hears !== undefined) hears.handler.call(hears.role, from, message)
    }
  }

  #routeAnew(from: NodeId, message: Message, first: number): void {
    for (const name of ROUTES[message.type].slice(first))
      handlersOf(this.roles[name])?.[message.type]?.(from, message)
  }

  #findHearing(type: MessageType): readonly (Hears | undefined)[] {
    const hearing = ROUTES[type].map((name) => {
      const role = handlersOf(this.roles[name])
      const handler = role?.[type]
      return role && handler && { role, handler }
    })
    this.#hearing.set(type, hearing)
    return hearing
  }

  #make<Name extends RoleName>(name: Name, start: RoleStarts[Name]): Role {
    const role = this.#factories[name](this, start, this.#options.machine)
    this.#setRoles({ ...this.#roles, [name]: role }) // the factory of this name makes this role
    return role
  }

  #setRoles(roles: NodeRoles): void {
    this.#roles = roles
    this.#hearing.clear()
  }
}

/** A role, seen only as its handlers. */
type Handlers = { readonly [Type in MessageType]?: Handler }

type Handler = (from: NodeId, message: Message) => void

/** A role that hears messages of a type, and how. */
interface Hears {
  readonly role: Handlers
  readonly handler: Handler
}

/** ROUTES names only roles that have a handler of the message's type; TypeScript cannot follow the pair. */
function handlersOf(role: Roles[RoleName] | undefined): Handlers | undefined {
  return role as unknown as Handlers | undefined
}

/** What other nodes may send. What is of no known type, nobody hears; and local messages only a node itself may send. */
const FOREIGN: ReadonlySet<string> = new Set(
  Object.entries(DEPARTURE).flatMap(([type, departure]) => (departure === 'local' ? [] : [type])),
)

const TIMER_NAMES: Map<RoleName, Map<string, string>> = new Map()

/** `role timer`, made once: a text that is put together anew each time has to be hashed each time. */
function timerName(role: RoleName, timer: string): string {
  const names = TIMER_NAMES.get(role) ?? new Map<string, string>()
  const name = names.get(timer)
  if (name !== undefined) return name
  const made = `${role} ${timer}`
  TIMER_NAMES.set(role, names.set(timer, made))
  return made
}
