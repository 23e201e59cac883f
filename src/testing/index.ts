/** `synod/testing`: an in-memory cluster in virtual time, for the tests of an application that embeds one. */
export {
  ChangeRefused,
  CommandFailed,
  OutcomeUnknown,
  Overloaded,
  SessionExpired,
  TooManySessions,
} from '../paxos/index.js'
export { TestCluster, type TestClusterOptions } from './cluster.js'
export * from './errors.js'
export type { QueryOptions, TestMember } from './member.js'
