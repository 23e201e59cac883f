/**
 * How commands and queries travel. Numbers are varints, byte strings have their length before them (see `ByteWriter`);
 * the first byte says what it is, and nothing may follow.
 *
 * | command | bytes |
 * |---|---|
 * | `put` | 1, key, value |
 * | `put` with a time to live | 2, milliseconds, key, value |
 * | `delete` | 3, key |
 * | `compareAndSet` | 4, flags, key, then what the flags say: expected value, expected revision, value, milliseconds |
 *
 * The flags of a `compareAndSet` are a sum: 1 an expected value, 2 an expected revision, 4 a value to set,
 * 8 a time to live. With neither 1 nor 2 the key must be absent; without 4 it is deleted.
 *
 * | query | bytes |
 * |---|---|
 * | `get` | 1, key |
 * | `scan` | 2, prefix, limit, `after` (empty: from the beginning on) |
 * | `changes` | 3, prefix, limit, revision |
 * | `count` | 4 |
 *
 * A limit of 0 is the usual one.
 */
import { ByteReader, ByteWriter, type Codec, CommandFailed, MalformedBytes } from '../../paxos/index.js'
import { hashOf } from './table.js'
import type {
  KeyspaceCommand,
  KeyspaceCompareAndSet,
  KeyspaceCompareRevisionAndSet,
  KeyspacePut,
  KeyspaceQuery,
} from './types.js'

/** More than the numbers of any command take. */
const NUMBERS_BYTES = 48

const PUT = 1
const PUT_MORTAL = 2
const DELETE = 3
const COMPARE_AND_SET = 4

const EXPECTS_VALUE = 1
const EXPECTS_REVISION = 2
const HAS_VALUE = 4
const IS_MORTAL = 8

const GET = 1
const SCAN = 2
const CHANGES = 3
const COUNT = 4

const NO_BYTES = new Uint8Array(0)

/** What is decoded shares the memory of its bytes. */
export const commands: Codec<KeyspaceCommand> = {
  encode: (command) => {
    switch (command.type) {
      case 'put':
        return encodePut(command)
      case 'delete': {
        const writer = new ByteWriter(NUMBERS_BYTES + command.key.length)
        writer.number(DELETE)
        writer.bytes(command.key)
        return writer.take()
      }
      case 'compareAndSet':
        return encodeCompareAndSet(command)
    }
  },
  decode: (bytes) => {
    const reader = new ByteReader(bytes)
    const command = readCommand(reader)
    if (reader.done) return command
    throw new MalformedBytes('A command goes on after its end.')
  },
}

/** Puts and gets are written behind each other: memory for each of them would cost more than all the rest. */
const shared = new ByteWriter(16_384)

/** That writer, without what could not be written to its end. */
function sharedWriter(): ByteWriter {
  if (shared.length > 0) shared.take()
  return shared
}

function encodePut({ key, value, ttlMillis }: KeyspacePut): Uint8Array {
  const writer =
    ttlMillis === undefined ? sharedWriter() : new ByteWriter(NUMBERS_BYTES + key.length + value.length)
  writer.number(ttlMillis === undefined ? PUT : PUT_MORTAL)
  if (ttlMillis !== undefined) writer.number(ttlMillis)
  writer.bytes(key)
  writer.bytes(value)
  return writer.take()
}

/** The hash of the key that a put writes to, without decoding it; null for what is no put, or one with a long key. */
export function hashOfPut(command: Uint8Array): number | null {
  const keyBytes = command[1] ?? 0
  const isShort = keyBytes < 128 && 2 + keyBytes < command.length
  return command[0] === PUT && isShort ? hashOf(command, 2, 2 + keyBytes) : null
}

function encodeCompareAndSet(command: KeyspaceCompareAndSet | KeyspaceCompareRevisionAndSet): Uint8Array {
  const { key, value, ttlMillis } = command
  const expected = 'expected' in command ? command.expected : null
  const revision = 'expectedRevision' in command ? command.expectedRevision : undefined
  const writer = new ByteWriter(
    NUMBERS_BYTES + key.length + (value ?? NO_BYTES).length + (expected ?? NO_BYTES).length,
  )
  writer.number(COMPARE_AND_SET)
  writer.number(
    (expected === null ? 0 : EXPECTS_VALUE) +
      (revision === undefined ? 0 : EXPECTS_REVISION) +
      (value === null ? 0 : HAS_VALUE) +
      (ttlMillis === undefined ? 0 : IS_MORTAL),
  )
  writer.bytes(key)
  if (expected !== null) writer.bytes(expected)
  if (revision !== undefined) writer.number(revision)
  if (value !== null) writer.bytes(value)
  if (ttlMillis !== undefined) writer.number(ttlMillis)
  return writer.take()
}

function readCommand(reader: ByteReader): KeyspaceCommand {
  switch (reader.number()) {
    case PUT:
      return { type: 'put', key: reader.bytes(), value: reader.bytes() }
    case PUT_MORTAL: {
      const ttlMillis = reader.number()
      return { type: 'put', key: reader.bytes(), value: reader.bytes(), ttlMillis }
    }
    case DELETE:
      return { type: 'delete', key: reader.bytes() }
    case COMPARE_AND_SET:
      return readCompareAndSet(reader)
    default:
      throw new MalformedBytes('A command of an unknown type.')
  }
}

function readCompareAndSet(reader: ByteReader): KeyspaceCommand {
  const flags = reader.number()
  const isBoth = (flags & EXPECTS_VALUE) !== 0 && (flags & EXPECTS_REVISION) !== 0
  if (flags > 15 || isBoth) throw new MalformedBytes(`A compareAndSet has no flags ${flags}.`)
  const key = reader.bytes()
  const expected = (flags & EXPECTS_VALUE) === 0 ? null : reader.bytes()
  const revision = (flags & EXPECTS_REVISION) === 0 ? undefined : reader.number()
  const value = (flags & HAS_VALUE) === 0 ? null : reader.bytes()
  const living = (flags & IS_MORTAL) === 0 ? {} : { ttlMillis: reader.number() }
  if (revision === undefined) return { type: 'compareAndSet', key, expected, value, ...living }
  return { type: 'compareAndSet', key, expectedRevision: revision, value, ...living }
}

/** What is decoded shares the memory of its bytes. */
export const queries: Codec<KeyspaceQuery> = {
  encode: (query) => {
    if (query.type === 'get') return encodeGet(query.key)
    const writer = new ByteWriter(NUMBERS_BYTES)
    switch (query.type) {
      case 'scan':
        writer.number(SCAN)
        writer.bytes(query.prefix)
        writer.number(limitToWrite(query.limit))
        writer.bytes(query.after ?? NO_BYTES)
        break
      case 'changes':
        writer.number(CHANGES)
        writer.bytes(query.prefix)
        writer.number(limitToWrite(query.limit))
        writer.number(query.after)
        break
      case 'count':
        writer.number(COUNT)
    }
    return writer.finish()
  },
  decode: (bytes) => {
    const reader = new ByteReader(bytes)
    const query = readQuery(reader)
    if (reader.done) return query
    throw new MalformedBytes('A query goes on after its end.')
  },
}

function encodeGet(key: Uint8Array): Uint8Array {
  const writer = sharedWriter()
  writer.number(GET)
  writer.bytes(key)
  return writer.take()
}

function limitToWrite(limit: number | undefined): number {
  if (limit === 0) throw new CommandFailed('A limit is at least 1.')
  return limit ?? 0
}

function readQuery(reader: ByteReader): KeyspaceQuery {
  switch (reader.number()) {
    case GET:
      return { type: 'get', key: reader.bytes() }
    case SCAN: {
      const [prefix, limit, after] = [reader.bytes(), reader.number(), reader.bytes()]
      return { type: 'scan', prefix, ...(limit > 0 && { limit }), ...(after.length > 0 && { after }) }
    }
    case CHANGES: {
      const [prefix, limit, after] = [reader.bytes(), reader.number(), reader.number()]
      return { type: 'changes', prefix, after, ...(limit > 0 && { limit }) }
    }
    case COUNT:
      return { type: 'count' }
    default:
      throw new MalformedBytes('A query of an unknown type.')
  }
}
