/**
 * Swarm sampling: the seed picks the size of the world, which classes of faults are on, and how hard. What is off
 * matters as much as what is on: two faults that hide each other are apart in some runs.
 */
import { PLACEMENTS } from '../placement.js'
import { DRAW, hash, prefix, within } from '../random.js'
import { CLASSIC, type Scenario } from '../scenario.js'
import { FAULTS, type FaultClass, type Faults } from './classes.js'

/** What a class is in the swarm: in how many runs of a hundred it is on, and how strong it is then. */
interface Sampling {
  readonly percent: number
  readonly low: number
  readonly high: number
}

/** The classes of the swarm. Liars stay outside. */
const SAMPLING: { readonly [Class in FaultClass]?: Sampling } = {
  loss: { percent: 60, low: 1_000, high: 200_000 },
  duplication: { percent: 40, low: 1_000, high: 200_000 },
  reordering: { percent: 40, low: 1_000, high: 200_000 },
  'long-tail': { percent: 30, low: 100, high: 20_000 },
  clog: { percent: 35, low: 1, high: 24 },
  'swizzle-clog': { percent: 25, low: 1, high: 3 },
  'one-way': { percent: 35, low: 1, high: 12 },
  'client-cut': { percent: 25, low: 1, high: 4 },
  halves: { percent: 25, low: 1, high: 3 },
  minority: { percent: 30, low: 1, high: 8 },
  'isolated-leader': { percent: 40, low: 1, high: 12 },
  ring: { percent: 20, low: 1, high: 3 },
  bridge: { percent: 20, low: 1, high: 3 },
  'quorum-loss': { percent: 25, low: 1, high: 3 },
  constrained: { percent: 25, low: 1, high: 3 },
  chained: { percent: 25, low: 1, high: 3 },
  crash: { percent: 60, low: 1, high: 20 },
  'crash-in-recovery': { percent: 30, low: 1, high: 5 },
  pause: { percent: 40, low: 1, high: 8 },
  'slow-member': { percent: 25, low: 1, high: 3 },
  'rolling-restart': { percent: 15, low: 1, high: 2 },
  rot: { percent: 15, low: 1, high: 2 },
  misdirection: { percent: 15, low: 1, high: 2 },
  'full-disk': { percent: 25, low: 1, high: 4 },
  'slow-disk': { percent: 30, low: 1, high: 4 },
  'stalled-disk': { percent: 30, low: 1, high: 4 },
  wipe: { percent: 20, low: 1, high: 2 },
  swap: { percent: 10, low: 1, high: 1 },
  drift: { percent: 35, low: 100, high: 200_000 },
  jump: { percent: 30, low: 1, high: 6 },
  strobe: { percent: 20, low: 1, high: 3 },
  change: { percent: 45, low: 1, high: 8 },
  snapshot: { percent: 35, low: 1, high: 12 },
  transfer: { percent: 35, low: 1, high: 10 },
}

/** Mostly three and five. */
const MEMBERS: readonly number[] = [1, 2, 3, 3, 3, 3, 3, 4, 4, 5, 5, 5, 5, 5, 6, 7]

/** In so many runs of a hundred nothing goes wrong, and in so many everything. */
const NOTHING_PERCENT = 3
const EVERYTHING_PERCENT = 3
/** In so many there are partitions of one class and nothing else: whoever is linked with a quorum must go on. */
const PARTITION_PERCENT = 8

const PARTITIONS: readonly FaultClass[] = [
  'halves',
  'minority',
  'isolated-leader',
  'ring',
  'bridge',
  'quorum-loss',
  'constrained',
  'chained',
]

/** What is drawn for a scenario beside its faults. */
const WHAT = {
  mood: 0,
  members: 1,
  clients: 2,
  delay: 3,
  jitter: 4,
  reads: 5,
  quiet: 6,
  place: 7,
  alpha: 8,
  log: 9,
  chunk: 10,
} as const

/** Of each client, at most: more than one that thinks in between can do, and no flood from one that does not. */
const REQUESTS = 400

/** After the last fault there is this much time for everything to settle. */
const SETTLING_MICROS = 8_000_000

/**
 * The slowest network, as a power of two, in which chunks may be the smallest; in slower ones they are larger, so that
 * two snapshots, one chunk after the other, reach a newcomer in the time that there is to settle.
 */
const SLOWEST_OF_SMALLEST_CHUNKS = 6

export function swarm(seed: number): Scenario {
  const bits = prefix(seed, DRAW.swarm)
  const draw = (what: number, low: number, high: number): number => within(hash(bits, 0, what, 0), low, high)
  const slowness = draw(WHAT.delay, 0, 9)
  const delayMicros = 100 * 2 ** slowness
  const quietMicros = draw(WHAT.quiet, 8_000_000, 12_000_000)
  return {
    ...CLASSIC,
    members: MEMBERS[draw(WHAT.members, 0, MEMBERS.length - 1)] ?? 3,
    clients: draw(WHAT.clients, 2, 6),
    requests: REQUESTS,
    delayMicros,
    jitterMicros: draw(WHAT.jitter, 0, delayMicros),
    reads: draw(WHAT.reads, 0, 1) === 0 ? 'decree' : 'linearizable',
    placement: PLACEMENTS[draw(WHAT.place, 0, PLACEMENTS.length - 1)] ?? 'spread',
    untilMicros: quietMicros + SETTLING_MICROS / 4,
    lengthMicros: quietMicros + SETTLING_MICROS,
    alpha: 2 ** draw(WHAT.alpha, 0, 6),
    logBytes: 400 * 2 ** draw(WHAT.log, 0, 8),
    chunkBytes: 50 * 2 ** Math.max(slowness - SLOWEST_OF_SMALLEST_CHUNKS, draw(WHAT.chunk, 0, 10)),
    quietMicros,
    faults: faultsOf(bits, draw(WHAT.mood, 0, 99)),
  }
}

function faultsOf(bits: number, mood: number): Faults {
  if (mood < NOTHING_PERCENT) return {}
  const isAll = mood < NOTHING_PERCENT + EVERYTHING_PERCENT
  if (!isAll && mood < NOTHING_PERCENT + EVERYTHING_PERCENT + PARTITION_PERCENT) {
    const partition = PARTITIONS[hash(bits, 2, 0, 0) % PARTITIONS.length] ?? 'halves'
    return { [partition]: within(hash(bits, 2, 1, 0), 1, 3) }
  }
  const faults: { [Class in FaultClass]?: number } = {}
  for (const [index, name] of CLASSES.entries()) {
    const sampling = SAMPLING[name]
    if (sampling === undefined) continue
    const isOn = isAll || within(hash(bits, 1, index, 0), 0, 99) < sampling.percent
    if (isOn) faults[name] = within(hash(bits, 1, index, 1), sampling.low, sampling.high)
  }
  return faults
}

const CLASSES = Object.keys(FAULTS) as FaultClass[] // the keys of FAULTS are its classes
