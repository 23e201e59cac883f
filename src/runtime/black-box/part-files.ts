/**
 * The files of a black box: `0000000001.blackbox`, `0000000002.blackbox`, … in a folder, the oldest of which go when there
 * is no room for another. They are written in the background, one write at a time, and never synced: whatever ends the
 * process, the system has what was written, and a machine that loses its power may lose the last seconds.
 */
import { type FileHandle, open, readdir, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { makeFolder } from '../folders.js'

interface Part {
  readonly number: number
  /** What is still to be written. */
  chunks: Uint8Array[]
}

export class PartFiles {
  readonly #folder: string
  readonly #limitBytes: number
  readonly #reserveBytes: number
  readonly #onFailure: (error: unknown) => void
  /** The files that are there, oldest first. */
  readonly #files: { readonly number: number; bytes: number }[]
  /** Parts that are to be written; of all but the last nothing more comes. */
  #parts: Part[] = []
  #file: FileHandle | null = null
  #pendingBytes = 0
  #isScheduled = false
  #writing: Promise<void> | null = null
  #isOver = false

  /** Before a file is begun, there is room for so many bytes. */
  static async open(
    folder: string,
    limitBytes: number,
    reserveBytes: number,
    onFailure: (error: unknown) => void,
  ): Promise<PartFiles> {
    await makeFolder(folder)
    const files: { number: number; bytes: number }[] = []
    for (const name of (await readdir(folder)).sort()) {
      const number = partNumberOf(name)
      if (number !== null) files.push({ number, bytes: (await stat(join(folder, name))).size })
    }
    return new PartFiles(folder, limitBytes, reserveBytes, onFailure, files)
  }

  private constructor(
    folder: string,
    limitBytes: number,
    reserveBytes: number,
    onFailure: (error: unknown) => void,
    files: { number: number; bytes: number }[],
  ) {
    this.#folder = folder
    this.#limitBytes = limitBytes
    this.#reserveBytes = reserveBytes
    this.#onFailure = onFailure
    this.#files = files
  }

  /** What was given and is not written yet. */
  get pendingBytes(): number {
    return this.#pendingBytes
  }

  /** The number of the next part. */
  get nextNumber(): number {
    return (this.#parts.at(-1)?.number ?? this.#files.at(-1)?.number ?? 0) + 1
  }

  /** What is written from now on belongs to a new part. */
  begin(): void {
    this.#parts.push({ number: this.nextNumber, chunks: [] })
  }

  /** To the end of the last part. The bytes must stay as they are. */
  write(chunks: readonly Uint8Array[]): void {
    const part = this.#parts.at(-1)
    if (part === undefined || this.#isOver) return
    for (const chunk of chunks) {
      part.chunks.push(chunk)
      this.#pendingBytes += chunk.length
    }
    this.#schedule()
  }

  /** Resolves when all is written, or cannot be. */
  async close(): Promise<void> {
    await this.#writing
    this.#writing = this.#writeAll()
    await this.#writing
    this.#isOver = true
    await this.#file?.close().catch(() => undefined)
    this.#file = null
  }

  /** All of one round of the event loop is written in one piece, and all that comes during a write in the next. */
  #schedule(): void {
    if (this.#isScheduled || this.#writing !== null) return
    this.#isScheduled = true
    setImmediate(() => {
      this.#isScheduled = false
      this.#writing ??= this.#writeAll().finally(() => {
        this.#writing = null
        if (this.#pendingBytes > 0) this.#schedule()
      })
    })
  }

  async #writeAll(): Promise<void> {
    try {
      for (let [part] = this.#parts; part !== undefined && !this.#isOver; [part] = this.#parts) {
        if (this.#files.at(-1)?.number !== part.number) await this.#openFile(part.number)
        const { chunks } = part
        part.chunks = []
        if (chunks.length > 0) await this.#writeChunks(chunks)
        else if (this.#parts.length > 1) this.#parts.shift()
        else return
      }
    } catch (error) {
      this.#isOver = true
      this.#parts = []
      this.#pendingBytes = 0
      this.#onFailure(error)
    }
  }

  async #openFile(number: number): Promise<void> {
    await this.#file?.close()
    this.#file = null
    await this.#makeRoom()
    this.#file = await open(join(this.#folder, partName(number)), 'wx')
    this.#files.push({ number, bytes: 0 })
  }

  async #makeRoom(): Promise<void> {
    let bytes = this.#files.reduce((sum, file) => sum + file.bytes, 0)
    for (
      let [file] = this.#files;
      file && bytes + this.#reserveBytes > this.#limitBytes;
      [file] = this.#files
    ) {
      await rm(join(this.#folder, partName(file.number)), { force: true })
      bytes -= file.bytes
      this.#files.shift()
    }
  }

  async #writeChunks(chunks: readonly Uint8Array[]): Promise<void> {
    const bytes = chunks.reduce((sum, { length }) => sum + length, 0)
    await this.#file?.appendFile(Buffer.concat(chunks, bytes))
    const file = this.#files.at(-1)
    if (file !== undefined) file.bytes += bytes
    this.#pendingBytes -= bytes
  }
}

function partName(number: number): string {
  return `${String(number).padStart(10, '0')}.blackbox`
}

function partNumberOf(name: string): number | null {
  return /^\d{10}\.blackbox$/.test(name) ? Number(name.slice(0, 10)) : null
}
