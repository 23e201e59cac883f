/**
 * The Replica: manages the state machine, submits proposals, commits decisions, answers requesters.
 *
 * *Paxos Made Moderately Complex*, figure 1 and section 2.1. It applies the decrees in the order of their slots, each
 * request at most once, and fetches from other members what it misses.
 */
import type { MemberId, NodeId } from '../ballot.js'
import { MalformedBytes } from '../bytes.js'
import { type Decree, isRequest, nameOfRequest, type Request, requestKey, type Slot } from '../decree.js'
import type { AnyMachine } from '../machine.js'
import { type Configuration, completesQuorum } from '../membership.js'
import type {
  Adopted,
  Answered,
  Confirmed,
  Farewell,
  Fetch,
  Fetched,
  FetchSnapshot,
  LeaderChanged,
  Learn,
  Read,
  ReadIndex,
  ReadIndexAnswer,
  Refused,
  Relay,
  Relayed,
  RequestMessage,
  SnapshotChunk,
  TakenOver,
} from '../messages.js'
import {
  applyDecree,
  detailOf,
  type Execution,
  executionOf,
  initialReplicated,
  type Replicated,
  rememberedOutcome,
  runQuery,
} from '../replicated.js'
import { Role, type RoleContext } from '../role.js'
import type { Handles, RoleMessages } from '../routing.js'
import type { Outcome } from '../sessions.js'
import {
  completeSnapshot,
  type IncomingSnapshot,
  readSnapshot,
  type Snapshot,
  takeSnapshot,
} from '../snapshot.js'
import type { ReplicaStart } from '../starts.js'

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

/** What a decision weighs in the log beside its decree. */
const DECISION_BYTES = 16

export class Replica extends Role implements Handles<RoleMessages['replica']> {
  /** The machine, the sessions and decree time, after every slot up to `applied`. */
  replicated: Replicated
  /** Every decision above `trimmed` that is known, applied or not. */
  decisions: Map<Slot, Decree> = new Map()
  /** Decisions up to this slot are gone; the snapshot holds what they made. */
  trimmed: Slot
  snapshot: Snapshot | null
  /** What the applied decisions weigh, in bytes, and those of them since the snapshot. */
  logBytes = 0
  sinceSnapshotBytes = 0
  /** A snapshot of another member that is on its way here. */
  incoming: IncomingSnapshot | null = null
  /** Every slot up to this one is known to be decided somewhere. */
  decidedSomewhere: Slot = 0

  /** The member to relay requests to; this member itself when it leads. */
  towards: MemberId | null = null
  indirect = false
  /** How often the question in flight was sent another way. */
  detours = 0
  /** Requests that arrived while no leader was known. */
  parked: Request[] = []
  /** Who waits for the answer to which request. */
  waiting: Map<string, Waiting> = new Map()

  /** The member to fetch from, and how often a fetch was sent since the last one that helped. */
  source: MemberId | null = null
  fetches = 0
  fetching = false

  /** Who is covered by the question in flight, and who came after it was asked and so must wait for the next. */
  questions = 0
  asked: Map<string, Asker> = new Map()
  unasked: Map<string, Asker> = new Map()
  /** Reads that wait until a slot is applied. */
  reads: Map<string, { readonly slot: Slot; readonly read: PendingRead }> = new Map()

  /** While this member is removed: who has said that it needs it no more. */
  released: MemberId[] = []
  retired = false
  /** Up to here the store holds that the slots were decided, and not only what was accepted in them. */
  durableLearned: Slot = 0

  readonly #execution: Execution

  constructor(context: RoleContext, machine: AnyMachine, start: ReplicaStart = {}) {
    super(context, 'replica')
    this.#execution = executionOf(machine, this.settings)
    this.snapshot = start.snapshot ?? null
    this.trimmed = start.trimmed ?? 0
    this.replicated =
      this.snapshot === null
        ? initialReplicated(machine, start.founding)
        : readSnapshot(this.snapshot, machine)
    for (const [slot, decree] of start.decisions ?? []) this.decisions.set(slot, decree)
  }

  /** Every slot up to this one is applied. */
  get applied(): Slot {
    return this.replicated.applied
  }

  /** The state of the machine after every slot up to `applied`. */
  get state(): unknown {
    return this.replicated.state
  }

  override begin(): void {
    for (let slot = this.trimmed + 1; slot <= this.applied; slot++) this.#weigh(this.decisions.get(slot))
    this.sinceSnapshotBytes = 0
    if (this.applied > 0) this.#jumped()
    this.tell({ type: 'learned', decided: this.applied })
    this.#applyDecided()
  }

  override timer(timer: string): void {
    if (timer === 'fetch') this.#fetchAgain()
    else if (timer === 'farewell') this.#sayFarewell()
    else this.#askAgain()
  }

  // ---- decisions -----------------------------------------------------------------------------------------------

  learn(_from: NodeId, { decisions, decided, source }: Learn): void {
    if (source !== this.self) this.source = source
    if (decided > this.decidedSomewhere) this.decidedSomewhere = decided
    for (const { slot, decree } of decisions) {
      if (slot > this.applied && !this.decisions.has(slot)) this.decisions.set(slot, decree)
    }
    this.#applyDecided()
    this.#fetchSoon()
  }

  /** The leader of this node proposes nothing before everything that it adopted as decided is known here. */
  adopted(_from: NodeId, { decided, source }: Adopted): void {
    if (decided <= this.decidedSomewhere && decided <= this.applied) return
    this.decidedSomewhere = Math.max(this.decidedSomewhere, decided)
    if (source !== this.self) this.#fetchFrom(source)
    this.#fetchSoon()
  }

  fetch(from: NodeId, { fromSlot }: Fetch): void {
    if (fromSlot > this.trimmed) this.#sendDecrees(from, fromSlot)
    else this.#sendChunk(from, 0)
  }

  #sendDecrees(to: NodeId, fromSlot: Slot): void {
    const decrees: Decree[] = []
    let bytes = 0
    for (let slot = fromSlot; slot <= this.applied; slot++) {
      const decree = this.decisions.get(slot)
      if (decree === undefined) break
      bytes += decree.length
      if (bytes > this.settings.chunkBytes && decrees.length > 0) break
      decrees.push(decree)
    }
    this.send(to, { type: 'fetched', fromSlot, decrees, decided: this.applied })
  }

  fetched(from: NodeId, { fromSlot, decrees, decided }: Fetched): void {
    const before = this.applied
    if (decided > this.decidedSomewhere) this.decidedSomewhere = decided
    for (const [index, decree] of decrees.entries()) {
      const slot = fromSlot + index
      if (slot <= this.applied || this.decisions.has(slot)) continue
      this.decisions.set(slot, decree)
      this.persist({ type: 'decision', slot, decree })
    }
    this.#applyDecided()
    if (this.applied === before) return
    this.fetches = 0
    if (this.applied < this.decidedSomewhere) this.send(from, { type: 'fetch', fromSlot: this.applied + 1 })
  }

  /** Sets the timer that fetches what is missing. A small gap may only mean that messages overtook each other. */
  #fetchSoon(): void {
    const missing = this.decidedSomewhere - this.applied
    if (this.fetching || (missing <= 0 && !this.indirect)) return
    this.fetching = true
    this.fetches = 0
    this.after('fetch', missing > this.settings.alpha ? 0 : Math.floor(this.settings.resendMicros / 2))
  }

  #fetchAgain(): void {
    this.fetching = this.applied < this.decidedSomewhere || this.indirect
    if (!this.fetching) return
    const target = this.#fetchTarget()
    if (target !== null) this.#fetchFrom(target)
    this.fetches += 1
    this.after('fetch', this.settings.resendMicros)
  }

  #fetchFrom(target: MemberId): void {
    const fromSlot = this.applied + 1
    const { incoming } = this
    if (incoming === null) this.send(target, { type: 'fetch', fromSlot })
    else {
      const { slot, checksum, received: offset } = incoming
      this.send(target, { type: 'fetchSnapshot', fromSlot, slot, checksum, offset })
    }
  }

  /** Who is known to have the decisions, and every other time another member in turn. */
  #fetchTarget(): MemberId | null {
    const hint = this.indirect ? this.towards : this.source
    if (this.fetches % 2 === 0 && hint !== null) return hint
    const { others } = this
    return others[(this.self + (this.fetches >> 1)) % others.length] ?? hint
  }

  /** Applies every decree whose turn has come. */
  #applyDecided(): void {
    const before = this.applied
    const { membership } = this.replicated
    for (let next = this.decisions.get(before + 1); next; next = this.decisions.get(this.applied + 1)) {
      this.observe({ type: 'applied', slot: this.applied + 1, decree: next })
      applyDecree(this.replicated, next, this.#execution, this.#executed)
      this.#weigh(next)
    }
    if (this.applied === before) return
    if (this.replicated.membership !== membership) this.#configure()
    if (this.incoming !== null && this.incoming.slot <= this.applied) this.incoming = null
    this.tell({ type: 'learned', decided: this.applied })
    if (this.reads.size > 0) this.#answerReads()
    if (this.sinceSnapshotBytes > this.settings.logBytes) this.takeSnapshot()
  }

  /** What a decision adds to the log; a no-op takes some room too. */
  #weigh(decree: Decree | undefined, sign = 1): void {
    const bytes = sign * ((decree?.length ?? 0) + DECISION_BYTES)
    this.logBytes += bytes
    if (sign > 0) this.sinceSnapshotBytes += bytes
  }

  #configure(): void {
    this.reconfigure(this.replicated.membership)
    this.released = []
    this.#sayFarewell()
  }

  // ---- snapshots -----------------------------------------------------------------------------------------------

  /** Takes a snapshot of what is applied, and trims the log below it. */
  takeSnapshot(): void {
    if (this.snapshot?.slot === this.applied || this.applied === 0) return
    this.sinceSnapshotBytes = 0
    try {
      this.#keepSnapshot(takeSnapshot(this.replicated, this.#execution.machine))
    } catch (error) {
      // The machine's own encoding throws. The cluster goes on without; the log grows until it succeeds.
      this.observe({ type: 'snapshotFailed', slot: this.applied, detail: detailOf(error) })
    }
  }

  /** The votes and the oldest decisions that it makes needless go; as many bytes as a log may hold stay for others. */
  #keepSnapshot(snapshot: Snapshot): void {
    this.snapshot = snapshot
    while (this.logBytes > this.settings.logBytes && this.trimmed < snapshot.slot) this.#trimNext()
    const { trimmed } = this
    this.persist({ type: 'snapshot', ...snapshot, trimmed, written: this.recordsWritten + 1 })
    this.tell({ type: 'trim', slot: trimmed })
  }

  #trimNext(): void {
    this.trimmed += 1
    this.#weigh(this.decisions.get(this.trimmed), -1)
    this.decisions.delete(this.trimmed)
  }

  fetchSnapshot(from: NodeId, { fromSlot, slot, checksum, offset }: FetchSnapshot): void {
    const same = this.snapshot?.slot === slot && this.snapshot.checksum === checksum
    if (same) this.#sendChunk(from, offset)
    else this.fetch(from, { type: 'fetch', fromSlot })
  }

  #sendChunk(to: NodeId, offset: number): void {
    if (this.snapshot === null) return
    const { slot, checksum, data } = this.snapshot
    const chunk = data.subarray(offset, offset + this.settings.chunkBytes)
    this.send(to, { type: 'snapshotChunk', slot, checksum, total: data.length, offset, chunk })
  }

  /**
   * Chunks come in order, and only those of one snapshot belong together: the latest that was begun, unless nobody has
   * that any more.
   */
  snapshotChunk(from: NodeId, message: SnapshotChunk): void {
    const { slot, checksum, total, offset, chunk } = message
    if (slot <= this.applied) return
    const known = this.incoming
    const isGone = offset === 0 && this.fetches > 2 * this.others.length
    const isNew = known === null || slot > known.slot || isGone
    const incoming = isNew ? { slot, checksum, total, chunks: [], received: 0 } : known
    if (slot !== incoming.slot || checksum !== incoming.checksum || total !== incoming.total) return
    if (offset !== incoming.received || chunk.length === 0 || offset + chunk.length > total) return
    incoming.chunks.push(chunk)
    incoming.received += chunk.length
    this.incoming = incoming
    this.source = from
    this.fetches = 0
    if (incoming.received < total) this.#fetchFrom(from)
    else this.#install(incoming)
  }

  /** At once and as a whole, and only what is newer than what is applied. What the acceptor promised is not touched. */
  #install(incoming: IncomingSnapshot): void {
    this.incoming = null
    const snapshot = completeSnapshot(incoming)
    const replicated = snapshot && this.#read(snapshot)
    if (snapshot === null || replicated === null) return
    this.replicated = replicated
    for (const slot of this.decisions.keys()) if (slot <= this.applied) this.decisions.delete(slot)
    this.trimmed = this.applied
    this.logBytes = 0
    this.#keepSnapshot(snapshot)
    this.#jumped()
    this.tell({ type: 'learned', decided: this.applied })
    this.#answerReads()
    this.#applyDecided()
    this.#fetchSoon()
  }

  /** What a snapshot of another member holds; null if that is none of ours. */
  #read(snapshot: Snapshot): Replicated | null {
    try {
      return readSnapshot(snapshot, this.#execution.machine)
    } catch (error) {
      if (error instanceof MalformedBytes) return null
      throw error
    }
  }

  /** What is applied comes from a snapshot. */
  #jumped(): void {
    this.observe({ type: 'installed', slot: this.applied })
    this.#configure()
  }

  // ---- being removed -------------------------------------------------------------------------------------------

  /** The configuration in force, if this member voted before it and votes in none any more. */
  #successors(): Configuration | null {
    const [inForce, ...pending] = this.replicated.membership.configurations
    if (inForce === undefined || inForce.version === 1) return null
    const names = [inForce, ...pending].some(({ members }) => members.includes(this.self))
    return names || this.self > this.replicated.membership.highestMember ? null : inForce
  }

  /** Serves the slots below the change, until a quorum of those who follow holds them durably. */
  #sayFarewell(): void {
    const successors = this.#successors()
    if (successors === null || this.retired) return
    const slot = successors.fromSlot - 1
    const waiting = successors.members.filter((member) => !this.released.includes(member))
    this.send(waiting, { type: 'farewell', slot })
    this.after('farewell', this.settings.electionTimeoutMicros)
  }

  /** It says so only when it also knows, after a crash, that they are decided: whom could it ask then? */
  farewell(from: NodeId, { slot }: Farewell): void {
    if (slot > this.applied) {
      this.learn(from, { type: 'learn', decisions: [], decided: slot, source: from })
      return
    }
    if (slot > this.durableLearned) {
      this.durableLearned = this.applied
      this.persist({ type: 'learned', slot: this.applied })
    }
    this.send(from, { type: 'takenOver', slot })
  }

  takenOver(from: NodeId, { slot }: TakenOver): void {
    const successors = this.#successors()
    if (successors === null || slot !== successors.fromSlot - 1) return
    if (!completesQuorum(this.released, successors.members, from)) return
    this.retired = true
    this.cancel('farewell')
    this.observe({ type: 'retired' })
  }

  readonly #executed = (request: Request, outcome: Outcome): void => {
    if (this.waiting.size > 0) this.#answer(this.#answered(request, outcome))
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
    this.#fetchSoon()
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
    if (towards === this.self) this.tell({ type: 'propose', request })
    else if (hops < MOST_HOPS) this.send(towards, { type: 'relay', request, hops: hops + 1 })
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
    this.waiting.delete(key)
    this.waiting.set(key, waiting)
    const [oldest] = this.waiting.keys()
    if (this.waiting.size > this.settings.queueLimit && oldest !== undefined) this.waiting.delete(oldest)
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
    this.#reply(waiting.from, waiting.relayed, answered)
  }

  #reply(from: NodeId, relayed: boolean, answered: Answered): void {
    this.send(from, relayed ? { type: 'relayed', ...answered } : { type: 'answer', ...answered })
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
    for (const [key, asker] of this.unasked) this.asked.set(key, asker)
    this.unasked.clear()
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
    const asked = [...this.asked.values()]
    this.asked.clear()
    for (const asker of asked) {
      if ('question' in asker)
        this.send(asker.from, { type: 'readIndexAnswer', question: asker.question, slot })
      else this.#readAt(slot, asker)
    }
    if (this.unasked.size > 0) this.#ask()
  }

  #readAt(slot: Slot, read: PendingRead): void {
    const key = keyOf(read)
    if (slot <= this.applied) this.#query(read)
    else if (this.reads.size < this.settings.queueLimit && !this.reads.has(key))
      this.reads.set(key, { slot, read })
  }

  #answerReads(): void {
    for (const [key, { slot, read }] of this.reads) {
      if (slot > this.applied) continue
      this.reads.delete(key)
      this.#query(read)
    }
  }

  #query({ from, name, query }: PendingRead): void {
    const outcome = runQuery(this.replicated, query, this.#execution)
    this.send(from, { type: 'readAnswer', name, outcome, slot: this.applied })
  }
}

function keyOf(asker: Asker): string {
  return 'question' in asker ? `replica ${asker.from}` : `read ${asker.from} ${asker.name}`
}

/** The same read; or the same question of the same replica, not a newer one. */
function sameAsker(a: Asker, b: Asker): boolean {
  return !('question' in a && 'question' in b) || a.question === b.question
}
