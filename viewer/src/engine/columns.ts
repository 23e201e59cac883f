/** Columns of numbers that grow, and change lists: what was so from which event on. */

/** The last of these ascending numbers that is not above `most`: its place; -1 if there is none. */
export function placeUpTo(ascending: ArrayLike<number>, most: number): number {
  let low = 0
  let high = ascending.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((ascending[middle] ?? 0) <= most) low = middle + 1
    else high = middle
  }
  return low - 1
}

/** What something was, from one event to the next change of it. */
export class Changes<Value> {
  readonly #events: number[] = []
  readonly #values: Value[] = []

  /** From this event on, which is none before the last. */
  set(event: number, value: Value): void {
    if (this.#events.at(-1) === event) this.#values[this.#values.length - 1] = value
    else {
      this.#events.push(event)
      this.#values.push(value)
    }
  }

  get last(): Value | undefined {
    return this.#values.at(-1)
  }

  at(event: number): Value | undefined {
    return this.#values[placeUpTo(this.#events, event)]
  }

  /** The event of the last change. */
  get lastEvent(): number {
    return this.#events.at(-1) ?? 0
  }
}
