/** The runtime: real disks, sockets and clocks around the nodes of `synod/paxos`. */
export { checkStore, type StoreReport } from './store/check.js'
export { StoreError, type StoreErrorReason } from './store/errors.js'
export { Store, type StoreOptions } from './store/store.js'
export * from './transport/index.js'
