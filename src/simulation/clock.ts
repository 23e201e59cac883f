/**
 * The clock of one machine: how fast it runs, and how far its wall clock is off. What runs too fast or too slow does so
 * for the whole run; the time that a node is given never goes back, only what its wall clock shows may.
 */
import type { Micros } from '../paxos/index.js'

/** The wall clock of every node at the beginning of a run: 2021-01-01T00:00:00Z. */
export const START_WALL_MICROS = 1_609_459_200_000_000

const MILLION = 1_000_000

export class Clock {
  /** How far the wall clock is off. */
  offMicros: Micros = 0
  readonly driftPerMillion: number
  /** Microseconds of its own that go by in a second of the world. */
  readonly #rate: number

  constructor(driftPerMillion: number) {
    this.driftPerMillion = driftPerMillion
    this.#rate = MILLION + driftPerMillion
  }

  /** What it measures since the run began, at a time of the world. */
  since(nowMicros: Micros): Micros {
    if (this.#rate === MILLION) return nowMicros
    const rest = nowMicros % MILLION
    // In two parts: the product of the whole would not be exact.
    return ((nowMicros - rest) / MILLION) * this.#rate + Math.floor((rest * this.#rate) / MILLION)
  }

  /** The first time of the world at which it measures this much. */
  when(sinceMicros: Micros): Micros {
    if (this.#rate === MILLION) return sinceMicros
    const rest = sinceMicros % this.#rate
    return ((sinceMicros - rest) / this.#rate) * MILLION + Math.ceil((rest * MILLION) / this.#rate)
  }

  /** What its wall clock shows when it measures this much. */
  wall(sinceMicros: Micros): Micros {
    return START_WALL_MICROS + sinceMicros + this.offMicros
  }
}
