/**
 * The Commander: does accept / accepted on a leader's behalf, for one ballot and all its slots.
 *
 * *Paxos Made Moderately Complex*, figure 6, has one commander a slot; this is one a ballot, over the slots in flight,
 * with one timer for all. *The Part-Time Parliament*, section 2.3, steps 3 to 5.
 */
import { type Ballot, compareBallots, type MemberId, NO_BALLOT, type NodeId, sameBallot } from '../ballot.js'
import type { Decree, Slot } from '../decree.js'
import { completesQuorum } from '../membership.js'
import type { Accepted, AcceptOutdated, AcceptRejected, Tender } from '../messages.js'
import { Role, type RoleContext } from '../role.js'
import type { Handles, RoleMessages } from '../routing.js'
import type { Micros } from '../settings.js'
import type { CommanderStart } from '../starts.js'

/** A slot that was proposed under this ballot and is not yet below the watermark. */
interface Flight {
  readonly decree: Decree
  /** Who votes on it. */
  readonly members: readonly MemberId[]
  /** The members that accepted it. */
  readonly accepted: MemberId[]
  sentMicros: Micros
  /** It is sent again after this many times the shortest wait. */
  patience: number
  chosen: boolean
}

/** The wait before a resend doubles up to this many times the first one. */
const MOST_PATIENCE = 8

export class Commander extends Role implements Handles<RoleMessages['commander']> {
  ballot: Ballot
  /**
   * The watermark: every slot up to this one is decided, and those that this commander proposed by its own count of
   * acceptances. A slot whose decision was merely heard of does not count: what was proposed here may have lost.
   */
  decided: Slot
  /** The slots in flight, in the order of proposal, which is ascending. */
  flights: Map<Slot, Flight> = new Map()
  armed = false

  constructor(context: RoleContext, start: CommanderStart = {}) {
    super(context, 'commander')
    this.ballot = start.ballot ?? NO_BALLOT
    this.decided = start.decided ?? 0
  }

  /** Phase 2a. */
  tender(_from: NodeId, { ballot, slot, decree, members }: Tender): void {
    if (!sameBallot(ballot, this.ballot)) return
    const sentMicros = this.nowMicros
    this.flights.set(slot, { decree, members, accepted: [], sentMicros, patience: 1, chosen: false })
    this.send(members, { type: 'accept', ballot, slot, decree, decided: this.decided })
    if (!this.armed) this.#arm()
  }

  accepted(from: NodeId, { ballot, slot }: Accepted): void {
    const flight = this.flights.get(slot)
    if (flight === undefined || !sameBallot(ballot, this.ballot)) return
    if (!completesQuorum(flight.accepted, flight.members, from)) return
    flight.chosen = true
    this.#advance()
  }

  acceptRejected(_from: NodeId, { ballot, promised }: AcceptRejected): void {
    if (!sameBallot(ballot, this.ballot) || compareBallots(promised, this.ballot) <= 0) return
    this.tell({ type: 'preempted', ballot: this.ballot, promised })
  }

  /** The slot was decided before and is trimmed there: whoever leads has to learn it, and then lead from above it. */
  acceptOutdated(from: NodeId, { ballot, decided }: AcceptOutdated): void {
    if (!sameBallot(ballot, this.ballot) || decided <= this.decided) return
    this.tell({ type: 'learn', decisions: [], decided, source: from })
    this.tell({ type: 'outrun', ballot })
  }

  override timer(): void {
    this.armed = false
    if (this.flights.size === 0) return
    for (const [slot, flight] of this.flights) {
      if (this.nowMicros - flight.sentMicros >= this.settings.resendMicros * flight.patience)
        this.#resend(slot, flight)
    }
    this.#arm()
  }

  #resend(slot: Slot, flight: Flight): void {
    const { decree } = flight
    flight.sentMicros = this.nowMicros
    flight.patience = Math.min(flight.patience * 2, MOST_PATIENCE)
    const silent = flight.members.filter((member) => !flight.accepted.includes(member))
    if (silent.length === 0) return // chosen, and only behind another in the line
    this.send(silent, { type: 'accept', ballot: this.ballot, slot, decree, decided: this.decided })
  }

  /** Moves the watermark over every chosen slot that follows it. */
  #advance(): void {
    const before = this.decided
    for (let next = this.flights.get(before + 1); next?.chosen; next = this.flights.get(this.decided + 1)) {
      this.decided += 1
      this.flights.delete(this.decided)
    }
    if (this.decided === before) return
    // The acceptor of this node decides by the watermark, like every other.
    this.send(this.self, { type: 'decided', ballot: this.ballot, decided: this.decided })
    this.tell({ type: 'progress', ballot: this.ballot, decided: this.decided })
  }

  #arm(): void {
    this.armed = true
    this.after('resend', this.settings.resendMicros)
  }
}
