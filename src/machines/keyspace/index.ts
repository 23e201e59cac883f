/** The machine of a key-value service: byte strings, compare-and-set, times to live, scans, and changes to watch. */
export { keyspace } from './machine.js'
export type { KeyspaceState } from './state.js'
export type * from './types.js'
export { keyspaceBounds } from './types.js'
