/** The machine of a key-value service: byte strings, compare-and-set, times to live, scans, and changes to watch. */
export { HISTORY_BYTES, HISTORY_CHANGES } from './history.js'
export { keyspace } from './machine.js'
export type { KeyspaceState } from './state.js'
export * from './types.js'
