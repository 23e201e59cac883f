/**
 * What a member makes durable, and what it recovers from that when it starts again.
 *
 * *The Part-Time Parliament*: the ledger and its indelible ink (section 1.3), and what a priest must keep in it (2.2
 * and 2.3). The order of records is the order of writing; a store may lose its unsynced tail, never something in the
 * middle.
 */
import type { RefusedStore } from './actions.js'
import { type Ballot, compareBallots, type MemberId, NO_BALLOT } from './ballot.js'
import type { Decree, Slot } from './decree.js'
import type { Founding, Vote } from './messages.js'
import type { Snapshot } from './snapshot.js'

export type StoreRecord =
  /**
   * The first record of a store: which one it is, and whose. A store that was lost and made anew has another identity.
   */
  | { readonly type: 'created'; readonly store: number; readonly member: MemberId }
  /** Written by every boot before it sends anything, one higher each time: no ballot is ever used twice. */
  | { readonly type: 'incarnation'; readonly incarnation: number }
  /** The cluster that this store belongs to. */
  | { readonly type: 'founded'; readonly founding: Founding }
  /** The acceptor will accept nothing under a lower ballot. */
  | { readonly type: 'promised'; readonly ballot: Ballot }
  /**
   * The acceptor has accepted (which promises the ballot as well). `learned`: every slot up to this one was decided
   * and known here; its decree is in a `decision` record or else in the latest vote.
   */
  | {
      readonly type: 'accepted'
      readonly ballot: Ballot
      readonly slot: Slot
      readonly decree: Decree
      readonly learned: Slot
    }
  /** A decision that another member told. */
  | { readonly type: 'decision'; readonly slot: Slot; readonly decree: Decree }
  /** Every slot up to this one was decided and known here; its decree is in a record before this one. */
  | { readonly type: 'learned'; readonly slot: Slot }
  /**
   * What every slot up to this one made, and what the store had promised and counted by then. Votes and decisions up to
   * `trimmed` are not needed any more, nor is anything else that it holds, see {@link isObsolete}.
   */
  | {
      readonly type: 'snapshot'
      readonly slot: Slot
      readonly data: Uint8Array
      readonly trimmed: Slot
      readonly incarnation: number
      readonly promised: Ballot
      /** How many records were ever written, with this one. */
      readonly written: number
    }
  /** The store was found to be none that may vote, and never may again: what it lost does not come back. */
  | { readonly type: 'refused'; readonly reason: RefusedStore }
  /** What a store gives in place of a record that it cannot read. Nobody writes it. */
  | { readonly type: 'damaged' }

export type SnapshotRecord = Extract<StoreRecord, { type: 'snapshot' }>

/** Whether a record that came before a snapshot may be dropped once the snapshot is durable. */
export function isObsolete(record: StoreRecord, snapshot: SnapshotRecord): boolean {
  switch (record.type) {
    case 'accepted':
    case 'decision':
      return record.slot <= snapshot.trimmed
    case 'learned':
      return record.slot <= snapshot.slot
    case 'snapshot':
      return record !== snapshot
    case 'incarnation':
      return record.incarnation <= snapshot.incarnation
    case 'promised':
      return compareBallots(record.ballot, snapshot.promised) <= 0
    case 'created':
    case 'founded':
    case 'refused':
    case 'damaged':
      return false
  }
}

/** What the records of a store add up to. */
export interface Recovered {
  /** Null: the store is blank. */
  store: number | null
  /** Whose store it is; null if it is blank. */
  member: MemberId | null
  /** How many records were ever written to it. */
  written: number
  /** Something in it cannot be read, so what it vouched for may be gone. */
  damaged: boolean
  /** Why it was refused in an earlier life; null if it was not. */
  refused: RefusedStore | null
  incarnation: number
  founding: Founding | null
  promised: Ballot
  readonly votes: Map<Slot, Vote>
  readonly decisions: Map<Slot, Decree>
  learned: Slot
  snapshot: Snapshot | null
  /** Votes and decisions up to this slot are gone; the snapshot holds what they made. */
  trimmed: Slot
}

export function recover(records: Iterable<StoreRecord>): Recovered {
  const recovered: Recovered = {
    store: null,
    member: null,
    written: 0,
    damaged: false,
    refused: null,
    incarnation: 0,
    founding: null,
    promised: NO_BALLOT,
    votes: new Map(),
    decisions: new Map(),
    learned: 0,
    snapshot: null,
    trimmed: 0,
  }
  for (const record of records) apply(recovered, record)
  for (let slot = recovered.trimmed + 1; slot <= recovered.learned; slot++) {
    const vote = recovered.votes.get(slot)
    if (vote !== undefined && !recovered.decisions.has(slot)) recovered.decisions.set(slot, vote.decree)
  }
  return recovered
}

/** Every slot up to this one is decided, as the records say. */
export function learnedThrough(records: Iterable<StoreRecord>): Slot {
  let learned = 0
  for (const record of records) learned = Math.max(learned, learnedBy(record))
  return learned
}

function learnedBy(record: StoreRecord): Slot {
  if (record.type === 'accepted') return record.learned
  return record.type === 'learned' || record.type === 'snapshot' ? record.slot : 0
}

function apply(recovered: Recovered, record: StoreRecord): void {
  recovered.written += 1
  recovered.learned = Math.max(recovered.learned, learnedBy(record))
  switch (record.type) {
    case 'created':
      recovered.store = record.store
      recovered.member = record.member
      return
    case 'incarnation':
      recovered.incarnation = record.incarnation
      return
    case 'founded':
      recovered.founding = record.founding
      return
    case 'promised':
      raise(recovered, record.ballot)
      return
    case 'accepted':
      raise(recovered, record.ballot)
      recovered.votes.set(record.slot, { slot: record.slot, ballot: record.ballot, decree: record.decree })
      return
    case 'decision':
      recovered.decisions.set(record.slot, record.decree)
      return
    case 'learned':
      return
    case 'snapshot':
      trim(recovered, record)
      return
    case 'refused':
      recovered.refused = record.reason
      return
    case 'damaged':
      recovered.damaged = true
      return
  }
}

function trim(recovered: Recovered, snapshot: SnapshotRecord): void {
  const { slot, data, trimmed, incarnation, promised, written } = snapshot
  recovered.incarnation = Math.max(recovered.incarnation, incarnation)
  raise(recovered, promised)
  recovered.snapshot = { slot, data }
  recovered.trimmed = trimmed
  recovered.written = written
  for (const slots of [recovered.votes, recovered.decisions]) {
    for (const known of slots.keys()) if (known <= trimmed) slots.delete(known)
  }
}

function raise(recovered: Recovered, ballot: Ballot): void {
  if (compareBallots(ballot, recovered.promised) > 0) recovered.promised = ballot
}
