/**
 * Plain data: null, undefined, booleans, numbers, bigints, strings, arrays, plain objects, maps, sets and byte arrays,
 * without circles. A structured clone carries it without loss, so a frozen node can be stored, compared, or posted to a
 * worker.
 */

/** A deep copy of plain data. Throws a TypeError on a function or an instance of a class. */
export function clonePlain<Value>(value: Value): Value {
  return cloneAny(value) as Value // a copy has the type of its original
}

function cloneAny(value: unknown): unknown {
  if (typeof value === 'function' || typeof value === 'symbol') {
    throw new TypeError(`A ${typeof value} is not plain data, so it cannot be frozen.`)
  }
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return value.map(cloneAny)
  if (value instanceof Uint8Array) return new Uint8Array(value)
  if (value instanceof Map) return new Map([...value].map(([key, entry]) => [cloneAny(key), cloneAny(entry)]))
  if (value instanceof Set) return new Set([...value].map(cloneAny))
  if (!isPlainObject(value))
    throw new TypeError(`An instance of ${value.constructor.name} is not plain data, so it cannot be frozen.`)
  return Object.fromEntries(Object.entries(value).map(([key, entry]) => [key, cloneAny(entry)]))
}

/** Whether an object is no instance of any class: its fields are all there is of it. */
export function isPlainObject(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === null || Object.getPrototypeOf(prototype) === null
}
