/**
 * The Leader: leads Multi-Paxos iterations by accepting and tendering decisions; and, while another leads, watches
 * that it does.
 *
 * *Paxos Made Moderately Complex*, figure 7 and section 3 (its time-outs and back-off); *The Part-Time Parliament*,
 * section 3.1 (the president). Four phases:
 *
 *     following ──no heartbeat──▶ asking ──a quorum hears no leader──▶ scouting ──adopted──▶ leading
 *         ▲────────────────────── a leader lives · preempted · no quorum answers ─────────────────┘
 */
import { type Ballot, compareBallots, type MemberId, NO_BALLOT, type NodeId, sameBallot } from '../ballot.js'
import { clampStamp, type Decree, encodeDecree, NO_OP, type Request, type Slot } from '../decree.js'
import { completesQuorum, quorumOf } from '../membership.js'
import type {
  Adopted,
  Confirm,
  Heartbeat,
  HeartbeatAck,
  HeartbeatRejected,
  Learned,
  Preempted,
  Prescout,
  PrescoutAnswer,
  Progress,
  Propose,
} from '../messages.js'
import { Role, type RoleContext } from '../role.js'
import type { Handles, RoleMessages } from '../routing.js'
import type { Micros } from '../settings.js'
import type { LeaderStart } from '../starts.js'

type Phase = 'following' | 'asking' | 'scouting' | 'leading'

/** An election timer spreads over an eighth of its base at first, then a quarter, a half, and the whole of it. */
const FIRST_SPREAD = 8

export class Leader extends Role implements Handles<RoleMessages['leader']> {
  phase: Phase = 'following'
  /** The ballot under which it scouts or leads, or did last. */
  ballot: Ballot = NO_BALLOT
  /** The highest round that it has seen anywhere. */
  highestRound: number
  /** Elections in a row that led nowhere. */
  failures = 0

  /** The highest ballot that a heartbeat came from, and when the last one did. */
  heardBallot: Ballot = NO_BALLOT
  heardMicros: Micros | null = null

  /** The number of the latest pre-scout question, and the members that hear no leader either. */
  questions = 0
  leaderless: MemberId[] = []
  /** Whether the replica was told to go by way of a member that hears the leader. */
  indirect = false

  /** While leading: when each member last acknowledged a heartbeat. */
  acknowledged: Map<MemberId, Micros> = new Map()
  /** The next slot to propose in. */
  nextSlot: Slot = 1
  /** While leading: the watermark. Every slot up to this one is decided, since the adoption by the commander's count. */
  decidedThrough: Slot = 0
  /** Every slot up to this one is known to the replica of this node, and when that was last news. */
  learnedThrough: Slot = 0
  learnedMicros: Micros = 0
  /** The watermark that it adopted. It proposes nothing before its own replica has learned as much. */
  adoptedThrough: Slot = 0
  /** Whether its ballot was adopted or outbid: one that was neither may be prepared again. */
  spent = true
  /** Slots and decrees that were adopted and still have to be proposed again, in ascending order. */
  inherited: { slot: Slot; decree: Decree }[] = []
  /** Requests that wait for a slot. */
  queue: Request[] = []
  /** The decrees in flight, oldest first, by their number of bytes. */
  flightBytes: number[] = []

  /** The number of the latest read round, who answered it, and the question that it will answer. */
  round = 0
  roundHeard: MemberId[] = []
  confirming: { readonly question: string; readonly slot: Slot } | null = null

  /** It founded the cluster and has not tried to lead it yet. */
  eager: boolean

  constructor(context: RoleContext, start: LeaderStart = {}) {
    super(context, 'leader')
    this.highestRound = start.round ?? 0
    this.eager = start.eager ?? false
  }

  override begin(): void {
    this.#follow()
    if (!this.writing) this.#leadAtOnce()
  }

  override timer(timer: string): void {
    if (timer === 'heartbeat') this.#beat()
    else if (timer === 'ask') this.#sendQuestion()
    else if (this.phase === 'following') this.#watch()
    else this.#giveUp()
  }

  override written(): void {
    this.#leadAtOnce()
    if (this.phase === 'leading') this.#pump()
  }

  /** Who founded the cluster leads it as soon as the others are told of it, once, unless somebody does already. */
  #leadAtOnce(): void {
    const eager = this.eager && this.phase === 'following' && !this.#hearsLeader()
    this.eager = false
    if (eager) this.#scout()
  }

  // ---- following: watch the leader ---------------------------------------------------------------------------

  heartbeat(from: NodeId, { ballot }: Heartbeat): void {
    if (from === this.self || compareBallots(ballot, this.heardBallot) < 0) return
    this.highestRound = Math.max(this.highestRound, ballot.round)
    const competing = this.phase === 'scouting' || this.phase === 'leading'
    if (competing && compareBallots(ballot, this.ballot) < 0) return
    if (this.phase !== 'following') this.#follow()
    this.indirect = false
    if (!this.#hearsLeader() || !sameBallot(ballot, this.heardBallot)) {
      this.tell({ type: 'leaderChanged', towards: from, indirect: false })
    }
    this.heardBallot = ballot
    this.heardMicros = this.nowMicros
    this.failures = 0
  }

  learned(_from: NodeId, { decided }: Learned): void {
    this.learnedThrough = decided
    this.learnedMicros = this.nowMicros
    if (this.phase === 'leading') this.#pump()
  }

  /** The election timer fired: ask, unless a leader was heard in time. */
  #watch(): void {
    if (!this.#hearsLeader() && !this.#isStalled()) {
      this.#ask()
      return
    }
    this.#armElection(this.#hearsLeader() ? this.nowMicros - (this.heardMicros ?? 0) : 0)
  }

  #follow(): void {
    if (this.phase === 'leading') this.#leave()
    if (this.phase === 'scouting') this.retire('scout')
    this.phase = 'following'
    this.#armElection(0)
  }

  #hearsLeader(): boolean {
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
    this.send(this.members, { type: 'prescout', question: this.nameQuestion(this.questions) })
    this.after('ask', this.settings.resendMicros)
  }

  prescout(from: NodeId, { question }: Prescout): void {
    this.send(from, { type: 'prescoutAnswer', question, leader: this.#liveLeader() })
  }

  #liveLeader(): Ballot | null {
    if (this.phase === 'leading') return this.ballot
    return this.phase === 'following' && this.#hearsLeader() ? this.heardBallot : null
  }

  prescoutAnswer(from: NodeId, { question, leader }: PrescoutAnswer): void {
    if (this.phase !== 'asking' || question !== this.nameQuestion(this.questions)) return
    if (leader !== null) {
      // Somebody hears a leader that this member does not: requests go, and decisions come, by way of them.
      this.highestRound = Math.max(this.highestRound, leader.round)
      if (!this.indirect) this.tell({ type: 'leaderChanged', towards: from, indirect: true })
      this.indirect = true
      return
    }
    if (completesQuorum(this.leaderless, this.members, from)) this.#scout()
  }

  /** No quorum answered, or none of it promised, in time. */
  #giveUp(): void {
    this.failures += 1
    if (this.phase === 'asking') this.#askAgain()
    else this.#follow()
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
    this.become('scout', { ballot: this.ballot, fromSlot: this.learnedThrough + 1 })
    this.after('election', this.settings.electionTimeoutMicros * 2)
  }

  adopted(_from: NodeId, { ballot, votes, decided }: Adopted): void {
    // Only for the ballot that it is scouting with: an earlier one was never prepared for what came since.
    if (this.phase !== 'scouting' || !sameBallot(ballot, this.ballot)) return
    this.phase = 'leading'
    this.spent = true
    this.failures = 0
    this.cancel('election')
    this.decidedThrough = decided
    this.adoptedThrough = decided
    this.learnedMicros = this.nowMicros
    this.nextSlot = decided + 1
    for (const { slot, decree } of votes) {
      while (this.nextSlot < slot) this.inherited.push({ slot: this.nextSlot++, decree: NO_OP })
      this.inherited.push({ slot, decree })
      this.nextSlot = slot + 1
    }
    this.become('commander', { ballot, decided })
    this.tell({ type: 'leaderChanged', towards: this.self, indirect: false })
    this.acknowledged = new Map(this.members.map((member) => [member, this.nowMicros]))
    this.#beat()
    this.#pump()
  }

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
    this.#follow()
  }

  // ---- leading -----------------------------------------------------------------------------------------------

  /**
   * Tells the others that it lives; stops leading when it hears from no quorum, cannot catch up with one, or cannot
   * write.
   */
  #beat(): void {
    const horizon = this.nowMicros - this.settings.electionTimeoutMicros
    let heard = 0
    for (const member of this.members) {
      if (member === this.self || (this.acknowledged.get(member) ?? 0) > horizon) heard += 1
    }
    if (heard < quorumOf(this.members) || this.#missesDecisions() || this.#isStalled()) {
      this.failures += 1
      this.#follow()
      return
    }
    this.#sendHeartbeat()
    this.after('heartbeat', this.settings.heartbeatMicros)
  }

  /**
   * Whoever told the watermark that it adopted does not tell the decisions: only a quorum without them, which knows
   * less, can go on.
   */
  #missesDecisions(): boolean {
    if (this.learnedThrough >= this.adoptedThrough) return false
    return this.nowMicros - this.learnedMicros > this.settings.electionTimeoutMicros * 2
  }

  /** Its own disk owes a sync for long: it could lead nobody anywhere, and another member can. */
  #isStalled(): boolean {
    return this.stalledMicros > this.settings.electionTimeoutMicros
  }

  #sendHeartbeat(): void {
    this.send(this.members, {
      type: 'heartbeat',
      ballot: this.ballot,
      decided: this.decidedThrough,
      round: this.round,
    })
  }

  heartbeatAck(from: NodeId, { ballot, round }: HeartbeatAck): void {
    if (this.phase !== 'leading' || !sameBallot(ballot, this.ballot)) return
    this.acknowledged.set(from, this.nowMicros)
    if (round !== this.round || this.confirming === null) return
    if (!completesQuorum(this.roundHeard, this.members, from)) return
    this.tell({ type: 'confirmed', ...this.confirming })
    this.confirming = null
  }

  propose(_from: NodeId, { request }: Propose): void {
    if (this.phase !== 'leading') return // whoever asked will ask again, and elsewhere
    if (this.queue.length >= this.settings.queueLimit) {
      this.tell({ type: 'refused', request })
      return
    }
    this.queue.push(request)
    this.#pump()
  }

  progress(_from: NodeId, { ballot, decided }: Progress): void {
    if (this.phase !== 'leading' || !sameBallot(ballot, this.ballot)) return
    this.flightBytes.splice(0, decided - this.decidedThrough)
    this.decidedThrough = decided
    this.#pump()
    // Nothing in flight will carry the watermark, so it goes by itself.
    if (this.nextSlot === decided + 1) {
      const others = this.members.filter((member) => member !== this.self)
      this.send(others, { type: 'decided', ballot: this.ballot, decided })
    }
  }

  /**
   * Proposes what it may: first what it inherited, then new decrees. Slot s is proposed only when every slot up to
   * s − alpha is decided, and requests that arrive while a write is in flight share the next decree.
   */
  #pump(): void {
    let bytes = this.flightBytes.reduce((sum, length) => sum + length, 0)
    while (this.#mayPropose(bytes)) {
      const next = this.inherited.shift() ?? { slot: this.nextSlot++, decree: this.#nextDecree() }
      bytes += next.decree.length
      this.flightBytes.push(next.decree.length)
      this.tell({ type: 'tender', ballot: this.ballot, slot: next.slot, decree: next.decree })
    }
  }

  #mayPropose(bytesInFlight: number): boolean {
    const { alpha, windowBytes } = this.settings
    if (this.learnedThrough < this.adoptedThrough) return false
    if (this.flightBytes.length >= alpha) return false
    if (bytesInFlight >= windowBytes) return false
    if (this.inherited.length > 0) return true
    return this.queue.length > 0 && !this.writing
  }

  #nextDecree(): Decree {
    let bytes = 0
    let count = 0
    for (const request of this.queue) {
      bytes += request.command.length
      if (count > 0 && bytes > this.settings.decreeBytes) break
      count += 1
    }
    return encodeDecree(clampStamp(this.wallMicros), this.queue.splice(0, count))
  }

  /** What was proposed stays proposed: the next leader finds it. What was only queued, its requesters send again. */
  #leave(): void {
    this.retire('commander')
    this.cancel('heartbeat')
    this.inherited = []
    this.queue = []
    this.flightBytes = []
    this.confirming = null
    this.tell({ type: 'leaderChanged', towards: null, indirect: false })
  }

  // ---- linearizable reads --------------------------------------------------------------------------------------

  /**
   * Begins a round of heartbeats: if a quorum has promised nobody else by the time that it answers, no other leader
   * had decided anything when the question was asked. A round that began before the question proves nothing.
   */
  confirm(_from: NodeId, { question }: Confirm): void {
    if (this.phase !== 'leading') return
    if (this.confirming?.question !== question) {
      this.round += 1
      this.roundHeard = []
      this.confirming = { question, slot: this.nextSlot - 1 }
    }
    this.#sendHeartbeat()
  }
}
