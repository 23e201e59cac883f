/**
 * Standard output for much text: lines are gathered and written in large pieces, a piece only when the one before has
 * been taken. A reader that goes away, as `head` does, is no error: the output is closed, and nobody need write more.
 */
import type { Writable } from 'node:stream'
import { firstLineOf, UsageError } from './errors.js'

export class Output {
  readonly #stream: Writable
  #text = ''
  #closed = false

  constructor(stream: Writable) {
    this.#stream = stream
  }

  /** The reader has gone away. */
  get closed(): boolean {
    return this.#closed
  }

  line(text: string): void {
    this.#text += `${text}\n`
  }

  /** Waits until everything so far has been taken. Throws a UsageError when it cannot be written. */
  async flush(): Promise<void> {
    const text = this.#text
    if (text === '' || this.#closed) return
    this.#text = ''
    const error = await new Promise<(Error & { code?: string }) | null | undefined>((resolve) => {
      this.#stream.write(text, resolve)
    })
    if (!error) return
    this.#closed = true
    if (error.code !== 'EPIPE' && error.code !== 'ERR_STREAM_DESTROYED') {
      throw new UsageError(`the output cannot be written: ${firstLineOf(error)}`)
    }
  }
}
