/**
 * Identical state: members that have applied the same slots hold the same state, which is the one that the decrees
 * give. It is compared at every 64th slot, when a snapshot is installed, and when the run is over.
 */
import type { NodeId, Replicated, Slot } from '../../paxos/index.js'
import { nameOf } from '../names.js'
import { samePlain } from '../same-plain.js'
import { digestPlain } from './digest.js'
import { Verdict } from './verdict.js'

/** States are compared after every so many slots. */
const INTERVAL = 64

/** Stands for the slot of a state that came from elsewhere. */
const REPLACED = -1

export class IdenticalState extends Verdict {
  /** The digest of the state after each of these slots. */
  readonly #digests: Map<Slot, number | null> = new Map()
  /** The last of these slots for which each node, or for null the model, was compared. */
  readonly #compared: Map<NodeId | null, Slot> = new Map()

  started(node: NodeId): void {
    this.#compared.set(node, 0)
  }

  /** A node, or for null the model, executes a command in this slot, in the state before. */
  executes(event: number, node: NodeId | null, slot: Slot, state: unknown): void {
    const after = slot - 1 - ((slot - 1) % INTERVAL)
    const compared = this.#compared.get(node)
    if (after === 0 || after === compared) return
    this.#compared.set(node, after)
    if (compared === REPLACED) return // what it holds is the state after some later slot
    const digest = digestPlain(state)
    const known = this.#digests.get(after)
    if (known === undefined) this.#digests.set(after, digest)
    else if (digest !== known && digest !== null && known !== null)
      this.fail(event, `after slot ${after} ${whose(node)} is not what others hold`)
  }

  /** A node gets a state from elsewhere. */
  replaced(node: NodeId): void {
    this.#compared.set(node, REPLACED)
  }

  /** A node has got the state after a slot from elsewhere, and executed nothing since. */
  installed(event: number, node: NodeId, slot: Slot, state: unknown): void {
    const known = this.#digests.get(slot) ?? null
    if (known !== null && digestPlain(state) !== known)
      this.fail(
        event,
        `the snapshot after slot ${slot} that ${nameOf(node)} installed is not what others hold`,
      )
  }

  /** At the end: of members that have applied the same slots the sessions and the time are the same, too. */
  compareSessions(event: number, members: readonly Replicas[]): void {
    const first = new Map<Slot, Replicas>()
    for (const member of members) {
      const { applied, sessions, timeMicros } = member.replicated
      const other = first.get(applied)
      if (other === undefined) first.set(applied, member)
      else if (timeMicros !== other.replicated.timeMicros || !samePlain(sessions, other.replicated.sessions))
        this.fail(
          event,
          `after slot ${applied} the sessions of ${nameOf(member.id)} are not those of ${nameOf(other.id)}`,
        )
    }
  }

  /** A node holds the state after the slot that the model has applied last. */
  compare(event: number, node: NodeId, state: unknown, model: unknown): void {
    if (!samePlain(state, model))
      this.fail(
        event,
        `the state of ${nameOf(node)} differs from what the decrees make of it; does the machine depend on a clock, or on chance?`,
      )
  }
}

/** Of a member, everything that follows from the decrees: beside the state of the machine its sessions, and its time. */
export interface Replicas {
  readonly id: NodeId
  readonly replicated: Replicated
}

function whose(node: NodeId | null): string {
  return node === null ? 'what the decrees give' : `the state of ${nameOf(node)}`
}
