// A state machine for tests: a list of entries. Entries that differ make a lost, doubled or reordered one visible.

import { type AnyMachine, defineMachine, json, type Machine } from '../../src/paxos/index.js'
import { type AnyApplication, contentOf } from '../../src/simulation/application.js'

type Ledger = Machine<readonly string[], string, number, null, readonly string[]>

/** Appends an entry and answers with its place, counted from 1; an entry that begins with `bad` throws. */
export const ledger: Ledger = defineMachine({
  initial: (): readonly string[] => [],
  apply: (state: readonly string[], entry: string) => {
    if (entry.startsWith('bad')) throw new Error(`The ledger takes no ${entry}.`)
    return [[...state, entry], state.length + 1] as const
  },
  query: (state: readonly string[], _query: null) => state,
})

/** The same where its types do not matter. */
export const anyLedger = ledger as AnyMachine // whoever drives it gives it entries only

/** The ledger as transcripts describe it. */
export const ledgerApplication: AnyApplication = {
  name: 'ledger',
  machine: anyLedger,
  requests: 0,
  operation: () => ({ type: 'query', query: null }),
  describe: (operation) => ({ f: 'enter', key: String(contentOf(operation)), value: null }),
}

/** An entry, or a place, or whatever else the ledger says, as the bytes that travel. */
export const encoded = (value: unknown): Uint8Array => json.encode(value)
export const decoded = (bytes: Uint8Array): unknown => json.decode(bytes)
