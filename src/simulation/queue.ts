/**
 * The event queue: a binary heap ordered by (time, sequence). Events of the same time come out in the order in which
 * they went in.
 */
export class EventQueue<Item> {
  readonly #times: number[] = []
  readonly #sequences: number[] = []
  readonly #items: Item[] = []
  #next = 0

  get size(): number {
    return this.#items.length
  }

  /** The time of the first event; Infinity when there is none. */
  get nextMicros(): number {
    return this.#times[0] ?? Number.POSITIVE_INFINITY
  }

  push(time: number, item: Item): void {
    const times = this.#times
    const sequences = this.#sequences
    const items = this.#items
    const sequence = this.#next++
    let at = items.length
    times.push(time)
    sequences.push(sequence)
    items.push(item)
    while (at > 0) {
      const parent = (at - 1) >> 1
      const parentTime = times[parent] ?? 0
      if (parentTime <= time) break // on a tie the parent was there first
      times[at] = parentTime
      sequences[at] = sequences[parent] ?? 0
      items[at] = items[parent] as Item // parent < length
      at = parent
    }
    times[at] = time
    sequences[at] = sequence
    items[at] = item
  }

  /** Takes out the first event. */
  pop(): Item | undefined {
    const first = this.#items[0]
    const time = this.#times.pop()
    const sequence = this.#sequences.pop()
    const item = this.#items.pop()
    if (time === undefined || sequence === undefined || item === undefined) return undefined
    if (this.#items.length > 0) this.#sink(time, sequence, item)
    return first
  }

  /** Puts an event in at the root and moves it down to its place. */
  #sink(time: number, sequence: number, item: Item): void {
    const times = this.#times
    const sequences = this.#sequences
    const items = this.#items
    const length = items.length
    let at = 0
    for (let child = 1; child < length; child = 2 * at + 1) {
      const right = child + 1
      if (right < length && this.#before(right, child)) child = right
      const childTime = times[child] ?? 0
      const childSequence = sequences[child] ?? 0
      if (childTime > time || (childTime === time && childSequence > sequence)) break
      times[at] = childTime
      sequences[at] = childSequence
      items[at] = items[child] as Item // child < length
      at = child
    }
    times[at] = time
    sequences[at] = sequence
    items[at] = item
  }

  #before(a: number, b: number): boolean {
    const timeA = this.#times[a] ?? 0
    const timeB = this.#times[b] ?? 0
    if (timeA !== timeB) return timeA < timeB
    return (this.#sequences[a] ?? 0) < (this.#sequences[b] ?? 0)
  }
}
