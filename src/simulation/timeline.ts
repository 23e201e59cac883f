/** The time of a world: what is still to come, in its order, and what happens, which is numbered and told. */
import type { Micros } from '../paxos/index.js'
import type { Observer, WorldEvent } from './events.js'
import type { Pending } from './occurrences.js'
import { EventQueue } from './queue.js'

export class Timeline {
  nowMicros: Micros = 0
  /** How many events have happened. */
  events = 0
  readonly #queue: EventQueue<Pending> = new EventQueue()
  readonly #observer: Observer | undefined

  constructor(observer: Observer | undefined) {
    this.#observer = observer
  }

  // ---- what is to come -----------------------------------------------------------------------------------------

  /** Goes on to the next thing, or to this time if nothing happens until then. */
  next(untilMicros: Micros): Pending | undefined {
    const { nextMicros } = this.#queue
    this.nowMicros = Math.min(nextMicros, untilMicros)
    return nextMicros > untilMicros ? undefined : this.#queue.pop()
  }

  push(timeMicros: Micros, pending: Pending): void {
    this.#queue.push(timeMicros, pending)
  }

  at(timeMicros: Micros, happen: () => void): void {
    this.#queue.push(timeMicros, { type: 'other', happen })
  }

  // ---- what happens --------------------------------------------------------------------------------------------

  /** Counts an event. Says whether anybody wants to hear of it: if not, it need not even be made. */
  happens(): boolean {
    this.events += 1
    return this.#observer !== undefined
  }

  tell(event: WorldEvent): void {
    this.#observer?.(event, this.events, this.nowMicros)
  }

  /** Both at once, for what is rare. */
  announce(event: WorldEvent): void {
    if (this.happens()) this.tell(event)
  }
}
