/** `--history`: what the clients did, as JSON lines, for an outside checker. */
import { closeSync, openSync, writeSync } from 'node:fs'
import { type HistoryEntry, jsonOf } from '../simulation/index.js'
import { firstLineOf, UsageError } from './errors.js'

/** How many lines are written together. */
const LINES = 1_000

/** Opened before the run, so that a path that cannot be written is told before and not after it. */
export class HistoryFile {
  readonly #path: string
  readonly #file: number

  constructor(path: string) {
    this.#path = path
    this.#file = this.#try(() => openSync(path, 'w'))
  }

  write(history: readonly HistoryEntry[]): void {
    this.#try(() => {
      for (let at = 0; at < history.length; at += LINES) {
        const lines = history.slice(at, at + LINES).map((entry) => `${jsonOf(entry)}\n`)
        writeAll(this.#file, Buffer.from(lines.join('')))
      }
      closeSync(this.#file)
    })
  }

  #try<Result>(use: () => Result): Result {
    try {
      return use()
    } catch (error) {
      throw new UsageError(`the history cannot be written to ${this.#path}: ${firstLineOf(error)}`)
    }
  }
}

/** One write may take less than it is given. */
function writeAll(file: number, bytes: Buffer): void {
  for (let at = 0; at < bytes.length; ) at += writeSync(file, bytes, at)
}
