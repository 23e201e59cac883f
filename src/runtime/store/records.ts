/**
 * Store records as bytes: one byte that says which, then its fields, numbers as varints. A record says by itself where
 * it ends, so that many follow each other without a length between them.
 */
import {
  type Ballot,
  ByteReader,
  type Founding,
  MalformedBytes,
  type RefusedStore,
  type SnapshotRecord,
  type StoreRecord,
  type Voter,
} from '../../paxos/index.js'
import type { StoreWriter } from './writer.js'

/** The byte before each record. The numbers are part of the format. */
const KIND = {
  created: 1,
  incarnation: 2,
  founded: 3,
  promised: 4,
  accepted: 5,
  decision: 6,
  learned: 7,
  snapshot: 8,
  refused: 9,
  reference: 10,
} as const

/** Their places are part of the format. */
const REASONS: readonly RefusedStore[] = ['turned-away', 'foreign', 'damaged', 'rolled-back']

/** What the log has in the place of a snapshot: its bytes are in a file of their own. */
export interface SnapshotReference {
  readonly type: 'reference'
  /** The how-manieth record that was ever written the snapshot is. Its file is named by it. */
  readonly ordinal: number
  /** Of what is older than the snapshot, the segments from this one on are still needed. */
  readonly firstSegment: number
}

/** What the log holds. */
export type LogEntry = Exclude<StoreRecord, { type: 'snapshot' | 'damaged' }> | SnapshotReference

// ---- writing -------------------------------------------------------------------------------------------------

/** Throws a TypeError for `damaged`, which nobody writes. */
export function encodeRecord(record: StoreRecord, writer: StoreWriter): void {
  switch (record.type) {
    case 'snapshot':
      encodeSnapshotHead(record, writer)
      writer.raw(record.data)
      return
    case 'damaged':
      throw new TypeError('A record that is damaged cannot be written.')
    default:
      encodeEntry(record, writer)
  }
}

export function encodeEntry(entry: LogEntry, writer: StoreWriter): void {
  writer.byte(KIND[entry.type])
  switch (entry.type) {
    case 'accepted':
      writeBallot(writer, entry.ballot)
      writer.number(entry.slot)
      writer.number(entry.learned)
      writer.bytes(entry.decree)
      return
    case 'decision':
      writer.number(entry.slot)
      writer.bytes(entry.decree)
      return
    case 'learned':
      writer.number(entry.slot)
      return
    case 'promised':
      writeBallot(writer, entry.ballot)
      return
    case 'incarnation':
      writer.number(entry.incarnation)
      return
    case 'created':
      writer.number(entry.store)
      writer.number(entry.member)
      return
    case 'founded':
      writeFounding(writer, entry.founding)
      return
    case 'refused':
      writer.number(REASONS.indexOf(entry.reason))
      return
    case 'reference':
      writer.number(entry.ordinal)
      writer.number(entry.firstSegment)
      return
  }
}

/** All of a snapshot but its data, which are to follow. */
export function encodeSnapshotHead(record: SnapshotRecord, writer: StoreWriter): void {
  writer.byte(KIND.snapshot)
  writer.number(record.slot)
  writer.number(record.trimmed)
  writer.number(record.incarnation)
  writeBallot(writer, record.promised)
  writer.number(record.written)
  writer.number(record.data.length)
}

/** The member of no ballot is -1, and numbers are not below 0. */
function writeBallot(writer: StoreWriter, ballot: Ballot): void {
  writer.number(ballot.round)
  writer.number(ballot.member + 1)
  writer.number(ballot.incarnation)
}

function writeFounding(writer: StoreWriter, founding: Founding): void {
  writer.number(founding.cluster)
  writer.number(founding.timeMicros)
  writer.number(founding.voters.length)
  for (const { member, store } of founding.voters) {
    writer.number(member)
    writer.number(store)
  }
  writer.number(founding.machineVersion ?? 1)
}

// ---- reading -------------------------------------------------------------------------------------------------

/** The record that the bytes hold; its decree or data share their memory. Throws a `MalformedBytes` if they are none. */
export function decodeRecord(bytes: Uint8Array): StoreRecord {
  const reader = new ByteReader(bytes)
  const kind = reader.number()
  const record = kind === KIND.snapshot ? readSnapshot(reader) : readEntryOf(kind, reader)
  if (!reader.done) throw new MalformedBytes('A record goes on after its end.')
  if (record.type === 'reference')
    throw new MalformedBytes('A snapshot is meant, and only its place is given.')
  return record
}

/** The snapshot with this head and these data. Throws a `MalformedBytes` if that is none. */
export function decodeSnapshot(head: Uint8Array, data: Uint8Array): SnapshotRecord {
  const reader = new ByteReader(head)
  if (reader.number() !== KIND.snapshot) throw new MalformedBytes('A snapshot begins as something else.')
  const record = { ...readSnapshotHead(reader), data }
  if (reader.number() !== data.length || !reader.done)
    throw new MalformedBytes('A snapshot has other data than its head says.')
  return record
}

/** The next entry. Throws a `MalformedBytes` if there is none. */
export function readEntry(reader: ByteReader): LogEntry {
  return readEntryOf(reader.number(), reader)
}

function readEntryOf(kind: number, reader: ByteReader): LogEntry {
  switch (kind) {
    case KIND.accepted: {
      const ballot = readBallot(reader)
      const slot = reader.number()
      const learned = reader.number()
      return { type: 'accepted', ballot, slot, decree: reader.bytes(), learned }
    }
    case KIND.decision:
      return { type: 'decision', slot: reader.number(), decree: reader.bytes() }
    case KIND.learned:
      return { type: 'learned', slot: reader.number() }
    case KIND.promised:
      return { type: 'promised', ballot: readBallot(reader) }
    case KIND.incarnation:
      return { type: 'incarnation', incarnation: reader.number() }
    case KIND.created:
      return { type: 'created', store: reader.number(), member: reader.number() }
    case KIND.founded:
      return { type: 'founded', founding: readFounding(reader) }
    case KIND.refused:
      return { type: 'refused', reason: readReason(reader) }
    case KIND.reference:
      return { type: 'reference', ordinal: reader.number(), firstSegment: reader.number() }
    default:
      throw new MalformedBytes(`A record is of kind ${kind}, and there is no such kind.`)
  }
}

function readSnapshot(reader: ByteReader): SnapshotRecord {
  const head = readSnapshotHead(reader)
  return { ...head, data: reader.bytes() }
}

function readSnapshotHead(reader: ByteReader): Omit<SnapshotRecord, 'data'> {
  const slot = reader.number()
  const trimmed = reader.number()
  const incarnation = reader.number()
  const promised = readBallot(reader)
  return { type: 'snapshot', slot, trimmed, incarnation, promised, written: reader.number() }
}

function readBallot(reader: ByteReader): Ballot {
  return { round: reader.number(), member: reader.number() - 1, incarnation: reader.number() }
}

function readFounding(reader: ByteReader): Founding {
  const cluster = reader.number()
  const timeMicros = reader.number()
  const voters: Voter[] = []
  for (let left = reader.number(); left > 0; left--) {
    voters.push({ member: reader.number(), store: reader.number() })
  }
  const machineVersion = reader.number()
  return { cluster, voters, timeMicros, ...(machineVersion !== 1 && { machineVersion }) }
}

function readReason(reader: ByteReader): RefusedStore {
  const reason = REASONS[reader.number()]
  if (reason === undefined) throw new MalformedBytes('A store was refused for a reason that there is not.')
  return reason
}
