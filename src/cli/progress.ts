/** How far a long command is, on stderr: a line that stays below everything else on a terminal, lines now and then in a pipe. */
import type { WriteStream } from 'node:tty'
import yoctoSpinner, { type Spinner } from 'yocto-spinner'

const TERMINAL_MILLIS = 100
const PIPE_MILLIS = 5_000
const BAR_WIDTH = 24

export class Progress {
  readonly #stream: WriteStream
  readonly #spinner: Spinner | null
  #nextMillis: number

  constructor(stream: WriteStream) {
    this.#stream = stream
    const isTerminal = stream.isTTY && process.env['TERM'] !== 'dumb' && process.env['CI'] === undefined
    this.#spinner = isTerminal ? yoctoSpinner({ stream, handleSignals: false }).start() : null
    this.#nextMillis = performance.now() + (isTerminal ? 0 : PIPE_MILLIS)
  }

  /** Shows how much of the whole is done, if that is known, with a text; unless something was shown a moment ago. */
  show(fraction: number | null, text: () => string): void {
    const nowMillis = performance.now()
    if (nowMillis < this.#nextMillis) return
    this.#nextMillis = nowMillis + (this.#spinner ? TERMINAL_MILLIS : PIPE_MILLIS)
    const done = fraction === null ? '' : `${bar(fraction)} `
    if (this.#spinner) this.#spinner.text = `${done}${text()}`
    else this.#stream.write(`synod: ${text()}\n`)
  }

  /** Takes the line away. */
  stop(): void {
    this.#spinner?.stop()
  }
}

/** `[######------]` */
function bar(fraction: number): string {
  const done = Math.round(Math.min(1, fraction) * BAR_WIDTH)
  return `[${'#'.repeat(done)}${'-'.repeat(BAR_WIDTH - done)}]`
}

/** `48 s`, `7 min`, `3.5 h` */
export function duration(seconds: number): string {
  if (seconds < 90) return `${Math.ceil(seconds)} s`
  return seconds < 5_400 ? `${Math.round(seconds / 60)} min` : `${(seconds / 3_600).toFixed(1)} h`
}
