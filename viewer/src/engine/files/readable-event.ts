/** A line of a transcript as data, read: an event whose decrees and requests are readable already, not bytes. */
import type { WorldEvent } from 'synod/simulation'
import { EVENT_TYPES } from '../contract.js'

export interface ReadEvent {
  readonly event: WorldEvent
  readonly micros: number
}

type Fields = Readonly<Record<string, unknown>>

/** The fields that the page asks for, by type of event, and what each must be. */
const NEEDED: {
  readonly [Type in WorldEvent['type']]: Readonly<Record<string, (value: unknown) => boolean>>
} = {
  starts: { records: isCount },
  crashes: { lostRecords: isCount },
  begins: { role: isText },
  ends: { role: isText },
  sends: { message: isMessage, to: isNodes },
  loses: { message: isMessage, to: isNodes },
  doubles: { message: isMessage, to: isNodes },
  delays: { message: isMessage, to: isNodes },
  receives: { message: isMessage, from: isCount },
  misses: { message: isMessage, from: isCount },
  writes: { record: isRecord },
  syncs: { records: isCount },
  wakes: { timer: isText },
  applies: { slot: isCount },
  invokes: { client: isCount, operation: isTyped },
  completes: { client: isCount, operation: isTyped, completion: isTyped },
  refuses: { reason: isText },
  suffers: { fault: isText, number: isCount, nodes: isNodes, what: isText },
  recovers: { fault: isText, number: isCount, nodes: isNodes },
}

/** Of messages and records: fields of these names are these, wherever they are. */
const SHAPES: Readonly<Record<string, (value: unknown) => boolean>> = {
  ballot: isBallotOrNone,
  promised: isBallotOrNone,
  slot: isCount,
  decided: isCount,
  learned: isCount,
  trimmed: isCount,
}

/** A sentence without its full stop, if it is none. */
export function readEvent(line: string): ReadEvent | string {
  const fields = fieldsOf(line)
  if (fields === null) return 'it is not JSON, or it is cut off'
  const { event, time, type, node, role: _, ...others } = fields
  if (!EVENT_TYPES.some((known) => known === type)) return `it is no event: its type is ${shown(type)}`
  if (!isCount(event) || !isCount(time) || !isCount(node))
    return 'it is no event: it has no number, no time or no node'
  for (const [name, fits] of Object.entries(NEEDED[type as WorldEvent['type']])) {
    if (!fits(fields[name])) return `it is no event of a transcript: its ${name} is ${shown(fields[name])}`
  }
  const own = { ...others, node, type, ...('role' in fields && { role: fields['role'] }) }
  const isToOne = type === 'loses' || type === 'doubles' || type === 'delays'
  const to = isToOne ? { to: (fields['to'] as readonly number[])[0] } : {} // checked above
  return { event: { ...own, ...to } as unknown as WorldEvent, micros: time as number } // as well
}

function fieldsOf(line: string): Fields | null {
  try {
    const value = JSON.parse(line) as unknown
    return isObject(value) ? value : null
  } catch {
    return null
  }
}

function isObject(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function isCount(value: unknown): boolean {
  return Number.isSafeInteger(value) && (value as number) >= 0 // a number, then
}

function isText(value: unknown): boolean {
  return typeof value === 'string'
}

function isNodes(value: unknown): boolean {
  return Array.isArray(value) && value.every(isCount)
}

function isTyped(value: unknown): boolean {
  return isObject(value) && isText(value['type'])
}

function isMessage(value: unknown): boolean {
  return isShaped(value)
}

function isRecord(value: unknown): boolean {
  if (!isShaped(value)) return false
  const { type, ballot, slot } = value as Fields // see isShaped
  return type !== 'accepted' || (isBallotOrNone(ballot) && isCount(slot))
}

function isShaped(value: unknown): boolean {
  if (!isObject(value) || !isText(value['type'])) return false
  return Object.entries(value).every(([name, field]) => SHAPES[name]?.(field) ?? true)
}

function isBallotOrNone(value: unknown): boolean {
  if (value === null) return true
  return (
    isObject(value) &&
    isCount(value['round']) &&
    Number.isSafeInteger(value['member']) &&
    isCount(value['incarnation'])
  )
}

function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? 'missing'
  return text.length <= 40 ? text : `${text.slice(0, 40)}…`
}
