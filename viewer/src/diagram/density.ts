/** Where there are more messages than one can see: how many each node sends at a time, by family. */
import { FAMILIES } from '../kinds.js'
import { lowerBound, upperBound } from '../state/search.js'
import { xOf, yOf } from './geometry.js'
import { cross, LOST, type Scene } from './scene.js'

/** Pixels of time that are counted together. */
const BIN = 3
const MOST_CROSSES = 300
/** A strip is as high as its line from so many times the average on. */
const FULL = 4

export function paintDensity(context: CanvasRenderingContext2D, scene: Scene): void {
  const { shown, geometry, theme, hidden } = scene
  const { run, index } = shown
  const { sentMicros, from, fate } = run.flights
  const bins = Math.ceil(geometry.width / BIN)
  const families = FAMILIES.length
  const counts = new Uint32Array(run.nodes.length * bins * families)
  const first = lowerBound(sentMicros, geometry.span.from)
  const end = upperBound(sentMicros, geometry.span.to)
  const lost: [number, number][] = []
  let lostCount = 0
  for (let at = first; at < end; at++) {
    const family = index.family[at] ?? 0
    if (hidden.has(family)) continue
    const x = xOf(geometry, sentMicros[at] ?? 0)
    const bin = Math.min(bins - 1, Math.max(0, Math.floor(x / BIN)))
    const place = ((from[at] ?? 0) * bins + bin) * families + family
    counts[place] = (counts[place] ?? 0) + 1
    if (fate[at] !== LOST) continue
    lostCount += 1
    if (lost.length < MOST_CROSSES) lost.push([x, yOf(geometry, from[at] ?? 0)])
  }
  paintStrips(context, scene, counts, bins)
  if (lostCount <= MOST_CROSSES)
    for (const [x, y] of lost) cross(context, x, y - geometry.lane * 0.3, 2, theme.bad, 1.2)
}

function paintStrips(
  context: CanvasRenderingContext2D,
  scene: Scene,
  counts: Uint32Array,
  bins: number,
): void {
  const { shown, geometry, theme } = scene
  const families = FAMILIES.length
  let all = 0
  let filled = 0
  for (let at = 0; at < counts.length; at += families) {
    let sum = 0
    for (let family = 0; family < families; family++) sum += counts[at + family] ?? 0
    all += sum
    if (sum > 0) filled += 1
  }
  // The height goes with the root, so that one message among many can still be seen, and a burst flattens nothing else.
  const most = geometry.lane * 0.84
  const scale = most / Math.sqrt(Math.max(1, (all / Math.max(1, filled)) * FULL))
  const strips = FAMILIES.map(() => new Path2D())
  for (let node = 0; node < shown.run.nodes.length; node++) {
    const y = yOf(geometry, node)
    for (let bin = 0; bin < bins; bin++) {
      const at = (node * bins + bin) * families
      let sum = 0
      for (let family = 0; family < families; family++) sum += counts[at + family] ?? 0
      if (sum === 0) continue
      const high = Math.min(most, Math.max(2, Math.sqrt(sum) * scale))
      let top = y - high / 2
      for (let family = 0; family < families; family++) {
        const part = (high * (counts[at + family] ?? 0)) / sum
        if (part > 0) strips[family]?.rect(bin * BIN, top, BIN - 0.5, part)
        top += part
      }
    }
  }
  strips.forEach((strip, family) => {
    context.fillStyle = theme.families[family] ?? theme.ink
    context.fill(strip)
  })
}
