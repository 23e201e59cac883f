/**
 * The simulated network: what becomes of each message. It follows from one hash of the seed, the link, and how many
 * messages went over that link before.
 */
import type { Micros, NodeId } from '../paxos/index.js'
import { DRAW, happens, hash, mix, prefix, within } from './random.js'
import type { Scenario } from './scenario.js'

/** The random bits of one message: they decide everything that becomes of it. */
export type Fate = number

export class Network {
  readonly #scenario: Scenario
  readonly #prefix: number
  readonly #counts: Uint32Array
  readonly #clientCounts: Map<number, number> = new Map()

  constructor(seed: number, scenario: Scenario) {
    this.#scenario = scenario
    this.#prefix = prefix(seed, DRAW.message)
    this.#counts = new Uint32Array(scenario.members * scenario.members)
  }

  /** Draws the fate of the next message on a link. */
  next(from: NodeId, to: NodeId): Fate {
    const { members } = this.#scenario
    if (from >= members || to >= members) return this.#nextOfClient(from, to)
    const link = from * members + to
    const count = this.#counts[link] ?? 0
    this.#counts[link] = count + 1
    return hash(this.#prefix, link, count, 0)
  }

  /** The same for a link from or to a client's own node. */
  #nextOfClient(from: NodeId, to: NodeId): Fate {
    const link = from * 0x8000 + to
    const count = this.#clientCounts.get(link) ?? 0
    this.#clientCounts.set(link, count + 1)
    return hash(this.#prefix, link, count, 1)
  }

  isLost(fate: Fate): boolean {
    return happens(fate, this.#scenario.lossPerMillion)
  }

  delayMicros(fate: Fate): Micros {
    return this.#delay(mix(fate + 1))
  }

  isDoubled(fate: Fate): boolean {
    const { duplicationPerMillion } = this.#scenario
    return duplicationPerMillion > 0 && happens(mix(fate + 2), duplicationPerMillion)
  }

  /** How long the second copy takes, if there is one. */
  secondDelayMicros(fate: Fate): Micros {
    return this.#delay(mix(fate + 3))
  }

  #delay(bits: number): Micros {
    const { delayMicros, jitterMicros } = this.#scenario
    return within(bits, delayMicros - jitterMicros, delayMicros + jitterMicros)
  }
}
