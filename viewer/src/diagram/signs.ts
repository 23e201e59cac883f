/** What happens at a node, on its line; and what its clients wait for. */
import { EVENT_TYPES } from '../engine/contract.js'
import { FAMILIES } from '../kinds.js'
import { lowerBound, upperBound } from '../state/search.js'
import { xOf, yOf } from './geometry.js'
import type { Scene } from './scene.js'

const APPLIES = EVENT_TYPES.indexOf('applies')
const STARTS = EVENT_TYPES.indexOf('starts')
const SYNCS = EVENT_TYPES.indexOf('syncs')
const MOST_SIGNS = 20_000

/** Starts, syncs and decrees applied: small signs on the line of their node. */
export function paintEvents(
  context: CanvasRenderingContext2D,
  { shown, geometry, theme }: Scene,
  isFine: boolean,
): void {
  const { micros, node, type } = shown.run.timeline
  const first = lowerBound(micros, geometry.span.from)
  const end = upperBound(micros, geometry.span.to)
  if (end - first > MOST_SIGNS) return
  const applied = new Path2D()
  const synced = new Path2D()
  const started = new Path2D()
  const size = Math.min(3.2, geometry.lane / 6)
  for (let at = first; at < end; at++) {
    const what = type[at]
    if (what !== APPLIES && what !== STARTS && what !== SYNCS) continue
    const x = xOf(geometry, micros[at] ?? 0)
    const y = yOf(geometry, node[at] ?? 0)
    if (what === APPLIES && isFine) {
      applied.moveTo(x + size, y)
      applied.arc(x, y, size, 0, Math.PI * 2)
    } else if (what === APPLIES) {
      applied.rect(x - size, y - size, 2 * size, 2 * size) // a circle takes long
    } else if (what === STARTS) {
      started.moveTo(x, y - size * 1.7)
      started.lineTo(x + size * 2.6, y)
      started.lineTo(x, y + size * 1.7)
      started.closePath()
    } else if (isFine) synced.rect(x - 0.8, y, 1.6, size * 1.5)
  }
  context.fillStyle = theme.disk
  context.fill(synced)
  context.fillStyle = theme.good
  context.fill(applied)
  context.fillStyle = theme.ink
  context.fill(started)
}

/** What clients wait for: a thin bar under the line of their node. */
export function paintOperations(context: CanvasRenderingContext2D, { shown, geometry, theme }: Scene): void {
  const { operations, lengthMicros } = shown.run
  if (operations.length === 0) return
  const high = Math.max(2, Math.min(4, geometry.lane / 8))
  const bars = { ok: new Path2D(), fail: new Path2D(), info: new Path2D() }
  for (const each of operations) {
    const to = each.completedEvent === 0 ? lengthMicros : each.completedMicros
    if (to < geometry.span.from || each.invokedMicros > geometry.span.to) continue
    const x = Math.max(-5, xOf(geometry, each.invokedMicros))
    const right = Math.min(geometry.width + 5, xOf(geometry, to))
    // Clients of one node are told apart by height.
    const down = geometry.lane * 0.2 + (each.client % 3) * (high + 1)
    bars[each.status].rect(x, yOf(geometry, each.node) + down, Math.max(1.5, right - x), high)
  }
  const requests = theme.families[FAMILIES.indexOf('requests')] ?? theme.ink
  context.globalAlpha = 0.3
  for (const [bar, color] of [
    [bars.ok, requests],
    [bars.fail, theme.bad],
    [bars.info, theme.warn],
  ] as const) {
    context.fillStyle = color
    context.fill(bar)
  }
  context.globalAlpha = 1
}
