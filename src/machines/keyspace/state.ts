/**
 * The state of the keyspace: plain data, and the same on every member that has applied the same commands.
 *
 * Keys and values are records in a few large blocks of bytes, the segments. A record is written behind the last one,
 * or over the old one where it fits. A third of a segment dead, those that live go elsewhere and the segment is
 * dropped. So there are no small objects to allocate, move and collect, however many keys there are.
 *
 * What is made from the state to find things in it is the {@link Finder}. It is kept beside the state and made anew for
 * a copy.
 */
import { beforeWrite } from './frozen.js'
import type { ChangeChunk } from './history.js'
import { SortedKeys } from './order.js'
import { DEAD, keyEnd, keyStart, kindAt, sizeAt } from './records.js'
import { hashOf, KeyTable, type Reference, referenceTo } from './table.js'

export interface KeyspaceState {
  /** How many changes there were. */
  revision: number
  /** Decree time of the last command. */
  timeMicros: number
  /** How many records live, those that are due and not yet removed among them. */
  count: number
  readonly segments: Uint8Array[]
  /** How many bytes of each segment are written, and how many of these are dead. */
  readonly used: number[]
  readonly dead: number[]
  /** The segment that is written to. */
  head: number
  /** Numbers of segments that were dropped, to be used again. */
  readonly vacant: number[]
  /** The records with a deadline: a binary heap with the earliest first. */
  readonly deadlines: Reference[]
  /** The last changes, the oldest chunk first. */
  readonly history: ChangeChunk[]
}

/** The first segment begins as small as this: most states of tests stay so. */
const FIRST_SEGMENT_BYTES = 1_024

export function emptyState(): KeyspaceState {
  return {
    revision: 0,
    timeMicros: 0,
    count: 0,
    segments: [new Uint8Array(FIRST_SEGMENT_BYTES)],
    used: [0],
    dead: [0],
    head: 0,
    vacant: [],
    deadlines: [],
    history: [],
  }
}

/**
 * The segment of a record, to be written to. One that is still in the memory of the snapshot that the state was made from
 * is copied first; and another one with it, so that the snapshot's memory is free when half of the segments were written.
 */
function ownBytes(segments: Uint8Array[], segment: number): Uint8Array {
  const bytes = segments[segment] ?? NO_BYTES
  if (isOwn(bytes)) return bytes
  const another = segments.findIndex((each, at) => at !== segment && !isOwn(each))
  if (another >= 0) segments[another] = new Uint8Array(segments[another] ?? NO_BYTES)
  const own = new Uint8Array(bytes)
  segments[segment] = own
  return own
}

/** The segment of a record, of which these bytes are about to be written. */
export function writableBytes(
  segments: Uint8Array[],
  segment: number,
  offset: number,
  length: number,
): Uint8Array {
  const bytes = ownBytes(segments, segment)
  beforeWrite(segments, segment, offset, length)
  return bytes
}

function isOwn(bytes: Uint8Array): boolean {
  return bytes.byteLength === bytes.buffer.byteLength
}

const NO_BYTES = new Uint8Array(0)

/** What finds things in a state. */
export interface Finder {
  readonly table: KeyTable
  readonly order: SortedKeys
}

const finders = new WeakMap<KeyspaceState, Finder>()

export function finderOf(state: KeyspaceState): Finder {
  const known = finders.get(state)
  if (known !== undefined) return known
  return findWith(state, tableOf(state))
}

/** From now on this table says where the records of a state are: it must hold every one that lives. */
export function findWith(state: KeyspaceState, table: KeyTable): Finder {
  const finder: Finder = { table, order: new SortedKeys() }
  finders.set(state, finder)
  return finder
}

function tableOf(state: KeyspaceState): KeyTable {
  const table = new KeyTable(state.count)
  eachRecord(state, (bytes, offset, segment) => {
    const hash = hashOf(bytes, keyStart(bytes, offset), keyEnd(bytes, offset))
    table.add(hash, referenceTo(segment, offset))
  })
  return table
}

/** Every record that lives, in no order that matters. */
export function eachRecord(
  { segments, used }: KeyspaceState,
  tell: (bytes: Uint8Array, offset: number, segment: number) => void,
): void {
  for (const [segment, bytes] of segments.entries()) {
    const end = used[segment] ?? 0
    for (let offset = 0; offset < end; offset += sizeAt(bytes, offset)) {
      if (kindAt(bytes, offset) !== DEAD) tell(bytes, offset, segment)
    }
  }
}
