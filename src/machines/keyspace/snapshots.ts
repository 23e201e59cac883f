/**
 * The state as bytes: its segments as they are, so that it is a matter of copying, and going on from them of looking at
 * them. Members that have applied the same commands give the same bytes, and so does a member that began from these.
 *
 * Numbers and byte strings as in commands: 1 (the version), revision, decree time, number of records, head; the number
 * of segments, and of each: how long it is, how many bytes of it are written, and how many of these dead, and its bytes,
 * of the head only those that are written; the vacant segments; the queue of deadlines; and the number of chunks of the
 * history, and of each: first revision, number of changes, how long it is, the bytes that are written. Lists of numbers
 * have their length before them.
 */
import {
  ByteReader,
  ByteWriter,
  type FrozenState,
  joinBytes,
  MalformedBytes,
  type StateCodec,
} from '../../paxos/index.js'
import { type FrozenSegment, FrozenSegments } from './frozen.js'
import { type ChangeChunk, isChunk } from './history.js'
import {
  DEAD,
  isRecord,
  keyEnd,
  keyStart,
  kindAt,
  MORTAL,
  positionAt,
  recordBytes,
  sizeAt,
} from './records.js'
import { findWith, type KeyspaceState } from './state.js'
import { hashOf, KeyTable, offsetOf, referenceTo, segmentOf } from './table.js'
import { keyspaceBounds } from './types.js'

const VERSION = 1

/** Room for the numbers of many segments; where there are more, there is more room. */
const NUMBERS_BYTES = 4_096

/** The longest that one segment can be. */
const LONGEST_SEGMENT = recordBytes(true, keyspaceBounds.keyBytes, keyspaceBounds.valueBytes)

/** For so many keys a table has room from the start, whatever number of them the bytes claim. */
const MOST_FORESEEN = 4_194_304

const NO_BYTES = new Uint8Array(0)

export const snapshots: StateCodec<KeyspaceState> = {
  encode: (state) => joinBytes(partsOf(state)),
  parts: partsOf,
  freeze,
  decode: (bytes) => {
    const reader = new ByteReader(bytes)
    const state = readState(reader)
    if (!reader.done) throw new MalformedBytes('A snapshot goes on after its end.')
    findWith(state, check(state))
    return state
  },
}

/** The numbers at once, and then the segments and the history. */
function freeze(state: KeyspaceState, _version: number, place: (bytes: number) => Uint8Array): FrozenState {
  const parts = partsOf(state)
  const target = place(parts.reduce((sum, { length }) => sum + length, 0))
  const frozen: FrozenSegment[] = []
  let at = 0
  for (const [index, bytes] of parts.entries()) {
    // Numbers, a segment, numbers, a segment, and then chunks likewise: that of a vacant segment is empty.
    if (index % 2 === 1) frozen.push({ bytes, at })
    else target.set(bytes, at)
    at += bytes.length
  }
  return new FrozenSegments(state.segments, state.history, frozen, target)
}

/** The numbers, and between them views of what is written in the segments and the chunks. */
function partsOf(state: KeyspaceState): readonly Uint8Array[] {
  const parts: Uint8Array[] = []
  const writer = new ByteWriter(NUMBERS_BYTES)
  const addBytes = (bytes: Uint8Array): void => {
    writer.number(bytes.length)
    parts.push(writer.take(), bytes)
  }
  for (const number of [VERSION, state.revision, state.timeMicros, state.count, state.head])
    writer.number(number)
  writer.number(state.segments.length)
  for (const [at, bytes] of state.segments.entries()) {
    const used = state.used[at] ?? 0
    writer.number(bytes.length)
    writer.number(used)
    writer.number(state.dead[at] ?? 0)
    addBytes(at === state.head ? bytes.subarray(0, used) : bytes)
  }
  writeNumbers(writer, state.vacant)
  writeNumbers(writer, state.deadlines)
  writer.number(state.history.length)
  for (const { first, count, used, bytes } of state.history) {
    for (const number of [first, count, bytes.length]) writer.number(number)
    addBytes(bytes.subarray(0, used))
  }
  parts.push(writer.take())
  return parts
}

function writeNumbers(writer: ByteWriter, numbers: readonly number[]): void {
  writer.number(numbers.length)
  for (const number of numbers) writer.number(number)
}

function readNumbers(reader: ByteReader): number[] {
  const numbers: number[] = []
  for (let left = reader.number(); left > 0; left--) numbers.push(reader.number())
  return numbers
}

function readState(reader: ByteReader): KeyspaceState {
  const version = reader.number()
  if (version !== VERSION) throw new MalformedBytes(`A snapshot has version ${version}, and not ${VERSION}.`)
  const [revision, timeMicros, count, head] = [
    reader.number(),
    reader.number(),
    reader.number(),
    reader.number(),
  ]
  const [segments, used, dead]: [Uint8Array[], number[], number[]] = [[], [], []]
  for (let left = reader.number(); left > 0; left--) {
    const [length, written] = [reader.number(), reader.number()]
    if (written > length)
      throw new MalformedBytes(`No segment has ${length} bytes, of which ${written} are written.`)
    used.push(written)
    dead.push(reader.number())
    const bytes = reader.bytes()
    // The head is written to next. The others stay in the memory of the snapshot until they are: see `ownBytes`. What is
    // vacant would only keep that memory.
    const isShared = length > 0 && bytes.length === length
    segments.push(isShared ? bytes : inRoom(bytes, length, LONGEST_SEGMENT))
  }
  const [vacant, deadlines] = [readNumbers(reader), readNumbers(reader)]
  const history: ChangeChunk[] = []
  for (let left = reader.number(); left > 0; left--) {
    const [first, changes, length] = [reader.number(), reader.number(), reader.number()]
    const written = reader.bytes()
    history.push({
      first,
      count: changes,
      used: written.length,
      bytes: inRoom(written, length, keyspaceBounds.historyBytes),
    })
  }
  return { revision, timeMicros, count, segments, used, dead, head, vacant, deadlines, history }
}

/** A copy of what is written, in as much room as there was. */
function inRoom(written: Uint8Array, length: number, most: number): Uint8Array {
  if (length > most || written.length > length) throw new MalformedBytes(`No block has ${length} bytes.`)
  const bytes = new Uint8Array(length)
  bytes.set(written)
  return bytes
}

/**
 * Throws unless everything is where it must be: nothing of the bytes is trusted. Gives the table of the keys, since it has
 * looked at every record.
 */
function check({
  revision,
  count,
  segments,
  used,
  dead,
  head,
  vacant,
  deadlines,
  history,
}: KeyspaceState): KeyTable {
  const table = new KeyTable(Math.min(count, MOST_FORESEEN))
  let [living, mortal] = [0, 0]
  for (const [segment, bytes] of segments.entries()) {
    const end = used[segment] ?? 0
    let lost = 0
    for (let at = 0; at < end; at += sizeAt(bytes, at)) {
      if (!isRecord(bytes, at, end)) throw new MalformedBytes('A snapshot holds what is no record.')
      const kind = kindAt(bytes, at)
      if (kind === MORTAL) mortal += 1
      if (kind === DEAD) lost += sizeAt(bytes, at)
      else {
        living += 1
        table.add(hashOf(bytes, keyStart(bytes, at), keyEnd(bytes, at)), referenceTo(segment, at))
      }
    }
    if (lost !== dead[segment]) throw new MalformedBytes('A snapshot counts its dead records wrong.')
  }
  const isQueue = deadlines.every((reference, position) => {
    const [bytes, at] = [segments[segmentOf(reference)] ?? NO_BYTES, offsetOf(reference)]
    return kindAt(bytes, at) === MORTAL && positionAt(bytes, at) === position
  })
  const isVacant = (segment: number) => segments[segment]?.length === 0 && segment !== head
  if (
    living !== count ||
    mortal !== deadlines.length ||
    !isQueue ||
    !vacant.every(isVacant) ||
    !(head in segments)
  )
    throw new MalformedBytes('A snapshot counts its records wrong.')
  let next = revision + 1
  for (const chunk of history.toReversed()) {
    next -= chunk.count
    if (chunk.first !== next || !isChunk(chunk))
      throw new MalformedBytes('A snapshot holds changes out of order.')
  }
  return table
}
