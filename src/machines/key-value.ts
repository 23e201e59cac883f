/**
 * A key-value store: `get` and `set`. Reading is possible as a command, which takes its place among the decrees, or
 * as a query, which takes none.
 */
import { ByteReader, ByteWriter, type Codec, defineMachine, type Machine } from '../paxos/index.js'

export type Value = string | number | boolean | null

export type KeyValueCommand =
  | { readonly type: 'get'; readonly key: string }
  | { readonly type: 'set'; readonly key: string; readonly value: Value }

export interface KeyValueQuery {
  readonly type: 'get'
  readonly key: string
}

export type KeyValueState = Map<string, Value>

/** The key, then for a `set` the value as JSON. */
const commands: Codec<KeyValueCommand> = {
  encode: (command) => {
    const writer = new ByteWriter(32)
    writer.text(command.key)
    if (command.type === 'set') writer.text(JSON.stringify(command.value))
    return writer.finish()
  },
  decode: (bytes) => {
    const reader = new ByteReader(bytes)
    const key = reader.text()
    if (reader.done) return { type: 'get', key }
    return { type: 'set', key, value: JSON.parse(reader.text()) }
  },
}

/** `get` gives the value, null if there is none; `set` gives the value that was there before. */
export const keyValue: Machine<KeyValueState, KeyValueCommand, Value, KeyValueQuery, Value> = defineMachine({
  commands,
  initial: () => new Map(),
  apply: (state: KeyValueState, command: KeyValueCommand) => {
    const before = state.get(command.key) ?? null
    if (command.type === 'set') state.set(command.key, command.value)
    return [state, before] as const
  },
  query: (state: KeyValueState, query: KeyValueQuery): Value => state.get(query.key) ?? null,
})
