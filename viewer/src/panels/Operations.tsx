/**
 * What the clients did, each operation a bar from its asking to its answer: linearizable if each can be put at one
 * instant of its bar so that all, one after the other, are right. The numbers are the longest order in which they are;
 * the operation that fits nowhere is marked.
 */
import { useSignal, useSignalEffect } from '@preact/signals'
import type { JSX } from 'preact'
import type { OrderPicture } from '../engine/contract.js'
import { ask, event, lookAt, orderKey, type Shown } from '../state/viewer.js'

const ROW = 22
const WIDTH = 1_000

export function Operations({ shown }: { readonly shown: Shown }): JSX.Element {
  const { operations } = shown.run
  const keys = [...new Set(operations.map(({ key }) => key))].sort((one, other) =>
    compare(one ?? '', other ?? ''),
  )
  const key = keys.includes(orderKey.value) ? orderKey.value : (keys[0] ?? null)
  const picture = useSignal<OrderPicture | null>(null)
  useSignalEffect(() => {
    const wanted = keys.includes(orderKey.value) ? orderKey.value : (keys[0] ?? null)
    void ask()
      .order(shown.handle, wanted)
      .then(
        (order) => {
          picture.value = order
        },
        () => {
          picture.value = null // it has none: the bars alone are drawn
        },
      )
  })
  if (operations.length === 0) return <p class="soft">No client has asked for anything.</p>

  const mine = operations.flatMap((operation, place) =>
    operation.key === key ? [{ ...operation, place }] : [],
  )
  const clients = [...new Set(mine.map(({ client }) => client))].sort((one, other) => one - other)
  const order = picture.value?.key === key ? picture.value : null
  const positions = new Map(order?.order.map((place, position) => [place, position + 1]))
  const from = Math.min(...mine.map(({ invokedMicros }) => invokedMicros))
  const to = Math.max(...mine.map(({ completedMicros }) => completedMicros), from + 1)
  const x = (micros: number): number => ((micros - from) / (to - from)) * WIDTH
  const blame = blamed(shown, key)
  const breaks = order?.breaks ?? blame?.place ?? null
  const why = order?.breaks === null ? blame?.detail : 'fits nowhere'
  const breaking = order === null || breaks === null ? undefined : operations[breaks]
  const now = shown.run.timeline.micros[event.value - 1] ?? 0
  return (
    <div class="operations">
      <p>
        <label>
          Key{' '}
          <select
            value={key ?? ''}
            onChange={(change) => {
              orderKey.value = keys.find((each) => (each ?? '') === change.currentTarget.value) ?? null
            }}
          >
            {keys.map((each) => (
              <option key={each ?? ''} value={each ?? ''}>
                {each ?? 'all'}
              </option>
            ))}
          </select>
        </label>{' '}
        <output>
          {order !== null && breaking === undefined && `${order.order.length} operations in a legal order.`}
          {order !== null && breaking !== undefined && (
            <b class="breaks">
              {order.breaks === null
                ? `These alone have a legal order, but of “${breaking.text}”: ${why}.`
                : `After the longest legal order, of ${order.order.length}, “${breaking.text}” fits nowhere.`}
            </b>
          )}
        </output>
      </p>
      <div class="bars" style={{ height: `${clients.length * ROW}px` }}>
        {now >= from && now <= to && <i class="now" style={{ left: `${x(now) / 10}%` }} />}
        {mine.map((operation) => {
          const position = positions.get(operation.place)
          const isBreaking = operation.place === breaks
          const sign = isBreaking ? '✗' : (position ?? '')
          const label = `${sign} ${operation.text} (client ${operation.client}${position === undefined ? '' : `, ${position}. of the order`}${isBreaking ? `, ${why}` : ''})`
          return (
            <button
              type="button"
              key={operation.place}
              class={`bar ${operation.status} ${isBreaking ? 'breaks' : ''}`}
              style={{
                left: `${x(operation.invokedMicros) / 10}%`,
                width: `${Math.max(0.4, (x(operation.completedMicros) - x(operation.invokedMicros)) / 10)}%`,
                top: `${clients.indexOf(operation.client) * ROW}px`,
              }}
              title={label}
              aria-label={label}
              onClick={() => lookAt(operation)}
            >
              <b>{sign}</b> {operation.text}
            </button>
          )
        })}
      </div>
    </div>
  )
}

/** The operation that the verdict is about, where it tells of more than the order within a key. */
function blamed({ run }: Shown, key: string | null): { place: number; detail: string } | null {
  const verdict = run.verdicts.find(({ name, holds }) => name === 'linearizable' && !holds)
  if (verdict === undefined || verdict.event === null) return null
  const place = run.operations.findIndex(
    (operation) => operation.key === key && operation.completedEvent === verdict.event,
  )
  return place < 0 ? null : { place, detail: verdict.detail }
}

function compare(one: string, other: string): number {
  return one < other ? -1 : one > other ? 1 : 0
}
