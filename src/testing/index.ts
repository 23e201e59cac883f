/**
 * `synod/testing`: an in-memory cluster in virtual time, for the tests of an application that embeds one; and what the
 * disk of a member must do, for whoever brings their own.
 */
export {
  ChangeRefused,
  CommandFailed,
  MachineOutdated,
  OutcomeUnknown,
  Overloaded,
  SessionExpired,
  TooManySessions,
  UpgradeRefused,
} from '../paxos/index.js'
export { TestCluster, type TestClusterOptions } from './cluster.js'
export { DISK_CLAIMS, type DiskClaim, type TestedDisk } from './disk-claims.js'
export * from './errors.js'
export type { QueryOptions, RestartOptions, TestMember } from './member.js'
