/**
 * A key-value store: `get` and `set`. Reading is possible as a command, which takes its place among the decrees, or
 * as a query, which takes none.
 */
import { defineMachine, type Machine } from '../paxos/index.js'

export type Value = string | number | boolean | null

export type KeyValueCommand =
  | { readonly type: 'get'; readonly key: string }
  | { readonly type: 'set'; readonly key: string; readonly value: Value }

export interface KeyValueQuery {
  readonly type: 'get'
  readonly key: string
}

export type KeyValueState = Map<string, Value>

/** `get` gives the value, null if there is none; `set` gives the value that was there before. */
export const keyValue: Machine<KeyValueState, KeyValueCommand, Value, KeyValueQuery, Value> = defineMachine({
  initial: () => new Map(),
  apply: (state: KeyValueState, command: KeyValueCommand) => {
    const before = state.get(command.key) ?? null
    if (command.type === 'set') state.set(command.key, command.value)
    return [state, before] as const
  },
  query: (state: KeyValueState, query: KeyValueQuery): Value => state.get(query.key) ?? null,
})
