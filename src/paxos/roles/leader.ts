/**
 * The Leader: leads Multi-Paxos iterations by accepting and tendering decisions. How it comes to lead, and what it does
 * while another does, is in `candidate.ts`, with its four phases.
 *
 * *Paxos Made Moderately Complex*, figure 7 (propose, adopted); *The Part-Time Parliament*, sections 3.1 (what the
 * president does) and 3.3.6 (a change of the legislators); *Consensus: Bridging Theory and Practice*, section 6.4 (reads).
 */
import { type MemberId, type NodeId, sameBallot } from '../ballot.js'
import { changeOf, clampStamp, type Decree, encodeDecree, NO_OP, type Request, type Slot } from '../decree.js'
import {
  type Change,
  type Configuration,
  completesQuorum,
  configurationOf,
  containsQuorum,
  flawOf,
  type Voter,
} from '../membership.js'
import type {
  Adopted,
  Confirm,
  HeartbeatAck,
  Learned,
  Learning,
  Outrun,
  Progress,
  Propose,
  Transfer,
  Vote,
} from '../messages.js'
import type { Handles, RoleMessages } from '../routing.js'
import type { Micros } from '../settings.js'
import { Candidate } from './candidate.js'

export class Leader extends Candidate implements Handles<RoleMessages['leader']> {
  /** While leading: when each member last acknowledged a heartbeat. */
  acknowledged: Map<MemberId, Micros> = new Map()
  /** The next slot to propose in. */
  nextSlot: Slot = 1
  /** While leading: the watermark. Every slot up to this one is decided, since the adoption by the commander's count. */
  decidedThrough: Slot = 0
  /** The watermark that it adopted. It proposes nothing before its own replica has learned as much. */
  adoptedThrough: Slot = 0
  /** While leading: configurations up to this version have promised its ballot, so it may propose under them. */
  preparedVersion = 0
  /** The last version that a scout of its ballot is asking, while it leads. */
  preparingVersion = 0
  /** A change that waits until the members that it admits have learned enough; and how far each has learned. */
  change: Request | null = null
  newcomers: Map<MemberId, { readonly store: number; readonly decided: Slot }> = new Map()
  /** It finishes what is in flight and then has another member lead: this one, or any. */
  handingOver: { readonly to: MemberId | null; readonly sinceMicros: Micros } | null = null
  /** Slots and decrees that were adopted and still have to be proposed again, in ascending order. */
  inherited: { slot: Slot; decree: Decree }[] = []
  /** Requests that wait for a slot. */
  queue: Request[] = []
  /** The decrees in flight, oldest first, by their number of bytes. */
  flightBytes: number[] = []

  /**
   * The number of the latest read round, who answered it, and the question that it will answer, once a quorum of these
   * members has.
   */
  round = 0
  roundHeard: MemberId[] = []
  confirming: {
    readonly question: string
    readonly slot: Slot
    readonly configuration: Configuration
  } | null = null
  /** The question for which no round could begin yet. */
  postponed: string | null = null
  /** In this turn something came that nothing else waited before, or that filled a decree. Never between two turns. */
  #hasNews = false
  /** What the commands in the queue weigh; null where that was not counted, because the node was thawed. */
  #queueBytes: number | null = null

  override timer(timer: string): void {
    if (timer === 'heartbeat') this.#beat()
    else super.timer(timer)
  }

  override written(): void {
    super.written()
    if (this.phase === 'leading') this.#pump()
  }

  override learned(from: NodeId, learned: Learned): void {
    super.learned(from, learned)
    if (this.phase === 'leading') this.#goOn()
  }

  // ---- adoption ------------------------------------------------------------------------------------------------

  adopted(_from: NodeId, adopted: Adopted): void {
    // Only for the ballot that it is scouting with: an earlier one was never prepared for what came since.
    if (!sameBallot(adopted.ballot, this.ballot)) return
    if (this.phase === 'scouting') this.#lead(adopted)
    else if (this.phase === 'leading') this.#extend(adopted)
  }

  #lead({ ballot, version, votes, decided }: Adopted): void {
    this.phase = 'leading'
    this.preparedVersion = version
    this.spent = true
    this.failures = 0
    this.cancel('election')
    this.decidedThrough = decided
    this.adoptedThrough = decided
    this.learnedMicros = this.nowMicros
    this.nextSlot = decided + 1
    this.#inherit(votes)
    this.become('commander', { ballot, decided })
    this.tell({ type: 'leaderChanged', towards: this.self, indirect: false })
    this.acknowledged = new Map(this.members.map((member) => [member, this.nowMicros]))
    this.#beat()
    this.#goOn()
  }

  /** The highest-ballot value of every slot that has one, and no-ops in the gaps. */
  #inherit(votes: readonly Vote[]): void {
    for (const { slot, decree } of votes) {
      if (slot < this.nextSlot) continue
      while (this.nextSlot < slot) this.inherited.push({ slot: this.nextSlot++, decree: NO_OP })
      this.inherited.push({ slot, decree })
      this.nextSlot = slot + 1
    }
  }

  // ---- a change of the membership ------------------------------------------------------------------------------

  /** A quorum of the configuration to come has promised as well: it may be proposed under. */
  #extend({ version, votes, decided }: Adopted): void {
    const first = this.membership.configurations.find((each) => each.version > this.preparedVersion)
    if (first !== undefined && decided >= first.fromSlot) {
      this.follow() // somebody else has led beyond that
      return
    }
    if (first !== undefined) this.#disinherit(first.fromSlot)
    this.preparedVersion = Math.max(this.preparedVersion, version)
    this.#inherit(votes)
    this.#goOn()
  }

  /**
   * What was adopted from this slot on came from a quorum of those who do not vote there: only a quorum of those who do
   * tells what may be chosen. Nothing was proposed there yet, because they had not promised.
   */
  #disinherit(fromSlot: Slot): void {
    this.inherited = this.inherited.filter(({ slot }) => slot < fromSlot)
    this.nextSlot = Math.max(this.decidedThrough + 1, Math.min(this.nextSlot, fromSlot))
  }

  /** Prepares the configurations that became known since the adoption; all that are not yet prepared, at once. */
  #prepareChange(): void {
    const { configurations } = this.membership
    if ((configurations.at(-1)?.version ?? 0) <= this.preparedVersion) return
    const unprepared = configurations.filter(({ version }) => version > this.preparedVersion)
    const [first] = unprepared
    if (first === undefined || unprepared.at(-1)?.version === this.preparingVersion) return
    this.preparingVersion = unprepared.at(-1)?.version ?? 0
    this.become('scout', { ballot: this.ballot, fromSlot: first.fromSlot, configurations: unprepared })
  }

  /** The change waits until everybody whom it admits has learned what was decided, but for the last alpha slots. */
  #admit(): void {
    const change = this.change && changeOf(this.change)
    if (this.change === null || change === null || this.#isAhead(change)) return
    if (!this.#newcomersOf(change).every((voter) => this.#hasLearned(voter))) return
    // Behind what waits already: that may be a change, which this one was not judged after.
    this.#enqueue(this.change)
    this.change = null
    this.newcomers.clear()
  }

  /**
   * It is of a configuration that its replica has yet to learn of: whom it admits cannot be said before. With nothing left
   * to learn there is no such configuration.
   */
  #isAhead({ version }: Change): boolean {
    const latest = this.membership.configurations.at(-1)?.version ?? 0
    return version > latest && (this.learnedThrough + 1 < this.nextSlot || this.queue.length > 0)
  }

  /** Whom a change admits. None if it cannot be: its decree will say why. */
  #newcomersOf(change: Change): readonly Voter[] {
    if (flawOf(this.membership, change) !== null) return []
    return change.voters.filter(({ member }) => !this.members.includes(member))
  }

  /** Whoever is named with a store that it does not have would never vote. */
  #hasLearned({ member, store }: Voter): boolean {
    const newcomer = this.newcomers.get(member)
    const enough = this.decidedThrough - this.settings.alpha
    return newcomer !== undefined && newcomer.store === store && newcomer.decided >= enough
  }

  learning(from: NodeId, { ballot, store, decided }: Learning): void {
    if (this.phase !== 'leading' || !sameBallot(ballot, this.ballot) || this.change === null) return
    this.newcomers.set(from, { store, decided })
    this.#goOn()
  }

  // ---- handing over --------------------------------------------------------------------------------------------

  transfer(from: NodeId, transfer: Transfer): void {
    if (this.phase === 'leading') {
      this.handingOver = { to: transfer.to, sinceMicros: this.nowMicros }
      this.#goOn()
    } else if (from === this.self && this.hearsLeader()) this.send(this.heardBallot.member, transfer)
  }

  /** Has another voter lead; without a name, the one that was heard last. */
  #handOver(to: MemberId | null): void {
    const voters = this.#configuration(this.decidedThrough + 1)?.members ?? []
    const heardAt = (member: MemberId): Micros => this.acknowledged.get(member) ?? -1
    const heirs = voters.filter((member) => member !== this.self)
    heirs.sort((a, b) => Number(b === to) - Number(a === to) || heardAt(b) - heardAt(a) || a - b)
    const [heir] = heirs
    if (heir !== undefined) this.send(heir, { type: 'handOver', ballot: this.ballot })
  }

  /** What was in flight is decided: now the other may begin. If it does not, this member goes on after a while. */
  #finishHandOver(): void {
    const { handingOver } = this
    if (handingOver === null) return
    if (this.nowMicros - handingOver.sinceMicros > this.settings.electionTimeoutMicros) {
      this.handingOver = null
      this.#pump()
    } else if (this.flightBytes.length === 0 && this.inherited.length === 0) this.#handOver(handingOver.to)
  }

  // ---- giving way ----------------------------------------------------------------------------------------------

  /** A slot that it proposes in was decided and trimmed elsewhere. It leads again when it knows as much. */
  outrun(_from: NodeId, { ballot }: Outrun): void {
    if (this.phase !== 'leading' || !sameBallot(ballot, this.ballot)) return
    this.failures += 1
    this.follow()
  }

  /** What was proposed stays proposed: the next leader finds it. What was only queued, its requesters send again. */
  protected override leave(): void {
    this.retire('commander')
    this.cancel('heartbeat')
    this.inherited = []
    this.queue = []
    this.#queueBytes = 0
    this.flightBytes = []
    this.confirming = null
    this.postponed = null
    this.change = null
    this.newcomers.clear()
    this.handingOver = null
    this.preparingVersion = 0
    this.tell({ type: 'leaderChanged', towards: null, indirect: false })
  }

  // ---- leading -----------------------------------------------------------------------------------------------

  /**
   * Tells the others that it lives; stops leading when it hears from no quorum, cannot catch up with one, or cannot
   * write.
   */
  #beat(): void {
    if (this.isStalled()) this.#handOver(null)
    if (!this.#hearsQuorum() || this.#missesDecisions() || this.isStalled()) {
      this.failures += 1
      this.follow()
      return
    }
    this.#finishHandOver()
    this.#sendHeartbeat()
    this.after('heartbeat', this.settings.heartbeatMicros)
  }

  #hearsQuorum(): boolean {
    const horizon = this.nowMicros - this.settings.electionTimeoutMicros
    const isHeard = (member: MemberId): boolean =>
      member === this.self || (this.acknowledged.get(member) ?? 0) > horizon
    const members = this.#configuration(this.decidedThrough + 1)?.members ?? []
    return containsQuorum(this.members.filter(isHeard), members)
  }

  #configuration(slot: Slot): Configuration | undefined {
    return configurationOf(this.membership.configurations, slot)
  }

  /**
   * Whoever told the watermark that it adopted does not tell the decisions: only a quorum without them, which knows
   * less, can go on.
   */
  #missesDecisions(): boolean {
    if (this.learnedThrough >= this.adoptedThrough) return false
    return this.nowMicros - this.learnedMicros > this.settings.electionTimeoutMicros * 2
  }

  #sendHeartbeat(): void {
    const change = this.change && changeOf(this.change)
    const newcomers = change === null ? [] : this.#newcomersOf(change).map(({ member }) => member)
    const to = newcomers.length === 0 ? this.members : [...this.members, ...newcomers]
    this.send(to, {
      type: 'heartbeat',
      ballot: this.ballot,
      decided: this.decidedThrough,
      round: this.round,
      written: this.recordsDurable,
    })
  }

  heartbeatAck(from: NodeId, { ballot, round }: HeartbeatAck): void {
    if (this.phase !== 'leading' || !sameBallot(ballot, this.ballot)) return
    this.acknowledged.set(from, this.nowMicros)
    if (round !== this.round || this.confirming === null) return
    const { question, slot, configuration } = this.confirming
    if (!completesQuorum(this.roundHeard, configuration.members, from)) return
    this.tell({ type: 'confirmed', question, slot })
    this.confirming = null
  }

  /** All commands that come in one turn share a decree, if there is room in it. */
  propose(_from: NodeId, { request }: Propose): void {
    if (this.phase !== 'leading') return // whoever asked will ask again, and elsewhere
    if (this.queue.length >= this.settings.queueLimit) this.settled()
    if (this.queue.length >= this.settings.queueLimit) {
      this.tell({ type: 'refused', request })
      return
    }
    if (request.session === 0 && request.sequence === 1) {
      // Of changes only the latest waits, so each has its chance before another takes its place.
      this.change = request
      this.#goOn()
      return
    }
    // Where others wait already, what they wait for is still to come, and whoever brings it goes on.
    if (this.queue.length === 0) this.#hasNews = true
    this.#enqueue(request)
    if (this.#hasFullDecree) this.#hasNews = true
  }

  #enqueue(request: Request): void {
    this.#queueBytes = this.#weighQueue() + request.command.length
    this.queue.push(request)
  }

  #weighQueue(): number {
    this.#queueBytes ??= this.queue.reduce((sum, { command }) => sum + command.length, 0)
    return this.#queueBytes
  }

  /** Whether as much waits as goes into one decree: then there is no gain in waiting for more. */
  get #hasFullDecree(): boolean {
    return this.#weighQueue() >= this.settings.decreeBytes
  }

  override settled(): void {
    if (!this.#hasNews) return
    this.#hasNews = false
    if (this.phase === 'leading') this.#goOn()
  }

  progress(_from: NodeId, { ballot, decided }: Progress): void {
    if (this.phase !== 'leading' || !sameBallot(ballot, this.ballot)) return
    this.flightBytes.splice(0, decided - this.decidedThrough)
    this.decidedThrough = decided
    this.#goOn()
    // Nothing in flight will carry the watermark, so it goes by itself.
    if (this.nextSlot === decided + 1)
      this.send(this.others, { type: 'decided', ballot: this.ballot, decided })
  }

  /** Whatever may be done now, while it leads. */
  #goOn(): void {
    if (this.#isOvertaken()) {
      this.failures += 1
      this.follow()
      return
    }
    if (this.#isRemoved()) {
      this.#handOver(null)
      this.follow()
      return
    }
    this.#prepareChange()
    this.#admit()
    this.#pump()
    this.#finishHandOver()
  }

  /**
   * Its replica has learned from others that a change is in force above what it has decided: somebody else has led beyond
   * that, and it does not know any more who votes on what it would propose next. It counts that as an election that led
   * nowhere, as does whoever is outbid; for the rest it is as if it were removed.
   */
  #isOvertaken(): boolean {
    const [inForce] = this.membership.configurations
    return inForce !== undefined && inForce.fromSlot > this.decidedThrough + 1
  }

  /** It was removed by a change that is in force: the slots that it could lead are decided. */
  #isRemoved(): boolean {
    const inForce = this.#configuration(this.decidedThrough + 1)
    return this.learnedThrough >= this.decidedThrough && !inForce?.members.includes(this.self)
  }

  /**
   * Proposes what it may: first what it inherited, then new decrees. Slot s is proposed only when every slot up to
   * s − alpha is decided, and requests that arrive while a write is in flight share the next decree, until it is full. Where
   * the others have decided what this member still writes, they go on without its disk.
   */
  #pump(): void {
    this.#confirmPostponed()
    let bytes = this.flightBytes.reduce((sum, length) => sum + length, 0)
    for (;;) {
      const members = this.#votersOnNext(bytes)
      if (members === null) return
      const { slot, decree } = this.inherited.shift() ?? { slot: this.nextSlot++, decree: this.#nextDecree() }
      bytes += decree.length
      this.flightBytes.push(decree.length)
      this.tell({ type: 'tender', ballot: this.ballot, slot, decree, members })
    }
  }

  /** Who votes on the slot that is next; null if it may not be proposed in, or need not. */
  #votersOnNext(bytesInFlight: number): readonly MemberId[] | null {
    const { alpha, windowBytes } = this.settings
    if (this.learnedThrough < this.adoptedThrough) return null
    if (this.flightBytes.length >= alpha || bytesInFlight >= windowBytes) return null
    const slot = this.inherited[0]?.slot ?? this.nextSlot
    if (slot > this.learnedThrough + alpha) return null
    const configuration = this.#configuration(slot)
    if (configuration === undefined || configuration.version > this.preparedVersion) return null
    if (!configuration.members.includes(this.self)) return null
    return this.#wantsToPropose() ? configuration.members : null
  }

  #wantsToPropose(): boolean {
    if (this.inherited.length > 0 || this.#isFilling()) return true
    if (this.queue.length === 0 || this.handingOver !== null) return false
    return !this.writing || this.flightBytes.length === 0 || this.#hasFullDecree
  }

  /** The slots below a change are filled at once, with no-ops if need be, so that it comes into force. */
  #isFilling(): boolean {
    return this.nextSlot < (this.membership.configurations.at(-1)?.fromSlot ?? 0)
  }

  #nextDecree(): Decree {
    if (this.queue.length === 0) return NO_OP
    let bytes = 0
    let count = 0
    for (const { command } of this.queue) {
      if (count > 0 && bytes + command.length > this.settings.decreeBytes) break
      bytes += command.length
      count += 1
    }
    this.#queueBytes = this.#weighQueue() - bytes
    return encodeDecree(clampStamp(this.wallMicros), this.queue.splice(0, count))
  }

  // ---- linearizable reads --------------------------------------------------------------------------------------

  /**
   * Begins a round of heartbeats: if a quorum has promised nobody else by the time that it answers, no other leader
   * had decided anything when the question was asked. A round that began before the question proves nothing.
   */
  confirm(_from: NodeId, { question }: Confirm): void {
    if (this.phase !== 'leading') return // it will be asked again
    const configuration = this.#preparedForNext()
    this.postponed = configuration === null ? question : null
    if (configuration === null) return
    const { version } = configuration
    if (this.confirming?.question !== question || this.confirming.configuration.version !== version) {
      this.round += 1
      this.roundHeard = []
      this.confirming = { question, slot: this.nextSlot - 1, configuration }
    }
    this.#sendHeartbeat()
  }

  /** Before it proposes in the next slot: where few may be in flight, those are always in flight. */
  #confirmPostponed(): void {
    const { postponed: question } = this
    if (question === null || this.#preparedForNext() === null) return
    this.confirm(this.self, { type: 'confirm', question })
  }

  /**
   * The configuration of the first slot that is neither adopted nor proposed; null if it is not known yet, or has not
   * promised. It is the one to ask: another leader may have decided something from there on only with the promise of a
   * quorum of it, under a higher ballot, which then acknowledges no more, or under a lower one, whose votes its promise to
   * this one would have told. Those who vote on the slots below need not know.
   */
  #preparedForNext(): Configuration | null {
    if (this.nextSlot > this.learnedThrough + this.settings.alpha) return null
    const configuration = this.#configuration(this.nextSlot)
    return configuration && configuration.version <= this.preparedVersion ? configuration : null
  }
}
