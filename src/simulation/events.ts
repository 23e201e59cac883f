/**
 * Everything that happens in a simulated world, as data: one event is one line of a transcript. Events are numbered
 * from 1; a verdict names the event that broke it.
 */
import type {
  Decree,
  Message,
  Micros,
  NodeId,
  RefusedStore,
  RoleName,
  Slot,
  StoreRecord,
} from '../paxos/index.js'
import type { Completion, Operation } from './application.js'
import type { EditFault } from './edits.js'
import type { FaultClass } from './faults/classes.js'

export type WorldEvent =
  /** A node starts, with what its disk holds. */
  | { readonly type: 'starts'; readonly node: NodeId; readonly records: number }
  /** A node stops dead; records that no sync had finished are lost. */
  | { readonly type: 'crashes'; readonly node: NodeId; readonly lostRecords: number }
  | { readonly type: 'begins'; readonly node: NodeId; readonly role: RoleName }
  | { readonly type: 'ends'; readonly node: NodeId; readonly role: RoleName }
  | {
      readonly type: 'sends'
      readonly node: NodeId
      readonly role: RoleName
      readonly message: Message
      readonly to: readonly NodeId[]
    }
  /** The network loses a message on its way to one recipient. */
  | { readonly type: 'loses'; readonly node: NodeId; readonly message: Message; readonly to: NodeId }
  /** The network will deliver a message to one recipient twice. */
  | { readonly type: 'doubles'; readonly node: NodeId; readonly message: Message; readonly to: NodeId }
  /** The network holds a message up on its way to one recipient, by so much more than the usual. */
  | {
      readonly type: 'delays'
      readonly node: NodeId
      readonly message: Message
      readonly to: NodeId
      readonly fault: FaultClass
      readonly lateMicros: Micros
    }
  | { readonly type: 'receives'; readonly node: NodeId; readonly message: Message; readonly from: NodeId }
  /** A message arrives at a node that is down. */
  | { readonly type: 'misses'; readonly node: NodeId; readonly message: Message; readonly from: NodeId }
  | { readonly type: 'writes'; readonly node: NodeId; readonly record: StoreRecord }
  /** A sync ended: this many records became durable. */
  | { readonly type: 'syncs'; readonly node: NodeId; readonly records: number }
  /** A timer is due. */
  | { readonly type: 'wakes'; readonly node: NodeId; readonly role: RoleName; readonly timer: string }
  | { readonly type: 'applies'; readonly node: NodeId; readonly slot: Slot; readonly decree: Decree }
  | {
      readonly type: 'invokes'
      readonly node: NodeId
      readonly client: number
      readonly operation: Operation
    }
  | {
      readonly type: 'completes'
      readonly node: NodeId
      readonly client: number
      readonly operation: Operation
      readonly completion: Completion
    }
  /** A node takes no part in any vote, and never will with this store. */
  | {
      readonly type: 'refuses'
      readonly node: NodeId
      readonly reason: RefusedStore
      readonly detail: string
    }
  /** A fault begins, or an edit of the past: the `number`-th of its class, or of all edits, from 0. Its node is the first of those it strikes. */
  | {
      readonly type: 'suffers'
      readonly node: NodeId
      readonly fault: FaultClass | EditFault
      readonly number: number
      readonly nodes: readonly NodeId[]
      readonly what: string
    }
  /** A fault that lasted is over. */
  | {
      readonly type: 'recovers'
      readonly node: NodeId
      readonly fault: FaultClass | EditFault
      readonly number: number
      readonly nodes: readonly NodeId[]
    }

/** Hears every event, as it happens. */
export type Observer = (event: WorldEvent, number: number, timeMicros: number) => void
