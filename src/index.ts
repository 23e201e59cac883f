/**
 * `synod`: Multi-Paxos for TypeScript. The protocol roles, the node that holds them, and ready-made machines; the
 * simulated world is `synod/simulation`.
 */
export * from './machines/index.js'
export * from './paxos/index.js'
