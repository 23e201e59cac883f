/**
 * The durable store of a member: the records that its node wrote, on a disk. What it means is what the simulated disk
 * means, see `diskClaims` in `synod/testing`; how it is made says docs/adr/0023-the-vote-log.md.
 *
 * Records are gathered into a batch. One batch is written at a time, with one synced write; what comes meanwhile makes
 * the next. A snapshot has a file of its own, which is in place before the log names it: the records that come after a
 * snapshot wait for that, those before it do not.
 */
import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import type { SnapshotRecord, StoreRecord } from '../../paxos/index.js'
import { Batch } from './batch.js'
import { TEMPORARY } from './contents.js'
import { StoreError, storeErrorOf } from './errors.js'
import { type Files, type Lock, realFiles } from './files.js'
import { createOrRemove, createWhole, Log } from './log.js'
import { openLog } from './opening.js'
import { SEGMENT_HEADER_BYTES } from './segments.js'
import { SnapshotBytes, snapshotName } from './snapshots.js'

/** What a segment holds unless told otherwise: see docs/adr/0023-the-vote-log.md. */
const SEGMENT_BYTES = 16_777_216
const LEAST_SEGMENT_BYTES = 4 * SEGMENT_HEADER_BYTES

export interface StoreOptions {
  /** Made if it is not there. Nothing else may be kept in it. */
  readonly directory: string
  /** The size of the files of the log: a multiple of 4,096, from 131,072 on; 16,777,216 by default. */
  readonly segmentBytes?: number
  /** The operations on files; those of the system by default. */
  readonly files?: Files
}

export class Store {
  /** Called once a sync, with `durable`. */
  onDurable: (count: number) => void = () => undefined
  /** Called once, when a write fails: nothing is written any more, and what was not durable may be there or not. */
  onFailure: (error: Error) => void = () => undefined

  readonly #directory: string
  readonly #files: Files
  readonly #lock: Lock
  readonly #log: Log
  readonly #identity: string
  #records: readonly StoreRecord[]
  /** Those that are to be written, oldest first; records are added to the last. */
  readonly #batches: Batch[] = [new Batch()]
  /** An empty one, for the next time. */
  #idleBatch: Batch | null = null
  #isWriting = false
  /** Snapshots whose files are not in place yet. */
  #snapshotsUnderway = 0
  /** The data of the snapshot that is to come, which are on the disk already. */
  #kept: { readonly data: Uint8Array; readonly bytes: SnapshotBytes; readonly path: string } | null = null
  #keptFiles = 0
  #failure: StoreError | null = null
  /** Called when there is nothing to wait for any more. */
  #onIdle: (() => void) | null = null
  #isClosed = false
  #durable = 0
  /** How many records were ever given to be written. */
  #ordinal: number
  /** The files of snapshots that an ordinal names, but the last durable one: not needed once a later one is. */
  #snapshotOrdinal: number | null

  /** Throws a StoreError if the folder cannot be used; it says what to do. */
  static async open(options: StoreOptions): Promise<Store> {
    const { directory, segmentBytes = SEGMENT_BYTES, files = realFiles } = options
    checkSegmentBytes(segmentBytes)
    let lock: Lock | null = null
    try {
      lock = await files.lock(directory)
      return await Store.#openLocked(directory, segmentBytes, files, lock)
    } catch (error) {
      await lock?.release()
      throw storeErrorOf(error, directory)
    }
  }

  static async #openLocked(
    directory: string,
    segmentBytes: number,
    files: Files,
    lock: Lock,
  ): Promise<Store> {
    const newIdentity = randomBytes(8).toString('hex')
    const opened = await openLog(files, directory, segmentBytes, newIdentity)
    return new Store({ directory, segmentBytes, files, lock, ...opened })
  }

  private constructor(opened: {
    readonly directory: string
    readonly segmentBytes: number
    readonly files: Files
    readonly lock: Lock
    readonly identity: string
    readonly records: readonly StoreRecord[]
    readonly snapshotOrdinal: number | null
    readonly start: ConstructorParameters<typeof Log>[1]
  }) {
    const { directory, segmentBytes, files, identity, start } = opened
    this.#directory = directory
    this.#files = files
    this.#lock = opened.lock
    this.#identity = identity
    this.#records = opened.records
    this.#ordinal = start.written
    this.#snapshotOrdinal = opened.snapshotOrdinal
    const onFailure = (error: Error): void => this.#fail(error)
    this.#log = new Log({ files, directory, identity, segmentBytes, onFailure }, start)
  }

  /** What it held when it was opened, oldest first; empty once forgotten. What cannot be read is `damaged`. */
  get records(): readonly StoreRecord[] {
    return this.#records
  }

  /** Lets go of the memory of `records`. */
  forget(): void {
    this.#records = []
  }

  /** How many of the records written since it was opened are durable. */
  get durable(): number {
    return this.#durable
  }

  /**
   * Adds a record to the next batch. Its bytes are copied, but for the data of a snapshot, which the store takes: they must
   * not change, and may be gone once they are in its file.
   */
  write(record: StoreRecord): void {
    if (this.#isClosed) throw new StoreError('failed', 'The store is closed: open it again to write to it.')
    if (this.#failure !== null) return
    if (record.type === 'damaged') throw new TypeError('A record that is damaged cannot be written.')
    this.#ordinal += 1
    if (record.type === 'snapshot') this.#writeSnapshot(record)
    else this.#lastBatch.add(record)
  }

  /**
   * Writes the data of a snapshot in the background, and says when they are durable: a record with them does not hold up
   * those that come after it for as long. They must not change.
   */
  keep(data: Uint8Array, done: () => void): void {
    if (this.#isClosed || this.#failure !== null) return
    const bytes = new SnapshotBytes(data, this.#identity)
    const path = join(this.#directory, `${++this.#keptFiles}${TEMPORARY}`)
    this.#inBackground(async () => {
      await this.#dropKept()
      await createOrRemove(this.#files, path, bytes.beginning())
      this.#kept = { data, bytes, path }
      done()
    })
  }

  /** Begins a sync of all that was written, unless one is in flight; then what was written follows by itself. */
  flush(): void {
    const batch = this.#batches[0]
    if (this.#isWriting || this.#failure !== null || batch === undefined || batch.count === 0) return
    if (batch.snapshot?.isStored === false) return
    this.#batches.shift()
    if (this.#batches.length === 0) this.#batches.push(this.#takeBatch())
    this.#isWriting = true
    this.#log.append(batch, (error) => {
      this.#isWriting = false
      if (error === null) this.#written(batch)
      else this.#fail(error)
    })
  }

  /** Writes what was written, waits until it is durable or has failed, and lets other processes have the folder. */
  async close(): Promise<void> {
    if (this.#isClosed) return
    this.#isClosed = true
    this.flush()
    if (!this.#isIdle) await new Promise<void>((resolve) => (this.#onIdle = resolve))
    await this.#log.close()
    await this.#lock.release()
  }

  // ---- batches -------------------------------------------------------------------------------------------------

  get #lastBatch(): Batch {
    return this.#batches[this.#batches.length - 1] ?? this.#addBatch()
  }

  #addBatch(): Batch {
    const batch = this.#takeBatch()
    this.#batches.push(batch)
    return batch
  }

  #takeBatch(): Batch {
    const batch = this.#idleBatch ?? new Batch()
    this.#idleBatch = null
    return batch
  }

  #written(batch: Batch): void {
    this.#durable += batch.count
    if (batch.snapshot !== null) this.#replaceSnapshot(batch.snapshot)
    batch.reset()
    this.#idleBatch = batch
    this.flush() // the disk works while the node does
    this.onDurable(this.#durable)
    this.#checkIdle()
  }

  get #isIdle(): boolean {
    if (this.#isWriting || this.#snapshotsUnderway > 0) return false
    return this.#failure !== null || this.#batches.every(({ count }) => count === 0)
  }

  #checkIdle(): void {
    if (this.#isIdle) this.#onIdle?.()
  }

  #fail(error: Error): void {
    if (this.#failure === null) {
      this.#failure = storeErrorOf(error, this.#directory)
      this.onFailure(this.#failure)
    }
    this.#checkIdle()
  }

  // ---- snapshots -----------------------------------------------------------------------------------------------

  #writeSnapshot(record: SnapshotRecord): void {
    const batch = this.#lastBatch.count === 0 ? this.#lastBatch : this.#addBatch()
    const snapshot = {
      record,
      ordinal: this.#ordinal,
      firstSegment: this.#log.firstNeeded(record),
      isStored: false,
    }
    batch.addSnapshot(snapshot)
    this.#inBackground(async () => {
      await this.#storeSnapshot(record, snapshot.ordinal)
      snapshot.isStored = true
      this.flush()
      await release(record)
    })
  }

  async #storeSnapshot(record: SnapshotRecord, ordinal: number): Promise<void> {
    const path = join(this.#directory, snapshotName(ordinal))
    const kept = this.#kept
    if (kept?.data === record.data) {
      this.#kept = null
      await this.#files.append(kept.path, kept.bytes.end(record, ordinal))
      await this.#files.rename(kept.path, path)
    } else {
      await this.#dropKept()
      const bytes = new SnapshotBytes(record.data, this.#identity)
      await createWhole(this.#files, path, bytes.whole(record, ordinal))
    }
    await this.#files.syncDirectory(this.#directory)
  }

  /** What was kept is not needed after all: another snapshot came first. */
  async #dropKept(): Promise<void> {
    const kept = this.#kept
    this.#kept = null
    if (kept !== null) await this.#files.remove(kept.path)
  }

  #inBackground(task: () => Promise<void>): void {
    this.#snapshotsUnderway += 1
    void task()
      .catch((error: unknown) => this.#fail(storeErrorOf(error, this.#directory)))
      .finally(() => {
        this.#snapshotsUnderway -= 1
        this.#checkIdle()
      })
  }

  /** A snapshot is durable: the one before it goes, and the segments that only it needed. */
  #replaceSnapshot({ ordinal, firstSegment }: { ordinal: number; firstSegment: number }): void {
    const replaced = this.#snapshotOrdinal === null ? [] : [snapshotName(this.#snapshotOrdinal)]
    this.#snapshotOrdinal = ordinal
    this.#log.trim(firstSegment, replaced)
  }
}

/** So much memory goes back to the system at a time: an engine fills it with zeros before. */
const RELEASED_BYTES = 4 * 1_048_576

/**
 * A snapshot in its file is needed in memory no more. Pages of its own, see `takeSnapshot`, go back to the system soon:
 * all garbage is collected too seldom for blocks of that size.
 */
async function release({ data }: SnapshotRecord): Promise<void> {
  // ECMAScript 2024
  const buffer = data.buffer as ArrayBuffer & {
    readonly resizable?: boolean
    resize?(bytes: number): void
  }
  if (!buffer.resizable) return
  for (let left = buffer.byteLength; left > 0; left = buffer.byteLength) {
    buffer.resize?.(Math.max(0, left - RELEASED_BYTES))
    await new Promise((resolve) => setImmediate(resolve))
  }
}

function checkSegmentBytes(bytes: number): void {
  if (Number.isSafeInteger(bytes) && bytes >= LEAST_SEGMENT_BYTES && bytes % 4096 === 0) return
  throw new RangeError(
    `segmentBytes is ${bytes}, and has to be a multiple of 4096 from ${LEAST_SEGMENT_BYTES} on.`,
  )
}
