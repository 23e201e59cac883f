/** What was asked of a node and is not answered yet: a promise each. */
import { type ClientRequest, type Outcome, OutcomeUnknown, outputOf, Renewal } from '../../paxos/index.js'

export interface AskOptions {
  /** When it fires, nobody waits any longer. A command may be executed all the same. */
  readonly signal?: AbortSignal
  /** How long the answer is waited for. Default: 30,000. */
  readonly timeoutMillis?: number
}

/** What is asked, without the names that the driver gives it. */
export type Asked<Type extends ClientRequest['type']> = Omit<
  Extract<ClientRequest, { type: Type }>,
  'client' | 'reference'
>

interface Waiting {
  readonly resolve: (value: unknown) => void
  readonly reject: (error: unknown) => void
  readonly decode: (bytes: Uint8Array) => unknown
  readonly deadlineMillis: number
  readonly timeoutMillis: number
  /** Stops listening to the signal. */
  readonly release: (() => void) | null
}

const TIMEOUT_MILLIS = 30_000

/** How often it is looked whose time is over. */
const SWEEP_MILLIS = 50

/** What of it is as long as its author likes. */
function lengthOf(
  asked: Asked<'command'> | Asked<'query'> | { readonly type: 'change' | 'upgrade' },
): number {
  if (asked.type === 'command') return asked.command.length
  return asked.type === 'query' ? asked.query.length : 0
}

function checkBytes(what: string, bytes: unknown): void {
  if (bytes instanceof Uint8Array) return
  throw new TypeError(`The codec of the machine gives no Uint8Array for a ${what}.`)
}

/** Written out for what is asked most: to spread an object takes as long as all the rest. */
function requestOf(
  asked: Asked<'command'> | Asked<'query'> | Asked<'change'> | Asked<'upgrade'>,
  client: number,
  reference: number,
): ClientRequest {
  if (asked.type === 'command') return { type: 'command', client, reference, command: asked.command }
  if (asked.type !== 'query') return { ...asked, client, reference }
  return { type: 'query', client, reference, query: asked.query, consistency: asked.consistency }
}

export class Promises {
  readonly #send: (request: ClientRequest) => void
  #waiting: Map<number, Waiting> = new Map()
  readonly #renewal: Renewal = new Renewal()
  #last = 0
  #sweep: NodeJS.Timeout | null = null
  /** Why nothing can be asked any more. */
  #end: Error | null = null

  readonly #commandBytes: number

  /** `commandBytes`: what the longest command, or query, may have. */
  constructor(send: (request: ClientRequest) => void, commandBytes: number) {
    this.#send = send
    this.#commandBytes = commandBytes
  }

  /** Asks for this client. Gives what the bytes of the answer mean, or rejects with what became of it. */
  ask<Value>(
    client: number,
    asked: Asked<'command'> | Asked<'query'> | Asked<'change'> | Asked<'upgrade'>,
    decode: (bytes: Uint8Array) => Value,
    { signal, timeoutMillis = TIMEOUT_MILLIS }: AskOptions = {},
  ): Promise<Value> {
    return new Promise<Value>((resolve: (value: never) => void, reject) => {
      if (this.#end !== null) throw this.#end
      signal?.throwIfAborted()
      this.#check(asked)
      const reference = ++this.#last
      const deadlineMillis = performance.now() + timeoutMillis
      const release = signal === undefined ? null : this.#listen(signal, reference)
      // It gives what `decode` does, whatever that is.
      const settle = resolve as (value: unknown) => void
      this.#waiting.set(reference, {
        resolve: settle,
        reject,
        decode,
        deadlineMillis,
        timeoutMillis,
        release,
      })
      this.#sweep ??= setInterval(() => this.#lookForLate(), SWEEP_MILLIS)
      this.#send(requestOf(asked, client, reference))
    })
  }

  /** What a program hands over that no compiler has seen must not get as far as the node. */
  #check(asked: Parameters<typeof lengthOf>[0]): void {
    if (asked.type === 'command') checkBytes('command', asked.command)
    if (asked.type === 'query') {
      checkBytes('query', asked.query)
      if (asked.consistency !== 'linearizable' && asked.consistency !== 'stale')
        throw new TypeError(
          `A query is 'linearizable' or 'stale', and not ${JSON.stringify(asked.consistency)}.`,
        )
    }
    const length = lengthOf(asked)
    if (length > this.#commandBytes)
      throw new RangeError(
        `A ${asked.type} of ${length} bytes is too large: at most ${this.#commandBytes} travel.`,
      )
  }

  answered(reference: number, outcome: Outcome): void {
    const waiting = this.#take(reference)
    if (waiting === undefined) return // nobody waits any longer
    try {
      waiting.resolve(waiting.decode(outputOf(outcome)))
    } catch (error) {
      waiting.reject(error)
    }
  }

  /** How many wait. */
  get size(): number {
    return this.#waiting.size
  }

  /** Nothing can be asked any more, and nobody who waits is answered. */
  end(error: Error): void {
    if (this.#end !== null) return
    this.#end = error
    for (const reference of [...this.#waiting.keys()]) {
      this.#take(reference)?.reject(new OutcomeUnknown(`No answer came: ${error.message}`, { cause: error }))
    }
    if (this.#sweep !== null) clearInterval(this.#sweep)
  }

  #listen(signal: AbortSignal, reference: number): () => void {
    const abort = (): void => {
      const error = new OutcomeUnknown('It was given up before an answer came.', { cause: signal.reason })
      this.#take(reference)?.reject(error)
    }
    signal.addEventListener('abort', abort, { once: true })
    return () => signal.removeEventListener('abort', abort)
  }

  #lookForLate(): void {
    const nowMillis = performance.now()
    for (const [reference, { deadlineMillis, timeoutMillis }] of this.#waiting) {
      if (deadlineMillis > nowMillis) continue
      const late = `No answer came within ${timeoutMillis} ms: is a quorum of the members up, and reachable?`
      this.#take(reference)?.reject(new OutcomeUnknown(late))
    }
  }

  #take(reference: number): Waiting | undefined {
    const waiting = this.#waiting.get(reference)
    this.#waiting.delete(reference)
    if (this.#renewal.isDue(this.#waiting.size)) this.#waiting = new Map(this.#waiting)
    waiting?.release?.()
    if (this.#waiting.size === 0 && this.#sweep !== null) {
      clearInterval(this.#sweep)
      this.#sweep = null
    }
    return waiting
  }
}
