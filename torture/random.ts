/** Draws from a seed. The same seed gives the same faults in the same order; when they strike, the machine decides. */
export class Random {
  #state: number

  /** `lane` tells apart what draws from the same seed. */
  constructor(seed: number, lane: number) {
    this.#state = mix(mix(seed >>> 0) ^ mix(lane + 0x9e37))
  }

  /** A whole number from 0 to `count` − 1. */
  below(count: number): number {
    this.#state = (this.#state + 0x9e3779b9) >>> 0
    return mix(this.#state) % count
  }

  /** A whole number from `low` to `high`. */
  between(low: number, high: number): number {
    return low + this.below(high - low + 1)
  }

  /** True in so many of a hundred cases. */
  percent(of: number): boolean {
    return this.below(100) < of
  }

  /** One of these; there must be one. */
  pick<Value>(values: readonly Value[]): Value {
    if (values.length === 0) throw new RangeError('There is nothing to pick from.')
    return values[this.below(values.length)] as Value // the index is within
  }

  /** So many of these, in a random order. */
  sample<Value>(values: readonly Value[], count: number): Value[] {
    const left = [...values]
    const taken: Value[] = []
    while (taken.length < count && left.length > 0) taken.push(...left.splice(this.below(left.length), 1))
    return taken
  }
}

/** Every bit of the input changes about half of those of the output. */
function mix(value: number): number {
  let mixed = Math.imul(value ^ (value >>> 16), 0x85ebca6b)
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35)
  return (mixed ^ (mixed >>> 16)) >>> 0
}
