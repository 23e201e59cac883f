/**
 * The Learner: the half of the Replica that learns. It applies the decrees in the order of their slots, each request at
 * most once, fetches from other members what it misses, and trims what a snapshot holds. Who asked for what, and is
 * answered, is in `replica.ts`.
 *
 * *Paxos Made Moderately Complex*, figure 1 (perform) and section 4.2 (what need not be kept); *Paxos Made Simple*,
 * section 2.3 (learning a chosen value); *The Part-Time Parliament*, sections 3.3.2 (snapshots) and 3.3.6 (who votes).
 */
import type { MemberId, NodeId } from '../ballot.js'
import { MalformedBytes } from '../bytes.js'
import type { Decree, Request, Slot } from '../decree.js'
import { MachineOutdated } from '../errors.js'
import type { AnyMachine } from '../machine.js'
import { type Configuration, completesQuorum } from '../membership.js'
import type {
  Adopted,
  Farewell,
  Fetch,
  Fetched,
  FetchSnapshot,
  Learn,
  SnapshotChunk,
  TakenOver,
} from '../messages.js'
import {
  applyContent,
  detailOf,
  type Execution,
  executionOf,
  initialReplicated,
  type Replicated,
  readDecree,
  runQuery,
  versionAfter,
} from '../replicated.js'
import { Role, type RoleContext } from '../role.js'
import type { Outcome } from '../sessions.js'
import type { Micros } from '../settings.js'
import {
  checksumOf,
  completeSnapshot,
  goesOnMeanwhile,
  type IncomingSnapshot,
  type OutgoingSnapshot,
  readSnapshot,
  type Snapshot,
  SnapshotInProgress,
  SnapshotMemory,
  takeSnapshot,
} from '../snapshot.js'
import type { ReplicaStart } from '../starts.js'

/** What a decision weighs in the log beside its decree. */
const DECISION_BYTES = 16

/** Of what a log may hold, one part in so many of what the snapshot makes needless stays for who is a little behind. */
const KEPT = 4

/** How many election timeouts somebody may take to install a snapshot, once it has it whole. */
const INSTALLING_TIMEOUTS = 10

/** So much of a snapshot is taken at a time, and so long others come first then: for that long nothing else is done here. */
const TAKEN_BYTES = 2_097_152
const TAKING_MICROS = 1_000

/** Members take their snapshots in so many turns: if all did at the same slot, the cluster would stand still meanwhile. */
const TURNS = 3

/** From this size on the bytes of a snapshot are written before it is persisted, so that no other record waits for them. */
const KEPT_BYTES = 1_048_576

/** A snapshot that is being taken while the machine goes on. */
interface Taking {
  readonly snapshot: SnapshotInProgress
  /** Who waits for it; null: it is for the store. */
  readonly waiting: Set<NodeId> | null
  /** What had come since the last one when it was begun. */
  readonly sinceBytes: number
}

export abstract class Learner extends Role {
  /** The machine, the sessions and decree time, after every slot up to `applied`. */
  replicated: Replicated
  /** Every decision above `trimmed` that is known, applied or not. */
  decisions: Map<Slot, Decree> = new Map()
  /** Decisions up to this slot are gone; the snapshot holds what they made. */
  trimmed: Slot
  /** What slot the last snapshot is of that the store was given, and how many bytes it has; 0 if there is none. */
  snapshotSlot: Slot
  snapshotBytes: number
  /** What the applied decisions weigh, in bytes, and those of them since the snapshot. */
  logBytes = 0
  sinceSnapshotBytes = 0
  /**
   * The snapshot that others are sent. Taken when somebody needs one, and forgotten when nobody does any more, or, if
   * somebody is gone who did, with the next that is stored.
   */
  outgoing: OutgoingSnapshot | null = null
  /** Who was sent parts of one and has not got all that follows it yet, and until when the log waits for it. */
  readonly catchingUp: Map<NodeId, Micros> = new Map()
  /** A snapshot of another member that is on its way here. */
  incoming: IncomingSnapshot | null = null
  /** Every slot up to this one is known to be decided somewhere. */
  decidedSomewhere: Slot = 0

  /** The member by way of which the leader is reached, this member itself when it leads; whether it only hears it. */
  towards: MemberId | null = null
  indirect = false

  /** The member to fetch from, and how often a fetch was sent since the last one that helped. */
  source: MemberId | null = null
  fetches = 0
  fetching = false

  /** While this member is removed: who has said that it needs it no more. */
  released: MemberId[] = []
  retired = false
  /** Up to here the store holds that the slots were decided, and not only what was accepted in them. */
  durableLearned: Slot = 0

  /** No part of what is frozen: whoever is thawed begins anew. */
  #taking: Taking | null = null
  /** What the store is given is taken into this, which is free again when this record is durable. */
  #memory: SnapshotMemory = new SnapshotMemory()
  #freeWithRecord = Number.POSITIVE_INFINITY
  readonly #execution: Execution
  readonly #executed = (request: Request, outcome: Outcome): void => this.executed(request, outcome)

  constructor(context: RoleContext, machine: AnyMachine, start: ReplicaStart = {}) {
    super(context, 'replica')
    this.#execution = executionOf(machine, this.settings)
    const { snapshot } = start
    this.snapshotSlot = snapshot?.slot ?? 0
    this.snapshotBytes = snapshot?.data.length ?? 0
    this.trimmed = start.trimmed ?? 0
    this.replicated = snapshot ? readSnapshot(snapshot, machine) : initialReplicated(machine, start.founding)
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

  /** A decree with this request was applied; this came of it. */
  protected abstract executed(request: Request, outcome: Outcome): void

  /** More slots are applied than before. */
  protected abstract advanced(): void

  override begin(): void {
    for (let slot = this.trimmed + 1; slot <= this.applied; slot++) this.#weigh(this.decisions.get(slot))
    this.sinceSnapshotBytes = Math.floor((this.settings.logBytes / TURNS) * (this.self % TURNS))
    if (this.applied > 0) this.#jumped()
    this.tell({ type: 'learned', decided: this.applied })
    this.#applyDecided()
  }

  override timer(timer: string): void {
    if (timer === 'fetch') this.#fetchAgain()
    else if (timer === 'farewell') this.#sayFarewell()
    else if (timer === 'snapshot') this.#goOnTaking()
  }

  /** What the machine answers to a query, as of `applied`. */
  protected query(query: Uint8Array): Outcome {
    return runQuery(this.replicated, query, this.#execution)
  }

  // ---- decisions -----------------------------------------------------------------------------------------------

  learn(_from: NodeId, { decisions, decided, source }: Learn): void {
    if (source !== this.self) this.source = source
    if (decided > this.decidedSomewhere) this.decidedSomewhere = decided
    for (const { slot, decree } of decisions) {
      if (slot > this.applied && !this.decisions.has(slot)) this.decisions.set(slot, decree)
    }
    this.#applyDecided()
    this.fetchSoon()
  }

  /** The leader of this node proposes nothing before everything that it adopted as decided is known here. */
  adopted(_from: NodeId, { decided, source }: Adopted): void {
    if (decided <= this.decidedSomewhere && decided <= this.applied) return
    this.decidedSomewhere = Math.max(this.decidedSomewhere, decided)
    if (source !== this.self) this.#fetchFrom(source)
    this.fetchSoon()
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
    if (this.catchingUp.has(to)) this.#goesOn(to, fromSlot + decrees.length > this.applied)
  }

  /** Somebody who has installed a snapshot from here fetches what follows it, and has now got all, or not yet. */
  #goesOn(node: NodeId, hasAll: boolean): void {
    if (hasAll) this.catchingUp.delete(node)
    else this.#waitFor(node, 1)
    if (this.catchingUp.size > 0) return
    this.outgoing = null
    this.#takeSnapshotIfDue()
  }

  /** Until so many election timeouts are over, or it has asked again, nothing is trimmed. */
  #waitFor(node: NodeId, timeouts: number): void {
    this.catchingUp.set(node, this.nowMicros + timeouts * this.settings.electionTimeoutMicros)
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
  protected fetchSoon(): void {
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

  /** Who is known to have the decisions, or leads, and every other time another member in turn. */
  #fetchTarget(): MemberId | null {
    const hint = this.indirect || this.fetches % 4 === 2 ? (this.#otherLeader ?? this.source) : this.source
    if (this.fetches % 2 === 0 && hint !== null) return hint
    const { others } = this
    return others[(this.self + (this.fetches >> 1)) % others.length] ?? hint
  }

  get #otherLeader(): MemberId | null {
    return this.towards === this.self ? null : this.towards
  }

  /** Applies every decree whose turn has come. One that the machine of this node cannot apply stops the node before it. */
  #applyDecided(): void {
    const before = this.applied
    const { membership } = this.replicated
    for (let next = this.decisions.get(before + 1); next; next = this.decisions.get(this.applied + 1)) {
      const content = readDecree(next)
      const version = versionAfter(this.replicated, content)
      if (version > this.knownVersion) {
        this.needVersion(version)
        break
      }
      this.observe({ type: 'applied', slot: this.applied + 1, decree: next })
      applyContent(this.replicated, content, this.#execution, this.#executed)
      this.#weigh(next)
    }
    if (this.applied === before) return
    if (this.replicated.membership !== membership) this.#configure()
    if (this.incoming !== null && this.incoming.slot <= this.applied) this.incoming = null
    this.tell({ type: 'learned', decided: this.applied })
    this.advanced()
    this.#takeSnapshotIfDue()
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

  /**
   * Takes a snapshot of what is applied, and trims the log below it. Not while somebody is being sent one, or fetches what
   * follows it: else it had to begin again.
   */
  takeSnapshot(): void {
    if (this.snapshotSlot === this.applied || this.applied === 0 || this.isSending) return
    if (goesOnMeanwhile(this.#execution.machine)) {
      this.#beginTaking(null)
      return
    }
    this.sinceSnapshotBytes = 0
    const snapshot = this.encodeSnapshot()
    if (snapshot !== null) this.#keepSnapshot(snapshot)
  }

  #takeSnapshotIfDue(): void {
    const { logBytes, logPercent } = this.settings
    if (this.sinceSnapshotBytes > Math.max(logBytes, (this.snapshotBytes * logPercent) / 100))
      this.takeSnapshot()
  }

  /** One is taken at a time. */
  #beginTaking(waiting: Set<NodeId> | null): void {
    if (this.#taking !== null) return
    const { replicated } = this
    const { machine } = this.#execution
    const snapshot = this.#encoding(() =>
      waiting === null
        ? new SnapshotInProgress(replicated, machine, false, (length) => this.#allocate(length))
        : new SnapshotInProgress(replicated, machine, true),
    )
    if (snapshot === null && waiting === null) this.sinceSnapshotBytes = 0
    if (snapshot === null) return
    this.#taking = { snapshot, waiting, sinceBytes: this.sinceSnapshotBytes }
    // What was frozen just now has taken its time already.
    if (snapshot.data.length > TAKEN_BYTES) this.after('snapshot', TAKING_MICROS)
    else this.#goOnTaking()
  }

  #allocate(length: number): Uint8Array {
    if (this.recordsDurable >= this.#freeWithRecord) this.#memory.free()
    this.#freeWithRecord = Number.POSITIVE_INFINITY
    return this.#memory.take(length)
  }

  #goOnTaking(): void {
    if (this.#taking === null) return
    const { snapshot, waiting } = this.#taking
    if (!snapshot.goOn(TAKEN_BYTES)) {
      this.after('snapshot', TAKING_MICROS)
      return
    }
    const { slot, data, checksum } = snapshot
    if (waiting === null) {
      if (data.length < KEPT_BYTES || !this.keep(slot, data)) this.#storeTaken()
      return
    }
    this.#taking = null
    this.outgoing = { slot, data, checksum }
    for (const node of waiting) this.#sendChunk(node, 0)
  }

  /** The snapshot of this slot that was taken is on the disk, or will be when it is persisted. */
  snapshotKept(slot: Slot): void {
    if (this.#taking === null || this.#taking.waiting !== null || this.#taking.snapshot.slot !== slot) return
    this.#storeTaken()
    this.#freeWithRecord = this.recordsWritten
  }

  #storeTaken(): void {
    if (this.#taking === null) return
    const { snapshot, sinceBytes } = this.#taking
    this.#taking = null
    this.sinceSnapshotBytes -= sinceBytes
    this.#keepSnapshot({ slot: snapshot.slot, data: snapshot.data })
  }

  /** Null if the machine's own encoding throws. The cluster goes on without; the log grows until it succeeds. */
  protected encodeSnapshot(): Snapshot | null {
    return this.#encoding(() => takeSnapshot(this.replicated, this.#execution.machine))
  }

  #encoding<Result>(encode: () => Result): Result | null {
    try {
      return encode()
    } catch (error) {
      this.observe({ type: 'snapshotFailed', slot: this.applied, detail: detailOf(error) })
      return null
    }
  }

  /**
   * The votes and the oldest decisions that it makes needless go; as many bytes as a log may hold stay for others. The
   * bytes of the snapshot are the store's: what is applied makes the same or newer ones whenever they are asked for.
   */
  #keepSnapshot(snapshot: Snapshot): void {
    this.snapshotSlot = snapshot.slot
    this.snapshotBytes = snapshot.data.length
    this.outgoing = null
    while (this.logBytes > this.settings.logBytes / KEPT && this.trimmed < snapshot.slot) this.#trimNext()
    const { trimmed } = this
    const { incarnation, promisedBallot: promised } = this
    const written = this.recordsWritten + 1
    this.persist({ type: 'snapshot', ...snapshot, trimmed, incarnation, promised, written })
    this.tell({ type: 'trim', slot: trimmed })
  }

  #trimNext(): void {
    this.trimmed += 1
    this.#weigh(this.decisions.get(this.trimmed), -1)
    this.decisions.delete(this.trimmed)
  }

  fetchSnapshot(from: NodeId, { fromSlot, slot, checksum, offset }: FetchSnapshot): void {
    const same = this.outgoing?.slot === slot && this.outgoing.checksum === checksum
    if (same) this.#sendChunk(from, offset)
    else this.fetch(from, { type: 'fetch', fromSlot })
  }

  /** Whether somebody is catching up by a snapshot from here. Who does not go on is not waited for. */
  get isSending(): boolean {
    for (const [node, untilMicros] of this.catchingUp)
      if (untilMicros < this.nowMicros) this.catchingUp.delete(node)
    return this.catchingUp.size > 0
  }

  #sendChunk(to: NodeId, offset: number): void {
    const outgoing = this.prepareSnapshot(to)
    if (outgoing === null) return
    const { slot, checksum, data } = outgoing
    const chunk = data.subarray(offset, offset + this.settings.chunkBytes)
    this.#waitFor(to, offset + chunk.length < data.length ? 1 : INSTALLING_TIMEOUTS)
    this.send(to, { type: 'snapshotChunk', slot, checksum, total: data.length, offset, chunk })
  }

  /** The snapshot to send: the one that is being sent, or else what is applied now. Null if there is none, or not yet. */
  protected prepareSnapshot(to: NodeId): OutgoingSnapshot | null {
    if (this.outgoing !== null) return this.outgoing
    if (goesOnMeanwhile(this.#execution.machine)) {
      if (this.#taking !== null) this.#taking.waiting?.add(to)
      else this.#beginTaking(new Set([to]))
      return null // it has the first chunk, or will have it
    }
    const snapshot = this.encodeSnapshot()
    if (snapshot !== null) this.outgoing = { ...snapshot, checksum: checksumOf(snapshot.data) }
    return this.outgoing
  }

  /**
   * Chunks come in order, and only those of one snapshot belong together: the one that was begun. Another takes its place
   * when it is later and that one does not go on, or when nobody has that one any more.
   */
  snapshotChunk(from: NodeId, message: SnapshotChunk): void {
    const { slot, checksum, total, offset, chunk } = message
    if (slot <= this.applied) return
    const known = this.incoming
    const isLater = known !== null && slot > known.slot && this.fetches > 0
    const isGone = this.fetches > 2 * this.others.length
    const isNew = known === null || (offset === 0 && (isLater || isGone))
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
    this.#dropTaking()
    this.replicated = replicated
    for (const slot of this.decisions.keys()) if (slot <= this.applied) this.decisions.delete(slot)
    this.trimmed = this.applied
    this.logBytes = 0
    this.sinceSnapshotBytes = 0
    this.#keepSnapshot(snapshot)
    this.#jumped()
    this.tell({ type: 'learned', decided: this.applied })
    this.advanced()
    this.#applyDecided()
    this.fetchSoon()
  }

  /** What the store was given of it may be on its way to the disk still. */
  #dropTaking(): void {
    if (this.#taking === null) return
    this.#taking.snapshot.drop()
    this.#taking = null
    this.#memory = new SnapshotMemory()
  }

  /** What a snapshot of another member holds; null if that is none of ours, or too new for the machine of this node. */
  #read(snapshot: Snapshot): Replicated | null {
    try {
      const replicated = readSnapshot(snapshot, this.#execution.machine)
      return replicated.applied === snapshot.slot ? replicated : null
    } catch (error) {
      if (error instanceof MachineOutdated) this.needVersion(error.version)
      else if (!(error instanceof MalformedBytes)) throw error
      return null
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
}
