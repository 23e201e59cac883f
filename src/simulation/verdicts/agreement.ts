/**
 * Agreement: at most one decree is decided in a slot, everywhere and for ever; each member applies the slots one by
 * one; and the machine makes the same of them every time. (*Paxos Made Simple*, section 2.1: "only a
 * single value is chosen"; P2.)
 */
import { type Decree, type NodeId, type Slot, sameBytes } from '../../paxos/index.js'
import { Verdict } from './verdict.js'

export class Agreement extends Verdict {
  /** The decided decrees: that of slot s at s − 1. */
  readonly decrees: Decree[] = []
  /** The last slot that each node applied in its present life. */
  readonly #applied: number[] = []

  started(node: NodeId): void {
    this.#applied[node] = 0
  }

  /** A node applies a slot. Says whether it is the first of all to do so. */
  applied(event: number, node: NodeId, slot: Slot, decree: Decree): boolean {
    const expected = (this.#applied[node] ?? 0) + 1
    if (slot !== expected)
      this.fail(event, `slot ${slot} was applied when it was the turn of slot ${expected}`)
    this.#applied[node] = slot
    const known = this.decrees[slot - 1]
    if (known === undefined) {
      this.decrees[slot - 1] = decree
      return true
    }
    if (!sameBytes(known, decree)) this.fail(event, `slot ${slot} was decided twice, with different decrees`)
    return false
  }

  /** A node has got the state after a slot from elsewhere, and goes on from there. */
  installed(event: number, node: NodeId, slot: Slot): void {
    if (slot > this.decrees.length)
      this.fail(event, `a snapshot after slot ${slot} was installed, and nobody had applied that slot`)
    const applied = this.#applied[node] ?? 0
    if (slot < applied)
      this.fail(event, `a snapshot after slot ${slot} was installed when slot ${applied} was applied already`)
    this.#applied[node] = slot
  }

  /** Members can only agree on what comes of their decrees if the machine makes the same of them every time. */
  blameMachine(event: number, flaw: string): void {
    this.fail(event, flaw)
  }
}
