/** Stores on files in memory, and simulated disks, as the tests handle them. */
import type { StoreRecord } from '../../../src/paxos/index.js'
import { readContents } from '../../../src/runtime/store/contents.js'
import { segmentName } from '../../../src/runtime/store/segments.js'
import { Store } from '../../../src/runtime/store/store.js'
import { Disk } from '../../../src/simulation/disk.js'
import type { TestedDisk } from '../../../src/testing/index.js'
import { MemoryFiles } from './memory-files.js'

export const DIRECTORY = '/store'
/** The least that there may be: a few records fill it. */
export const SMALL_SEGMENT = 131_072

export function openStore(files: MemoryFiles): Promise<Store> {
  return Store.open({ directory: DIRECTORY, segmentBytes: SMALL_SEGMENT, files })
}

/** Resolves when so many records of this life are durable. Rejects when the store fails. */
export function durable(store: Store, count: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const look = (): void => {
      if (store.durable >= count) resolve()
    }
    store.onDurable = look
    store.onFailure = reject
    store.flush()
    look()
  })
}

export class TestedStore implements TestedDisk {
  #files: MemoryFiles
  #store: Store
  #written = 0

  static async make(): Promise<TestedStore> {
    const files = new MemoryFiles()
    return new TestedStore(files, await openStore(files))
  }

  private constructor(files: MemoryFiles, store: Store) {
    this.#files = files
    this.#store = store
  }

  get durable(): number {
    return this.#store.durable
  }

  write(record: StoreRecord): void {
    this.#store.write(record)
    this.#written += 1
  }

  sync(): Promise<void> {
    return durable(this.#store, this.#written)
  }

  async crashDuringSync(survivors: 'none' | 'all'): Promise<void> {
    this.#files.isStalled = true
    this.#store.flush()
    await this.#restart(survivors === 'all' ? 1 : 0)
  }

  crash(): Promise<void> {
    return this.#restart(0)
  }

  read(): readonly StoreRecord[] {
    return this.#store.records
  }

  /** Each was written with a sync of its own, and nothing was trimmed: so it is the frame of that number. */
  async damage(at: number): Promise<void> {
    const { used } = await readContents(this.#files, DIRECTORY)
    const frame = used[0]?.segment?.frames[at]
    const bytes = this.#files.bytesOf(segmentName(1))
    const place = (frame?.to ?? 0) - 8
    bytes[place] = (bytes[place] ?? 0) ^ 1
  }

  async #restart(fate: number): Promise<void> {
    this.#files = this.#files.crash(() => fate)
    this.#store = await openStore(this.#files)
    this.#written = 0
  }
}

export class TestedSimulatedDisk implements TestedDisk {
  readonly #disk = new Disk()

  get durable(): number {
    return this.#disk.durable
  }

  write(record: StoreRecord): void {
    this.#disk.write(record)
  }

  sync(): Promise<void> {
    this.#disk.beginSync()
    this.#disk.endSync()
    return Promise.resolve()
  }

  crashDuringSync(survivors: 'none' | 'all'): Promise<void> {
    this.#disk.beginSync()
    this.#disk.crash(survivors === 'all' ? this.#disk.inFlight : 0)
    return Promise.resolve()
  }

  crash(): Promise<void> {
    this.#disk.crash(0)
    return Promise.resolve()
  }

  read(): readonly StoreRecord[] {
    return this.#disk.read()
  }

  damage(at: number): Promise<void> {
    this.#disk.damage(at)
    return Promise.resolve()
  }
}
