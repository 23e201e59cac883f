/** Time: play, pause, speed, one event forward and back, and a slider with marks. */
import type { JSX } from 'preact'
import { useEffect } from 'preact/hooks'
import type { Mark } from '../engine/contract.js'
import { formatSeconds } from '../format.js'
import {
  elapse,
  event,
  micros,
  playing,
  run,
  SPEEDS,
  seek,
  seekMark,
  seekTime,
  speed,
  step,
  togglePlay,
} from '../state/viewer.js'

/** Slider steps. */
const STEPS = 10_000

export function Time(): JSX.Element | null {
  usePlaying()
  const now = run.value
  if (now === null) return null
  const length = Math.max(1, now.lengthMicros)
  return (
    <section class="time" aria-label="Time">
      <div class="slider">
        <input
          type="range"
          min={0}
          max={STEPS}
          step={1}
          value={Math.round((micros.value / length) * STEPS)}
          aria-label="Simulated time"
          aria-valuetext={`${formatSeconds(micros.value)} seconds, event ${event.value} of ${now.eventCount}`}
          onInput={(input) => {
            playing.value = false
            seekTime((Number(input.currentTarget.value) / STEPS) * length)
          }}
          onKeyDown={(key) => {
            // The arrows go by events here, as everywhere.
            if (key.key.startsWith('Arrow') || key.key.startsWith('Page')) key.preventDefault()
          }}
        />
        <Marks marks={now.marks} length={length} />
      </div>
      <div class="buttons">
        <button
          type="button"
          aria-label="To the mark before"
          title="To the mark before: p"
          onClick={() => seekMark(-1)}
        >
          ⇤
        </button>
        <button type="button" aria-label="One event back" title="One event back: ←" onClick={() => step(-1)}>
          ‹
        </button>
        <button
          type="button"
          class="play"
          aria-label={playing.value ? 'Pause' : 'Play'}
          title={playing.value ? 'Pause: space' : 'Play: space'}
          onClick={togglePlay}
        >
          {playing.value ? '❚❚' : '►'}
        </button>
        <button
          type="button"
          aria-label="One event forward"
          title="One event forward: →"
          onClick={() => step(1)}
        >
          ›
        </button>
        <button
          type="button"
          aria-label="To the next mark"
          title="To the next mark: n"
          onClick={() => seekMark(1)}
        >
          ⇥
        </button>
        <label class="speed">
          <span class="unseen">Speed</span>
          <select
            value={String(speed.value)}
            onChange={(change) => {
              speed.value = Number(change.currentTarget.value)
            }}
          >
            {SPEEDS.map((each) => (
              <option key={each} value={String(each)}>
                {each === 1_000_000 ? 'real time' : `1/${1_000_000 / each} speed`}
              </option>
            ))}
          </select>
        </label>
        <output class="clock">
          <b>{formatSeconds(micros.value)}</b> s <span class="soft">event</span> <b>{event.value}</b>{' '}
          <span class="soft">of {now.eventCount}</span>
        </output>
      </div>
    </section>
  )
}

/** Time goes on while it plays, frame by frame. */
function usePlaying(): void {
  const isPlaying = playing.value
  useEffect(() => {
    if (!isPlaying) return
    let last = performance.now()
    let frame = requestAnimationFrame(function next(now) {
      elapse(Math.min(0.1, (now - last) / 1_000))
      last = now
      frame = requestAnimationFrame(next)
    })
    return () => cancelAnimationFrame(frame)
  }, [isPlaying])
}

const SIGNS: Readonly<Record<Mark['kind'], string>> = {
  election: '▲',
  fault: '✕',
  verdict: '⚑',
  edit: '✎',
  membership: '◆',
  snapshot: '■',
}

/** Above so many, those of the same kind that would cover one another are left out. */
const CLOSEST = 0.006

function Marks({ marks, length }: { readonly marks: readonly Mark[]; readonly length: number }): JSX.Element {
  const last = new Map<string, number>()
  const placed = marks.flatMap((mark) => {
    const place = mark.micros / length
    if (mark.kind !== 'verdict' && place - (last.get(mark.kind) ?? -1) < CLOSEST) return []
    last.set(mark.kind, place)
    return [{ mark, place }]
  })
  return (
    <div class="marks">
      {placed.map(({ mark, place }, index) => (
        <button
          type="button"
          // Marks of one event are told apart by their place.
          key={`${mark.event}.${index}`}
          class={`mark ${mark.kind}`}
          // There may be hundreds; by the keyboard n and p go from one to the next.
          tabIndex={-1}
          style={{ left: `${place * 100}%` }}
          title={`${mark.label}, event ${mark.event}`}
          aria-label={`${mark.label}, event ${mark.event}`}
          onClick={() => seek(mark.event)}
        >
          {SIGNS[mark.kind]}
        </button>
      ))}
    </div>
  )
}
