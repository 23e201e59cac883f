/** The lines of a file, one after the other: a text of the whole of it might be too long. They may end as in Windows. */
import { decodeText } from 'synod/paxos'

const LINE_FEED = 10
const CARRIAGE_RETURN = 13

export class Lines {
  /** The number of the line that was given last, from 1. */
  number = 0
  readonly #bytes: Uint8Array
  #at = 0

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
  }

  /** Null at the end. */
  next(): string | null {
    if (this.#at >= this.#bytes.length) return null
    const found = this.#bytes.indexOf(LINE_FEED, this.#at)
    const end = found < 0 ? this.#bytes.length : found
    const isReturned = end > this.#at && this.#bytes[end - 1] === CARRIAGE_RETURN
    const line = decodeText(this.#bytes, this.#at, isReturned ? end - 1 : end)
    this.#at = end + 1
    this.number += 1
    return line
  }

  /** Whether the last line is whole: one that is cut off has no line feed. */
  get isWhole(): boolean {
    return this.#bytes.at(-1) === LINE_FEED
  }
}
