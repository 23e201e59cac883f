/** Change the past: what is chosen, what can be done to it, and the changes so far. */
import { useSignal } from '@preact/signals'
import type { ComponentChildren, JSX } from 'preact'
import { type Edit, FLIGHT_FATES } from '../engine/contract.js'
import {
  change,
  event,
  go,
  page,
  parting,
  type Shown,
  selectFlight,
  selection,
  undo,
} from '../state/viewer.js'
import { EventLink } from './Moment.js'

const USUAL_DELAY_MILLIS = 200
const USUAL_OUTAGE_MILLIS = 1_000

export function Change({ shown }: { readonly shown: Shown }): JSX.Element {
  const { replayable, whyNot } = shown.run
  const chosen = selection.value
  return (
    <>
      <Changes shown={shown} />
      {!replayable && <p>{whyNot ?? 'This run cannot be run again, so it cannot be changed.'}</p>}
      {chosen?.type === 'flight' && <OfMessage shown={shown} at={chosen.at} canChange={replayable} />}
      {chosen?.type === 'node' && replayable && <OfNode shown={shown} node={chosen.node} />}
      {(chosen === null || chosen.type === 'slot') && replayable && (
        <p class="soft">
          Click a message in the diagram to drop it, to delay it, or to cut the link that it is on; or a
          member to crash or pause it here. Everything before stays as it was; you see both futures.
        </p>
      )}
      <ArrivalsHere shown={shown} />
    </>
  )
}

/** The changes so far, and what they led to. */
function Changes({ shown }: { readonly shown: Shown }): JSX.Element | null {
  const { address, nodes } = shown.run
  if (address === null || address.edits.length === 0) return null
  const nameOf = (id: number): string => nodes.find((node) => node.id === id)?.name ?? `node ${id}`
  const part = parting.value
  return (
    <section class="changes" aria-label="Changes so far">
      <h3>Changed</h3>
      <ol>
        {address.edits.map((edit) => (
          <li key={JSON.stringify(edit)}>
            {sayEdit(edit, nameOf)} <EventLink event={edit.event} />
          </li>
        ))}
      </ol>
      {page.value.beside && part !== null && (
        <p>
          The two runs part at <EventLink event={part} />.
        </p>
      )}
      <div class="row">
        <button
          type="button"
          aria-pressed={page.value.beside}
          onClick={() =>
            go({ ...page.value, run: { ...address, at: event.value }, beside: !page.value.beside })
          }
        >
          Both futures
        </button>
        <button type="button" title="Take the last change back: u" onClick={undo}>
          Undo the last
        </button>
      </div>
    </section>
  )
}

function sayEdit(edit: Edit, nameOf: (id: number) => string): string {
  switch (edit.type) {
    case 'drop':
      return `The message to ${nameOf(edit.to)} is lost:`
    case 'delay':
      return `The message to ${nameOf(edit.to)} is ${edit.millis} ms late:`
    case 'crash':
      return `${nameOf(edit.node)} crashes for ${edit.millis} ms after`
    case 'pause':
      return `${nameOf(edit.node)} pauses for ${edit.millis} ms after`
    case 'cut':
      return `Nothing passes from ${nameOf(edit.from)} to ${nameOf(edit.to)} for ${edit.millis} ms after`
  }
}

function OfMessage({
  shown,
  at,
  canChange,
}: {
  readonly shown: Shown
  readonly at: number
  readonly canChange: boolean
}): JSX.Element {
  const { flights, nodes } = shown.run
  const from = nodes[flights.from[at] ?? 0]
  const to = nodes[flights.to[at] ?? 0]
  const sent = flights.sent[at] ?? 1
  const ended = flights.ended[at] ?? 0
  const fate = FLIGHT_FATES[flights.fate[at] ?? 0]
  if (from === undefined || to === undefined) return <p />
  const took = ((flights.endedMicros[at] ?? 0) - (flights.sentMicros[at] ?? 0)) / 1_000
  const target = { event: sent, to: to.id }
  return (
    <section aria-label="The message" class="chosen-one">
      <h3>
        {flights.kinds[flights.kind[at] ?? 0]}, {from.name} → {to.name}
      </h3>
      <p>
        <EventLink event={sent} label={`Sent by event ${sent}`} />
        {fate === 'underway' ? '; still on its way at the end.' : ', '}
        {ended > 0 && (
          <>
            <EventLink event={ended} label={`${fate} by event ${ended}`} />
            {fate === 'received' && ` after ${took.toFixed(1)} ms`}.
          </>
        )}
      </p>
      {canChange && (
        <>
          <div class="row">
            <button type="button" onClick={() => change({ type: 'drop', ...target })}>
              Drop it
            </button>
          </div>
          <WithMillis
            usual={USUAL_DELAY_MILLIS}
            verb="Delay it"
            onDo={(millis) => change({ type: 'delay', ...target, millis })}
          />
          <WithMillis
            usual={USUAL_OUTAGE_MILLIS}
            verb="Cut this link"
            before="for"
            onDo={(millis) =>
              // Right before it is sent, so that it is the first one not to pass.
              change({ type: 'cut', event: Math.max(1, sent - 1), from: from.id, to: to.id, millis })
            }
          />
        </>
      )}
    </section>
  )
}

function OfNode({ shown, node }: { readonly shown: Shown; readonly node: number }): JSX.Element | null {
  const { nodes } = shown.run
  const others = nodes.filter((_, place) => place !== node)
  const peer = useSignal<number | null>(null)
  const chosen = nodes[node]
  if (chosen === undefined) return null
  const to = peer.value ?? others[0]?.id ?? 0
  const at = event.value
  return (
    <section aria-label="The node" class="chosen-one">
      <h3>{chosen.name}</h3>
      <p>
        Right after <EventLink event={at} />:
      </p>
      {chosen.isMember && (
        <>
          <WithMillis
            usual={USUAL_OUTAGE_MILLIS}
            verb="Crash it"
            before="and start it again after"
            onDo={(millis) => change({ type: 'crash', event: at, node: chosen.id, millis })}
          />
          <WithMillis
            usual={USUAL_OUTAGE_MILLIS}
            verb="Pause it"
            before="for"
            onDo={(millis) => change({ type: 'pause', event: at, node: chosen.id, millis })}
          />
        </>
      )}
      {others.length > 0 && (
        <WithMillis
          usual={USUAL_OUTAGE_MILLIS}
          verb="Cut the link"
          before={
            <>
              to{' '}
              <select
                aria-label="To whom"
                value={String(to)}
                onChange={(select) => {
                  peer.value = Number(select.currentTarget.value)
                }}
              >
                {others.map(({ id, name }) => (
                  <option key={id} value={String(id)}>
                    {name}
                  </option>
                ))}
              </select>{' '}
              for
            </>
          }
          onDo={(millis) => change({ type: 'cut', event: at, from: chosen.id, to, millis })}
        />
      )}
    </section>
  )
}

/** A change that takes a time. */
function WithMillis({
  usual,
  verb,
  before = 'by',
  onDo,
}: {
  readonly usual: number
  readonly verb: string
  readonly before?: ComponentChildren
  readonly onDo: (millis: number) => void
}): JSX.Element {
  const millis = useSignal(usual)
  return (
    <form
      class="row"
      onSubmit={(submit) => {
        submit.preventDefault()
        onDo(millis.value)
      }}
    >
      <button type="submit">{verb}</button>
      <span>{before}</span>
      <input
        type="number"
        min={1}
        max={60_000}
        aria-label={`${verb}: milliseconds`}
        value={millis.value}
        onInput={(input) => {
          millis.value = Math.max(1, Math.round(Number(input.currentTarget.value) || 1))
        }}
      />
      <span>ms</span>
    </form>
  )
}

/** The same as clicking arrows, for who uses the keyboard: what is on its way at this moment. */
function ArrivalsHere({ shown }: { readonly shown: Shown }): JSX.Element | null {
  const { flights, nodes, timeline } = shown.run
  const now = event.value
  const micros = timeline.micros[now - 1] ?? 0
  const here: number[] = []
  shown.index.each(micros, micros, (at) => {
    const ended = flights.ended[at] ?? 0
    if ((flights.sent[at] ?? 0) <= now && (ended === 0 || ended >= now) && here.length < 60) here.push(at)
  })
  const nameOf = (place: number | undefined): string => nodes[place ?? 0]?.name ?? ''
  return (
    <section aria-label="On their way">
      <h3>On their way</h3>
      <ul class="underway">
        {here.map((at) => (
          <li key={at}>
            <button type="button" class="link" onClick={() => selectFlight(at)}>
              {flights.kinds[flights.kind[at] ?? 0]}
            </button>{' '}
            {nameOf(flights.from[at])} → {nameOf(flights.to[at])}
          </li>
        ))}
        {here.length === 0 && <li class="soft">nothing, just now</li>}
      </ul>
    </section>
  )
}
