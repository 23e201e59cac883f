/** Messages on their way through the chamber, each a shape of its family where it is just then. */
import type { Theme } from '../diagram/theme.js'
import { FAMILIES } from '../kinds.js'
import type { Shown } from '../state/viewer.js'
import type { Seat } from './Chamber.js'

interface Scene {
  readonly shown: Shown
  readonly seats: readonly Seat[]
  readonly size: number
  readonly theme: Theme
  readonly hidden: ReadonlySet<number>
  readonly micros: number
  readonly selectedFlight: number | null
}

const LOST = 2
/** A message that is lost is seen to break off, for so long. */
const BREAK_MICROS = 12_000
/** More than these say nothing more. */
const MOST = 600

export function paintMessages(context: CanvasRenderingContext2D, scene: Scene): void {
  const { shown, size, micros, hidden } = scene
  context.clearRect(0, 0, size, size)
  const { sentMicros, endedMicros, fate } = shown.run.flights
  let count = 0
  shown.index.each(micros - BREAK_MICROS, micros, (at) => {
    const family = shown.index.family[at] ?? 0
    if (hidden.has(family) || count >= MOST) return
    const sent = sentMicros[at] ?? 0
    const ended = endedMicros[at] ?? 0
    if (fate[at] === LOST) {
      paintOne(context, scene, at, Math.min(1, (micros - sent) / BREAK_MICROS) * 0.5, true)
    } else if (micros <= ended) {
      paintOne(context, scene, at, ended === sent ? 1 : (micros - sent) / (ended - sent), false)
    } else return
    count += 1
  })
}

function paintOne(
  context: CanvasRenderingContext2D,
  scene: Scene,
  at: number,
  part: number,
  isLost: boolean,
): void {
  const { shown, seats, theme, selectedFlight, size } = scene
  const { from, to } = shown.run.flights
  const start = seats[from[at] ?? 0]
  const end = seats[to[at] ?? 0]
  if (!start || !end || start === end) return
  // A slight bow, so that there and back are two ways.
  const bow = 0.07
  const controlX = (start.x + end.x) / 2 + (end.y - start.y) * bow
  const controlY = (start.y + end.y) / 2 - (end.x - start.x) * bow
  const rest = 1 - part
  const x = rest * rest * start.x + 2 * rest * part * controlX + part * part * end.x
  const y = rest * rest * start.y + 2 * rest * part * controlY + part * part * end.y
  const family = shown.index.family[at] ?? 0
  const color = isLost ? theme.bad : (theme.families[family] ?? theme.ink)
  const back = Math.max(0, part - 0.16)
  context.strokeStyle = color
  context.lineWidth = at === selectedFlight ? 2.4 : 1.3
  context.globalAlpha = at === selectedFlight ? 0.9 : 0.35
  context.beginPath()
  const left = 1 - back
  context.moveTo(
    left * left * start.x + 2 * left * back * controlX + back * back * end.x,
    left * left * start.y + 2 * left * back * controlY + back * back * end.y,
  )
  context.lineTo(x, y)
  context.stroke()
  context.globalAlpha = isLost ? 1 - part : 1
  context.fillStyle = color
  const scale = (at === selectedFlight ? 1.6 : 1) * (size / 360)
  if (isLost) paintCross(context, x, y)
  else paintShape(context, family, x, y, scale)
  context.globalAlpha = 1
}

function paintCross(context: CanvasRenderingContext2D, x: number, y: number): void {
  context.lineWidth = 1.8
  context.beginPath()
  context.moveTo(x - 4, y - 4)
  context.lineTo(x + 4, y + 4)
  context.moveTo(x - 4, y + 4)
  context.lineTo(x + 4, y - 4)
  context.stroke()
}

/** A shape for each family: colours alone are not enough. */
function paintShape(
  context: CanvasRenderingContext2D,
  family: number,
  x: number,
  y: number,
  scale: number,
): void {
  const size = 3.6 * scale
  context.beginPath()
  switch (FAMILIES[family]) {
    case 'election':
      context.moveTo(x, y - size * 1.2)
      context.lineTo(x + size * 1.1, y + size * 0.8)
      context.lineTo(x - size * 1.1, y + size * 0.8)
      break
    case 'votes':
      context.rect(x - size * 0.85, y - size * 0.85, size * 1.7, size * 1.7)
      break
    case 'decisions':
      context.moveTo(x, y - size * 1.25)
      context.lineTo(x + size * 1.25, y)
      context.lineTo(x, y + size * 1.25)
      context.lineTo(x - size * 1.25, y)
      break
    case 'heartbeats':
      context.arc(x, y, size * 0.6, 0, Math.PI * 2)
      break
    case 'membership':
      context.rect(x - size * 1.2, y - size * 0.5, size * 2.4, size)
      break
    default:
      context.arc(x, y, size, 0, Math.PI * 2)
  }
  context.closePath()
  context.fill()
}
