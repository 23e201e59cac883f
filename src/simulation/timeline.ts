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

  /** When the next thing happens; Infinity when nothing is to come. */
  get nextMicros(): Micros {
    return this.#queue.nextMicros
  }

  /** Goes on to the next thing. */
  next(): Pending | undefined {
    this.nowMicros = this.#queue.nextMicros
    return this.#queue.pop()
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
