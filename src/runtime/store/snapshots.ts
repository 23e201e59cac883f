/**
 * The files of snapshots: what tells them from others, the record without its data, the data, and a checksum of it all
 * at the end. A file is complete before it has its name.
 */
import { crc32 } from 'node:zlib'
import { MalformedBytes, type SnapshotRecord } from '../../paxos/index.js'
import { IDENTITY_BYTES, type LogIdentity, plainBytes } from './frames.js'
import { decodeRecord, encodeSnapshotHead } from './records.js'
import { checkVersion, FORMAT_VERSION } from './segments.js'
import { StoreWriter } from './writer.js'

const MAGIC = 'synodsnp'
/** The magic, the version, the identity, and the ordinal. */
const PREFACE_BYTES = 12 + IDENTITY_BYTES + 8
const CHECKSUM_BYTES = 4
/** What is written, and summed up, at a time: nothing else waits for longer than that. */
const CHUNK_BYTES = 1_048_576

export function snapshotName(ordinal: number): string {
  return `${String(ordinal).padStart(16, '0')}.snapshot`
}

/** The ordinal that a file of this name has; null if it is no snapshot. */
export function snapshotOrdinalOf(name: string): number | null {
  return /^\d{16}\.snapshot$/.test(name) ? Number(name.slice(0, 16)) : null
}

/** The bytes of a file, in chunks that are made one by one. The data are not copied. */
export function* snapshotChunks(
  record: SnapshotRecord,
  identity: LogIdentity,
  ordinal: number,
): Generator<Uint8Array> {
  const writer = new StoreWriter()
  writer.raw(Buffer.alloc(PREFACE_BYTES))
  writer.buffer.write(MAGIC, 0, 'latin1')
  writer.buffer.writeUInt32LE(FORMAT_VERSION, 8)
  writer.buffer.write(identity, 12, 'latin1')
  writer.buffer.writeDoubleLE(ordinal, 12 + IDENTITY_BYTES)
  encodeSnapshotHead(record, writer)
  let checksum = crc32(writer.written)
  yield writer.written
  for (let at = 0; at < record.data.length; at += CHUNK_BYTES) {
    const chunk = record.data.subarray(at, at + CHUNK_BYTES)
    checksum = crc32(chunk, checksum)
    yield chunk
  }
  const end = Buffer.alloc(CHECKSUM_BYTES)
  end.writeUInt32LE(checksum)
  yield end
}

/** What a file holds; its data share the memory. Null if it is not that snapshot of that store, whole. */
export function readSnapshotFile(
  bytes: Buffer,
  identity: LogIdentity,
  ordinal: number,
): SnapshotRecord | null {
  const end = bytes.length - CHECKSUM_BYTES
  if (end < PREFACE_BYTES || bytes.toString('latin1', 0, 8) !== MAGIC) return null
  if (crc32(bytes.subarray(0, end)) !== bytes.readUInt32LE(end)) return null
  checkVersion(snapshotName(ordinal), bytes.readUInt32LE(8))
  if (bytes.toString('latin1', 12, 12 + IDENTITY_BYTES) !== identity) return null
  if (bytes.readDoubleLE(12 + IDENTITY_BYTES) !== ordinal) return null
  try {
    const record = decodeRecord(plainBytes(bytes.subarray(PREFACE_BYTES, end)))
    return record.type === 'snapshot' ? record : null
  } catch (error) {
    if (error instanceof MalformedBytes) return null
    throw error
  }
}
