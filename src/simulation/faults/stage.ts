/** What a fault may do to a world. */
import type { Micros, NodeId, StoreRecord, Voter } from '../../paxos/index.js'
import type { Host } from '../host.js'
import type { Network } from '../network.js'
import type { Episode, EpisodeClass } from './plan.js'

export interface Stage {
  /** The voters of the latest configuration that is decided. */
  readonly members: readonly NodeId[]
  /** All machines that ever ran a member, each at the place of its number. */
  readonly hosts: readonly Host[]
  /** Everybody who may have a say in something: the configurations that count by now, and those that were asked for. */
  readonly configurations: readonly (readonly NodeId[])[]
  readonly nowMicros: Micros
  /** Faults are over. */
  readonly isQuiet: boolean
  /** The nodes of clients that are no members. */
  readonly clientNodes: readonly NodeId[]
  readonly network: Network
  /** Whether permanent damage may exceed what the members can stand. */
  readonly isOverBudget: boolean
  /** The member that leads now; null if none does. */
  readonly leader: Host | null
  at(timeMicros: Micros, happen: () => void): void
  /** Asks a node to do something of its own, such as taking a snapshot, if it is up. */
  ask(host: Host, request: OperatorRequest): void
  /** Stops a machine dead, if it is up. `part` says how much of a sync in flight survives. */
  crash(host: Host, part: number): void
  /** Puts the store of a machine that is down back to these records: what it has called durable since is gone. */
  putBack(host: Host, records: readonly StoreRecord[]): void
  /** Starts a machine that is down again at this time, unless it was started by then. */
  restart(host: Host, timeMicros: Micros): void
  /** Starts a machine more, with a number that nobody had. */
  admit(): Host
  /** Switches off a machine that was admitted and has become no voter. */
  dismiss(host: Host): void
  /** Asks a member to have these voters decided in place of those of that version. */
  change(host: Host, version: number, voters: readonly Voter[]): void
}

/** Everybody who runs a member: also newcomers that are not voters yet, and who was removed and is still needed. */
export function everybody({ hosts }: Stage): readonly NodeId[] {
  return hosts.filter(({ isRetired, life }) => life > 0 && !isRetired).map(({ id }) => id)
}

/** What an operator asks of a node. */
export type OperatorRequest =
  | { readonly type: 'snapshot' }
  /** Have this member lead; null: whoever was heard last. */
  | { readonly type: 'transfer'; readonly to: NodeId | null }

/** What one episode does. */
export interface Strike {
  /** Whom it strikes. */
  readonly nodes: readonly NodeId[]
  /** What happens to them, for transcripts. */
  readonly what: string
  begin(): void
  end?(): void
  /** Who can do without whom while it lasts, if it leaves the others as they are: a partition, or a stalled disk. */
  readonly shape?: PartitionShape
}

/**
 * Who hears whom, from some time on; whoever hears a member is heard by it. A member whose disk owes what it promised
 * counts as heard by nobody, not even by itself.
 */
export interface PartitionShape {
  readonly class: EpisodeClass
  readonly fromMicros: Micros
  hears(a: NodeId, b: NodeId): boolean
  /** That member. */
  readonly stalled?: NodeId
}

/** Looks whom an episode strikes, as things stand when it begins; null: it can do nothing. */
export type Action = (stage: Stage, episode: Episode) => Strike | null

export type Actions = { readonly [Class in EpisodeClass]?: Action }
