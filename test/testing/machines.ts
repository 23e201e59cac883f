// Machines of an application that embeds a cluster: a counter, and a lock whose holders have it for a while.
import { defineMachine, type Machine, type Micros } from '../../src/paxos/index.js'

export interface Counting {
  readonly add: number
}

/** Throws on what is negative. */
export const counter: Machine<number, Counting, number, 'count', number> = defineMachine({
  initial: () => 0,
  apply: (count: number, { add }: Counting) => {
    if (add < 0) throw new Error(`cannot add ${add}`)
    return [count + add, count + add] as const
  },
  query: (count: number, _query: 'count') => count,
})

export interface Holding {
  readonly holder: string | null
  readonly untilMicros: Micros
}

export interface Acquiring {
  readonly who: string
  readonly forMicros: Micros
}

/** Says who has it: whoever asks, once the time of the holder before is over. */
export const lock: Machine<Holding, Acquiring, string, never, never> = defineMachine({
  initial: (): Holding => ({ holder: null, untilMicros: 0 }),
  apply: (held: Holding, { who, forMicros }: Acquiring, { timeMicros }) => {
    if (held.holder !== null && held.holder !== who && timeMicros < held.untilMicros)
      return [held, held.holder] as const
    return [{ holder: who, untilMicros: timeMicros + forMicros }, who] as const
  },
})

/** In version 1 the entries and no more, later with the version beside them. */
export type Journal = readonly string[] | { readonly form: number; readonly entries: readonly string[] }

/** Keeps which entry was written under which version, and will not have a state of another version than the active one. */
export function journal(version: number): Machine<Journal, string, string, 'entries', readonly string[]> {
  const entriesOf = (state: Journal, active: number): readonly string[] => {
    const form = 'form' in state ? state.form : 1
    if (form !== active || active > version) throw new Error(`a journal of version ${form} in ${active}`)
    return 'form' in state ? state.entries : state
  }
  const make = (form: number, entries: readonly string[]): Journal =>
    form === 1 ? entries : { form, entries }
  return defineMachine({
    version,
    initial: (): Journal => [],
    migrate: (state: Journal, from: number) => make(from + 1, entriesOf(state, from)),
    apply: (state: Journal, entry: string, { version: active }) => {
      const written = `${entry}/${active}`
      return [make(active, [...entriesOf(state, active), written]), written] as const
    },
    query: (state: Journal, _query: 'entries', { version: active }) => entriesOf(state, active),
  })
}
