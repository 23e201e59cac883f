/**
 * A text for each piece of plain data, the same for equal ones and different for different ones: what states and
 * messages are interned by. Maps and objects count in their own order, which is as deterministic as what made them.
 */

/** Every value says where it ends, so no two run into each other. */
export function encodePlain(value: unknown): string {
  switch (typeof value) {
    case 'number':
      return Object.is(value, -0) ? '-0;' : `${value};`
    case 'string':
      return `'${value.length}:${value}`
    case 'boolean':
      return value ? '+' : '-'
    case 'undefined':
      return 'u'
    case 'bigint':
      return `n${value};`
    case 'object':
      return value === null ? '!' : encodeObject(value)
    default:
      throw new TypeError(`A ${typeof value} is not plain data.`)
  }
}

function encodeObject(value: object): string {
  if (Array.isArray(value)) {
    let text = '['
    for (const each of value) text += encodePlain(each)
    return `${text}]`
  }
  if (value instanceof Uint8Array) return `b${value.length}:${String.fromCharCode(...value)}`
  if (value instanceof Map) {
    let text = 'm'
    for (const [key, each] of value) text += encodePlain(key) + encodePlain(each)
    return `${text}]`
  }
  if (value instanceof Set) {
    let text = 's'
    for (const each of value) text += encodePlain(each)
    return `${text}]`
  }
  let text = '{'
  for (const [key, each] of Object.entries(value)) text += `${key}=${encodePlain(each)}`
  return `${text}}`
}
