/**
 * A role: plain-data fields, one handler a message, and a few verbs. A role knows no other role's insides, no clock,
 * no network and no disk; what it wants done it says with the verbs, and its node collects that as data.
 */

import type { Observation, RefusedStore } from './actions.js'
import type { Ballot, MemberId, NodeId } from './ballot.js'
import type { Slot } from './decree.js'
import type { Membership } from './membership.js'
import type { Founding, LocalMessage, Message } from './messages.js'
import type { StoreRecord } from './records.js'
import type { RoleName } from './routing.js'
import type { Micros, Settings } from './settings.js'
import type { RoleStarts } from './starts.js'

/** What a node offers to its roles. */
export interface RoleContext {
  readonly self: NodeId
  readonly incarnation: number
  readonly settings: Settings
  readonly nowMicros: Micros
  readonly wallMicros: Micros
  /** Who votes, as far as the replica of this node has applied it; no configuration before the cluster is founded. */
  readonly membership: Membership
  /** The members of any of its configurations, in ascending order. */
  readonly members: readonly MemberId[]
  /** The other members, and those that it was told to join. */
  readonly others: readonly MemberId[]
  /** Whether this node votes in any of them, with this store. */
  readonly voting: boolean
  /** The identity of the store; 0 for a node that has none. */
  readonly store: number
  /** How many records were ever written to it, and how many of them are durable. */
  readonly recordsWritten: number
  readonly recordsDurable: number
  /** Whether something that was written is not yet durable. */
  readonly writing: boolean
  /** The highest ballot that this node has promised. */
  readonly promisedBallot: Ballot
  /** The newest version that the machine of this node knows. */
  readonly knownVersion: number
  /** How long the store has owed a sync; 0 when everything is durable. */
  readonly stalledMicros: Micros
  send(role: RoleName, to: NodeId | readonly NodeId[], message: Message): void
  persist(record: StoreRecord): void
  /** Gives whether the driver does so. */
  keep(slot: Slot, data: Uint8Array): boolean
  after(role: RoleName, timer: string, lowMicros: Micros, highMicros: Micros): void
  cancel(role: RoleName, timer: string): void
  become<Name extends RoleName>(role: Name, start: RoleStarts[Name]): void
  retire(role: RoleName): void
  induct(founding: Founding, way: Induction): void
  reconfigure(membership: Membership): void
  recognise(): void
  refuse(reason: RefusedStore, detail: string): void
  needVersion(version: number): void
  observe(observation: Observation): void
}

/**
 * How a node becomes a member: it founds the cluster, and need not wait before it tries to lead; it is there when it is
 * founded; or it belonged to it before, as far as anybody knows, and asks what its store has vouched for.
 */
export type Induction = 'founds' | 'begins' | 'returns'

export abstract class Role {
  readonly #context: RoleContext
  readonly #name: RoleName
  #lifeName: string | null = null

  constructor(context: RoleContext, name: RoleName) {
    this.#context = context
    this.#name = name
  }

  /** Called once when the role begins; not when a frozen node is thawed. */
  begin(): void {}

  /** Called when a timer that the role set with {@link after} is due. */
  timer(_timer: string): void {}

  /** Called when everything that the node has written is durable. */
  written(): void {}

  /** Called when everything that came in a turn of the node has been heard. */
  settled(): void {}

  protected get self(): NodeId {
    return this.#context.self
  }

  protected get incarnation(): number {
    return this.#context.incarnation
  }

  /** Tells this life of this node from every other, also from those with a store that was lost since. */
  protected get lifeName(): string {
    this.#lifeName ??= `${this.#context.store.toString(36)}.${this.#context.incarnation}`
    return this.#lifeName
  }

  /**
   * Names the question of this number so that no other life of this node asks one of the same name: an answer to an
   * earlier life, still on its way, can never be taken for an answer to this one.
   */
  protected nameQuestion(number: number): string {
    return `${this.lifeName}.${number}`
  }

  protected get settings(): Settings {
    return this.#context.settings
  }

  /** The time since some fixed moment; never goes back. */
  protected get nowMicros(): Micros {
    return this.#context.nowMicros
  }

  /** What the wall clock shows; may jump either way. */
  protected get wallMicros(): Micros {
    return this.#context.wallMicros
  }

  protected get membership(): Membership {
    return this.#context.membership
  }

  protected get members(): readonly MemberId[] {
    return this.#context.members
  }

  protected get others(): readonly MemberId[] {
    return this.#context.others
  }

  protected get voting(): boolean {
    return this.#context.voting
  }

  protected get store(): number {
    return this.#context.store
  }

  protected get recordsWritten(): number {
    return this.#context.recordsWritten
  }

  protected get recordsDurable(): number {
    return this.#context.recordsDurable
  }

  protected get writing(): boolean {
    return this.#context.writing
  }

  protected get promisedBallot(): Ballot {
    return this.#context.promisedBallot
  }

  protected get knownVersion(): number {
    return this.#context.knownVersion
  }

  protected get stalledMicros(): Micros {
    return this.#context.stalledMicros
  }

  /** Sends one message to one node or to several. To the node itself it is delivered within the same turn. */
  protected send(to: NodeId | readonly NodeId[], message: Message): void {
    this.#context.send(this.#name, to, message)
  }

  /** Tells the other roles of this node. */
  protected tell(message: LocalMessage): void {
    this.#context.send(this.#name, this.#context.self, message)
  }

  /** Writes to the store. What vouches for it must be sent after it. */
  protected persist(record: StoreRecord): void {
    this.#context.persist(record)
  }

  /** Has the bytes of a snapshot written before it is persisted, if the driver does that: then `kept` is to come. */
  protected keep(slot: Slot, data: Uint8Array): boolean {
    return this.#context.keep(slot, data)
  }

  /** Sets a timer to a moment that the driver draws from this range; replaces one of the same name. */
  protected after(timer: string, lowMicros: Micros, highMicros: Micros = lowMicros): void {
    this.#context.after(this.#name, timer, lowMicros, highMicros)
  }

  protected cancel(timer: string): void {
    this.#context.cancel(this.#name, timer)
  }

  /** Begins another role on this node, in place of one of the same name. */
  protected become<Name extends RoleName>(role: Name, start: RoleStarts[Name]): void {
    this.#context.become(role, start)
  }

  /** Ends a role of this node, with its timers. */
  protected retire(role: RoleName): void {
    this.#context.retire(role)
  }

  /** Makes this node a member of the cluster. */
  protected induct(founding: Founding, way: Induction): void {
    this.#context.induct(founding, way)
  }

  /** Tells the node who votes, as far as that is applied. */
  protected reconfigure(membership: Membership): void {
    this.#context.reconfigure(membership)
  }

  /** Says that the store of this node misses nothing that it has vouched for. */
  protected recognise(): void {
    this.#context.recognise()
  }

  /** Says that this node must never vote with this store. */
  protected refuse(reason: RefusedStore, detail: string): void {
    this.#context.refuse(reason, detail)
  }

  /** Says that this node cannot go on before it is started with a machine that knows this version. */
  protected needVersion(version: number): void {
    this.#context.needVersion(version)
  }

  /** Tells the driver something that happened. */
  protected observe(observation: Observation): void {
    this.#context.observe(observation)
  }
}
