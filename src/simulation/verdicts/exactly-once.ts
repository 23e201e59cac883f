/**
 * Exactly once: a member executes in each slot as many commands as are decided there for the first time. That they are
 * the same commands, *identical state* and *answers* say; that what was answered is among them, *durability*.
 */
import type { NodeId, Slot } from '../../paxos/index.js'
import { nameOf } from '../names.js'
import { Verdict } from './verdict.js'

export class ExactlyOnce extends Verdict {
  /** The slots of the commands that each node executed and did not report yet. */
  readonly #executed: Map<NodeId, Slot[]> = new Map()

  /** A node begins a life. */
  started(node: NodeId): void {
    this.#executed.set(node, [])
  }

  /** A node has got the state after a slot from elsewhere: nobody reports what it executed up to there. */
  installed(node: NodeId, slot: Slot): void {
    const executed = this.#executed.get(node) ?? []
    this.#executed.set(
      node,
      executed.filter((each) => each > slot),
    )
  }

  /** The machine of a node executes a command. */
  executes(node: NodeId, slot: Slot): void {
    this.#executed.get(node)?.push(slot)
  }

  /** A node has applied a slot, in which this many commands are to be executed. */
  applied(event: number, node: NodeId, slot: Slot, expected: number): void {
    const executed = this.#executed.get(node)
    if (executed === undefined) return
    let count = 0
    while (count < executed.length && (executed[count] ?? slot) <= slot) count += 1
    if (count !== expected)
      this.fail(
        event,
        `${nameOf(node)} executed ${count} commands up to slot ${slot} that it had not before, and ${expected} were decided there for the first time`,
      )
    if (count === executed.length) executed.length = 0
    else executed.splice(0, count)
  }
}
