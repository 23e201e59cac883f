/**
 * A load on a cluster: clients that each ask, wait for the answer, and ask again. A client has one request outstanding and
 * a session of its own; connections are shared by as many as there are.
 */
import type { KeyspaceAnswer, KeyspaceCommand, KeyspaceOutput, KeyspaceQuery } from '../../machines/index.js'
import type { Session } from '../../runtime/index.js'
import type { KeyspaceClient } from './client.js'
import { Latencies } from './latencies.js'

export const LOADS = ['put', 'get', 'mixed'] as const
export type LoadKind = (typeof LOADS)[number]

export interface LoadOptions {
  readonly kind: LoadKind
  readonly clients: number
  /** How many different keys there are, and how many bytes each of them and each value has. */
  readonly keys: number
  readonly keyBytes: number
  readonly valueBytes: number
  readonly timeoutMillis: number
}

/** With one client to write them, 100,000 keys take a minute. */
const FILLING_SESSIONS = 256

type KeyspaceSession = Session<KeyspaceCommand, KeyspaceOutput, KeyspaceQuery, KeyspaceAnswer>

/** What came of a load, or of its last part. */
export interface Measured {
  readonly operations: number
  readonly failed: number
  readonly seconds: number
  /** Of each operation that was answered. */
  readonly latencies: Latencies
}

export class Load {
  readonly #options: LoadOptions
  readonly #connections: readonly KeyspaceClient[]
  readonly #sessions: readonly KeyspaceSession[]
  readonly #value: Buffer
  readonly #asking: { readonly timeoutMillis: number }
  /** What the first failure was, if one failed. */
  failure: unknown = null
  #latencies = new Latencies()
  #operations = 0
  #failed = 0
  #sinceMillis = performance.now()
  #isEnding = false

  constructor(connections: readonly KeyspaceClient[], options: LoadOptions) {
    this.#options = options
    this.#connections = connections
    this.#value = Buffer.alloc(options.valueBytes, 'v')
    this.#asking = { timeoutMillis: options.timeoutMillis }
    this.#sessions = this.#openSessions(options.clients)
  }

  #openSessions(count: number): KeyspaceSession[] {
    return Array.from({ length: count }, (_, at) => {
      const connection = this.#connections[at % this.#connections.length]
      if (connection === undefined) throw new RangeError('A load needs a connection.')
      return connection.session()
    })
  }

  /** So many answers came since `reset`. */
  get operations(): number {
    return this.#operations
  }

  /** Forgets what was measured until now. */
  reset(): void {
    this.#latencies = new Latencies()
    this.#operations = 0
    this.#failed = 0
    this.#sinceMillis = performance.now()
  }

  measured(): Measured {
    return {
      operations: this.#operations,
      failed: this.#failed,
      seconds: (performance.now() - this.#sinceMillis) / 1_000,
      latencies: this.#latencies,
    }
  }

  /** Each client goes on until `end`. */
  async run(): Promise<void> {
    const { kind, keys } = this.#options
    const any = (key: Uint8Array): 'put' | 'get' => {
      writeDigits(key, Math.floor(Math.random() * keys))
      return kind === 'mixed' ? (Math.random() < 0.5 ? 'put' : 'get') : kind
    }
    await Promise.all(this.#sessions.map((session) => this.#work(session, any)))
  }

  /** Writes every key once, with all clients, and with some more where they are few. Stops early after `end`. */
  async fill(): Promise<void> {
    let next = 0
    const more = this.#openSessions(Math.max(0, FILLING_SESSIONS - this.#sessions.length))
    const put = (key: Uint8Array): 'put' | null => {
      if (next >= this.#options.keys) return null
      writeDigits(key, next++)
      return 'put'
    }
    await Promise.all([...this.#sessions, ...more].map((session) => this.#work(session, put)))
  }

  /** What is under way is waited for, and nothing more is asked. */
  end(): void {
    this.#isEnding = true
  }

  /** Asks one thing after the other, until `next`, which chooses the key, says that there is no more. */
  async #work(session: KeyspaceSession, next: (key: Uint8Array) => 'put' | 'get' | null): Promise<void> {
    const key = Buffer.alloc(this.#options.keyBytes, '0')
    let sentMillis = performance.now()
    for (;;) {
      const what = this.#isEnding ? null : next(key)
      if (what === null) return
      try {
        await this.#ask(session, what, key)
        // It asks again at once: this is also when that was sent.
        const nowMillis = performance.now()
        this.#operations += 1
        this.#latencies.record((nowMillis - sentMillis) * 1_000)
        sentMillis = nowMillis
      } catch (error) {
        this.#failed += 1
        this.failure ??= error
        sentMillis = performance.now()
      }
    }
  }

  #ask(session: KeyspaceSession, what: 'put' | 'get', key: Uint8Array): Promise<unknown> {
    if (what === 'put') return session.invoke({ type: 'put', key, value: this.#value }, this.#asking)
    return session.query({ type: 'get', key }, this.#asking)
  }
}

/** A number at the end of a key, with zeros before it. */
function writeDigits(key: Uint8Array, number: number): void {
  let rest = number
  for (let at = key.length - 1; at >= 0; at--) {
    key[at] = 48 + (rest % 10)
    rest = Math.floor(rest / 10)
  }
}
