/**
 * Segments: the files that the log is made of, each of a fixed size and filled with bytes before it is used, so that a
 * sync changes nothing but these bytes. A segment begins with a header, and ends with the same once more. It is written
 * when the segment is begun; one without is a spare. A file that is used a second time still has the header and frames
 * of its first use, under another number: they count for nothing.
 */
import { crc32 } from 'node:zlib'
import { ByteReader, MalformedBytes } from '../../paxos/index.js'
import { StoreError } from './errors.js'
import { beginsFrame, type Frame, findFrames, IDENTITY_BYTES, type LogIdentity } from './frames.js'
import { encodeEntry, readEntry } from './records.js'
import { isKeepsake, type Keepsake } from './residue.js'
import { StoreWriter } from './writer.js'

/** The version of all formats of a store together. Another version is refused: nothing is guessed. */
export const FORMAT_VERSION = 1

/** The room for a header, at each end of a segment: a founding of 1,000 voters fits. */
export const SEGMENT_HEADER_BYTES = 32_768

const MAGIC = 'synodlog'
/** The magic, the version, how long the rest is, and its checksum with these. No version ever changes it. */
const PREFACE_BYTES = 20

export interface SegmentHeader {
  readonly identity: LogIdentity
  readonly segment: number
  /** The size of the file when it was begun. */
  readonly bytes: number
  /** How many records were ever written before those of the segment. */
  readonly before: number
  /** The checksum of the last frame before the segment. */
  readonly previous: number
  /** What earlier segments held that no snapshot makes needless. */
  readonly keepsakes: readonly Keepsake[]
}

/** What the bytes of a segment say. */
export interface Segment {
  readonly number: number
  readonly bytes: Buffer
  /** Null if neither can be read. */
  readonly header: SegmentHeader | null
  /** How many of its two headers can be read. */
  readonly headers: number
  readonly frames: readonly Frame[]
}

/** Whether anything was ever written to it. */
export function isBegun(segment: Segment): boolean {
  return segment.header !== null || segment.frames.length > 0
}

export function segmentName(number: number): string {
  return `${String(number).padStart(10, '0')}.votes`
}

/** The number that a file of this name has; null if it is no segment. */
export function segmentNumberOf(name: string): number | null {
  return /^\d{10}\.votes$/.test(name) ? Number(name.slice(0, 10)) : null
}

/** Of this version, unless a test asks for another. */
export function encodeSegmentHeader(header: SegmentHeader, version: number = FORMAT_VERSION): Buffer {
  const writer = new StoreWriter()
  writer.raw(Buffer.alloc(PREFACE_BYTES))
  writer.raw(Buffer.from(header.identity, 'latin1'))
  writer.number(header.segment)
  writer.number(header.bytes)
  writer.number(header.before)
  writer.number(header.previous)
  writer.number(header.keepsakes.length)
  for (const record of header.keepsakes) encodeEntry(record, writer)
  const bytes = writer.written
  if (bytes.length > SEGMENT_HEADER_BYTES)
    throw new RangeError(
      `A segment's header has ${bytes.length} bytes, and room for ${SEGMENT_HEADER_BYTES}: the cluster was founded with too many voters.`,
    )
  bytes.write(MAGIC, 0, 'latin1')
  bytes.writeUInt32LE(version, 8)
  bytes.writeUInt32LE(bytes.length - PREFACE_BYTES, 12)
  bytes.writeUInt32LE(crc32(bytes.subarray(PREFACE_BYTES), crc32(bytes.subarray(0, 16))), 16)
  return bytes
}

/** Reads both headers. Gives those that can be read, whatever segment and store they name. */
export function readSegmentHeaders(name: string, bytes: Buffer): SegmentHeader[] {
  const headers: SegmentHeader[] = []
  for (const at of [0, bytes.length - SEGMENT_HEADER_BYTES]) {
    const header = at < 0 ? null : readHeader(name, bytes.subarray(at))
    if (header !== null) headers.push(header)
  }
  return headers
}

function readHeader(name: string, bytes: Buffer): SegmentHeader | null {
  if (bytes.length < PREFACE_BYTES || bytes.toString('latin1', 0, 8) !== MAGIC) return null
  const version = bytes.readUInt32LE(8)
  const body = bytes.subarray(PREFACE_BYTES, PREFACE_BYTES + bytes.readUInt32LE(12))
  if (crc32(body, crc32(bytes.subarray(0, 16))) !== bytes.readUInt32LE(16)) return null
  checkVersion(name, version)
  try {
    return readHeaderBody(body)
  } catch (error) {
    if (error instanceof MalformedBytes) return null
    throw error
  }
}

export function checkVersion(name: string, version: number): void {
  if (version <= FORMAT_VERSION) return
  throw new StoreError(
    'newer',
    `${name} has format ${version}, and this version of Synod knows formats up to ${FORMAT_VERSION}: start the member with the version that wrote it, or a later one.`,
  )
}

function readHeaderBody(body: Buffer): SegmentHeader {
  const identity = body.toString('latin1', 0, IDENTITY_BYTES)
  const reader = new ByteReader(body.subarray(IDENTITY_BYTES))
  const segment = reader.number()
  const bytes = reader.number()
  const before = reader.number()
  const previous = reader.number()
  const keepsakes: Keepsake[] = []
  for (let left = reader.number(); left > 0; left--) {
    const record = readEntry(reader)
    if (record.type === 'reference' || !isKeepsake(record))
      throw new MalformedBytes(`A segment carries over a record of type ${record.type}.`)
    keepsakes.push(record)
  }
  return { identity, segment, bytes, before, previous, keepsakes }
}

/** What a file is as the segment of this number, in the store of this identity. */
export function readSegment(
  number: number,
  bytes: Buffer,
  headers: readonly SegmentHeader[],
  identity: LogIdentity,
): Segment {
  const own = headers.filter((header) => header.segment === number)
  const header = own[0] ?? null
  const frames = findFrames(bytes, SEGMENT_HEADER_BYTES, framesEnd(bytes.length), identity, number)
  return { number, bytes, header, headers: own.length, frames }
}

/** Where the room for frames ends in a segment of so many bytes. */
export function framesEnd(bytes: number): number {
  return bytes - SEGMENT_HEADER_BYTES
}

/** Whether a frame begins after the last whole one. */
export function looksTorn({ number, bytes, frames }: Segment, identity: LogIdentity): boolean {
  return beginsFrame(bytes, frames.at(-1)?.to ?? SEGMENT_HEADER_BYTES, identity, number)
}
