/**
 * The Candidate: the half of the Leader that does not lead. It watches whoever does, and when nobody has been heard for
 * a while it has a Scout prepare a ballot of its own. What the Leader does once that is adopted is in `leader.ts`.
 *
 * *Paxos Made Moderately Complex*, figure 7 (preempted) and section 3 (its time-outs and back-off); *The Part-Time
 * Parliament*, section 3.1 (how a president is chosen). Four phases:
 *
 *     following ──no heartbeat──▶ asking ──a quorum hears no leader──▶ scouting ──adopted──▶ leading
 *         ▲────────────────────── a leader lives · preempted · no quorum answers ─────────────────┘
 */
import { type Ballot, compareBallots, type MemberId, NO_BALLOT, type NodeId, sameBallot } from '../ballot.js'
import type { Slot } from '../decree.js'
import { completesQuorum } from '../membership.js'
import type {
  HandOver,
  Heartbeat,
  HeartbeatRejected,
  Learned,
  Preempted,
  Prescout,
  PrescoutAnswer,
} from '../messages.js'
import { Role, type RoleContext } from '../role.js'
import type { Micros } from '../settings.js'
import type { LeaderStart } from '../starts.js'

type Phase = 'following' | 'asking' | 'scouting' | 'leading'

/** An election timer spreads over an eighth of its base at first, then a quarter, a half, and the whole of it. */
const FIRST_SPREAD = 8

/** Who lost the leader waits a heartbeat before it asks, or this part of one, so that not all who lost it ask at once. */
const LOST_SPREAD = 5

export abstract class Candidate extends Role {
  phase: Phase = 'following'
  /** The ballot under which it scouts or leads, or did last. */
  ballot: Ballot = NO_BALLOT
  /** The highest round that it has seen anywhere. */
  highestRound: number
  /** Whether its ballot was adopted or outbid: one that was neither may be prepared again. */
  spent = true
  /** Elections in a row that led nowhere. */
  failures = 0

  /** The ballot that a heartbeat came from, the highest of those that lead, and when the last one did. */
  heardBallot: Ballot = NO_BALLOT
  heardMicros: Micros | null = null

  /** The number of the latest pre-scout question, and the members that hear no leader either. */
  questions = 0
  leaderless: MemberId[] = []
  /** Whether the replica was told to go by way of a member that hears the leader. */
  indirect = false

  /** Every slot up to this one is known to the replica of this node, and when that was last news. */
  learnedThrough: Slot = 0
  learnedMicros: Micros = 0
  /** It founded the cluster and has not tried to lead it yet. */
  eager: boolean

  constructor(context: RoleContext, start: LeaderStart = {}) {
    super(context, 'leader')
    this.highestRound = start.round ?? 0
    this.eager = start.eager ?? false
  }

  override begin(): void {
    this.follow()
    if (!this.writing) this.#leadAtOnce()
  }

  override timer(timer: string): void {
    if (timer === 'ask') this.#sendQuestion()
    else if (this.phase === 'following') this.#watch()
    else this.#giveUp()
  }

  override written(): void {
    this.#leadAtOnce()
  }

  /** It leads no longer: ends what it did while it led. */
  protected abstract leave(): void

  /** Who founded the cluster leads it as soon as the others are told of it, once, unless somebody does already. */
  #leadAtOnce(): void {
    const eager = this.eager && this.phase === 'following' && !this.hearsLeader()
    this.eager = false
    if (eager) this.#scout()
  }

  // ---- following: watch the leader ---------------------------------------------------------------------------

  heartbeat(from: NodeId, { ballot, decided }: Heartbeat): void {
    if (from === this.self || this.#isOutbid(ballot)) return
    if (!this.voting) this.#learnFrom(from, ballot, decided)
    this.highestRound = Math.max(this.highestRound, ballot.round)
    const competing = this.phase === 'scouting' || this.phase === 'leading'
    if (competing && compareBallots(ballot, this.ballot) < 0) return
    if (this.phase !== 'following') this.follow()
    this.indirect = false
    if (!this.hearsLeader() || !sameBallot(ballot, this.heardBallot)) {
      this.tell({ type: 'leaderChanged', towards: from, indirect: false })
    }
    this.heardBallot = ballot
    this.heardMicros = this.nowMicros
    this.failures = 0
  }

  /**
   * Whether a higher ballot leads. Not for ever: when nobody leads under that any more, whoever was admitted since may,
   * under a lower ballot that a quorum without its promises has adopted.
   */
  #isOutbid(ballot: Ballot): boolean {
    return this.hearsLeader() && compareBallots(ballot, this.heardBallot) < 0
  }

  /** Who does not vote has no acceptor that would hear the watermark. */
  #learnFrom(leader: MemberId, ballot: Ballot, decided: Slot): void {
    this.tell({ type: 'learn', decisions: [], decided, source: leader })
    const { store, learnedThrough } = this
    this.send(leader, { type: 'learning', ballot, store, decided: learnedThrough })
  }

  learned(_from: NodeId, { decided }: Learned): void {
    this.learnedThrough = decided
    this.learnedMicros = this.nowMicros
  }

  /**
   * Where the leader was, nobody is any more, as it seems: it counts as unheard until it is heard again, and the others are
   * asked soon. They hear it, unless it is gone for them as well; so a way that is cut between two alone elects nobody.
   */
  lost(member: MemberId): void {
    if (this.phase !== 'following' || !this.hearsLeader() || member !== this.heardBallot.member) return
    this.heardMicros = null
    const { heartbeatMicros } = this.settings
    this.after('election', Math.floor(heartbeatMicros / LOST_SPREAD), heartbeatMicros)
  }

  /** The election timer fired: ask, unless a leader was heard in time. */
  #watch(): void {
    if (!this.hearsLeader() && !this.isStalled()) {
      this.#ask()
      return
    }
    this.#armElection(this.hearsLeader() ? this.nowMicros - (this.heardMicros ?? 0) : 0)
  }

  protected follow(): void {
    if (this.phase === 'leading') this.leave()
    this.retire('scout')
    this.phase = 'following'
    this.#armElection(0)
  }

  protected hearsLeader(): boolean {
    return (
      this.heardMicros !== null && this.nowMicros - this.heardMicros < this.settings.electionTimeoutMicros
    )
  }

  /** Randomised back-off: from the base time-out up to at most twice as long. */
  #armElection(alreadyWaited: Micros): void {
    const base = this.settings.electionTimeoutMicros
    const spread = Math.min(base, Math.floor((base * 2 ** Math.min(this.failures, 3)) / FIRST_SPREAD))
    this.after('election', base - alreadyWaited, base - alreadyWaited + spread)
  }

  /** Its own disk owes a sync for long: it could lead nobody anywhere, and another member can. */
  protected isStalled(): boolean {
    return this.stalledMicros > this.settings.electionTimeoutMicros
  }

  // ---- asking: pre-scout -------------------------------------------------------------------------------------

  #ask(): void {
    this.phase = 'asking'
    this.questions += 1
    this.leaderless = []
    if (!this.indirect) this.tell({ type: 'leaderChanged', towards: null, indirect: false })
    this.indirect = false
    this.after('election', this.settings.electionTimeoutMicros)
    this.#sendQuestion()
  }

  #sendQuestion(): void {
    if (this.phase !== 'asking') return
    const question = this.nameQuestion(this.questions)
    const to = this.voting ? this.members : this.others
    this.send(to, { type: 'prescout', question, decided: this.learnedThrough })
    // Who does not vote only wants to know whom to turn to.
    this.after('ask', this.voting ? this.settings.resendMicros : this.settings.electionTimeoutMicros)
  }

  prescout(from: NodeId, { question, decided }: Prescout): void {
    const leader = this.#liveLeader()
    this.send(from, { type: 'prescoutAnswer', question, leader, decided: this.learnedThrough })
    this.#hearOf(from, decided)
  }

  /** Where nobody leads, nobody tells the watermark: members that ask each other do. */
  #hearOf(member: NodeId, decided: Slot): void {
    if (decided > this.learnedThrough) this.tell({ type: 'learn', decisions: [], decided, source: member })
  }

  #liveLeader(): Ballot | null {
    if (this.phase === 'leading') return this.ballot
    return this.phase === 'following' && this.hearsLeader() ? this.heardBallot : null
  }

  prescoutAnswer(from: NodeId, { question, leader, decided }: PrescoutAnswer): void {
    this.#hearOf(from, decided)
    if (this.phase !== 'asking' || question !== this.nameQuestion(this.questions)) return
    if (leader !== null) {
      // Somebody hears a leader that this member does not: requests go, and decisions come, by way of them.
      this.highestRound = Math.max(this.highestRound, leader.round)
      if (!this.indirect) this.tell({ type: 'leaderChanged', towards: from, indirect: true })
      this.indirect = true
      return
    }
    const [inForce] = this.membership.configurations
    if (completesQuorum(this.leaderless, inForce?.members ?? [], from) && this.#mayLead()) this.#scout()
  }

  /** Who votes only on slots that are still to come could propose nothing in those before, and leads later. */
  #mayLead(): boolean {
    const [inForce] = this.membership.configurations
    return this.voting && inForce?.members.includes(this.self) === true
  }

  /** No quorum answered, or none of it promised, in time. */
  #giveUp(): void {
    this.failures += 1
    if (this.phase === 'asking') this.#askAgain()
    else this.follow()
  }

  #askAgain(): void {
    this.phase = 'following'
    this.#armElection(this.settings.electionTimeoutMicros)
  }

  // ---- scouting ----------------------------------------------------------------------------------------------

  /**
   * A ballot that was prepared but not adopted is prepared again if nobody has outbid it: who promised it meanwhile,
   * however slowly, answers at once.
   */
  #scout(): void {
    this.phase = 'scouting'
    if (this.spent || this.highestRound > this.ballot.round) {
      this.highestRound += 1
      this.ballot = { round: this.highestRound, member: this.self, incarnation: this.incarnation }
      this.spent = false
    }
    const { configurations } = this.membership
    this.become('scout', { ballot: this.ballot, fromSlot: this.learnedThrough + 1, configurations })
    this.after('election', this.settings.electionTimeoutMicros * 2)
  }

  /** The leader asks this member to lead in its place, and has finished what was in flight. */
  handOver(_from: NodeId, { ballot }: HandOver): void {
    if (this.phase === 'scouting' || this.phase === 'leading' || !this.#mayLead() || this.isStalled()) return
    if (compareBallots(ballot, this.heardBallot) < 0) return
    this.highestRound = Math.max(this.highestRound, ballot.round)
    this.#scout()
  }

  // ---- giving way ----------------------------------------------------------------------------------------------

  preempted(_from: NodeId, { ballot, promised }: Preempted): void {
    if (!sameBallot(ballot, this.ballot) || compareBallots(promised, this.ballot) <= 0) return
    this.#yieldTo(promised)
  }

  heartbeatRejected(_from: NodeId, { ballot, promised }: HeartbeatRejected): void {
    if (!sameBallot(ballot, this.ballot) || compareBallots(promised, this.ballot) <= 0) return
    this.#yieldTo(promised)
  }

  #yieldTo(promised: Ballot): void {
    this.highestRound = Math.max(this.highestRound, promised.round)
    this.spent = true
    if (this.phase !== 'scouting' && this.phase !== 'leading') return
    this.failures += 1
    this.follow()
  }
}
