/** Messages, each an arrow from the line of its sender to that of its recipient. */
import { FAMILIES, LOOKS } from '../kinds.js'
import { xOf, yOf } from './geometry.js'
import { endOf, LOST, type Scene, UNDERWAY, usualMicros } from './scene.js'

export function paintArrows(context: CanvasRenderingContext2D, scene: Scene, isFine: boolean): void {
  const { shown, geometry, theme, hidden, selectedFlight, hoveredFlight } = scene
  const { run, index } = shown
  const { sentMicros, from, fate } = run.flights
  const usual = usualMicros(run)
  // One path a family, and one for those that were lost: changing colours is what takes long.
  const lines = FAMILIES.map(() => new Path2D())
  const heads = FAMILIES.map(() => new Path2D())
  const crosses = new Path2D()
  const size = Math.max(2.5, Math.min(5.5, geometry.lane / 5))
  index.each(geometry.span.from - usual, geometry.span.to, (at) => {
    const family = index.family[at] ?? 0
    if (hidden.has(family)) return
    const line = lines[family]
    const head = heads[family]
    if (line === undefined || head === undefined) return
    const x = xOf(geometry, sentMicros[at] ?? 0)
    const y = yOf(geometry, from[at] ?? 0)
    const end = endOf(run, geometry, at)
    line.moveTo(x, y)
    line.lineTo(end.x, end.y)
    if (fate[at] === LOST) {
      crosses.moveTo(end.x - 3, end.y - 3)
      crosses.lineTo(end.x + 3, end.y + 3)
      crosses.moveTo(end.x - 3, end.y + 3)
      crosses.lineTo(end.x + 3, end.y - 3)
    } else if (isFine && fate[at] !== UNDERWAY) addHead(head, x, y, end.x, end.y, size)
  })
  lines.forEach((line, family) => {
    const look = LOOKS[FAMILIES[family] ?? 'votes']
    context.strokeStyle = theme.families[family] ?? theme.ink
    context.lineWidth = isFine ? look.width : 1
    context.globalAlpha = isFine ? 0.9 : 0.55
    context.setLineDash(isFine ? [...look.dash] : [])
    context.stroke(line)
    context.setLineDash([])
    context.globalAlpha = 1
    const head = heads[family]
    context.fillStyle = theme.families[family] ?? theme.ink
    if (isFine && head !== undefined) context.fill(head)
  })
  context.strokeStyle = theme.bad
  context.lineWidth = 1.6
  context.stroke(crosses)
  for (const at of [hoveredFlight, selectedFlight]) if (at !== null) paintChosen(context, scene, at)
}

function addHead(path: Path2D, fromX: number, fromY: number, x: number, y: number, size: number): void {
  const angle = Math.atan2(y - fromY, x - fromX)
  const wing = 0.42
  path.moveTo(x, y)
  path.lineTo(x - size * 1.7 * Math.cos(angle - wing), y - size * 1.7 * Math.sin(angle - wing))
  path.lineTo(x - size * 1.7 * Math.cos(angle + wing), y - size * 1.7 * Math.sin(angle + wing))
  path.closePath()
}

function paintChosen(context: CanvasRenderingContext2D, { shown, geometry, theme }: Scene, at: number): void {
  const { sentMicros, from } = shown.run.flights
  const color = theme.families[shown.index.family[at] ?? 0] ?? theme.ink
  const x = xOf(geometry, sentMicros[at] ?? 0)
  const y = yOf(geometry, from[at] ?? 0)
  const end = endOf(shown.run, geometry, at)
  context.lineCap = 'round'
  for (const [width, stroke, alpha] of [
    [9, color, 0.22],
    [2.6, color, 1],
  ] as const) {
    context.globalAlpha = alpha
    context.strokeStyle = stroke
    context.lineWidth = width
    context.beginPath()
    context.moveTo(x, y)
    context.lineTo(end.x, end.y)
    context.stroke()
  }
  context.lineCap = 'butt'
  context.fillStyle = color
  context.beginPath()
  context.arc(x, y, 3.2, 0, Math.PI * 2)
  context.fill()
}
