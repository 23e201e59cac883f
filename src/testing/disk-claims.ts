/**
 * What the disk of a member must do, whatever it is made of: a list of claims, each to be run against a new one. Whoever
 * brings a store of their own runs them in their tests, as Synod does with its own and with the simulated one.
 */
import {
  isObsolete,
  NO_BALLOT,
  recover,
  type SnapshotRecord,
  type StoreRecord,
  sameBytes,
} from '../paxos/index.js'

/** A disk with what a test needs to do to it. */
export interface TestedDisk {
  /** How many of the records written since the last start are durable. */
  readonly durable: number
  write(record: StoreRecord): void
  /** Resolves when all that was written is durable. */
  sync(): Promise<void>
  /** Begins a sync of all that was written. The machine stops before it ends, and `survivors` says how much is left. */
  crashDuringSync(survivors: 'none' | 'all'): Promise<void>
  /** The machine stops, and starts again. */
  crash(): Promise<void>
  /** What the disk held at the last start. */
  read(): readonly StoreRecord[]
  /** The record at this place of `read()`, which was synced before another was, cannot be read any more. */
  damage(at: number): Promise<void>
}

export interface DiskClaim {
  readonly name: string
  /** Rejects with an Error that says what is wrong. */
  readonly run: (makeDisk: () => Promise<TestedDisk>) => Promise<void>
}

export const DISK_CLAIMS: readonly DiskClaim[] = [
  {
    name: 'a new disk holds nothing',
    run: async (makeDisk) => expectRecords((await makeDisk()).read(), []),
  },
  {
    name: 'every type of record comes back as it was written, in the order of writing',
    run: async (makeDisk) => {
      const disk = await makeDisk()
      await syncAll(disk, RECORDS)
      await disk.crash()
      expectRecords(disk.read(), RECORDS)
    },
  },
  {
    name: 'durable counts the records of this life, and only those that were synced',
    run: async (makeDisk) => {
      const disk = await makeDisk()
      disk.write(incarnation(1))
      disk.write(incarnation(2))
      expectCount(disk.durable, 0)
      await disk.sync()
      expectCount(disk.durable, 2)
      disk.write(incarnation(3))
      expectCount(disk.durable, 2)
      await disk.crash()
      expectCount(disk.durable, 0)
    },
  },
  {
    name: 'a crash takes what was not synced, and nothing else',
    run: async (makeDisk) => {
      const disk = await makeDisk()
      await syncAll(disk, [incarnation(1), incarnation(2)])
      disk.write(incarnation(3))
      await disk.crash()
      expectRecords(disk.read(), [incarnation(1), incarnation(2)])
    },
  },
  {
    name: 'a sync that a crash interrupts takes nothing of what was synced before',
    run: async (makeDisk) => {
      const disk = await makeDisk()
      await syncAll(disk, [incarnation(1)])
      disk.write(incarnation(2))
      await disk.crashDuringSync('none')
      expectRecords(disk.read(), [incarnation(1)])
      await syncAll(disk, [incarnation(3)])
      disk.write(incarnation(4))
      await disk.crashDuringSync('all')
      expectRecords(disk.read(), [incarnation(1), incarnation(3), incarnation(4)])
    },
  },
  {
    name: 'what is written after a crash follows what was left, life after life',
    run: async (makeDisk) => {
      const disk = await makeDisk()
      const all: StoreRecord[] = []
      for (let life = 1; life <= 5; life++) {
        all.push(incarnation(life))
        await syncAll(disk, [incarnation(life)])
        disk.write(incarnation(100 + life))
        await disk.crashDuringSync('none')
        expectRecords(disk.read(), all)
      }
    },
  },
  {
    name: 'a snapshot that is durable comes back, with all that it does not make needless',
    run: async (makeDisk) => {
      const disk = await makeDisk()
      await syncAll(disk, [...RECORDS, SNAPSHOT, vote(9)])
      await disk.crash()
      const needed = RECORDS.filter((record) => !isObsolete(record, SNAPSHOT))
      expectNeeded(disk.read(), [...needed, SNAPSHOT, vote(9)], SNAPSHOT)
    },
  },
  {
    name: 'nothing is needless because of a snapshot that never was durable',
    run: async (makeDisk) => {
      const disk = await makeDisk()
      await syncAll(disk, RECORDS)
      disk.write(SNAPSHOT)
      await disk.crashDuringSync('none')
      expectRecords(disk.read(), RECORDS)
    },
  },
  {
    name: 'a later snapshot takes the place of an earlier one, and how many records were written is known',
    run: async (makeDisk) => {
      const disk = await makeDisk()
      const later: SnapshotRecord = { ...SNAPSHOT, slot: 8, trimmed: 8, written: RECORDS.length + 3 }
      await syncAll(disk, [...RECORDS, SNAPSHOT, vote(8), later, vote(9), vote(10)])
      await disk.crash()
      const recovered = recover(disk.read())
      expectCount(recovered.written, RECORDS.length + 5)
      expectCount(recovered.snapshot?.slot ?? 0, 8)
      expectCount(disk.read().filter(({ type }) => type === 'snapshot').length, 1)
    },
  },
  {
    name: 'a record that cannot be read is damaged, in its place, and those around it are not',
    run: async (makeDisk) => {
      const disk = await makeDisk()
      for (const number of [1, 2, 3]) await syncAll(disk, [incarnation(number)])
      await disk.damage(1)
      await disk.crash()
      expectRecords(disk.read(), [incarnation(1), { type: 'damaged' }, incarnation(3)])
    },
  },
]

const BALLOT = { round: 3, member: 1, incarnation: 2 }

/** One of each type, and some at the ends of what there is. */
const RECORDS: readonly StoreRecord[] = [
  { type: 'created', store: Number.MAX_SAFE_INTEGER, member: 0 },
  incarnation(1),
  { type: 'founded', founding: { cluster: 7, voters: [{ member: 0, store: 5 }], timeMicros: 1_000_000 } },
  { type: 'promised', ballot: NO_BALLOT },
  { type: 'promised', ballot: BALLOT },
  vote(1),
  { type: 'decision', slot: 2, decree: new Uint8Array(0) },
  { type: 'decision', slot: 7, decree: new Uint8Array(70_000).fill(7) },
  { type: 'learned', slot: 2 },
  { type: 'refused', reason: 'rolled-back' },
]

const SNAPSHOT: SnapshotRecord = {
  type: 'snapshot',
  slot: 2,
  data: new Uint8Array(100_000).fill(9),
  trimmed: 1,
  incarnation: 1,
  promised: BALLOT,
  written: RECORDS.length + 1,
}

function incarnation(number: number): StoreRecord {
  return { type: 'incarnation', incarnation: number }
}

function vote(slot: number): StoreRecord {
  return { type: 'accepted', ballot: BALLOT, slot, decree: Uint8Array.of(slot, 0, 255), learned: slot - 1 }
}

async function syncAll(disk: TestedDisk, records: readonly StoreRecord[]): Promise<void> {
  for (const record of records) disk.write(record)
  await disk.sync()
}

// ---- what is expected ------------------------------------------------------------------------------------------

function expectCount(found: number, expected: number): void {
  if (found !== expected) throw new Error(`It should be ${expected}, and is ${found}.`)
}

function expectRecords(found: readonly StoreRecord[], expected: readonly StoreRecord[]): void {
  const same =
    found.length === expected.length && found.every((record, at) => samePlain(record, expected[at]))
  if (!same) throw new Error(`There should be ${describe(expected)}, and there is ${describe(found)}.`)
}

/** What a snapshot makes needless may be there or not. */
function expectNeeded(
  found: readonly StoreRecord[],
  expected: readonly StoreRecord[],
  snapshot: SnapshotRecord,
): void {
  const at = found.findIndex(({ type }) => type === 'snapshot')
  expectRecords(
    found.filter((record, place) => place >= at || !isObsolete(record, snapshot)),
    expected,
  )
}

function describe(records: readonly StoreRecord[]): string {
  return records.length === 0 ? 'nothing' : records.map(({ type }) => type).join(', ')
}

function samePlain(a: unknown, b: unknown): boolean {
  if (a instanceof Uint8Array && b instanceof Uint8Array) return sameBytes(a, b)
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return a === b
  const names = Object.keys(a)
  if (names.length !== Object.keys(b).length) return false
  // Both are plain objects: fields by their names.
  const [one, other] = [a as Record<string, unknown>, b as Record<string, unknown>]
  return names.every((name) => samePlain(one[name], other[name]))
}
