/**
 * Frames: the length of the payload (32 bits, the lowest byte first), the kind, the payload.
 *
 * A chunk off the network is read in place: what is whole in it is handed on as a view. Only a frame that is spread over
 * chunks is copied, once, into a buffer that grows with what has arrived rather than with what was announced.
 */
import { Refused } from './problems.js'

export const HEADER_BYTES = 5

export const HELLO = 1
export const REFUSAL = 2
export const BOOK = 3
export const MESSAGE = 4

/** The least that is set aside for a frame whose length is known. */
const LEAST_BYTES = 4096

/** Room is made for so many times what has arrived: most frames are copied once, and none takes much more than came. */
const HEADROOM = 8

export interface FrameSink {
  /** The largest payload that is taken at this moment. */
  readonly frameBytes: number
  /** Takes the next frame. The payload is a view that stays valid: its buffer is never used again. */
  takeFrame(kind: number, payload: Uint8Array): void
}

export class FrameReader {
  readonly #sink: FrameSink
  /** The frame that has begun and not ended, header included. */
  #partial: Buffer = NOTHING
  #filled = 0

  constructor(sink: FrameSink) {
    this.#sink = sink
  }

  /** Takes a chunk, which must not change any more. Throws {@link Refused} if it cannot go on. */
  push(chunk: Uint8Array): void {
    const sink = this.#sink
    const end = chunk.length
    let at = this.#filled === 0 ? 0 : this.#fill(chunk)
    while (end - at >= HEADER_BYTES) {
      const length = this.#lengthAt(chunk, at)
      const from = at + HEADER_BYTES
      if (from + length > end) break
      // A plain array and no Buffer: it is made, and taken apart, twice as fast.
      sink.takeFrame(chunk[at + 4] ?? 0, new Uint8Array(chunk.buffer, chunk.byteOffset + from, length))
      at = from + length
    }
    if (at < end) this.#keep(chunk.subarray(at))
  }

  /** The length that a header says. */
  #lengthAt(bytes: Uint8Array, at: number): number {
    // Whoever calls has seen that the header is whole.
    const [a = 0, b = 0, c = 0, d = 0] = [bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]]
    const length = a + b * 2 ** 8 + c * 2 ** 16 + d * 2 ** 24
    const { frameBytes } = this.#sink
    if (length <= frameBytes) return length
    const detail = `A frame of ${length} bytes was announced, and at most ${frameBytes} are taken.`
    throw new Refused('oversized', detail)
  }

  /** Begins a frame of which only a part is there. */
  #keep(part: Uint8Array): void {
    if (part.length < HEADER_BYTES) this.#partial = Buffer.allocUnsafeSlow(HEADER_BYTES)
    else this.#reserve(part.length, HEADER_BYTES + this.#lengthAt(part, 0))
    this.#partial.set(part)
    this.#filled = part.length
  }

  /** Goes on with the frame that has begun; gives how much of the chunk belongs to it. */
  #fill(chunk: Uint8Array): number {
    const ofHeader = this.#append(chunk, 0, HEADER_BYTES)
    if (this.#filled < HEADER_BYTES) return ofHeader
    const length = this.#lengthAt(this.#partial, 0)
    const taken = this.#append(chunk, ofHeader, HEADER_BYTES + length)
    if (this.#filled < HEADER_BYTES + length) return taken
    const whole = this.#partial
    this.#partial = NOTHING
    this.#filled = 0
    this.#sink.takeFrame(whole[4] ?? 0, new Uint8Array(whole.buffer, whole.byteOffset + HEADER_BYTES, length))
    return taken
  }

  /** Appends what of the chunk, from `at` on, the frame lacks to have `total` bytes; gives where that ends. */
  #append(chunk: Uint8Array, at: number, total: number): number {
    const end = Math.min(chunk.length, at + Math.max(0, total - this.#filled))
    if (end === at) return at
    const filled = this.#filled + end - at
    this.#reserve(filled, total)
    this.#partial.set(chunk.subarray(at, end), this.#filled)
    this.#filled = filled
    return end
  }

  /** Makes room for `needed` bytes of a frame that will have `total`. */
  #reserve(needed: number, total: number): void {
    const old = this.#partial
    if (needed <= old.length) return
    const bytes = Buffer.allocUnsafeSlow(Math.min(total, Math.max(needed * HEADROOM, LEAST_BYTES)))
    bytes.set(old.subarray(0, this.#filled))
    this.#partial = bytes
  }
}

const NOTHING: Buffer = Buffer.allocUnsafeSlow(0)

export function writeHeader(bytes: Uint8Array, at: number, kind: number, length: number): void {
  bytes[at] = length
  bytes[at + 1] = length >>> 8
  bytes[at + 2] = length >>> 16
  bytes[at + 3] = length >>> 24
  bytes[at + 4] = kind
}

/** One frame on its own. */
export function encodeFrame(kind: number, payload: Uint8Array): Buffer {
  const frame = Buffer.allocUnsafeSlow(HEADER_BYTES + payload.length)
  writeHeader(frame, 0, kind, payload.length)
  frame.set(payload, HEADER_BYTES)
  return frame
}
