// A store in operation: what it tells its driver, how much room it takes, and what it says when it cannot go on.

import { describe, expect, it } from 'vitest'
import { NO_BALLOT, recover, type SnapshotRecord, type StoreRecord } from '../../../src/paxos/index.js'
import { checkStore } from '../../../src/runtime/store/check.js'
import {
  encodeSegmentHeader,
  SEGMENT_HEADER_BYTES,
  segmentName,
} from '../../../src/runtime/store/segments.js'
import { snapshotName } from '../../../src/runtime/store/snapshots.js'
import { Store } from '../../../src/runtime/store/store.js'
import { MemoryFiles } from './memory-files.js'
import { DIRECTORY, durable, openStore, SMALL_SEGMENT } from './tested.js'

const created: StoreRecord = { type: 'created', store: 12, member: 3 }
const incarnation = (number: number): StoreRecord => ({ type: 'incarnation', incarnation: number })
const vote = (slot: number, bytes: number): StoreRecord => ({
  type: 'accepted',
  ballot: { round: 1, member: 3, incarnation: 1 },
  slot,
  decree: new Uint8Array(bytes).fill(slot % 256),
  learned: 0,
})
const snapshot = (slot: number, written: number, bytes = 1000): SnapshotRecord => ({
  type: 'snapshot',
  slot,
  data: new Uint8Array(bytes).fill(slot % 256),
  trimmed: slot,
  incarnation: 1,
  promised: NO_BALLOT,
  written,
})

/** A store that has these durable, one sync each; closed. */
async function filled(records: readonly StoreRecord[]): Promise<MemoryFiles> {
  const files = new MemoryFiles()
  const store = await openStore(files)
  for (const [at, record] of records.entries()) {
    store.write(record)
    await durable(store, at + 1)
  }
  await store.close()
  return files
}

const full = (): Error => Object.assign(new Error('no space left on device'), { code: 'ENOSPC' })

/** What the store says when it fails. */
const failure = (store: Store): Promise<unknown> =>
  new Promise((resolve) => {
    store.onFailure = resolve
  })

describe('syncs', () => {
  it('are one for all that was written, and one for all that comes meanwhile, without another flush', async () => {
    const files = new MemoryFiles()
    const store = await openStore(files)
    const counts: number[] = []
    const three = new Promise<void>((resolve) => {
      store.onDurable = (count) => {
        counts.push(count)
        if (count === 5) resolve()
      }
    })
    let writes = 0
    files.onWrite = () => {
      writes += 1
    }
    store.write(incarnation(1))
    store.write(incarnation(2))
    store.flush()
    for (const number of [3, 4, 5]) store.write(incarnation(number))
    store.flush()
    store.flush()
    expect(store.durable).toBe(0)
    await three
    expect(counts).toEqual([2, 5])
    expect(writes).toBe(2)
    await store.close()
  })

  it('wait for a flush, or for the end', async () => {
    const files = new MemoryFiles()
    const store = await openStore(files)
    files.onWrite = () => {
      throw new Error('Nobody asked for a write.')
    }
    store.write(incarnation(1))
    files.onWrite = () => undefined
    await store.close()
    expect((await openStore(files)).records).toEqual([incarnation(1)])
  })

  it('do not wait for a snapshot that comes after', async () => {
    const files = new MemoryFiles()
    const store = await openStore(files)
    store.write(incarnation(1))
    store.write(snapshot(1, 2, 3_000_000))
    store.write(incarnation(2))
    const first = new Promise<number>((resolve) => {
      store.onDurable = resolve
    })
    store.flush()
    expect(await first).toBe(1)
    await durable(store, 3)
    await store.close()
    expect(recover((await openStore(files)).records).written).toBe(3)
  })
})

describe('a snapshot that was kept before it is written', () => {
  const kept = (store: Store, data: Uint8Array): Promise<void> =>
    new Promise((resolve) => store.keep(data, resolve))

  it('is the one that is read afterwards, and its file is written once', async () => {
    const files = new MemoryFiles()
    const store = await openStore(files)
    const record = snapshot(1, 2, 3_000_000)
    const created: string[] = []
    const create = files.create.bind(files)
    files.create = (path, chunks) => {
      created.push(path)
      return create(path, chunks)
    }
    store.write(incarnation(1))
    await kept(store, record.data)
    store.write(record)
    await durable(store, 2)
    expect(created.filter((path) => !path.includes('votes'))).toEqual([
      expect.stringMatching(/1\.temporary$/),
    ])
    await store.close()
    expect(recover((await openStore(files)).records).snapshot).toMatchObject({ slot: 1, data: record.data })
  })

  it('holds up nothing while it is kept', async () => {
    const store = await openStore(new MemoryFiles())
    const isKept = kept(store, new Uint8Array(30_000_000))
    store.write(incarnation(1))
    const first = await Promise.race([durable(store, 1).then(() => 'durable'), isKept.then(() => 'kept')])
    expect(first).toBe('durable')
  })

  it('is forgotten if another one is written, or kept', async () => {
    const files = new MemoryFiles()
    const store = await openStore(files)
    const [one, other] = [snapshot(1, 1), snapshot(2, 1)]
    await kept(store, one.data)
    await kept(store, snapshot(3, 1).data)
    store.write(other)
    await durable(store, 1)
    expect((await files.list()).filter((name) => name.endsWith('temporary'))).toEqual([])
    await store.close()
    expect(recover((await openStore(files)).records).snapshot).toMatchObject({ slot: 2 })
  })

  it('leaves nothing behind when the store is opened again without it', async () => {
    const files = new MemoryFiles()
    const store = await openStore(files)
    await kept(store, snapshot(1, 1).data)
    await store.close()
    await (await openStore(files)).close()
    expect((await files.list()).filter((name) => name.endsWith('temporary'))).toEqual([])
  })

  it('fails the store where there is no room for it', async () => {
    const files = new MemoryFiles()
    const store = await openStore(files)
    const failed = failure(store)
    files.error = full()
    store.keep(new Uint8Array(1_000), () => undefined)
    expect(await failed).toMatchObject({ reason: 'full' })
  })
})

describe('the memory of a snapshot', () => {
  it('goes back to the system once its file is in place, if it is pages of its own', async () => {
    const files = new MemoryFiles()
    const store = await openStore(files)
    const Resizable = ArrayBuffer as new (length: number, options: object) => ArrayBuffer // ECMAScript 2024
    const paged = new Uint8Array(new Resizable(3_000_000, { maxByteLength: 3_000_000 })).fill(7)
    store.write(created)
    store.write({ ...snapshot(1, 2), data: paged })
    await durable(store, 2)
    await store.close()
    expect(paged.length).toBe(0)
    const { data } = recover((await openStore(files)).records).snapshot ?? snapshot(0, 0)
    expect(data.length).toBe(3_000_000)
    expect(data.every((byte) => byte === 7)).toBe(true)
  })

  it('is left alone where others may hold the same', async () => {
    const store = await openStore(new MemoryFiles())
    const shared = snapshot(1, 2, 3_000_000)
    store.write(created)
    store.write(shared)
    await durable(store, 2)
    expect(shared.data.length).toBe(3_000_000)
  })
})

describe('the records of the start', () => {
  it('are forgotten when they are not needed any more', async () => {
    const store = await openStore(await filled([created]))
    expect(store.records).toEqual([created])
    store.forget()
    expect(store.records).toEqual([])
  })
})

describe('the room that a store takes', () => {
  it('stays bounded, whatever was written in all, and it holds what it should', async () => {
    const files = new MemoryFiles()
    let store = await openStore(files)
    store.write(created)
    let written = 1
    let ofThisLife = 1
    let most = 0
    for (let round = 1; round <= 60; round++) {
      for (let slot = round * 10; slot < round * 10 + 10; slot++) store.write(vote(slot, 9_000))
      store.write(snapshot(round * 10 + 5, written + 11, 20_000))
      written += 11
      ofThisLife += 11
      await durable(store, ofThisLife)
      most = Math.max(most, files.bytes)
      if (round % 10 !== 0) continue
      await store.close()
      store = await openStore(files)
      ofThisLife = 0
      const { written: counted, snapshot: last, votes } = recover(store.records)
      expect([counted, last?.slot]).toEqual([written, round * 10 + 5])
      expect([...votes.keys()]).toEqual([6, 7, 8, 9].map((slot) => round * 10 + slot))
      expect(store.records[0]).toEqual(created)
    }
    await store.close()
    // Two segments with votes, spares, one to come, and two snapshots: 60 rounds wrote 45 times a segment.
    expect(most).toBeLessThan(8 * SMALL_SEGMENT)
  })

  it('grows for a batch that is larger than a segment', async () => {
    const records = [created, vote(1, 400_000), vote(2, 10), vote(3, 200_000)]
    const files = await filled(records)
    expect((await openStore(files)).records).toEqual(records)
  })
})

describe('a disk that is full', () => {
  it('ends the writing with one error that says so, and nothing is written any more', async () => {
    const files = new MemoryFiles()
    const store = await openStore(files)
    store.write(created)
    await durable(store, 1)
    files.error = full()
    const failed = failure(store)
    store.write(incarnation(1))
    store.flush()
    const error = await failed
    expect(error).toMatchObject({ name: 'StoreError', reason: 'full' })
    expect(String(error)).toContain('make room')
    files.error = null
    store.onFailure = () => {
      throw new Error('It was said already.')
    }
    files.onWrite = store.onFailure as () => void
    store.write(incarnation(2))
    store.flush()
    expect(store.durable).toBe(1)
    await store.close()
    files.onWrite = () => undefined
    expect((await openStore(files)).records).toEqual([created])
  })

  it('is told when there is no room for the next segment', async () => {
    const files = new MemoryFiles()
    const store = await openStore(files)
    store.write(created)
    await durable(store, 1)
    const failed = failure(store)
    const { create } = files
    files.create = () => Promise.reject(full())
    store.write(vote(1, 300_000)) // it fits into no segment that there is
    store.flush()
    expect(await failed).toMatchObject({ reason: 'full' })
    await store.close()
    files.create = create
    expect((await openStore(files)).records).toEqual([created])
  })

  it('is told when there is no room for a snapshot', async () => {
    const files = new MemoryFiles()
    const store = await openStore(files)
    store.write(created)
    await durable(store, 1)
    files.create = () => Promise.reject(full())
    const failed = failure(store)
    store.write(snapshot(1, 2))
    store.flush()
    expect(await failed).toMatchObject({ reason: 'full' })
    await store.close()
  })
})

describe('a folder', () => {
  it('is one store at a time', async () => {
    const files = new MemoryFiles()
    const store = await openStore(files)
    await expect(openStore(files)).rejects.toMatchObject({ reason: 'locked' })
    await expect(checkStore(DIRECTORY, files)).rejects.toMatchObject({ reason: 'locked' })
    await store.close()
    await (await openStore(files)).close()
  })

  it('that holds other things is left alone', async () => {
    const files = new MemoryFiles()
    files.put('diary.txt', Buffer.from('Dear diary'))
    await expect(openStore(files)).rejects.toMatchObject({ reason: 'foreign' })
    expect(files.names).toEqual(['diary.txt'])
    files.drop('diary.txt')
    await (await openStore(files)).close()
  })

  it('with segments of two stores is refused', async () => {
    const files = await filled([created])
    const other = await filled([created])
    files.put(segmentName(2), other.bytesOf(segmentName(1)))
    await expect(openStore(files)).rejects.toMatchObject({ reason: 'foreign' })
  })

  it('of a later version is refused, and says which version it has', async () => {
    const files = await filled([created])
    const bytes = files.bytesOf(segmentName(1))
    const { identity } = { identity: '0123456789abcdef' }
    const header = encodeSegmentHeader(
      { identity, segment: 1, bytes: SMALL_SEGMENT, before: 0, previous: 0, keepsakes: [] },
      9,
    )
    header.copy(bytes)
    header.copy(bytes, bytes.length - SEGMENT_HEADER_BYTES)
    const error = await openStore(files).catch((each: unknown) => each)
    expect(error).toMatchObject({ reason: 'newer' })
    expect(String(error)).toContain('format 9')
  })

  it('in which no header can be read is refused: it is not taken for a blank one', async () => {
    const files = await filled([created])
    files.bytesOf(segmentName(1)).fill(0)
    files.drop(segmentName(2))
    await expect(openStore(files)).rejects.toMatchObject({ reason: 'damaged' })
  })

  it('with a snapshot and no votes is refused', async () => {
    const files = await filled([created, snapshot(1, 2)])
    for (const name of files.names.filter((each) => each.endsWith('.votes'))) files.drop(name)
    await expect(openStore(files)).rejects.toMatchObject({ reason: 'damaged' })
  })
})

describe('what a check says', () => {
  it('is whose store it is, and that all is well; and it changes nothing', async () => {
    const founding = { cluster: 5, voters: [{ member: 3, store: 12 }], timeMicros: 7 }
    const files = await filled([created, { type: 'founded', founding }, vote(1, 10), snapshot(1, 4)])
    const before = files.copy()
    const report = await checkStore(DIRECTORY, files)
    expect(report).toMatchObject({
      created: { store: 12, member: 3 },
      founding,
      written: 4,
      damaged: 0,
      isWhole: true,
      segments: [{ name: segmentName(1), records: 4, headers: 2, damage: [], hasTornTail: false }],
      spares: [segmentName(2)],
      snapshot: { name: snapshotName(4), slot: 1 },
    })
    for (const name of before.names) expect(files.bytesOf(name).equals(before.bytesOf(name)), name).toBe(true)
  })

  it('is how many records are gone where something cannot be read, and where', async () => {
    const files = new MemoryFiles()
    const store = await openStore(files)
    store.write(created)
    await durable(store, 1)
    const place = SEGMENT_HEADER_BYTES + 64 // the first byte of the second frame, or a little before it
    for (const number of [1, 2, 3]) store.write(incarnation(number))
    await durable(store, 4)
    store.write(incarnation(4))
    await durable(store, 5)
    await store.close()
    files.bytesOf(segmentName(1)).fill(255, place + 8, place + 16)
    const report = await checkStore(DIRECTORY, files)
    expect(report).toMatchObject({ isWhole: false, damaged: 3, written: 5 })
    expect(report.segments[0]?.damage).toEqual([expect.stringContaining('3 records before byte')])
    expect((await openStore(files)).records.map(({ type }) => type)).toEqual([
      'created',
      'damaged',
      'damaged',
      'damaged',
      'incarnation',
    ])
  })

  it('is that a tail is torn, which is no damage', async () => {
    let files = await filled([created])
    const store = await openStore(files)
    files.isStalled = true
    store.write(vote(1, 5_000))
    store.flush()
    files = files.crash((most) => (most === 3 ? 2 : Math.min(most, 1_000)))
    const report = await checkStore(DIRECTORY, files)
    expect(report).toMatchObject({ isWhole: true, written: 1, segments: [{ hasTornTail: true }] })
  })

  it.each([
    ['a segment', segmentName(1)],
    ['the snapshot', snapshotName(3)],
  ])('is that %s is missing', async (_, name) => {
    const files = await filled([created, vote(5, 60_000), snapshot(4, 3), vote(6, 60_000), vote(7, 10)])
    files.drop(name)
    const report = await checkStore(DIRECTORY, files)
    expect(report.isWhole).toBe(false)
    expect(report.segments.flatMap(({ damage }) => damage).join()).toContain(`${name} is missing`)
    expect((await openStore(files)).records.some(({ type }) => type === 'damaged')).toBe(true)
  })

  it('is nothing of a folder that is not there', async () => {
    await expect(checkStore('/nowhere/at/all')).rejects.toMatchObject({ reason: 'failed' })
  })
})

it('does not take a size of segments that it cannot use', async () => {
  for (const segmentBytes of [0, 4096, SMALL_SEGMENT + 1]) {
    const files = new MemoryFiles()
    await expect(Store.open({ directory: DIRECTORY, segmentBytes, files })).rejects.toThrow(RangeError)
  }
})
