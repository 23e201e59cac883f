/**
 * A part of a recording as bytes: a head, then entries, each with its length and a checksum before it. Entries are
 * written one after the other, so whatever ends a process leaves a whole part and perhaps some bytes of one more entry.
 *
 * Bytes that are wrong give a sentence, never a crash: up to there the part is good.
 */
import { MalformedBytes } from '../bytes.js'
import { PlainReader, PlainWriter } from '../plain-bytes.js'
import { checksumOf } from '../snapshot.js'
import { decodeText, encodeText } from '../text.js'
import type { PartBeginning, RecordedTurn, RecordingEnd, RecordingEntry } from './recording.js'

const MAGIC = 'synodbox'
/** Another version is refused: nothing is guessed. */
export const RECORDING_VERSION = 1
const HEAD_BYTES = 12
/** How long the body is, its checksum, and what tells whether these two are right. */
const ENTRY_HEAD_BYTES = 12
const ENTRY_HEAD_SALT = 0x626f_7865 // "boxe"

export class PartWriter {
  readonly #writer: PlainWriter = new PlainWriter()

  head(): Uint8Array {
    const head = new Uint8Array(HEAD_BYTES)
    head.set(encodeText(MAGIC))
    new DataView(head.buffer).setUint32(8, RECORDING_VERSION, true)
    return head
  }

  /** The bytes of an entry, in two pieces that stay as they are. Throws a TypeError for what is no plain data. */
  entry(entry: RecordingEntry): readonly [Uint8Array, Uint8Array] {
    const body = this.#writer.encode(fieldsOf(entry))
    const head = new Uint8Array(ENTRY_HEAD_BYTES)
    const view = new DataView(head.buffer)
    const checksum = checksumOf(body)
    view.setUint32(0, body.length, true)
    view.setUint32(4, checksum, true)
    view.setUint32(8, body.length ^ checksum ^ ENTRY_HEAD_SALT, true)
    return [head, body]
  }
}

/** What an entry is written as: there are many turns, so their fields have no names. */
function fieldsOf(entry: RecordingEntry): readonly unknown[] {
  switch (entry.type) {
    case 'begins':
      return ['begins', entry.beginning]
    case 'turn': {
      const { event, draws, results, digest, snapshot, outgoing, error } = entry.turn
      return ['turn', event, draws, results, digest, snapshot, outgoing, error]
    }
    case 'ends':
      return ['ends', entry.end]
  }
}

/** A file that is no part of a recording, or one that this version cannot read. The message says what to do. */
export class RecordingError extends Error {
  override readonly name = 'RecordingError'
}

/** How a part ends. */
export type PartEnd =
  /** With the end of the node's life. */
  | { readonly type: 'ended'; readonly end: RecordingEnd }
  /** The file ends with a whole entry: the next part goes on, or the process was killed. */
  | { readonly type: 'open' }
  /** The file ends within an entry: the process was killed while it was written, or the file was copied meanwhile. */
  | { readonly type: 'torn'; readonly bytes: number }
  /** What was written is not what is read; so much of the file was not read. */
  | { readonly type: 'damaged'; readonly bytes: number }

export class PartReader {
  readonly beginning: PartBeginning
  /** Null as long as there may be more. */
  end: PartEnd | null = null
  readonly #bytes: Uint8Array
  readonly #view: DataView
  readonly #reader: PlainReader = new PlainReader()
  #at: number = HEAD_BYTES

  /** Throws a RecordingError if the bytes do not begin a part. */
  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    checkHead(bytes, this.#view)
    const first = this.#next()
    if (first?.type !== 'begins')
      throw new RecordingError('the recording breaks off before it begins: nothing in it can be replayed')
    this.beginning = first.beginning
  }

  /** The next turn; null if there is none any more, see `end`. */
  next(): RecordedTurn | null {
    const entry = this.#next()
    if (entry === null || entry.type === 'turn') return entry?.turn ?? null
    if (entry.type === 'ends') this.end = { type: 'ended', end: entry.end }
    else this.#damaged(this.#at)
    return null
  }

  #next(): RecordingEntry | null {
    if (this.end !== null) return null
    const from = this.#at
    const left = this.#bytes.length - from
    if (left === 0) this.end = { type: 'open' }
    else if (left < ENTRY_HEAD_BYTES) this.end = { type: 'torn', bytes: left }
    if (this.end !== null) return null
    const bodyFrom = from + ENTRY_HEAD_BYTES
    const length = this.#view.getUint32(from, true)
    const checksum = this.#view.getUint32(from + 4, true)
    if ((length ^ checksum ^ ENTRY_HEAD_SALT) !== this.#view.getInt32(from + 8, true))
      return this.#damaged(from)
    if (length > left - ENTRY_HEAD_BYTES) {
      this.end = { type: 'torn', bytes: left }
      return null
    }
    const body = this.#bytes.subarray(bodyFrom, bodyFrom + length)
    const isRight = checksumOf(body) === checksum
    const entry = isRight ? readEntry(body, this.#reader) : null
    if (entry === null) return this.#damaged(from)
    this.#at = bodyFrom + length
    return entry
  }

  #damaged(from: number): null {
    this.end = { type: 'damaged', bytes: this.#bytes.length - from }
    return null
  }
}

function checkHead(bytes: Uint8Array, view: DataView): void {
  if (bytes.length < HEAD_BYTES || decodeText(bytes, 0, MAGIC.length) !== MAGIC)
    throw new RecordingError('this is no recording of a black box: name a file that a member has written')
  const version = view.getUint32(MAGIC.length, true)
  if (version === RECORDING_VERSION) return
  throw new RecordingError(
    `the recording has format ${version}, and this version of Synod reads format ${RECORDING_VERSION}: replay it with the version that the member ran`,
  )
}

/** Null if these are no entry, though their checksum is right. */
function readEntry(body: Uint8Array, reader: PlainReader): RecordingEntry | null {
  let fields: unknown
  try {
    fields = reader.decode(body)
  } catch (error) {
    if (error instanceof MalformedBytes) return null
    throw error
  }
  if (!Array.isArray(fields)) return null
  const [type, ...rest] = fields as readonly unknown[]
  if (!isObject(rest[0])) return null
  // What is right by its checksum was written by a PartWriter.
  if (type === 'begins') return { type, beginning: rest[0] as PartBeginning }
  if (type === 'ends') return { type, end: rest[0] as RecordingEnd }
  return type === 'turn' && rest.length === 7 ? { type, turn: turnOf(rest) } : null
}

function turnOf(fields: readonly unknown[]): RecordedTurn {
  const [event, draws, results, digest, snapshot, outgoing, error] = fields
  return { event, draws, results, digest, snapshot, outgoing, error } as RecordedTurn // in the order of fieldsOf
}

function isObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null
}
