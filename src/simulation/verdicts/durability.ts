/**
 * Durability: nothing is decided before a quorum has it on disk, and nothing that a client was told is ever lost.
 */
import {
  type Decree,
  formatBallot,
  isNoOp,
  type NodeId,
  quorumOf,
  recover,
  type Slot,
  type StoreRecord,
  sameBytes,
} from '../../paxos/index.js'
import { Verdict } from './verdict.js'

interface DurableVotes {
  readonly decree: Decree
  readonly nodes: NodeId[]
}

export class Durability extends Verdict {
  readonly #quorum: number
  /** For each slot, and in it for each ballot: the members whose disks hold an acceptance. */
  readonly #votes: Map<Slot, Map<string, DurableVotes>> = new Map()

  constructor(members: readonly NodeId[]) {
    super()
    this.#quorum = quorumOf(members)
  }

  /** A record became durable. */
  synced(event: number, node: NodeId, record: StoreRecord): void {
    if (record.type !== 'accepted') return
    const { slot, decree } = record
    const ballots = this.#votes.get(slot) ?? new Map<string, DurableVotes>()
    this.#votes.set(slot, ballots)
    const ballot = formatBallot(record.ballot)
    const votes = ballots.get(ballot)
    if (votes === undefined) ballots.set(ballot, { decree, nodes: [node] })
    else if (!sameBytes(votes.decree, decree))
      this.fail(event, `ballot ${ballot} has two decrees in slot ${slot}`)
    else if (!votes.nodes.includes(node)) votes.nodes.push(node)
  }

  /** A slot is applied for the first time. */
  decided(event: number, slot: Slot, decree: Decree): void {
    for (const votes of this.#votes.get(slot)?.values() ?? []) {
      if (votes.nodes.length >= this.#quorum && sameBytes(votes.decree, decree)) return
    }
    const what = isNoOp(decree) ? 'a no-op' : 'a decree'
    this.fail(event, `slot ${slot} was decided with ${what} that no quorum had on disk`)
  }

  /** A client was told that its command was executed. */
  acknowledged(event: number, request: string, decided: boolean): void {
    if (!decided) this.fail(event, `request ${request} was answered and is in no decided slot`)
  }

  /** At the end: every decided slot is still on the disks of a quorum. */
  ended(event: number, decrees: readonly Decree[], disks: readonly (readonly StoreRecord[])[]): void {
    const stores = disks.map((records) => recover(records))
    for (const [index, decree] of decrees.entries()) {
      const slot = index + 1
      let holders = 0
      for (const { votes, decisions } of stores) {
        const held = decisions.get(slot) ?? votes.get(slot)?.decree
        if (held !== undefined && sameBytes(held, decree)) holders += 1
      }
      if (holders < this.#quorum) this.fail(event, `slot ${slot} is left on only ${holders} disks`)
    }
  }
}
