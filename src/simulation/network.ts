/**
 * The simulated network: what becomes of each message. What is left to chance follows from one hash of the seed, the
 * link, and how many messages went over that link before; links that are cut or clogged are so for a while.
 */
import type { Micros, NodeId } from '../paxos/index.js'
import { DRAW, happens, hash, mix, prefix, within } from './random.js'
import type { Scenario } from './scenario.js'

/** The random bits of one message: they decide everything that chance makes of it. */
export type Fate = number

/** A link, one way. */
export type Link = readonly [from: NodeId, to: NodeId]

/** Of the messages that take very long, every second takes the first of these many times the usual, and so on. */
const TAILS: readonly number[] = [4, 8, 15, 30, 60, 100]
/** No message takes longer than that, however slow the network. */
const TAIL_MOST_MICROS = 5_000_000

/** How many messages each class of faults has befallen. */
export interface MessageFaults {
  loss: number
  duplication: number
  reordering: number
  'long-tail': number
}

export class Network {
  readonly befallen: MessageFaults = { loss: 0, duplication: 0, reordering: 0, 'long-tail': 0 }
  readonly #nodes: number
  readonly #delayMicros: Micros
  readonly #jitterMicros: Micros
  readonly #prefix: number
  /** Of each link: how many messages went over it, how many faults cut it, and when the last clog opens. */
  readonly #counts: Uint32Array
  readonly #cuts: Uint16Array
  readonly #clogs: Float64Array
  #lossPerMillion: number
  #duplicationPerMillion: number
  #reorderingPerMillion: number
  #longTailPerMillion: number

  constructor(seed: number, nodes: number, { delayMicros, jitterMicros, faults }: Scenario) {
    this.#nodes = nodes
    this.#delayMicros = delayMicros
    this.#jitterMicros = jitterMicros
    this.#prefix = prefix(seed, DRAW.message)
    this.#counts = new Uint32Array(nodes * nodes)
    this.#cuts = new Uint16Array(nodes * nodes)
    this.#clogs = new Float64Array(nodes * nodes)
    this.#lossPerMillion = faults.loss ?? 0
    this.#duplicationPerMillion = faults.duplication ?? 0
    this.#reorderingPerMillion = faults.reordering ?? 0
    this.#longTailPerMillion = faults['long-tail'] ?? 0
  }

  /** From now on no message is lost, doubled, or held up. */
  calm(): void {
    this.#lossPerMillion = 0
    this.#duplicationPerMillion = 0
    this.#reorderingPerMillion = 0
    this.#longTailPerMillion = 0
  }

  // ---- one message ---------------------------------------------------------------------------------------------

  /** Draws the fate of the next message on a link. */
  next(from: NodeId, to: NodeId): Fate {
    const link = from * this.#nodes + to
    const count = this.#counts[link] ?? 0
    this.#counts[link] = count + 1
    return hash(this.#prefix, link, count, 0)
  }

  isLost(from: NodeId, to: NodeId, fate: Fate): boolean {
    if ((this.#cuts[from * this.#nodes + to] ?? 0) > 0) return true
    if (!happens(fate, this.#lossPerMillion)) return false
    this.befallen.loss += 1
    return true
  }

  /** What holds the message up, if anything does. */
  holdup(fate: Fate): 'reordering' | 'long-tail' | null {
    const held = this.#reorderingPerMillion + this.#longTailPerMillion
    if (held === 0) return null
    const bits = mix(fate + 4) % 1_000_000
    if (bits >= held) return null
    const holdup = bits < this.#reorderingPerMillion ? 'reordering' : 'long-tail'
    this.befallen[holdup] += 1
    return holdup
  }

  /** When the message arrives. */
  arrivalMicros(from: NodeId, to: NodeId, fate: Fate, nowMicros: Micros): Micros {
    return this.#departure(from, to, nowMicros) + this.#delay(mix(fate + 1))
  }

  /** How much later it arrives if it is held up. */
  holdupMicros(holdup: 'reordering' | 'long-tail', fate: Fate): Micros {
    const longest = this.#delayMicros + this.#jitterMicros
    const bits = mix(fate + 5)
    if (holdup === 'reordering') return within(bits, 0, 3 * longest)
    const tail = TAILS[Math.min(Math.clz32(bits), TAILS.length - 1)] ?? 1
    return Math.min(TAIL_MOST_MICROS, tail * longest)
  }

  isDoubled(fate: Fate): boolean {
    if (this.#duplicationPerMillion === 0 || !happens(mix(fate + 2), this.#duplicationPerMillion)) return false
    this.befallen.duplication += 1
    return true
  }

  /** When the second copy arrives, if there is one. */
  secondArrivalMicros(from: NodeId, to: NodeId, fate: Fate, nowMicros: Micros): Micros {
    return this.#departure(from, to, nowMicros) + this.#delay(mix(fate + 3))
  }

  #departure(from: NodeId, to: NodeId, nowMicros: Micros): Micros {
    return Math.max(nowMicros, this.#clogs[from * this.#nodes + to] ?? 0)
  }

  #delay(bits: number): Micros {
    return within(bits, this.#delayMicros - this.#jitterMicros, this.#delayMicros + this.#jitterMicros)
  }

  // ---- links ---------------------------------------------------------------------------------------------------

  /** Cuts links. What is cut by several faults works again when all of them are over. */
  cut(links: readonly Link[]): void {
    for (const link of links) this.#change(link, 1)
  }

  heal(links: readonly Link[]): void {
    for (const link of links) this.#change(link, -1)
  }

  #change([from, to]: Link, by: number): void {
    const link = from * this.#nodes + to
    this.#cuts[link] = (this.#cuts[link] ?? 0) + by
  }

  /** What is sent over these links sets out only then. */
  clog(links: readonly Link[], untilMicros: Micros): void {
    for (const [from, to] of links) {
      const link = from * this.#nodes + to
      this.#clogs[link] = Math.max(this.#clogs[link] ?? 0, untilMicros)
    }
  }
}
