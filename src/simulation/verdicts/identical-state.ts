/**
 * Identical state: members that have applied the same slots hold the same state, which is the one that the decrees
 * give. What each command gave is compared at once. A small state is compared at every slot that executes something, a
 * large one at every 64th; and any when a snapshot is installed, and when the run is over.
 */
import type { NodeId, Replicated, Slot } from '../../paxos/index.js'
import { nameOf } from '../names.js'
import { samePlain } from '../same-plain.js'
import { digestPlain, digestSmall } from './digest.js'
import { Verdict } from './verdict.js'

/** A large state is compared after every so many slots. */
const INTERVAL = 64

/** A state of more parts than this is a large one. */
const SMALL_PARTS = 64

/** Stands for the slot of a state that came from elsewhere. */
const REPLACED = -1

export class IdenticalState extends Verdict {
  /** The digest of the state after each of these slots. */
  readonly #digests: Map<Slot, number | null> = new Map()
  /** The last of these slots for which each node, or for null the model, was compared. */
  readonly #compared: Map<NodeId | null, Slot> = new Map()
  /** What the commands of a slot gave, in their order: an object as its digest. */
  readonly #outputs: Map<Slot, unknown[]> = new Map()
  /** Of each node, the slot that it executes, and how many of its commands. */
  readonly #executing: Map<NodeId | null, { slot: Slot; count: number }> = new Map()
  /** Whether a state was seen to be a large one: it is likely to be so again. */
  #isLarge = false

  started(node: NodeId): void {
    this.#compared.set(node, 0)
    this.#executing.delete(node)
  }

  /** A node, or for null the model, executes a command in this slot, in the state before. */
  executes(event: number, node: NodeId | null, slot: Slot, state: unknown): void {
    const after = this.#isLarge ? slot - 1 - ((slot - 1) % INTERVAL) : slot - 1
    const compared = this.#compared.get(node) ?? 0
    if (after <= compared) return
    this.#compared.set(node, after)
    if (compared === REPLACED && after < slot - 1) return // what it holds is the state after some later slot
    const digest = this.#digest(state)
    const known = this.#digests.get(after)
    if (known === undefined) this.#digests.set(after, digest)
    else if (digest !== known && digest !== null && known !== null)
      this.fail(event, `after slot ${after} ${whose(node)} is not what others hold`)
  }

  /** The digests of small states are others than those of large ones: what was compared so far is compared no more. */
  #digest(state: unknown): number | null {
    if (this.#isLarge) return digestPlain(state)
    const digest = digestSmall(state, SMALL_PARTS)
    if (digest !== null) return digest
    this.#isLarge = true
    this.#digests.clear()
    return null
  }

  /** That command gave this; or threw, and gave nothing. */
  gave(event: number, node: NodeId | null, slot: Slot, output: unknown): void {
    const executing = this.#executing.get(node)
    const count = executing?.slot === slot ? executing.count++ : 0
    if (count === 0) this.#executing.set(node, { slot, count: 1 })
    const portrait = typeof output === 'object' ? digestPlain(output) : output
    const outputs = this.#outputs.get(slot)
    if (outputs === undefined) this.#outputs.set(slot, [portrait])
    else if (count >= outputs.length) outputs.push(portrait)
    else if (!Object.is(portrait, outputs[count]))
      this.fail(
        event,
        `what command ${count + 1} of slot ${slot} gave ${nameOfNode(node)} is not what it gave others`,
      )
  }

  /** A node gets a state from elsewhere. */
  replaced(node: NodeId): void {
    this.#compared.set(node, REPLACED)
  }

  /** A node has got the state after a slot from elsewhere, and executed nothing since. */
  installed(event: number, node: NodeId, slot: Slot, state: unknown): void {
    const known = this.#digests.get(slot) ?? null
    if (known !== null && this.#digest(state) !== known)
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

function nameOfNode(node: NodeId | null): string {
  return node === null ? 'by the decrees' : nameOf(node)
}

function whose(node: NodeId | null): string {
  return node === null ? 'what the decrees give' : `the state of ${nameOf(node)}`
}
