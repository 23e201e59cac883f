/**
 * A state that is copied bit by bit while commands go on to change it: what is about to be written over is copied before,
 * page by page.
 */
import type { FrozenState } from '../../paxos/index.js'

/** Small enough that it takes no time to copy one before a write, and large enough that there are not many. */
const PAGE_BYTES = 16_384

/** The states that are being copied, by their segments, and by the rest of what is copied. */
const copying: WeakMap<object, FrozenSegments> = new WeakMap()

/** Whether what is needed no more of these must not be written to yet. */
export function isBeingCopied(blocks: object): boolean {
  return copying.has(blocks)
}

/** Called before these bytes of a segment are written to. */
export function beforeWrite(
  segments: readonly Uint8Array[],
  segment: number,
  offset: number,
  length: number,
): void {
  copying.get(segments)?.beforeWrite(segment, offset, length)
}

/** A segment as it was, and where it goes. */
export interface FrozenSegment {
  readonly bytes: Uint8Array
  /** Where its first byte goes. */
  readonly at: number
}

export class FrozenSegments implements FrozenState {
  readonly #segments: readonly Uint8Array[]
  readonly #others: object
  readonly #frozen: readonly FrozenSegment[]
  readonly #target: Uint8Array
  /** The number of the first page of each segment, and which pages are copied. */
  readonly #firstPages: number[] = []
  readonly #isCopied: Uint8Array
  /** Of which segment the next page is. */
  #next = 0
  #nextOffset = 0

  /**
   * Holds these segments, in their order in the state, until all are copied to the target; and behind them other blocks, of
   * which nobody writes over what is frozen.
   */
  constructor(
    segments: readonly Uint8Array[],
    others: object,
    frozen: readonly FrozenSegment[],
    target: Uint8Array,
  ) {
    if (copying.has(segments)) throw new Error('This state is being copied already.')
    this.#segments = segments
    this.#others = others
    this.#frozen = frozen
    this.#target = target
    let pages = 0
    for (const { bytes } of frozen) {
      this.#firstPages.push(pages)
      pages += Math.ceil(bytes.length / PAGE_BYTES)
    }
    this.#isCopied = new Uint8Array(pages)
    copying.set(segments, this)
    copying.set(others, this)
  }

  beforeWrite(segment: number, offset: number, length: number): void {
    const frozen = this.#frozen[segment]
    const current = this.#segments[segment]
    // What has other memory by now is not written over; the end of one that grows was not part of it.
    if (frozen === undefined || current === undefined || frozen.bytes.buffer !== current.buffer) return
    const end = Math.min(offset + length, frozen.bytes.length)
    for (let at = offset - (offset % PAGE_BYTES); at < end; at += PAGE_BYTES)
      this.#copyPage(segment, frozen, at)
  }

  copy(bytes: number): boolean {
    for (let left = bytes; left > 0; left -= PAGE_BYTES) {
      let frozen = this.#frozen[this.#next]
      while (frozen !== undefined && this.#nextOffset >= frozen.bytes.length) {
        frozen = this.#frozen[++this.#next]
        this.#nextOffset = 0
      }
      if (frozen === undefined) {
        this.release()
        return true
      }
      this.#copyPage(this.#next, frozen, this.#nextOffset)
      this.#nextOffset += PAGE_BYTES
    }
    return false
  }

  release(): void {
    if (copying.get(this.#segments) !== this) return
    copying.delete(this.#segments)
    copying.delete(this.#others)
  }

  #copyPage(segment: number, { bytes, at }: FrozenSegment, offset: number): void {
    const page = (this.#firstPages[segment] ?? 0) + offset / PAGE_BYTES
    if (this.#isCopied[page] === 1) return
    this.#isCopied[page] = 1
    this.#target.set(bytes.subarray(offset, offset + PAGE_BYTES), at + offset)
  }
}
