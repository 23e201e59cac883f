/** The ledger: slots against members, the latest slot first; and the life of one. */
import { useSignal, useSignalEffect } from '@preact/signals'
import type { JSX } from 'preact'
import { useRef } from 'preact/hooks'
import type { LedgerCell, LedgerSlot, Ledger as LedgerView, SlotLife } from '../engine/contract.js'
import { formatSeconds } from '../format.js'
import { ask, event, moment, type Shown, selection } from '../state/viewer.js'
import { EventLink } from './Moment.js'

/** So many slots are on a page. */
const PAGE = 40

export function Ledger({ shown }: { readonly shown: Shown }): JSX.Element {
  /** The first slot of the page that is shown; null: the latest ones. */
  const from = useSignal<number | null>(null)
  const older = useSignal<LedgerView | null>(null)
  useSignalEffect(() => {
    const slot = from.value
    const at = event.value
    if (slot === null) return
    void ask()
      .ledger(shown.handle, at, slot, PAGE)
      .then(
        (ledger) => {
          if (from.peek() === slot) older.value = ledger
        },
        () => {}, // the moment says what is wrong
      )
  })

  const ledger = from.value === null ? moment.value?.ledger : (older.value ?? moment.value?.ledger)
  const members = shown.run.nodes.filter(({ isMember }) => isMember)
  const slots = [...(ledger?.slots ?? [])].reverse()
  const first = ledger?.fromSlot ?? 1
  const chosen = selection.value?.type === 'slot' ? selection.value.slot : null
  if (slots.length === 0) return <p class="soft">No slot has a vote yet: nobody has proposed anything.</p>
  return (
    <>
      {chosen !== null && <Life shown={shown} slot={chosen} />}
      {/* However many members there are, a decree can be read. */}
      <table class="slots" style={{ minWidth: `${116 + 17 * members.length}px` }}>
        <thead>
          <tr>
            <th scope="col">Slot</th>
            <th scope="col" class="decree">
              Decree
            </th>
            {members.map(({ name }) => (
              <th scope="col" key={name} title={name}>
                <span class="unseen">{name}</span>
                <span aria-hidden="true">{name.replace(/^\w*_/, '')}</span>
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {slots.map((slot) => (
            <Row
              key={slot.slot}
              slot={slot}
              names={members.map(({ name }) => name)}
              isChosen={slot.slot === chosen}
            />
          ))}
        </tbody>
      </table>
      <p class="pages">
        {first > 1 && (
          <button
            type="button"
            onClick={() => {
              from.value = Math.max(1, first - PAGE)
            }}
          >
            Older slots
          </button>
        )}
        {from.value !== null && (
          <button
            type="button"
            onClick={() => {
              from.value = null
            }}
          >
            Latest slots
          </button>
        )}
      </p>
      <Key />
    </>
  )
}

function Row({
  slot,
  names,
  isChosen,
}: {
  readonly slot: LedgerSlot
  readonly names: readonly string[]
  readonly isChosen: boolean
}): JSX.Element {
  const choose = (): void => {
    selection.value = isChosen ? null : { type: 'slot', slot: slot.slot }
  }
  return (
    <tr class={isChosen ? 'chosen' : ''}>
      <th scope="row">
        <button type="button" class="link" aria-expanded={isChosen} onClick={choose}>
          {slot.slot}
        </button>
      </th>
      <td class="decree">
        <button type="button" tabIndex={-1} title={slot.chosen ?? ''} onClick={choose}>
          {slot.chosen ?? <span class="soft">open</span>}
        </button>
      </td>
      {slot.cells.map((cell, index) => (
        <td key={names[index]} title={`${names[index]}: ${sayCell(cell)}`}>
          <Cell cell={cell} />
        </td>
      ))}
    </tr>
  )
}

/** The ring is the vote, with the round of its ballot; filled once it is applied. */
function Cell({ cell }: { readonly cell: LedgerCell }): JSX.Element {
  const round = cell.accepted === null ? '' : cell.accepted.split('.')[0]
  const isDurable = cell.durable || cell.accepted === null
  return (
    <span class={`cell ${cell.state} ${isDurable ? '' : 'unsynced'}`}>
      <span aria-hidden="true">{cell.state === 'trimmed' ? '–' : round}</span>
      <span class="unseen">{sayCell(cell)}</span>
    </span>
  )
}

function sayCell({ state, accepted, durable }: LedgerCell): string {
  if (state === 'none') return 'nothing'
  const vote =
    accepted === null ? 'no vote' : `accepted under ${accepted}${durable ? '' : ', not yet on its disk'}`
  return state === 'accepted' ? vote : `${vote}, ${state}`
}

function Key(): JSX.Element {
  const cells: readonly (readonly [LedgerCell, string])[] = [
    [{ state: 'accepted', accepted: '1', durable: false }, 'accepted, not yet on disk'],
    [{ state: 'accepted', accepted: '1', durable: true }, 'accepted in round 1'],
    [{ state: 'decided', accepted: '1', durable: true }, 'known to be chosen'],
    [{ state: 'applied', accepted: '1', durable: true }, 'applied'],
    [{ state: 'trimmed', accepted: null, durable: true }, 'trimmed'],
  ]
  return (
    <ul class="key" aria-label="What the signs mean">
      {cells.map(([cell, label]) => (
        <li key={label}>
          <span aria-hidden="true" class={`cell ${cell.state} ${cell.durable ? '' : 'unsynced'}`}>
            {cell.state === 'trimmed' ? '–' : '1'}
          </span>
          {label}
        </li>
      ))}
    </ul>
  )
}

/** From its request to the answer. */
function Life({ shown, slot }: { readonly shown: Shown; readonly slot: number }): JSX.Element {
  const life = useSignal<SlotLife | null>(null)
  const asked = useRef(0)
  if (asked.current !== slot) {
    asked.current = slot
    life.value = null
    void ask()
      .slotLife(shown.handle, slot)
      .then(
        (found) => {
          if (asked.current === slot) life.value = found
        },
        () => {}, // the moment says what is wrong
      )
  }
  const now = event.value
  return (
    <section class="life" aria-label={`The life of slot ${slot}`}>
      <h3>The life of slot {slot}</h3>
      <ol>
        {life.value?.steps.map((step) => (
          <li
            key={`${step.event} ${step.text}`}
            class={step.event > now ? 'later' : ''}
            aria-current={step.event === now ? 'step' : undefined}
          >
            <EventLink event={step.event} label={formatSeconds(step.micros)} /> {step.text}
          </li>
        ))}
      </ol>
      <button
        type="button"
        onClick={() => {
          selection.value = null
        }}
      >
        Close
      </button>
    </section>
  )
}
