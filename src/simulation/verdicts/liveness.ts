/**
 * Liveness: once no fault is active any more, every operation of a client at a live node is over within ten base
 * election timeouts, whether it began before that or after. And the same while a partition lasts and nothing else is
 * wrong, for whoever is linked both ways with a quorum: *Omni-Paxos* (EuroSys 2023), section 2. How often that was
 * judged is counted: of an operation in a partition that is over too soon, nothing can be said.
 */
import type { Micros, NodeId } from '../../paxos/index.js'
import { Verdict } from './verdict.js'

/** How many base election timeouts an operation may take. */
const TIMEOUTS = 10

/** The beginning of an operation. */
export interface Beginning {
  readonly client: number
  readonly timeMicros: Micros
  /** What it does. */
  readonly f: string
  /** By way of which node. */
  readonly place: NodeId
  /** The first event at which it was seen that it takes too long; null as long as it does not. */
  overdueEvent: number | null
}

/** A partition that is all that is wrong. */
export interface Lull {
  readonly fromMicros: Micros
  /** The members that are linked both ways with a quorum. */
  readonly linked: readonly NodeId[]
  /** The class of the partition. */
  readonly shape: string
}

export class Liveness extends Verdict {
  /** From when on no fault is active; 0: no such time is known, and nothing is judged. */
  quietMicros: Micros
  readonly #mostMicros: Micros
  /** How many operations were judged under partitions of each class: those that had as long as they may take. */
  readonly judged: Record<string, number> = {}
  #lull: Lull | null = null
  /** When each operation that is over began, or the present partition, if that was later. */
  #begun: Micros[] = []

  constructor(quietMicros: Micros, electionTimeoutMicros: Micros) {
    super()
    this.quietMicros = quietMicros
    this.#mostMicros = TIMEOUTS * electionTimeoutMicros
  }

  /** Looks, every so often, which operations take too long, so that the verdict names the event at which they did. */
  watch(pending: Iterable<Beginning>, event: number, nowMicros: Micros): void {
    const isSoon = this.quietMicros === 0 || nowMicros - this.quietMicros <= this.#mostMicros
    if (isSoon && this.#lull === null) return
    for (const beginning of pending)
      if (this.#isLate(beginning, nowMicros) || this.#isLateInLull(beginning, nowMicros))
        beginning.overdueEvent ??= event
  }

  /** An operation is over, or still is not when the run is. */
  check(beginning: Beginning, event: number, nowMicros: Micros): void {
    this.#checkLull(beginning, event, nowMicros)
    if (!this.#isLate(beginning, nowMicros)) return
    const { client, timeMicros, f, overdueEvent } = beginning
    this.fail(
      overdueEvent ?? event,
      `${f} of client ${client}, begun at ${timeMicros} µs, took until ${nowMicros} µs or longer, although no fault was active after ${this.quietMicros} µs; ${this.#mostMicros} µs are allowed`,
    )
  }

  /**
   * What is wrong changes: from now on a partition and nothing else, or null. These operations are not over. Something
   * else may have been wrong until now, however long the partition has lasted.
   */
  holds(lull: Lull | null, pending: Iterable<Beginning>, event: number, nowMicros: Micros): void {
    for (const beginning of pending) this.#checkLull(beginning, event, nowMicros)
    this.#count(nowMicros)
    this.#lull = lull && { ...lull, fromMicros: Math.max(lull.fromMicros, nowMicros) }
  }

  /** A partition is over, or was none: counts those that had time enough. */
  #count(nowMicros: Micros): void {
    const judged = this.#begun.filter((fromMicros) => fromMicros + this.#mostMicros <= nowMicros).length
    this.#begun = []
    if (this.#lull === null || judged === 0) return
    const { shape } = this.#lull
    this.judged[shape] = (this.judged[shape] ?? 0) + judged
  }

  #isLate({ timeMicros }: Beginning, nowMicros: Micros): boolean {
    if (this.quietMicros === 0) return false
    return nowMicros - Math.max(timeMicros, this.quietMicros) > this.#mostMicros
  }

  #isLateInLull({ timeMicros, place }: Beginning, nowMicros: Micros): boolean {
    if (this.#lull === null || !this.#lull.linked.includes(place)) return false
    return nowMicros - Math.max(timeMicros, this.#lull.fromMicros) > this.#mostMicros
  }

  #checkLull(beginning: Beginning, event: number, nowMicros: Micros): void {
    const { client, timeMicros, f, place, overdueEvent } = beginning
    if (this.#lull === null || !this.#lull.linked.includes(place)) return
    this.#begun.push(Math.max(timeMicros, this.#lull.fromMicros))
    if (!this.#isLateInLull(beginning, nowMicros)) return
    this.fail(
      overdueEvent ?? event,
      `${f} of client ${client}, begun at ${timeMicros} µs, took until ${nowMicros} µs or longer, although its member was linked both ways with a quorum, and nothing else was wrong; ${this.#mostMicros} µs are allowed`,
    )
  }
}
