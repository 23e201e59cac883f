/** The files of a member's store, with faults: a full disk, a slow one, and, planted, one that lies. */
import type { MemberOptions } from 'synod'
import type { DiskMode } from './protocol.js'

type Between = NonNullable<MemberOptions<never>['between']>
export type Files = ReturnType<NonNullable<Between['files']>>
type LogFile = Awaited<ReturnType<Files['openLog']>>

/** How long the lying disk holds back what it calls durable. */
const LIE_MILLIS = 400

export class Disk {
  mode: DiskMode
  readonly #isLying: boolean
  #lies: Promise<void> = Promise.resolve()

  constructor(mode: DiskMode, isLying: boolean) {
    this.mode = mode
    this.#isLying = isLying
  }

  over(real: Files): Files {
    return {
      ...real,
      create: async (path, chunks) => {
        if (this.mode.type === 'full') throw noSpace()
        await this.#wait()
        await real.create(path, chunks)
      },
      append: async (path, bytes) => {
        if (this.mode.type === 'full') throw noSpace()
        await this.#wait()
        await real.append(path, bytes)
      },
      openLog: async (path) => this.#overLog(await real.openLog(path)),
    }
  }

  #overLog(real: LogFile): LogFile {
    return {
      write: (bytes, position, done) => {
        if (this.mode.type === 'full') this.#writeHalf(real, bytes, position, done)
        else if (this.#isLying) this.#lie(real, bytes, position, done)
        else if (this.mode.type === 'slow') void this.#wait().then(() => real.write(bytes, position, done))
        else real.write(bytes, position, done)
      },
      close: () => real.close(),
    }
  }

  /** Part of it was written when the disk was full. */
  #writeHalf(real: LogFile, bytes: Uint8Array, position: number, done: (error: Error | null) => void): void {
    real.write(bytes.subarray(0, bytes.length >>> 1), position, () => done(noSpace()))
  }

  /** Says at once that it is done, and does it later, in order. */
  #lie(real: LogFile, bytes: Uint8Array, position: number, done: (error: Error | null) => void): void {
    const copy = bytes.slice() // whoever wrote it goes on with the buffer
    const held = new Promise((resolve) => setTimeout(resolve, LIE_MILLIS))
    this.#lies = this.#lies.then(async () => {
      await held
      await new Promise((resolve) => real.write(copy, position, resolve))
    })
    setImmediate(() => done(null))
  }

  async #wait(): Promise<void> {
    const { mode } = this
    if (mode.type === 'slow') await new Promise((resolve) => setTimeout(resolve, mode.delayMillis))
  }
}

function noSpace(): Error {
  return Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' })
}
