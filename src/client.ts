/** `synod/client`: asks a cluster from a program that is no member of it. */

export {
  ChangeRefused,
  CommandFailed,
  defineMachine,
  type Machine,
  OutcomeUnknown,
  Overloaded,
  SessionExpired,
  TooManySessions,
} from './paxos/index.js'
export {
  BadOptions,
  type CallOptions,
  Client,
  type ClientOptions,
  Closed,
  type Logger,
  type QueryOptions,
  Session,
  Unreachable,
} from './runtime/index.js'
