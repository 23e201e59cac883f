/**
 * The Learner: the half of the Replica that learns. It applies the decrees in the order of their slots, each request at
 * most once, and fetches from other members what it misses. What it has learned, with snapshots of it, is in `log.ts`; who
 * asked for what, and is answered, in `replica.ts`.
 *
 * *Paxos Made Moderately Complex*, figure 1 (perform); *Paxos Made Simple*, section 2.3 (learning a chosen value); *The
 * Part-Time Parliament*, section 3.3.6 (who votes).
 */
import type { MemberId, NodeId } from '../ballot.js'
import { MalformedBytes } from '../bytes.js'
import type { Request, Slot } from '../decree.js'
import { MachineOutdated } from '../errors.js'
import { type Configuration, completesQuorum } from '../membership.js'
import type { Adopted, Farewell, Fetched, Learn, SnapshotChunk, TakenOver } from '../messages.js'
import { applyContent, type Replicated, readDecree, versionAfter } from '../replicated.js'
import type { Outcome } from '../sessions.js'
import { completeSnapshot, type IncomingSnapshot, readSnapshot, type Snapshot } from '../snapshot.js'
import { Log } from './log.js'

export abstract class Learner extends Log {
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

  readonly #executed = (request: Request, outcome: Outcome): void => this.executed(request, outcome)

  /** A decree with this request was applied; this came of it. */
  protected abstract executed(request: Request, outcome: Outcome): void

  /** More slots are applied than before. */
  protected abstract advanced(): void

  override begin(): void {
    super.begin()
    if (this.applied > 0) this.#jumped()
    this.tell({ type: 'learned', decided: this.applied })
    this.#applyDecided()
  }

  override timer(timer: string): void {
    if (timer === 'fetch') this.#fetchAgain()
    else if (timer === 'farewell') this.#sayFarewell()
    else super.timer(timer)
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
      applyContent(this.replicated, content, this.execution, this.#executed)
      this.weigh(next)
    }
    if (this.applied === before) return
    if (this.replicated.membership !== membership) this.#configure()
    if (this.incoming !== null && this.incoming.slot <= this.applied) this.incoming = null
    this.tell({ type: 'learned', decided: this.applied })
    this.advanced()
    this.takeSnapshotIfDue()
  }

  #configure(): void {
    this.reconfigure(this.replicated.membership)
    this.released = []
    this.#sayFarewell()
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
    this.replaceBy(snapshot, replicated)
    this.#jumped()
    this.tell({ type: 'learned', decided: this.applied })
    this.advanced()
    this.#applyDecided()
    this.fetchSoon()
  }

  /** What a snapshot of another member holds; null if that is none of ours, or too new for the machine of this node. */
  #read(snapshot: Snapshot): Replicated | null {
    try {
      const replicated = readSnapshot(snapshot, this.execution.machine)
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
