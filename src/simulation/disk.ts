/**
 * A simulated disk. What is written waits in memory until a sync carries it to the platter; one sync is in flight at
 * a time and takes all that was written before it began. A crash loses what no sync has finished, except that the
 * sync in flight may have got some way: a prefix of it survives, and the record being written is torn and gone.
 */
import type { StoreRecord } from '../paxos/index.js'

export class Disk {
  /** What no crash can undo. */
  readonly synced: StoreRecord[] = []
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

  /** How many records a sync in flight holds: a crash may leave any number of them, from none to all. */
  get inFlight(): number {
    return this.#syncing.length
  }

  /** The machine stops. `survivors` of the sync in flight reached the platter. Gives how many records were lost. */
  crash(survivors: number): { readonly survived: readonly StoreRecord[]; readonly lost: number } {
    const survived = this.#syncing.slice(0, survivors)
    const lost = this.#syncing.length - survived.length + this.#unsynced.length
    for (const record of survived) this.synced.push(record)
    this.#syncing = []
    this.#unsynced = []
    this.#durable = 0
    return { survived, lost }
  }
}
