// Whatever is written, and wherever a crash comes: what was durable is there, and what is there was written.

import { crc32 } from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { recover, type SnapshotRecord, type StoreRecord } from '../../../src/paxos/index.js'
import { readContents } from '../../../src/runtime/store/contents.js'
import { StoreError } from '../../../src/runtime/store/errors.js'
import { segmentName } from '../../../src/runtime/store/segments.js'
import type { Store } from '../../../src/runtime/store/store.js'
import { Disk } from '../../../src/simulation/disk.js'
import { MemoryFiles } from './memory-files.js'
import { DIRECTORY, openStore } from './tested.js'

type Command =
  | { readonly type: 'vote' | 'decision'; readonly bytes: number }
  | { readonly type: 'incarnation' | 'promised' | 'learned' | 'founded' | 'refused' }
  | { readonly type: 'snapshot'; readonly bytes: number; readonly behind: number }
  /** The data of a snapshot that is perhaps to come. */
  | { readonly type: 'keep'; readonly bytes: number }
  | { readonly type: 'flush' | 'reopen' }
  /** So many turns of the event loop. */
  | { readonly type: 'wait'; readonly turns: number }
  | { readonly type: 'crash'; readonly fates: readonly number[] }

const size = fc.oneof(
  { weight: 6, arbitrary: fc.nat({ max: 300 }) },
  { weight: 3, arbitrary: fc.nat({ max: 30_000 }) },
  { weight: 1, arbitrary: fc.constant(90_000) },
)
const command: fc.Arbitrary<Command> = fc.oneof(
  { weight: 10, arbitrary: fc.record({ type: fc.constantFrom('vote', 'decision'), bytes: size }) },
  {
    weight: 4,
    arbitrary: fc.record({
      type: fc.constantFrom('incarnation', 'promised', 'learned', 'founded', 'refused'),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ type: fc.constant('snapshot'), bytes: size, behind: fc.nat({ max: 5 }) }),
  },
  { weight: 3, arbitrary: fc.record({ type: fc.constant('keep'), bytes: size }) },
  { weight: 8, arbitrary: fc.constant({ type: 'flush' } as const) },
  { weight: 8, arbitrary: fc.record({ type: fc.constant('wait'), turns: fc.integer({ min: 1, max: 12 }) }) },
  { weight: 1, arbitrary: fc.constant({ type: 'reopen' } as const) },
  {
    weight: 2,
    arbitrary: fc.record({ type: fc.constant('crash'), fates: fc.array(fc.nat(), { maxLength: 40 }) }),
  },
)

/** A store, and next to it what it should hold. */
class Trial {
  files: MemoryFiles
  /** All that was written and not lost. */
  written: StoreRecord[] = []
  /** How many of those were there when it was opened last. */
  #before = 0
  #slot = 0
  #store: Store
  /** The data that were kept last. */
  #kept: Uint8Array | null = null

  static async begin(): Promise<Trial> {
    const files = new MemoryFiles()
    return new Trial(files, await openStore(files))
  }

  private constructor(files: MemoryFiles, store: Store) {
    this.files = files
    this.#store = store
    this.write({ type: 'created', store: 77, member: 3 })
  }

  write(record: StoreRecord): void {
    this.written.push(record)
    this.#store.write(record)
  }

  async do(command: Command): Promise<void> {
    switch (command.type) {
      case 'flush':
        this.#store.flush()
        return
      case 'keep': {
        const [store, data] = [this.#store, decree(command.bytes, this.written.length)]
        store.keep(data, () => {
          if (store === this.#store) this.#kept = data
        })
        return
      }
      case 'wait':
        for (let left = command.turns; left > 0; left--) await new Promise((resolve) => setImmediate(resolve))
        return
      case 'reopen':
        await this.close()
        await this.#open(this.written.length)
        return
      case 'crash':
        await this.#crash(command.fates)
        return
      default:
        this.write(this.#record(command))
    }
  }

  async close(): Promise<void> {
    await this.#store.close()
  }

  async #crash(fates: readonly number[]): Promise<void> {
    const sure = this.#before + this.#store.durable
    let next = 0
    this.files = this.files.crash((most) => (fates[next++ % Math.max(1, fates.length)] ?? 0) % (most + 1))
    await this.#open(sure)
  }

  /** At least so many records must be there. */
  async #open(sure: number): Promise<void> {
    this.#kept = null
    this.#store = await openStore(this.files)
    const found = this.#store.records
    const counted = recover(found).written
    expect(counted).toBeGreaterThanOrEqual(sure)
    expect(counted).toBeLessThanOrEqual(this.written.length)
    this.written = this.written.slice(0, counted)
    this.#before = counted
    expectSame(found, this.written)
  }

  #record(command: Exclude<Command, { type: 'flush' | 'wait' | 'reopen' | 'crash' | 'keep' }>): StoreRecord {
    const count = this.written.length + 1
    switch (command.type) {
      case 'vote': {
        const ballot = { round: 1, member: 3, incarnation: 1 }
        return {
          type: 'accepted',
          ballot,
          slot: ++this.#slot,
          decree: decree(command.bytes, count),
          learned: 0,
        }
      }
      case 'decision':
        return { type: 'decision', slot: ++this.#slot, decree: decree(command.bytes, count) }
      case 'learned':
        return { type: 'learned', slot: this.#slot }
      case 'incarnation':
        return { type: 'incarnation', incarnation: count }
      case 'promised':
        return { type: 'promised', ballot: { round: count, member: 3, incarnation: 1 } }
      case 'founded':
        return { type: 'founded', founding: { cluster: 9, voters: [], timeMicros: count } }
      case 'refused':
        return { type: 'refused', reason: 'rolled-back' }
      case 'snapshot':
        return this.#snapshot(command.bytes, command.behind)
    }
  }

  #snapshot(bytes: number, behind: number): SnapshotRecord {
    const { incarnation, promised, trimmed } = recover(this.written)
    const kept = this.#kept
    this.#kept = null
    return {
      type: 'snapshot',
      slot: this.#slot,
      data: kept ?? decree(bytes, this.written.length),
      trimmed: Math.max(trimmed, this.#slot - behind),
      incarnation,
      promised,
      written: this.written.length + 1,
    }
  }
}

function decree(bytes: number, count: number): Uint8Array {
  return new Uint8Array(bytes).fill(count % 256)
}

/** The records are those of a simulated disk with the same written to it, and add up to the same. */
function expectSame(found: readonly StoreRecord[], written: readonly StoreRecord[]): void {
  const disk = new Disk()
  for (const record of written) disk.write(record)
  disk.beginSync()
  disk.endSync()
  const expected = disk.read()
  expect(plain(recover(found))).toEqual(plain(recover(expected)))
  expect(inOrder(found)).toEqual(inOrder(expected))
}

/** Without what is carried over: of that there is one of each type, and it comes first or where it was written. */
function inOrder(records: readonly StoreRecord[]): unknown {
  return plain(records.filter(({ type }) => type !== 'created' && type !== 'founded' && type !== 'refused'))
}

/** Bytes as a text, whatever kind of array they are in: quickly compared, and short where they differ. */
function plain(value: unknown): unknown {
  if (value instanceof Uint8Array) return `${value.length} bytes, ${crc32(value)}`
  if (value instanceof Map) return [...value].map(plain)
  if (Array.isArray(value)) return value.map(plain)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, plain(each)]))
}

describe('a store', () => {
  it('holds what was durable, in order, and of the rest a beginning, wherever a crash comes', async () => {
    const commands = fc.array(command, { minLength: 10, maxLength: 120, size: 'max' })
    await fc.assert(
      fc.asyncProperty(commands, fc.array(fc.nat(), { maxLength: 40 }), async (all, fates) => {
        const trial = await Trial.begin()
        for (const each of all) await trial.do(each)
        await trial.do({ type: 'crash', fates })
        await trial.do({ type: 'reopen' })
      }),
      { numRuns: 150 },
    )
  })

  it('says that it is damaged, whichever byte is changed, unless that does no harm or was written last', async () => {
    const commands = fc.array(command, { minLength: 5, maxLength: 60, size: 'max' })
    const flips = fc.array(fc.tuple(fc.nat(), fc.nat(), fc.integer({ min: 1, max: 255 })), {
      minLength: 40,
      maxLength: 40,
    })
    await fc.assert(
      fc.asyncProperty(commands, flips, async (all, changes) => {
        const trial = await Trial.begin()
        for (const each of all) await trial.do(each)
        await trial.do({ type: 'reopen' })
        await trial.close()
        const intact = plain((await readContents(trial.files, DIRECTORY)).records)
        for (const change of changes) await expectNoticed(trial.files, intact, change)
      }),
      { numRuns: 60 },
    )
  })
})

/** One byte of what the store holds is changed, of a file and at a place that the numbers choose. */
async function expectNoticed(
  whole: MemoryFiles,
  intact: unknown,
  [file, place, bits]: readonly [number, number, number],
): Promise<void> {
  const before = await readContents(whole, DIRECTORY)
  const last = before.used.at(-1)
  const lastFrame = last?.segment?.frames.at(-1)
  const files = whole.copy()
  const name = files.names[file % files.names.length] ?? ''
  const bytes = files.bytesOf(name)
  // Half of the time near the beginning, where most segments have what they have.
  const at = (place % 2 === 0 ? place : place % 80_000) % bytes.length
  bytes[at] = (bytes[at] ?? 0) ^ bits
  try {
    const after = await readContents(files, DIRECTORY)
    if (after.records.some(({ type }) => type === 'damaged')) return
    const inLast =
      lastFrame !== undefined &&
      name === segmentName(last?.number ?? 0) &&
      at >= lastFrame.from &&
      at < lastFrame.to
    if (!inLast) expect(plain(after.records)).toEqual(intact)
    else expect(after.written).toBeGreaterThanOrEqual(lastFrame.before)
  } catch (error) {
    if (!(error instanceof StoreError)) throw error
  }
}
