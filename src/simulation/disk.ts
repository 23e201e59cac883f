/**
 * A simulated disk. What is written waits in memory until a sync carries it to the platter; one sync is in flight at
 * a time and takes all that was written before it began. A crash loses what no sync has finished, except that the
 * sync in flight may have got some way: a prefix of it survives, and the first bytes of the record being written.
 * That one is torn.
 *
 * What a snapshot makes needless is gone as soon as the snapshot is synced. A record that goes bad is told from a good
 * one, by its checksum, when it is read: as `damaged`. One that is torn is told from one that went bad because nothing
 * comes after it: no sync had ended that held it, so nobody counts on it, and it is dropped.
 */
import { isObsolete, type Micros, type StoreRecord } from '../paxos/index.js'

/** What a crash has made of a disk. */
export interface Crashed {
  readonly survived: readonly StoreRecord[]
  readonly lost: number
  readonly forgotten: number
}

export class Disk {
  /** What the platter holds, as it was written. */
  synced: StoreRecord[] = []
  /** No sync ends before this time. */
  stalledUntilMicros: Micros = 0
  /** A sync that ends before this time fails. */
  fullUntilMicros: Micros = 0
  /** How much longer than usual a sync takes. */
  slowMicros: Micros = 0
  /** How many torn records were found, and dropped, when the disk was read. */
  torn = 0
  readonly #damaged: Set<StoreRecord> = new Set()
  /** What really is on the platter of a disk that lies; null: it is honest. */
  #truth: StoreRecord[] | null = null
  /** The last record on the platter is followed by the first bytes of another. */
  #endsTorn = false
  #syncing: StoreRecord[] = []
  #unsynced: StoreRecord[] = []
  /** How many records of this life are synced. */
  #durable = 0

  write(record: StoreRecord): void {
    this.#unsynced.push(record)
  }

  /** Begins a sync, unless one is in flight or there is nothing to sync. Says whether it did. */
  beginSync(): boolean {
    if (this.#syncing.length > 0 || this.#unsynced.length === 0) return false
    this.#syncing = this.#unsynced
    this.#unsynced = []
    return true
  }

  /** Ends the sync in flight. Gives the records that it made durable. */
  endSync(): readonly StoreRecord[] {
    const made = this.#syncing
    this.#syncing = []
    this.#durable += made.length
    this.#add(made)
    return made
  }

  #add(records: readonly StoreRecord[]): void {
    for (const record of records) {
      this.synced.push(record)
      if (record.type !== 'snapshot') continue
      this.synced = this.synced.filter((each) => this.#damaged.has(each) || !isObsolete(each, record))
    }
  }

  /** How many records of this life of the node are durable. */
  get durable(): number {
    return this.#durable
  }

  /** Whether all that was written is synced. */
  get isIdle(): boolean {
    return this.#syncing.length === 0 && this.#unsynced.length === 0
  }

  /** How many records a sync in flight holds: a crash may leave any number of them, from none to all. */
  get inFlight(): number {
    return this.#syncing.length
  }

  /**
   * The machine stops. `survivors` of the sync in flight reached the platter, and of the next one, if there is one, the
   * first bytes. Says which survived, how many records are gone, and how many of those the disk had called durable.
   */
  crash(survivors: number): Crashed {
    const isLying = this.#truth !== null
    const survived = isLying ? [] : this.#syncing.slice(0, survivors)
    const unsynced = this.#syncing.length - survived.length + this.#unsynced.length
    this.#add(survived)
    this.#endsTorn = !isLying && survived.length < this.#syncing.length
    const forgotten = this.#truth === null ? 0 : this.putBack(this.#truth)
    this.#syncing = []
    this.#unsynced = []
    this.#durable = 0
    return { survived, lost: unsynced + forgotten, forgotten }
  }

  /** It is not full, not slow, and does not stall any more. */
  recover(): void {
    this.stalledUntilMicros = 0
    this.fullUntilMicros = 0
    this.slowMicros = 0
  }

  // ---- damage --------------------------------------------------------------------------------------------------

  /** What a node that starts reads. A torn record is dropped: what is written next takes its place. */
  read(): readonly StoreRecord[] {
    if (this.#endsTorn) this.torn += 1
    this.#endsTorn = false
    if (this.#damaged.size === 0) return this.synced
    return this.synced.map((record) => (this.#damaged.has(record) ? { type: 'damaged' } : record))
  }

  /** The record at this place goes bad. */
  damage(at: number): void {
    const record = this.synced[at]
    if (record !== undefined) this.#damaged.add(record)
  }

  /** Nothing is left: a blank disk. */
  wipe(): void {
    this.synced = []
    this.#endsTorn = false
  }

  /** Back to what it held at some time. Gives how many records are gone that it had called durable. */
  putBack(records: readonly StoreRecord[]): number {
    const left = new Set(records)
    const forgotten = this.synced.filter((record) => !left.has(record)).length
    this.synced = [...records]
    this.#truth = null
    this.#endsTorn = false
    return forgotten
  }

  /** From now on it says that it has synced, and has not; the next crash shows it. */
  lie(): void {
    this.#truth ??= [...this.synced]
  }

  /** It lies no more. What it has lied about is for a crash to show. */
  confess(): void {
    this.#truth = null
  }
}
