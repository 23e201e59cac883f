/** A member that `synod up` runs: a process, which is started again when it dies. */
import { type ChildProcess, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { REFUSED } from '../errors.js'

const MAIN = fileURLToPath(new URL('../main.js', import.meta.url))

/** The wait before a member that died is started again; doubles each time that it does not come to serve. */
const BACKOFF_MILLIS = 500
const BACKOFF_LIMIT_MILLIS = 30_000

/** Its options were wrong, or it was refused, which starting it again does not mend. */
const HOPELESS: ReadonlySet<number | null> = new Set([2, REFUSED])

export interface MemberEvents {
  /** It logs something, or says why it ends. */
  readonly onWords: (words: string) => void
  /** It was started, or has ended. */
  readonly onChange: () => void
}

export class MemberProcess {
  readonly name: string
  readonly endpoint: string
  readonly #args: readonly string[]
  readonly #events: MemberEvents
  #child: ChildProcess | null = null
  #exited: Promise<void> = Promise.resolve()
  #restart: NodeJS.Timeout | null = null
  #failures = 0
  #isStopping = false
  /** Whether it was ever seen to serve. */
  #hasServed = false
  #words = ''
  /** Why it is not running; null if it is. */
  down: string | null = null
  /** The exit code, once it is not started again. */
  exitCode: number | null = null

  constructor(name: string, endpoint: string, args: readonly string[], events: MemberEvents) {
    this.name = name
    this.endpoint = endpoint
    this.#args = args
    this.#events = events
  }

  start(): void {
    this.#restart = null
    // In a group of its own: Ctrl-C is for `up`, which stops its members one way, by hanging up.
    const child = spawn(process.execPath, [MAIN, 'serve', ...this.#args], {
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
      detached: process.platform !== 'win32',
      env: withoutOptions(process.env),
    })
    this.#child = child
    this.down = null
    // Its last words are read to the end before it counts as ended. (`close` does not come after a `disconnect`.)
    const isRead = new Promise<void>((resolve) => {
      const lines = child.stderr === null ? null : createInterface(child.stderr)
      lines?.on('line', (line) => this.#hear(line))
      lines?.on('close', resolve)
    })
    this.#exited = new Promise((resolve) => {
      child.on('error', (error) => this.#ended(error.message, null, resolve))
      child.on('exit', (code, signal) => {
        void isRead.then(() => this.#ended(causeOf(code, signal), code, resolve))
      })
    })
    this.#events.onChange()
  }

  get hasServed(): boolean {
    return this.#hasServed
  }

  /** It was seen to serve. */
  noteServing(): void {
    this.#hasServed = true
    this.#failures = 0
  }

  /** Asks it to stop, and waits until it has. */
  async stop(): Promise<void> {
    this.#isStopping = true
    if (this.#restart !== null) clearTimeout(this.#restart)
    if (this.#child?.connected === true) this.#child.disconnect()
    await this.#exited
  }

  #hear(line: string): void {
    const words = wordsOf(line)
    if (words === null || words === this.#words) return // once is enough
    this.#words = words
    this.#events.onWords(words)
  }

  #ended(cause: string, code: number | null, resolve: () => void): void {
    if (this.#child === null) return
    this.#child = null
    const isOver = this.#isStopping || code === 0 || HOPELESS.has(code) || (code !== null && !this.#hasServed)
    if (isOver) {
      this.exitCode = code ?? 1
      this.down = cause
    } else {
      const waitMillis = Math.min(BACKOFF_LIMIT_MILLIS, BACKOFF_MILLIS * 2 ** this.#failures++)
      this.down = `${cause}, starts again in ${waitMillis / 1_000} s`
      this.#restart = setTimeout(() => this.start(), waitMillis)
    }
    this.#events.onChange()
    resolve()
  }
}

function causeOf(code: number | null, signal: NodeJS.Signals | null): string {
  if (signal !== null) return `killed by ${signal}`
  return code === 0 ? 'stopped' : `ended with exit code ${code}`
}

/** What is said to `up` is not said to its members. */
function withoutOptions(environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(environment).filter(([name]) => !name.startsWith('SYNOD_')))
}

/** Errors in the log are 50, as pino counts. That another member cannot be reached, its own line says already. */
const ERROR = 50

/** What a line has to say to people: its last words, or an error that it logs. */
function wordsOf(line: string): string | null {
  if (!line.startsWith('{')) return line.replace(/^synod: /, '')
  try {
    const { level, msg } = JSON.parse(line) as { readonly level?: unknown; readonly msg?: unknown }
    return Number(level) >= ERROR ? String(msg) : null
  } catch {
    return line
  }
}
