/**
 * The keys in the order of their bytes, for scans. It is made by the first scan, and no put pays for it before; from
 * then on new keys wait in a list until the next scan sorts them in. Keys are texts here, a character a byte, which the
 * engine compares fast. Keys that are gone stay until they are too many: who scans looks each one up anyway.
 */

/** Keys are kept sorted in blocks of up to this many. */
const BLOCK_KEYS = 1_024

/** So many keys may be new, or gone, before the order is given up. Of a larger order, a half may. */
const MOST_WAITING = 4_096

export class SortedKeys {
  /** Null until it is needed. No block is empty. */
  #blocks: string[][] | null = null
  #size = 0
  readonly #fresh: Set<string> = new Set()
  #gone = 0

  added(key: Uint8Array): void {
    if (this.#blocks === null) return
    this.#fresh.add(characters(key))
    if (this.#fresh.size > this.#most()) this.#giveUp()
  }

  removed(): void {
    if (this.#blocks === null) return
    this.#gone += 1
    if (this.#gone > this.#most()) this.#giveUp()
  }

  /**
   * The keys from `from` on, in order; some of them may be gone. `all` gives every key, where they are not known yet.
   */
  *from(from: string, all: () => string[]): Generator<string> {
    const blocks = this.#sorted(all)
    let at = Math.max(0, blockBefore(blocks, from))
    let place = placeOf(blocks[at] ?? [], from)
    for (; at < blocks.length; at++, place = 0) {
      const block = blocks[at] ?? []
      for (; place < block.length; place++) yield block[place] ?? ''
    }
  }

  #most(): number {
    return Math.max(MOST_WAITING, this.#size / 2)
  }

  #giveUp(): void {
    this.#blocks = null
    this.#fresh.clear()
    this.#gone = 0
  }

  #sorted(all: () => string[]): string[][] {
    if (this.#blocks === null) {
      const keys = all().sort()
      this.#size = keys.length
      this.#blocks = []
      for (let at = 0; at < keys.length; at += BLOCK_KEYS / 2) {
        this.#blocks.push(keys.slice(at, at + BLOCK_KEYS / 2))
      }
    }
    for (const key of this.#fresh) this.#insert(this.#blocks, key)
    this.#fresh.clear()
    return this.#blocks
  }

  #insert(blocks: string[][], key: string): void {
    const at = Math.max(0, blockBefore(blocks, key))
    const block = blocks[at]
    if (block === undefined) {
      blocks.push([key])
      this.#size += 1
      return
    }
    const place = placeOf(block, key)
    if (block[place] === key) return
    block.splice(place, 0, key)
    this.#size += 1
    if (block.length > BLOCK_KEYS) blocks.splice(at + 1, 0, block.splice(BLOCK_KEYS / 2))
  }
}

/** The last block that begins with this key or one before it; -1 if none does. */
function blockBefore(blocks: readonly string[][], key: string): number {
  let low = 0
  let high = blocks.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((blocks[middle]?.[0] ?? '') <= key) low = middle + 1
    else high = middle
  }
  return low - 1
}

/** Where in a block the first key is that is not before this one. */
function placeOf(block: readonly string[], key: string): number {
  let low = 0
  let high = block.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((block[middle] ?? '') < key) low = middle + 1
    else high = middle
  }
  return low
}

/** A key as a text, a character a byte. */
export function characters(bytes: Uint8Array): string {
  return String.fromCharCode(...bytes)
}

/** The bytes of such a text. */
export function bytesOfCharacters(text: string): Uint8Array {
  const bytes = new Uint8Array(text.length)
  for (let at = 0; at < text.length; at++) bytes[at] = text.charCodeAt(at)
  return bytes
}
