/** Where things are on the diagram: time goes to the right, each node has a line of its own. */
import type { Span } from '../state/viewer.js'

/** Pixels for the scale of time, at the top. */
export const TOP = 26
const LEAST_LANE = 12
const MOST_LANE = 110

export interface Geometry {
  readonly width: number
  readonly height: number
  readonly span: Span
  readonly lanes: number
  readonly lane: number
}

/** The height of a line when so many share this height. */
export function laneHeight(height: number, lanes: number): number {
  return Math.min(MOST_LANE, Math.max(LEAST_LANE, (height - TOP - 6) / Math.max(1, lanes)))
}

export function xOf({ span, width }: Geometry, micros: number): number {
  return ((micros - span.from) / (span.to - span.from)) * width
}

export function timeAt({ span, width }: Geometry, x: number): number {
  return span.from + (x / width) * (span.to - span.from)
}

export function yOf({ lane }: Geometry, place: number): number {
  return TOP + lane * (place + 0.5)
}

/** Round steps of time, not closer than so many pixels. */
export function ticks(
  { span, width }: Geometry,
  closest = 90,
): { readonly step: number; readonly at: number[] } {
  const least = ((span.to - span.from) / width) * closest
  let step = 1
  while (step < least) step *= String(step).startsWith('2') ? 2.5 : 2
  const at: number[] = []
  for (let time = Math.max(0, Math.ceil(span.from / step) * step); time <= span.to; time += step)
    at.push(time)
  return { step, at }
}

/** `1.25 s`, with as many decimals as the step needs. */
export function formatTime(micros: number, step = 1_000): string {
  const decimals = step >= 1_000_000 ? 0 : step >= 100_000 ? 1 : step >= 10_000 ? 2 : step >= 1_000 ? 3 : 6
  return `${(micros / 1_000_000).toFixed(decimals)} s`
}
