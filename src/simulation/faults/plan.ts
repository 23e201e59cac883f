/**
 * The plan of a run: when each fault begins, how long it lasts, and the draws that decide the rest of it. Everything
 * follows from the seed, the class, and the number of the fault in its class, so leaving one out changes no other.
 */
import type { Micros, NodeId } from '../../paxos/index.js'
import { DRAW, hash, prefix, within } from '../random.js'
import type { Scenario } from '../scenario.js'
import { FAULTS, type FaultClass, type FaultName } from './classes.js'

/** The classes that come in episodes: those counted in times. The others are a matter of each message, or clock. */
export type EpisodeClass = Exclude<FaultClass, RateClass>

/** The classes that are a rate. */
export type RateClass = 'loss' | 'duplication' | 'reordering' | 'long-tail' | 'drift'

export const RATES: readonly RateClass[] = ['loss', 'duplication', 'reordering', 'long-tail', 'drift']

/** From how long to how long each lasts; of what is over at once, how long until the member is back. */
const LENGTHS: Readonly<Record<EpisodeClass, readonly [low: Micros, high: Micros]>> = {
  clog: [50_000, 2_000_000],
  'swizzle-clog': [500_000, 4_000_000],
  'one-way': [200_000, 4_000_000],
  'client-cut': [200_000, 3_000_000],
  halves: [500_000, 9_000_000],
  minority: [500_000, 9_000_000],
  'isolated-leader': [500_000, 9_000_000],
  ring: [500_000, 9_000_000],
  bridge: [500_000, 9_000_000],
  'quorum-loss': [500_000, 9_000_000],
  constrained: [500_000, 9_000_000],
  chained: [500_000, 9_000_000],
  crash: [50_000, 2_000_000],
  'crash-in-recovery': [50_000, 2_000_000],
  pause: [20_000, 3_000_000],
  'slow-member': [500_000, 4_000_000],
  'rolling-restart': [1_000_000, 5_000_000],
  rot: [50_000, 2_000_000],
  misdirection: [50_000, 2_000_000],
  'full-disk': [200_000, 3_000_000],
  'slow-disk': [500_000, 5_000_000],
  'stalled-disk': [200_000, 9_000_000],
  wipe: [50_000, 2_000_000],
  swap: [50_000, 2_000_000],
  jump: [0, 0],
  strobe: [500_000, 3_000_000],
  change: [0, 0],
  snapshot: [0, 0],
  transfer: [0, 0],
  'lying-sync': [50_000, 2_000_000],
  rollback: [50_000, 2_000_000],
}

/** What is drawn for an episode. What an action draws beside these has numbers of its own, from `detail` on. */
const WHAT = { start: 0, length: 1, target: 2, order: 3, shorter: 4, detail: 1_000 } as const

/** One fault: the `number`-th of its class. */
export class Episode implements FaultName {
  readonly class: EpisodeClass
  readonly number: number
  readonly startMicros: Micros
  readonly endMicros: Micros
  readonly #bits: (what: number) => number

  constructor(seed: number, name: EpisodeName, quietMicros: Micros) {
    this.class = name.class
    this.number = name.number
    const faults = prefix(seed, DRAW.fault)
    const index = CLASSES.indexOf(name.class)
    this.#bits = (what) => hash(faults, index, name.number, what)
    const [low, high] = LENGTHS[name.class]
    this.startMicros = within(this.#bits(WHAT.start), 0, quietMicros - 1)
    // Short ones are more likely: many in a row do what a long one does not.
    const most = within(this.#bits(WHAT.length), low, high)
    const length = within(this.#bits(WHAT.shorter), low, most)
    this.endMicros = Math.min(quietMicros, this.startMicros + length)
  }

  /** Picks one of some things: whom it strikes. */
  pick<Thing>(things: readonly Thing[]): Thing | undefined {
    return things[this.#bits(WHAT.target) % Math.max(1, things.length)]
  }

  /** Some things in an order of its own. */
  shuffle<Thing>(things: readonly Thing[]): Thing[] {
    const keyed = things.map((thing, index) => ({ thing, key: hash(this.#bits(WHAT.order), index, 0, 0) }))
    return keyed.sort((a, b) => a.key - b.key).map(({ thing }) => thing)
  }

  /** A whole number from `low` to `high`; each detail of an episode has a number of its own. */
  detail(number: number, low: number, high: number): number {
    return within(this.#bits(WHAT.detail + number), low, high)
  }
}

interface EpisodeName {
  readonly class: EpisodeClass
  readonly number: number
}

const CLASSES: readonly string[] = Object.keys(FAULTS)

const EPISODE_CLASSES = Object.keys(LENGTHS) as EpisodeClass[] // the keys of LENGTHS are these

/** How much too fast or too slow the clock of a member runs, in millionths. */
export function driftOf(seed: number, { faults }: Scenario, member: NodeId): number {
  const most = faults.drift ?? 0
  if (most === 0) return 0
  return within(hash(prefix(seed, DRAW.fault), CLASSES.indexOf('drift'), member, 0), -most, most)
}

/** Every fault of a run that is not left out. */
export function planOf(seed: number, { faults, omitted, quietMicros }: Scenario): readonly Episode[] {
  if (quietMicros === 0) return []
  const isOmitted = (name: EpisodeName): boolean =>
    omitted.faults.some((each) => each.class === name.class && each.number === name.number)
  return EPISODE_CLASSES.flatMap((each) =>
    Array.from({ length: faults[each] ?? 0 }, (_, number) => ({ class: each, number }))
      .filter((name) => !isOmitted(name))
      .map((name) => new Episode(seed, name, quietMicros)),
  )
}
