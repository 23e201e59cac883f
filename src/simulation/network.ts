/**
 * The simulated network: what becomes of each message. What is left to chance follows from one hash of the seed, the
 * link, and how many messages went over that link before; links that are cut or clogged are so for a while.
 */
import type { Micros, NodeId } from '../paxos/index.js'
import { DRAW, happens, hash, mix, prefix, within } from './random.js'
import type { Scenario } from './scenario.js'

/** The random bits of one message: they decide everything that chance makes of it. */
export type Fate = number

/** From whom to whom: one way. */
export type Direction = readonly [from: NodeId, to: NodeId]

/** What goes from one node to another. */
export interface Link {
  /** Tells it from all other links. */
  readonly key: number
  /** How many messages went over it. */
  count: number
  /** How many faults cut it. */
  cuts: number
  /** When the last clog opens. */
  openMicros: Micros
}

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
  readonly #members: number
  readonly #delayMicros: Micros
  readonly #jitterMicros: Micros
  readonly #prefix: number
  /** The links between members, and all others, which are known once they are used. */
  readonly #links: readonly Link[]
  readonly #others: Map<number, Link> = new Map()
  #lossPerMillion: number
  #duplicationPerMillion: number
  #reorderingPerMillion: number
  #longTailPerMillion: number

  constructor(seed: number, { members, delayMicros, jitterMicros, faults }: Scenario) {
    this.#members = members
    this.#delayMicros = delayMicros
    this.#jitterMicros = jitterMicros
    this.#prefix = prefix(seed, DRAW.message)
    this.#links = Array.from({ length: members * members }, (_, key) => newLink(key))
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

  link(from: NodeId, to: NodeId): Link {
    if (from < this.#members && to < this.#members) {
      const link = this.#links[from * this.#members + to]
      if (link !== undefined) return link
    }
    const key = FIRST_OTHER_KEY + from * FIRST_OTHER_KEY + to
    const known = this.#others.get(key)
    if (known !== undefined) return known
    const link = newLink(key)
    this.#others.set(key, link)
    return link
  }

  /** Draws the fate of the next message on a link. */
  next(link: Link): Fate {
    return hash(this.#prefix, link.key, link.count++, 0)
  }

  isLost(link: Link, fate: Fate): boolean {
    if (link.cuts > 0) return true
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
  arrivalMicros(link: Link, fate: Fate, nowMicros: Micros): Micros {
    return Math.max(nowMicros, link.openMicros) + this.#delay(mix(fate + 1))
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
    if (this.#duplicationPerMillion === 0 || !happens(mix(fate + 2), this.#duplicationPerMillion))
      return false
    this.befallen.duplication += 1
    return true
  }

  /** When the second copy arrives, if there is one. */
  secondArrivalMicros(link: Link, fate: Fate, nowMicros: Micros): Micros {
    return Math.max(nowMicros, link.openMicros) + this.#delay(mix(fate + 3))
  }

  #delay(bits: number): Micros {
    return within(bits, this.#delayMicros - this.#jitterMicros, this.#delayMicros + this.#jitterMicros)
  }

  // ---- links ---------------------------------------------------------------------------------------------------

  /** Cuts links. What is cut by several faults works again when all of them are over. */
  cut(directions: readonly Direction[]): void {
    for (const [from, to] of directions) this.link(from, to).cuts += 1
  }

  heal(directions: readonly Direction[]): void {
    for (const [from, to] of directions) this.link(from, to).cuts -= 1
  }

  /** All links work. */
  open(): void {
    for (const link of [...this.#links, ...this.#others.values()]) {
      link.cuts = 0
      link.openMicros = 0
    }
  }

  /** What is sent over these links sets out only then. */
  clog(directions: readonly Direction[], openMicros: Micros): void {
    for (const [from, to] of directions) {
      const link = this.link(from, to)
      link.openMicros = Math.max(link.openMicros, openMicros)
    }
  }
}

/** Above the key of every link between members. */
const FIRST_OTHER_KEY = 0x8000

function newLink(key: number): Link {
  return { key, count: 0, cuts: 0, openMicros: 0 }
}
