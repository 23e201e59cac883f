/**
 * The ledger: slots against members, as events tell it. Votes are kept a list a slot, what a member knows to be decided,
 * has applied and has trimmed as watermarks, so that any moment of it is found by halving.
 */
import { type Ballot, type Decree, formatBallot, type StoreRecord } from 'synod/paxos'
import type { WorldEvent } from 'synod/simulation'
import { Changes } from './columns.js'
import type { Ledger, LedgerCell, LedgerSlot } from './contract.js'

/** One vote: what was written for it, when it was synced, and when a crash took it. 0: never. */
interface Vote {
  readonly member: number
  readonly slot: number
  readonly ballot: Ballot
  readonly decree: Decree
  readonly written: number
  synced: number
  lost: number
}

interface Watermarks {
  readonly applied: number
  readonly learned: number
  readonly trimmed: number
}

const BLANK: Watermarks = { applied: 0, learned: 0, trimmed: 0 }

/** A record, and the vote that it is, if it is one. */
interface Written {
  readonly record: StoreRecord
  readonly vote: Vote | null
}

/** What a member has written and not yet synced, or synced and might still lose. */
interface Store {
  readonly unsynced: Written[]
  readonly synced: Written[]
}

export class LedgerRecorder {
  /** By slot. */
  readonly #votes: Vote[][] = []
  readonly #marks: Map<number, Changes<Watermarks>> = new Map()
  readonly #stores: Map<number, Store> = new Map()
  readonly #read: Map<number, readonly StoreRecord[]> = new Map()
  /** Decisions that were told one by one: by member, and by slot whether it has it. */
  readonly #decisions: Map<number, Map<number, Changes<boolean>>> = new Map()
  /** By slot: what was applied there first, and when. */
  readonly #applied: Map<number, { readonly event: number; readonly decree: Decree }> = new Map()
  /** What leaders have counted to be decided, all slots up to one. */
  readonly #decided: Changes<number> = new Changes()
  /** The last slot that anything is known of. */
  readonly #last: Changes<number> = new Changes()

  hear(event: WorldEvent, number: number): void {
    const { node } = event
    switch (event.type) {
      case 'writes':
        this.#write(node, number, event.record)
        return
      case 'syncs':
        this.#sync(node, number, event.records)
        return
      case 'crashes':
        this.#crash(node, number, event.lostRecords)
        return
      case 'starts':
        this.#start(node, number, event.records)
        return
      case 'begins':
        if (event.role === 'replica') this.#raise(node, number, { applied: this.#snapshotOf(node) })
        return
      case 'ends':
        // Nothing of what it had applied is left but what is on its disk.
        if (event.role === 'replica') this.#setMarks(node, number, { ...this.#marksOf(node), applied: 0 })
        return
      case 'applies':
        this.#apply(node, number, event.slot, event.decree)
        return
      case 'sends':
        if (event.message.type === 'progress') this.#decide(number, event.message.decided)
    }
  }

  #decide(event: number, slot: number): void {
    if (slot > (this.#decided.last ?? 0)) this.#decided.set(event, slot)
    this.#reach(event, slot)
  }

  #reach(event: number, slot: number): void {
    if (slot > (this.#last.last ?? 0)) this.#last.set(event, slot)
  }

  #apply(node: number, event: number, slot: number, decree: Decree): void {
    if (!this.#applied.has(slot)) this.#applied.set(slot, { event, decree })
    this.#raise(node, event, { applied: slot })
    this.#reach(event, slot)
  }

  // ---- starts --------------------------------------------------------------------------------------------------

  /** What a node that is about to start reads. Where nobody tells that, what is known of its disk stands. */
  reads(node: number, records: Iterable<StoreRecord>): void {
    this.#read.set(node, [...records])
  }

  /** Its disk may have been wiped, put back or exchanged meanwhile, or a record may have gone bad. */
  #start(node: number, event: number, count: number): void {
    const records = this.#read.get(node) ?? (count === 0 ? [] : null)
    if (records === null) return
    const { synced } = this.#storeOf(node)
    const known = new Map(synced.map((written) => [written.record, written]))
    const there = records.map((record) => known.get(record) ?? this.#found(node, event, record))
    const kept = new Set(there)
    for (const written of synced) if (written.vote !== null && !kept.has(written)) written.vote.lost = event
    const store: Store = { unsynced: [], synced: there }
    this.#stores.set(node, store)
    this.#forgetDecisions(node, event, store)
    this.#setMarks(node, event, this.#durable(store))
  }

  /** A record that this member did not write in this life of its store. */
  #found(node: number, event: number, record: StoreRecord): Written {
    if (record.type === 'decision') this.#decisionOf(node, record.slot).set(event, true)
    if (record.type !== 'accepted') return { record, vote: null }
    return { record, vote: this.#vote(node, event, record, event) }
  }

  #vote(
    member: number,
    written: number,
    { slot, ballot, decree }: Extract<StoreRecord, { type: 'accepted' }>,
    synced: number,
  ): Vote {
    const vote: Vote = { member, slot, ballot, decree, written, synced, lost: 0 }
    const votes = this.#votes[slot]
    if (votes === undefined) this.#votes[slot] = [vote]
    else votes.push(vote)
    this.#reach(written, slot)
    return vote
  }

  // ---- what is written -----------------------------------------------------------------------------------------

  #write(node: number, event: number, record: StoreRecord): void {
    let vote: Vote | null = null
    switch (record.type) {
      case 'accepted':
        vote = this.#vote(node, event, record, 0)
        this.#raise(node, event, { learned: record.learned })
        break
      case 'decision':
        this.#decisionOf(node, record.slot).set(event, true)
        this.#reach(event, record.slot)
        break
      case 'learned':
        this.#raise(node, event, { learned: record.slot })
        break
      case 'snapshot':
        this.#raise(node, event, { learned: record.slot, applied: record.slot, trimmed: record.trimmed })
        this.#reach(event, record.slot)
    }
    this.#storeOf(node).unsynced.push({ record, vote })
  }

  #sync(node: number, event: number, records: number): void {
    const store = this.#storeOf(node)
    for (const entry of store.unsynced.splice(0, records)) {
      if (entry.vote !== null) entry.vote.synced = event
      store.synced.push(entry)
    }
  }

  /** A prefix of what was not synced may have survived; of a disk that lied, what it called synced is gone as well. */
  #crash(node: number, event: number, lostRecords: number): void {
    const store = this.#storeOf(node)
    this.#sync(node, event, Math.max(0, store.unsynced.length - lostRecords))
    const untold = Math.max(0, lostRecords - store.unsynced.length)
    const gone = [
      ...store.synced.splice(Math.max(0, store.synced.length - untold)),
      ...store.unsynced.splice(0),
    ]
    for (const { vote } of gone) if (vote !== null) vote.lost = event
    this.#forgetDecisions(node, event, store)
    this.#setMarks(node, event, this.#durable(store))
  }

  #durable({ synced }: Store): Watermarks {
    let { learned, trimmed } = BLANK
    for (const { record } of synced) {
      if (record.type === 'accepted') learned = Math.max(learned, record.learned)
      else if (record.type === 'learned') learned = Math.max(learned, record.slot)
      else if (record.type === 'snapshot') {
        learned = Math.max(learned, record.slot)
        trimmed = record.trimmed
      }
    }
    return { learned, trimmed, applied: 0 }
  }

  /** The slot of the snapshot that a replica begins with; 0 if it has none. */
  #snapshotOf(node: number): number {
    const found = this.#storeOf(node).synced.findLast(({ record }) => record.type === 'snapshot')?.record
    return found?.type === 'snapshot' ? found.slot : 0
  }

  #marksOf(node: number): Watermarks {
    return this.#marks.get(node)?.last ?? BLANK
  }

  #storeOf(node: number): Store {
    const known = this.#stores.get(node)
    if (known !== undefined) return known
    const store: Store = { unsynced: [], synced: [] }
    this.#stores.set(node, store)
    return store
  }

  #decisionOf(node: number, slot: number): Changes<boolean> {
    const decisions = this.#decisions.get(node) ?? new Map<number, Changes<boolean>>()
    this.#decisions.set(node, decisions)
    const decision = decisions.get(slot) ?? new Changes<boolean>()
    decisions.set(slot, decision)
    return decision
  }

  /** Those that are not on its disk are gone. */
  #forgetDecisions(node: number, event: number, { synced }: Store): void {
    const kept = new Set(synced.map(({ record }) => (record.type === 'decision' ? record.slot : 0)))
    for (const [slot, decision] of this.#decisions.get(node) ?? [])
      if (decision.last === true && !kept.has(slot)) decision.set(event, false)
  }

  #raise(node: number, event: number, { applied = 0, learned = 0, trimmed = 0 }: Partial<Watermarks>): void {
    const before = this.#marksOf(node)
    if (applied <= before.applied && learned <= before.learned && trimmed <= before.trimmed) return
    this.#setMarks(node, event, {
      applied: Math.max(applied, before.applied),
      learned: Math.max(learned, before.learned),
      trimmed: Math.max(trimmed, before.trimmed),
    })
  }

  #setMarks(node: number, event: number, marks: Watermarks): void {
    const changes = this.#marks.get(node) ?? new Changes()
    this.#marks.set(node, changes)
    changes.set(event, marks)
  }

  /** All votes on a slot, in the order of writing. */
  votesOf(slot: number): readonly Readonly<Pick<Vote, 'member' | 'written' | 'synced'>>[] {
    return this.#votes[slot] ?? []
  }

  /** What was applied in a slot, or voted for last. */
  decreeOf(slot: number): Decree | null {
    return this.#applied.get(slot)?.decree ?? this.#votes[slot]?.at(-1)?.decree ?? null
  }

  /** What was applied, slot by slot, and in which event first. */
  get applied(): Iterable<{ readonly event: number; readonly decree: Decree }> {
    return this.#applied.values()
  }

  // ---- any moment of it ----------------------------------------------------------------------------------------

  /** The last slot that anything is known of, right after an event; 0: none. */
  lastSlot(event: number): number {
    return this.#last.at(event) ?? 0
  }

  /** So many slots from one on, as far as anything is known of them. */
  at(
    event: number,
    fromSlot: number,
    count: number,
    members: readonly number[],
    tell: (decree: Decree) => string,
  ): Ledger {
    const toSlot = Math.min(fromSlot + count - 1, this.lastSlot(event))
    const slots: LedgerSlot[] = []
    for (let slot = fromSlot; slot <= toSlot; slot++) {
      const decree = this.#chosen(event, slot)
      const cells = members.map((member) => this.#cell(event, slot, member))
      slots.push({ slot, chosen: decree === null ? null : tell(decree), cells })
    }
    return { fromSlot, slots }
  }

  /** What is known to be chosen in a slot, right after an event. */
  #chosen(event: number, slot: number): Decree | null {
    const applied = this.#applied.get(slot)
    const isCounted = (this.#decided.at(event) ?? 0) >= slot
    if (applied !== undefined && (isCounted || applied.event <= event)) return applied.decree
    if (!isCounted) return null
    const votes = (this.#votes[slot] ?? []).filter(({ written }) => written <= event)
    return votes.at(-1)?.decree ?? null
  }

  #cell(event: number, slot: number, member: number): LedgerCell {
    const marks = this.#marks.get(member)?.at(event) ?? BLANK
    const vote = this.#voteOf(event, slot, member)
    const accepted = vote === null ? null : formatBallot(vote.ballot)
    const durable = vote !== null && vote.synced !== 0 && vote.synced <= event
    if (slot <= marks.trimmed) return { accepted: null, durable: false, state: 'trimmed' }
    if (slot <= marks.applied) return { accepted, durable, state: 'applied' }
    const isTold = this.#decisions.get(member)?.get(slot)?.at(event) === true
    if (slot <= marks.learned || isTold) return { accepted, durable, state: 'decided' }
    return { accepted, durable, state: accepted === null ? 'none' : 'accepted' }
  }

  /** The vote that a member holds. */
  #voteOf(event: number, slot: number, member: number): Vote | null {
    const votes = this.#votes[slot] ?? []
    for (let place = votes.length - 1; place >= 0; place--) {
      const vote = votes[place]
      if (vote === undefined || vote.member !== member || vote.written > event) continue
      if (vote.lost === 0 || vote.lost > event) return vote
    }
    return null
  }
}
