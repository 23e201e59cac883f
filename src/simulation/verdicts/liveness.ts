/**
 * Liveness: once no fault is active any more, every operation of a client at a live node is over within ten base
 * election timeouts, whether it began before that or after.
 */
import type { Micros } from '../../paxos/index.js'
import { Verdict } from './verdict.js'

/** How many base election timeouts an operation may take. */
const TIMEOUTS = 10

/** The beginning of an operation. */
export interface Beginning {
  readonly event: number
  readonly client: number
  readonly timeMicros: Micros
  /** What it does. */
  readonly f: string
}

export class Liveness extends Verdict {
  /** From when on no fault is active; 0: no such time is known, and nothing is judged. */
  quietMicros: Micros
  readonly #mostMicros: Micros

  constructor(quietMicros: Micros, electionTimeoutMicros: Micros) {
    super()
    this.quietMicros = quietMicros
    this.#mostMicros = TIMEOUTS * electionTimeoutMicros
  }

  /** An operation is over, or still is not when the run is. The verdict names the event in which it began. */
  check({ event, client, timeMicros, f }: Beginning, nowMicros: Micros): void {
    if (this.quietMicros === 0) return
    const fromMicros = Math.max(timeMicros, this.quietMicros)
    if (nowMicros - fromMicros <= this.#mostMicros) return
    this.fail(
      event,
      `${f} of client ${client}, begun at ${timeMicros} µs, took until ${nowMicros} µs or longer, although no fault was active after ${this.quietMicros} µs; ${this.#mostMicros} µs are allowed`,
    )
  }
}
