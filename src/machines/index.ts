/** `synod/machines`: ready-made state machines. */
export * from './bank.js'
export * from './key-value.js'
export * from './keyspace/index.js'
