// Random schedules: whatever a network, disks, clocks and crashes may do to three members, in an order drawn from one
// integer. Then all faults end, and everything that was asked has to be answered. On demand somebody changes the
// membership, takes snapshots and transfers the lead in the middle of it.

import { mix, within } from '../../src/simulation/random.js'
import { type Letter, Theatre, type TheatreOptions } from './theatre.js'

export interface Exploration {
  /** How many acts the schedule has before the faults end. */
  readonly acts: number
  readonly options?: TheatreOptions
  /** The membership is changed meanwhile, snapshots are taken, and the lead is transferred. */
  readonly operated?: boolean
  /** Only what is unsafe counts as a failure, so the end is left out. */
  readonly onlySafety?: boolean
  /** Called before each act. */
  readonly before?: (theatre: Theatre, act: number) => void
}

export interface Exploring {
  readonly theatre: Theatre
  /** The first thing that went wrong, or null. */
  readonly failure: string | null
}

/** Plays one schedule. The same seed and exploration give the same play. */
export function explore(seed: number, exploration: Exploration): Exploring {
  const { acts, options = {}, operated = false, onlySafety = false, before } = exploration
  let draws = 0
  const draw = (id: number, low: number, high: number) => within(bitsOf(seed, TIMER, id, draws++), low, high)
  const theatre = new Theatre({ silent: true, draw, ...options }).open()
  const play = new Play(theatre, seed, operated)
  try {
    if (seed % 4 !== 0) play.begin()
    for (let act = 0; act < acts && theatre.judge.broken.length === 0; act++) {
      before?.(theatre, act)
      play.act(act)
    }
    if (theatre.judge.broken.length === 0 && !onlySafety) play.end()
  } catch (error) {
    return { theatre, failure: error instanceof Error ? error.message : String(error) }
  }
  return { theatre, failure: theatre.judge.broken[0] ?? null }
}

/** Random bits from a seed and what they are drawn for. */
function bitsOf(seed: number, ...what: readonly number[]): number {
  return what.reduce((bits, word) => mix(bits ^ (word + 0x9e3779b9)), mix(seed))
}

const ACT = 1
const TIMER = 2
const SLOW = 3

/** How many acts the slow ways stay slow. */
const EPOCH = 25
const MOST_ENTRIES = 40

class Play {
  readonly #theatre: Theatre
  readonly #seed: number
  readonly #operated: boolean
  /** The requests whose requester has not crashed since. */
  #open: { readonly reference: number; readonly at: number }[] = []
  #entries = 0
  #bits = 0

  constructor(theatre: Theatre, seed: number, operated: boolean) {
    this.#theatre = theatre
    this.#seed = seed
    this.#operated = operated
  }

  /** A quiet beginning: a leader, and a session open at every member. */
  begin(): void {
    for (const { id, node } of this.#theatre.actors) if (node !== null) this.#enter(id)
    this.#theatre.run(() => this.#answered)
  }

  /** One thing happens. The weights were tuned until planted faults were found soon. */
  act(number: number): void {
    const theatre = this.#theatre
    const epoch = Math.floor(number / EPOCH)
    this.#bits = bitsOf(this.#seed, ACT, number)
    const { id, node } = theatre.actors[this.#below(theatre.actors.length)] ?? theatre.actor(0)
    const up = node !== null
    if (this.#operated && up && this.#below(100) < 6) {
      this.#operate(id)
      return
    }
    const kind = this.#below(100)
    if (kind < 50) this.#pick(this.#letters(epoch), (letter) => theatre.deliverLetter(letter))
    else if (kind < 53) this.#pick(this.#letters(epoch), (letter) => theatre.loseLetter(letter))
    else if (kind < 56) this.#pick(this.#letters(epoch), (letter) => theatre.doubleLetter(letter))
    else if (kind < 74) theatre.sync(id)
    else if (kind < 82) this.#pick(theatre.alarms, (alarm) => theatre.ring(alarm))
    else if (kind < 84 && up) this.#crash(id)
    else if (kind < 89) this.#startAll()
    else if (kind < 95 && this.#mayAsk(id) && this.#entries < MOST_ENTRIES) this.#enter(id)
    else if (kind < 97 && this.#mayAsk(id)) this.#ask(id, theatre.read(id))
    else this.#pick(this.#letters(epoch), (letter) => theatre.deliverLetter(letter))
  }

  /** Faults end, but for one member that may be gone, or its disk stalled, for ever: everything is answered. */
  end(): void {
    this.#startAll()
    const one = this.#below(this.#theatre.members.length)
    if (this.#seed % 3 === 0 && !this.#operated) this.#crash(one)
    if (this.#seed % 3 === 1 && !this.#operated) this.#stall(one)
    this.#theatre.run(() => this.#answered && this.#isLevel())
  }

  /** Whether all voters that are up have applied the same slots. */
  #isLevel(): boolean {
    const { members } = this.#newest()
    const up = this.#theatre.actors.filter(({ id, node }) => node !== null && members.includes(id))
    return up.every(({ applied }) => applied === up[0]?.applied)
  }

  /** The latest configuration that anybody knows. */
  #newest(): { readonly version: number; readonly members: readonly number[] } {
    let newest: { version: number; members: readonly number[] } = { version: 0, members: [] }
    for (const { node } of this.#theatre.actors) {
      const latest = node?.membership.configurations.at(-1)
      if (latest !== undefined && latest.version > newest.version) newest = latest
    }
    return newest
  }

  /** Clients are at founders and at guests: who is never admitted may have nobody to ask. */
  #mayAsk(id: number): boolean {
    return this.#theatre.actor(id).node !== null && !this.#theatre.newcomers.includes(id)
  }

  /** Somebody at this node changes the membership, or wants a snapshot or another leader. */
  #operate(id: number): void {
    const theatre = this.#theatre
    const what = this.#below(3)
    if (what === 0) theatre.snapshot(id)
    else if (what === 1) theatre.transfer(id, this.#below(theatre.actors.length))
    else if (this.#mayAsk(id)) this.#change(id)
  }

  /** Any voters, of those that vote and those that may be admitted, one at least. */
  #change(at: number): void {
    const { members } = this.#newest()
    const known = [...new Set([...members, ...this.#theatre.newcomers])]
    const hasJoined = (id: number) => this.#theatre.actor(id).node?.founding !== null
    const chosen = known.filter(
      (id) => this.#theatre.actor(id).node !== null && hasJoined(id) && this.#below(2) === 0,
    )
    if (chosen.length > 0) this.#ask(at, this.#theatre.change(at, chosen))
  }

  get #answered(): boolean {
    return this.#open.every(({ reference }) => this.#theatre.answers.has(reference))
  }

  /** The letters that may arrive now: for an epoch each way may be slow, and what is on it grows stale. */
  #letters(epoch: number): readonly Letter[] {
    const slow = (from: number, to: number) => bitsOf(this.#seed, SLOW, epoch, from, to) % 3 === 0
    return this.#theatre.letters.filter(({ from, to }) => !slow(from, to))
  }

  #enter(at: number): void {
    this.#entries += 1
    this.#ask(at, this.#theatre.enter(at, `e${this.#entries}`))
  }

  #ask(at: number, reference: number): void {
    this.#open.push({ reference, at })
  }

  #crash(id: number): void {
    this.#theatre.crash(id, this.#below(3))
    this.#open = this.#open.filter(({ at }) => at !== id)
  }

  /** A node whose incarnation is not durable yet can only be gone when its disk stalls. */
  #stall(id: number): void {
    if (this.#theatre.node(id).roles.requester === undefined) this.#crash(id)
    else this.#theatre.stalled.add(id)
  }

  #startAll(): void {
    for (const { id, node } of this.#theatre.actors) if (node === null) this.#theatre.start(id)
  }

  #pick<Item>(items: readonly Item[], deed: (item: Item) => void): void {
    const item = items[this.#below(Math.max(1, items.length))]
    if (item !== undefined) deed(item)
  }

  /** A whole number below `bound`. */
  #below(bound: number): number {
    this.#bits = mix(this.#bits + 1)
    return this.#bits % bound
  }
}
