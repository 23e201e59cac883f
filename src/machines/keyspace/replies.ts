/**
 * How outputs and answers travel, written as commands are.
 *
 * | output | bytes |
 * |---|---|
 * | `put` | 1, revision |
 * | `delete` of what existed | 2, revision |
 * | `delete` of what did not | 3, revision |
 * | `compareAndSet` that succeeded | 4, revision |
 * | `compareAndSet` that failed, of an absent key | 5, 0 |
 * | `compareAndSet` that failed, of any other | 6, revision, value |
 *
 * | answer | bytes |
 * |---|---|
 * | `get` of an absent key | 1 |
 * | `get` | 2, revision, life, value |
 * | `scan` | 3, whether there are more (1 or 0), revision, number of entries, then of each: key, revision, life, value |
 * | `changes` | 4, whether there are more, revision, number of changes, then of each: type (0 put, 1 delete, 2 expire), revision, key, and of a put its value |
 * | `changes` that are forgotten | 5, revision |
 * | `count` | 6, count, revision |
 *
 * A life is 0 for ever, or one more than the milliseconds that are left.
 */
import { ByteReader, ByteWriter, type Codec, MalformedBytes } from '../../paxos/index.js'
import { CHANGE_TYPES } from './history.js'
import type {
  KeyspaceAnswer,
  KeyspaceChange,
  KeyspaceChangesAnswer,
  KeyspaceEntry,
  KeyspaceOutput,
  KeyspaceScanAnswer,
  KeyspaceValue,
} from './types.js'

const PUT = 1
const DELETED = 2
const NOT_DELETED = 3
const COMPARED = 4
const FAILED_ABSENT = 5
const FAILED = 6

const GET_ABSENT = 1
const GET = 2
const SCAN = 3
const CHANGES = 4
const COMPACTED = 5
const COUNT = 6

/** More than a tag and a few numbers take. */
const NUMBERS_BYTES = 32

/** What is decoded shares the memory of its bytes. */
export const outputs: Codec<KeyspaceOutput> = {
  encode: (output) => {
    const { type, revision } = output
    if (type === 'put') return tagged(PUT, revision)
    if (type === 'delete') return tagged(output.existed ? DELETED : NOT_DELETED, revision)
    if (output.succeeded) return tagged(COMPARED, revision)
    if (output.value === null) return tagged(FAILED_ABSENT, revision)
    const writer = new ByteWriter(NUMBERS_BYTES + output.value.length)
    writer.number(FAILED)
    writer.number(revision)
    writer.bytes(output.value)
    return writer.take()
  },
  decode: (bytes) => {
    const reader = new ByteReader(bytes)
    const output = readOutput(reader)
    if (reader.done) return output
    throw new MalformedBytes('An output goes on after its end.')
  },
}

/** A tag and a number, in memory of their own: sessions keep outputs for a while, so they had better be small. */
function tagged(tag: number, value: number): Uint8Array {
  let length = 2
  for (let rest = value; rest >= 128; rest = Math.floor(rest / 128)) length += 1
  const bytes = new Uint8Array(length)
  bytes[0] = tag
  let rest = value
  for (let at = 1; at < length - 1; at++) {
    bytes[at] = (rest % 128) + 128
    rest = Math.floor(rest / 128)
  }
  bytes[length - 1] = rest
  return bytes
}

function readOutput(reader: ByteReader): KeyspaceOutput {
  const tag = reader.number()
  const revision = reader.number()
  switch (tag) {
    case PUT:
      return { type: 'put', revision }
    case DELETED:
      return { type: 'delete', existed: true, revision }
    case NOT_DELETED:
      return { type: 'delete', existed: false, revision }
    case COMPARED:
      return { type: 'compareAndSet', succeeded: true, revision }
    case FAILED_ABSENT:
      return { type: 'compareAndSet', succeeded: false, value: null, revision }
    case FAILED:
      return { type: 'compareAndSet', succeeded: false, value: reader.bytes(), revision }
    default:
      throw new MalformedBytes('An output of an unknown type.')
  }
}

/** What is decoded shares the memory of its bytes: copy what is kept for long. */
export const answers: Codec<KeyspaceAnswer> = {
  encode: (answer) => {
    switch (answer.type) {
      case 'get':
        return encodeGet(answer.entry)
      case 'scan':
        return encodeScan(answer)
      case 'changes':
        return encodeChanges(answer)
      case 'count': {
        const writer = new ByteWriter(NUMBERS_BYTES)
        writer.number(COUNT)
        writer.number(answer.count)
        writer.number(answer.revision)
        return writer.take()
      }
    }
  },
  decode: (bytes) => {
    const reader = new ByteReader(bytes)
    const answer = readAnswer(reader)
    if (reader.done) return answer
    throw new MalformedBytes('An answer goes on after its end.')
  },
}

/** Answers are sent at once and not kept, so they are written behind each other. */
const gets = new ByteWriter(65_536)

function encodeGet(entry: KeyspaceValue | null): Uint8Array {
  if (entry === null) return Uint8Array.of(GET_ABSENT)
  gets.number(GET)
  writeValue(gets, entry)
  return gets.take()
}

function encodeScan({ entries, more, revision }: KeyspaceScanAnswer): Uint8Array {
  let room = NUMBERS_BYTES
  for (const { key, value } of entries) room += NUMBERS_BYTES + key.length + value.length
  const writer = new ByteWriter(room)
  writer.number(SCAN)
  writer.number(more ? 1 : 0)
  writer.number(revision)
  writer.number(entries.length)
  for (const entry of entries) {
    writer.bytes(entry.key)
    writeValue(writer, entry)
  }
  return writer.take()
}

function encodeChanges({ compacted, changes, more, revision }: KeyspaceChangesAnswer): Uint8Array {
  if (compacted) return tagged(COMPACTED, revision)
  let room = NUMBERS_BYTES
  for (const { key, value } of changes) room += NUMBERS_BYTES + key.length + (value?.length ?? 0)
  const writer = new ByteWriter(room)
  writer.number(CHANGES)
  writer.number(more ? 1 : 0)
  writer.number(revision)
  writer.number(changes.length)
  for (const change of changes) {
    writer.number(CHANGE_TYPES.indexOf(change.type))
    writer.number(change.revision)
    writer.bytes(change.key)
    if (change.value !== null) writer.bytes(change.value)
  }
  return writer.take()
}

function writeValue(writer: ByteWriter, { value, revision, ttlMillis }: KeyspaceValue): void {
  writer.number(revision)
  writer.number(ttlMillis === null ? 0 : ttlMillis + 1)
  writer.bytes(value)
}

function readAnswer(reader: ByteReader): KeyspaceAnswer {
  switch (reader.number()) {
    case GET_ABSENT:
      return { type: 'get', entry: null }
    case GET:
      return { type: 'get', entry: readValue(reader) }
    case SCAN: {
      const [more, revision] = [readFlag(reader), reader.number()]
      const entries: KeyspaceEntry[] = []
      for (let left = reader.number(); left > 0; left--) {
        entries.push({ key: reader.bytes(), ...readValue(reader) })
      }
      return { type: 'scan', entries, more, revision }
    }
    case CHANGES: {
      const [more, revision] = [readFlag(reader), reader.number()]
      const changes: KeyspaceChange[] = []
      for (let left = reader.number(); left > 0; left--) changes.push(readChange(reader))
      return { type: 'changes', compacted: false, changes, more, revision }
    }
    case COMPACTED:
      return { type: 'changes', compacted: true, changes: [], more: false, revision: reader.number() }
    case COUNT:
      return { type: 'count', count: reader.number(), revision: reader.number() }
    default:
      throw new MalformedBytes('An answer of an unknown type.')
  }
}

function readValue(reader: ByteReader): KeyspaceValue {
  const [revision, life] = [reader.number(), reader.number()]
  return { value: reader.bytes(), revision, ttlMillis: life === 0 ? null : life - 1 }
}

function readChange(reader: ByteReader): KeyspaceChange {
  const type = CHANGE_TYPES[reader.number()]
  if (type === undefined) throw new MalformedBytes('A change of an unknown type.')
  const [revision, key] = [reader.number(), reader.bytes()]
  return { type, revision, key, value: type === 'put' ? reader.bytes() : null }
}

function readFlag(reader: ByteReader): boolean {
  const flag = reader.number()
  if (flag > 1) throw new MalformedBytes(`${flag} is neither 0 nor 1.`)
  return flag === 1
}
