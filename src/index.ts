/**
 * `synod`: Multi-Paxos for TypeScript. Members of a cluster, to embed in a program; the protocol roles, and the node that
 * holds them; and ready-made machines. The simulated world is `synod/simulation`, clients that are no member are in
 * `synod/client`.
 */
export * from './machines/index.js'
export * from './paxos/index.js'
export {
  type AskOptions,
  BadOptions,
  type BlackBoxOptions,
  CannotListen,
  type Clock,
  Closed,
  type Decision,
  DecisionsMissed,
  type Logger,
  Member,
  type MemberOptions,
  MemberSession,
  type MemberStatus,
  type MetricsRegistry,
  type QueryOptions,
  Session,
  StoreError,
  type StoreErrorReason,
  StoreRefused,
  type TransportLimits,
  type TransportTls,
} from './runtime/index.js'
