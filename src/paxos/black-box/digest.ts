/**
 * The checksum of what a node did in a turn: of every action its types, names and numbers, and of byte strings and of
 * machines' own words how long they are. So it is the same whether the payloads are known or were redacted.
 */
import type { Action } from '../actions.js'
import { checksumOf } from '../snapshot.js'
import { encodeText } from '../text.js'

export function digestOf(actions: readonly Action[]): number {
  return digest(0x811c9dc5, actions) >>> 0
}

/** The checksum of the last snapshot among what is written; null if there is none. */
export function snapshotChecksum(actions: readonly Action[]): number | null {
  let checksum: number | null = null
  for (const action of actions) {
    if (action.type === 'persist' && action.record.type === 'snapshot')
      checksum = checksumOf(action.record.data)
  }
  return checksum
}

function digest(bits: number, value: unknown): number {
  switch (typeof value) {
    case 'number':
      return digestNumber(bits, value)
    case 'string':
      return digestText(bits, value)
    case 'object':
      return value === null ? mix(bits, 1) : digestObject(bits, value)
    default:
      return mix(bits, value === true ? 2 : 3) // nothing but booleans and undefined is left
  }
}

function digestNumber(bits: number, value: number): number {
  return mix(mix(bits, value | 0), Math.floor(value / 0x1_0000_0000) | 0)
}

function digestText(bits: number, text: string): number {
  let mixed = mix(bits, text.length)
  for (let at = 0; at < text.length; at++) mixed = mix(mixed, text.charCodeAt(at))
  return mixed
}

function digestObject(bits: number, value: object): number {
  if (value instanceof Uint8Array) return digestNumber(mix(bits, 4), value.length)
  let mixed = mix(bits, 5)
  if (Array.isArray(value)) {
    for (const each of value) mixed = digest(mixed, each)
    return mix(mixed, value.length)
  }
  for (const [name, field] of Object.entries(value)) mixed = digestField(mixed, name, field)
  return mixed
}

/** A checksum of a snapshot depends on its bytes, and `detail` may be what a machine said. */
function digestField(bits: number, name: string, field: unknown): number {
  if (name === 'checksum') return bits
  if (name === 'detail' && typeof field === 'string') return mix(bits, encodeText(field).length)
  return digest(bits, field)
}

/** As in FNV-1a, with a shift, since a multiplication alone carries nothing downwards. */
function mix(bits: number, value: number): number {
  const product = Math.imul(bits ^ value, 0x01000193)
  return product ^ (product >>> 15)
}
