/** What goes wrong, where and as long as it does: each kind of fault has a look of its own. */
import type { FaultSpan } from '../engine/contract.js'
import { xOf, yOf } from './geometry.js'
import { cross, type Scene } from './scene.js'

type FaultLook = 'down' | 'pause' | 'network' | 'disk' | 'clock' | 'operator'

const FAULT_LOOKS: Readonly<Record<string, FaultLook>> = {
  down: 'down',
  crash: 'down',
  'crash-in-recovery': 'down',
  'rolling-restart': 'down',
  pause: 'pause',
  'slow-member': 'pause',
  rot: 'disk',
  misdirection: 'disk',
  'full-disk': 'disk',
  'slow-disk': 'disk',
  'stalled-disk': 'disk',
  wipe: 'disk',
  swap: 'disk',
  'lying-sync': 'disk',
  rollback: 'disk',
  drift: 'clock',
  jump: 'clock',
  strobe: 'clock',
  change: 'operator',
  snapshot: 'operator',
  transfer: 'operator',
}

/** A change of the past looks like the fault that it is. */
const faultLook = (fault: string): FaultLook => FAULT_LOOKS[fault.replace(/^edit-/, '')] ?? 'network'

export const isOfNetwork = (fault: string): boolean => faultLook(fault) === 'network'

/** What lasts is a band over its lines; what does not is a sign on them. */
export function paintFault(context: CanvasRenderingContext2D, scene: Scene, fault: FaultSpan): void {
  const { geometry } = scene
  const from = xOf(geometry, fault.fromMicros)
  const to = xOf(geometry, fault.toMicros)
  if (to < -20 || from > geometry.width + 20) return
  const look = faultLook(fault.fault)
  if (look === 'network') {
    paintParting(context, scene, fault, from, to)
    return
  }
  for (const node of fault.nodes) {
    const y = yOf(geometry, node)
    if (look === 'down') paintDown(context, scene, from, to, y, fault.fault === 'down')
    else paintTrouble(context, scene, look, from, to, y)
  }
}

/** A line that is broken off: nothing is there until the member starts again. */
function paintDown(
  context: CanvasRenderingContext2D,
  { geometry, theme }: Scene,
  from: number,
  to: number,
  y: number,
  isSpan: boolean,
): void {
  if (isSpan) {
    context.fillStyle = theme.paper
    context.fillRect(from, y - 3, to - from, 6)
    context.strokeStyle = theme.bad
    context.lineWidth = 1
    context.setLineDash([1, 5])
    context.beginPath()
    context.moveTo(Math.max(0, from), Math.round(y) + 0.5)
    context.lineTo(Math.min(geometry.width, to), Math.round(y) + 0.5)
    context.stroke()
    context.setLineDash([])
  }
  cross(context, from, y, Math.min(6, geometry.lane / 3), theme.bad, 2.2)
}

function paintTrouble(
  context: CanvasRenderingContext2D,
  { geometry, theme }: Scene,
  look: FaultLook,
  from: number,
  to: number,
  y: number,
): void {
  const color = look === 'disk' ? theme.disk : look === 'operator' ? theme.accent : theme.warn
  const high = Math.min(12, geometry.lane * 0.6)
  if (to - from > 1) {
    hatch(
      context,
      Math.max(-20, from),
      y - high / 2,
      Math.min(geometry.width + 20, to),
      high,
      color,
      look === 'pause',
    )
  }
  const size = Math.min(5, geometry.lane / 3.4)
  context.strokeStyle = color
  context.fillStyle = theme.paper
  context.lineWidth = 1.6
  context.beginPath()
  if (look === 'disk') context.ellipse(from, y, size, size * 0.62, 0, 0, Math.PI * 2)
  else if (look === 'clock') context.arc(from, y, size, 0, Math.PI * 2)
  else if (look === 'operator') context.rect(from - size, y - size, size * 2, size * 2)
  else context.rect(from - size, y - size, size * 1.6, size * 2)
  context.fill()
  context.stroke()
  context.beginPath()
  if (look === 'clock') {
    context.moveTo(from, y - size * 0.7)
    context.lineTo(from, y)
    context.lineTo(from + size * 0.6, y)
  } else if (look === 'pause') {
    context.moveTo(from - size * 0.2, y - size)
    context.lineTo(from - size * 0.2, y + size)
  } else if (look === 'operator') {
    context.moveTo(from - size * 0.5, y)
    context.lineTo(from + size * 0.5, y)
    context.moveTo(from, y - size * 0.5)
    context.lineTo(from, y + size * 0.5)
  }
  context.stroke()
}

/** Links that are cut: a bracket over the members that it strikes. */
function paintParting(
  context: CanvasRenderingContext2D,
  { geometry, theme, shown }: Scene,
  fault: FaultSpan,
  from: number,
  to: number,
): void {
  const nodes = fault.nodes.length === 0 ? shown.run.nodes.map((_, place) => place) : fault.nodes
  const left = Math.max(-4, from)
  const right = Math.min(geometry.width + 4, Math.max(to, from + 2))
  const ys = nodes.map((node) => yOf(geometry, node))
  const top = Math.min(...ys) - geometry.lane / 2 + 1
  const bottom = Math.max(...ys) + geometry.lane / 2 - 1
  context.fillStyle = theme.warn
  context.globalAlpha = 0.1
  for (const y of ys) context.fillRect(left, y - geometry.lane / 2, right - left, geometry.lane)
  context.globalAlpha = 1
  context.strokeStyle = theme.warn
  context.lineWidth = 1.4
  context.setLineDash([5, 3])
  context.beginPath()
  context.moveTo(left, top)
  context.lineTo(left, bottom)
  if (fault.toMicros < shown.run.lengthMicros) {
    context.moveTo(right, top)
    context.lineTo(right, bottom)
  }
  context.stroke()
  context.setLineDash([])
  if (right - left < 40) return
  context.fillStyle = theme.warn
  context.textBaseline = 'top'
  context.fillText(fault.fault, Math.max(3, left + 4), top + 1)
}

function hatch(
  context: CanvasRenderingContext2D,
  from: number,
  y: number,
  to: number,
  high: number,
  color: string,
  isUpright: boolean,
): void {
  context.strokeStyle = color
  context.lineWidth = 1
  context.globalAlpha = 0.65
  context.beginPath()
  const step = Math.max(5, (to - from) / 400)
  for (let x = from; x < to; x += step) {
    context.moveTo(x, y + high)
    context.lineTo(isUpright ? x : Math.min(to, x + high * 0.7), y)
  }
  context.stroke()
  context.globalAlpha = 1
}
