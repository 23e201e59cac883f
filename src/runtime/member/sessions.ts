/**
 * Whose a session is. Sessions have small numbers, in the order in which decrees open them, so clients can guess those of
 * each other. But they are opened under a name that holds a number drawn at random for each client, and that name is a
 * part of what every member knows of a session. A client says to each member how the names of its own begin; who says
 * something else, or nothing, asks in vain under the number of that session.
 */
import { randomInt } from 'node:crypto'
import { MalformedBytes, type NodeId, type SessionId } from '../../paxos/index.js'
import { FIRST_CLIENT } from '../transport/index.js'

/** The longest beginning that is taken from a client: those of its own are shorter. */
const LENGTH = 64

/** What nobody guesses of a client. */
export interface ClientLife {
  readonly incarnation: number
  /** What the names of its sessions begin with: all but their last part, which counts them. */
  readonly opens: string
}

export function newClientLife(): ClientLife {
  const incarnation = randomInt(1, 2 ** 48 - 1)
  return { incarnation, opens: `${FIRST_CLIENT}.0.${incarnation}` } // as its requester names them: it has no store
}

/** What the clients of a member said of themselves. */
export class SessionOwners {
  readonly #opens: Map<NodeId, string> = new Map()
  /** The name that a session was opened under; undefined if it is not open, as far as is known here. */
  readonly #openerOf: (session: SessionId) => string | undefined

  constructor(openerOf: (session: SessionId) => string | undefined) {
    this.#openerOf = openerOf
  }

  /** What a stranger says. It may say it anew: it is asked for nothing that it could give away. */
  introduce(client: NodeId, opens: unknown): void {
    if (typeof opens === 'string' && opens.length <= LENGTH) this.#opens.set(client, opens)
  }

  forget(client: NodeId): void {
    this.#opens.delete(client)
  }

  /** Throws a `MalformedBytes` if the session is known to be somebody else's. */
  check(client: NodeId, session: SessionId): void {
    const opener = this.#openerOf(session)
    if (opener === undefined) return
    const opens = this.#opens.get(client)
    // Nothing is cut off and compared: this is done for every request.
    const isOwn = opens !== undefined && opens.length === opener.lastIndexOf('.') && opener.startsWith(opens)
    if (!isOwn) throw new MalformedBytes(`Session ${session} is that of another client.`)
  }
}
