/**
 * The tables of an exploration. Everything in it is interned: it gets a number, equal things the same, so that a state
 * of the whole cluster is a handful of numbers, and what was worked out once is found again by two of them.
 */

/** Gives each different thing a number, from 0 on, in the order of arrival. */
export class Interner<Thing> {
  readonly #numbers: Map<string, number> = new Map()
  readonly #things: Thing[] = []

  /** The number of the thing with this key. `make` makes it if it is new. */
  intern(key: string, make: () => Thing): number {
    const known = this.#numbers.get(key)
    if (known !== undefined) return known
    const number = this.#things.length
    this.#numbers.set(key, number)
    this.#things.push(make())
    return number
  }

  get(number: number): Thing {
    const thing = this.#things[number]
    if (thing === undefined) throw new RangeError(`Nothing has the number ${number}.`)
    return thing
  }

  get size(): number {
    return this.#things.length
  }
}

/** Lists of numbers, interned. The empty list is number 0. */
export class Lists {
  readonly #lists: Interner<readonly number[]> = new Interner()

  constructor() {
    this.of([])
  }

  of(numbers: readonly number[]): number {
    return this.#lists.intern(numbers.join(' '), () => numbers)
  }

  get(number: number): readonly number[] {
    return this.#lists.get(number)
  }
}

/** Nothing was noted for this pair. */
export const UNKNOWN = -1

/** A number for a pair of numbers: open addressing in one array, no objects. */
export class PairTable {
  #cells: Int32Array = new Int32Array(3 * 1_024)
  #mask = 1_023
  #size = 0

  get(first: number, second: number): number {
    const cells = this.#cells
    for (let at = hashPair(first, second) & this.#mask; ; at = (at + 1) & this.#mask) {
      const key = cells[3 * at] ?? 0
      if (key === 0) return UNKNOWN
      if (key === first + 1 && cells[3 * at + 1] === second) return cells[3 * at + 2] ?? UNKNOWN
    }
  }

  /** Notes a pair that is not in the table. */
  add(first: number, second: number, value: number): void {
    if (this.#size * 2 > this.#mask) this.#grow()
    this.#size += 1
    this.#put(first, second, value)
  }

  #put(first: number, second: number, value: number): void {
    let at = hashPair(first, second) & this.#mask
    while (this.#cells[3 * at] !== 0) at = (at + 1) & this.#mask
    this.#cells.set([first + 1, second, value], 3 * at)
  }

  #grow(): void {
    const before = this.#cells
    this.#mask = this.#mask * 2 + 1
    this.#cells = new Int32Array(3 * (this.#mask + 1))
    for (let at = 0; at < before.length; at += 3) {
      const key = before[at] ?? 0
      if (key !== 0) this.#put(key - 1, before[at + 1] ?? 0, before[at + 2] ?? 0)
    }
  }
}

function hashPair(first: number, second: number): number {
  return scramble(Math.imul(first, 0x9e37_79b1) ^ Math.imul(second + 1, 0x85eb_ca6b))
}

function scramble(bits: number): number {
  let mixed = Math.imul(bits ^ (bits >>> 16), 0x7feb_352d)
  mixed = Math.imul(mixed ^ (mixed >>> 15), 0x846c_a68b)
  return mixed ^ (mixed >>> 16)
}

/** The states that were seen, each a row of so many numbers, with the state that it was first reached from. */
export class StateTable {
  readonly #width: number
  #rows: Int32Array
  #parents: Int32Array = new Int32Array(1_024)
  #cells: Int32Array = new Int32Array(4_096)
  #mask = 4_095
  #size = 0

  constructor(width: number) {
    this.#width = width
    this.#rows = new Int32Array(1_024 * width)
  }

  get size(): number {
    return this.#size
  }

  /** Notes a state. Says whether it is new. */
  add(row: Int32Array, parent: number): boolean {
    let at = this.#hash(row, 0) & this.#mask
    for (let number = this.#cells[at] ?? 0; number !== 0; number = this.#cells[at] ?? 0) {
      if (this.#isAt(number - 1, row)) return false
      at = (at + 1) & this.#mask
    }
    this.#cells[at] = this.#append(row, parent) + 1
    if (this.#size * 2 > this.#mask) this.#rehash()
    return true
  }

  /** Copies a state into `row`. */
  read(number: number, row: Int32Array): void {
    const start = number * this.#width
    for (let column = 0; column < this.#width; column++) row[column] = this.#rows[start + column] ?? 0
  }

  parentOf(number: number): number {
    return this.#parents[number] ?? 0
  }

  #isAt(number: number, row: Int32Array): boolean {
    const start = number * this.#width
    for (let column = 0; column < this.#width; column++) {
      if (this.#rows[start + column] !== row[column]) return false
    }
    return true
  }

  #append(row: Int32Array, parent: number): number {
    const number = this.#size
    if (number === this.#parents.length) {
      this.#parents = doubled(this.#parents)
      this.#rows = doubled(this.#rows)
    }
    this.#rows.set(row, number * this.#width)
    this.#parents[number] = parent
    this.#size += 1
    return number
  }

  #hash(rows: Int32Array, start: number): number {
    let bits = 0
    for (let column = 0; column < this.#width; column++) {
      bits = Math.imul(bits ^ (rows[start + column] ?? 0), 0x9e37_79b1)
      bits ^= bits >>> 15
    }
    return scramble(bits)
  }

  #rehash(): void {
    this.#mask = this.#mask * 2 + 1
    this.#cells = new Int32Array(this.#mask + 1)
    for (let number = 0; number < this.#size; number++) {
      let at = this.#hash(this.#rows, number * this.#width) & this.#mask
      while (this.#cells[at] !== 0) at = (at + 1) & this.#mask
      this.#cells[at] = number + 1
    }
  }
}

function doubled(array: Int32Array): Int32Array {
  const larger = new Int32Array(array.length * 2)
  larger.set(array)
  return larger
}
