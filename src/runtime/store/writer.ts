/**
 * A buffer that grows, for what is about to be written to disk. Numbers and byte strings are those of `ByteReader`; but
 * nothing is copied at the end: what is written here goes to the disk from here.
 */

const FIRST_BYTES = 65_536

export class StoreWriter {
  /** More than is written: see `length`. */
  buffer: Buffer = Buffer.allocUnsafeSlow(FIRST_BYTES)
  length = 0

  byte(value: number): void {
    this.reserve(1)
    this.buffer[this.length++] = value
  }

  /** Throws a RangeError for anything but a whole number from 0 to 2^53 - 1. */
  number(value: number): void {
    if (!Number.isSafeInteger(value) || value < 0)
      throw new RangeError(`${value} cannot be written as a number.`)
    this.reserve(8)
    const { buffer } = this
    let at = this.length
    let rest = value
    while (rest >= 0x8000_0000) {
      buffer[at++] = (rest % 128) + 128
      rest = Math.floor(rest / 128)
    }
    while (rest >= 128) {
      buffer[at++] = (rest & 127) | 128
      rest >>>= 7
    }
    buffer[at++] = rest
    this.length = at
  }

  /** A byte string, with its length before it. */
  bytes(value: Uint8Array): void {
    this.number(value.length)
    this.raw(value)
  }

  /** Bytes as they are. */
  raw(value: Uint8Array): void {
    this.reserve(value.length)
    this.buffer.set(value, this.length)
    this.length += value.length
  }

  /** What was written; it shares memory with this. */
  get written(): Buffer {
    return this.buffer.subarray(0, this.length)
  }

  /** Makes room. */
  reserve(more: number): void {
    const needed = this.length + more
    if (needed <= this.buffer.length) return
    const grown = Buffer.allocUnsafeSlow(Math.max(needed, this.buffer.length * 2))
    this.buffer.copy(grown, 0, 0, this.length)
    this.buffer = grown
  }
}
