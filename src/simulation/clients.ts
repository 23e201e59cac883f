/**
 * The simulated clients: each does its operations one after the other, by way of the requester of one node, and
 * remembers when it asked and what it was told.
 */
import { json, type Micros, type NodeId, type Outcome } from '../paxos/index.js'
import {
  type AnyApplication,
  type Completion,
  completionOf,
  describe,
  type Operation,
} from './application.js'
import { placeOf } from './placement.js'
import { hash, within } from './random.js'
import type { Scenario } from './scenario.js'

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
  /** The node by way of which it asks. */
  place: NodeId
  process: number
  /** The operation that it does, or does next. */
  position: number
  current: Operation | null
  /** It begins nothing more. */
  done: boolean
  readonly judge: ((operation: Operation, completion: Completion) => string | null) | null
}

/** How long clients think that are to work until some time, unless the application says. */
const PACE_MICROS = [0, 100_000] as const

/**
 * Clients that have a pace have asked for this much of what it asks for when the run ends, however long nobody was
 * answered in it: those that have fallen further behind go on after their time.
 */
const PACE_KEPT = 0.9
/** So long before the end of the run they see to that: what they have asked last takes its time. */
const SETTLING_MICROS = 1_000_000

/** Takes the place of the number of a draw. */
const THINKING = 0xffff_ffff

export class Clients {
  readonly history: HistoryEntry[] = []
  readonly all: readonly Client[]
  sent = 0
  answered = 0
  readonly #application: AnyApplication
  readonly #requests: number
  readonly #untilMicros: Micros
  readonly #thinkMicros: readonly [low: Micros, high: Micros] | null
  /** From one operation of a client to its next, on average; null: it thinks instead. */
  readonly #everyMicros: Micros | null
  /** From one operation of them all to the next in a run that keeps just enough of the pace; null: there is none. */
  readonly #keptMicros: Micros | null
  /** The numbers of those that do nothing. */
  readonly #omitted: readonly number[]
  readonly #draws: number
  #nextProcess: number
  /** Their time is over: for all of them, since the last few alone would make up for nothing. */
  #isOver = false
  /** Clients that are not done. */
  #busy: number

  /** `draws` is the prefix of what they draw. */
  constructor(application: AnyApplication, scenario: Scenario, draws: number) {
    const { clients, members, placement, untilMicros, paceMicros, omitted } = scenario
    this.#application = application
    this.#requests = scenario.requests ?? application.requests
    this.#untilMicros = untilMicros ?? Number.MAX_SAFE_INTEGER
    this.#thinkMicros = application.thinkMicros ?? (untilMicros === null ? null : PACE_MICROS)
    this.#everyMicros = paceMicros === null ? null : paceMicros * clients
    this.#omitted = omitted.clients
    this.#draws = draws
    this.#nextProcess = clients
    this.all = Array.from({ length: clients }, (_, number) => ({
      number,
      place: placeOf(placement, number, members),
      process: number,
      position: 0,
      current: null,
      done: !this.#mayBegin({ number, position: 0 }),
      judge: application.judge?.(number) ?? null,
    }))
    this.#busy = this.all.filter(({ done }) => !done).length
    this.#keptMicros = paceMicros === null ? null : paceMicros / PACE_KEPT
  }

  /** The latest line of the history; there is one as soon as a client has begun something. */
  get lastEntry(): HistoryEntry {
    const entry = this.history.at(-1)
    if (entry === undefined) throw new Error('No client has begun anything yet.')
    return entry
  }

  /** How many sessions they use at a time, at most, as long as no node starts anew. */
  get sessions(): number {
    const nodes = new Set(this.all.map(({ place }) => place)).size
    return this.#application.sharedSessions === true ? nodes : this.all.length
  }

  get done(): boolean {
    return this.#busy === 0
  }

  /** Whether they would have asked too little if the run ended at this time. */
  owe(endMicros: Micros): boolean {
    return this.#keptMicros !== null && this.sent * this.#keptMicros < endMicros
  }

  /** Their time goes on, and all who may begin more are at work again. Says whether anybody is. */
  goOn(): boolean {
    this.#isOver = false
    for (const client of this.all) if (client.done && this.#mayBegin(client)) this.#resume(client)
    return !this.done
  }

  #mayBegin({ number, position }: Pick<Client, 'number' | 'position'>): boolean {
    return position < this.#requests && this.#untilMicros > 0 && !this.#omitted.includes(number)
  }

  #resume(client: Client): void {
    client.done = false
    this.#busy += 1
  }

  /** When a client begins its next operation. One that has a pace and has fallen behind does so at once. */
  nextMicros(client: Client, nowMicros: Micros): Micros {
    if (this.#everyMicros === null) return nowMicros + this.#thoughtMicros(client)
    const { number, position } = client
    const later = within(hash(this.#draws, number, position, THINKING), 0, this.#everyMicros)
    // At the latest it sees that its time is over: operations whose node crashed are soon over, and count as well.
    return Math.max(nowMicros, Math.min(position * this.#everyMicros + later, this.#untilMicros))
  }

  #thoughtMicros({ number, position }: Client): Micros {
    const thinkMicros = this.#thinkMicros
    if (thinkMicros === null) return 0
    return within(hash(this.#draws, number, position, THINKING), thinkMicros[0], thinkMicros[1])
  }

  /** The client begins its next operation, unless its time is over. */
  invoke(client: Client, nowMicros: Micros): Operation | null {
    this.#isOver ||= nowMicros >= this.#untilMicros && !this.owe(nowMicros + SETTLING_MICROS)
    if (this.#isOver) {
      this.#finish(client)
      return null
    }
    const { number, position } = client
    let calls = 0
    const operation = this.#application.operation(number, position, (low, high) =>
      within(hash(this.#draws, number, position, calls++), low, high),
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

  /** The clients at a node go to another. */
  move(from: NodeId, to: NodeId): void {
    for (const client of this.all) if (client.place === from) client.place = to
  }

  #complete(client: Client, operation: Operation, completion: Completion, nowMicros: Micros): string | null {
    this.#record(client, completion.type, operation, completion, nowMicros)
    client.current = null
    client.position += 1
    if (client.position >= this.#requests) this.#finish(client)
    if (completion.type === 'info') client.process = this.#nextProcess++
    return client.judge?.(operation, completion) ?? null
  }

  #finish(client: Client): void {
    client.done = true
    this.#busy -= 1
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
