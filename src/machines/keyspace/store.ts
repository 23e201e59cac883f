/** Finding, writing and removing the records of a state. */
import { addDeadline, moveDeadline, removeDeadline } from './deadlines.js'
import { characters } from './order.js'
import {
  DEAD,
  keyViewAt,
  kindAt,
  LASTING_HEADER,
  MORTAL,
  markDead,
  type RecordContent,
  recordBytes,
  sizeAt,
  writeRecord,
} from './records.js'
import { eachRecord, type Finder, type KeyspaceState, writableBytes } from './state.js'
import { hashOf, NOWHERE, offsetOf, type Reference, referenceTo, segmentOf, UNIT_BITS } from './table.js'

const SEGMENT_BYTES = 2 ** (UNIT_BITS + 3)

/** A record larger than this has a segment of its own, so that no segment wastes more at its end. */
const OWN_SEGMENT_BYTES = SEGMENT_BYTES / 8

/** References have 32 bits, and one command may take a few segments. */
const MOST_SEGMENTS = 2 ** (32 - UNIT_BITS) - 8

const NO_BYTES = new Uint8Array(0)

/** Whether there is no room for another record: at 4 GiB of the largest ones, 32 GiB of small ones. */
export function isFull({ segments, vacant }: KeyspaceState): boolean {
  return segments.length - vacant.length >= MOST_SEGMENTS
}

/** Where a key is in the table, or `NOWHERE`. */
export function findKey(state: KeyspaceState, finder: Finder, key: Uint8Array): number {
  return finder.table.find(state.segments, key, hashOf(key, 0, key.length))
}

/** The segment of a record. */
export function bytesOf({ segments }: KeyspaceState, reference: Reference): Uint8Array {
  return segments[segmentOf(reference)] ?? NO_BYTES
}

/** Writes a key, which is at this place of the table or `NOWHERE`. */
export function write(state: KeyspaceState, finder: Finder, place: number, content: RecordContent): void {
  const { key, value, deadlineMicros } = content
  const needed = recordBytes(deadlineMicros > 0, key.length, value.length)
  if (place === NOWHERE) {
    finder.table.add(hashOf(key, 0, key.length), writeNew(state, finder, needed, content))
    finder.order.added(key)
    state.count += 1
    return
  }
  const old = finder.table.referenceAt(place)
  const size = sizeAt(bytesOf(state, old), offsetOf(old))
  if (needed <= size && needed * 8 >= size * 7) {
    unqueue(state, old)
    writeAt(state, old, size, content)
    return
  }
  const reference = writeNew(state, finder, needed, content)
  const replaced = finder.table.referenceAt(place) // the old one may have been moved to make room
  finder.table.point(place, reference)
  unqueue(state, replaced)
  release(state, finder, replaced)
}

function writeNew(state: KeyspaceState, finder: Finder, size: number, content: RecordContent): Reference {
  const reference = allocate(state, finder, size)
  writeAt(state, reference, size, content)
  return reference
}

function writeAt(state: KeyspaceState, reference: Reference, size: number, content: RecordContent): void {
  const [segment, offset] = [segmentOf(reference), offsetOf(reference)]
  writeRecord(writableBytes(state.segments, segment, offset, size), offset, size, content)
  if (content.deadlineMicros > 0) addDeadline(state, reference)
}

function unqueue(state: KeyspaceState, reference: Reference): void {
  if (kindAt(bytesOf(state, reference), offsetOf(reference)) === MORTAL) removeDeadline(state, reference)
}

/** Removes the key at this place of the table. */
export function remove(state: KeyspaceState, finder: Finder, place: number): void {
  const reference = finder.table.referenceAt(place)
  unqueue(state, reference)
  finder.table.remove(place)
  finder.order.removed()
  state.count -= 1
  release(state, finder, reference)
}

/** Every key that is there, a character a byte. */
export function allKeys(state: KeyspaceState): string[] {
  const keys: string[] = []
  eachRecord(state, (bytes, offset) => keys.push(characters(keyViewAt(bytes, offset))))
  return keys
}

// ---- segments ------------------------------------------------------------------------------------------------

/** Room for a record of so many bytes. Others may be moved for it. */
function allocate(state: KeyspaceState, finder: Finder, needed: number): Reference {
  if (needed > OWN_SEGMENT_BYTES) {
    const own = openSegment(state, needed)
    state.used[own] = needed
    return referenceTo(own, 0)
  }
  const { length } = state.segments[state.head] ?? NO_BYTES
  const used = state.used[state.head] ?? 0
  if (used + needed > length) {
    if (used + needed <= SEGMENT_BYTES) growHead(state, used + needed)
    else changeHead(state, finder)
  }
  const offset = state.used[state.head] ?? 0
  state.used[state.head] = offset + needed
  return referenceTo(state.head, offset)
}

function openSegment(state: KeyspaceState, length: number): number {
  const bytes = new Uint8Array(length)
  const segment = state.vacant.pop() ?? state.segments.length
  state.segments[segment] = bytes
  state.used[segment] = 0
  state.dead[segment] = 0
  return segment
}

/** Only the first segment begins small. */
function growHead(state: KeyspaceState, needed: number): void {
  const old = state.segments[state.head] ?? NO_BYTES
  const grown = new Uint8Array(Math.min(SEGMENT_BYTES, Math.max(needed, 2 * old.length)))
  grown.set(old)
  state.segments[state.head] = grown
}

function changeHead(state: KeyspaceState, finder: Finder): void {
  const full = state.head
  state.head = openSegment(state, SEGMENT_BYTES)
  evacuateIfDead(state, finder, full)
}

function release(state: KeyspaceState, finder: Finder, reference: Reference): void {
  const segment = segmentOf(reference)
  const offset = offsetOf(reference)
  const bytes = writableBytes(state.segments, segment, offset, LASTING_HEADER)
  markDead(bytes, offset)
  state.dead[segment] = (state.dead[segment] ?? 0) + sizeAt(bytes, offset)
  if (segment !== state.head) evacuateIfDead(state, finder, segment)
}

/** A third dead, a segment is dropped, and what lives in it written anew: two bytes at most for each that is won. */
function evacuateIfDead(state: KeyspaceState, finder: Finder, segment: number): void {
  const used = state.used[segment] ?? 0
  if ((state.dead[segment] ?? 0) * 3 < used) return
  const bytes = state.segments[segment] ?? NO_BYTES
  for (let offset = 0; offset < used; offset += sizeAt(bytes, offset)) {
    if (kindAt(bytes, offset) !== DEAD) move(state, finder, bytes, referenceTo(segment, offset))
  }
  state.segments[segment] = NO_BYTES
  state.used[segment] = 0
  state.dead[segment] = 0
  state.vacant.push(segment)
}

function move(state: KeyspaceState, finder: Finder, bytes: Uint8Array, from: Reference): void {
  const offset = offsetOf(from)
  const size = sizeAt(bytes, offset)
  const to = allocate(state, finder, size)
  const target = writableBytes(state.segments, segmentOf(to), offsetOf(to), size)
  target.set(bytes.subarray(offset, offset + size), offsetOf(to))
  finder.table.moved(bytes, offset, from, to)
  if (kindAt(bytes, offset) === MORTAL) moveDeadline(state, to)
}
