/**
 * Liveness: once no fault is active any more, every operation of a client at a live node is over within ten base
 * election timeouts, whether it began before that or after. And the same while a partition lasts and nothing else is
 * wrong, for whoever is linked both ways with a quorum: *Omni-Paxos* (EuroSys 2023), section 2; and while the disk of
 * one member stalls, for whoever has a quorum without that one, which lets another one lead. How often that was judged is
 * counted: of an operation in a partition that is over too soon, nothing can be said.
 */
import type { Micros, NodeId } from '../../paxos/index.js'
import { nameOf } from '../names.js'
import { Verdict } from './verdict.js'

/** How many base election timeouts an operation may take. */
const TIMEOUTS = 10
/** And a hand-over: one until what is in flight is decided, and one until the other has its promises. */
const HAND_OVER_TIMEOUTS = 2

/** The beginning of an operation. */
export interface Beginning {
  readonly client: number
  readonly timeMicros: Micros
  /** What it does. */
  readonly f: string
  /** By way of which node. */
  readonly place: NodeId
}

/** A partition, or a stalled disk, that is all that is wrong. */
export interface Lull {
  readonly fromMicros: Micros
  /** The members that are linked both ways with a quorum of members whose disks work. */
  readonly linked: readonly NodeId[]
  /** The member whose disk stalls: it must let another one lead. */
  readonly stalled?: NodeId
  /** The class of the fault. */
  readonly shape: string
}

export class Liveness extends Verdict {
  /** From when on no fault is active; 0: no such time is known, and nothing is judged. */
  quietMicros: Micros
  readonly #mostMicros: Micros
  readonly #handOverMicros: Micros
  /** Who was asked to have another lead, and until when it may lead. */
  #asked: { readonly leader: NodeId; readonly untilMicros: Micros } | null = null
  /** How many operations were judged under partitions of each class: those that had as long as they may take. */
  readonly judged: Record<string, number> = {}
  #lull: Lull | null = null
  /** When each operation that is over began, or the present partition, if that was later. */
  #begun: Micros[] = []

  constructor(quietMicros: Micros, electionTimeoutMicros: Micros) {
    super()
    this.quietMicros = quietMicros
    this.#mostMicros = TIMEOUTS * electionTimeoutMicros
    this.#handOverMicros = HAND_OVER_TIMEOUTS * electionTimeoutMicros
  }

  /** Looks, every so often, which operations take too long: whoever waits for ever need not be waited for. */
  watch(pending: Iterable<Beginning>, event: number, nowMicros: Micros): void {
    const isSoon = this.quietMicros === 0 || nowMicros - this.quietMicros <= this.#mostMicros
    if ((isSoon && this.#lull === null) || !this.result.ok) return
    for (const beginning of pending) this.#judge(beginning, event, nowMicros)
  }

  /** A member that leads is asked, while all is well, to have another one lead. */
  handsOver(leader: NodeId, nowMicros: Micros): void {
    this.#asked = { leader, untilMicros: nowMicros + this.#handOverMicros }
  }

  /** Other members vote from now on: whoever should lead may be none of them, and a change was under way. */
  changes(): void {
    this.#asked = null
  }

  /**
   * Looks, every so often, who leads: nobody for long whose disk stalls, where the others are a quorum; nor who was asked to
   * hand over.
   */
  leads(leader: NodeId | null, event: number, nowMicros: Micros): void {
    if (leader !== null && leader !== this.#asked?.leader) this.#asked = null
    if (this.#asked !== null && leader !== null && nowMicros > this.#asked.untilMicros)
      this.fail(
        event,
        `${nameOf(leader)} still leads at ${nowMicros} µs, although it was asked to hand over ${this.#handOverMicros} µs ago, or longer, and nothing was wrong`,
      )
    this.#leadsStalled(leader, event, nowMicros)
  }

  #leadsStalled(leader: NodeId | null, event: number, nowMicros: Micros): void {
    const lull = this.#lull
    if (lull === null || leader === null || leader !== lull.stalled || lull.linked.length === 0) return
    if (nowMicros - lull.fromMicros <= this.#mostMicros) return
    this.fail(
      event,
      `${nameOf(leader)} still leads at ${nowMicros} µs, although its disk has stalled since ${lull.fromMicros} µs, and nothing else was wrong; ${this.#mostMicros} µs are allowed`,
    )
  }

  /** An operation is over, or still is not when the run is. */
  check(beginning: Beginning, event: number, nowMicros: Micros): void {
    this.#judge(beginning, event, nowMicros)
    this.#noteLull(beginning)
  }

  /**
   * What is wrong changes: from now on a partition and nothing else, or null. These operations are not over. Something
   * else may have been wrong until now, however long the partition has lasted.
   */
  holds(lull: Lull | null, pending: Iterable<Beginning>, event: number, nowMicros: Micros): void {
    for (const beginning of pending) {
      this.#judgeInLull(beginning, event, nowMicros)
      this.#noteLull(beginning)
    }
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

  #judge(beginning: Beginning, event: number, nowMicros: Micros): void {
    this.#judgeInLull(beginning, event, nowMicros)
    const { quietMicros } = this
    if (quietMicros === 0 || !this.#isLate(beginning, quietMicros, nowMicros)) return
    this.#blame(beginning, event, nowMicros, `no fault was active after ${quietMicros} µs`)
  }

  #judgeInLull(beginning: Beginning, event: number, nowMicros: Micros): void {
    const lull = this.#lullOf(beginning)
    if (lull === null || !this.#isLate(beginning, lull.fromMicros, nowMicros)) return
    const why = 'its member was linked both ways with a working quorum, and nothing else was wrong'
    this.#blame(beginning, event, nowMicros, why)
  }

  /** In the present partition it is over, or the partition changes. */
  #noteLull(beginning: Beginning): void {
    const lull = this.#lullOf(beginning)
    if (lull !== null) this.#begun.push(Math.max(beginning.timeMicros, lull.fromMicros))
  }

  /** The present partition, if the member of an operation is linked in it. */
  #lullOf({ place }: Beginning): Lull | null {
    return this.#lull?.linked.includes(place) ? this.#lull : null
  }

  #isLate({ timeMicros }: Beginning, sinceMicros: Micros, nowMicros: Micros): boolean {
    return nowMicros - Math.max(timeMicros, sinceMicros) > this.#mostMicros
  }

  #blame({ client, timeMicros, f }: Beginning, event: number, nowMicros: Micros, why: string): void {
    this.fail(
      event,
      `${f} of client ${client}, begun at ${timeMicros} µs, took until ${nowMicros} µs or longer, although ${why}; ${this.#mostMicros} µs are allowed`,
    )
  }
}
