/**
 * The Scout: does the prepare / promise exchange on a leader's behalf, for one ballot.
 *
 * *Paxos Made Moderately Complex*, figure 6; *Paxos Made Simple*, section 2.2, phase 1a. It ends with `adopted`, once,
 * when a quorum has promised and told all its votes, or with `preempted` when somebody has promised a higher ballot.
 *
 * Where the membership is about to change, that takes a quorum of each configuration that it is to propose under.
 */
import { type Ballot, compareBallots, type MemberId, NO_BALLOT, type NodeId, sameBallot } from '../ballot.js'
import type { Slot } from '../decree.js'
import { type Configuration, containsQuorum, membersOf } from '../membership.js'
import type { PrepareOutdated, PrepareRejected, Promise, Vote } from '../messages.js'
import { Role, type RoleContext } from '../role.js'
import type { Handles, RoleMessages } from '../routing.js'
import type { ScoutStart } from '../starts.js'

export class Scout extends Role implements Handles<RoleMessages['scout']> {
  ballot: Ballot
  /** For each member the slot that its next chunk begins with. */
  expected: Map<MemberId, Slot> = new Map()
  /** Chunks that overtook an earlier one of the same member, by `member slot`. */
  early: Map<string, Promise> = new Map()
  /** The members that have promised and told every vote. */
  promised: MemberId[] = []
  /** For each slot the vote with the highest ballot so far. */
  votes: Map<Slot, Vote> = new Map()
  /** The highest watermark so far, and who told it. */
  decided: Slot
  source: MemberId

  readonly fromSlot: Slot
  readonly configurations: readonly Configuration[]

  constructor(context: RoleContext, start: ScoutStart = {}) {
    super(context, 'scout')
    this.ballot = start.ballot ?? NO_BALLOT
    this.fromSlot = start.fromSlot ?? 1
    this.configurations = start.configurations ?? []
    this.decided = this.fromSlot - 1
    this.source = this.self
  }

  override begin(): void {
    const members = membersOf(this.configurations)
    for (const member of members) this.expected.set(member, this.fromSlot)
    this.#prepare(members, this.fromSlot)
    this.after('resend', this.settings.resendMicros)
  }

  override timer(): void {
    for (const [member, fromSlot] of this.expected) this.#prepare(member, fromSlot)
    this.after('resend', this.settings.resendMicros)
  }

  /** The chunks of one member count in their order; each says with which slot the next one begins. */
  promise(from: NodeId, promise: Promise): void {
    const expected = this.expected.get(from)
    if (!sameBallot(promise.ballot, this.ballot) || expected === undefined || promise.fromSlot < expected)
      return
    this.early.set(chunkName(from, promise.fromSlot), promise)
    for (let slot: Slot | null = expected; slot !== null; ) {
      const chunk = this.early.get(chunkName(from, slot))
      if (chunk === undefined) return // the next one is not there yet
      slot = this.#take(from, chunk)
    }
    this.expected.delete(from)
    this.promised.push(from)
    if (this.configurations.every(({ members }) => containsQuorum(this.promised, members))) this.#adopt()
  }

  /** Gives the slot that the next chunk of this member begins with; null if this was the last. */
  #take(from: MemberId, { fromSlot, votes, nextSlot, decided }: Promise): Slot | null {
    this.early.delete(chunkName(from, fromSlot))
    for (const vote of votes) this.#merge(vote)
    if (decided > this.decided) {
      this.decided = decided
      this.source = from
    }
    if (nextSlot !== null) this.expected.set(from, nextSlot)
    return nextSlot
  }

  /** Whoever scouts does not know who votes by now. It learns that, and tries again. */
  prepareOutdated(from: NodeId, { ballot, decided }: PrepareOutdated): void {
    if (!sameBallot(ballot, this.ballot)) return
    this.tell({ type: 'learn', decisions: [], decided, source: from })
  }

  prepareRejected(_from: NodeId, { ballot, promised }: PrepareRejected): void {
    if (!sameBallot(ballot, this.ballot) || compareBallots(promised, this.ballot) <= 0) return
    this.tell({ type: 'preempted', ballot: this.ballot, promised })
    this.retire('scout')
  }

  #prepare(to: MemberId | readonly MemberId[], fromSlot: Slot): void {
    const version = this.configurations[0]?.version ?? 0
    this.send(to, { type: 'prepare', ballot: this.ballot, fromSlot, version })
  }

  /** The rule that keeps Paxos safe: of all the votes in a slot, the one with the highest ballot counts. */
  #merge(vote: Vote): void {
    const known = this.votes.get(vote.slot)
    if (known === undefined || compareBallots(vote.ballot, known.ballot) > 0) this.votes.set(vote.slot, vote)
  }

  #adopt(): void {
    const votes = [...this.votes.values()].filter((vote) => vote.slot > this.decided)
    votes.sort((a, b) => a.slot - b.slot)
    const { ballot, decided, source } = this
    const version = this.configurations.at(-1)?.version ?? 0
    this.tell({ type: 'adopted', ballot, version, votes, decided, source })
    this.retire('scout')
  }
}

function chunkName(member: MemberId, fromSlot: Slot): string {
  return `${member} ${fromSlot}`
}
