/**
 * The log: the segment that is written to, those before it, and spares that come next. One frame is written at a time.
 *
 * Spares are made in the background: filled with zeros and synced, so that a frame later changes bytes and nothing else
 * of the file. A segment that is not needed any more becomes a spare as it is.
 */
import { join } from 'node:path'
import type { SnapshotRecord } from '../../paxos/index.js'
import type { Batch } from './batch.js'
import { TEMPORARY } from './contents.js'
import { storeErrorOf } from './errors.js'
import type { Files, LogFile } from './files.js'
import type { LogIdentity } from './frames.js'
import { type Keepsakes, Residue } from './residue.js'
import {
  encodeSegmentHeader,
  framesEnd,
  SEGMENT_HEADER_BYTES,
  type SegmentHeader,
  segmentName,
} from './segments.js'

/** The most segments that are kept for later use. The others go. */
export const MOST_SPARES = 4

/** How much is written at a time where a file is filled. */
const FILL_BYTES = 1_048_576

/** A segment that can be written to. */
export interface OpenSegment {
  readonly number: number
  readonly bytes: number
  readonly file: LogFile
}

/** A segment that is full. */
export interface FullSegment {
  readonly number: number
  readonly bytes: number
  readonly residue: Residue
}

export interface LogOptions {
  readonly files: Files
  readonly directory: string
  readonly identity: LogIdentity
  readonly segmentBytes: number
  /** A background task failed. */
  readonly onFailure: (error: Error) => void
}

/** Where a log goes on. */
export interface LogStart {
  readonly current: OpenSegment
  /** Where the next frame goes. */
  readonly position: number
  readonly residue: Residue
  readonly full: readonly FullSegment[]
  readonly spares: readonly OpenSegment[]
  readonly keepsakes: Keepsakes
  readonly written: number
  readonly previous: number
}

type Done = (error: Error | null) => void

export class Log {
  readonly #options: LogOptions
  readonly #keepsakes: Keepsakes
  #current: OpenSegment
  #position: number
  #residue: Residue
  #full: FullSegment[]
  #spares: OpenSegment[]
  /** How many records were ever written, and the checksum of the last frame. */
  #written: number
  #previous: number
  /** What is done in the background, one thing after the other. */
  #background: Promise<void> = Promise.resolve()
  #failure: Error | null = null

  constructor(options: LogOptions, start: LogStart) {
    this.#options = options
    this.#keepsakes = start.keepsakes
    this.#current = start.current
    this.#position = start.position
    this.#residue = start.residue
    this.#full = [...start.full]
    this.#spares = [...start.spares]
    this.#written = start.written
    this.#previous = start.previous
    this.#ensureSpare()
  }

  /** Writes a batch, and says when it is durable. */
  append(batch: Batch, done: Done): void {
    if (this.#position + batch.bytes > framesEnd(this.#current.bytes)) {
      this.#rollOver(batch, done)
      return
    }
    const { identity } = this.#options
    const place = {
      identity,
      segment: this.#current.number,
      before: this.#written,
      previous: this.#previous,
    }
    const { frame, checksum } = batch.seal(place)
    this.#current.file.write(frame, this.#position, (error) => {
      if (error === null) this.#landed(batch, frame.length, checksum)
      done(error)
    })
  }

  #landed(batch: Batch, bytes: number, checksum: number): void {
    this.#position += bytes
    this.#previous = checksum
    this.#written += batch.count
    this.#residue.merge(batch.residue)
    for (const record of batch.keepsakes) this.#keepsakes.add(record)
  }

  // ---- the next segment ----------------------------------------------------------------------------------------

  #rollOver(batch: Batch, done: Done): void {
    const spare = this.#spares[0]
    const needed = batch.bytes + 2 * SEGMENT_HEADER_BYTES
    if (spare === undefined || spare.bytes < needed) {
      this.#inBackground(async () => {
        await this.#makeSpareOf(needed)
        this.append(batch, done)
      }, done)
      return
    }
    const header: SegmentHeader = {
      identity: this.#options.identity,
      segment: spare.number,
      bytes: spare.bytes,
      before: this.#written,
      previous: this.#previous,
      keepsakes: this.#keepsakes.all,
    }
    writeHeaders(spare, header, (error) => {
      if (error !== null) {
        done(error)
        return
      }
      this.#spares.shift()
      this.#turnTo(spare)
      this.append(batch, done)
    })
  }

  #turnTo(spare: OpenSegment): void {
    const { number, bytes, file } = this.#current
    this.#full.push({ number, bytes, residue: this.#residue })
    this.#current = spare
    this.#position = SEGMENT_HEADER_BYTES
    this.#residue = new Residue()
    this.#inBackground(() => file.close())
    this.#ensureSpare()
  }

  #ensureSpare(): void {
    this.#inBackground(async () => {
      if (this.#spares.length === 0) await this.#makeSpare(this.#options.segmentBytes)
    })
  }

  /** What comes next has room for so many bytes. */
  async #makeSpareOf(needed: number): Promise<void> {
    if ((this.#spares[0]?.bytes ?? 0) >= needed) return
    const { files, directory } = this.#options
    for (const { number, file } of this.#spares.reverse()) {
      await file.close()
      await files.remove(join(directory, segmentName(number)))
    }
    this.#spares = []
    await this.#makeSpare(Math.max(needed, this.#options.segmentBytes))
  }

  async #makeSpare(bytes: number): Promise<void> {
    const { files, directory } = this.#options
    const number = this.#nextNumber
    const path = join(directory, segmentName(number))
    await createWhole(files, path, zeros(bytes))
    await this.#addSpare(number, bytes)
  }

  async #addSpare(number: number, bytes: number): Promise<void> {
    const { files, directory } = this.#options
    await files.syncDirectory(directory)
    const file = await files.openLog(join(directory, segmentName(number)))
    this.#spares.push({ number, bytes, file })
  }

  get #nextNumber(): number {
    return (this.#spares.at(-1)?.number ?? this.#current.number) + 1
  }

  // ---- trimming ------------------------------------------------------------------------------------------------

  /** The first segment that is still needed when this snapshot is durable. */
  firstNeeded(snapshot: SnapshotRecord): number {
    const needed = this.#full.find(({ residue }) => !residue.isObsolete(snapshot))
    return needed?.number ?? this.#current.number
  }

  /** Segments before this one, and these files, are not needed any more. */
  trim(firstSegment: number, names: readonly string[]): void {
    const { files, directory, segmentBytes } = this.#options
    this.#inBackground(async () => {
      for (const name of names) await files.remove(join(directory, name))
      while (this.#full[0] !== undefined && this.#full[0].number < firstSegment) {
        const { number, bytes } = this.#full[0]
        const path = join(directory, segmentName(number))
        this.#full.shift()
        if (bytes !== segmentBytes || this.#spares.length >= MOST_SPARES) {
          await files.remove(path)
          continue
        }
        const spare = this.#nextNumber
        await files.rename(path, join(directory, segmentName(spare)))
        await this.#addSpare(spare, bytes)
      }
    })
  }

  /** After one task has failed, all others do. */
  #inBackground(task: () => Promise<void>, failed: (error: Error) => void = this.#options.onFailure): void {
    this.#background = this.#background.then(async () => {
      try {
        if (this.#failure === null) await task()
      } catch (error) {
        this.#failure = storeErrorOf(error, this.#options.directory)
      }
      if (this.#failure !== null) failed(this.#failure)
    })
  }

  /** Nothing is written at the time. */
  async close(): Promise<void> {
    await this.#background
    for (const { file } of [this.#current, ...this.#spares]) await file.close()
  }
}

/** A file that has its name only when it is complete. Its name is not durable yet. */
export async function createWhole(files: Files, path: string, chunks: Iterable<Uint8Array>): Promise<void> {
  const temporary = `${path}${TEMPORARY}`
  await createOrRemove(files, temporary, chunks)
  await files.rename(temporary, path)
}

/** A file, or none if it cannot be written: what there is of it would keep a full disk full. */
export async function createOrRemove(
  files: Files,
  path: string,
  chunks: Iterable<Uint8Array>,
): Promise<void> {
  try {
    await files.create(path, chunks)
  } catch (error) {
    await files.remove(path).catch(() => undefined)
    throw error
  }
}

function* zeros(bytes: number): Generator<Uint8Array> {
  const chunk = Buffer.alloc(Math.min(FILL_BYTES, bytes))
  for (let left = bytes; left > 0; left -= chunk.length) yield chunk.subarray(0, Math.min(left, chunk.length))
}

/** The bytes of a new segment with both its headers. */
export function* firstSegment(header: SegmentHeader): Generator<Uint8Array> {
  const bytes = Buffer.alloc(SEGMENT_HEADER_BYTES)
  encodeSegmentHeader(header).copy(bytes)
  yield bytes
  yield* zeros(header.bytes - 2 * SEGMENT_HEADER_BYTES)
  yield bytes
}

/** One after the other, so that at any time one of them is whole. */
export function writeHeaders(segment: OpenSegment, header: SegmentHeader, done: Done): void {
  const bytes = encodeSegmentHeader(header)
  segment.file.write(bytes, 0, (error) => {
    if (error !== null) done(error)
    else segment.file.write(bytes, segment.bytes - SEGMENT_HEADER_BYTES, done)
  })
}
