/**
 * A byte writer and reader for decrees. Numbers are LEB128 varints up to 2^53 − 1, byte strings are prefixed
 * with their length.
 */
import { decodeText, encodeText, writeShortText } from './text.js'

export class ByteWriter {
  readonly #capacity: number
  #bytes: Uint8Array
  #length = 0
  /** Up to here it was taken. */
  #taken = 0

  constructor(capacity: number) {
    this.#capacity = capacity
    this.#bytes = new Uint8Array(capacity)
  }

  /** Throws a RangeError for anything but a whole number from 0 to 2^53 - 1. */
  number(value: number): void {
    if (!Number.isSafeInteger(value) || value < 0)
      throw new RangeError(`${value} cannot be written as a number.`)
    this.#reserve(8)
    const bytes = this.#bytes
    let at = this.#length
    let rest = value
    for (; rest >= 0x8000_0000; rest = Math.floor(rest / 128)) bytes[at++] = (rest % 128) + 128
    for (; rest >= 128; rest >>>= 7) bytes[at++] = (rest & 127) | 128
    bytes[at++] = rest
    this.#length = at
  }

  bytes(value: Uint8Array): void {
    this.number(value.length)
    this.#reserve(value.length)
    this.#bytes.set(value, this.#length)
    this.#length += value.length
  }

  /** A text in UTF-8. */
  text(value: string): void {
    const { length } = value
    this.#reserve(1 + length)
    // A short length is one byte.
    if (writeShortText(this.#bytes, this.#length + 1, value)) {
      this.#bytes[this.#length] = length
      this.#length += 1 + length
    } else this.bytes(encodeText(value))
  }

  /** How many bytes were written since the last time that they were taken. */
  get length(): number {
    return this.#length - this.#taken
  }

  finish(): Uint8Array {
    return this.#bytes.slice(this.#taken, this.#length)
  }

  /**
   * A view of what was written since the last time. The writer goes on behind it, and in new memory when there is no room;
   * so what is taken stays as it is, and keeps all that shares its memory.
   */
  take(): Uint8Array {
    const view = this.#bytes.subarray(this.#taken, this.#length)
    this.#taken = this.#length
    return view
  }

  #reserve(more: number): void {
    if (this.#length + more <= this.#bytes.length) return
    // Twice what is not taken yet, and not twice all: what was taken is no reason to grow.
    const needed = this.length + more
    const grown = new Uint8Array(
      needed <= this.#capacity ? this.#capacity : Math.max(needed, 2 * this.length),
    )
    grown.set(this.#bytes.subarray(this.#taken, this.#length))
    this.#bytes = grown
    this.#length -= this.#taken
    this.#taken = 0
  }
}

/** Bytes that are not what they claim to be. */
export class MalformedBytes extends Error {
  override readonly name = 'MalformedBytes'
}

export class ByteReader {
  readonly #bytes: Uint8Array
  #offset = 0

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
  }

  get done(): boolean {
    return this.#offset === this.#bytes.length
  }

  number(): number {
    const first = this.#bytes[this.#offset]
    if (first !== undefined && first < 128) {
      this.#offset += 1
      return first
    }
    return this.#longNumber()
  }

  #longNumber(): number {
    let value = 0
    let scale = 1
    for (;;) {
      const byte = this.#bytes[this.#offset++]
      if (scale > Number.MAX_SAFE_INTEGER) throw new MalformedBytes('A number has more than eight bytes.')
      if (byte === undefined) throw new MalformedBytes('A number runs past the end of the bytes.')
      value += (byte % 128) * scale
      if (value > Number.MAX_SAFE_INTEGER) throw new MalformedBytes('A number exceeds 2^53 - 1.')
      if (byte < 128) return value
      scale *= 128
    }
  }

  /** A view of the next byte string; it shares memory with what is read. */
  bytes(): Uint8Array {
    const end = this.#end()
    const view = this.#bytes.subarray(this.#offset, end)
    this.#offset = end
    return view
  }

  /** The next byte string as a text in UTF-8. */
  text(): string {
    const end = this.#end()
    const text = decodeText(this.#bytes, this.#offset, end)
    this.#offset = end
    return text
  }

  /** Reads a length; gives where what is that long ends. */
  #end(): number {
    const length = this.number()
    const end = this.#offset + length
    if (end <= this.#bytes.length) return end
    throw new MalformedBytes(`A byte string of ${length} bytes runs past the end of the bytes.`)
  }
}

/** The parts, one behind the other, in memory of their own. */
export function joinBytes(
  parts: readonly Uint8Array[],
  allocate: (length: number) => Uint8Array = (length) => new Uint8Array(length),
): Uint8Array {
  const bytes = allocate(parts.reduce((sum, { length }) => sum + length, 0))
  let at = 0
  for (const part of parts) {
    bytes.set(part, at)
    at += part.length
  }
  return bytes
}

/** How many bytes a number takes. */
export function numberBytes(value: number): number {
  let bytes = 1
  for (let rest = value; rest >= 128; rest = Math.floor(rest / 128)) bytes += 1
  return bytes
}

/** One number on its own. */
export function encodeNumber(value: number): Uint8Array {
  const writer = new ByteWriter(8)
  writer.number(value)
  return writer.finish()
}

export function decodeNumber(bytes: Uint8Array): number {
  return new ByteReader(bytes).number()
}

export function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a === b) return true
  if (a.length !== b.length) return false
  for (let at = 0; at < a.length; at++) if (a[at] !== b[at]) return false
  return true
}
