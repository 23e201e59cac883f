/** The court: hears what happens in a world, event by event, and keeps the verdicts on it. */
import {
  type AnyMachine,
  codecsOf,
  type Decree,
  type Membership as Known,
  type Message,
  type Micros,
  type Node,
  type NodeId,
  type Observation,
  type Replica,
  requestKey,
  type SessionId,
  type Settings,
  type Slot,
  type StoreRecord,
  sameBallot,
  type Tender,
  versionOf,
} from '../../paxos/index.js'
import { type AnyApplication, isStale, type Operation } from '../application.js'
import type { HistoryEntry } from '../clients.js'
import { nameOf } from '../names.js'
import { Adoptions } from './adoptions.js'
import { Agreement } from './agreement.js'
import { Answers, type Refused } from './answers.js'
import { Ballots } from './ballots.js'
import { Bounds } from './bounds.js'
import { Conservation } from './conservation.js'
import { Counts } from './counts.js'
import { Durability } from './durability.js'
import { Ended } from './ended.js'
import { ExactlyOnce } from './exactly-once.js'
import { IdenticalState } from './identical-state.js'
import { Linearizable } from './linearizable.js'
import { type Beginning, Liveness, type Lull } from './liveness.js'
import { Membership } from './membership.js'
import { Model } from './model.js'
import { type AnsweredRead, replay } from './replay.js'
import { Rounds } from './rounds.js'
import { StaleReads } from './stale-reads.js'
import type { VerdictResult } from './verdict.js'

/** A member as it is when the run is over. */
export interface Witness {
  readonly id: NodeId
  readonly replica: Pick<Replica, 'replicated'> | undefined
  readonly records: readonly StoreRecord[]
}

/** An operation of a client that is not over. */
interface Pending extends Beginning {
  /** The event in which it began. */
  readonly event: number
  readonly operation: Operation
  readonly entry: HistoryEntry
  /** How many executions come before it for sure. */
  readonly floor: number
}

/** Why nothing but safety is asked for, where it was said beforehand. */
const OVER_BUDGET = 'more stores may be lost than the members can stand'

/** Stands for the output of a command that threw. */
const THREW = 'threw'

export type Answered = Extract<Observation, { type: 'answered' }>

export interface CourtOptions {
  /** The voters that the cluster will be founded with. */
  readonly members: readonly NodeId[]
  readonly application: AnyApplication
  readonly settings: Settings
  readonly startWallMicros: Micros
  /** From when on no fault is active; left out: no such time is known, and liveness is not judged. */
  readonly quietMicros?: Micros
  /** More stores may be lost than the members can stand: only safety is asked for. Default false. */
  readonly isOverBudget?: boolean
}

export class Court {
  readonly agreement: Agreement = new Agreement()
  readonly durability: Durability
  readonly ballots: Ballots
  readonly membership: Membership
  readonly answers: Answers = new Answers()
  readonly linearizable: Linearizable
  readonly staleReads: StaleReads = new StaleReads()
  readonly exactlyOnce: ExactlyOnce = new ExactlyOnce()
  readonly identicalState: IdenticalState = new IdenticalState()
  readonly conservation: Conservation
  readonly bounds: Bounds
  readonly liveness: Liveness
  readonly ended: Ended = new Ended()
  readonly #application: AnyApplication
  readonly #queueLimit: number
  readonly #model: Model
  /** The event at which the model executes. */
  #modelEvent = 0
  readonly #queries: ReturnType<typeof codecsOf>['queries']
  /** By client. */
  readonly #pending: Map<number, Pending> = new Map()
  readonly #reads: AnsweredRead[] = []
  readonly #adoptions: Adoptions = new Adoptions()
  readonly #rounds: Rounds
  readonly #counts: Counts
  /** Why only safety is asked for; null: everything is. */
  #excuse: string | null

  constructor(options: CourtOptions) {
    const { members, application, settings, startWallMicros, quietMicros = 0, isOverBudget } = options
    this.membership = new Membership(members, settings.alpha)
    this.durability = new Durability((slot) => this.membership.votersOf(slot))
    this.#counts = new Counts((member, slot, ballot) => this.durability.hasVoted(member, slot, ballot))
    this.ballots = new Ballots((slot) => this.membership.votersOf(slot))
    this.#rounds = new Rounds(
      (slot) => this.membership.configurationOf(slot),
      (...promised) => this.#adoptions.isPrepared(...promised),
    )
    this.linearizable = new Linearizable(application.model)
    this.conservation = new Conservation(application)
    this.bounds = new Bounds(settings)
    this.liveness = new Liveness(quietMicros, settings.electionTimeoutMicros)
    this.#excuse = isOverBudget === true ? OVER_BUDGET : null
    this.#application = application
    this.#queueLimit = settings.queueLimit
    this.#queries = codecsOf(application.machine).queries
    const { machine } = application
    const overheard = { ...application, machine: this.#overheard(machine, null, () => this.#modelEvent) }
    this.#model = new Model(overheard, settings, startWallMicros, {
      changes: (slot, change) => {
        this.membership.changes(slot, change)
        this.liveness.changes()
      },
    })
  }

  get verdicts(): Readonly<Record<string, VerdictResult>> {
    return {
      agreement: this.agreement.result,
      durability: this.durability.result,
      ballots: this.ballots.result,
      membership: this.membership.result,
      answers: this.answers.result,
      linearizable: this.linearizable.result,
      'stale reads': this.staleReads.result,
      'exactly once': this.exactlyOnce.result,
      'identical state': this.identicalState.result,
      conservation: this.conservation.result,
      bounds: this.bounds.result,
      liveness: this.#unlessExcused(this.liveness.result),
      ended: this.#unlessExcused(this.ended.result),
    }
  }

  #unlessExcused(result: VerdictResult): VerdictResult {
    return result.ok && this.#excuse !== null ? { ...result, notAsked: this.#excuse } : result
  }

  /** How many slots are known to be decided. */
  get decided(): number {
    return this.agreement.decrees.length
  }

  // ---- members -------------------------------------------------------------------------------------------------

  /** A member begins a life. Gives the machine that it is to run: the application's own, overheard. */
  started(node: NodeId, event: () => number): AnyMachine {
    this.agreement.started(node)
    this.ballots.started(node)
    this.#rounds.started(node)
    this.exactlyOnce.started(node)
    this.identicalState.started(node)
    return this.#overheard(this.#application.machine, node, event)
  }

  /** The machine, as a node runs it, or for null the model. */
  #overheard(machine: AnyMachine, node: NodeId | null, event: () => number): AnyMachine {
    const query = machine.query?.bind(machine)
    const migrate = machine.migrate?.bind(machine)
    const codecs = codecsOf(machine)
    return {
      version: versionOf(machine),
      initial: () => machine.initial(),
      ...(migrate && { migrate }),
      apply: (state, command, context) => {
        if (node !== null) this.exactlyOnce.executes(node, context.slot)
        this.identicalState.executes(event(), node, context.slot, state)
        let output: unknown = THREW
        try {
          const applied = machine.apply(state, command, context)
          output = applied[1]
          return applied
        } finally {
          this.identicalState.gave(event(), node, context.slot, output)
        }
      },
      ...(query && { query }),
      ...codecs,
      snapshots: {
        encode: (state, version) => codecs.snapshots.encode(state, version),
        decode: (bytes, version) => {
          if (node !== null) this.identicalState.replaced(node)
          return codecs.snapshots.decode(bytes, version)
        },
      },
    }
  }

  /** So many records are gone from the store of a member that were called durable. */
  lost(event: number, node: NodeId, records: number): void {
    this.durability.lost(event, node, records)
  }

  /** A member has found out that its store is none to vote with. */
  refused(node: NodeId): void {
    this.durability.refused(node)
  }

  /**
   * Without these members, whose stores are lost for good, there is no quorum; none: there is one. Looked at every so
   * often. Nobody can be served then: who has waited for too long by now has, and of the others nothing is said.
   */
  misses(event: number, nowMicros: Micros, lost: readonly NodeId[]): void {
    const isServed = lost.length === 0
    if (this.#excuse === OVER_BUDGET || isServed === (this.#excuse === null)) return
    if (isServed) {
      this.#excuse = null
      return
    }
    this.watch(event, nowMicros)
    this.holds(null, event, nowMicros)
    this.#excuse = `from event ${event} on there is no quorum without the stores of ${lost.map(nameOf).join(', ')}, which are lost`
  }

  /** The store of a member has lost something that it may have vouched for. */
  forgot(node: NodeId): void {
    this.durability.forgot(node)
    this.ballots.forgot(node)
  }

  synced(event: number, node: NodeId, records: readonly StoreRecord[]): void {
    for (const record of records) {
      this.durability.synced(event, node, record)
      this.ballots.synced(event, node, record)
      if (record.type !== 'founded') continue
      this.membership.founded(event, node, record.founding)
      this.#model.founded(record.founding.timeMicros)
    }
  }

  applied(event: number, node: NodeId, slot: Slot, decree: Decree): void {
    const model = this.#model
    if (this.agreement.applied(event, node, slot, decree) && slot === model.applied + 1) {
      this.durability.decided(event, slot, decree)
      this.#modelEvent = event
      model.apply(event, decree)
      this.conservation.check(event, `after slot ${slot}`, model.state)
    }
    const expected = model.executedThrough(slot) - model.executedThrough(slot - 1)
    this.exactlyOnce.applied(event, node, slot, expected)
  }

  /** A member has replaced its state by that of a snapshot, which was taken after this slot. */
  installed(event: number, node: NodeId, slot: Slot, replica: Witness['replica']): void {
    this.agreement.installed(event, node, slot)
    this.exactlyOnce.installed(node, slot)
    if (replica === undefined || replica.replicated.applied !== slot) return // it has gone on already
    const { state } = replica.replicated
    this.identicalState.installed(event, node, slot, state)
    if (slot === this.#model.applied) this.identicalState.compare(event, node, state, this.#model.state)
  }

  /** A node says who votes, as far as it has applied. */
  configured(event: number, node: NodeId, applied: Slot, membership: Known): void {
    this.membership.configured(event, node, applied, membership)
  }

  /** A node has begun to prepare a ballot. */
  scouted(event: number, node: Node): void {
    this.ballots.scouted(event, node)
  }

  /** A node has sent a message, be it to itself. */
  sent(event: number, node: Node, message: Message): void {
    switch (message.type) {
      case 'heartbeatAck':
        this.ballots.acknowledged(event, node.self, message.ballot)
        return
      case 'heartbeat':
        this.ballots.led(node.self, message.ballot)
        this.#confirms(event, node, message)
        return
      case 'confirm':
      case 'confirmed':
        this.#confirms(event, node, message)
        return
      case 'adopted':
        this.#adoptions.adopted(node.self, message)
        return
      case 'tender':
        this.#proposes(event, node.self, message)
        return
      case 'takenOver':
        this.durability.takenOver(event, node.self, message.slot, this.agreement.decrees)
        return
    }
  }

  /** Whoever has not been asked for a promise is told of by the verdict on ballots, as soon as somebody votes. */
  #proposes(event: number, node: NodeId, tender: Tender): void {
    const configuration = this.membership.configurationOf(tender.slot)
    if (!this.#adoptions.isPrepared(node, tender.ballot, configuration)) return
    const wrong = this.#adoptions.proposes(node, tender, configuration)
    if (wrong !== null) this.durability.blamed(event, wrong)
  }

  #confirms(event: number, node: Node, message: Message): void {
    const wrong = this.#rounds.sent(node.self, message)
    if (wrong !== null) this.linearizable.unconfirmed(event, wrong)
  }

  /** A node is about to hear a message of another one. */
  delivered(node: Node, from: NodeId, message: Message): void {
    if (message.type === 'accepted') this.#counts.hears(node, message.slot)
    else if (message.type === 'heartbeatAck')
      this.#rounds.acknowledged(node.self, from, message.ballot, message.round)
  }

  /** A node is about to be told that these records of its own are durable, and so to hear what it said with them. */
  vouched(node: Node, records: readonly StoreRecord[]): void {
    const { commander } = node.roles
    if (commander === undefined) return
    for (const record of records) {
      const isEarlier = record.type === 'accepted' && !sameBallot(record.ballot, commander.ballot)
      if (isEarlier) this.#counts.hears(node, record.slot)
    }
  }

  /** A node has had its turn. */
  turned(event: number, node: Node): void {
    this.bounds.glance(event, node)
    const wrong = this.#counts.counted()
    if (wrong !== null) this.durability.blamed(event, wrong)
  }

  /** Looks at a node, every so often; see {@link Bounds.check}. */
  inspect(event: number, node: Node, machines: number, records: readonly StoreRecord[] | null): void {
    this.bounds.check(event, node, this.decided, machines, records)
    this.ballots.inspect(event, node)
  }

  // ---- clients -------------------------------------------------------------------------------------------------

  /** A client begins an operation. */
  invoked(event: number, client: number, place: NodeId, operation: Operation, entry: HistoryEntry): void {
    const { f, time: timeMicros } = entry
    const { floor } = this.linearizable
    this.#pending.set(client, { event, client, place, timeMicros, f, operation, entry, floor })
  }

  /** From now on a partition is all that is wrong, and leaves some members linked; or, with null, that is over. */
  holds(lull: Lull | null, event: number, nowMicros: Micros): void {
    if (this.#excuse === null) this.liveness.holds(lull, this.#pending.values(), event, nowMicros)
  }

  /** Looks, every so often, who waits for too long. */
  watch(event: number, nowMicros: Micros): void {
    if (this.#excuse === null) this.liveness.watch(this.#pending.values(), event, nowMicros)
  }

  /** A member that leads is asked, while all is well, to have another one lead. */
  handsOver(leader: NodeId, nowMicros: Micros): void {
    if (this.#excuse === null) this.liveness.handsOver(leader, nowMicros)
  }

  /** Looks, every so often, who leads. */
  leads(leader: NodeId | null, event: number, nowMicros: Micros): void {
    if (this.#excuse === null) this.liveness.leads(leader, event, nowMicros)
  }

  /** A client was told what its operation gave. */
  answered(event: number, client: number, answer: Answered, entry: HistoryEntry): void {
    const pending = this.#pending.get(client)
    if (pending === undefined) return
    this.#pending.delete(client)
    if (this.#excuse === null) this.liveness.check(pending, event, entry.time)
    const { operation } = pending
    if (!isStale(operation)) this.linearizable.note(pending.event, pending.entry, event, entry)
    if (operation.type === 'command') this.#executed(event, pending, answer)
    else this.#read(event, pending, operation.query, answer)
  }

  /** The node of a client is gone: it will not be told what its operation gave, if it has one. */
  abandoned(client: number): void {
    this.staleReads.forget(client)
    const pending = this.#pending.get(client)
    if (pending === undefined) return
    this.#pending.delete(client)
    if (!isStale(pending.operation)) this.linearizable.note(pending.event, pending.entry, 0, null)
  }

  #executed(event: number, { client, place, floor }: Pending, answer: Answered): void {
    const { session, sequence, outcome } = answer
    const request = requestKey(session, sequence, '')
    const execution = this.#model.executionOf(request)
    const isGrounded = !outcome.ok && this.#hasGrounds(outcome, place, session)
    this.answers.answered(event, request, outcome, execution?.outcome, isGrounded)
    if (outcome.ok) this.durability.acknowledged(event, request, execution !== undefined)
    if (execution === undefined) return
    this.linearizable.executed(event, client, execution.number, floor)
    this.staleReads.told(client, execution.slot)
  }

  #read(event: number, pending: Pending, query: unknown, { session, outcome, slot }: Answered): void {
    const { client, operation, floor } = pending
    if (!outcome.ok && outcome.error !== 'command-failed') {
      const isGrounded = this.#hasGrounds(outcome, pending.place, session)
      this.answers.refused(event, `a read of client ${client}`, outcome, isGrounded)
      return
    }
    const stale = isStale(operation)
    const place = this.#model.executedThrough(slot)
    if (stale) this.staleReads.answered(event, client, slot, this.decided)
    else this.linearizable.read(event, client, slot, place, floor, this.decided)
    this.staleReads.told(client, slot)
    const answer = outcome.ok ? outcome.output : null
    this.#reads.push({ event, client, stale, slot, query: this.#queries.encode(query), answer })
  }

  /**
   * Whether a client at a node may be told that what it asked for was not done. A leader without room tells no client so:
   * its requester asks again. That knows of too much itself when as many others wait at its node as it keeps.
   */
  #hasGrounds({ error }: Refused, place: NodeId, session: SessionId): boolean {
    if (error === 'session-limit') return this.#model.hasRefused
    if (error === 'session-unknown') return this.#model.hasExpired(session)
    if (error !== 'overloaded') return false
    const others = [...this.#pending.values()].filter((each) => each.place === place)
    return others.length >= this.#queueLimit
  }

  // ---- the end -------------------------------------------------------------------------------------------------

  /** The run is over; `cutOff` says why, if it did not come to rest. */
  close(event: number, nowMicros: Micros, cutOff: string | null, witnesses: readonly Witness[]): void {
    const isExcused = this.#excuse !== null
    if (cutOff !== null && !isExcused) this.ended.cutOff(event, cutOff)
    for (const pending of this.#pending.values()) {
      if (!isExcused) this.liveness.check(pending, event, nowMicros)
      if (!isStale(pending.operation)) this.linearizable.note(pending.event, pending.entry, 0, null)
    }
    const isSound = this.#replay(event)
    for (const { id, replica } of witnesses) {
      if (replica === undefined) continue
      const { state, applied } = replica.replicated
      this.conservation.check(event, nameOf(id), state)
      if (isSound && applied === this.#model.applied)
        this.identicalState.compare(event, id, state, this.#model.state)
    }
    const replicas = witnesses.flatMap(({ id, replica }) =>
      replica ? [{ id, replicated: replica.replicated }] : [],
    )
    this.identicalState.compareSessions(event, replicas)
    this.durability.unnoticed()
    if (!isExcused) this.durability.ended(event, this.agreement.decrees, witnesses)
    this.linearizable.search(event)
  }

  /** Executes everything once more. Says whether the machine makes the same of it. */
  #replay(event: number): boolean {
    const reads = this.#reads.sort((one, other) => one.slot - other.slot)
    const { flaw, wrongReads } = replay(event, this.#application, this.#model, reads)
    if (flaw !== null) this.agreement.blameMachine(flaw.event, flaw.reason)
    for (const read of [...wrongReads].sort((one, other) => one.event - other.event)) {
      const verdict = read.stale ? this.staleReads : this.linearizable
      verdict.wrong(read.event, read.client, read.slot)
    }
    return flaw === null
  }
}
