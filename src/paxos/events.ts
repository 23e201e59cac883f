/** What goes into a turn of a node: events, as data. Each of them says what time it is. */
import type { MemberId, NodeId } from './ballot.js'
import type { Slot } from './decree.js'
import type { Message } from './messages.js'
import type { ClientRequest } from './roles/requester.js'
import type { RoleName } from './routing.js'
import type { Micros } from './settings.js'

interface At {
  /** The time since some fixed moment; never goes back. */
  readonly nowMicros: Micros
  /** What the wall clock shows; may jump. */
  readonly wallMicros: Micros
}

export interface Envelope {
  readonly from: NodeId
  /**
   * The identity of the sender's store; 0 for a node that has none. Whose number is bound to another store is not heard.
   * A driver that leaves it out vouches by itself that nobody comes with a store that is not theirs.
   */
  readonly store?: number
  readonly message: Message
}

export type NodeEvent =
  | (At & { readonly type: 'boot' })
  | (At & { readonly type: 'messages'; readonly envelopes: readonly Envelope[] })
  | (At & {
      readonly type: 'timer'
      readonly role: RoleName
      readonly timer: string
      readonly deadlineMicros: Micros
    })
  /** The first `count` records that this life of the node has written are durable. */
  | (At & { readonly type: 'durable'; readonly count: number })
  | (At & { readonly type: 'requests'; readonly requests: readonly ClientRequest[] })
  /** A node that is no member turns to these members, the first of them first, in place of those that it knew. */
  | (At & { readonly type: 'contacts'; readonly members: readonly MemberId[] })
  /** Have another member lead: this one, or, if it is null, whoever was heard last. */
  | (At & { readonly type: 'transfer'; readonly to: MemberId | null })
  /** What is sent to this member arrives no more: its process has ended, perhaps, or the way to it is cut. A hint. */
  | (At & { readonly type: 'lost'; readonly member: MemberId })
  /** The bytes that were to be kept are on the disk: those of the snapshot of this slot. */
  | (At & { readonly type: 'kept'; readonly slot: Slot })
  /** Take a snapshot now, and trim the log. */
  | (At & { readonly type: 'snapshot' })
