/**
 * A simulated disk. What is written waits in memory until a sync carries it to the platter; one sync is in flight at
 * a time and takes all that was written before it began. A crash loses what no sync has finished, except that the
 * sync in flight may have got some way: a prefix of it survives, and the record being written is torn and gone.
 *
 * What a snapshot makes needless is gone as soon as the snapshot is synced. A record that goes bad is told from a good
 * one, by its checksum, when it is read: as `damaged`.
 */
import { isObsolete, type Micros, type StoreRecord } from '../paxos/index.js'

export class Disk {
  /** What the platter holds, as it was written. */
  synced: StoreRecord[] = []
  /** No sync ends before this time. */
  stalledUntilMicros: Micros = 0
  /** A sync that ends before this time fails. */
  fullUntilMicros: Micros = 0
  /** How much longer than usual a sync takes. */
  slowMicros: Micros = 0
  readonly #damaged: Set<StoreRecord> = new Set()
  /** What really is on the platter of a disk that lies; null: it is honest. */
  #truth: StoreRecord[] | null = null
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

  /** The machine stops. `survivors` of the sync in flight reached the platter. Gives how many records were lost. */
  crash(survivors: number): { readonly survived: readonly StoreRecord[]; readonly lost: number } {
    const isLying = this.#truth !== null
    const survived = isLying ? [] : this.#syncing.slice(0, survivors)
    const lost = this.#syncing.length - survived.length + this.#unsynced.length
    this.#add(survived)
    const told = this.synced.length
    this.synced = this.#truth ?? this.synced
    const untold = Math.max(0, told - this.synced.length)
    this.#truth = null
    this.#syncing = []
    this.#unsynced = []
    this.#durable = 0
    return { survived, lost: lost + untold }
  }

  // ---- damage --------------------------------------------------------------------------------------------------

  /** What a node that starts reads. */
  read(): readonly StoreRecord[] {
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
  }

  /** Back to what it held at some time. */
  rollBack(records: readonly StoreRecord[]): void {
    this.synced = [...records]
  }

  /** From now on it says that it has synced, and has not; the next crash shows it. */
  lie(): void {
    this.#truth ??= [...this.synced]
  }
}
