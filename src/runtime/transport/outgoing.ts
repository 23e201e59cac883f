/**
 * What waits to be written to one socket. Frames are put together in blocks, and a flush writes all that there is at
 * once; large payloads are not copied, but written from where they are. While the system takes no more, nothing further
 * is handed to the socket: it waits here, up to a bound, and what comes beyond that is dropped.
 */
import type { Socket } from 'node:net'
import { HEADER_BYTES, MESSAGE, writeHeader } from './frames.js'
import type { TransportCounts } from './problems.js'

/** From this size on a payload is shared and not copied: a write of several parts costs more than to copy less. */
const SHARED_BYTES = 16 * 1024

/** The least that is handed to the socket at a time, if there is as much. */
const WRITE_BYTES = 256 * 1024

/** Blocks begin small, because there may be thousands of connections, and double. */
const FIRST_BLOCK_BYTES = 1024
const LARGEST_BLOCK_BYTES = 64 * 1024

export class Outgoing {
  readonly #socket: Socket
  readonly #counts: TransportCounts
  readonly #limitBytes: number
  /** Whole parts, in order, before what is in the block. */
  #parts: Buffer[] = []
  #partsBytes = 0
  #block: Buffer = Buffer.allocUnsafeSlow(FIRST_BLOCK_BYTES)
  /** What of the block is no part yet. */
  #start = 0
  #end = 0
  /** What the socket was given and did not write at once; 0 if it waits for more. */
  #writing = 0
  #writingSinceMillis = 0
  /** Whether something was appended since the last flush. */
  dirty = false

  constructor(socket: Socket, limitBytes: number, counts: TransportCounts) {
    this.#socket = socket
    this.#limitBytes = limitBytes
    this.#counts = counts
  }

  get waitingBytes(): number {
    return this.#writing + this.#partsBytes + this.#end - this.#start
  }

  /** Since when the socket has not finished a write; null if it has. */
  get stalledSinceMillis(): number | null {
    return this.#writing === 0 ? null : this.#writingSinceMillis
  }

  /** Appends a message, or drops it: gives whether it was taken. A large payload must not change afterwards. */
  append(payload: Uint8Array): boolean {
    return this.appendFrame(MESSAGE, payload)
  }

  appendFrame(kind: number, payload: Uint8Array): boolean {
    if (this.waitingBytes > this.#limitBytes) {
      this.#counts.droppedFull++
      return false
    }
    this.#counts.sentFrames++
    const { length } = payload
    const copied = length < SHARED_BYTES ? length : 0
    const needed = HEADER_BYTES + copied
    if (this.#end + needed > this.#block.length) this.#nextBlock(needed)
    const end = this.#end
    writeHeader(this.#block, end, kind, length)
    this.#end = end + needed
    if (copied === length) this.#block.set(payload, end + HEADER_BYTES)
    else this.#share(payload)
    return true
  }

  /** Appends a payload as parts of its own, none so large that to write it takes long. */
  #share(payload: Uint8Array): void {
    this.#endPart()
    const bytes = Buffer.from(payload.buffer, payload.byteOffset, payload.length)
    for (let at = 0; at < bytes.length; at += WRITE_BYTES)
      this.#parts.push(bytes.subarray(at, at + WRITE_BYTES))
    this.#partsBytes += bytes.length
  }

  /** Makes what is new in the block a part. */
  #endPart(): void {
    if (this.#start === this.#end) return
    this.#parts.push(this.#block.subarray(this.#start, this.#end))
    this.#partsBytes += this.#end - this.#start
    this.#start = this.#end
  }

  #nextBlock(needed: number): void {
    this.#endPart()
    const size = Math.max(needed, Math.min(LARGEST_BLOCK_BYTES, this.#block.length * 2))
    this.#block = Buffer.allocUnsafeSlow(size)
    this.#start = 0
    this.#end = 0
  }

  /** Hands the socket all that it takes. */
  flush(): void {
    this.dirty = false
    // Whoever is turned away gets nothing more.
    if (!this.#socket.writable) return
    while (this.#writing === 0 && this.waitingBytes > 0) this.#write()
    // Nothing of the block is in use any more.
    if (this.waitingBytes === 0) {
      this.#start = 0
      this.#end = 0
    }
  }

  #write(): void {
    const socket = this.#socket
    this.#endPart()
    const parts = this.#takeParts()
    let bytes = 0
    for (const part of parts) bytes += part.length
    this.#counts.sentBytes += bytes
    if (parts.length > 1) socket.cork()
    for (const part of parts) socket.write(part, this.#written)
    if (parts.length > 1) socket.uncork()
    // Most writes are over at once. If not, `written` is called some time.
    if (socket.writableLength === 0) return
    this.#writing = bytes
    this.#writingSinceMillis = performance.now()
  }

  #takeParts(): readonly Buffer[] {
    const all = this.#parts
    let count = 0
    let bytes = 0
    while (count < all.length && bytes < WRITE_BYTES) bytes += all[count++]?.length ?? 0
    this.#partsBytes -= bytes
    if (count < all.length) return all.splice(0, count)
    this.#parts = []
    return all
  }

  readonly #written = (): void => {
    if (this.#writing === 0 || this.#socket.writableLength > 0) return
    this.#writing = 0
    this.flush()
  }
}
