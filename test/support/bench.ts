// A work bench for one role: it stands in for the role's node, and keeps what the role does as data.

import {
  type Ballot,
  DEFAULT_SETTINGS,
  type Founding,
  foundingMembership,
  type Induction,
  type MemberId,
  type Membership,
  type Message,
  type MessageOf,
  type MessageType,
  type Micros,
  membersOf,
  NO_BALLOT,
  type NodeId,
  type Observation,
  type RefusedStore,
  type RoleContext,
  type RoleName,
  type RoleStarts,
  type Settings,
  type Slot,
  type StoreRecord,
} from '../../src/paxos/index.js'
import { founding, storeOf, THREE, WALL_MICROS } from './words.js'

/** One use of one of a role's verbs. */
export type Deed =
  | { readonly type: 'send'; readonly to: NodeId | readonly NodeId[]; readonly message: Message }
  | { readonly type: 'persist'; readonly record: StoreRecord }
  | { readonly type: 'after'; readonly timer: string; readonly low: Micros; readonly high: Micros }
  | { readonly type: 'cancel'; readonly timer: string }
  | { readonly type: 'become'; readonly role: RoleName; readonly start: RoleStarts[RoleName] }
  | { readonly type: 'retire'; readonly role: RoleName }
  | { readonly type: 'induct'; readonly founding: Founding; readonly way: Induction }
  | { readonly type: 'reconfigure'; readonly membership: Membership }
  | { readonly type: 'recognise' }
  | { readonly type: 'refuse'; readonly reason: RefusedStore; readonly detail: string }
  | { readonly type: 'needVersion'; readonly version: number }
  | { readonly type: 'observe'; readonly observation: Observation }
  | { readonly type: 'keep'; readonly slot: Slot; readonly data: Uint8Array }

export interface BenchOptions {
  readonly self?: NodeId
  readonly members?: readonly MemberId[]
  readonly incarnation?: number
  readonly settings?: Partial<Settings>
}

export class Bench implements RoleContext {
  readonly self: NodeId
  readonly incarnation: number
  readonly settings: Settings
  /** Who votes, as far as the replica of the node would have applied it. */
  membership: Membership
  voting: boolean
  /** The identity of the store. */
  store: number
  /** How many records were ever written to it, and how many of them are durable. */
  recordsWritten = 0
  promisedBallot: Ballot = NO_BALLOT
  recordsDurable = 0
  nowMicros: Micros = 0
  wallMicros: Micros = WALL_MICROS
  writing = false
  stalledMicros = 0
  /** Whether the driver would write snapshots before they are persisted. */
  keepsSnapshots = false
  /** The newest version that the machine of the node would know. */
  knownVersion = 1
  #deeds: Deed[] = []

  constructor({ self = 0, members = THREE, incarnation = 1, settings = {} }: BenchOptions = {}) {
    this.self = self
    this.membership = foundingMembership(founding(members).voters)
    this.voting = members.includes(self)
    this.incarnation = incarnation
    this.store = storeOf(self)
    this.settings = { ...DEFAULT_SETTINGS, ...settings }
  }

  get members(): readonly MemberId[] {
    return membersOf(this.membership.configurations)
  }

  get others(): readonly MemberId[] {
    return this.members.filter((member) => member !== this.self)
  }

  /** What was done since the last time, in order. */
  take(): Deed[] {
    return this.#deeds.splice(0)
  }

  /** The messages of one type that were sent since the last time; forgets everything else. */
  sent<Type extends MessageType>(type: Type): { to: NodeId | readonly NodeId[]; message: MessageOf<Type> }[] {
    const found: { to: NodeId | readonly NodeId[]; message: MessageOf<Type> }[] = []
    for (const deed of this.take()) {
      if (deed.type !== 'send' || deed.message.type !== type) continue
      found.push({ to: deed.to, message: deed.message as MessageOf<Type> }) // its type was compared
    }
    return found
  }

  /** The same without the recipients. */
  messages<Type extends MessageType>(type: Type): MessageOf<Type>[] {
    return this.sent(type).map(({ message }) => message)
  }

  /** The range of the timer of this name that was set last; forgets everything else. */
  armed(timer: string): { low: Micros; high: Micros } | undefined {
    const found = this.take().findLast((deed) => deed.type === 'after' && deed.timer === timer)
    return found?.type === 'after' ? { low: found.low, high: found.high } : undefined
  }

  send(_role: RoleName, to: NodeId | readonly NodeId[], message: Message): void {
    this.#deeds.push({ type: 'send', to, message })
  }

  persist(record: StoreRecord): void {
    this.recordsWritten += 1
    this.#deeds.push({ type: 'persist', record })
  }

  keep(slot: Slot, data: Uint8Array): boolean {
    if (this.keepsSnapshots) this.#deeds.push({ type: 'keep', slot, data })
    return this.keepsSnapshots
  }

  after(_role: RoleName, timer: string, low: Micros, high: Micros): void {
    this.#deeds.push({ type: 'after', timer, low, high })
  }

  cancel(_role: RoleName, timer: string): void {
    this.#deeds.push({ type: 'cancel', timer })
  }

  become<Name extends RoleName>(role: Name, start: RoleStarts[Name]): void {
    this.#deeds.push({ type: 'become', role, start })
  }

  retire(role: RoleName): void {
    this.#deeds.push({ type: 'retire', role })
  }

  induct(founding: Founding, way: Induction): void {
    this.#deeds.push({ type: 'induct', founding, way })
  }

  reconfigure(membership: Membership): void {
    this.membership = membership
    this.#deeds.push({ type: 'reconfigure', membership })
  }

  recognise(): void {
    this.#deeds.push({ type: 'recognise' })
  }

  refuse(reason: RefusedStore, detail: string): void {
    this.#deeds.push({ type: 'refuse', reason, detail })
  }

  needVersion(version: number): void {
    this.#deeds.push({ type: 'needVersion', version })
  }

  observe(observation: Observation): void {
    this.#deeds.push({ type: 'observe', observation })
  }
}

/** A message to one or several, as a deed. */
export const sending = (to: NodeId | readonly NodeId[], message: Message): Deed => ({
  type: 'send',
  to,
  message,
})

/** A record, as a deed. */
export const persisting = (record: StoreRecord): Deed => ({ type: 'persist', record })
