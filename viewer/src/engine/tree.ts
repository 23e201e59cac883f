/** What a node knows, as a tree for people to unfold. */
import { formatBallot, isBallot } from 'synod/paxos'
import { jsonOf } from 'synod/simulation'
import type { Field } from './contract.js'
import type { Teller } from './teller.js'

/** Of longer collections only so many of the last are listed. */
const MOST_ENTRIES = 32
const MOST_DEPTH = 8
const LONGEST_TEXT = 120

export function fieldsOf(object: object, teller: Teller, depth = 0): readonly Field[] {
  return Object.entries(object).map(([name, value]) => fieldOf(name, value, teller, depth))
}

function fieldOf(name: string, value: unknown, teller: Teller, depth: number): Field {
  if (typeof value !== 'object' || value === null) return { name, value: plain(value), fields: [] }
  if (value instanceof Uint8Array) return { name, value: bytes(name, value, teller), fields: [] }
  if (isBallotLike(value)) return { name, value: formatBallot(value), fields: [] }
  if (depth >= MOST_DEPTH) return { name, value: '…', fields: [] }
  if (Array.isArray(value)) {
    const singular = name.replace(/s$/, '')
    const entries = value.map((element, index) => [index, element] as const)
    return collection(name, entries, teller, depth, (index) => index, singular)
  }
  if (value instanceof Map) return collection(name, [...value], teller, depth, plainKey)
  if (value instanceof Set) {
    const elements = [...value].map((element, index) => [index, element] as const)
    return collection(name, elements, teller, depth, (index) => index)
  }
  const fields = fieldsOf(value, teller, depth + 1)
  return { name, value: shortened(fields.map((field) => `${field.name}=${field.value}`).join(' ')), fields }
}

function collection(
  name: string,
  entries: readonly (readonly [unknown, unknown])[],
  teller: Teller,
  depth: number,
  keyOf: (key: unknown) => unknown,
  elementName: string | null = null,
): Field {
  const listed = entries.slice(-MOST_ENTRIES)
  const fields = listed.map(([key, element]) => {
    // An element is told as what its collection is called, and listed under its key.
    const field = fieldOf(
      elementName ?? (element instanceof Uint8Array ? 'decree' : ''),
      element,
      teller,
      depth + 1,
    )
    return { ...field, name: String(keyOf(key)) }
  })
  const omitted = entries.length - listed.length
  if (omitted > 0) fields.unshift({ name: '…', value: `${omitted} before these`, fields: [] })
  const isShort = listed.every(
    ({ length }, place) => length === 2 && (fields[place]?.fields.length ?? 0) === 0,
  )
  const texts = fields.map((field) => (elementName === null ? `${field.name}: ${field.value}` : field.value))
  const inner = shortened(texts.join(', '))
  if (entries.length === 0) return { name, value: 'empty', fields: [] }
  return { name, value: isShort && inner.length < LONGEST_TEXT ? inner : count(entries.length), fields }
}

function count(entries: number): string {
  return entries === 1 ? '1 entry' : `${entries} entries`
}

function plainKey(key: unknown): string {
  return typeof key === 'object' ? jsonOf(key) : String(key)
}

function plain(value: unknown): string {
  if (value === null || value === undefined) return 'none'
  return typeof value === 'string' ? shortened(value === '' ? '-' : value) : String(value)
}

function bytes(name: string, value: Uint8Array, teller: Teller): string {
  if (name !== 'decree') return value.length === 1 ? '1 byte' : `${value.length} bytes`
  try {
    return shortened(teller.decree(value))
  } catch {
    return `${value.length} bytes`
  }
}

function isBallotLike(value: object): value is Parameters<typeof formatBallot>[0] {
  return 'round' in value && 'member' in value && 'incarnation' in value && isBallot(value as never) // it has these fields
}

function shortened(text: string): string {
  return text.length <= LONGEST_TEXT ? text : `${text.slice(0, LONGEST_TEXT)}…`
}
