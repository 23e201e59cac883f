/**
 * What those who are no members may send. Whoever is let in as a client asks for things; it has no vote, leads nobody,
 * and knows nothing that a member would have to be told. Its word on any of that is not heard.
 */
import { MalformedBytes, type Message } from '../../paxos/index.js'
import type { ForeignType } from '../encoding/messages.js'

/** Total: of a new message it must be said whether a client may send it. */
const FROM_CLIENTS: { readonly [Type in ForeignType]: boolean } = {
  request: true,
  read: true,
  join: false,
  welcome: false,
  turnedAway: false,
  returning: false,
  recognised: false,
  rolledBack: false,
  prescout: false,
  prescoutAnswer: false,
  prepare: false,
  promise: false,
  prepareOutdated: false,
  prepareRejected: false,
  accept: false,
  accepted: false,
  acceptOutdated: false,
  acceptRejected: false,
  decided: false,
  heartbeat: false,
  heartbeatAck: false,
  heartbeatRejected: false,
  fetch: false,
  fetched: false,
  snapshotChunk: false,
  fetchSnapshot: false,
  farewell: false,
  takenOver: false,
  learning: false,
  transfer: false,
  handOver: false,
  answer: false,
  relay: false,
  relayed: false,
  readAnswer: false,
  readIndex: false,
  readIndexAnswer: false,
}

/** The longest name of a read: those of a requester are shorter by far. */
export const NAME_LENGTH: number = 128

/** Throws a `MalformedBytes` for what no client may send. */
export function checkFromClient(message: Message, commandBytes: number): void {
  const { type } = message
  // What was decoded is foreign.
  if (!FROM_CLIENTS[type as ForeignType])
    throw new MalformedBytes(`Only members send messages of type ${type}.`)
  if (type === 'request') checkLength('command', message.request.command.length, commandBytes)
  if (type !== 'read') return
  checkLength('query', message.query.length, commandBytes)
  checkLength('name of a read', message.name.length, NAME_LENGTH)
}

function checkLength(what: string, length: number, limit: number): void {
  if (length > limit)
    throw new MalformedBytes(`A ${what} of ${length} bytes came, and at most ${limit} are taken.`)
}
