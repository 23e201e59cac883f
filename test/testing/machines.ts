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
