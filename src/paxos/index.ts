/**
 * `synod/paxos`: the protocol roles, and the node that holds them. Pure: no clock, no I/O, no randomness of its own,
 * no dependency. Bring a driver.
 */
export * from './ballot.js'
export { ByteReader, ByteWriter, decodeNumber, encodeNumber, MalformedBytes, sameBytes } from './bytes.js'
export * from './decree.js'
export * from './machine.js'
export * from './membership.js'
export * from './messages.js'
export * from './node.js'
export { clonePlain } from './plain.js'
export * from './records.js'
export { Role, type RoleContext } from './role.js'
export { Acceptor, type AcceptorStart } from './roles/acceptor.js'
export { Commander, type CommanderStart } from './roles/commander.js'
export { Initializer, type InitializerStart } from './roles/initializer.js'
export { Leader, type LeaderStart } from './roles/leader.js'
export { Replica, type ReplicaStart } from './roles/replica.js'
export { type ClientRequest, Requester, type RequesterStart } from './roles/requester.js'
export { Scout, type ScoutStart } from './roles/scout.js'
export { Seed, type SeedStart } from './roles/seed.js'
export * from './sessions.js'
export * from './settings.js'
