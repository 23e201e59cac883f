/**
 * What is in the folder of a store, read and judged, with nothing changed.
 *
 * Frames number the records, so what is missing between two of them was there and is not: rot. What comes after the last
 * frame was never finished, or was the last to be: a torn tail, which nobody was told of unless it is rot as well, and
 * that cannot be told here.
 */
import { join } from 'node:path'
import { isObsolete, type SnapshotRecord, type StoreRecord } from '../../paxos/index.js'
import { StoreError } from './errors.js'
import type { Files } from './files.js'
import type { Frame, LogIdentity } from './frames.js'
import type { LogEntry, SnapshotReference } from './records.js'
import { Residue } from './residue.js'
import {
  isBegun,
  readSegment,
  readSegmentHeaders,
  SEGMENT_HEADER_BYTES,
  type Segment,
  type SegmentHeader,
  segmentName,
  segmentNumberOf,
} from './segments.js'
import { readSnapshotFile, snapshotName, snapshotOrdinalOf } from './snapshots.js'

/** How a file ends that has not got its name yet. */
export const TEMPORARY = '.temporary'

/** What a new folder of a file system may hold already. */
export const COMES_WITH_A_DISK: ReadonlySet<string> = new Set(['lost+found'])

/** A segment that is needed. */
export interface UsedSegment {
  readonly number: number
  /** Null: the file is not there. */
  readonly segment: Segment | null
  readonly records: number
  readonly residue: Residue
  /** What is wrong with it: a sentence each. */
  readonly damage: readonly string[]
}

export interface StoreContents {
  /** Null: the folder is blank. */
  readonly identity: LogIdentity | null
  readonly records: readonly StoreRecord[]
  /** How many records were ever written. */
  readonly written: number
  /** The checksum of the last frame. */
  readonly previous: number
  /** In ascending order; the last is the one to go on in. */
  readonly used: readonly UsedSegment[]
  /** Segments that nothing was written to. */
  readonly spares: readonly Segment[]
  /** The snapshot that counts; null if none was ever taken. */
  readonly snapshot: { readonly ordinal: number; readonly bytes: number; readonly slot: number | null } | null
  /** The names of files that are not needed: a crash came before they were removed, or before they were complete. */
  readonly leftovers: readonly string[]
  readonly isDamaged: boolean
}

const BLANK: StoreContents = {
  identity: null,
  records: [],
  written: 0,
  previous: 0,
  used: [],
  spares: [],
  snapshot: null,
  leftovers: [],
  isDamaged: false,
}

/** Throws a StoreError where the folder is no store that this version can make sense of. */
export async function readContents(files: Files, directory: string): Promise<StoreContents> {
  const names = [...(await files.list(directory))].sort()
  const temporary = names.filter((name) => name.endsWith(TEMPORARY))
  const ordinals = names.map(snapshotOrdinalOf).filter((ordinal) => ordinal !== null)
  const numbers = names.map(segmentNumberOf).filter((number) => number !== null)
  if (numbers.length === 0) {
    checkBlank(directory, names, ordinals)
    return { ...BLANK, leftovers: temporary }
  }

  const { identity, segments } = await readSegments(files, directory, numbers)
  const last = segments.findLast(isBegun)?.number
  if (last === undefined) throw unreadable(directory)
  const reference = lastReference(segments)
  const first = reference?.firstSegment ?? 1
  const snapshotBytes = reference === null ? null : await readSnapshot(files, directory, names, reference)
  const snapshot =
    reference === null || snapshotBytes === null
      ? null
      : readSnapshotFile(snapshotBytes, identity, reference.ordinal)

  const walk = new Walk(reference, snapshot)
  const byNumber = new Map(segments.map((segment) => [segment.number, segment]))
  for (let number = first; number <= last; number++) walk.enter(number, byNumber.get(number) ?? null)

  const obsolete = segments.filter(({ number }) => number < first).map(({ number }) => segmentName(number))
  const replaced = ordinals.filter((ordinal) => ordinal !== reference?.ordinal).map(snapshotName)
  return {
    identity,
    records: walk.kept(),
    written: walk.written,
    previous: walk.previous,
    used: walk.used,
    spares: segments.filter(({ number }) => number > last),
    snapshot:
      reference === null
        ? null
        : { ordinal: reference.ordinal, bytes: snapshotBytes?.length ?? 0, slot: snapshot?.slot ?? null },
    leftovers: [...temporary, ...obsolete, ...replaced],
    isDamaged: walk.isDamaged,
  }
}

/** A folder without segments is a new one, or none of ours. */
function checkBlank(directory: string, names: readonly string[], ordinals: readonly number[]): void {
  if (ordinals.length > 0)
    throw new StoreError(
      'damaged',
      `The snapshots in ${directory} are there and the votes are gone: put the folder aside, and have this member replaced by a new one with an empty folder.`,
    )
  const other = names.find((name) => !name.endsWith(TEMPORARY) && !COMES_WITH_A_DISK.has(name))
  if (other === undefined) return
  throw new StoreError(
    'foreign',
    `${directory} holds ${JSON.stringify(other)} and no store: choose the folder of a member, or one that is empty or not there yet.`,
  )
}

async function readSegments(
  files: Files,
  directory: string,
  numbers: readonly number[],
): Promise<{ readonly identity: LogIdentity; readonly segments: readonly Segment[] }> {
  const read: { number: number; bytes: Buffer; headers: readonly SegmentHeader[] }[] = []
  for (const number of numbers) {
    const name = segmentName(number)
    const bytes = await files.read(join(directory, name))
    read.push({ number, bytes, headers: readSegmentHeaders(name, bytes) })
  }
  const identity = identityOf(directory, read)
  return {
    identity,
    segments: read.map(({ number, bytes, headers }) => readSegment(number, bytes, headers, identity)),
  }
}

function identityOf(
  directory: string,
  segments: readonly { readonly number: number; readonly headers: readonly SegmentHeader[] }[],
): LogIdentity {
  let found: { identity: LogIdentity; number: number } | null = null
  for (const { number, headers } of segments) {
    for (const { identity } of headers) {
      found ??= { identity, number }
      if (identity === found.identity) continue
      throw new StoreError(
        'foreign',
        `${segmentName(found.number)} and ${segmentName(number)} in ${directory} are of two stores: put back the folder as it was, or have this member replaced by a new one with an empty folder.`,
      )
    }
  }
  if (found !== null) return found.identity
  throw unreadable(directory)
}

export function unreadable(directory: string): StoreError {
  return new StoreError(
    'damaged',
    `No header of a segment in ${directory} can be read: put the folder aside, and have this member replaced by a new one with an empty folder.`,
  )
}

function lastReference(segments: readonly Segment[]): SnapshotReference | null {
  let last: SnapshotReference | null = null
  for (const { frames } of segments) {
    for (const { entries } of frames) {
      for (const entry of entries) if (entry.type === 'reference') last = entry
    }
  }
  return last
}

async function readSnapshot(
  files: Files,
  directory: string,
  names: readonly string[],
  { ordinal }: SnapshotReference,
): Promise<Buffer | null> {
  const name = snapshotName(ordinal)
  return names.includes(name) ? await files.read(join(directory, name)) : null
}

/** Goes through the segments in order, and knows at each place what has to come next. */
class Walk {
  readonly used: UsedSegment[] = []
  previous = 0
  isDamaged = false
  /** How many records were written before the next one; null: anything may come. */
  #before: number | null
  readonly #records: StoreRecord[] = []
  readonly #reference: SnapshotReference | null
  readonly #snapshot: SnapshotRecord | null
  /** Where the snapshot stands among the records. */
  #snapshotAt = 0
  #residue = new Residue()
  #damage: string[] = []

  constructor(reference: SnapshotReference | null, snapshot: SnapshotRecord | null) {
    this.#reference = reference
    this.#snapshot = snapshot
    this.#before = reference === null || reference.firstSegment === 1 ? 0 : null
  }

  get written(): number {
    return this.#before ?? 0
  }

  /** The records that are needed. */
  kept(): readonly StoreRecord[] {
    const snapshot = this.#snapshot
    if (snapshot === null) return this.#records
    return this.#records.filter((record, at) => at >= this.#snapshotAt || !isObsolete(record, snapshot))
  }

  enter(number: number, segment: Segment | null): void {
    this.#residue = new Residue()
    this.#damage = []
    const name = segmentName(number)
    // How many records are missing says the next segment, unless this is the first.
    if (segment === null) this.#miss(this.#before === null ? 1 : 0, `${name} is missing`)
    else this.#read(name, segment)
    const records = segment === null ? 0 : countEntries(segment.frames)
    this.used.push({ number, segment, records, residue: this.#residue, damage: this.#damage })
  }

  #read(name: string, segment: Segment): void {
    const { header, bytes, frames } = segment
    if (header !== null && header.bytes > bytes.length)
      this.#miss(1, `${name} has ${bytes.length} bytes in place of ${header.bytes}`)
    if (this.#before === null) this.#begin(name, header)
    if (header !== null) this.#expect(name, SEGMENT_HEADER_BYTES, header.before, header.previous)
    for (const frame of frames) {
      this.#expect(name, frame.from, frame.before, frame.previous)
      this.#before = frame.before + frame.entries.length
      this.previous = frame.checksum
      for (const entry of frame.entries) this.#add(entry)
    }
  }

  /** The first segment that is needed has all that is needed of those before it. */
  #begin(name: string, header: SegmentHeader | null): void {
    if (header === null) {
      this.#miss(1, `${name} cannot tell what was before it`)
      return
    }
    this.#records.push(...header.keepsakes)
    this.#before = header.before
    this.previous = header.previous
  }

  /** What comes next says how many records were written before it, and what the frame before it was. */
  #expect(name: string, place: number, before: number, previous: number): void {
    if (this.#before === null) return
    const missing = before - this.#before
    if (missing > 0) this.#miss(missing, `${missing} records before byte ${place} of ${name} cannot be read`)
    else if (missing < 0) this.#miss(1, `byte ${place} of ${name} has the records after ${before} once more`)
    else if (previous !== this.previous)
      this.#miss(1, `what is before byte ${place} of ${name} is not what was there`)
    this.#before = before
  }

  #miss(count: number, detail: string): void {
    this.isDamaged = true
    this.#damage.push(`${detail}.`)
    for (let left = count; left > 0; left--) this.#push({ type: 'damaged' })
    this.#residue.add({ type: 'damaged' })
  }

  #add(entry: LogEntry): void {
    if (entry.type !== 'reference') this.#push(entry)
    else if (entry === this.#reference) this.#addSnapshot(entry)
  }

  #addSnapshot({ ordinal }: SnapshotReference): void {
    this.#snapshotAt = this.#records.length
    if (this.#snapshot === null) this.#miss(1, `${snapshotName(ordinal)} is missing or cannot be read`)
    else this.#push(this.#snapshot)
  }

  #push(record: StoreRecord): void {
    this.#records.push(record)
    this.#residue.add(record)
  }
}

function countEntries(frames: readonly Frame[]): number {
  let count = 0
  for (const { entries } of frames) count += entries.length
  return count
}
