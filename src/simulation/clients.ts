/**
 * The simulated clients: each does its operations one after the other, by way of the requester of one node, and
 * remembers when it asked and what it was told.
 */
import { json, type Micros, type Outcome } from '../paxos/index.js'
import {
  type AnyApplication,
  type Completion,
  completionOf,
  describe,
  type Operation,
} from './application.js'

/** One line of a history: an operation begins, or ends. */
export interface HistoryEntry {
  /** Who does it. A client whose operation ended in `info` goes on under a new number. */
  readonly process: number
  readonly type: 'invoke' | 'ok' | 'fail' | 'info'
  readonly f: string
  readonly key: string | null
  /** What it was given; what it gave, once it succeeded, if it was given nothing. */
  readonly value: unknown
  /** Microseconds since the run began. */
  readonly time: Micros
}

/** One client. Its operation in flight, if it has one, is the one at `position`. */
export interface Client {
  readonly number: number
  process: number
  /** The operation that it does, or does next. */
  position: number
  current: Operation | null
  readonly judge: ((operation: Operation, completion: Completion) => string | null) | null
}

export class Clients {
  readonly history: HistoryEntry[] = []
  readonly all: readonly Client[]
  sent = 0
  answered = 0
  readonly #application: AnyApplication
  readonly #requests: number
  readonly #draw: (client: number, position: number, call: number, low: number, high: number) => number
  #nextProcess: number
  /** Clients that are not done. */
  #busy: number

  constructor(
    application: AnyApplication,
    clients: number,
    requests: number,
    draw: (client: number, position: number, call: number, low: number, high: number) => number,
  ) {
    this.#application = application
    this.#requests = requests
    this.#draw = draw
    this.#nextProcess = clients
    this.#busy = requests === 0 ? 0 : clients
    this.all = Array.from({ length: clients }, (_, number) => ({
      number,
      process: number,
      position: 0,
      current: null,
      judge: application.judge?.(number) ?? null,
    }))
  }

  get done(): boolean {
    return this.#busy === 0
  }

  isDone(client: Client): boolean {
    return client.position >= this.#requests
  }

  /** The client begins its next operation. */
  invoke(client: Client, nowMicros: Micros): Operation {
    let calls = 0
    const operation = this.#application.operation(client.number, client.position, (low, high) =>
      this.#draw(client.number, client.position, calls++, low, high),
    )
    client.current = operation
    this.sent += 1
    this.#record(client, 'invoke', operation, undefined, nowMicros)
    return operation
  }

  /** The operation of a client has its answer. Gives what it means, and a sentence if it cannot be right. */
  answer(
    client: Client,
    operation: Operation,
    outcome: Outcome,
    nowMicros: Micros,
  ): [Completion, string | null] {
    const { machine } = this.#application
    const codec = operation.type === 'command' ? machine.outputs : machine.answers
    const completion = completionOf(outcome, (bytes) => (codec ?? json).decode(bytes))
    this.answered += 1
    return [completion, this.#complete(client, operation, completion, nowMicros)]
  }

  /** The node of a client is gone: whether its operation takes effect, it will never be told. */
  abandon(client: Client, operation: Operation, nowMicros: Micros): Completion {
    const completion: Completion = { type: 'info', error: 'the node of the client crashed' }
    this.#complete(client, operation, completion, nowMicros)
    return completion
  }

  #complete(client: Client, operation: Operation, completion: Completion, nowMicros: Micros): string | null {
    this.#record(client, completion.type, operation, completion, nowMicros)
    client.current = null
    client.position += 1
    if (this.isDone(client)) this.#busy -= 1
    if (completion.type === 'info') client.process = this.#nextProcess++
    return client.judge?.(operation, completion) ?? null
  }

  #record(
    client: Client,
    type: HistoryEntry['type'],
    operation: Operation,
    completion: Completion | undefined,
    time: Micros,
  ): void {
    const { f, key, value } = describe(this.#application, operation, completion)
    this.history.push({ process: client.process, type, f, key, value, time })
  }
}
