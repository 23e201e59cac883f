/**
 * A digest of plain data: the same for what `samePlain` calls the same, and for little else. For comparing states
 * without keeping them.
 */
import { mix } from '../random.js'

/** What is deeper, or larger, gets no digest: most likely it goes round in circles. */
const MOST_DEPTH = 500
const MOST_PARTS = 1_000_000

/** A whole number below 2^32, of what has few parts; null of what has more. */
export function digestSmall(value: unknown, mostParts: number): number | null {
  const digest = new Digest(mostParts)
  const bits = digest.of(value, 0x3c6ef372, 0)
  return digest.parts > mostParts ? null : bits
}

/** A whole number below 2^53; null of what is too large. */
export function digestPlain(value: unknown): number | null {
  const low = digestSmall(value, MOST_PARTS)
  if (low === null) return null
  const high = new Digest(MOST_PARTS).of(value, 0x510e527f, 0)
  return (high % 0x20_0000) * 0x1_0000_0000 + low
}

const FLOAT: Float64Array = new Float64Array(1)
const WORDS: Uint32Array = new Uint32Array(FLOAT.buffer)

class Digest {
  parts = 0
  readonly #mostParts: number

  constructor(mostParts: number) {
    this.#mostParts = mostParts
  }

  /** 32 bits of a value; `seed` is of what it is a part. */
  of(value: unknown, seed: number, depth: number): number {
    if (this.parts > this.#mostParts) return 0
    this.parts += 1
    if (depth > MOST_DEPTH) this.parts = this.#mostParts + 1
    if (typeof value === 'number') return numberDigest(value, seed)
    if (typeof value === 'string') return textDigest(value, seed)
    if (typeof value !== 'object' || value === null)
      return textDigest(`${typeof value} ${String(value)}`, seed)
    if (value instanceof Uint8Array) return bytesDigest(value, seed)
    if (Array.isArray(value)) return this.#list(value, seed, depth)
    if (value instanceof Map) return this.#map(value, seed, depth)
    if (value instanceof Set) return this.#set(value, seed, depth)
    return this.#fields(value, seed, depth)
  }

  #list(list: readonly unknown[], seed: number, depth: number): number {
    let bits = mix(seed ^ 1)
    for (const part of list) bits = this.of(part, bits, depth + 1)
    return mix(bits ^ list.length)
  }

  // The parts below come in any order, so they are added up.

  #map(map: ReadonlyMap<unknown, unknown>, seed: number, depth: number): number {
    const bits = mix(seed ^ 2)
    let sum = map.size
    for (const [key, part] of map) sum = (sum + this.of(part, this.of(key, bits, depth + 1), depth + 1)) | 0
    return mix(bits ^ sum)
  }

  #set(set: ReadonlySet<unknown>, seed: number, depth: number): number {
    const bits = mix(seed ^ 3)
    let sum = set.size
    for (const part of set) sum = (sum + this.of(part, bits, depth + 1)) | 0
    return mix(bits ^ sum)
  }

  #fields(fields: object, seed: number, depth: number): number {
    const bits = mix(seed ^ 4)
    let sum = 0
    for (const [name, part] of Object.entries(fields))
      sum = (sum + this.of(part, textDigest(name, bits), depth + 1)) | 0
    return mix(bits ^ sum)
  }
}

function numberDigest(value: number, seed: number): number {
  if (value === (value | 0) && !Object.is(value, -0)) return mix(mix(seed ^ 5) ^ value)
  if (Number.isNaN(value)) return mix(seed ^ 6)
  FLOAT[0] = value
  return mix(mix(mix(seed ^ 7) ^ (WORDS[0] ?? 0)) ^ (WORDS[1] ?? 0))
}

function textDigest(text: string, seed: number): number {
  let bits = mix(seed ^ 8)
  for (let at = 0; at < text.length; at++) bits = Math.imul(bits ^ text.charCodeAt(at), 0x01000193)
  return mix(bits ^ text.length)
}

function bytesDigest(bytes: Uint8Array, seed: number): number {
  let hash = mix(seed ^ 9)
  for (const byte of bytes) hash = Math.imul(hash ^ byte, 0x01000193)
  return mix(hash ^ bytes.length)
}
