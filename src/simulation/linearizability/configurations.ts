/**
 * The configurations that the search has been in: which operations have their place in the order, and the state they
 * lead to (Lowe 2017, section 4.1). Whatever may follow depends on nothing else, so none is tried twice.
 *
 * The operations that begin early are soon all placed: of the completed ones only the words between the first that
 * is not full and the last that is not empty are stored, which is mostly one or two.
 */
import { at } from './models.js'

const FULL = 0xffff_ffff
/** 256 MB. Beyond it nothing more is remembered, and the search may do things twice. */
const MOST_WORDS = 2 ** 26

export class Configurations {
  /** A bit an operation: first the completed ones, then, in words of their own, the open ones. */
  readonly #bits: Uint32Array
  readonly #completed: number
  readonly #completedWords: number
  /** The first word of completed operations that is not full. */
  #low = 0
  /** One more than the last of them that is not empty. */
  #high = 0
  /** Of the set: the exclusive or of its members' hashes. */
  #hash = 0

  /** What was seen, one after the other: length, state, first word, words. */
  #seen: Uint32Array = new Uint32Array(64)
  #seenEnd = 0
  /** Where each begins in `seen`, plus one, at a place that follows from its hash, or the next free one. */
  #places: Int32Array = new Int32Array(32)
  #hashes: Int32Array = new Int32Array(32)
  #count = 0

  constructor(completed: number, open: number) {
    this.#completed = completed
    this.#completedWords = (completed + 31) >>> 5
    this.#bits = new Uint32Array(this.#completedWords + ((open + 31) >>> 5))
  }

  has(operation: number): boolean {
    const bit = this.#bitOf(operation)
    return ((at(this.#bits, bit >>> 5) >>> (bit & 31)) & 1) === 1
  }

  add(operation: number): void {
    const word = this.#flip(operation)
    if (word >= this.#completedWords) return
    this.#high = Math.max(this.#high, word + 1)
    while (this.#low < this.#completedWords && at(this.#bits, this.#low) === FULL) this.#low += 1
  }

  remove(operation: number): void {
    const word = this.#flip(operation)
    if (word >= this.#completedWords) return
    this.#low = Math.min(this.#low, word)
    while (this.#high > 0 && at(this.#bits, this.#high - 1) === 0) this.#high -= 1
  }

  /** Whether the present set has not been seen with this state before; from now on it has. */
  isNew(state: number): boolean {
    const hash = mixed(this.#hash ^ mixed(state + 1))
    const mask = this.#places.length - 1
    let slot = hash & mask
    for (let place = at(this.#places, slot); place > 0; place = at(this.#places, slot)) {
      if (at(this.#hashes, slot) === hash && this.#isAt(place - 1, state)) return false
      slot = (slot + 1) & mask
    }
    this.#remember(slot, hash, state)
    return true
  }

  #bitOf(operation: number): number {
    return operation < this.#completed ? operation : this.#completedWords * 32 + operation - this.#completed
  }

  /** Gives the word that changed. */
  #flip(operation: number): number {
    const bit = this.#bitOf(operation)
    const word = bit >>> 5
    this.#bits[word] = at(this.#bits, word) ^ (1 << (bit & 31))
    this.#hash ^= mixed(operation + 1)
    return word
  }

  #isAt(begin: number, state: number): boolean {
    const seen = this.#seen
    const high = Math.max(this.#low, this.#high)
    if (at(seen, begin) !== high - this.#low) return false
    if (at(seen, begin + 1) !== state || at(seen, begin + 2) !== this.#low) return false
    let place = begin + 3
    for (let word = this.#low; word < high; word++)
      if (at(seen, place++) !== at(this.#bits, word)) return false
    for (let word = this.#completedWords; word < this.#bits.length; word++) {
      if (at(seen, place++) !== at(this.#bits, word)) return false
    }
    return true
  }

  #remember(slot: number, hash: number, state: number): void {
    const high = Math.max(this.#low, this.#high)
    const length = 3 + high - this.#low + this.#bits.length - this.#completedWords
    if (this.#seenEnd + length > this.#seen.length && !this.#makeRoom(length)) return
    this.#places[slot] = this.#seenEnd + 1
    this.#hashes[slot] = hash
    this.#put(high - this.#low)
    this.#put(state)
    this.#put(this.#low)
    for (let word = this.#low; word < high; word++) this.#put(at(this.#bits, word))
    for (let word = this.#completedWords; word < this.#bits.length; word++) this.#put(at(this.#bits, word))
    this.#count += 1
    if (this.#count * 2 > this.#places.length) this.#rehash()
  }

  #put(word: number): void {
    this.#seen[this.#seenEnd++] = word
  }

  #makeRoom(length: number): boolean {
    const words = Math.max(this.#seen.length * 2, this.#seenEnd + length)
    if (words > MOST_WORDS) return false
    const grown = new Uint32Array(words)
    grown.set(this.#seen)
    this.#seen = grown
    return true
  }

  #rehash(): void {
    const [places, hashes] = [this.#places, this.#hashes]
    this.#places = new Int32Array(places.length * 2)
    this.#hashes = new Int32Array(places.length * 2)
    const mask = this.#places.length - 1
    for (const [from, place] of places.entries()) {
      if (place === 0) continue
      let slot = at(hashes, from) & mask
      while (at(this.#places, slot) > 0) slot = (slot + 1) & mask
      this.#places[slot] = place
      this.#hashes[slot] = at(hashes, from)
    }
  }
}

/** A number whose bits are spread over 32 (the finalizer of MurmurHash3). */
function mixed(number: number): number {
  let hash = Math.imul(number ^ (number >>> 16), 0x85eb_ca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2_ae35)
  return hash ^ (hash >>> 16)
}
