/**
 * The black box: everything that went into a node, so that it can be done once more. A recording consists of parts, each
 * of which begins with the node as it was and so needs none of the others. See docs/adr/0026-the-black-box.md.
 */
import type { NodeId } from '../ballot.js'
import type { NodeEvent } from '../events.js'
import type { Purpose } from '../purpose.js'
import type { Micros, Settings } from '../settings.js'
import type { PackedNode } from './packed.js'
import type { MachineResult } from './results.js'

/** Why a part begins. */
export type PartReason =
  /** The node was made. */
  | 'start'
  /** The part before was long enough. This one goes on from its last turn. */
  | 'full'
  /** The disk was slower than the node: what comes between this part and the one before is missing. */
  | 'behind'
  /** The last turn of the part before cannot be done once more, because it installed what was redacted. */
  | 'installed'

/** What a part begins with. */
export interface PartBeginning {
  /** Counts the parts of a folder. */
  readonly part: number
  readonly reason: PartReason
  readonly self: NodeId
  /** The version of Synod. */
  readonly synod: string
  /** What its operators call the node. */
  readonly name: string
  readonly purpose: Purpose
  readonly settings: Settings
  readonly machineVersion: number
  /** What clients sent, what they were answered, and the state are zeros, as many as there were bytes. */
  readonly redacted: boolean
  readonly node: PackedNode
}

/** One turn: everything that the node did not make itself, and a checksum of what it did. */
export interface RecordedTurn {
  readonly event: NodeEvent
  /** What was drawn, in order. */
  readonly draws: readonly number[]
  /** What the machine gave, in order. */
  readonly results: readonly MachineResult[]
  /** The {@link digestOf} its actions; null if it threw, or cannot be done once more. */
  readonly digest: number | null
  /** The checksum of the snapshot that it took or installed; null if it did not. */
  readonly snapshot: number | null
  /** The checksum of the snapshot that it began to send; null if it did not. */
  readonly outgoing: number | null
  /** What it threw; null if it did not. */
  readonly error: string | null
}

/** The node is no more. What is missing after the last turn is missing because there was nothing. */
export interface RecordingEnd {
  readonly reason: string
  readonly wallMicros: Micros
}

export type RecordingEntry =
  | { readonly type: 'begins'; readonly beginning: PartBeginning }
  | { readonly type: 'turn'; readonly turn: RecordedTurn }
  | { readonly type: 'ends'; readonly end: RecordingEnd }
