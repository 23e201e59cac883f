/** Looks into the folder of a store that nobody has open, and says what is there. Changes nothing. */
import type { Founding, StoreRecord } from '../../paxos/index.js'
import { readContents, type StoreContents, type UsedSegment } from './contents.js'
import { storeErrorOf } from './errors.js'
import { type Files, realFiles } from './files.js'
import { looksTorn, segmentName } from './segments.js'
import { snapshotName } from './snapshots.js'

export interface SegmentReport {
  readonly name: string
  readonly bytes: number
  /** How many records it holds; a snapshot counts as one. */
  readonly records: number
  /** How many of its two headers can be read. */
  readonly headers: number
  /** Something that was durable cannot be read: a sentence each. Empty: all is well. */
  readonly damage: readonly string[]
  /** After its last record is a batch that was not written to its end, as a crash leaves it. It does no harm. */
  readonly hasTornTail: boolean
}

export interface StoreReport {
  readonly directory: string
  /** Whose store it is, and which; null if it is blank or that cannot be read. */
  readonly created: { readonly store: number; readonly member: number } | null
  /** The cluster that it belongs to; null if it knows none. */
  readonly founding: Founding | null
  /** How many records were ever written to it, and how many of those that are needed cannot be read. */
  readonly written: number
  readonly damaged: number
  /** Nothing that was durable is known to be missing. */
  readonly isWhole: boolean
  readonly segments: readonly SegmentReport[]
  /** The names of segments that nothing was written to yet. */
  readonly spares: readonly string[]
  /** The snapshot that counts; null if none was ever taken. `slot` is null if it cannot be read. */
  readonly snapshot: { readonly name: string; readonly bytes: number; readonly slot: number | null } | null
  /** The names of files that are not needed: the next start removes them. */
  readonly leftovers: readonly string[]
}

/** Throws a StoreError if it is in use, or is no store that this version can make sense of. */
export async function checkStore(directory: string, files: Files = realFiles): Promise<StoreReport> {
  try {
    await files.list(directory) // a folder that is not there is not made
    const lock = await files.lock(directory)
    try {
      return report(directory, await readContents(files, directory))
    } finally {
      await lock.release()
    }
  } catch (error) {
    throw storeErrorOf(error, directory)
  }
}

function report(directory: string, contents: StoreContents): StoreReport {
  const { records, snapshot, used } = contents
  const created = records.findLast((record) => record.type === 'created')
  return {
    directory,
    created: created === undefined ? null : { store: created.store, member: created.member },
    founding: foundingOf(records),
    written: contents.written,
    damaged: records.filter(({ type }) => type === 'damaged').length,
    isWhole: !contents.isDamaged,
    segments: used.map((segment, at) => reportSegment(segment, at === used.length - 1, contents.identity)),
    spares: contents.spares.map(({ number }) => segmentName(number)),
    snapshot:
      snapshot === null
        ? null
        : { name: snapshotName(snapshot.ordinal), bytes: snapshot.bytes, slot: snapshot.slot },
    leftovers: contents.leftovers,
  }
}

function foundingOf(records: readonly StoreRecord[]): Founding | null {
  return records.findLast((record) => record.type === 'founded')?.founding ?? null
}

function reportSegment(used: UsedSegment, isLast: boolean, identity: string | null): SegmentReport {
  const { number, segment, records, damage } = used
  return {
    name: segmentName(number),
    bytes: segment?.bytes.length ?? 0,
    records,
    headers: segment?.headers ?? 0,
    damage,
    hasTornTail: isLast && segment !== null && identity !== null && looksTorn(segment, identity),
  }
}
