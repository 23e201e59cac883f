/**
 * What each role begins with: plain data, every part of it optional, so that a frozen role can be made again from
 * nothing and given its fields.
 */
import type { Ballot, MemberId, NodeId } from './ballot.js'
import type { Decree, Slot } from './decree.js'
import type { Configuration } from './membership.js'
import type { Founding, Vote } from './messages.js'
import type { Snapshot } from './snapshot.js'

/** What a restarted acceptor recovered from its store. */
export interface AcceptorStart {
  readonly promised?: Ballot
  readonly votes?: ReadonlyMap<Slot, Vote>
  /** Votes up to this slot are gone. */
  readonly trimmed?: Slot
  /** Every slot up to this one is decided, and the replica of the node knows it. */
  readonly decided?: Slot
}

export interface ScoutStart {
  readonly ballot?: Ballot
  /** The first slot that its leader does not know decided, or that the first of the configurations votes on. */
  readonly fromSlot?: Slot
  /** Of each of them it needs a quorum. */
  readonly configurations?: readonly Configuration[]
}

export interface CommanderStart {
  readonly ballot?: Ballot
  /** Every slot up to this one is decided; this commander proposes only above. */
  readonly decided?: Slot
}

export interface LeaderStart {
  /** The highest round that this member has promised. */
  readonly round?: number
  /** Try to lead at once. For the member that founded the cluster: nobody else can be leading. */
  readonly eager?: boolean
}

export interface ReplicaStart {
  /** The decisions that the store holds; those that follow each other, or the snapshot, are applied at once. */
  readonly decisions?: ReadonlyMap<Slot, Decree>
  readonly snapshot?: Snapshot | null
  /** Decisions up to this slot are gone. */
  readonly trimmed?: Slot
  readonly founding?: Founding
}

export interface RequesterStart {
  /** For a node that is no member: the members to send to, the next one whenever one does not answer. */
  readonly contacts?: readonly MemberId[]
}

export interface SeedStart {
  readonly cluster?: number
  /** The voters of the new cluster, the seeding node among them. */
  readonly voters?: readonly MemberId[]
}

export interface InitializerStart {
  /** Whom to ask; the first of them most often. */
  readonly contacts?: readonly NodeId[]
  /** The cluster that this node belongs to already. */
  readonly founding?: Founding | null
  /** It has started again with a store that may have vouched for something. */
  readonly returning?: boolean
  /** Tells this life of the node from every other. */
  readonly life?: number
  /** How many records the store held when this life had begun, with the one that began it. */
  readonly held?: number
}

export interface RoleStarts {
  acceptor: AcceptorStart
  scout: ScoutStart
  commander: CommanderStart
  leader: LeaderStart
  replica: ReplicaStart
  requester: RequesterStart
  seed: SeedStart
  initializer: InitializerStart
}
