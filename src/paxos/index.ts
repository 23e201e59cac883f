/**
 * `synod/paxos`: the protocol roles, and the node that holds them. Pure: no clock, no I/O, no randomness of its own,
 * no dependency. Bring a driver.
 */
export * from './actions.js'
export * from './ballot.js'
export * from './black-box/index.js'
export {
  ByteReader,
  ByteWriter,
  decodeNumber,
  encodeNumber,
  joinBytes,
  MalformedBytes,
  sameBytes,
} from './bytes.js'
export * from './decree.js'
export * from './errors.js'
export * from './events.js'
export * from './factories.js'
export * from './machine.js'
export * from './membership.js'
export * from './messages.js'
export * from './node.js'
export { clonePlain } from './plain.js'
export { decodePlain, encodePlain } from './plain-bytes.js'
export type { Purpose } from './purpose.js'
export * from './records.js'
export { Renewal } from './renewal.js'
export * from './replicated.js'
export { type Induction, Role, type RoleContext } from './role.js'
export { Acceptor } from './roles/acceptor.js'
export { Commander } from './roles/commander.js'
export { Initializer } from './roles/initializer.js'
export { Leader } from './roles/leader.js'
export { Replica } from './roles/replica.js'
export { type ClientRequest, Requester } from './roles/requester.js'
export { Scout } from './roles/scout.js'
export { Seed } from './roles/seed.js'
export * from './routing.js'
export * from './sessions.js'
export * from './settings.js'
export * from './snapshot.js'
export * from './starts.js'
export { decodeText, encodeText, readableText } from './text.js'
export * from './upgrade.js'
