/**
 * A node packed for the beginning of a part: frozen, but without what makes it large and can be done without.
 *
 * - The machine's state, which may be as large as memory, is what the last snapshot and the decisions after it make, and
 *   a node keeps both. Where these take too much they are left out as well, and the machine cannot be run.
 * - Of a decree that is applied, and of a snapshot, the node itself never looks at more than the length. So it gets zeros,
 *   unless the state is to be made from them.
 */
import { ByteReader, ByteWriter } from '../bytes.js'
import type { Decree, Slot } from '../decree.js'
import type { AnyMachine } from '../machine.js'
import type { Founding, Vote } from '../messages.js'
import type { FrozenNode, Node } from '../node.js'
import { decodePlain, encodePlain } from '../plain-bytes.js'
import type { Recovered } from '../records.js'
import { applyDecree, executionOf, initialReplicated } from '../replicated.js'
import type { Replica } from '../roles/replica.js'
import { type IncomingSnapshot, readSnapshot, type Snapshot } from '../snapshot.js'
import { blank, redact } from './redaction.js'
import { packVotes, unpackVotes, type VoteRun } from './vote-runs.js'

export interface PackedNode {
  /** With null for states and snapshots, and for decrees of decisions that are votes as well. */
  readonly frozen: FrozenNode
  /** What the acceptor and the replica hold. */
  readonly held: PackedLog
  /** What the store held. */
  readonly recovered: PackedLog
}

interface PackedLog {
  /** The votes that are not in `frozen`. */
  readonly runs: readonly VoteRun[]
  readonly snapshot: PackedSnapshot | null
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
  /** A state that takes more bytes to make is left out. */
  readonly stateBytes: number
}

/** Whether the state can be made from what is packed. */
export function isWhole(node: Node, { redacted, stateBytes }: Packing): boolean {
  const { recovered } = node.plain.fields
  const { snapshot, decisions } = node.roles.replica ?? recovered ?? NOTHING
  if (redacted) return false
  let bytes = snapshot?.data.length ?? 0
  for (const [slot, decree] of decisions) if (slot > (snapshot?.slot ?? 0)) bytes += decree.length
  return bytes <= stateBytes
}

const NOTHING = { snapshot: null, decisions: new Map<Slot, Decree>() }

/** Whether the snapshot that comes from another member is left out, so that its end cannot be done once more. */
export function lacksIncoming({ roles }: Node, { redacted, stateBytes }: Packing): boolean {
  return redacted || (roles.replica?.incoming?.received ?? 0) > stateBytes
}

/** Shares memory with the node: to be written down before its next turn. */
export function packNode(node: Node, packing: Packing): PackedNode {
  const { fields, roles } = node.plain
  const { acceptor, replica } = node.roles
  const { recovered } = fields
  const whole = isWhole(node, packing)
  const snapshotSlot = replica?.snapshot?.slot ?? 0
  const applied = replica?.applied ?? 0
  const recoveredSlot = recovered?.snapshot?.slot ?? 0
  const blankThrough = whole ? snapshotSlot : applied
  const held = packVotes(acceptor?.votes ?? NO_VOTES, blankThrough, applied)
  const stored = packVotes(recovered?.votes ?? NO_VOTES, recoveredSlot, recoveredSlot)
  const frozen = {
    fields: { ...fields, recovered: recovered && frozenRecovered(recovered, stored.others) },
    roles: {
      ...roles,
      ...(acceptor && { acceptor: { ...acceptor, votes: held.others } }),
      ...(replica && { replica: frozenReplica(replica, acceptor?.votes, blankThrough, packing) }),
    },
  } as FrozenNode // but for the decrees that are null
  // What a store held is still to be executed: if it is too much, then without the commands.
  const isRedacted = packing.redacted || (recovered !== null && !whole)
  return {
    frozen: isRedacted ? redact(frozen) : frozen,
    held: { runs: held.runs, snapshot: packSnapshot(replica?.snapshot, whole, packing.redacted, false) },
    recovered: {
      runs: stored.runs,
      snapshot: packSnapshot(recovered?.snapshot, whole, packing.redacted, true),
    },
  }
}

type Votes = ReadonlyMap<Slot, Vote>
type Fields = Readonly<Record<string, unknown>>

const NO_VOTES: Votes = new Map()

function frozenRecovered(recovered: Recovered, others: Votes): Fields {
  const { snapshot, votes, decisions } = recovered
  const through = snapshot?.slot ?? 0
  return {
    ...recovered,
    votes: others,
    decisions: packDecisions(decisions, votes, through),
    snapshot: null,
  }
}

function frozenReplica(
  replica: Replica,
  votes: Votes = NO_VOTES,
  blankThrough: Slot,
  { stateBytes }: Packing,
): Fields {
  const { replicated, decisions, incoming } = replica
  return {
    ...replica,
    replicated: { ...replicated, state: null },
    decisions: packDecisions(decisions, votes, blankThrough),
    snapshot: null,
    incoming: incoming !== null && incoming.received > stateBytes ? blankIncoming(incoming) : incoming,
  }
}

/** Most decisions are what was voted for, and then the very same bytes. */
function packDecisions(
  decisions: ReadonlyMap<Slot, Decree>,
  votes: Votes,
  through: Slot,
): ReadonlyMap<Slot, Decree | null> {
  const packed = new Map<Slot, Decree | null>()
  for (const [slot, decree] of decisions) {
    if (votes.get(slot)?.decree === decree) packed.set(slot, null)
    else packed.set(slot, slot > through ? decree : blank(decree.length))
  }
  return packed
}

function blankIncoming(incoming: IncomingSnapshot): IncomingSnapshot {
  return { ...incoming, chunks: incoming.chunks.map(({ length }) => blank(length)) }
}

/** What a snapshot holds beside the state is needed only where the snapshot is still to be read. */
function packSnapshot(
  snapshot: Snapshot | null | undefined,
  whole: boolean,
  redacted: boolean,
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
    state: whole ? state : null,
    rest: redacted ? redactRest(rest, isToBeRead) : rest,
  }
}

function redactRest(rest: Uint8Array, isToBeRead: boolean): Uint8Array {
  return isToBeRead ? encodePlain(redact(decodePlain(rest))) : blank(rest.length)
}

// ---- unpacking -------------------------------------------------------------------------------------------------

/** The node as it was frozen, but with null for the machine's state. */
export function unpackNode({ frozen, held, recovered }: PackedNode): FrozenNode {
  const { fields, roles } = frozen
  const { replica, acceptor } = roles
  const votes = unpackVotes(held.runs, (acceptor?.['votes'] ?? NO_VOTES) as Votes) // a field of that role
  return {
    fields: { ...fields, recovered: fields.recovered && unpackRecovered(fields.recovered, recovered) },
    roles: {
      ...roles,
      ...(acceptor && { acceptor: { ...acceptor, votes } }),
      ...(replica && { replica: unpackReplica(replica, votes, held.snapshot) }),
    },
  }
}

function unpackRecovered(frozen: Recovered, { runs, snapshot }: PackedLog): Recovered {
  const votes = unpackVotes(runs, frozen.votes)
  return {
    ...frozen,
    votes,
    decisions: withVoted(frozen.decisions, votes),
    snapshot: unpackSnapshot(snapshot),
  }
}

function unpackReplica(replica: Fields, votes: Votes, snapshot: PackedSnapshot | null): Fields {
  const decisions = withVoted(replica['decisions'] as ReadonlyMap<Slot, Decree | null>, votes) // as packed
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
