/** The lines of the transcript around this moment, a page of them at a time. */
import { useSignal, useSignalEffect } from '@preact/signals'
import type { JSX } from 'preact'
import { useEffect, useRef } from 'preact/hooks'
import { EVENT_TYPES } from '../engine/contract.js'
import { ask, event, run, seek, shown } from '../state/viewer.js'

/** So many lines are asked for at a time, and asked for anew when so few are left on one side. */
const PAGE = 160
const MARGIN = 25

interface Lines {
  readonly handle: number
  readonly from: number
  readonly texts: readonly string[]
}

export function Transcript(): JSX.Element {
  const lines = useSignal<Lines | null>(null)
  const wanted = useRef(0)

  useSignalEffect(() => {
    const now = shown.value
    const at = event.value
    if (now === null) return
    const have = lines.peek()
    const count = now.run.eventCount
    const isInside =
      have !== null &&
      have.handle === now.handle &&
      (at - have.from >= MARGIN || have.from === 1) &&
      (have.from + have.texts.length - at > MARGIN || have.from + have.texts.length > count)
    if (isInside) return
    wanted.current += 1
    const mine = wanted.current
    const from = Math.max(1, at - PAGE / 2)
    const to = Math.min(count, from + PAGE - 1)
    void ask()
      .lines(now.handle, from, to)
      .then(
        (texts) => {
          if (mine === wanted.current) lines.value = { handle: now.handle, from, texts }
        },
        () => {}, // the moment says what is wrong
      )
  })

  const list = useRef<HTMLOListElement>(null)
  const at = event.value
  const have = lines.value
  useEffect(() => {
    const row = list.current?.querySelector<HTMLElement>('[aria-current]')
    const box = list.current
    if (!row || !box) return
    box.scrollTop = row.offsetTop - box.clientHeight / 2 + row.clientHeight / 2
  }, [at, have])

  const timeline = run.value?.timeline
  return (
    // A list that scrolls must be reachable by the keyboard.
    // biome-ignore lint/a11y/noNoninteractiveTabindex: see above
    <ol class="transcript" ref={list} tabIndex={0} aria-label="Transcript">
      {have?.texts.map((text, index) => {
        const number = have.from + index
        const type = EVENT_TYPES[timeline?.type[number - 1] ?? 0] ?? 'starts'
        return (
          <li key={number} aria-current={number === at ? 'true' : undefined} class={type}>
            <button type="button" tabIndex={-1} onClick={() => seek(number)}>
              <span class="number">{number}</span>
              {text}
            </button>
          </li>
        )
      })}
    </ol>
  )
}
