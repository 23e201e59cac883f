/**
 * What comes out of a node's turn, as data: what its driver is to do, in order.
 */
import type { NodeId } from './ballot.js'
import type { Decree, SessionId, Slot } from './decree.js'
import type { Membership } from './membership.js'
import type { Message } from './messages.js'
import type { StoreRecord } from './records.js'
import type { RoleName } from './routing.js'
import type { Outcome } from './sessions.js'
import type { Micros } from './settings.js'

export type Action =
  | {
      readonly type: 'send'
      readonly role: RoleName
      readonly to: NodeId | readonly NodeId[]
      readonly message: Message
    }
  | { readonly type: 'persist'; readonly record: StoreRecord }
  /**
   * Write these bytes to disk, while other records go on to be written, and then say `kept`: a snapshot with them is
   * persisted next. Only where the driver has said that it does: see `keepsSnapshots`.
   */
  | { readonly type: 'keep'; readonly slot: Slot; readonly data: Uint8Array }
  | {
      readonly type: 'timer'
      readonly role: RoleName
      readonly timer: string
      readonly deadlineMicros: Micros
    }
  | { readonly type: 'observe'; readonly observation: Observation }

/** Something that happened inside and that a driver may want to know; it need not do anything. */
export type Observation =
  /** The replica applies the decree of the next slot. */
  | { readonly type: 'applied'; readonly slot: Slot; readonly decree: Decree }
  /** A client's request has its answer. Session and sequence are 0 for a read, and where no session was opened. */
  | {
      readonly type: 'answered'
      readonly client: number
      readonly reference: number
      readonly outcome: Outcome
      readonly session: SessionId
      readonly sequence: number
      /** The slot that the answer was given from: that of a read is the last one that it saw. 0 if nothing was asked. */
      readonly slot: Slot
    }
  /** The replica holds what every slot up to this one made: it has a snapshot of another member. */
  | { readonly type: 'installed'; readonly slot: Slot }
  /** No snapshot could be taken after this slot: the machine's encoding threw this. */
  | { readonly type: 'snapshotFailed'; readonly slot: Slot; readonly detail: string }
  /** Who votes, after every slot up to `applied`. */
  | { readonly type: 'configured'; readonly applied: Slot; readonly membership: Membership }
  /** The node takes no part in any vote, and never will with this store. `detail` says why, and what to do. */
  | { readonly type: 'refused'; readonly reason: RefusedStore; readonly detail: string }
  /**
   * The machine of this node does not know the version that is active. The node takes part in nothing until it is started
   * again with one that does; nothing is lost. `detail` says so.
   */
  | {
      readonly type: 'outdated'
      readonly version: number
      readonly known: number
      readonly detail: string
    }
  /** The node was removed, and those who vote in its place have all that it knew: it may be stopped for good. */
  | { readonly type: 'retired' }
  | { readonly type: 'began'; readonly role: RoleName }
  | { readonly type: 'ended'; readonly role: RoleName }

/** Why a store may not vote. */
export type RefusedStore =
  /** Another store is bound to this member's number, or the number was used before. */
  | 'turned-away'
  /** It belongs to another member. */
  | 'foreign'
  /** Something in it cannot be read. */
  | 'damaged'
  /** It was put back to an earlier state of itself. */
  | 'rolled-back'
