/** What a member, or a client, says when it cannot be asked any more. */
import type { RefusedStore } from '../../paxos/index.js'

/** The member, or the client, was closed, or has failed: then `cause` says why. What is asked now is not sent. */
export class Closed extends Error {
  override readonly name = 'Closed'
}

/** The store may not vote any more, and never may again. The message says why, and how to replace the member. */
export class StoreRefused extends Error {
  override readonly name = 'StoreRefused'
  readonly reason: RefusedStore

  constructor(reason: RefusedStore, message: string) {
    super(message)
    this.reason = reason
  }
}

/** The options say something that cannot be, or that the folder contradicts. The message says what to do. */
export class BadOptions extends Error {
  override readonly name = 'BadOptions'
}

/** Whoever iterates over the decisions was too slow, or the member took a snapshot of another in their place. */
export class DecisionsMissed extends Error {
  override readonly name = 'DecisionsMissed'
}
