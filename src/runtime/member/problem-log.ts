/** Logs what is wrong with peers: each reason once a peer, and so many in all; further ones are only counted. */
import type { NodeId } from '../../paxos/index.js'
import type { Problem } from '../transport/index.js'
import type { Logger } from './options.js'

/** Problems that are logged. */
export const MOST_LOGGED: number = 1_000

export class ProblemLog {
  readonly #logger: Logger
  /** Those that were, by reason and peer. */
  readonly #logged: Set<string> = new Set()

  constructor(logger: Logger) {
    this.#logger = logger
  }

  problem({ reason, peer, member, detail, told }: Problem): void {
    // Whoever dials in comes from another port each time.
    const who = member ?? (told ? peer : peer.replace(/:\d+$/, ''))
    this.#warn(`${reason} ${who}`, { reason, peer, member }, detail)
  }

  malformed(from: NodeId, error: unknown): void {
    const detail = 'A message could not be read, or was not its to send: it was dropped.'
    this.#warn(`malformed ${from}`, { from, error }, detail)
  }

  #warn(key: string, fields: object, message: string): void {
    if (this.#logged.has(key) || this.#logged.size >= MOST_LOGGED) return
    this.#logged.add(key)
    this.#logger.warn(fields, message)
  }
}
