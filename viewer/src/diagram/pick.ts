/** What is under the pointer. */
import type { FaultSpan } from '../engine/contract.js'
import type { Shown } from '../state/viewer.js'
import { isOfNetwork } from './faults.js'
import { type Geometry, timeAt, xOf, yOf } from './geometry.js'
import { endOf } from './scene.js'

/** Pixels beside an arrow that still count as on it. */
const REACH = 7
/** Where more than these are in view, none can be meant. */
const MOST = 2_000

/** The message whose arrow is nearest, if one is near. */
export function flightAt(
  shown: Shown,
  geometry: Geometry,
  hidden: ReadonlySet<number>,
  x: number,
  y: number,
): number | null {
  const { run, index } = shown
  const { from, to } = geometry.span
  if (index.count(from, to, MOST) > MOST) return null
  let best: number | null = null
  let least = REACH * REACH
  const wide = timeAt(geometry, x)
  const reach = ((to - from) / geometry.width) * REACH
  index.each(Math.min(from, wide - reach), wide + reach, (at) => {
    if (hidden.has(index.family[at] ?? 0)) return
    const startX = xOf(geometry, run.flights.sentMicros[at] ?? 0)
    const startY = yOf(geometry, run.flights.from[at] ?? 0)
    const end = endOf(run, geometry, at)
    const distance = squareToSegment(x, y, startX, startY, end.x, end.y)
    if (distance < least) {
      least = distance
      best = at
    }
  })
  return best
}

/** The fault whose sign, line or band is there; of several the shortest. */
export function faultAt(shown: Shown, geometry: Geometry, x: number, y: number): FaultSpan | null {
  let best: FaultSpan | null = null
  const long = ({ fromMicros, toMicros }: FaultSpan): number => toMicros - fromMicros
  for (const fault of shown.run.faults) {
    if (x < xOf(geometry, fault.fromMicros) - REACH || x > xOf(geometry, fault.toMicros) + REACH) continue
    const isAll = fault.nodes.length === 0
    const high = isOfNetwork(fault.fault) ? geometry.lane / 2 : REACH
    const isThere = isAll || fault.nodes.some((node) => Math.abs(yOf(geometry, node) - y) <= high)
    if (isThere && (best === null || long(fault) < long(best))) best = fault
  }
  return best
}

function squareToSegment(x: number, y: number, ax: number, ay: number, bx: number, by: number): number {
  const dx = bx - ax
  const dy = by - ay
  const long = dx * dx + dy * dy
  const along = long === 0 ? 0 : Math.min(1, Math.max(0, ((x - ax) * dx + (y - ay) * dy) / long))
  const px = ax + along * dx - x
  const py = ay + along * dy - y
  return px * px + py * py
}
