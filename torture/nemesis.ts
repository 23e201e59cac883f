/**
 * What strikes: faults drawn from a seed, in two lanes, so that two may strike together. Each is a function that injects
 * its fault, waits, and takes it away again; how, is in `faults.ts`.
 */
import { setMaxListeners } from 'node:events'
import type { Cluster, Host } from './cluster.js'
import { FAULTS, type FaultName } from './faults.js'
import type { Load } from './load.js'
import { Random } from './random.js'

/** Nothing is wrong before. */
const FIRST_MILLIS = 1_000
/** Pauses between faults, in each lane. */
const QUIET_MILLIS = [300, 2_500] as const
/** A process that dies is the most frequent fault: it has this share, and its share of the rest. */
const KILL_PERCENT = 20
/** How long a member may take to come back, until it counts as lost. */
const RETURN_MILLIS = 60_000

export interface NemesisOptions {
  readonly cluster: Cluster
  readonly load: Load
  readonly seed: number
  readonly members: number
  readonly faults: readonly FaultName[]
  /** How often each of them is to strike; null: there is no end to it. */
  readonly each: number | null
  readonly onFailure: (sentence: string) => void
}

export class Nemesis {
  readonly cluster: Cluster
  readonly load: Load
  readonly members: number
  readonly counts = new Map<FaultName, number>()
  /** kill −9s. */
  kills = 0
  readonly recoveries: number[] = []
  /** Faults that are active: what is measured beside another one says nothing. */
  active = 0
  /** How often a fault has begun. */
  begun = 0
  readonly #options: NemesisOptions
  readonly #over = new AbortController()
  #running: Promise<unknown> = Promise.resolve()
  #isGivenUp = false

  constructor(options: NemesisOptions) {
    this.#options = options
    this.cluster = options.cluster
    this.load = options.load
    this.members = options.members
    setMaxListeners(0, this.#over.signal) // as many wait as faults are under way
  }

  get isOver(): boolean {
    return this.#over.signal.aborted
  }

  /** Resolves when each fault has struck as often as it is to, or all is over. */
  strike(): Promise<unknown> {
    const { seed } = this.#options
    this.#running = Promise.all([0, 1].map((lane) => this.#strike(new Random(seed, lane), lane)))
    return this.#running
  }

  #draw(random: Random): FaultName | null {
    const { faults, each } = this.#options
    const left = each === null ? faults : faults.filter((name) => (this.counts.get(name) ?? 0) < each)
    if (left.length === 0) return null
    return random.percent(KILL_PERCENT) && left.includes('kill') ? 'kill' : random.pick(left)
  }

  /** Every fault in flight is taken away. Resolves when that is done. */
  async end(): Promise<void> {
    this.#over.abort()
    await this.#running
  }

  /** A verdict has failed: nothing needs to be taken away any more. */
  giveUp(): void {
    this.#isGivenUp = true
  }

  /** Resolves at the end at the latest. */
  sleep(millis: number): Promise<void> {
    const { signal } = this.#over
    if (signal.aborted) return Promise.resolve()
    return new Promise((resolve) => {
      const wake = (): void => {
        clearTimeout(timer)
        signal.removeEventListener('abort', wake)
        resolve()
      }
      const timer = setTimeout(wake, millis)
      signal.addEventListener('abort', wake)
    })
  }

  async #strike(random: Random, lane: number): Promise<void> {
    await this.sleep(FIRST_MILLIS + lane * 2_000)
    while (!this.isOver) {
      const name = this.#draw(random)
      if (name === null) return
      this.begun += 1
      this.active += 1
      try {
        const struck = await FAULTS[name](this, random)
        if (struck) this.counts.set(name, (this.counts.get(name) ?? 0) + 1)
      } catch (error) {
        this.#options.onFailure(`The fault ${name} failed: ${(error as Error).stack}`)
        return
      } finally {
        this.active -= 1
      }
      await this.sleep(random.between(...QUIET_MILLIS))
    }
  }

  /** kill −9, one after the other: the leader, seldom another; as soon as all is well again, the next. */
  async killMany(kills: number): Promise<void> {
    const random = new Random(this.#options.seed, 2)
    await this.sleep(FIRST_MILLIS)
    let wellMillis = performance.now()
    while (!this.isOver && this.kills < kills) {
      const isWell = await this.#allWell()
      const { leader } = this.cluster
      if (!isWell || leader === null) {
        if (performance.now() - wellMillis < RETURN_MILLIS) continue
        this.#options.onFailure(`Not all members are ready ${RETURN_MILLIS} ms after a kill.`)
        return
      }
      const victim = random.percent(10) ? random.pick(this.cluster.up) : leader
      await this.kill([victim], 0)
      this.counts.set('kill', (this.counts.get('kill') ?? 0) + 1)
      wellMillis = performance.now()
    }
  }

  async #allWell(): Promise<boolean> {
    await this.sleep(20)
    const looks = await Promise.all(this.cluster.present.map((host) => this.cluster.look(host)))
    return looks.every((look) => look?.ready)
  }

  /** Those of the members that nobody else is at, claimed. */
  claim(random: Random, count: number, first: Host | null = null): readonly Host[] {
    const free = this.cluster.present.filter(({ isClaimed, life }) => !isClaimed && life === 'up')
    const preferred = free.filter((host) => host === first)
    const others = random.sample(free, free.length).filter((host) => host !== first)
    const claimed = [...preferred, ...others].slice(0, count)
    for (const host of claimed) host.isClaimed = true
    return claimed
  }

  release(hosts: readonly Host[]): void {
    for (const host of hosts) host.isClaimed = false
  }

  /** Kills them at once, and starts them again after a while, in a row. */
  async kill(hosts: readonly Host[], downMillis: number): Promise<void> {
    const killsLeader = hosts.some(({ leads }) => leads)
    const before = this.begun
    const alone = this.active <= 1
    const gone = hosts.map((host) => this.cluster.kill(host))
    this.kills += hosts.length
    const served = killsLeader && hosts.length === 1 && alone ? this.load.untilServed() : null
    const measured = served?.then((millis) => {
      if (this.begun === before) this.recoveries.push(millis)
    })
    await Promise.all(gone)
    await this.sleep(downMillis)
    for (const host of hosts) await this.startAgain(host)
    await Promise.race([measured, this.sleep(RETURN_MILLIS)])
  }

  /** Resolves when it is up, or when it need not be. */
  async startAgain(host: Host): Promise<void> {
    const sinceMillis = performance.now()
    while (!this.#isGivenUp && !host.wasRemoved && host.life === 'down') {
      if (await this.cluster.start(host)) return
      if (performance.now() - sinceMillis < RETURN_MILLIS) continue
      this.#options.onFailure(`Member ${host.name} did not start again within ${RETURN_MILLIS} ms.`)
      return
    }
  }

  /** Waits until it has applied all that it knows to be decided, under a leader. */
  async untilReady(host: Host, mostMillis: number): Promise<boolean> {
    const sinceMillis = performance.now()
    while (performance.now() - sinceMillis < mostMillis && !this.isOver && host.life === 'up') {
      if ((await this.cluster.look(host))?.ready) return true
      await this.sleep(50)
    }
    return false
  }
}
