/**
 * Plain data as bytes: how a state is stored and sent that brings no encoding of its own. The same data, in the same
 * order of insertion, gives the same bytes.
 */
import { ByteReader, ByteWriter, MalformedBytes } from './bytes.js'
import { isPlainObject } from './plain.js'

/** The byte before each value. The numbers are part of the format. */
const KIND = {
  null: 0,
  undefined: 1,
  true: 2,
  false: 3,
  natural: 4,
  number: 5,
  bigint: 6,
  string: 7,
  brokenString: 8,
  bytes: 9,
  array: 10,
  object: 11,
  map: 12,
  set: 13,
  word: 14,
  sparse: 15,
} as const

/** Half a character: UTF-8 has no bytes for it, but JSON has an escape. */
const LONE_SURROGATE = /\p{Surrogate}/u

/** How deep plain data may be nested: deeper ones are refused, rather than too much for the stack. */
const MOST_LEVELS = 1_000

/** Throws a TypeError for what is no plain data, or is nested too deep. */
export function encodePlain(value: unknown): Uint8Array {
  const writer = new ByteWriter(256)
  writePlain(writer, value, MOST_LEVELS, null)
  return writer.finish()
}

/** Throws a `MalformedBytes` if the bytes are no plain data. */
export function decodePlain(bytes: Uint8Array): unknown {
  return readWhole(bytes, null)
}

function readWhole(bytes: Uint8Array, words: Words | null): unknown {
  const reader = new ByteReader(bytes)
  const value = readPlain(reader, MOST_LEVELS, words)
  if (!reader.done) throw new MalformedBytes('Plain data go on after their end.')
  return value
}

// ---- many of them --------------------------------------------------------------------------------------------

/** So many words are learned at most, and none that is longer. */
const MOST_WORDS = 1_000
const LONGEST_WORD = 24

/** The names of fields and of types, each with a number: written out once, and by its number from then on. */
class Words {
  readonly #numbers: Map<string, number> = new Map()
  readonly #texts: string[] = []

  numberOf(text: string): number | undefined {
    return this.#numbers.get(text)
  }

  textOf(number: number): string {
    const text = this.#texts[number]
    if (text === undefined)
      throw new MalformedBytes(`There is no word ${number} among ${this.#texts.length}.`)
    return text
  }

  /** Whoever writes and whoever reads come by the same words in the same order. */
  learn(text: string): void {
    const isWord = text.length <= LONGEST_WORD && /^[A-Za-z]+$/.test(text)
    if (!isWord || this.#numbers.has(text) || this.#texts.length >= MOST_WORDS) return
    this.#numbers.set(text, this.#texts.length)
    this.#texts.push(text)
  }
}

/**
 * Writes plain data one after the other, with words that it learns on the way: a third of the bytes, and of the time. Of
 * zeros it writes how many they are.
 */
export class PlainWriter {
  readonly #writer: ByteWriter = new ByteWriter(65_536)
  readonly #words: Words = new Words()

  /** The bytes of a value: they stay as they are. Throws like {@link encodePlain}, and is good for nothing then. */
  encode(value: unknown): Uint8Array {
    writePlain(this.#writer, value, MOST_LEVELS, this.#words)
    return this.#writer.take()
  }
}

/** Reads what a {@link PlainWriter} has written, from its first value on. */
export class PlainReader {
  readonly #words: Words = new Words()

  /** Throws a `MalformedBytes` if the bytes are no plain data. */
  decode(bytes: Uint8Array): unknown {
    return readWhole(bytes, this.#words)
  }
}

// ---- writing -------------------------------------------------------------------------------------------------

function writePlain(writer: ByteWriter, value: unknown, levels: number, words: Words | null): void {
  if (levels === 0)
    throw new TypeError(`Plain data may be nested ${MOST_LEVELS} levels deep, and these are deeper.`)
  switch (typeof value) {
    case 'number':
      writeNumber(writer, value)
      return
    case 'string':
      writeString(writer, value, words)
      return
    case 'boolean':
      writer.number(value ? KIND.true : KIND.false)
      return
    case 'undefined':
      writer.number(KIND.undefined)
      return
    case 'bigint':
      writer.number(KIND.bigint)
      writer.text(String(value))
      return
    case 'object':
      if (value === null) writer.number(KIND.null)
      else writeObject(writer, value, levels - 1, words)
      return
    default:
      throw new TypeError(`A ${typeof value} is not plain data, so it cannot be stored.`)
  }
}

function writeNumber(writer: ByteWriter, value: number): void {
  if (Number.isSafeInteger(value) && value >= 0 && !Object.is(value, -0)) {
    writer.number(KIND.natural)
    writer.number(value)
    return
  }
  writer.number(KIND.number)
  writer.text(Object.is(value, -0) ? '-0' : String(value))
}

function writeString(writer: ByteWriter, value: string, words: Words | null): void {
  const word = words?.numberOf(value)
  if (word !== undefined) {
    writer.number(KIND.word)
    writer.number(word)
    return
  }
  words?.learn(value)
  const isBroken = LONE_SURROGATE.test(value)
  writer.number(isBroken ? KIND.brokenString : KIND.string)
  writer.text(isBroken ? JSON.stringify(value) : value)
}

function writeObject(writer: ByteWriter, value: object, levels: number, words: Words | null): void {
  if (value instanceof Map) {
    writer.number(KIND.map)
    writer.number(value.size)
    for (const [key, each] of value) {
      writePlain(writer, key, levels, words)
      writePlain(writer, each, levels, words)
    }
  } else if (Array.isArray(value) || value instanceof Set) {
    const values: readonly unknown[] = [...value]
    writer.number(value instanceof Set ? KIND.set : KIND.array)
    writer.number(values.length)
    for (const each of values) writePlain(writer, each, levels, words)
  } else if (value instanceof Uint8Array) {
    writeBytes(writer, value, words)
  } else {
    if (!isPlainObject(value))
      throw new TypeError(
        `An instance of ${value.constructor.name} is not plain data, so it cannot be stored.`,
      )
    const entries = Object.entries(value)
    writer.number(KIND.object)
    writer.number(entries.length)
    for (const [key, each] of entries) {
      writeString(writer, key, words)
      writePlain(writer, each, levels, words)
    }
  }
}

function writeBytes(writer: ByteWriter, bytes: Uint8Array, words: Words | null): void {
  const isSparse = words !== null && bytes.length <= MOST_SPARSE
  let zeros = isSparse ? zerosFrom(bytes, 0) : bytes.length
  if (zeros === bytes.length) {
    writer.number(KIND.bytes)
    writer.bytes(bytes)
    return
  }
  writer.number(KIND.sparse)
  writer.number(bytes.length)
  for (let at = 0; at < bytes.length; zeros = zerosFrom(bytes, at)) {
    writer.bytes(bytes.subarray(at, zeros))
    at = zeros
    while (bytes[at] === 0) at += 1
    writer.number(at - zeros)
  }
}

/** Fewer zeros are written as they are, and so are those of a longer byte string: a few bytes must not ask for more. */
const FEWEST_ZEROS = 16
const MOST_SPARSE = 2 ** 30

/** Where the next zeros begin that are worth it; the length if there are none. Looks at few of the others. */
function zerosFrom(bytes: Uint8Array, from: number): number {
  let first = from
  for (let at = from + FEWEST_ZEROS - 1; at < bytes.length; at += FEWEST_ZEROS) {
    if (bytes[at] !== 0) continue
    const low = Math.max(first, at - FEWEST_ZEROS + 1)
    let start = at
    while (start > low && bytes[start - 1] === 0) start -= 1
    let end = at + 1
    while (end < start + FEWEST_ZEROS && bytes[end] === 0) end += 1
    if (end - start === FEWEST_ZEROS) return start
    first = end
  }
  return bytes.length
}

// ---- reading -------------------------------------------------------------------------------------------------

function readPlain(reader: ByteReader, levels: number, words: Words | null): unknown {
  if (levels === 0) throw new MalformedBytes(`Plain data are nested more than ${MOST_LEVELS} levels deep.`)
  switch (reader.number()) {
    case KIND.null:
      return null
    case KIND.undefined:
      return undefined
    case KIND.true:
      return true
    case KIND.false:
      return false
    case KIND.natural:
      return reader.number()
    case KIND.number:
      return readNumber(reader.text())
    case KIND.bigint:
      return readBigInt(reader.text())
    case KIND.string:
      return readString(reader, words)
    case KIND.word:
      if (words === null) throw new MalformedBytes('Plain data with words, and no words are known.')
      return words.textOf(reader.number())
    case KIND.brokenString:
      return readBrokenString(reader.text())
    case KIND.bytes:
      return reader.bytes().slice()
    case KIND.sparse:
      if (words === null) throw new MalformedBytes('Plain data with zeros left out, and none may be.')
      return readSparse(reader)
    case KIND.array:
      return readAll(reader, levels - 1, words)
    case KIND.set:
      return new Set(readAll(reader, levels - 1, words))
    case KIND.map:
      return new Map(readPairs(reader, levels - 1, words))
    case KIND.object:
      return readObject(reader, levels - 1, words)
    default:
      throw new MalformedBytes('Plain data of an unknown kind.')
  }
}

function readString(reader: ByteReader, words: Words | null): string {
  const text = reader.text()
  words?.learn(text)
  return text
}

function readSparse(reader: ByteReader): Uint8Array {
  const length = reader.number()
  if (length > MOST_SPARSE) throw new MalformedBytes(`A byte string claims to have ${length} bytes.`)
  const bytes = new Uint8Array(length)
  for (let at = 0; at < length; at += reader.number()) {
    const others = reader.bytes()
    if (others.length > length - at) throw new MalformedBytes('A byte string has more bytes than it says.')
    bytes.set(others, at)
    at += others.length
  }
  return bytes
}

function readAll(reader: ByteReader, levels: number, words: Words | null): unknown[] {
  const values: unknown[] = []
  for (let left = reader.number(); left > 0; left--) values.push(readPlain(reader, levels, words))
  return values
}

function readPairs(reader: ByteReader, levels: number, words: Words | null): [unknown, unknown][] {
  const pairs: [unknown, unknown][] = []
  for (let left = reader.number(); left > 0; left--)
    pairs.push([readPlain(reader, levels, words), readPlain(reader, levels, words)])
  return pairs
}

function readObject(reader: ByteReader, levels: number, words: Words | null): Record<string, unknown> {
  const object: Record<string, unknown> = {}
  for (let left = reader.number(); left > 0; left--) {
    const key = String(readPlain(reader, levels, words))
    const value = readPlain(reader, levels, words)
    if (key === '__proto__') Object.defineProperty(object, key, { value, ...PLAIN_PROPERTY })
    else object[key] = value
  }
  return object
}

const PLAIN_PROPERTY = { configurable: true, enumerable: true, writable: true }

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
