/**
 * A key-value store: `get`, `set`, `delete` and `compareAndSet`. Reading is possible as a command, which takes its
 * place among the decrees, or as a query, which takes none.
 */
import {
  ByteReader,
  ByteWriter,
  type Codec,
  CommandFailed,
  decodeText,
  defineMachine,
  encodeText,
  type Machine,
} from '../paxos/index.js'

export type Value = string | number | boolean | null

export type KeyValueCommand =
  | { readonly type: 'get'; readonly key: string }
  | { readonly type: 'set'; readonly key: string; readonly value: Value }
  | { readonly type: 'delete'; readonly key: string }
  /** Sets the value if the key holds `from`; null stands for a key that holds nothing. Fails otherwise. */
  | { readonly type: 'compareAndSet'; readonly key: string; readonly from: Value; readonly value: Value }

export interface KeyValueQuery {
  readonly type: 'get'
  readonly key: string
}

export type KeyValueState = Map<string, Value>

/** In place of a value, which as JSON is never empty. */
const DELETED = ''

/** The key; then for a `set` the value as JSON; for a `compareAndSet` after it what the key must hold. */
const commands: Codec<KeyValueCommand> = {
  encode: (command) => {
    const writer = new ByteWriter(32)
    writer.text(command.key)
    if (command.type === 'delete') writer.text(DELETED)
    else if (command.type !== 'get') writer.text(JSON.stringify(command.value))
    if (command.type === 'compareAndSet') writer.text(JSON.stringify(command.from))
    return writer.finish()
  },
  decode: (bytes) => {
    const reader = new ByteReader(bytes)
    const key = reader.text()
    if (reader.done) return { type: 'get', key }
    const text = reader.text()
    if (text === DELETED) return { type: 'delete', key }
    const value: Value = JSON.parse(text)
    if (reader.done) return { type: 'set', key, value }
    return { type: 'compareAndSet', key, from: JSON.parse(reader.text()), value }
  },
}

/** The key. */
const queries: Codec<KeyValueQuery> = {
  encode: ({ key }) => encodeText(key),
  decode: (bytes) => ({ type: 'get', key: decodeText(bytes) }),
}

/** Every command gives the value that was there before, null if there was none. */
export const keyValue: Machine<KeyValueState, KeyValueCommand, Value, KeyValueQuery, Value> = defineMachine({
  commands,
  queries,
  initial: () => new Map(),
  apply: (state: KeyValueState, command: KeyValueCommand) => {
    const { key } = command
    const before = state.get(key) ?? null
    if (command.type === 'delete') state.delete(key)
    if (command.type === 'compareAndSet' && before !== command.from)
      throw new CommandFailed(`${key} holds ${JSON.stringify(before)}, not ${JSON.stringify(command.from)}.`)
    if (command.type === 'set' || command.type === 'compareAndSet') state.set(key, command.value)
    return [state, before] as const
  },
  query: (state: KeyValueState, query: KeyValueQuery): Value => state.get(query.key) ?? null,
})
