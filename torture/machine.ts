/**
 * The machine of the members: the key-value machine, which also counts how many commands it has executed on each key.
 * A command that was executed twice, or never, shows in the count even where no value does.
 */
import { createHash } from 'node:crypto'
import { type KeyValueCommand, type KeyValueState, keyValue, type Machine, type Value } from 'synod'

export interface CountedState {
  readonly values: KeyValueState
  /** Commands that were executed and did not fail, by key. */
  readonly executed: Map<string, number>
}

/** Gives the value of a key, or the number of its commands. */
export interface CountedQuery {
  readonly type: 'get' | 'executed'
  readonly key: string
}

export const counted: Machine<CountedState, KeyValueCommand, Value, CountedQuery, Value> = {
  ...(keyValue.commands && { commands: keyValue.commands }),
  initial: () => ({ values: keyValue.initial(), executed: new Map() }),
  apply: (state, command, context) => {
    const [, output] = keyValue.apply(state.values, command, context) // what fails throws, and counts for nothing
    state.executed.set(command.key, (state.executed.get(command.key) ?? 0) + 1)
    return [state, output]
  },
  query: ({ values, executed }, { type, key }) =>
    type === 'get' ? (values.get(key) ?? null) : (executed.get(key) ?? 0),
}

/** Equal states have the same. */
export function digestOf({ values, executed }: CountedState): string {
  const sorted = (map: ReadonlyMap<string, unknown>): string =>
    JSON.stringify([...map].sort(([a], [b]) => (a < b ? -1 : 1)))
  return createHash('sha256').update(sorted(values)).update(sorted(executed)).digest('hex')
}
