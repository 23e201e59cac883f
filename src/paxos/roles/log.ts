/**
 * The log of a Replica: the decisions that it knows, and what the applied ones have made. It takes snapshots of that, trims
 * what they make needless, and serves others who miss something. How it learns decisions itself is in `learner.ts`.
 *
 * *Paxos Made Moderately Complex*, section 4.2 (what need not be kept); *The Part-Time Parliament*, section 3.3.2
 * (snapshots).
 */
import type { NodeId } from '../ballot.js'
import type { Decree, Slot } from '../decree.js'
import type { AnyMachine } from '../machine.js'
import type { Fetch, FetchSnapshot } from '../messages.js'
import {
  detailOf,
  type Execution,
  executionOf,
  initialReplicated,
  type Replicated,
  runQuery,
} from '../replicated.js'
import { Role, type RoleContext } from '../role.js'
import type { Outcome } from '../sessions.js'
import type { Micros } from '../settings.js'
import {
  checksumOf,
  goesOnMeanwhile,
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

export abstract class Log extends Role {
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

  /** No part of what is frozen: whoever is thawed begins anew. */
  #taking: Taking | null = null
  /** What the store is given is taken into this, which is free again when this record is durable. */
  #memory: SnapshotMemory = new SnapshotMemory()
  #freeWithRecord = Number.POSITIVE_INFINITY
  readonly #execution: Execution

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

  protected get execution(): Execution {
    return this.#execution
  }

  override begin(): void {
    for (let slot = this.trimmed + 1; slot <= this.applied; slot++) this.weigh(this.decisions.get(slot))
    this.sinceSnapshotBytes = Math.floor((this.settings.logBytes / TURNS) * (this.self % TURNS))
  }

  override timer(timer: string): void {
    if (timer === 'snapshot') this.#goOnTaking()
  }

  /** What the machine answers to a query, as of `applied`. */
  protected query(query: Uint8Array): Outcome {
    return runQuery(this.replicated, query, this.#execution)
  }

  /** What a decision adds to the log; a no-op takes some room too. */
  protected weigh(decree: Decree | undefined, sign = 1): void {
    const bytes = sign * ((decree?.length ?? 0) + DECISION_BYTES)
    this.logBytes += bytes
    if (sign > 0) this.sinceSnapshotBytes += bytes
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

  protected takeSnapshotIfDue(): void {
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
    this.weigh(this.decisions.get(this.trimmed), -1)
    this.decisions.delete(this.trimmed)
  }

  /** What the store was given of it may be on its way to the disk still. */
  #dropTaking(): void {
    if (this.#taking === null) return
    this.#taking.snapshot.drop()
    this.#taking = null
    this.#memory = new SnapshotMemory()
  }

  /** What was learned so far gives way to a snapshot of another member, and to what it makes. */
  protected replaceBy(snapshot: Snapshot, replicated: Replicated): void {
    this.#dropTaking()
    this.replicated = replicated
    for (const slot of this.decisions.keys()) if (slot <= this.applied) this.decisions.delete(slot)
    this.trimmed = this.applied
    this.logBytes = 0
    this.sinceSnapshotBytes = 0
    this.#keepSnapshot(snapshot)
  }

  // ---- who misses something ------------------------------------------------------------------------------------

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
    this.takeSnapshotIfDue()
  }

  /** Until so many election timeouts are over, or it has asked again, nothing is trimmed. */
  #waitFor(node: NodeId, timeouts: number): void {
    this.catchingUp.set(node, this.nowMicros + timeouts * this.settings.electionTimeoutMicros)
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
}
