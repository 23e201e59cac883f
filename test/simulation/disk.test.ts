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
    expect(disk.crash(2)).toEqual({ survived: [record(1), record(2)], lost: 2 })
    expect(disk.synced).toEqual([record(1), record(2)])
    expect(disk.durable).toBe(0)
    expect(disk.beginSync()).toBe(false)
  })
})
