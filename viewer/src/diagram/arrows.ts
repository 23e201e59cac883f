/** Messages, each an arrow from the line of its sender to that of its recipient. */
import { FAMILIES, LOOKS } from '../kinds.js'
import { xOf, yOf } from './geometry.js'
import { endOf, LOST, type Scene, UNDERWAY, usualMicros } from './scene.js'

/** What the other of two runs has as well is faint, so that the difference can be seen. */
const SHARED_ALPHA = 0.22

/** One path a family, and one for those that were lost: changing colours is what takes long. */
interface Sheaf {
  readonly lines: readonly Path2D[]
  readonly heads: readonly Path2D[]
  readonly crosses: Path2D
}

const newSheaf = (): Sheaf => ({
  lines: FAMILIES.map(() => new Path2D()),
  heads: FAMILIES.map(() => new Path2D()),
  crosses: new Path2D(),
})

export function paintArrows(context: CanvasRenderingContext2D, scene: Scene, isFine: boolean): void {
  const { shown, geometry, hidden } = scene
  const own = newSheaf()
  const shared = newSheaf()
  shown.index.each(geometry.span.from - usualMicros(shown.run), geometry.span.to, (at) => {
    if (!hidden.has(shown.index.family[at] ?? 0))
      addArrow(shown.differs?.[at] === 0 ? shared : own, scene, at, isFine)
  })
  const alpha = isFine ? 0.9 : 0.55
  if (shown.differs !== null) paintSheaf(context, scene, shared, isFine, SHARED_ALPHA * alpha)
  paintSheaf(context, scene, own, isFine, alpha)
  for (const at of [scene.hoveredFlight, scene.selectedFlight])
    if (at !== null) paintChosen(context, scene, at)
}

function addArrow(sheaf: Sheaf, { shown, geometry }: Scene, at: number, isFine: boolean): void {
  const { sentMicros, from, fate } = shown.run.flights
  const family = shown.index.family[at] ?? 0
  const x = xOf(geometry, sentMicros[at] ?? 0)
  const y = yOf(geometry, from[at] ?? 0)
  const end = endOf(shown.run, geometry, at)
  const line = sheaf.lines[family]
  line?.moveTo(x, y)
  line?.lineTo(end.x, end.y)
  if (fate[at] === LOST) addCross(sheaf.crosses, end.x, end.y)
  else if (isFine && fate[at] !== UNDERWAY) {
    const size = Math.max(2.5, Math.min(5.5, geometry.lane / 5))
    addHead(sheaf.heads[family], x, y, end.x, end.y, size)
  }
}

function paintSheaf(
  context: CanvasRenderingContext2D,
  { theme, isMoving }: Scene,
  { lines, heads, crosses }: Sheaf,
  isFine: boolean,
  alpha: number,
): void {
  context.globalAlpha = alpha
  lines.forEach((line, family) => {
    const look = LOOKS[FAMILIES[family] ?? 'votes']
    context.strokeStyle = theme.families[family] ?? theme.ink
    context.lineWidth = isFine ? look.width : 1
    // Dashes take long.
    context.setLineDash(isFine && !isMoving ? [...look.dash] : [])
    context.stroke(line)
    context.setLineDash([])
    const head = heads[family]
    context.fillStyle = theme.families[family] ?? theme.ink
    if (isFine && head !== undefined) context.fill(head)
  })
  context.strokeStyle = theme.bad
  context.lineWidth = 1.6
  context.stroke(crosses)
  context.globalAlpha = 1
}

function addCross(path: Path2D, x: number, y: number): void {
  path.moveTo(x - 3, y - 3)
  path.lineTo(x + 3, y + 3)
  path.moveTo(x - 3, y + 3)
  path.lineTo(x + 3, y - 3)
}

function addHead(
  path: Path2D | undefined,
  fromX: number,
  fromY: number,
  x: number,
  y: number,
  size: number,
): void {
  const angle = Math.atan2(y - fromY, x - fromX)
  const wing = 0.42
  if (path === undefined) return
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
