/**
 * How a log is opened: what was read is put in order, so that writing can go on.
 *
 * Whoever was stopped in the middle of a write may have left it in the memory of the system and not on the disk, and
 * reading does not tell. Only one write is in flight at a time, so only the last frame is in doubt, or the headers of
 * the segment if it has none. They are written once more: then they are durable, and a node may build on them.
 */
import { join } from 'node:path'
import type { StoreRecord } from '../../paxos/index.js'
import { readContents, type StoreContents, type UsedSegment, unreadable } from './contents.js'
import type { Files } from './files.js'
import type { LogIdentity } from './frames.js'
import {
  createWhole,
  firstSegment,
  type LogStart,
  MOST_SPARES,
  type OpenSegment,
  writeHeaders,
} from './log.js'
import { isKeepsake, Keepsakes, Residue } from './residue.js'
import { SEGMENT_HEADER_BYTES, type Segment, type SegmentHeader, segmentName } from './segments.js'

export interface OpenedLog {
  readonly identity: LogIdentity
  readonly records: readonly StoreRecord[]
  readonly snapshotOrdinal: number | null
  readonly start: LogStart
}

export async function openLog(
  files: Files,
  directory: string,
  segmentBytes: number,
  newIdentity: LogIdentity,
): Promise<OpenedLog> {
  const contents = await readContents(files, directory)
  // What is damaged is left as it is, for whoever wants to look into it.
  if (!contents.isDamaged) {
    for (const name of contents.leftovers) await files.remove(join(directory, name))
  }
  const last = contents.used.at(-1)
  if (contents.identity === null) return createLog(files, directory, segmentBytes, newIdentity)
  if (!last?.segment) throw unreadable(directory)
  await files.syncDirectory(directory)
  const start = await continueLog(files, directory, segmentBytes, contents, last, last.segment)
  const { identity, records, snapshot } = contents
  return { identity, records, snapshotOrdinal: snapshot?.ordinal ?? null, start }
}

async function createLog(
  files: Files,
  directory: string,
  segmentBytes: number,
  identity: LogIdentity,
): Promise<OpenedLog> {
  const header: SegmentHeader = {
    identity,
    segment: 1,
    bytes: segmentBytes,
    before: 0,
    previous: 0,
    keepsakes: [],
  }
  await createWhole(files, join(directory, segmentName(1)), firstSegment(header))
  await files.syncDirectory(directory)
  const start: LogStart = {
    current: await openSegment(files, directory, 1, segmentBytes),
    position: SEGMENT_HEADER_BYTES,
    residue: new Residue(),
    full: [],
    spares: [],
    keepsakes: new Keepsakes(),
    written: 0,
    previous: 0,
  }
  return { identity, records: [], snapshotOrdinal: null, start }
}

async function continueLog(
  files: Files,
  directory: string,
  segmentBytes: number,
  contents: StoreContents,
  { number, residue }: UsedSegment,
  segment: Segment,
): Promise<LogStart> {
  const current = await openSegment(files, directory, number, segment.bytes.length)
  await settle(current, segment)
  const keepsakes = new Keepsakes()
  for (const record of contents.records) if (isKeepsake(record)) keepsakes.add(record)
  const full = contents.used.slice(0, -1).map((used) => ({
    number: used.number,
    bytes: used.segment?.bytes.length ?? 0,
    residue: used.residue,
  }))
  return {
    current,
    position: segment.frames.at(-1)?.to ?? SEGMENT_HEADER_BYTES,
    residue,
    full,
    spares: await openSpares(files, directory, segmentBytes, number, contents.spares),
    keepsakes,
    written: contents.written,
    previous: contents.previous,
  }
}

/** Makes sure that what was read is on the disk. */
async function settle(current: OpenSegment, { header, headers, bytes, frames }: Segment): Promise<void> {
  const last = frames.at(-1)
  await new Promise<void>((resolve, reject) => {
    const done = (error: Error | null): void => (error === null ? resolve() : reject(error))
    const settleFrame = (): void => {
      if (last === undefined) done(null)
      else current.file.write(bytes.subarray(last.from, last.to), last.from, done)
    }
    if (header === null || (headers === 2 && last !== undefined)) settleFrame()
    else writeHeaders(current, header, (error) => (error === null ? settleFrame() : done(error)))
  })
}

/** The spares that follow each other and have the right size; the others go. */
async function openSpares(
  files: Files,
  directory: string,
  segmentBytes: number,
  last: number,
  found: readonly Segment[],
): Promise<OpenSegment[]> {
  const spares: OpenSegment[] = []
  const misfits: number[] = []
  for (const { number, bytes } of found) {
    const fits = number === last + spares.length + 1 && bytes.length === segmentBytes
    if (fits && spares.length < MOST_SPARES)
      spares.push(await openSegment(files, directory, number, bytes.length))
    else misfits.push(number)
  }
  for (const number of misfits.reverse()) await files.remove(join(directory, segmentName(number)))
  return spares
}

async function openSegment(
  files: Files,
  directory: string,
  number: number,
  bytes: number,
): Promise<OpenSegment> {
  return { number, bytes, file: await files.openLog(join(directory, segmentName(number))) }
}
