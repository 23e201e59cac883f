/** A campaign: which seeds are to be run, which are being run, and which are left. No seed is skipped, none counts twice. */
import { addTallies, NOTHING, type Tally } from './tally.js'

/** Seeds from `first` to `last`, both included. */
export interface Range {
  readonly first: number
  readonly last: number
}

export class Campaign {
  /** How many seeds there are in all. */
  readonly seeds: number
  #tally: Tally = NOTHING
  /** Not handed out, ascending. */
  #waiting: readonly Range[]
  readonly #handedOut: Set<Range> = new Set()

  /** The ranges ascend, and share no seed. */
  constructor(ranges: readonly Range[]) {
    this.#waiting = ranges
    this.seeds = countSeeds(ranges)
  }

  /** What came of the seeds that are done. */
  get tally(): Tally {
    return this.#tally
  }

  /** The seeds that are not done, ascending. */
  get left(): readonly Range[] {
    return joined([...this.#waiting, ...this.#handedOut])
  }

  /** How many seeds have not been handed out. */
  get waiting(): number {
    return countSeeds(this.#waiting)
  }

  /** Hands out the next seeds, at most so many; null when there are none. */
  take(most: number): Range | null {
    const [next, ...others] = this.#waiting
    if (next === undefined) return null
    const last = Math.min(next.last, next.first + most - 1)
    const taken = { first: next.first, last }
    this.#waiting = last < next.last ? [{ first: last + 1, last: next.last }, ...others] : others
    this.#handedOut.add(taken)
    return taken
  }

  /** The first seeds of a range are done, as many as the tally has; the others go back. */
  done(range: Range, tally: Tally): void {
    if (!this.#handedOut.delete(range)) throw new RangeError('Those seeds were not handed out.')
    this.#waiting = joined([...this.#waiting, ...within(range.first + tally.seeds, range.last)])
    this.#tally = addTallies(this.#tally, tally)
  }
}

function within(first: number, last: number): readonly Range[] {
  return first > last ? [] : [{ first, last }]
}

/** The same seeds in as few ranges as there can be, ascending. */
export function joined(ranges: readonly Range[]): readonly Range[] {
  const result: Range[] = []
  for (const range of [...ranges].sort((a, b) => a.first - b.first)) {
    const before = result.at(-1)
    if (before === undefined || before.last + 1 < range.first) result.push(range)
    else result[result.length - 1] = { first: before.first, last: Math.max(before.last, range.last) }
  }
  return result
}

export function countSeeds(ranges: readonly Range[]): number {
  return ranges.reduce((sum, { first, last }) => sum + last - first + 1, 0)
}

/**
 * The seeds of one machine of several, counted from 1: they are cut, in their order, into as many parts as there are
 * machines, whose sizes differ by one at most.
 */
export function shardOf(ranges: readonly Range[], shard: number, shards: number): readonly Range[] {
  const seeds = countSeeds(ranges)
  const from = Math.floor((seeds * (shard - 1)) / shards)
  const to = Math.floor((seeds * shard) / shards)
  let before = 0
  return ranges.flatMap(({ first, last }) => {
    const start = first - before
    before += last - first + 1
    return within(Math.max(first, start + from), Math.min(last, start + to - 1))
  })
}
