/**
 * Durability: nothing is decided before a quorum has it on disk, and nothing that a client was told is ever lost.
 */
import {
  type Ballot,
  type Decree,
  formatBallot,
  isNoOp,
  type NodeId,
  quorumOf,
  type Slot,
  type StoreRecord,
  sameBallot,
  sameBytes,
} from '../../paxos/index.js'
import { Verdict } from './verdict.js'

/** The members whose disks hold an acceptance of one slot under one ballot. */
interface DurableVotes {
  readonly ballot: Ballot
  readonly decree: Decree
  readonly nodes: NodeId[]
}

export class Durability extends Verdict {
  readonly #quorum: number
  readonly #votes: Map<Slot, DurableVotes[]> = new Map()

  constructor(members: readonly NodeId[]) {
    super()
    this.#quorum = quorumOf(members)
  }

  /** A record became durable. */
  synced(event: number, node: NodeId, record: StoreRecord): void {
    if (record.type !== 'accepted') return
    const { slot, ballot, decree } = record
    const ballots = this.#votes.get(slot)
    const votes = ballots?.find((each) => sameBallot(each.ballot, ballot))
    if (votes === undefined) {
      const first = { ballot, decree, nodes: [node] }
      if (ballots === undefined) this.#votes.set(slot, [first])
      else ballots.push(first)
    } else if (!sameBytes(votes.decree, decree)) {
      this.fail(event, `ballot ${formatBallot(ballot)} has two decrees in slot ${slot}`)
    } else if (!votes.nodes.includes(node)) {
      votes.nodes.push(node)
    }
  }

  /** A slot is applied for the first time. */
  decided(event: number, slot: Slot, decree: Decree): void {
    for (const votes of this.#votes.get(slot) ?? []) {
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
    const holders = decrees.map(() => 0)
    for (const records of disks) {
      const held = new Set<Slot>()
      for (const record of records) {
        if (record.type !== 'accepted' && record.type !== 'decision') continue
        const decree = decrees[record.slot - 1]
        if (decree !== undefined && sameBytes(decree, record.decree)) held.add(record.slot)
      }
      for (const slot of held) holders[slot - 1] = (holders[slot - 1] ?? 0) + 1
    }
    for (const [index, count] of holders.entries()) {
      if (count < this.#quorum) this.fail(event, `slot ${index + 1} is left on only ${count} disks`)
    }
  }
}
