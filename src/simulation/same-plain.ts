/** Whether two pieces of plain data are the same; maps and sets regardless of the order of insertion. */
export function samePlain(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false
  if (Array.isArray(a) || a instanceof Uint8Array) {
    if (a.constructor !== b.constructor) return false
    const other = b as typeof a // the same constructor
    return a.length === other.length && a.every((entry, at) => samePlain(entry, other[at]))
  }
  if (a instanceof Map) {
    if (!(b instanceof Map) || a.size !== b.size) return false
    for (const [key, value] of a) if (!b.has(key) || !samePlain(value, b.get(key))) return false
    return true
  }
  if (a instanceof Set) {
    if (!(b instanceof Set) || a.size !== b.size) return false
    for (const value of a) if (!b.has(value)) return false
    return true
  }
  if (Array.isArray(b) || b instanceof Uint8Array || b instanceof Map || b instanceof Set) return false
  const keys = Object.keys(a)
  if (keys.length !== Object.keys(b).length) return false
  const left = a as Record<string, unknown> // neither array, map nor set: a plain object
  const right = b as Record<string, unknown>
  return keys.every((key) => Object.hasOwn(right, key) && samePlain(left[key], right[key]))
}
