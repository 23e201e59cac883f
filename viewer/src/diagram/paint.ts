/**
 * The space–time diagram, after Lamport's *Time, Clocks and the Ordering of Events in a Distributed System*: a line a
 * node, time to the right, a message an arrow that slants as long as it takes. Painted anew each time; where thousands
 * of messages are in view, how many there are is painted in their place.
 */
import { paintArrows } from './arrows.js'
import { paintDensity } from './density.js'
import { paintFault } from './faults.js'
import { formatTime, TOP, ticks, xOf, yOf } from './geometry.js'
import type { Scene } from './scene.js'
import { paintEvents, paintOperations } from './signs.js'

/** Above so many messages in view, their density is painted instead. */
const MOST_ARROWS = 2_000
/** Up to so many have dashes and heads, which take long. */
const MOST_FINE = 500

export function paint(context: CanvasRenderingContext2D, scene: Scene): void {
  const { geometry, theme, shown } = scene
  context.clearRect(0, 0, geometry.width, geometry.height)
  context.font = `11px ${theme.font}`
  context.lineJoin = 'round'
  paintScale(context, scene)
  paintLanes(context, scene)
  for (const fault of shown.run.faults) paintFault(context, scene, fault)
  paintOperations(context, scene)
  const { from, to } = geometry.span
  const count = shown.index.count(from, to, MOST_ARROWS)
  if (count > MOST_ARROWS) paintDensity(context, scene)
  else paintArrows(context, scene, count <= MOST_FINE)
  paintEvents(context, scene, count <= MOST_FINE)
  paintMarks(context, scene)
  paintCursor(context, scene)
}

function paintScale(context: CanvasRenderingContext2D, { geometry, theme }: Scene): void {
  const { step, at } = ticks(geometry)
  context.strokeStyle = theme.faint
  context.fillStyle = theme.soft
  context.lineWidth = 1
  context.textAlign = 'left'
  context.textBaseline = 'middle'
  context.beginPath()
  for (const time of at) {
    const x = Math.round(xOf(geometry, time)) + 0.5
    context.moveTo(x, TOP - 6)
    context.lineTo(x, geometry.height)
    context.fillText(formatTime(time, step), x + 4, TOP / 2)
  }
  context.stroke()
}

function paintLanes(
  context: CanvasRenderingContext2D,
  { geometry, theme, shown, selectedNode }: Scene,
): void {
  context.lineWidth = 1
  const end = Math.min(geometry.width, xOf(geometry, shown.run.lengthMicros))
  const start = Math.max(0, xOf(geometry, 0))
  shown.run.nodes.forEach((_, place) => {
    const y = Math.round(yOf(geometry, place)) + 0.5
    if (place === selectedNode) {
      context.fillStyle = theme.faint
      context.fillRect(0, y - geometry.lane / 2, geometry.width, geometry.lane)
    }
    context.strokeStyle = place === selectedNode ? theme.accent : theme.line
    context.beginPath()
    context.moveTo(start, y)
    context.lineTo(end, y)
    context.stroke()
  })
}

// ---- over everything ---------------------------------------------------------------------------------------------

/** A line down through all, with a label in the scale of time. */
interface Upright {
  readonly micros: number
  readonly color: string
  readonly dash: number[]
  readonly label: string
}

/** Where verdicts failed, where that became inevitable, and where two runs part. */
function uprightsOf({ shown, theme, partingMicros }: Scene): readonly Upright[] {
  const { verdicts } = shown.run
  const timeOf = (event: number): number => shown.run.timeline.micros[event - 1] ?? 0
  const failed = verdicts.flatMap(({ event, name }): Upright[] =>
    event === null ? [] : [{ micros: timeOf(event), color: theme.bad, dash: [], label: `${name} fails` }],
  )
  const sealed = verdicts.flatMap(({ inevitable, event, name }): Upright[] =>
    inevitable === null || inevitable === event
      ? []
      : [{ micros: timeOf(inevitable), color: theme.bad, dash: [2, 3], label: `${name} inevitable` }],
  )
  const parted: Upright[] =
    partingMicros === null
      ? []
      : [{ micros: partingMicros, color: theme.accent, dash: [6, 3], label: 'here they part' }]
  return [...failed, ...sealed, ...parted].sort((one, other) => one.micros - other.micros)
}

function paintMarks(context: CanvasRenderingContext2D, scene: Scene): void {
  const { geometry, theme } = scene
  const uprights = uprightsOf(scene)
  const places = uprights.map(({ micros }) => Math.round(xOf(geometry, micros)) + 0.5)
  /** Where the label before ends: this one goes to the other side of its line if it would cover the next. */
  let end = 0
  context.textBaseline = 'middle'
  uprights.forEach(({ color, dash, label }, index) => {
    const x = places[index] ?? 0
    if (x < 0 || x > geometry.width) return
    context.strokeStyle = color
    context.lineWidth = 1.5
    context.setLineDash(dash)
    context.beginPath()
    context.moveTo(x, TOP - 8)
    context.lineTo(x, geometry.height)
    context.stroke()
    context.setLineDash([])
    const wide = context.measureText(label).width + 10
    const isCrowded = x + wide > Math.min(places[index + 1] ?? geometry.width, geometry.width)
    const left = isCrowded && x - wide >= end ? x - wide + 1 : x - 1
    // Where there is no room, the line stands alone; its mark on the slider says what it is.
    if (left < end - 1) return
    end = left + wide
    context.fillStyle = color
    context.fillRect(left, 2, wide, 17)
    context.fillStyle = theme.paper
    context.fillText(label, left + 5, 11)
  })
}

function paintCursor(context: CanvasRenderingContext2D, { geometry, theme, micros }: Scene): void {
  const x = Math.round(xOf(geometry, micros)) + 0.5
  context.strokeStyle = theme.accent
  context.lineWidth = 1.5
  context.beginPath()
  context.moveTo(x, TOP - 4)
  context.lineTo(x, geometry.height)
  context.stroke()
  context.fillStyle = theme.accent
  context.beginPath()
  context.moveTo(x - 5, TOP - 10)
  context.lineTo(x + 5, TOP - 10)
  context.lineTo(x, TOP - 2)
  context.closePath()
  context.fill()
}
