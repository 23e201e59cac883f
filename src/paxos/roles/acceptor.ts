/**
 * The Acceptor: makes promises and accepts proposals. Its memory is the cluster's.
 *
 * *Paxos Made Simple*, section 2.2, phases 1b and 2b; *Paxos Made Moderately Complex*, figure 4. Its two invariants:
 * it accepts nothing under a ballot lower than one it has promised, and it never says that it promised or accepted
 * something that its store could still forget (those two messages are vouching).
 */
import { type Ballot, compareBallots, isBallot, NO_BALLOT, type NodeId, sameBallot } from '../ballot.js'
import type { Slot } from '../decree.js'
import type { Accept, DecidedMessage, Heartbeat, Learned, Prepare, Trim, Vote } from '../messages.js'
import { Role, type RoleContext } from '../role.js'
import type { Handles, RoleMessages } from '../routing.js'
import type { AcceptorStart } from '../starts.js'

export class Acceptor extends Role implements Handles<RoleMessages['acceptor']> {
  /** The highest ballot that it promised. Never goes down; every vote is at or below it. */
  promised: Ballot
  /** For each slot above `trimmed` that it voted in: the vote with the highest ballot. */
  votes: Map<Slot, Vote> = new Map()
  /** The highest slot that it voted in. */
  highestVote: Slot = 0
  /** The lowest slot that it voted in under `promised`; Infinity when there is none. */
  lowestCurrentVote: Slot = Number.POSITIVE_INFINITY
  /** The watermark heard under `promised`: what was voted under that ballot up to here is decided. */
  watermark: Slot = 0
  /** The highest watermark that the replica was told of. */
  told: Slot = 0
  /** Every slot up to this one is decided, and the replica of this node knows the decree. */
  decidedThrough: Slot
  /** A snapshot holds every slot up to this one; it has forgotten its votes on them. Never above `decidedThrough`. */
  trimmed: Slot

  constructor(context: RoleContext, start: AcceptorStart = {}) {
    super(context, 'acceptor')
    this.promised = start.promised ?? NO_BALLOT
    this.trimmed = start.trimmed ?? 0
    this.decidedThrough = start.decided ?? 0
    for (const vote of start.votes?.values() ?? []) if (vote.slot > this.trimmed) this.#vote(vote)
  }

  /** Phase 1b. */
  prepare(from: NodeId, { ballot, fromSlot, version }: Prepare): void {
    if (!isBallot(ballot)) return
    if (compareBallots(ballot, this.promised) < 0) {
      this.send(from, { type: 'prepareRejected', ballot, promised: this.promised })
      return
    }
    if (version < (this.membership.configurations[0]?.version ?? 0)) {
      this.send(from, { type: 'prepareOutdated', ballot, decided: this.decidedThrough })
      return
    }
    if (!sameBallot(ballot, this.promised)) {
      this.#promise(ballot)
      this.persist({ type: 'promised', ballot })
    }
    this.#tellVotes(from, fromSlot)
  }

  /**
   * The votes from a slot on, in chunks, all at once: one that asked for each would take as many round trips, and somebody
   * else would have begun to scout meanwhile. What is decided need not be told: the watermark says it.
   */
  #tellVotes(to: NodeId, fromSlot: Slot): void {
    const { promised: ballot, decidedThrough: decided, recordsWritten: written } = this
    let chunk: Vote[] = []
    let firstSlot = fromSlot
    let bytes = 0
    const tell = (nextSlot: Slot | null): void =>
      this.send(to, {
        type: 'promise',
        ballot,
        fromSlot: firstSlot,
        votes: chunk,
        nextSlot,
        decided,
        written,
      })
    for (const vote of this.#votesBetween(Math.max(fromSlot, decided + 1), this.highestVote)) {
      bytes += vote.decree.length
      if (bytes > this.settings.chunkBytes && chunk.length > 0) {
        tell(vote.slot)
        chunk = []
        firstSlot = vote.slot
        bytes = vote.decree.length
      }
      chunk.push(vote)
    }
    tell(null)
  }

  /** Phase 2b. */
  accept(from: NodeId, { ballot, slot, decree, decided }: Accept): void {
    if (!isBallot(ballot) || !Number.isSafeInteger(slot)) return
    if (compareBallots(ballot, this.promised) < 0) {
      this.send(from, { type: 'acceptRejected', ballot, promised: this.promised })
      return
    }
    if (slot <= this.trimmed) {
      this.send(from, { type: 'acceptOutdated', ballot, decided: this.decidedThrough })
      return
    }
    if (!sameBallot(ballot, this.promised)) {
      this.#promise(ballot)
      // The vote promises as much, but a snapshot may drop it from the store.
      this.persist({ type: 'promised', ballot })
    }
    const vote = this.votes.get(slot)
    if (vote === undefined || !sameBallot(vote.ballot, ballot)) {
      this.#vote({ slot, ballot, decree })
      this.persist({ type: 'accepted', ballot, slot, decree, learned: this.decidedThrough })
    }
    // A repeated accept is answered too; its record may still be on its way to the disk, so this waits for it as well.
    this.send(from, { type: 'accepted', ballot, slot, written: this.recordsWritten })
    this.#hearWatermark(from, ballot, decided, slot)
  }

  decided(from: NodeId, { ballot, decided }: DecidedMessage): void {
    this.#hearWatermark(from, ballot, decided, 0)
  }

  heartbeat(from: NodeId, { ballot, decided, round }: Heartbeat): void {
    if (compareBallots(ballot, this.promised) < 0) {
      this.send(from, { type: 'heartbeatRejected', ballot, promised: this.promised })
      return
    }
    this.send(from, { type: 'heartbeatAck', ballot, round })
    this.#hearWatermark(from, ballot, decided, 0)
  }

  learned(_from: NodeId, { decided }: Learned): void {
    this.decidedThrough = decided
  }

  trim(_from: NodeId, { slot }: Trim): void {
    for (let trimmed = this.trimmed + 1; trimmed <= slot; trimmed++) this.votes.delete(trimmed)
    this.trimmed = Math.max(this.trimmed, slot)
  }

  #promise(ballot: Ballot): void {
    if (sameBallot(ballot, this.promised)) return
    this.promised = ballot
    this.lowestCurrentVote = Number.POSITIVE_INFINITY
    this.watermark = 0
  }

  #vote(vote: Vote): void {
    this.votes.set(vote.slot, vote)
    if (vote.slot > this.highestVote) this.highestVote = vote.slot
    if (vote.slot < this.lowestCurrentVote && sameBallot(vote.ballot, this.promised))
      this.lowestCurrentVote = vote.slot
  }

  /** The votes in these slots, in ascending order. Where there are fewer votes than slots, it looks at the votes. */
  #votesBetween(first: Slot, last: Slot): Vote[] {
    if (last - first > this.votes.size) {
      const votes = [...this.votes.values()].filter(({ slot }) => slot >= first && slot <= last)
      return votes.sort((a, b) => a.slot - b.slot)
    }
    const votes: Vote[] = []
    for (let slot = first; slot <= last; slot++) {
      const vote = this.votes.get(slot)
      if (vote !== undefined) votes.push(vote)
    }
    return votes
  }

  /**
   * The watermark (ballot, decided) decides only what was accepted here under that very ballot. A vote under another
   * one, lower or higher, may hold a decree that lost: its slot has to be fetched.
   */
  #hearWatermark(from: NodeId, ballot: Ballot, decided: Slot, votedSlot: Slot): void {
    const decisions: Vote[] = []
    if (sameBallot(ballot, this.promised)) {
      const late = votedSlot !== 0 && votedSlot <= this.watermark
      if (late) this.#decide(decisions, this.votes.get(votedSlot))
      const first = Math.max(this.watermark + 1, this.lowestCurrentVote, this.trimmed + 1)
      const last = Math.min(decided, this.highestVote)
      if (first <= last) for (const vote of this.#votesBetween(first, last)) this.#decide(decisions, vote)
      if (decided > this.watermark) this.watermark = decided
    }
    if (decisions.length === 0 && decided <= this.told) return
    if (decided > this.told) this.told = decided
    this.tell({ type: 'learn', decisions, decided, source: from })
  }

  #decide(decisions: Vote[], vote: Vote | undefined): void {
    if (vote === undefined || vote.slot <= this.decidedThrough || !sameBallot(vote.ballot, this.promised))
      return
    decisions.push(vote)
  }
}
