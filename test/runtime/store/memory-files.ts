/**
 * Files in memory, as a store sees them, that lose at a crash what was not synced: any part of what was being written,
 * and any of the changes of names since the folder was synced last.
 */
import { basename } from 'node:path'
import { StoreError } from '../../../src/runtime/store/errors.js'
import type { Files, Lock, LogFile } from '../../../src/runtime/store/files.js'

/** Says of each thing that a crash may take or leave how it goes: a whole number from 0 to `most`. */
export type Fate = (most: number) => number

/** A disk writes this much at once or not at all. */
const SECTOR_BYTES = 512

interface Content {
  /** What is on the disk, and what a reader sees. */
  synced: Buffer
  seen: Buffer
  /** Writes that no sync has finished. */
  unsynced: { readonly bytes: Buffer; readonly position: number }[]
}

interface NameChange {
  readonly from: string | null
  readonly to: string | null
  readonly content: Content
}

export class MemoryFiles implements Files {
  /** What an operation fails with from now on, if it is one that writes. */
  error: Error | null = null
  /** While set, nothing that writes ever ends. */
  isStalled = false
  /** Called before each write of the log. */
  onWrite: () => void = () => undefined
  readonly #names: Map<string, Content> = new Map()
  #syncedNames: Map<string, Content> = new Map()
  #changes: NameChange[] = []
  #isLocked = false
  #isDead = false

  lock(directory: string): Promise<Lock> {
    if (this.#isLocked) return Promise.reject(new StoreError('locked', `${directory} is in use.`))
    this.#isLocked = true
    const release = (): Promise<void> => {
      this.#isLocked = false
      return Promise.resolve()
    }
    return Promise.resolve({ release })
  }

  list(): Promise<readonly string[]> {
    return Promise.resolve([...this.#names.keys()])
  }

  read(path: string): Promise<Buffer> {
    return Promise.resolve(Buffer.from(this.#content(basename(path)).seen))
  }

  async create(path: string, chunks: Iterable<Uint8Array>): Promise<void> {
    await this.#operate()
    const name = basename(path)
    const content: Content = { synced: Buffer.alloc(0), seen: Buffer.alloc(0), unsynced: [] }
    this.#change({ from: null, to: name, content })
    const parts: Uint8Array[] = []
    for (const chunk of chunks) {
      await this.#operate()
      parts.push(Uint8Array.from(chunk))
      content.seen = Buffer.concat(parts)
      content.unsynced = [{ bytes: content.seen, position: 0 }]
    }
    await this.#operate()
    content.synced = Buffer.from(content.seen)
    content.unsynced = []
  }

  async append(path: string, bytes: Uint8Array): Promise<void> {
    await this.#operate()
    const content = this.#content(basename(path))
    content.unsynced.push({ bytes: Buffer.from(bytes), position: content.seen.length })
    content.seen = Buffer.concat([content.seen, bytes])
    await this.#operate()
    content.synced = Buffer.from(content.seen)
    content.unsynced = []
  }

  async rename(from: string, to: string): Promise<void> {
    await this.#operate()
    this.#change({ from: basename(from), to: basename(to), content: this.#content(basename(from)) })
  }

  async remove(path: string): Promise<void> {
    await this.#operate()
    const content = this.#names.get(basename(path))
    if (content !== undefined) this.#change({ from: basename(path), to: null, content })
  }

  async syncDirectory(): Promise<void> {
    await this.#operate()
    this.#syncedNames = new Map(this.#names)
    this.#changes = []
  }

  openLog(path: string): Promise<LogFile> {
    const content = this.#content(basename(path))
    const write = (bytes: Uint8Array, position: number, done: (error: Error | null) => void): void => {
      const write = { bytes: Buffer.from(bytes), position }
      content.unsynced.push(write)
      this.onWrite()
      this.#operate().then(
        () => {
          place(write.bytes, position, content.seen)
          place(write.bytes, position, content.synced)
          content.unsynced = content.unsynced.filter((each) => each !== write)
          done(null)
        },
        (error: Error) => done(error),
      )
    }
    return Promise.resolve({ write, close: () => Promise.resolve() })
  }

  /** The machine stops. Gives what is left when it starts again; these files are dead from now on. */
  crash(fate: Fate): MemoryFiles {
    this.#isDead = true
    const contents = new Set([...this.#names.values(), ...this.#syncedNames.values()])
    for (const content of contents) tear(content, fate)
    for (const change of this.#changes) if (fate(1) === 1) apply(change, this.#syncedNames)
    const left = new MemoryFiles()
    for (const [name, { synced }] of this.#syncedNames) left.put(name, synced)
    return left
  }

  // ---- looking at it, and doing harm -----------------------------------------------------------------------------

  get names(): readonly string[] {
    return [...this.#names.keys()].sort()
  }

  get bytes(): number {
    let bytes = 0
    for (const { seen } of this.#names.values()) bytes += seen.length
    return bytes
  }

  /** What a file holds; to be changed at will. */
  bytesOf(name: string): Buffer {
    const content = this.#content(name)
    content.synced = content.seen
    return content.seen
  }

  put(name: string, bytes: Buffer): void {
    const content = { synced: bytes, seen: bytes, unsynced: [] }
    this.#names.set(name, content)
    this.#syncedNames.set(name, content)
  }

  drop(name: string): void {
    this.#names.delete(name)
    this.#syncedNames.delete(name)
  }

  /** Another disk with the same on it. */
  copy(): MemoryFiles {
    const files = new MemoryFiles()
    for (const [name, { seen }] of this.#names) files.put(name, Buffer.from(seen))
    return files
  }

  // ---- operations ------------------------------------------------------------------------------------------------

  /** Takes a turn of the event loop; one that a crash has overtaken never ends. */
  async #operate(): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve))
    if (this.error !== null) throw this.error
    if (this.isStalled || this.#isDead) await new Promise(() => undefined)
  }

  #change(change: NameChange): void {
    this.#changes.push(change)
    apply(change, this.#names)
  }

  #content(name: string): Content {
    const content = this.#names.get(name)
    if (content === undefined) throw new Error(`There is no file ${name}.`)
    return content
  }
}

function apply({ from, to, content }: NameChange, names: Map<string, Content>): void {
  // A name that had not become durable cannot go; what it named may still get its next one.
  if (from !== null && names.get(from) === content) names.delete(from)
  if (to !== null) names.set(to, content)
}

function place(bytes: Uint8Array, position: number, target: Buffer): void {
  target.set(bytes, position)
}

/** Of what was not synced, any sectors are there, and of each a part from its beginning. */
function tear(content: Content, fate: Fate): void {
  for (const { bytes, position } of content.unsynced) {
    const end = position + bytes.length
    if (content.synced.length < end)
      content.synced = Buffer.concat([content.synced, Buffer.alloc(end - content.synced.length)])
    const extent = fate(3) // nothing, all, a prefix, or any sectors
    if (extent === 1) place(bytes, position, content.synced)
    if (extent === 2) place(bytes.subarray(0, fate(bytes.length)), position, content.synced)
    if (extent === 3) tearSectors(bytes, position, content.synced, fate)
  }
  content.unsynced = []
}

function tearSectors(bytes: Buffer, position: number, target: Buffer, fate: Fate): void {
  for (let at = 0; at < bytes.length; ) {
    const next = Math.min(bytes.length, at + SECTOR_BYTES - ((position + at) % SECTOR_BYTES))
    if (fate(1) === 1) place(bytes.subarray(at, next), position + at, target)
    at = next
  }
}
