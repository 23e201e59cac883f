/**
 * What a member makes durable, and what it recovers from that when it starts again.
 *
 * *The Part-Time Parliament*: the ledger and its indelible ink (section 1.3), and what a priest must keep in it (2.2
 * and 2.3). The order of records is the order of writing; a store may lose its unsynced tail, never something in the
 * middle.
 */
import { type Ballot, compareBallots, NO_BALLOT } from './ballot.js'
import type { Decree, Slot } from './decree.js'
import type { Founding, Vote } from './messages.js'

export type StoreRecord =
  /** The first record of a store: which one it is. A store that was lost and made anew has another identity. */
  | { readonly type: 'created'; readonly store: number }
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
  /** What the store gives for a record that has gone bad. */
  | { readonly type: 'damaged' }

/** What the records of a store add up to. */
export interface Recovered {
  /** Null: the store is blank. */
  store: number | null
  incarnation: number
  founding: Founding | null
  promised: Ballot
  readonly votes: Map<Slot, Vote>
  readonly decisions: Map<Slot, Decree>
  learned: Slot
}

export function recover(records: Iterable<StoreRecord>): Recovered {
  const recovered: Recovered = {
    store: null,
    incarnation: 0,
    founding: null,
    promised: NO_BALLOT,
    votes: new Map(),
    decisions: new Map(),
    learned: 0,
  }
  for (const record of records) apply(recovered, record)
  for (let slot = 1; slot <= recovered.learned; slot++) {
    const vote = recovered.votes.get(slot)
    if (vote !== undefined && !recovered.decisions.has(slot)) recovered.decisions.set(slot, vote.decree)
  }
  return recovered
}

function apply(recovered: Recovered, record: StoreRecord): void {
  switch (record.type) {
    case 'created':
      recovered.store = record.store
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
      recovered.learned = Math.max(recovered.learned, record.learned)
      return
    case 'decision':
      recovered.decisions.set(record.slot, record.decree)
      return
    case 'damaged':
      return
  }
}

function raise(recovered: Recovered, ballot: Ballot): void {
  if (compareBallots(ballot, recovered.promised) > 0) recovered.promised = ballot
}
