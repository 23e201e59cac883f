/**
 * Which roles of a node hear a message, and when it may leave its node. Both tables are total: a message that nobody
 * hears, or of which it is not said whether it vouches, does not compile.
 */
import type { NodeId } from './ballot.js'
import type { LocalMessage, MessageOf, MessageType } from './messages.js'

/** One handler a message: what a role that hears these messages must have. */
export type Handles<Types extends MessageType> = {
  [Type in Types]: (from: NodeId, message: MessageOf<Type>) => void
}

/** What each role hears. */
export interface RoleMessages {
  acceptor: 'prepare' | 'accept' | 'decided' | 'heartbeat' | 'learned' | 'trim'
  scout: 'promise' | 'prepareOutdated' | 'prepareRejected'
  commander: 'tender' | 'accepted' | 'acceptOutdated' | 'acceptRejected'
  leader:
    | 'prescout'
    | 'prescoutAnswer'
    | 'adopted'
    | 'preempted'
    | 'progress'
    | 'learned'
    | 'propose'
    | 'heartbeat'
    | 'heartbeatAck'
    | 'heartbeatRejected'
    | 'confirm'
    | 'outrun'
    | 'learning'
    | 'transfer'
    | 'handOver'
  replica:
    | 'request'
    | 'relay'
    | 'relayed'
    | 'learn'
    | 'adopted'
    | 'leaderChanged'
    | 'refused'
    | 'fetch'
    | 'fetched'
    | 'snapshotChunk'
    | 'fetchSnapshot'
    | 'farewell'
    | 'takenOver'
    | 'read'
    | 'readIndex'
    | 'readIndexAnswer'
    | 'confirmed'
  requester: 'answer' | 'readAnswer' | 'leaderChanged'
  seed: 'join'
  initializer:
    | 'join'
    | 'welcome'
    | 'turnedAway'
    | 'returning'
    | 'recognised'
    | 'rolledBack'
    | 'promise'
    | 'accepted'
    | 'heartbeat'
    | 'leaderChanged'
}

export type RoleName = keyof RoleMessages

type RolesThatHear<Type extends MessageType> = {
  [Name in RoleName]: Type extends RoleMessages[Name] ? Name : never
}[RoleName]

/** Which roles of a node hear a message, in this order. Total: a message that nobody hears does not compile. */
export const ROUTES: {
  readonly [Type in MessageType]: readonly [RolesThatHear<Type>, ...RolesThatHear<Type>[]]
} = {
  join: ['seed', 'initializer'],
  welcome: ['initializer'],
  turnedAway: ['initializer'],
  returning: ['initializer'],
  recognised: ['initializer'],
  rolledBack: ['initializer'],
  prescout: ['leader'],
  prescoutAnswer: ['leader'],
  prepare: ['acceptor'],
  promise: ['scout', 'initializer'],
  prepareOutdated: ['scout'],
  prepareRejected: ['scout'],
  accept: ['acceptor'],
  accepted: ['commander', 'initializer'],
  acceptOutdated: ['commander'],
  acceptRejected: ['commander'],
  decided: ['acceptor'],
  heartbeat: ['acceptor', 'leader', 'initializer'],
  heartbeatAck: ['leader'],
  heartbeatRejected: ['leader'],
  fetch: ['replica'],
  fetched: ['replica'],
  snapshotChunk: ['replica'],
  fetchSnapshot: ['replica'],
  farewell: ['replica'],
  takenOver: ['replica'],
  learning: ['leader'],
  transfer: ['leader'],
  handOver: ['leader'],
  request: ['replica'],
  answer: ['requester'],
  relay: ['replica'],
  relayed: ['replica'],
  read: ['replica'],
  readAnswer: ['requester'],
  readIndex: ['replica'],
  readIndexAnswer: ['replica'],
  adopted: ['leader', 'replica'],
  preempted: ['leader'],
  tender: ['commander'],
  progress: ['leader'],
  learn: ['replica'],
  learned: ['acceptor', 'leader'],
  trim: ['acceptor'],
  outrun: ['leader'],
  leaderChanged: ['replica', 'requester', 'initializer'],
  propose: ['leader'],
  refused: ['replica'],
  confirm: ['leader'],
  confirmed: ['replica'],
}

/**
 * When a message leaves: `vouching` when all that its node wrote before it is durable, `free` at once; `local` never
 * leaves its node. Total: a new message must say which it is.
 */
export const DEPARTURE: {
  readonly [Type in MessageType]: Type extends LocalMessage['type'] ? 'local' : 'vouching' | 'free'
} = {
  join: 'free',
  welcome: 'vouching',
  turnedAway: 'vouching',
  returning: 'free',
  recognised: 'free',
  rolledBack: 'free',
  prescout: 'free',
  prescoutAnswer: 'free',
  prepare: 'free',
  promise: 'vouching',
  prepareOutdated: 'free',
  prepareRejected: 'free',
  accept: 'free',
  accepted: 'vouching',
  acceptOutdated: 'free',
  acceptRejected: 'free',
  decided: 'free',
  heartbeat: 'free',
  heartbeatAck: 'free',
  heartbeatRejected: 'free',
  fetch: 'free',
  fetched: 'free',
  snapshotChunk: 'free',
  fetchSnapshot: 'free',
  farewell: 'free',
  takenOver: 'vouching',
  learning: 'vouching',
  transfer: 'free',
  handOver: 'free',
  request: 'free',
  answer: 'free',
  relay: 'free',
  relayed: 'free',
  read: 'free',
  readAnswer: 'free',
  readIndex: 'free',
  readIndexAnswer: 'free',
  adopted: 'local',
  preempted: 'local',
  tender: 'local',
  progress: 'local',
  learn: 'local',
  learned: 'local',
  trim: 'local',
  outrun: 'local',
  leaderChanged: 'local',
  propose: 'local',
  refused: 'local',
  confirm: 'local',
  confirmed: 'local',
}
