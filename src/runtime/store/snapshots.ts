/**
 * The files of snapshots: what tells them from others, the data, and at the end the record without its data, and a checksum
 * of it all. So the data can be written before the rest is known. A file is complete before it has its name.
 */
import { crc32 } from 'node:zlib'
import { MalformedBytes, type SnapshotRecord } from '../../paxos/index.js'
import { IDENTITY_BYTES, type LogIdentity, plainBytes } from './frames.js'
import { decodeSnapshot, encodeSnapshotHead } from './records.js'
import { checkVersion, FORMAT_VERSION } from './segments.js'
import { StoreWriter } from './writer.js'

const MAGIC = 'synodsnp'
/** The magic, the version, and the identity. */
const PREFACE_BYTES = 12 + IDENTITY_BYTES
/** The ordinal, before the record. */
const ORDINAL_BYTES = 8
/** How many bytes the ordinal and the record have, and the checksum of all that comes before that. */
const END_BYTES = 8
/** What is written, and summed up, at a time: nothing else waits for longer than that. */
const CHUNK_BYTES = 1_048_576

export function snapshotName(ordinal: number): string {
  return `${String(ordinal).padStart(16, '0')}.snapshot`
}

/** The ordinal that a file of this name has; null if it is no snapshot. */
export function snapshotOrdinalOf(name: string): number | null {
  return /^\d{16}\.snapshot$/.test(name) ? Number(name.slice(0, 16)) : null
}

/** The bytes of a file, made one after the other. */
export class SnapshotBytes {
  readonly #data: Uint8Array
  readonly #identity: LogIdentity
  #checksum = 0

  constructor(data: Uint8Array, identity: LogIdentity) {
    this.#data = data
    this.#identity = identity
  }

  /** All but the end, in chunks. The data are not copied. */
  *beginning(): Generator<Uint8Array> {
    const preface = Buffer.alloc(PREFACE_BYTES)
    preface.write(MAGIC, 0, 'latin1')
    preface.writeUInt32LE(FORMAT_VERSION, 8)
    preface.write(this.#identity, 12, 'latin1')
    this.#checksum = crc32(preface)
    yield preface
    for (let at = 0; at < this.#data.length; at += CHUNK_BYTES) {
      const chunk = this.#data.subarray(at, at + CHUNK_BYTES)
      this.#checksum = crc32(chunk, this.#checksum)
      yield chunk
    }
  }

  /** The end, once there was the beginning. */
  end(record: SnapshotRecord, ordinal: number): Uint8Array {
    const writer = new StoreWriter()
    writer.raw(Buffer.alloc(ORDINAL_BYTES))
    writer.buffer.writeDoubleLE(ordinal)
    encodeSnapshotHead(record, writer)
    const { length } = writer
    writer.raw(Buffer.alloc(END_BYTES))
    writer.buffer.writeUInt32LE(length, length)
    writer.buffer.writeUInt32LE(crc32(writer.buffer.subarray(0, length + 4), this.#checksum), length + 4)
    return writer.written
  }

  *whole(record: SnapshotRecord, ordinal: number): Generator<Uint8Array> {
    yield* this.beginning()
    yield this.end(record, ordinal)
  }
}

/** What a file holds; its data share the memory. Null if it is not that snapshot of that store, whole. */
export function readSnapshotFile(
  bytes: Buffer,
  identity: LogIdentity,
  ordinal: number,
): SnapshotRecord | null {
  const end = bytes.length - END_BYTES
  if (end < PREFACE_BYTES || bytes.toString('latin1', 0, 8) !== MAGIC) return null
  if (crc32(bytes.subarray(0, end + 4)) !== bytes.readUInt32LE(end + 4)) return null
  checkVersion(snapshotName(ordinal), bytes.readUInt32LE(8))
  if (bytes.toString('latin1', 12, PREFACE_BYTES) !== identity) return null
  const from = end - bytes.readUInt32LE(end)
  if (from < PREFACE_BYTES || end - from < ORDINAL_BYTES || bytes.readDoubleLE(from) !== ordinal) return null
  try {
    const head = plainBytes(bytes.subarray(from + ORDINAL_BYTES, end))
    return decodeSnapshot(head, plainBytes(bytes.subarray(PREFACE_BYTES, from)))
  } catch (error) {
    if (error instanceof MalformedBytes) return null
    throw error
  }
}
