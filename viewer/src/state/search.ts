/** Places in sorted columns. */

/** How many of the first entries are below the value: the place of the first that is not. */
export function lowerBound(column: ArrayLike<number>, value: number): number {
  let low = 0
  let high = column.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((column[middle] ?? 0) < value) low = middle + 1
    else high = middle
  }
  return low
}

/** The place after the last entry that is not above the value. */
export function upperBound(column: ArrayLike<number>, value: number): number {
  let low = 0
  let high = column.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((column[middle] ?? 0) <= value) low = middle + 1
    else high = middle
  }
  return low
}
