/** The diagram on the page: a canvas, the names of its lines, and what hands do to it. */
import { useSignal, useSignalEffect } from '@preact/signals'
import type { JSX } from 'preact'
import { useEffect, useRef } from 'preact/hooks'
import type { FaultSpan, MemberMoment } from '../engine/contract.js'
import {
  follow,
  hidden,
  micros,
  moment,
  panBy,
  type Shown,
  seekTime,
  selectFlight,
  selection,
  selectNode,
  span,
  zoom,
} from '../state/viewer.js'
import { type Geometry, laneHeight, TOP, timeAt, yOf } from './geometry.js'
import { paint } from './paint.js'
import { faultAt, flightAt } from './pick.js'
import { theme } from './theme.js'

interface Props {
  readonly shown: Shown
  readonly label: string
  readonly partingMicros: number | null
  /** Whether what happens here is looked at; the other one is for comparison. */
  readonly isMain: boolean
}

/** So long after the last pan or zoom all is painted as finely as it can be. */
const SETTLED_MILLIS = 120

/** Lines so far apart have room for a word under the name. */
const TWO_LINES = 30

/** A pointer that moved less than this was a click. */
const CLICK = 4

export function Diagram({ shown, label, partingMicros, isMain }: Props): JSX.Element {
  const frame = useRef<HTMLDivElement>(null)
  const canvas = useRef<HTMLCanvasElement>(null)
  const size = useSignal({ width: 0, height: 0 })
  const hovered = useSignal<number | null>(null)
  const hoveredFault = useSignal<FaultSpan | null>(null)

  useEffect(() => {
    const element = frame.current
    if (element === null) return
    const observer = new ResizeObserver(() => {
      size.value = { width: element.clientWidth, height: element.clientHeight }
    })
    observer.observe(element)
    return () => observer.disconnect()
  }, [size])

  /** What is found out later comes by these, too, and is painted when it comes. */
  const given = useSignal({ shown, partingMicros })
  useEffect(() => {
    given.value = { shown, partingMicros }
  }, [given, shown, partingMicros])

  const lanes = shown.run.nodes.length
  const lane = laneHeight(size.value.height, lanes)
  const height = Math.max(size.value.height, TOP + lane * lanes + 4)
  const geometryNow = (): Geometry => ({ width: size.value.width, height, span: span.value, lanes, lane })

  const pending = useRef(0)
  const last = useRef(span.peek())
  const isMoving = useSignal(false)
  const settling = useRef<ReturnType<typeof setTimeout> | undefined>(undefined)
  useSignalEffect(() => {
    const geometry = geometryNow()
    if (geometry.span !== last.current) {
      last.current = geometry.span
      isMoving.value = true
      clearTimeout(settling.current)
      settling.current = setTimeout(() => {
        isMoving.value = false
      }, SETTLED_MILLIS)
    }
    const chosen = selection.value
    // For whoever wants to know what is in view; not by JSX, which would draw the lines' names anew at every frame.
    if (canvas.current !== null) canvas.current.dataset['span'] = `${geometry.span.from} ${geometry.span.to}`
    const scene = {
      ...given.value,
      geometry,
      theme: theme.value,
      hidden: hidden.value,
      micros: micros.value,
      selectedFlight: isMain && chosen?.type === 'flight' ? chosen.at : null,
      selectedNode: chosen?.type === 'node' ? chosen.node : null,
      hoveredFlight: hovered.value,
      isMoving: isMoving.value,
    }
    cancelAnimationFrame(pending.current)
    pending.current = requestAnimationFrame(() => {
      const element = canvas.current
      const context = element?.getContext('2d')
      if (!element || !context || geometry.width === 0) return
      const ratio = devicePixelRatio
      const [wide, high] = [Math.round(geometry.width * ratio), Math.round(height * ratio)]
      if (element.width !== wide || element.height !== high) {
        element.width = wide
        element.height = high
      }
      context.setTransform(ratio, 0, 0, ratio, 0, 0)
      paint(context, scene)
    })
  })

  const hands = useHands(canvas, geometryNow, (x, y) => {
    const found = flightAt(shown, geometryNow(), hidden.value, x, y)
    if (found !== null && isMain) selectFlight(found)
    else seekTime(timeAt(geometryNow(), x))
  })

  return (
    <section class="diagram" aria-label={label}>
      <Gutter shown={shown} lane={lane} isMain={isMain} />
      <div class="canvas-frame" ref={frame}>
        <canvas
          ref={canvas}
          style={{ height: `${height}px` }}
          role="img"
          aria-label={`${label}: a line for each of ${lanes} nodes, messages as arrows between them. The transcript below says the same in words.`}
          {...hands}
          onMouseMove={(event: MouseEvent) => {
            const [x, y] = [event.offsetX, event.offsetY]
            const isFree = event.buttons === 0
            hovered.value = isFree ? flightAt(shown, geometryNow(), hidden.value, x, y) : null
            hoveredFault.value = isFree && hovered.value === null ? faultAt(shown, geometryNow(), x, y) : null
          }}
          onMouseLeave={() => {
            hovered.value = null
            hoveredFault.value = null
          }}
          class={hovered.value === null || !isMain ? '' : 'over'}
        />
        {hovered.value !== null && <Hint shown={shown} at={hovered.value} />}
        {hoveredFault.value !== null && <FaultHint shown={shown} fault={hoveredFault.value} />}
      </div>
    </section>
  )
}

function Hint({ shown, at }: { readonly shown: Shown; readonly at: number }): JSX.Element {
  const { flights, nodes } = shown.run
  const name = (place: number | undefined): string => nodes[place ?? 0]?.name ?? ''
  const took = (flights.endedMicros[at] ?? 0) - (flights.sentMicros[at] ?? 0)
  const fate = ['', 'missed: the node is down', 'lost', 'still on its way'][flights.fate[at] ?? 0]
  return (
    <div class="hint" role="status">
      <b>{flights.kinds[flights.kind[at] ?? 0]}</b> {name(flights.from[at])} → {name(flights.to[at])}{' '}
      <span class="soft">{fate || `${(took / 1_000).toFixed(1)} ms`}</span>
    </div>
  )
}

function FaultHint({ shown, fault }: { readonly shown: Shown; readonly fault: FaultSpan }): JSX.Element {
  const { nodes, lengthMicros } = shown.run
  const who = fault.nodes.map((place) => nodes[place]?.name).join(' ')
  const millis = (fault.toMicros - fault.fromMicros) / 1_000
  const until = fault.toMicros >= lengthMicros ? 'to the end' : `${millis.toFixed(1)} ms`
  return (
    <div class="hint" role="status">
      <b>{fault.fault}</b> {who}: {fault.what} <span class="soft">{millis > 0 && until}</span>
    </div>
  )
}

const STATES: Readonly<Record<MemberMoment['state'], string>> = {
  up: 'It runs.',
  down: 'It has crashed, and is not started again yet.',
  paused: 'It stands still, and does not know it.',
  refused: 'It does not start, because of what is on its disk.',
  retired: 'It was removed, and is needed no more.',
  outside: 'It is not among the members, or does not know yet that it is.',
}

/** The names of the lines, with what each node is just then. */
function Gutter({ shown, lane, isMain }: { shown: Shown; lane: number; isMain: boolean }): JSX.Element {
  const states = isMain ? moment.value?.members : undefined
  const geometry = { lane } as Geometry
  return (
    <div class="gutter">
      {shown.run.nodes.map(({ name }, place) => {
        const state = states?.find(({ node }) => node === place)
        const leads = state?.role === 'leading'
        const word = state === undefined || state.state === 'up' ? (leads ? 'leads' : '') : state.state
        return (
          <button
            type="button"
            key={name}
            class={`lane ${lane < TWO_LINES ? 'flat' : ''} ${leads ? 'leads' : ''} ${state?.state ?? ''}`}
            style={{ top: `${yOf(geometry, place) - lane / 2}px`, height: `${lane}px` }}
            title={state && STATES[state.state]}
            aria-pressed={selection.value?.type === 'node' && selection.value.node === place}
            onClick={() => selectNode(place)}
          >
            <span>{name}</span>
            {word !== '' && <small>{word}</small>}
          </button>
        )
      })}
    </div>
  )
}

type OnPointer = (event: PointerEvent) => void

interface Hands {
  readonly onPointerDown: OnPointer
  readonly onPointerMove: OnPointer
  readonly onPointerUp: OnPointer
  readonly onPointerCancel: OnPointer
}

/** Drag to pan, two fingers or the wheel to zoom, a click for what is there. */
function useHands(
  canvas: { readonly current: HTMLCanvasElement | null },
  geometry: () => Geometry,
  onClick: (x: number, y: number) => void,
): Hands {
  const fingers = useRef(new Map<number, { x: number; y: number }>())
  const moved = useRef(0)

  useEffect(() => {
    const element = canvas.current
    if (element === null) return
    // Not passive: the page must not scroll meanwhile.
    const onWheel = (event: WheelEvent): void => {
      event.preventDefault()
      const { width, span } = geometry()
      const isPan = event.shiftKey || Math.abs(event.deltaX) > Math.abs(event.deltaY)
      if (isPan) panBy((((event.deltaX || event.deltaY) / width) * (span.to - span.from)) as number)
      else zoom(Math.exp(Math.max(-60, Math.min(60, event.deltaY)) * 0.006), event.offsetX / width)
      if (isPan) follow.value = false
    }
    element.addEventListener('wheel', onWheel, { passive: false })
    return () => element.removeEventListener('wheel', onWheel)
  })

  const spread = (): { middle: number; wide: number } => {
    const [one, other] = [...fingers.current.values()]
    if (!one || !other) return { middle: one?.x ?? 0, wide: 0 }
    return { middle: (one.x + other.x) / 2, wide: Math.abs(one.x - other.x) }
  }

  return {
    onPointerDown: (event) => {
      canvas.current?.setPointerCapture(event.pointerId)
      fingers.current.set(event.pointerId, { x: event.offsetX, y: event.offsetY })
      moved.current = 0
    },
    onPointerMove: (event) => {
      const finger = fingers.current.get(event.pointerId)
      if (finger === undefined) return
      const { width, span } = geometry()
      const old = spread()
      moved.current += Math.abs(event.offsetX - finger.x) + Math.abs(event.offsetY - finger.y)
      fingers.current.set(event.pointerId, { x: event.offsetX, y: event.offsetY })
      if (moved.current < CLICK) return
      follow.value = false
      const now = spread()
      if (old.wide > 20 && now.wide > 20) zoom(old.wide / now.wide, now.middle / width)
      panBy(((old.middle - now.middle) / width) * (span.to - span.from))
    },
    onPointerUp: (event) => {
      const isClick = fingers.current.size === 1 && moved.current < CLICK
      fingers.current.delete(event.pointerId)
      if (isClick) onClick(event.offsetX, event.offsetY)
    },
    onPointerCancel: (event) => {
      fingers.current.delete(event.pointerId)
    },
  }
}
