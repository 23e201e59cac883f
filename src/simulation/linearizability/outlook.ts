/**
 * Looks ahead: an order in which some operation can no longer find what it needs need not be gone on with. It is what
 * makes long histories of one key possible, in which most wrong turns would show only much later.
 *
 * It never rejects an order that can be completed. A state that a completed operation needs, and that is left, has to
 * come back; only an operation without a place can bring it. (Appending brings nothing back: texts get longer, until
 * something is put.)
 */
import { at, type Problem, positionOf } from './models.js'

export class Outlook {
  readonly #problem: Problem
  /** For each value that some completed operation needs its rank; for others -1. */
  readonly #ranks: Int32Array
  /** By rank: how many completed operations without a place need it, and how many operations may bring it. */
  readonly #needed: Int32Array
  readonly #bringing: Int32Array
  /** For each operation, the ranks of what it may bring: from the first up to but without the second. */
  readonly #from: Int32Array
  readonly #to: Int32Array
  #needs = 0
  #sets = 0

  constructor(problem: Problem) {
    const { operations, steps } = problem
    const needs = operations.map((_, operation) => steps.neededBy(operation)).filter((value) => value >= 0)
    const values = [...new Set(needs)]
    const sorted = steps.appends
      ? values.sort((one, other) => compared(steps.textOf(one), steps.textOf(other)))
      : values
    this.#problem = problem
    this.#ranks = new Int32Array(steps.values).fill(-1)
    for (const [rank, value] of sorted.entries()) this.#ranks[value] = rank
    this.#needed = new Int32Array(sorted.length)
    this.#bringing = new Int32Array(sorted.length)
    this.#from = new Int32Array(operations.length)
    this.#to = new Int32Array(operations.length)
    const texts = steps.appends ? sorted.map((value) => steps.textOf(value)) : []
    for (const operation of operations.keys()) {
      this.#setRanks(operation, texts)
      this.#count(operation, 1)
    }
  }

  place(operation: number): void {
    this.#count(operation, -1)
  }

  takeBack(operation: number): void {
    this.#count(operation, 1)
  }

  /** Whether some completed operation needs what the key does not hold at first and nothing brings. */
  get isHopeless(): boolean {
    const { steps } = this.#problem
    if (steps.appends) return false
    return this.#ranks.some(
      (rank, value) =>
        value !== 0 && rank >= 0 && at(this.#needed, rank) > 0 && at(this.#bringing, rank) === 0,
    )
  }

  /** Whether no legal order begins with the present one and then an operation that leads from a state to another. */
  isDoomed(operation: number, before: number, after: number): boolean {
    if (before === after) return false
    const { steps, completed } = this.#problem
    if (after === steps.useless && this.#needs > 0 && this.#sets === (steps.isSet(operation) ? 1 : 0))
      return true
    const rank = before < this.#ranks.length ? at(this.#ranks, before) : -1
    if (rank < 0 || at(this.#bringing, rank) > 0) return false
    const own = operation < completed && steps.neededBy(operation) === before ? 1 : 0
    return at(this.#needed, rank) > own
  }

  #setRanks(operation: number, texts: readonly string[]): void {
    const { steps } = this.#problem
    const brought = steps.broughtBy(operation)
    if (brought < 0) return
    if (steps.appends) {
      // Whatever begins with the text that is put: these stand side by side.
      const text = steps.textOf(brought)
      const from = positionOf(texts, text)
      let to = from
      while (texts[to]?.startsWith(text) === true) to += 1
      this.#from[operation] = from
      this.#to[operation] = to
    } else if (at(this.#ranks, brought) >= 0) {
      this.#from[operation] = at(this.#ranks, brought)
      this.#to[operation] = at(this.#ranks, brought) + 1
    }
  }

  #count(operation: number, change: number): void {
    const { steps, completed } = this.#problem
    const value = steps.neededBy(operation)
    if (value >= 0 && operation < completed) {
      const rank = at(this.#ranks, value)
      this.#needed[rank] = at(this.#needed, rank) + change
      this.#needs += change
    }
    if (steps.isSet(operation)) this.#sets += change
    for (let rank = at(this.#from, operation); rank < at(this.#to, operation); rank++) {
      this.#bringing[rank] = at(this.#bringing, rank) + change
    }
  }
}

function compared(one: string, other: string): number {
  if (one === other) return 0
  return one < other ? -1 : 1
}
