/** What is painted, and what all of its painters need. */
import type { Run } from '../engine/contract.js'
import type { Shown } from '../state/viewer.js'
import { type Geometry, xOf, yOf } from './geometry.js'
import type { Theme } from './theme.js'

export interface Scene {
  readonly shown: Shown
  readonly geometry: Geometry
  readonly theme: Theme
  readonly hidden: ReadonlySet<number>
  readonly micros: number
  /** Places in the run's flights. */
  readonly selectedFlight: number | null
  readonly hoveredFlight: number | null
  readonly selectedNode: number | null
  /** Where two runs part, in time. */
  readonly partingMicros: number | null
  /** While it is panned or zoomed, what takes long is left out. */
  readonly isMoving: boolean
}

/** Where an arrow ends: a lost one breaks off half-way. */
export function endOf(run: Run, geometry: Geometry, at: number): { readonly x: number; readonly y: number } {
  const { endedMicros, sentMicros, from, to, fate } = run.flights
  const start = yOf(geometry, from[at] ?? 0)
  const end = yOf(geometry, to[at] ?? 0)
  if (fate[at] !== LOST) return { x: xOf(geometry, endedMicros[at] ?? 0), y: end }
  const sent = sentMicros[at] ?? 0
  return { x: xOf(geometry, sent + usualMicros(run) * HALFWAY), y: start + (end - start) * HALFWAY }
}

export const LOST = 2
export const UNDERWAY = 3
const HALFWAY = 0.55

const USUAL = new WeakMap<Run, number>()

/** How long a message usually takes. */
export function usualMicros(run: Run): number {
  const known = USUAL.get(run)
  if (known !== undefined) return known
  const { sentMicros, endedMicros, fate } = run.flights
  const times: number[] = []
  for (let at = 0; at < sentMicros.length && times.length < 1_000; at++) {
    if (fate[at] === 0) times.push((endedMicros[at] ?? 0) - (sentMicros[at] ?? 0))
  }
  times.sort((one, other) => one - other)
  const usual = times[times.length >> 1] ?? 10_000
  USUAL.set(run, usual)
  return usual
}

export function cross(
  context: CanvasRenderingContext2D,
  x: number,
  y: number,
  size: number,
  color: string,
  width = 1.6,
): void {
  context.strokeStyle = color
  context.lineWidth = width
  context.beginPath()
  context.moveTo(x - size, y - size)
  context.lineTo(x + size, y + size)
  context.moveTo(x - size, y + size)
  context.lineTo(x + size, y - size)
  context.stroke()
}
