/**
 * Where the record of each key is: a hash table with linear probing, as two numbers a place. It is made from the
 * records and is no part of the state, so nothing of it is ever seen.
 */
import { keyEnd, keyIs, keyStart } from './records.js'

/** Where a record is: the number of its segment, and of the 8 bytes in it with which the record begins. */
export type Reference = number

/** A segment has this many times 8 bytes at most: 256 KiB, or a single record. */
export const UNIT_BITS = 15
const UNIT_MASK = 2 ** UNIT_BITS - 1

export function segmentOf(reference: Reference): number {
  return reference >>> UNIT_BITS
}

/** Where in its segment the record begins, in bytes. */
export function offsetOf(reference: Reference): number {
  return (reference & UNIT_MASK) << 3
}

export function referenceTo(segment: number, offset: number): Reference {
  return segment * 2 ** UNIT_BITS + (offset >>> 3)
}

/** Thirty-two well-mixed bits of a key. */
export function hashOf(bytes: Uint8Array, from: number, to: number): number {
  let bits = to - from
  let at = from
  for (; at + 4 <= to; at += 4) {
    const word =
      (bytes[at] ?? 0) |
      ((bytes[at + 1] ?? 0) << 8) |
      ((bytes[at + 2] ?? 0) << 16) |
      ((bytes[at + 3] ?? 0) << 24)
    bits = Math.imul(bits ^ word, 0x9e3779b1)
    bits ^= bits >>> 15
  }
  for (; at < to; at++) bits = Math.imul(bits ^ (bytes[at] ?? 0), 0x01000193)
  bits = Math.imul(bits ^ (bits >>> 16), 0x85ebca6b)
  bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2ae35)
  return (bits ^ (bits >>> 16)) >>> 0
}

/** No place: the key is not there. */
export const NOWHERE = -1

const SMALLEST = 8

/** What a processor fetches at a time, and how much of a record is fetched ahead: the rest follows by itself. */
const LINE_BYTES = 64
const PREFETCHED_BYTES = 320

export class KeyTable {
  /** Hash and reference + 1 of each place; a second number of 0 is a free one. */
  #places: Uint32Array
  #mask: number
  #size = 0
  /** The sum of what was prefetched: an engine need not read what nobody uses. */
  prefetched = 0

  /** With room for this many keys. */
  constructor(keys: number) {
    let places = SMALLEST
    while (keys * 3 >= places * 2) places *= 2
    this.#places = new Uint32Array(2 * places)
    this.#mask = places - 1
  }

  /** The place of a key, or `NOWHERE`. It holds until a key is added or removed. */
  find(segments: readonly Uint8Array[], key: Uint8Array, hash: number): number {
    const places = this.#places
    for (let place = hash & this.#mask; ; place = (place + 1) & this.#mask) {
      const number = places[2 * place + 1] ?? 0
      if (number === 0) return NOWHERE
      if (places[2 * place] !== hash) continue
      const segment = segments[segmentOf(number - 1)]
      if (segment !== undefined && keyIs(segment, offsetOf(number - 1), key)) return place
    }
  }

  /**
   * Reads where the keys of these hashes most likely are, and the beginnings of their records. To look a key up takes two
   * reads that wait for memory, the second for the first; those of many keys wait at the same time.
   */
  prefetch(segments: readonly Uint8Array[], hashes: readonly number[]): void {
    const places = this.#places
    let sum = 0
    for (const hash of hashes) sum += places[2 * (hash & this.#mask) + 1] ?? 0
    for (const hash of hashes) {
      const number = places[2 * (hash & this.#mask) + 1] ?? 0
      const segment = number === 0 ? undefined : segments[segmentOf(number - 1)]
      if (segment === undefined) continue
      const from = offsetOf(number - 1)
      const to = Math.min(from + PREFETCHED_BYTES, segment.length)
      for (let at = from; at < to; at += LINE_BYTES) sum += segment[at] ?? 0
    }
    this.prefetched = sum | 0
  }

  referenceAt(place: number): Reference {
    return (this.#places[2 * place + 1] ?? 0) - 1
  }

  point(place: number, reference: Reference): void {
    this.#places[2 * place + 1] = reference + 1
  }

  /** A record went elsewhere. */
  moved(segment: Uint8Array, offset: number, from: Reference, to: Reference): void {
    let place = hashOf(segment, keyStart(segment, offset), keyEnd(segment, offset)) & this.#mask
    while (this.referenceAt(place) !== from) {
      if (this.referenceAt(place) < 0) throw new Error('A record is not in the table of keys.')
      place = (place + 1) & this.#mask
    }
    this.point(place, to)
  }

  /** Adds a key that is not there. */
  add(hash: number, reference: Reference): void {
    if ((this.#size + 1) * 3 >= (this.#mask + 1) * 2) this.#grow()
    this.#insert(hash, reference + 1)
    this.#size += 1
  }

  /** Frees a place, and moves those behind it up that would not be found otherwise. */
  remove(place: number): void {
    const places = this.#places
    const mask = this.#mask
    let free = place
    for (let next = (free + 1) & mask; (places[2 * next + 1] ?? 0) !== 0; next = (next + 1) & mask) {
      const hash = places[2 * next] ?? 0
      if (((next - hash) & mask) < ((next - free) & mask)) continue
      places[2 * free] = hash
      places[2 * free + 1] = places[2 * next + 1] ?? 0
      free = next
    }
    places[2 * free + 1] = 0
    this.#size -= 1
  }

  #insert(hash: number, number: number): void {
    let place = hash & this.#mask
    while ((this.#places[2 * place + 1] ?? 0) !== 0) place = (place + 1) & this.#mask
    this.#places[2 * place] = hash
    this.#places[2 * place + 1] = number
  }

  #grow(): void {
    const old = this.#places
    this.#places = new Uint32Array(2 * old.length)
    this.#mask = old.length - 1
    for (let at = 0; at < old.length; at += 2) {
      const number = old[at + 1] ?? 0
      if (number !== 0) this.#insert(old[at] ?? 0, number)
    }
  }
}
