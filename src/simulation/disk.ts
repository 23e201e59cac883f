/**
 * A simulated disk. What is written waits in memory until a sync carries it to the platter; one sync is in flight at
 * a time and takes all that was written before it began. A crash loses what no sync has finished, except that the
 * sync in flight may have got some way: a prefix of it survives, and the record being written is torn and gone.
 *
 * A record that goes bad is told from a good one, by its checksum, when it is read: as `damaged`.
 */
import type { Micros, StoreRecord } from '../paxos/index.js'

export class Disk {
  /** What the platter holds, as it was written. */
  readonly synced: StoreRecord[] = []
  /** No sync ends before this time. */
  stalledUntilMicros: Micros = 0
  /** A sync that ends before this time fails. */
  fullUntilMicros: Micros = 0
  /** How much longer than usual a sync takes. */
  slowMicros: Micros = 0
  /** Where the damaged records are. */
  readonly #damaged: Set<number> = new Set()
  /** How many records really are on the platter of a disk that lies; null: it is honest. */
  #truth: number | null = null
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
    for (const record of made) this.synced.push(record)
    return made
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
    for (const record of survived) this.synced.push(record)
    const untold = this.#truth === null ? 0 : this.synced.splice(this.#truth).length
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
    return this.synced.map((record, at) => (this.#damaged.has(at) ? { type: 'damaged' } : record))
  }

  get isDamaged(): boolean {
    return this.#damaged.size > 0
  }

  /** The record at this place goes bad. */
  damage(at: number): void {
    this.#damaged.add(at)
  }

  /** Nothing is left: a blank disk. */
  wipe(): void {
    this.rollBack(0)
  }

  /** Back to when it held so many records. */
  rollBack(records: number): void {
    this.synced.splice(records)
    for (const at of this.#damaged) if (at >= records) this.#damaged.delete(at)
  }

  /** From now on it says that it has synced, and has not; the next crash shows it. */
  lie(): void {
    this.#truth ??= this.synced.length
  }
}
