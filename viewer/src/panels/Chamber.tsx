/** The chamber: the members in a circle, what is on its way between them, who leads, and whom each believes to. */
import { useSignalEffect } from '@preact/signals'
import type { JSX } from 'preact'
import { useRef } from 'preact/hooks'
import { theme } from '../diagram/theme.js'
import { hidden, micros, moment, type Shown, selection, selectNode } from '../state/viewer.js'
import { paintMessages } from './messages.js'

const SIZE = 360
const MIDDLE = SIZE / 2

export interface Seat {
  readonly x: number
  readonly y: number
}

/** Where a node sits; the first one at the top, and then with the clock. */
function seatOf(place: number, count: number): Seat {
  const angle = (place / count) * Math.PI * 2 - Math.PI / 2
  const radius = count === 1 ? 0 : MIDDLE - 44
  return { x: MIDDLE + radius * Math.cos(angle), y: MIDDLE + radius * Math.sin(angle) }
}

export function Chamber({ shown }: { readonly shown: Shown }): JSX.Element {
  const canvas = useRef<HTMLCanvasElement>(null)
  const { nodes } = shown.run
  const seats = nodes.map((_, place) => seatOf(place, nodes.length))

  useSignalEffect(() => {
    const element = canvas.current
    const context = element?.getContext('2d')
    if (!element || !context) return
    const ratio = devicePixelRatio * (element.clientWidth / SIZE || 1)
    const wide = Math.round(SIZE * ratio)
    if (element.width !== wide || element.height !== wide) {
      element.width = wide
      element.height = wide
    }
    context.setTransform(ratio, 0, 0, ratio, 0, 0)
    paintMessages(context, {
      shown,
      seats,
      size: SIZE,
      theme: theme.value,
      hidden: hidden.value,
      micros: micros.value,
      selectedFlight: selection.value?.type === 'flight' ? selection.value.at : null,
    })
  })

  const members = moment.value?.members ?? []
  const radius = Math.min(19, (2.7 * (MIDDLE - 44)) / nodes.length)
  return (
    <section class="chamber" aria-label="The chamber">
      <div class="round">
        <canvas ref={canvas} />
        <svg viewBox={`0 0 ${SIZE} ${SIZE}`}>
          <title>Members in a circle: who leads, and whom each believes to lead</title>
          {members.map(({ node, believes }) => {
            const from = seats[node]
            const to = believes === null ? undefined : seats[believes]
            if (!from || !to || believes === node) return null
            return <line key={`b${node}`} class="belief" x1={from.x} y1={from.y} x2={to.x} y2={to.y} />
          })}
          {nodes.map(({ name, isMember }, place) => {
            const seat = seats[place]
            const state = members.find(({ node }) => node === place)
            if (seat === undefined) return null
            const word = [state?.state ?? 'up', state?.role ?? 'none'].join(', ')
            const isChosen = selection.value?.type === 'node' && selection.value.node === place
            return (
              <g
                key={name}
                class={`seat ${isMember ? 'member' : 'client'} ${state?.state ?? 'up'} ${state?.role ?? 'none'}`}
                transform={`translate(${seat.x} ${seat.y})`}
              >
                {/* An SVG has no buttons of its own. */}
                {/* biome-ignore lint/a11y/useSemanticElements: see above */}
                <g
                  role="button"
                  // In an SVG its name has small letters only.
                  tabindex={0}
                  aria-label={`${name}: ${word}${state?.ballot ? `, ballot ${state.ballot}` : ''}`}
                  aria-pressed={isChosen}
                  onClick={() => selectNode(place)}
                  onKeyDown={(key) => {
                    if (key.key !== 'Enter' && key.key !== ' ') return
                    key.preventDefault()
                    selectNode(place)
                  }}
                >
                  {isMember ? (
                    <circle r={radius} />
                  ) : (
                    <rect x={-radius} y={-radius * 0.8} width={radius * 2} height={radius * 1.6} rx="3" />
                  )}
                  {state?.state === 'paused' && <path d={`M-3 -5v10M3 -5v10`} class="sign" />}
                  {state?.state === 'down' && <path d="M-5 -5l10 10M-5 5l10 -10" class="sign" />}
                  {(state === undefined || !['paused', 'down'].includes(state.state)) && (
                    <text dy="0.35em" style={{ fontSize: `${Math.min(12.5, radius)}px` }}>
                      {name.replace(/^\w*_/, '')}
                    </text>
                  )}
                </g>
                {state?.ballot && <Ballot seat={seat} radius={radius} text={state.ballot} />}
              </g>
            )
          })}
        </svg>
      </div>
    </section>
  )
}

/** The ballot stands outside the circle. */
function Ballot({ seat, radius, text }: { seat: Seat; radius: number; text: string }): JSX.Element {
  const isAlone = seat.x === MIDDLE && seat.y === MIDDLE
  const dx = (seat.x - MIDDLE) / (MIDDLE - 44)
  const dy = isAlone ? -1 : (seat.y - MIDDLE) / (MIDDLE - 44)
  const anchor = dx > 0.3 ? 'start' : dx < -0.3 ? 'end' : 'middle'
  return (
    <text
      class="ballot"
      x={dx * (radius + 5)}
      y={dy * (radius + 11)}
      dy="0.35em"
      style={{ textAnchor: anchor }}
    >
      {text}
    </text>
  )
}
