/**
 * Stale reads: each gives the state of a decided slot, never older than what its client was told before. A client whose
 * node crashed begins anew, because nothing is left of what the node knew.
 */
import type { Slot } from '../../paxos/index.js'
import { Verdict } from './verdict.js'

export class StaleReads extends Verdict {
  /** The highest slot that each client was told something of. */
  readonly #seen: number[] = []

  /** A client has lost what it knew. */
  forget(client: number): void {
    this.#seen[client] = 0
  }

  /** A client was told something of a slot. */
  told(client: number, slot: Slot): void {
    this.#seen[client] = Math.max(this.#seen[client] ?? 0, slot)
  }

  answered(event: number, client: number, slot: Slot, decided: Slot): void {
    const seen = this.#seen[client] ?? 0
    if (slot < seen)
      this.fail(event, `client ${client} read from slot ${slot}, and had been told of slot ${seen} before`)
    if (slot > decided)
      this.fail(event, `client ${client} read from slot ${slot}, when only ${decided} were decided`)
  }

  /** The answer was not that of its slot. */
  wrong(event: number, client: number, slot: Slot): void {
    this.fail(event, `what client ${client} read is not what slot ${slot} gives`)
  }
}
