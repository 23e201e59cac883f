/**
 * What a segment holds that a later snapshot may make needless, in a few numbers: the highest of each kind. A segment
 * may go when the snapshot makes the highest needless. What no snapshot makes needless is carried over, see `Keepsakes`.
 */
import {
  type Ballot,
  compareBallots,
  isObsolete,
  NO_BALLOT,
  NO_OP,
  type Slot,
  type SnapshotRecord,
  type StoreRecord,
} from '../../paxos/index.js'

export class Residue {
  #decreeSlot: Slot = 0
  #learned: Slot = 0
  #incarnation = 0
  #promised: Ballot = NO_BALLOT
  #damaged = false

  add(record: StoreRecord): void {
    switch (record.type) {
      case 'accepted':
      case 'decision':
        if (record.slot > this.#decreeSlot) this.#decreeSlot = record.slot
        return
      case 'learned':
        if (record.slot > this.#learned) this.#learned = record.slot
        return
      case 'incarnation':
        if (record.incarnation > this.#incarnation) this.#incarnation = record.incarnation
        return
      case 'promised':
        if (compareBallots(record.ballot, this.#promised) > 0) this.#promised = record.ballot
        return
      case 'damaged':
        this.#damaged = true
        return
      case 'snapshot': // the next one makes it needless
      case 'created': // the others are carried over
      case 'founded':
      case 'refused':
        return
    }
  }

  /** Adds what another one has. */
  merge(other: Residue): void {
    for (const record of other.#highest()) this.add(record)
    if (other.#damaged) this.#damaged = true
  }

  /** Whether the snapshot makes all of it needless. */
  isObsolete(snapshot: SnapshotRecord): boolean {
    return !this.#damaged && this.#highest().every((record) => isObsolete(record, snapshot))
  }

  #highest(): StoreRecord[] {
    return [
      { type: 'decision', slot: this.#decreeSlot, decree: NO_OP },
      { type: 'learned', slot: this.#learned },
      { type: 'incarnation', incarnation: this.#incarnation },
      { type: 'promised', ballot: this.#promised },
    ]
  }
}

/** A record that no snapshot makes needless. There are few, and of several of one kind the last is what counts. */
export type Keepsake = Extract<StoreRecord, { type: 'created' | 'founded' | 'refused' }>

export function isKeepsake(record: StoreRecord): record is Keepsake {
  return record.type === 'created' || record.type === 'founded' || record.type === 'refused'
}

/** What every segment carries over from those before it, so that they can go. */
export class Keepsakes {
  readonly #byType: Map<Keepsake['type'], Keepsake> = new Map()

  add(record: Keepsake): void {
    this.#byType.set(record.type, record)
  }

  get all(): readonly Keepsake[] {
    return [...this.#byType.values()]
  }
}
