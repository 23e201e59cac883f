/** The verdicts, and beside each that failed, where it did. */
import type { JSX } from 'preact'
import type { VerdictInfo } from '../engine/contract.js'
import { belowTab, orderKey, type Shown } from '../state/viewer.js'
import { EventLink } from './Moment.js'

export function Verdicts({ shown }: { readonly shown: Shown }): JSX.Element {
  const { verdicts, settings, operations } = shown.run
  const failed = verdicts.filter(({ holds }) => !holds)
  const kept = verdicts.filter(({ holds }) => holds)
  return (
    <>
      {verdicts.length === 0 && <p class="soft">A file tells what happened, and not whether it was right.</p>}
      <ul class="verdicts">
        {[...failed, ...kept].map((verdict) => (
          <Verdict key={verdict.name} verdict={verdict} />
        ))}
      </ul>
      {operations.length > 0 && (
        <button
          type="button"
          onClick={() => {
            orderKey.value = keyOf(shown, failed)
            belowTab.value = 'operations'
          }}
        >
          Operations and their order
        </button>
      )}
      <h3>The run</h3>
      <dl class="settings">
        {Object.entries(settings).map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
    </>
  )
}

/** The part of the history that a failed verdict is about, as far as its event tells. */
function keyOf({ run }: Shown, failed: readonly VerdictInfo[]): string | null {
  const linearizable = failed.filter(({ name }) => name === 'linearizable')
  const events = [...linearizable, ...failed].map(({ event }) => event)
  const operations = events.flatMap(
    (event) => run.operations.find(({ completedEvent }) => completedEvent === event) ?? [],
  )
  return (operations[0] ?? run.operations[0])?.key ?? null
}

function Verdict({ verdict }: { readonly verdict: VerdictInfo }): JSX.Element {
  const { name, holds, detail, event, inevitable } = verdict
  return (
    <li class={holds ? 'holds' : 'fails'}>
      <b>
        <span aria-hidden="true">{holds ? '✓' : '✗'}</span> {name}
        <span class="unseen">{holds ? ' holds' : ' fails'}</span>
      </b>
      {detail !== '' && <p>{detail}</p>}
      {(event !== null || inevitable !== null) && (
        <p>
          {event !== null && (
            <>
              Broken by <EventLink event={event} />.{' '}
            </>
          )}
          {inevitable !== null && (
            <>
              Inevitable from <EventLink event={inevitable} /> on
              {inevitable === 1 ? ': it needs no faults.' : ', even if nothing went wrong any more.'}
            </>
          )}
        </p>
      )}
    </li>
  )
}
