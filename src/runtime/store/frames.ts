/**
 * Frames: the entries of the log. A frame is one batch: what was written with one sync is there as a whole or not at
 * all. It says which store and which segment it belongs to, which records it holds by their numbers, and what the frame
 * before it was, by its checksum. So bytes of another store, of an earlier use of the file, or in the wrong place are
 * no frame, and what follows a frame that cannot be read tells how many records are missing.
 */
import { crc32 } from 'node:zlib'
import { ByteReader, MalformedBytes } from '../../paxos/index.js'
import { type LogEntry, readEntry } from './records.js'
import type { StoreWriter } from './writer.js'

/** Names a store's files, drawn at random when they are made. */
export type LogIdentity = string

/** How many characters it has, one byte each. */
export const IDENTITY_BYTES = 16

/** What stands before the entries of a frame. */
export const FRAME_HEADER_BYTES = 52

/** Frames begin at multiples of this. */
const FRAME_ALIGNMENT = 8

const MAGIC = 0x424e_5953 // "SYNB"
const MAGIC_BYTES = Buffer.from('SYNB', 'latin1')

/** Where a frame belongs. */
export interface FramePlace {
  readonly identity: LogIdentity
  readonly segment: number
  /** How many records were ever written before those of the frame. */
  readonly before: number
  /** The checksum of the frame before it; 0 before the first. */
  readonly previous: number
}

export interface Frame {
  /** The bytes that it takes, from the first to before the next frame. */
  readonly from: number
  readonly to: number
  readonly before: number
  readonly previous: number
  readonly checksum: number
  readonly entries: readonly LogEntry[]
}

export function alignFrame(position: number): number {
  return Math.ceil(position / FRAME_ALIGNMENT) * FRAME_ALIGNMENT
}

/** Fills in the first bytes of a frame whose entries are written after them. Gives its checksum. */
export function sealFrame(writer: StoreWriter, count: number, place: FramePlace): number {
  const payloadBytes = writer.length - FRAME_HEADER_BYTES
  const payload = writer.written.subarray(FRAME_HEADER_BYTES)
  const padding = alignFrame(writer.length) - writer.length
  for (let left = padding; left > 0; left--) writer.byte(0)
  const { buffer } = writer
  buffer.writeUInt32LE(MAGIC, 0)
  buffer.writeUInt32LE(payloadBytes, 4)
  buffer.write(place.identity, 8, 'latin1')
  buffer.writeDoubleLE(place.before, 24)
  buffer.writeUInt32LE(place.segment, 32)
  buffer.writeUInt32LE(count, 36)
  buffer.writeUInt32LE(place.previous, 40)
  buffer.writeUInt32LE(crc32(payload), 44)
  const checksum = crc32(buffer.subarray(0, 48))
  buffer.writeUInt32LE(checksum, 48)
  return checksum
}

/** All whole frames of a segment between two places, in the order of their places. What is no frame is passed over. */
export function findFrames(
  bytes: Buffer,
  from: number,
  to: number,
  identity: LogIdentity,
  segment: number,
): Frame[] {
  const frames: Frame[] = []
  let at = alignFrame(from)
  while (at + FRAME_HEADER_BYTES <= to) {
    const frame = frameAt(bytes, at, to, identity, segment)
    if (frame !== null) frames.push(frame)
    at = frame?.to ?? nextBeginning(bytes, at + FRAME_ALIGNMENT)
  }
  return frames
}

/** The next place where a frame may begin; the end if there is none. */
function nextBeginning(bytes: Buffer, from: number): number {
  for (let at = from; ; at = alignFrame(at + 1)) {
    at = bytes.indexOf(MAGIC_BYTES, at)
    if (at < 0) return bytes.length
    if (at % FRAME_ALIGNMENT === 0) return at
  }
}

/** Whether the first bytes are those of a frame of this segment, whole or not. */
export function beginsFrame(bytes: Buffer, at: number, identity: LogIdentity, segment: number): boolean {
  if (at + FRAME_HEADER_BYTES > bytes.length || bytes.readUInt32LE(at) !== MAGIC) return false
  if (bytes.readUInt32LE(at + 32) !== segment) return false
  return bytes.toString('latin1', at + 8, at + 8 + IDENTITY_BYTES) === identity
}

function frameAt(
  bytes: Buffer,
  at: number,
  end: number,
  identity: LogIdentity,
  segment: number,
): Frame | null {
  if (!beginsFrame(bytes, at, identity, segment)) return null
  const checksum = bytes.readUInt32LE(at + 48)
  if (crc32(bytes.subarray(at, at + 48)) !== checksum) return null
  const payloadFrom = at + FRAME_HEADER_BYTES
  const payloadTo = payloadFrom + bytes.readUInt32LE(at + 4)
  if (payloadTo > end) return null
  const payload = bytes.subarray(payloadFrom, payloadTo)
  if (crc32(payload) !== bytes.readUInt32LE(at + 44)) return null
  const entries = readEntries(plainBytes(payload), bytes.readUInt32LE(at + 36))
  if (entries === null) return null
  const before = bytes.readDoubleLE(at + 24)
  return {
    from: at,
    to: alignFrame(payloadTo),
    before,
    previous: bytes.readUInt32LE(at + 40),
    checksum,
    entries,
  }
}

/** The same memory as what everybody else has decrees in: a `slice` of a Buffer is no copy. */
export function plainBytes(buffer: Buffer): Uint8Array {
  return new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.length)
}

/** Null if they are not so many entries, though their checksum is right. */
function readEntries(payload: Uint8Array, count: number): LogEntry[] | null {
  const reader = new ByteReader(payload)
  const entries: LogEntry[] = []
  try {
    for (let left = count; left > 0; left--) entries.push(readEntry(reader))
  } catch (error) {
    if (error instanceof MalformedBytes) return null
    throw error
  }
  return reader.done ? entries : null
}
