/**
 * The queue of deadlines: a binary heap of the records that have one, the earliest first, and of one deadline that with
 * the lower revision. Each record knows its position, so that it can be taken out: keys without a deadline pay nothing,
 * and nothing in the queue is out of date.
 */
import { deadlineAt, MORTAL_HEADER, positionAt, revisionAt, writePosition } from './records.js'
import { type KeyspaceState, writableBytes } from './state.js'
import { offsetOf, type Reference, segmentOf } from './table.js'

const NO_BYTES = new Uint8Array(0)

type Queue = Pick<KeyspaceState, 'segments' | 'deadlines'>

/** The deadline that comes first; Infinity if there is none. */
export function firstDeadline(state: Queue): number {
  return state.deadlines.length === 0 ? Number.POSITIVE_INFINITY : deadlineOf(state, state.deadlines[0] ?? 0)
}

export function addDeadline(state: Queue, reference: Reference): void {
  state.deadlines.push(reference)
  rise(state, state.deadlines.length - 1, reference)
}

/** Takes a record out; it must be in. */
export function removeDeadline(state: Queue, reference: Reference): void {
  const { segments, deadlines } = state
  const position = positionAt(segments[segmentOf(reference)] ?? NO_BYTES, offsetOf(reference))
  const last = deadlines.pop() ?? 0
  if (position === deadlines.length) return
  const parent = deadlines[(position - 1) >> 1] ?? 0
  if (position > 0 && isBefore(state, last, parent)) rise(state, position, last)
  else sink(state, position, last)
}

/** A record is elsewhere now, with its position. */
export function moveDeadline(state: Queue, to: Reference): void {
  const position = positionAt(state.segments[segmentOf(to)] ?? NO_BYTES, offsetOf(to))
  state.deadlines[position] = to
}

/** How many are due. */
export function countDue(state: Queue, timeMicros: number, position = 0): number {
  const reference = state.deadlines[position]
  if (reference === undefined || deadlineOf(state, reference) > timeMicros) return 0
  return 1 + countDue(state, timeMicros, 2 * position + 1) + countDue(state, timeMicros, 2 * position + 2)
}

function rise(state: Queue, from: number, reference: Reference): void {
  let position = from
  while (position > 0) {
    const above = (position - 1) >> 1
    const parent = state.deadlines[above] ?? 0
    if (!isBefore(state, reference, parent)) break
    put(state, position, parent)
    position = above
  }
  put(state, position, reference)
}

function sink(state: Queue, from: number, reference: Reference): void {
  const { deadlines } = state
  let position = from
  for (;;) {
    let below = 2 * position + 1
    if (below >= deadlines.length) break
    const right = deadlines[below + 1]
    if (right !== undefined && isBefore(state, right, deadlines[below] ?? 0)) below += 1
    const child = deadlines[below] ?? 0
    if (!isBefore(state, child, reference)) break
    put(state, position, child)
    position = below
  }
  put(state, position, reference)
}

function put({ segments, deadlines }: Queue, position: number, reference: Reference): void {
  deadlines[position] = reference
  const [segment, offset] = [segmentOf(reference), offsetOf(reference)]
  writePosition(writableBytes(segments, segment, offset, MORTAL_HEADER), offset, position)
}

function isBefore(state: Queue, one: Reference, other: Reference): boolean {
  const difference = deadlineOf(state, one) - deadlineOf(state, other)
  return difference < 0 || (difference === 0 && revisionOf(state, one) < revisionOf(state, other))
}

function deadlineOf({ segments }: Queue, reference: Reference): number {
  return deadlineAt(segments[segmentOf(reference)] ?? NO_BYTES, offsetOf(reference))
}

function revisionOf({ segments }: Queue, reference: Reference): number {
  return revisionAt(segments[segmentOf(reference)] ?? NO_BYTES, offsetOf(reference))
}
