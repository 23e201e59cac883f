/**
 * A node packed for the beginning of a part: frozen, but without the machine's state, which may be as large as memory.
 * The state is what the last snapshot and the decisions after it make, and a node keeps both. A snapshot that is too large
 * for a part, or redacted, is left out: how long it is, is enough for the node itself.
 */
import { ByteReader, ByteWriter } from '../bytes.js'
import type { Decree, Slot } from '../decree.js'
import type { AnyMachine } from '../machine.js'
import type { Founding, Vote } from '../messages.js'
import type { FrozenNode, Node } from '../node.js'
import { decodePlain, encodePlain } from '../plain-bytes.js'
import { applyDecree, executionOf, initialReplicated } from '../replicated.js'
import type { Replica } from '../roles/replica.js'
import { readSnapshot, type Snapshot } from '../snapshot.js'
import { blank, redact } from './redaction.js'

export interface PackedNode {
  /** With null for states and snapshots, and for decrees of decisions that are votes as well. */
  readonly frozen: FrozenNode
  /** The snapshot of the replica, and the one that the store held. */
  readonly snapshot: PackedSnapshot | null
  readonly recovered: PackedSnapshot | null
}

interface PackedSnapshot {
  readonly slot: Slot
  readonly checksum: number
  readonly stateBytes: number
  /** Null: left out. */
  readonly state: Uint8Array | null
  readonly rest: Uint8Array
}

export interface Packing {
  readonly redacted: boolean
  /** A snapshot of more bytes is left out. */
  readonly snapshotBytes: number
}

/** Whether the state can be made from what is packed. */
export function isWhole(node: Node, { redacted, snapshotBytes }: Packing): boolean {
  const snapshot = node.roles.replica?.snapshot ?? node.plain.fields.recovered?.snapshot
  return !redacted && (snapshot?.data.length ?? 0) <= snapshotBytes
}

/** Shares memory with the node: to be written down before its next turn. */
export function packNode(node: Node, packing: Packing): PackedNode {
  const { fields, roles } = node.plain
  const { acceptor, replica } = node.roles
  const { recovered } = fields
  const frozen = {
    fields: {
      ...fields,
      recovered: recovered && {
        ...recovered,
        decisions: withoutVoted(recovered.decisions, recovered.votes),
        snapshot: null,
      },
    },
    roles: replica === undefined ? roles : { ...roles, replica: frozenReplica(replica, acceptor?.votes) },
  } as FrozenNode // but for the decrees that are null
  return {
    frozen: packing.redacted ? redact(frozen) : frozen,
    snapshot: packSnapshot(replica?.snapshot, packing, false),
    recovered: packSnapshot(recovered?.snapshot, packing, true),
  }
}

type Votes = ReadonlyMap<Slot, Vote>

function frozenReplica(replica: Replica, votes: Votes = new Map()): Readonly<Record<string, unknown>> {
  const { replicated, decisions } = replica
  return {
    ...replica,
    replicated: { ...replicated, state: null },
    decisions: withoutVoted(decisions, votes),
    snapshot: null,
  }
}

/** Most decisions are what was voted for, and then the very same bytes. */
function withoutVoted(decisions: ReadonlyMap<Slot, Decree>, votes: Votes): Map<Slot, Decree | null> {
  const packed = new Map<Slot, Decree | null>()
  for (const [slot, decree] of decisions) packed.set(slot, votes.get(slot)?.decree === decree ? null : decree)
  return packed
}

/** What a snapshot holds beside the state is needed only where the snapshot is still to be read. */
function packSnapshot(
  snapshot: Snapshot | null | undefined,
  { redacted, snapshotBytes }: Packing,
  isToBeRead: boolean,
): PackedSnapshot | null {
  if (!snapshot) return null
  const { slot, checksum, data } = snapshot
  const reader = new ByteReader(data)
  const state = reader.bytes()
  const rest = reader.bytes()
  return {
    slot,
    checksum,
    stateBytes: state.length,
    state: redacted || data.length > snapshotBytes ? null : state,
    rest: redacted ? redactRest(rest, isToBeRead) : rest,
  }
}

function redactRest(rest: Uint8Array, isToBeRead: boolean): Uint8Array {
  return isToBeRead ? encodePlain(redact(decodePlain(rest))) : blank(rest.length)
}

// ---- unpacking -------------------------------------------------------------------------------------------------

/** The node as it was frozen, but with null for the machine's state. */
export function unpackNode({ frozen, snapshot, recovered }: PackedNode): FrozenNode {
  const { fields, roles } = frozen
  const { replica, acceptor } = roles
  return {
    fields: {
      ...fields,
      recovered: fields.recovered && {
        ...fields.recovered,
        decisions: withVoted(fields.recovered.decisions, fields.recovered.votes),
        snapshot: unpackSnapshot(recovered),
      },
    },
    roles: replica === undefined ? roles : { ...roles, replica: unpackReplica(replica, acceptor, snapshot) },
  }
}

function unpackReplica(
  replica: Readonly<Record<string, unknown>>,
  acceptor: Readonly<Record<string, unknown>> | undefined,
  snapshot: PackedSnapshot | null,
): Readonly<Record<string, unknown>> {
  const votes = (acceptor?.['votes'] ?? new Map()) as Votes // the fields of these roles, see packNode
  const decisions = withVoted(replica['decisions'] as ReadonlyMap<Slot, Decree | null>, votes)
  return { ...replica, decisions, snapshot: unpackSnapshot(snapshot) }
}

function withVoted(decisions: ReadonlyMap<Slot, Decree | null>, votes: Votes): Map<Slot, Decree> {
  const unpacked = new Map<Slot, Decree>()
  for (const [slot, decree] of decisions) {
    const known = decree ?? votes.get(slot)?.decree
    if (known !== undefined) unpacked.set(slot, known)
  }
  return unpacked
}

function unpackSnapshot(packed: PackedSnapshot | null): Snapshot | null {
  if (packed === null) return null
  const { slot, checksum, stateBytes, state, rest } = packed
  const writer = new ByteWriter(stateBytes + rest.length + 16)
  writer.bytes(state ?? new Uint8Array(stateBytes))
  writer.bytes(rest)
  return { slot, checksum, data: writer.take() }
}

/** The state that a replica with whole decisions has: from its snapshot, or from the beginning. */
export function stateOf(node: Node, machine: AnyMachine): unknown {
  const { replica } = node.roles
  if (replica === undefined) return null
  const { snapshot, applied, decisions } = replica
  const founding: Founding | null = node.founding
  const replicated =
    snapshot === null ? initialReplicated(machine, founding ?? undefined) : readSnapshot(snapshot, machine)
  const execution = executionOf(machine, node.settings)
  while (replicated.applied < applied) {
    const decree = decisions.get(replicated.applied + 1)
    if (decree === undefined)
      throw new RangeError(`The decision of slot ${replicated.applied + 1} is missing.`)
    applyDecree(replicated, decree, execution, () => {})
  }
  return replicated.state
}
