/**
 * The timers of a node. Roles set theirs again and again, mostly to a later time, so they share one timer of the host:
 * it rings at the earliest deadline, and looks which are due.
 */
import type { Micros, RoleName } from '../../paxos/index.js'
import type { Clock } from './clock.js'

interface Armed {
  readonly role: RoleName
  readonly timer: string
  deadlineMicros: Micros
}

/** The longest wait of a timer of the host, which would ring at once for a longer one. */
const LONGEST_MILLIS = 2 ** 31 - 1

export class Timers {
  readonly #clock: Clock
  readonly #ring: (role: RoleName, timer: string, deadlineMicros: Micros) => void
  readonly #armed: Map<string, Armed> = new Map()
  #next: NodeJS.Timeout | null = null
  #nextMicros = Number.POSITIVE_INFINITY

  constructor(clock: Clock, ring: (role: RoleName, timer: string, deadlineMicros: Micros) => void) {
    this.#clock = clock
    this.#ring = ring
  }

  set(role: RoleName, timer: string, deadlineMicros: Micros): void {
    const name = `${role} ${timer}`
    const armed = this.#armed.get(name)
    if (armed === undefined) this.#armed.set(name, { role, timer, deadlineMicros })
    else armed.deadlineMicros = deadlineMicros
    if (deadlineMicros < this.#nextMicros) this.#wait(deadlineMicros)
  }

  stop(): void {
    this.#armed.clear()
    this.#wait(Number.POSITIVE_INFINITY)
  }

  #wait(untilMicros: Micros): void {
    if (this.#next !== null) clearTimeout(this.#next)
    this.#next = null
    this.#nextMicros = untilMicros
    if (untilMicros === Number.POSITIVE_INFINITY) return
    const millis = Math.max(0, Math.ceil((untilMicros - this.#clock.nowMicros()) / 1_000))
    this.#next = setTimeout(() => this.#look(), Math.min(millis, LONGEST_MILLIS))
  }

  #look(): void {
    this.#next = null
    this.#nextMicros = Number.POSITIVE_INFINITY
    const nowMicros = this.#clock.nowMicros()
    const due = [...this.#armed].filter(([, { deadlineMicros }]) => deadlineMicros <= nowMicros)
    due.sort(([, one], [, other]) => one.deadlineMicros - other.deadlineMicros)
    for (const [name, { role, timer, deadlineMicros }] of due) {
      if (deadlineMicros > nowMicros) continue // one that rang before has set it again
      this.#armed.delete(name)
      this.#ring(role, timer, deadlineMicros)
    }
    let earliest = Number.POSITIVE_INFINITY
    for (const { deadlineMicros } of this.#armed.values()) earliest = Math.min(earliest, deadlineMicros)
    if (earliest < this.#nextMicros) this.#wait(earliest)
  }
}
