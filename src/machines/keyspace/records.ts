/**
 * A key with its value as bytes in a segment, and how to read them. Numbers are little-endian; a record begins at a
 * multiple of 8 and takes a multiple of 8 bytes.
 *
 * | at  | bytes | what |
 * |-----|-------|------|
 * | 0   | 4     | bytes that the record takes; they may be a few more than it needs |
 * | 4   | 1     | 0: dead; 1: lives for ever; 2: has a deadline |
 * | 6   | 2     | bytes of the key |
 * | 8   | 4     | bytes of the value |
 * | 12  | 8     | revision |
 * | 20  | 8     | deadline in microseconds of decree time: of kind 2 only |
 * | 28  | 4     | where it is in the queue of deadlines: of kind 2 only |
 * | …   |       | the key, then the value |
 */

export const DEAD = 0
const LASTING = 1
export const MORTAL = 2

const AT_KIND = 4
const AT_KEY_BYTES = 6
const AT_VALUE_BYTES = 8
const AT_REVISION = 12
const AT_DEADLINE = 20
const AT_POSITION = 28
export const LASTING_HEADER = 20
export const MORTAL_HEADER = 32

const ALIGNMENT = 8
const TWO_32 = 2 ** 32

/** How many bytes a record needs. */
export function recordBytes(isMortal: boolean, keyBytes: number, valueBytes: number): number {
  const bytes = (isMortal ? MORTAL_HEADER : LASTING_HEADER) + keyBytes + valueBytes
  return Math.ceil(bytes / ALIGNMENT) * ALIGNMENT
}

export function readNumber16(bytes: Uint8Array, at: number): number {
  return (bytes[at] ?? 0) | ((bytes[at + 1] ?? 0) << 8)
}

export function writeNumber16(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value
  bytes[at + 1] = value >>> 8
}

export function readNumber32(bytes: Uint8Array, at: number): number {
  return (readNumber16(bytes, at) | (readNumber16(bytes, at + 2) << 16)) >>> 0
}

export function writeNumber32(bytes: Uint8Array, at: number, value: number): void {
  writeNumber16(bytes, at, value)
  writeNumber16(bytes, at + 2, value >>> 16)
}

function readNumber64(bytes: Uint8Array, at: number): number {
  return readNumber32(bytes, at) + readNumber32(bytes, at + 4) * TWO_32
}

function writeNumber64(bytes: Uint8Array, at: number, value: number): void {
  writeNumber32(bytes, at, value)
  writeNumber32(bytes, at + 4, Math.floor(value / TWO_32))
}

/** Few bytes are copied faster one by one than by the platform. */
const FEW_BYTES = 24

export function copyBytes(target: Uint8Array, at: number, source: Uint8Array): void {
  const { length } = source
  if (length > FEW_BYTES) target.set(source, at)
  else for (let each = 0; each < length; each++) target[at + each] = source[each] ?? 0
}

/** What a record is to hold; a deadline of 0 is none. */
export interface RecordContent {
  readonly key: Uint8Array
  readonly value: Uint8Array
  readonly revision: number
  readonly deadlineMicros: number
}

/** Writes a record that takes `size` bytes, of which it needs no more. */
export function writeRecord(bytes: Uint8Array, at: number, size: number, content: RecordContent): void {
  const { key, value, revision, deadlineMicros } = content
  const isMortal = deadlineMicros > 0
  writeNumber32(bytes, at, size)
  writeNumber16(bytes, at + AT_KIND, isMortal ? MORTAL : LASTING)
  writeNumber16(bytes, at + AT_KEY_BYTES, key.length)
  writeNumber32(bytes, at + AT_VALUE_BYTES, value.length)
  writeNumber64(bytes, at + AT_REVISION, revision)
  if (isMortal) writeNumber64(bytes, at + AT_DEADLINE, deadlineMicros)
  const keyAt = at + (isMortal ? MORTAL_HEADER : LASTING_HEADER)
  copyBytes(bytes, keyAt, key)
  copyBytes(bytes, keyAt + key.length, value)
}

export function sizeAt(bytes: Uint8Array, at: number): number {
  return readNumber32(bytes, at)
}

export function kindAt(bytes: Uint8Array, at: number): number {
  return bytes[at + AT_KIND] ?? DEAD
}

export function markDead(bytes: Uint8Array, at: number): void {
  bytes[at + AT_KIND] = DEAD
}

function keyBytesAt(bytes: Uint8Array, at: number): number {
  return readNumber16(bytes, at + AT_KEY_BYTES)
}

function valueBytesAt(bytes: Uint8Array, at: number): number {
  return readNumber32(bytes, at + AT_VALUE_BYTES)
}

export function revisionAt(bytes: Uint8Array, at: number): number {
  return readNumber64(bytes, at + AT_REVISION)
}

/** 0 if it has none. */
export function deadlineAt(bytes: Uint8Array, at: number): number {
  return kindAt(bytes, at) === MORTAL ? readNumber64(bytes, at + AT_DEADLINE) : 0
}

export function positionAt(bytes: Uint8Array, at: number): number {
  return readNumber32(bytes, at + AT_POSITION)
}

export function writePosition(bytes: Uint8Array, at: number, position: number): void {
  writeNumber32(bytes, at + AT_POSITION, position)
}

/** Where the key of a record begins. */
export function keyStart(bytes: Uint8Array, at: number): number {
  return at + (kindAt(bytes, at) === MORTAL ? MORTAL_HEADER : LASTING_HEADER)
}

/** Where the key of a record ends. */
export function keyEnd(bytes: Uint8Array, at: number): number {
  return keyStart(bytes, at) + keyBytesAt(bytes, at)
}

/** A view of the key. */
export function keyViewAt(bytes: Uint8Array, at: number): Uint8Array {
  return bytes.subarray(keyStart(bytes, at), keyEnd(bytes, at))
}

/** A view of the value. */
export function valueViewAt(bytes: Uint8Array, at: number): Uint8Array {
  const start = keyEnd(bytes, at)
  return bytes.subarray(start, start + valueBytesAt(bytes, at))
}

export function valueIs(bytes: Uint8Array, at: number, value: Uint8Array): boolean {
  if (valueBytesAt(bytes, at) !== value.length) return false
  return holds(bytes, keyEnd(bytes, at), value)
}

export function keyIs(bytes: Uint8Array, at: number, key: Uint8Array): boolean {
  return keyBytesAt(bytes, at) === key.length && holds(bytes, keyStart(bytes, at), key)
}

/** Whether the bytes at a place begin with others. */
export function holds(bytes: Uint8Array, at: number, others: Uint8Array): boolean {
  for (let each = 0; each < others.length; each++) if (bytes[at + each] !== others[each]) return false
  return true
}

/** Whether a whole record that is what it claims to be lies at a place, and ends by `end`. */
export function isRecord(bytes: Uint8Array, at: number, end: number): boolean {
  if (at + LASTING_HEADER > end) return false
  const size = sizeAt(bytes, at)
  const kind = kindAt(bytes, at)
  if (size % ALIGNMENT !== 0 || size < LASTING_HEADER || at + size > end || kind > MORTAL) return false
  return kind === DEAD || recordBytes(kind === MORTAL, keyBytesAt(bytes, at), valueBytesAt(bytes, at)) <= size
}
