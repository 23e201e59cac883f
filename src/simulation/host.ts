/** A machine of the simulated world, on which one node runs, or is down. */
import { compareBallots, type Micros, NO_BALLOT, type Node, type NodeId } from '../paxos/index.js'
import type { Clock } from './clock.js'
import type { Disk } from './disk.js'
import { hash, within } from './random.js'

export class Host {
  readonly id: NodeId
  readonly clock: Clock
  disk: Disk
  node: Node | null = null
  /** Counts starts and crashes: what belongs to another life is void. */
  life = 0
  /** Its store was damaged, and it counts as lost: nobody waits for it. */
  isOut = false
  /** Its store lacks something that it may have vouched for, and perhaps nobody notices. */
  isForgetful = false
  /** Its member has found out that this store is none to vote with. */
  isRefused = false
  /** It was removed and is needed no more: it never starts again. */
  isRetired = false
  /** When it has done with what came before; what comes earlier than that has to wait. */
  freeMicros: Micros = 0
  /** How long it takes over everything. */
  slowMicros: Micros = 0
  /** Syncs begun in this life. */
  syncs = 0
  /** Of each timer: what its draws have in common, and how often it was drawn in this life. */
  readonly #timers: Map<string, { readonly bits: number; count: number }> = new Map()
  readonly #timerPrefix: number

  constructor(id: NodeId, disk: Disk, clock: Clock, timerPrefix: number) {
    this.id = id
    this.disk = disk
    this.clock = clock
    this.#timerPrefix = timerPrefix
  }

  /** Whether what happens to it now has to wait. */
  isBusy(nowMicros: Micros): boolean {
    return this.slowMicros > 0 || nowMicros < this.freeMicros
  }

  /** Its store is damaged for good, as its member will notice. */
  lose(): void {
    this.isForgetful = true
    this.isOut = true
  }

  /** Nothing holds it or its disk up any more. */
  recover(): void {
    this.freeMicros = 0
    this.slowMicros = 0
    this.disk.recover()
  }

  /** Begins another life: another process, or none. */
  renew(node: Node | null): void {
    this.node = node
    this.life += 1
    this.freeMicros = 0
    this.slowMicros = 0
    this.syncs = 0
    this.#timers.clear()
  }

  /** Draws for a timer of this name, or for what else the node draws. */
  draw(low: number, high: number, what: string): number {
    let timer = this.#timers.get(what)
    if (timer === undefined) {
      timer = { bits: hash(this.#timerPrefix, this.id, this.life, numberOf(what)), count: 0 }
      this.#timers.set(what, timer)
    }
    return within(hash(timer.bits, timer.count++, 0, 0), low, high)
  }
}

/** 32 bits that stand for a name. */
function numberOf(name: string): number {
  let bits = 0
  for (let at = 0; at < name.length; at++) bits = (Math.imul(bits, 31) + name.charCodeAt(at)) >>> 0
  return bits
}

/** Of those that believe they lead, the one with the highest ballot: it does. */
export function leaderOf(hosts: readonly Host[]): Host | null {
  let leader: Host | null = null
  let highest = NO_BALLOT
  for (const host of hosts) {
    const role = host.node?.roles.leader
    if (role?.phase !== 'leading' || compareBallots(role.ballot, highest) <= 0) continue
    leader = host
    highest = role.ballot
  }
  return leader
}
