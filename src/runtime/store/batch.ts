/** What is written with one sync, from the first record that comes to the frame that goes to the disk. */
import type { SnapshotRecord } from '../../paxos/index.js'
import { alignFrame, FRAME_HEADER_BYTES, type FramePlace, sealFrame } from './frames.js'
import { encodeEntry, type LogEntry } from './records.js'
import { isKeepsake, type Keepsake, Residue } from './residue.js'
import { StoreWriter } from './writer.js'

/** A buffer that has grown beyond this is not used again. */
const MOST_BYTES_KEPT = 8_388_608

export class Batch {
  count = 0
  /** The snapshot that it begins with, and what its durability makes needless. */
  snapshot: BatchSnapshot | null = null
  residue: Residue = new Residue()
  keepsakes: Keepsake[] = []
  #writer = new StoreWriter()

  constructor() {
    this.#writer.length = FRAME_HEADER_BYTES
  }

  /** How many bytes it takes on disk. */
  get bytes(): number {
    return alignFrame(this.#writer.length)
  }

  add(record: Exclude<LogEntry, { type: 'reference' }>): void {
    encodeEntry(record, this.#writer)
    this.residue.add(record)
    if (isKeepsake(record)) this.keepsakes.push(record)
    this.count += 1
  }

  /** The first of a batch: what follows a snapshot waits for its file, and what was before does not. */
  addSnapshot(snapshot: BatchSnapshot): void {
    const { ordinal, firstSegment } = snapshot
    encodeEntry({ type: 'reference', ordinal, firstSegment }, this.#writer)
    this.snapshot = snapshot
    this.count += 1
  }

  /** The frame; it shares memory with this. And its checksum. */
  seal(place: FramePlace): { readonly frame: Buffer; readonly checksum: number } {
    const checksum = sealFrame(this.#writer, this.count, place)
    return { frame: this.#writer.written, checksum }
  }

  /** Makes it empty. */
  reset(): void {
    this.count = 0
    this.snapshot = null
    this.residue = new Residue()
    this.keepsakes = []
    if (this.#writer.buffer.length > MOST_BYTES_KEPT) this.#writer = new StoreWriter()
    this.#writer.length = FRAME_HEADER_BYTES
  }
}

export interface BatchSnapshot {
  readonly record: SnapshotRecord
  readonly ordinal: number
  /** Segments before this one go when the snapshot is durable. */
  readonly firstSegment: number
  /** Its file is in place. */
  isStored: boolean
}
