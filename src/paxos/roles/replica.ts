/**
 * The Replica: manages the state machine, submits proposals, commits decisions, answers requesters. How it learns and
 * applies what is decided is in `learner.ts`.
 *
 * *Paxos Made Moderately Complex*, figure 1 and section 2.1; there each replica proposes in slots of its own choice, here
 * it passes requests to the leader, as *The Part-Time Parliament* does, section 3.2.2.
 */
import type { MemberId, NodeId } from '../ballot.js'
import { isRequest, nameOfRequest, type Request, requestKey, type Slot, upgradeOf } from '../decree.js'
import type {
  Answered,
  Confirmed,
  LeaderChanged,
  Read,
  ReadIndex,
  ReadIndexAnswer,
  Refused,
  Relay,
  Relayed,
  RequestMessage,
} from '../messages.js'
import { Renewal } from '../renewal.js'
import { rememberedOutcome } from '../replicated.js'
import type { Handles, RoleMessages } from '../routing.js'
import { type Outcome, refuse } from '../sessions.js'
import { Learner } from './learner.js'

/** Somebody waits for the answer to a request: a requester, or a replica that relayed it. */
interface Waiting {
  readonly from: NodeId
  readonly relayed: boolean
  /** The way that the request took first, and how often it took another since. */
  readonly towards: MemberId | null
  readonly detours: number
}

/** A read of a requester that waits here. */
interface PendingRead {
  readonly from: NodeId
  readonly name: string
  readonly query: Uint8Array
}

/** Who wants to know from which slot on it may read: a requester here, or another replica. */
type Asker = PendingRead | { readonly from: NodeId; readonly question: string }

/** A request passes through this many members at most: from one that hears no leader, by way of one that does. */
const MOST_HOPS = 3

export class Replica extends Learner implements Handles<RoleMessages['replica']> {
  /** How often the question in flight was sent another way. */
  detours = 0
  /** Requests that arrived while no leader was known. */
  parked: Request[] = []
  /** Who waits for the answer to which request. */
  waiting: Map<string, Waiting> = new Map()
  readonly #renewal: Renewal = new Renewal()

  /** Who is covered by the question in flight, and who came after it was asked and so must wait for the next. */
  questions = 0
  asked: Map<string, Asker> = new Map()
  unasked: Map<string, Asker> = new Map()
  /** Reads that wait until a slot is applied. */
  reads: Map<string, { readonly slot: Slot; readonly read: PendingRead }> = new Map()

  override timer(timer: string): void {
    if (timer === 'ask') this.#askAgain()
    else super.timer(timer)
  }

  protected override executed(request: Request, outcome: Outcome): void {
    if (this.waiting.size > 0) this.#answer(this.#answered(request, outcome))
  }

  protected override advanced(): void {
    if (this.reads.size > 0) this.#answerReads()
  }

  // ---- requests ------------------------------------------------------------------------------------------------

  request(from: NodeId, { request }: RequestMessage): void {
    this.#take(from, request, false, 0)
  }

  relay(from: NodeId, { request, hops }: Relay): void {
    this.#take(from, request, true, hops)
  }

  /** The leader's replica has applied the request: no need to wait until it is applied here. */
  relayed(_from: NodeId, { type: _, ...answered }: Relayed): void {
    this.#answer(answered)
  }

  refused(_from: NodeId, { request }: Refused): void {
    const detail = `The leader's queue holds ${this.settings.queueLimit} requests; try again later.`
    this.#answer(this.#answered(request, { ok: false, error: 'overloaded', detail }))
  }

  leaderChanged(_from: NodeId, { towards, indirect }: LeaderChanged): void {
    this.towards = towards
    this.indirect = indirect
    if (towards === null) return
    if (towards !== this.self) this.source = towards
    const parked = this.parked
    this.parked = []
    for (const request of parked) this.#pass(towards, request, 0)
    if (this.asked.size > 0) this.#sendQuestion(towards)
    this.fetchSoon()
  }

  #take(from: NodeId, request: Request, relayed: boolean, hops: number): void {
    if (!isRequest(request)) return
    const known = rememberedOutcome(this.replicated, request)
    if (known !== undefined) {
      this.#reply(from, relayed, this.#answered(request, known))
      return
    }
    const { detours } = this.#await(request, from, relayed)
    if (this.towards !== null) this.#pass(this.#way(this.towards, detours, from), request, hops)
    else if (from !== this.self) this.#park(request)
  }

  /** The way towards the leader, or, every other time when that gave no answer, by way of another member in turn. */
  #way(towards: MemberId, detours: number, from: NodeId): MemberId {
    if (towards === this.self || detours % 2 === 0) return towards
    const others = this.others.filter((member) => member !== from)
    return others[(detours >> 1) % others.length] ?? towards
  }

  /** Keeps a request until a leader is known. The requester of this node needs no such help: it hears it too. */
  #park(request: Request): void {
    if (this.parked.length < this.settings.parkedLimit) this.parked.push(request)
  }

  #pass(towards: MemberId, request: Request, hops: number): void {
    if (towards === this.self) this.#propose(request)
    else if (hops < MOST_HOPS) this.send(towards, { type: 'relay', request, hops: hops + 1 })
  }

  /** A leader that does not know a version has no decree activate it: it would have to stop there itself. */
  #propose(request: Request): void {
    const upgrade = upgradeOf(request)
    if (upgrade === null || upgrade.to <= this.knownVersion) {
      this.tell({ type: 'propose', request })
      return
    }
    const detail = `Member ${this.self} leads, and its program knows no version of the machine above ${this.knownVersion}: start every member with a program that knows version ${upgrade.to} first.`
    this.#answer(this.#answered(request, refuse('upgrade-refused', detail)))
  }

  /**
   * Remembers who waits for a request. A requester of this node is not forgotten for a copy of its own request that
   * came back by another member. Over the bound the oldest is forgotten.
   */
  #await(request: Request, from: NodeId, relayed: boolean): Waiting {
    const key = requestKey(request.session, request.sequence, nameOfRequest(request))
    const before = this.waiting.get(key)
    const { towards } = this
    const repeated = before !== undefined && before.towards === towards
    const detours = repeated ? before.detours + 1 : 0
    const waiting =
      before?.relayed === false && relayed
        ? { ...before, towards, detours }
        : { from, relayed, towards, detours }
    if (before !== undefined) this.waiting.delete(key) // so that it is the newest
    this.waiting.set(key, waiting)
    if (this.waiting.size > this.settings.queueLimit) forgetOldest(this.waiting)
    return waiting
  }

  #answered(request: Request, outcome: Outcome): Answered {
    const { session, sequence } = request
    return { session, sequence, name: nameOfRequest(request), outcome, slot: this.applied }
  }

  /** Answers whoever waits for this request, once. */
  #answer(answered: Answered): void {
    const key = requestKey(answered.session, answered.sequence, answered.name)
    const waiting = this.waiting.get(key)
    if (waiting === undefined) return
    this.waiting.delete(key)
    if (this.#renewal.isDue(this.waiting.size)) this.waiting = new Map(this.waiting)
    this.#reply(waiting.from, waiting.relayed, answered)
  }

  #reply(from: NodeId, relayed: boolean, { session, sequence, name, outcome, slot }: Answered): void {
    const type = relayed ? 'relayed' : 'answer'
    this.send(from, { type, session, sequence, name, outcome, slot })
  }

  // ---- reads ---------------------------------------------------------------------------------------------------

  read(from: NodeId, { name, query, consistency, atLeast }: Read): void {
    const read = { from, name, query }
    if (consistency === 'linearizable') this.#askFor(read)
    else this.#readAt(atLeast, read)
  }

  readIndex(from: NodeId, { question }: ReadIndex): void {
    this.#askFor({ from, question })
  }

  readIndexAnswer(_from: NodeId, { question, slot }: ReadIndexAnswer): void {
    this.#readFrom(question, slot)
  }

  confirmed(_from: NodeId, { question, slot }: Confirmed): void {
    this.#readFrom(question, slot)
  }

  #askFor(asker: Asker): void {
    const key = keyOf(asker)
    const covered = this.asked.get(key)
    if (covered !== undefined && sameAsker(covered, asker)) return
    if (this.unasked.size < this.settings.queueLimit) this.unasked.set(key, asker)
    if (this.asked.size === 0) this.#ask()
  }

  /** Asks on behalf of everybody who has come so far; who comes later waits for the next question. */
  #ask(): void {
    const { asked, unasked } = this // nobody is covered by a question any more
    this.asked = unasked
    this.unasked = asked
    this.questions += 1
    this.detours = 0
    this.#sendQuestion(this.towards)
  }

  /** The same question again: an answer to an earlier copy is as good, however late it comes. */
  #askAgain(): void {
    if (this.asked.size === 0) return
    this.detours += 1
    this.#sendQuestion(this.towards === null ? null : this.#way(this.towards, this.detours, this.self))
  }

  #sendQuestion(whom: MemberId | null): void {
    const question = this.nameQuestion(this.questions)
    if (whom === this.self) this.tell({ type: 'confirm', question })
    else if (whom !== null) this.send(whom, { type: 'readIndex', question })
    this.after('ask', this.settings.resendMicros)
  }

  #readFrom(question: string, slot: Slot): void {
    if (question !== this.nameQuestion(this.questions)) return
    const { asked } = this
    this.asked = new Map()
    for (const asker of asked.values()) {
      if ('question' in asker)
        this.send(asker.from, { type: 'readIndexAnswer', question: asker.question, slot })
      else this.#readAt(slot, asker)
    }
    if (this.unasked.size > 0) this.#ask()
  }

  /** Over the bound the oldest read is forgotten: it may wait for a slot that never comes. */
  #readAt(slot: Slot, read: PendingRead): void {
    if (slot <= this.applied) {
      this.#query(read)
      return
    }
    const key = keyOf(read)
    if (this.reads.has(key)) return
    this.reads.set(key, { slot, read })
    if (this.reads.size > this.settings.queueLimit) forgetOldest(this.reads)
  }

  #answerReads(): void {
    for (const [key, { slot, read }] of this.reads) {
      if (slot > this.applied) continue
      this.reads.delete(key)
      this.#query(read)
    }
  }

  #query({ from, name, query }: PendingRead): void {
    this.send(from, { type: 'readAnswer', name, outcome: this.query(query), slot: this.applied })
  }
}

function forgetOldest(map: Map<string, unknown>): void {
  const [oldest] = map.keys()
  if (oldest !== undefined) map.delete(oldest)
}

function keyOf(asker: Asker): string {
  return 'question' in asker ? `replica ${asker.from}` : `read ${asker.from} ${asker.name}`
}

/** The same read; or the same question of the same replica, not a newer one. */
function sameAsker(a: Asker, b: Asker): boolean {
  return !('question' in a && 'question' in b) || a.question === b.question
}
