/** Which messages are on their way in a span of time: found without looking at all of a long run. */
import type { Flights } from '../engine/contract.js'
import { familyOf } from '../kinds.js'
import { upperBound } from './search.js'

/** So many flights share the latest of their ends. */
const BLOCK = 64

export class FlightIndex {
  readonly flights: Flights
  /** The family of each flight. */
  readonly family: Uint8Array
  readonly #latest: Float64Array

  constructor(flights: Flights) {
    this.flights = flights
    const families = flights.kinds.map(familyOf)
    this.family = flights.kind.map((kind) => families[kind] ?? 0)
    const count = flights.sent.length
    this.#latest = new Float64Array(Math.ceil(count / BLOCK)).fill(-1)
    for (let at = 0; at < count; at++) {
      const block = Math.floor(at / BLOCK)
      this.#latest[block] = Math.max(this.#latest[block] ?? -1, flights.endedMicros[at] ?? 0)
    }
  }

  /** Calls with the place of each flight that was sent before `to` and ended after `from`, in the order of sending. */
  each(from: number, to: number, visit: (at: number) => void): void {
    const { sentMicros, endedMicros } = this.flights
    const end = upperBound(sentMicros, to)
    for (let block = 0; block * BLOCK < end; block++) {
      if ((this.#latest[block] ?? -1) < from) continue
      const last = Math.min(end, (block + 1) * BLOCK)
      for (let at = block * BLOCK; at < last; at++) if ((endedMicros[at] ?? 0) >= from) visit(at)
    }
  }

  /** How many those are, but no more than `most` + 1 are counted. */
  count(from: number, to: number, most: number): number {
    const { sentMicros } = this.flights
    // Those that were sent inside are nearly all, and cost nothing to count.
    const inside = upperBound(sentMicros, to) - upperBound(sentMicros, from)
    return Math.min(inside, most + 1)
  }
}

/** Of each message of two runs, whether the other run has no such message: 1, or 0 where it has. */
export function differences(one: Flights, other: Flights): readonly [Uint8Array, Uint8Array] {
  const names = [one, other].map(namesOf)
  const sets = names.map((each) => new Set(each))
  const missing = (own: number, others: number): Uint8Array =>
    Uint8Array.from(names[own] ?? [], (name) => (sets[others]?.has(name) ? 0 : 1))
  return [missing(0, 1), missing(1, 0)]
}

/** What makes a message the same one: its kind, its way, and its times. */
function namesOf({ sentMicros, endedMicros, from, to, kind, fate, kinds }: Flights): readonly string[] {
  return Array.from(
    sentMicros,
    (sent, at) => `${sent} ${endedMicros[at]} ${from[at]} ${to[at]} ${kinds[kind[at] ?? 0]} ${fate[at]}`,
  )
}
