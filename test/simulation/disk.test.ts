import { describe, expect, it } from 'vitest'
import type { StoreRecord } from '../../src/paxos/index.js'
import { Disk } from '../../src/simulation/disk.js'

const record = (incarnation: number): StoreRecord => ({ type: 'incarnation', incarnation })

describe('a simulated disk', () => {
  it('makes durable in one sync all that was written before it began, and nothing later', () => {
    const disk = new Disk()
    disk.write(record(1))
    disk.write(record(2))
    expect(disk.beginSync()).toBe(true)
    disk.write(record(3))
    expect(disk.endSync()).toEqual([record(1), record(2)])
    expect(disk.durable).toBe(2)
    expect(disk.synced).toEqual([record(1), record(2)])
  })

  it('has one sync in flight at a time, and none when there is nothing to sync', () => {
    const disk = new Disk()
    expect(disk.beginSync()).toBe(false)
    disk.write(record(1))
    expect(disk.beginSync()).toBe(true)
    disk.write(record(2))
    expect(disk.beginSync()).toBe(false)
  })

  it('loses what was never synced when it crashes, and tears the sync in flight', () => {
    const disk = new Disk()
    for (const incarnation of [1, 2, 3]) disk.write(record(incarnation))
    disk.beginSync()
    disk.write(record(4))
    expect(disk.inFlight).toBe(3)
    expect(disk.crash(2)).toEqual({ survived: [record(1), record(2)], lost: 2, forgotten: 0 })
    expect(disk.synced).toEqual([record(1), record(2)])
    expect(disk.durable).toBe(0)
    expect(disk.beginSync()).toBe(false)
  })

  /** A disk that holds these records. */
  function holding(...incarnations: number[]): Disk {
    const disk = new Disk()
    for (const incarnation of incarnations) disk.write(record(incarnation))
    disk.beginSync()
    disk.endSync()
    return disk
  }

  it('gives a record that went bad as damaged, and no other', () => {
    const disk = holding(1, 2, 3)
    disk.damage(1)
    expect(disk.read()).toEqual([record(1), { type: 'damaged' }, record(3)])
  })

  it('holds nothing once it is wiped, and what it held before once it is put back', () => {
    const disk = holding(1, 2)
    const before = [...disk.synced]
    disk.write(record(3))
    disk.beginSync()
    disk.endSync()
    expect(disk.putBack(before)).toBe(1)
    expect(disk.read()).toEqual([record(1), record(2)])
    disk.wipe()
    expect(disk.read()).toEqual([])
  })

  it('that lies says that it has synced, and the next crash shows that it had not', () => {
    const disk = holding(1)
    disk.lie()
    disk.write(record(2))
    disk.beginSync()
    expect(disk.endSync()).toEqual([record(2)])
    disk.write(record(3))
    disk.beginSync()
    expect(disk.crash(1)).toEqual({ survived: [], lost: 2, forgotten: 1 })
    expect(disk.read()).toEqual([record(1)])
  })

  it('that confesses before it has lied about anything has lost nothing', () => {
    const disk = holding(1)
    disk.lie()
    disk.confess()
    disk.write(record(2))
    disk.beginSync()
    disk.endSync()
    expect(disk.crash(0)).toEqual({ survived: [], lost: 0, forgotten: 0 })
    expect(disk.read()).toEqual([record(1), record(2)])
  })

  it('finds the record that a crash has torn, and drops it: it is not damage, because nobody counts on it', () => {
    const disk = holding(1)
    for (const incarnation of [2, 3]) disk.write(record(incarnation))
    disk.beginSync()
    disk.crash(1)
    expect(disk.torn).toBe(0)
    expect(disk.read()).toEqual([record(1), record(2)])
    expect(disk.torn).toBe(1)
    disk.read()
    expect(disk.torn).toBe(1)
  })

  it('is not torn when the sync in flight had written everything, or none was in flight', () => {
    const disk = holding(1)
    disk.crash(0)
    disk.read()
    disk.write(record(2))
    disk.beginSync()
    disk.crash(1)
    expect(disk.read()).toEqual([record(1), record(2)])
    expect(disk.torn).toBe(0)
  })
})
