/**
 * When a map in which entries come and go all the time is copied into a new one.
 *
 * Engines give such a map a new table as often as the old one is full of what was deleted, and the old one refers to the
 * new one. Once a table is old enough that only a collection of all garbage looks at it, it keeps alive all that come after
 * it, with all that was in them: so much that to collect young objects takes several times as long. The table of a copy
 * is referred to by none.
 */

/** Of fewer entries no copy is made so soon that it would cost more than the deletions. */
const FEWEST = 256

export class Renewal {
  #deleted = 0

  /** Told of each deletion. Gives whether it is time for a copy of the map, which has so many entries now. */
  isDue(size: number): boolean {
    this.#deleted += 1
    if (this.#deleted < FEWEST || this.#deleted < size) return false
    this.#deleted = 0
    return true
  }
}
