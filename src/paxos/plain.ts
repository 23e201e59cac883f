/**
 * Plain data: null, undefined, booleans, numbers, bigints, strings, arrays, plain objects, maps, sets and byte arrays,
 * without circles. A structured clone carries it without loss, so a frozen node can be stored, compared, or posted to a
 * worker.
 */

import { ByteReader, ByteWriter, MalformedBytes } from './bytes.js'

/** A deep copy of plain data. Throws a TypeError on a function or an instance of a class. */
export function clonePlain<Value>(value: Value): Value {
  return cloneAny(value) as Value // a copy has the type of its original
}

function cloneAny(value: unknown): unknown {
  if (typeof value === 'function' || typeof value === 'symbol') {
    throw new TypeError(`A ${typeof value} is not plain data, so it cannot be frozen.`)
  }
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return value.map(cloneAny)
  if (value instanceof Uint8Array) return new Uint8Array(value)
  if (value instanceof Map) return new Map([...value].map(([key, entry]) => [cloneAny(key), cloneAny(entry)]))
  if (value instanceof Set) return new Set([...value].map(cloneAny))
  const prototype: unknown = Object.getPrototypeOf(value)
  if (prototype !== null && Object.getPrototypeOf(prototype) !== null) {
    throw new TypeError(`An instance of ${value.constructor.name} is not plain data, so it cannot be frozen.`)
  }
  return Object.fromEntries(Object.entries(value).map(([key, entry]) => [key, cloneAny(entry)]))
}

// ---- as bytes ------------------------------------------------------------------------------------------------

/** The kinds of plain data, as the byte before each value. The order is part of the format. */
const KINDS = [
  'null',
  'undefined',
  'true',
  'false',
  'natural',
  'number',
  'bigint',
  'string',
  'broken-string',
  'bytes',
  'array',
  'object',
  'map',
  'set',
] as const

type Kind = (typeof KINDS)[number]

/** Half a character: UTF-8 has no bytes for it, but JSON has an escape. */
const LONE_SURROGATE = /\p{Surrogate}/u

/** Plain data as bytes; the same data, in the same order of insertion, gives the same bytes. */
export function encodePlain(value: unknown): Uint8Array {
  const writer = new ByteWriter(256)
  writePlain(writer, value, MOST_LEVELS)
  return writer.finish()
}

/** Throws a `MalformedBytes` if the bytes are no plain data. */
export function decodePlain(bytes: Uint8Array): unknown {
  const reader = new ByteReader(bytes)
  const value = readPlain(reader, MOST_LEVELS)
  if (!reader.done) throw new MalformedBytes('Plain data go on after their end.')
  return value
}

/** How deep plain data may be nested: deeper ones are malformed, rather than too much for the stack. */
const MOST_LEVELS = 1_000

function kindOf(value: unknown): Kind {
  if (value === null) return 'null'
  switch (typeof value) {
    case 'undefined':
    case 'bigint':
      return typeof value as Kind // these kinds are called as typeof calls them
    case 'string':
      return LONE_SURROGATE.test(value as string) ? 'broken-string' : 'string'
    case 'boolean':
      return value ? 'true' : 'false'
    case 'number':
      return Number.isSafeInteger(value) && value >= 0 && !Object.is(value, -0) ? 'natural' : 'number'
    case 'object':
      return kindOfObject(value)
    default:
      throw new TypeError(`A ${typeof value} is not plain data, so it cannot be stored.`)
  }
}

function kindOfObject(value: object): Kind {
  if (Array.isArray(value)) return 'array'
  if (value instanceof Uint8Array) return 'bytes'
  if (value instanceof Map) return 'map'
  if (value instanceof Set) return 'set'
  return 'object'
}

function writePlain(writer: ByteWriter, value: unknown, levels: number): void {
  if (levels === 0)
    throw new TypeError(`Plain data may be nested ${MOST_LEVELS} levels deep, and these are deeper.`)
  const kind = kindOf(value)
  writer.number(KINDS.indexOf(kind))
  // The kind says what the value is; TypeScript cannot follow.
  switch (kind) {
    case 'natural':
      writer.number(value as number)
      return
    case 'number':
    case 'bigint':
      writer.text(Object.is(value, -0) ? '-0' : String(value))
      return
    case 'string':
      writer.text(value as string)
      return
    case 'broken-string':
      writer.text(JSON.stringify(value))
      return
    case 'bytes':
      writer.bytes(value as Uint8Array)
      return
    case 'array':
      writeAll(writer, value as unknown[], levels)
      return
    case 'set':
      writeAll(writer, [...(value as Set<unknown>)], levels)
      return
    case 'map':
      writeAll(writer, [...(value as Map<unknown, unknown>)].flat(), levels)
      return
    case 'object':
      writeAll(writer, Object.entries(value as object).flat(), levels)
      return
    default: // the kind says all
  }
}

function writeAll(writer: ByteWriter, values: readonly unknown[], levels: number): void {
  writer.number(values.length)
  for (const value of values) writePlain(writer, value, levels - 1)
}

function readPlain(reader: ByteReader, levels: number): unknown {
  if (levels === 0) throw new MalformedBytes(`Plain data are nested more than ${MOST_LEVELS} levels deep.`)
  const kind = KINDS[reader.number()]
  switch (kind) {
    case 'null':
      return null
    case 'undefined':
      return undefined
    case 'true':
      return true
    case 'false':
      return false
    case 'natural':
      return reader.number()
    case 'number':
      return readNumber(reader.text())
    case 'bigint':
      return readBigInt(reader.text())
    case 'string':
      return reader.text()
    case 'broken-string':
      return readBrokenString(reader.text())
    case 'bytes':
      return reader.bytes().slice()
    case 'array':
      return readAll(reader, levels)
    case 'set':
      return new Set(readAll(reader, levels))
    case 'map':
      return new Map(pairsOf(readAll(reader, levels)))
    case 'object':
      return Object.fromEntries(pairsOf(readAll(reader, levels)) as [string, unknown][]) // written from the entries of one
    case undefined:
      break
  }
  throw new MalformedBytes('Plain data of an unknown kind.')
}

function readAll(reader: ByteReader, levels: number): unknown[] {
  const values: unknown[] = []
  for (let left = reader.number(); left > 0; left--) values.push(readPlain(reader, levels - 1))
  return values
}

function readNumber(text: string): number {
  const value = Number(text)
  if (String(value) === text || text === '-0') return value
  throw new MalformedBytes(`${text} is not how a number is written.`)
}

function readBigInt(text: string): bigint {
  if (/^-?\d+$/.test(text)) return BigInt(text)
  throw new MalformedBytes(`${text} is not how a bigint is written.`)
}

function readBrokenString(text: string): string {
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value === 'string') return value
  } catch {
    // said below
  }
  throw new MalformedBytes('A string is not written as one.')
}

function pairsOf(values: readonly unknown[]): [unknown, unknown][] {
  const pairs: [unknown, unknown][] = []
  for (let at = 0; at + 1 < values.length; at += 2) pairs.push([values[at], values[at + 1]])
  return pairs
}
