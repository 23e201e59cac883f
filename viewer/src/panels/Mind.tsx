/** Everything that a node knows: its roles and their fields, its timers, its disk. What has just changed is marked. */
import type { JSX } from 'preact'
import { useRef } from 'preact/hooks'
import type { Field, Mind as MindView } from '../engine/contract.js'
import { formatSeconds } from '../format.js'
import { micros, mindOf, moment, type Shown } from '../state/viewer.js'

export function Mind({ shown }: { readonly shown: Shown }): JSX.Element {
  const { nodes, whyNot } = shown.run
  const at = moment.value
  const mind = at?.minds?.[mindOf.value]
  const state = at?.members.find(({ node }) => node === mindOf.value)?.state ?? 'up'
  const before = useBefore(`${mindOf.value}`, at?.event ?? 0, mind ?? null)
  return (
    <>
      <label class="whose" data-event={at?.event}>
        The mind of{' '}
        <select
          value={String(mindOf.value)}
          onChange={(change) => {
            mindOf.value = Number(change.currentTarget.value)
          }}
        >
          {nodes.map(({ name }, place) => (
            <option key={name} value={String(place)}>
              {name}
            </option>
          ))}
        </select>
      </label>
      {at?.minds === null && <p>{whyNot ?? 'The minds of this run are not known.'}</p>}
      {!mind && at?.minds !== null && (
        <p class="soft">{state === 'up' ? '…' : `It is ${state}, and knows nothing.`}</p>
      )}
      {mind && <Known mind={mind} before={before} />}
    </>
  )
}

/** The values of the moment before this one, by their paths; null when there is nothing to compare with. */
function useBefore(whose: string, event: number, mind: MindView | null): ReadonlyMap<string, string> | null {
  const seen = useRef<{ whose: string; event: number; values: ReadonlyMap<string, string> } | null>(null)
  const old = useRef<ReadonlyMap<string, string> | null>(null)
  if (mind !== null && (seen.current?.event !== event || seen.current.whose !== whose)) {
    old.current = seen.current?.whose === whose ? seen.current.values : null
    seen.current = { whose, event, values: valuesOf(mind) }
  }
  return old.current
}

function valuesOf({ roles }: MindView): ReadonlyMap<string, string> {
  const values = new Map<string, string>()
  const add = (path: string, fields: readonly Field[]): void => {
    for (const field of fields) {
      values.set(`${path}.${field.name}`, field.value)
      add(`${path}.${field.name}`, field.fields)
    }
  }
  for (const { name, fields } of roles) add(name, fields)
  return values
}

interface Before {
  readonly before: ReadonlyMap<string, string> | null
}

function Known({ mind, before }: { readonly mind: MindView } & Before): JSX.Element {
  const { synced, unsynced, omitted } = mind.disk
  return (
    <div class="tree">
      {mind.roles.map(({ name, fields }) => (
        <details key={name} open={name !== 'node'}>
          <summary>
            <h3>{name}</h3>
          </summary>
          <Fields path={name} fields={fields} before={before} />
        </details>
      ))}
      <details open>
        <summary>
          <h3>timers</h3>
        </summary>
        <ul>
          {mind.timers.map(({ role, timer, dueMicros }) => (
            <li key={`${role} ${timer}`}>
              <span class="field">
                {role} {timer}
              </span>{' '}
              <span class="value">in {((dueMicros - micros.value) / 1_000).toFixed(1)} ms</span>
            </li>
          ))}
          {mind.timers.length === 0 && <li class="soft">none</li>}
        </ul>
      </details>
      <details open>
        <summary>
          <h3>disk</h3>
        </summary>
        <ul class="records">
          {unsynced.toReversed().map((record, index) => (
            // Records are told apart by their place from the beginning.
            <li key={`u${unsynced.length - index}`} class="unsynced">
              <span class="field">not yet synced</span> {record}
            </li>
          ))}
          {synced.toReversed().map((record, index) => (
            <li key={`s${omitted + synced.length - index}`}>{record}</li>
          ))}
          {omitted > 0 && <li class="soft">and {omitted} older ones</li>}
        </ul>
      </details>
      <p class="soft">Its clock: {mind.clock}.</p>
      <p class="soft">At {formatSeconds(moment.value?.micros ?? 0)} s.</p>
    </div>
  )
}

function Fields({
  path,
  fields,
  before,
}: { readonly path: string; readonly fields: readonly Field[] } & Before): JSX.Element {
  return (
    <ul>
      {fields.map((field) => {
        const mine = `${path}.${field.name}`
        const isNew = before !== null && before.get(mine) !== field.value
        const text = (
          <>
            <span class="field">{field.name}</span> <span class="value">{field.value}</span>
            {isNew && <span class="unseen"> (has just changed)</span>}
          </>
        )
        return (
          <li key={field.name} class={isNew ? 'changed' : ''}>
            {field.fields.length === 0 ? (
              text
            ) : (
              <details>
                <summary>{text}</summary>
                <Fields path={mine} fields={field.fields} before={before} />
              </details>
            )}
          </li>
        )
      })}
    </ul>
  )
}
