/**
 * A node packed for the beginning of a part: frozen, but without what makes it large and can be done without.
 *
 * - The machine's state, which may be as large as memory, is encoded by the machine. Where it takes too much it is left
 *   out, and the machine cannot be run.
 * - Of a decree that is applied, and of a snapshot that is sent, the node itself never looks at more than the length. So
 *   it gets zeros.
 */
import { ByteReader, ByteWriter } from '../bytes.js'
import type { Decree, Slot } from '../decree.js'
import { type AnyMachine, codecsOf } from '../machine.js'
import type { Vote } from '../messages.js'
import type { FrozenNode, Node } from '../node.js'
import { decodePlain, encodePlain } from '../plain-bytes.js'
import type { Recovered } from '../records.js'
import type { Replica } from '../roles/replica.js'
import type { IncomingSnapshot, OutgoingSnapshot, Snapshot } from '../snapshot.js'
import { blank, redact } from './redaction.js'
import { packVotes, unpackVotes, type VoteRun } from './vote-runs.js'

export interface PackedNode {
  /** What the machine's state is made from is there, so the machine can be run as well. */
  readonly whole: boolean
  /** With null for states and stored snapshots, and for decrees of decisions that are votes as well. */
  readonly frozen: FrozenNode
  /** The acceptor's votes that are not in `frozen`. */
  readonly runs: readonly VoteRun[]
  /** The machine's state, as the machine encodes it. Null: there is none yet, or it was left out. */
  readonly state: Uint8Array | null
  /** What the store held: the votes that are not in `frozen`, and the snapshot. */
  readonly recovered: {
    readonly runs: readonly VoteRun[]
    readonly snapshot: PackedSnapshot | null
  }
}

interface PackedSnapshot {
  readonly slot: Slot
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

/** Whether what the store held is little enough to be kept. */
function isSmall({ snapshot, decisions }: Recovered, { stateBytes }: Packing): boolean {
  return sizeOf(snapshot?.data.length ?? 0, snapshot?.slot ?? 0, decisions) <= stateBytes
}

/** Null if it is not to be known, or takes too much, or if the machine cannot encode it. */
function encodeState(
  { replicated, snapshotBytes, snapshotSlot, decisions }: Replica,
  machine: AnyMachine,
  { redacted, stateBytes }: Packing,
): Uint8Array | null {
  // A large state is not even encoded: the node waits meanwhile.
  if (redacted || sizeOf(snapshotBytes, snapshotSlot, decisions) > stateBytes) return null
  try {
    const bytes = codecsOf(machine).snapshots.encode(replicated.state, replicated.machineVersion)
    return bytes.length <= stateBytes ? bytes : null
  } catch {
    return null
  }
}

/** About as much as a state takes: its last snapshot, and the decrees since then. */
function sizeOf(snapshotBytes: number, snapshotSlot: Slot, decisions: ReadonlyMap<Slot, Decree>): number {
  let bytes = snapshotBytes
  for (const [slot, decree] of decisions) if (slot > snapshotSlot) bytes += decree.length
  return bytes
}

/** Whether the snapshot that comes from another member is left out, so that its end cannot be done once more. */
export function lacksIncoming({ roles }: Node, { redacted, stateBytes }: Packing): boolean {
  return redacted || (roles.replica?.incoming?.received ?? 0) > stateBytes
}

/** Shares memory with the node: to be written down before its next turn. The machine is that of the node. */
export function packNode(node: Node, packing: Packing, machine: AnyMachine): PackedNode {
  const { fields, roles } = node.plain
  const { acceptor, replica } = node.roles
  const { recovered } = fields
  const state = replica === undefined ? null : encodeState(replica, machine, packing)
  const isKept = !packing.redacted && (recovered === null || isSmall(recovered, packing))
  const applied = replica?.applied ?? 0
  const recoveredSlot = recovered?.snapshot?.slot ?? 0
  const held = packVotes(acceptor?.votes ?? NO_VOTES, applied, applied)
  const stored = packVotes(recovered?.votes ?? NO_VOTES, recoveredSlot, recoveredSlot)
  const frozen = {
    fields: { ...fields, recovered: recovered && frozenRecovered(recovered, stored.others) },
    roles: {
      ...roles,
      ...(acceptor && { acceptor: { ...acceptor, votes: held.others } }),
      ...(replica && { replica: frozenReplica(replica, acceptor?.votes, packing) }),
    },
  } as FrozenNode // but for the decrees that are null
  return {
    whole: isKept && (replica === undefined || state !== null),
    // What a store held is still to be executed: if it is too much, then without the commands.
    frozen: isKept ? frozen : redact(frozen),
    runs: held.runs,
    state,
    recovered: {
      runs: stored.runs,
      snapshot: packSnapshot(recovered?.snapshot, isKept, packing.redacted),
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

function frozenReplica(replica: Replica, votes: Votes = NO_VOTES, { stateBytes }: Packing): Fields {
  const { replicated, decisions, applied, incoming, outgoing } = replica
  return {
    ...replica,
    replicated: { ...replicated, state: null },
    decisions: packDecisions(decisions, votes, applied),
    incoming: incoming !== null && incoming.received > stateBytes ? blankIncoming(incoming) : incoming,
    outgoing: outgoing && blankOutgoing(outgoing),
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

function blankOutgoing(outgoing: OutgoingSnapshot): OutgoingSnapshot {
  return { ...outgoing, data: blank(outgoing.data.length) }
}

/** What a snapshot holds beside the state is needed where the snapshot is read. */
function packSnapshot(
  snapshot: Snapshot | null | undefined,
  isKept: boolean,
  redacted: boolean,
): PackedSnapshot | null {
  if (!snapshot) return null
  const { slot, data } = snapshot
  const reader = new ByteReader(data)
  const state = reader.bytes()
  const rest = reader.bytes()
  return {
    slot,
    stateBytes: state.length,
    state: isKept ? state : null,
    rest: redacted ? encodePlain(redact(decodePlain(rest))) : rest,
  }
}

// ---- unpacking -------------------------------------------------------------------------------------------------

/** The node as it was frozen, but with null for the machine's state. */
export function unpackNode({ frozen, runs, recovered }: PackedNode): FrozenNode {
  const { fields, roles } = frozen
  const { replica, acceptor } = roles
  const votes = unpackVotes(runs, (acceptor?.['votes'] ?? NO_VOTES) as Votes) // a field of that role
  return {
    fields: { ...fields, recovered: fields.recovered && unpackRecovered(fields.recovered, recovered) },
    roles: {
      ...roles,
      ...(acceptor && { acceptor: { ...acceptor, votes } }),
      ...(replica && { replica: unpackReplica(replica, votes) }),
    },
  }
}

function unpackRecovered(frozen: Recovered, { runs, snapshot }: PackedNode['recovered']): Recovered {
  const votes = unpackVotes(runs, frozen.votes)
  return {
    ...frozen,
    votes,
    decisions: withVoted(frozen.decisions, votes),
    snapshot: unpackSnapshot(snapshot),
  }
}

function unpackReplica(replica: Fields, votes: Votes): Fields {
  const decisions = withVoted(replica['decisions'] as ReadonlyMap<Slot, Decree | null>, votes) // as packed
  return { ...replica, decisions }
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
  const { slot, stateBytes, state, rest } = packed
  const writer = new ByteWriter(stateBytes + rest.length + 16)
  writer.bytes(state ?? new Uint8Array(stateBytes))
  writer.bytes(rest)
  return { slot, data: writer.take() }
}

/** The machine's state at the beginning; null if there is none yet. */
export function unpackState({ state, frozen }: PackedNode, machine: AnyMachine): unknown {
  if (state === null) return null
  const { machineVersion } = (frozen.roles.replica as unknown as Replica).replicated // as packed
  return codecsOf(machine).snapshots.decode(state, machineVersion)
}
