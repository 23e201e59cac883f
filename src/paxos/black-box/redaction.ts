/**
 * Redaction: in the place of what belongs to clients and to the machine come zeros, as many as there were bytes. All
 * else stays: sessions, sequences, ballots, slots, and what is asked of the cluster itself.
 *
 * Bytes are blank unless they are known to be the protocol's own, so that what is added later cannot be forgotten.
 */

import { MalformedBytes } from '../bytes.js'
import { type Decree, decodeDecree, encodeDecree, isNoOp } from '../decree.js'
import { isPlainObject } from '../plain.js'
import { encodeText } from '../text.js'

/** Nobody writes into them. */
let zeros = new Uint8Array(4_096)

/** So many zeros; to be read only. */
export function blank(length: number): Uint8Array {
  if (length > zeros.length) zeros = new Uint8Array(2 * length)
  return zeros.subarray(0, length)
}

/** A copy of plain data without payloads. */
export function redact<Value>(value: Value): Value {
  return redactAny('', value) as Value // a copy has the type of its original
}

/** What is in a field of this name. */
function redactAny(name: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value
  if (value instanceof Uint8Array) return DECREES.has(name) ? redactDecree(value) : blank(value.length)
  if (Array.isArray(value)) return value.map((each) => redactAny(name, each))
  if (value instanceof Map) return new Map([...value].map(([key, each]) => [key, redactAny(name, each)]))
  if (value instanceof Set || !isPlainObject(value)) return value
  return redactObject(value as Readonly<Record<string, unknown>>) // a plain one
}

/** Fields that hold decrees, or lists or maps of them. */
const DECREES: ReadonlySet<string> = new Set(['decree', 'decrees', 'decisions'])

function redactObject(value: Readonly<Record<string, unknown>>): unknown {
  const ofCluster = value['session'] === 0 // a request to the cluster itself, or the answer to one
  const redacted: Record<string, unknown> = {}
  for (const [name, field] of Object.entries(value)) {
    if (ofCluster && (name === 'command' || name === 'outcome')) redacted[name] = field
    else if (name === 'detail' && typeof field === 'string') redacted[name] = redactDetail(value, field)
    else redacted[name] = redactAny(name, field)
  }
  return redacted
}

/** What a machine said; refusals of the protocol stay. */
function redactDetail({ error }: Readonly<Record<string, unknown>>, detail: string): string {
  return error === 'command-failed' || error === 'upgrade-refused' ? blankText(detail) : detail
}

/** A text of as many bytes. */
export function blankText(text: string): string {
  return 'x'.repeat(encodeText(text).length)
}

function redactDecree(decree: Decree): Decree {
  if (isNoOp(decree)) return decree
  try {
    const { stampMicros, requests } = decodeDecree(decree)
    return encodeDecree(stampMicros, redact(requests))
  } catch (error) {
    if (error instanceof MalformedBytes) return blank(decree.length) // no decree either
    throw error
  }
}
