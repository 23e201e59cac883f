/**
 * Swarm sampling: the seed picks the size of the world, which classes of faults are on, and how hard. What is off
 * matters as much as what is on: two faults that hide each other are apart in some runs.
 */
import type { Micros } from '../../paxos/index.js'
import { PLACEMENTS } from '../placement.js'
import { DRAW, hash, prefix, within } from '../random.js'
import { CLASSIC, type Scenario } from '../scenario.js'
import { FAULTS, type FaultClass, type Faults } from './classes.js'
import { Episode, type EpisodeClass } from './plan.js'

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
const MEMBERS: readonly [number, ...number[]] = [1, 2, 3, 3, 3, 3, 3, 4, 4, 5, 5, 5, 5, 5, 6, 7]

/** In so many runs of a hundred nothing goes wrong, and in so many everything. */
const NOTHING_PERCENT = 3
const EVERYTHING_PERCENT = 3
/** In so many one part is out of order for long, and nothing else: whoever is linked with a working quorum must go on. */
const SINGLE_PERCENT = 16
/** It is the one that lasts longest of so many, once somebody leads. */
const SINGLES_DRAWN = 64
const LEADING_MICROS = 1_000_000
/** A ring needs four, and most shapes show more with five. */
const SINGLE_MEMBERS: readonly [number, ...number[]] = [3, 4, 5, 5, 5, 5, 6, 7]

/** In so many runs of a hundred whatever waits has little room. */
const TIGHT_PERCENT = 20

const SINGLES: readonly EpisodeClass[] = [
  'halves',
  'minority',
  'isolated-leader',
  'ring',
  'bridge',
  'quorum-loss',
  'constrained',
  'chained',
  'stalled-disk',
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
  tight: 11,
  room: 12,
} as const

/** Some 22 requests a second, from all clients together. */
const PACE_MICROS = 45_000

/** Of each client, at most: more than it has time for at that pace. */
const REQUESTS = 1_000

/** The fewest and the most clients, in a network whose messages take up to this; where they take longer it takes more. */
const CLIENTS = [8, 12] as const
const FAST_MICROS = 6_400
/** So many times more if one slot waits for the other as well: fewer could hardly make up for a long partition in time. */
const ONE_BY_ONE = 1.5

/**
 * The least and the most room where there is little, for each of a crowd, as powers of two. Not so little that most of
 * those who ask are always refused: each waits longer and longer then, and some are not served in the time that the
 * verdicts allow.
 */
const ROOM = [3, 4] as const

/** So long the clients work after the last fault: time to make up for what they could not ask before. */
const WORKING_MICROS = 3_500_000

/** After the last fault there is this much time for everything to settle. */
const SETTLING_MICROS = 9_000_000

/**
 * The slowest network, as a power of two, in which chunks may be the smallest; in slower ones they are larger, so that
 * two snapshots, one chunk after the other, reach a newcomer in the time that there is to settle. Twice as slow, each
 * takes twice as long, and of the twice as many clients there is twice as much.
 */
const SLOWEST_OF_SMALLEST_CHUNKS = 5

export function swarm(seed: number): Scenario {
  const bits = prefix(seed, DRAW.swarm)
  const draw = (what: number, low: number, high: number): number => within(hash(bits, 0, what, 0), low, high)
  const pick = <Thing>(what: number, things: readonly [Thing, ...Thing[]]): Thing =>
    things[draw(what, 0, things.length - 1)] ?? things[0]
  const slowness = draw(WHAT.delay, 0, 8)
  const delayMicros = 100 * 2 ** slowness
  const alpha = 2 ** draw(WHAT.alpha, 0, 6)
  const isOneByOne = alpha === 1 && delayMicros > FAST_MICROS
  const crowd = Math.max(1, Math.floor(delayMicros / FAST_MICROS)) * (isOneByOne ? ONE_BY_ONE : 1)
  const quietMicros = draw(WHAT.quiet, 8_000_000, 11_000_000)
  const scenario: Scenario = {
    ...CLASSIC,
    members: pick(WHAT.members, MEMBERS),
    clients: draw(WHAT.clients, ...CLIENTS) * crowd,
    requests: REQUESTS,
    paceMicros: PACE_MICROS,
    delayMicros,
    jitterMicros: draw(WHAT.jitter, 0, delayMicros),
    reads: pick(WHAT.reads, ['decree', 'linearizable']),
    placement: pick(WHAT.place, PLACEMENTS),
    untilMicros: quietMicros + WORKING_MICROS,
    lengthMicros: quietMicros + SETTLING_MICROS,
    alpha,
    logBytes: 400 * 2 ** draw(WHAT.log, 0, 8),
    chunkBytes: 50 * 2 ** Math.max(2 * (slowness - SLOWEST_OF_SMALLEST_CHUNKS) - 1, draw(WHAT.chunk, 0, 10)),
    queueLimit: draw(WHAT.tight, 0, 99) < TIGHT_PERCENT ? crowd * 2 ** draw(WHAT.room, ...ROOM) : null,
    quietMicros,
  }
  const mood = draw(WHAT.mood, 0, 99)
  if (mood < NOTHING_PERCENT) return { ...scenario, faults: {} }
  if (mood < NOTHING_PERCENT + SINGLE_PERCENT) {
    const members = pick(WHAT.members, SINGLE_MEMBERS)
    return { ...scenario, members, placement: 'spread', ...single(seed, bits, quietMicros) }
  }
  const isAll = mood >= 100 - EVERYTHING_PERCENT
  return { ...scenario, faults: faultsOf(bits, isAll) }
}

/** The longest of some faults of one class, and nothing else. */
function single(seed: number, bits: number, quietMicros: Micros): Pick<Scenario, 'faults' | 'omitted'> {
  const name = SINGLES[hash(bits, 2, 0, 0) % SINGLES.length] ?? 'halves'
  const lengths = Array.from({ length: SINGLES_DRAWN }, (_, number) => {
    const { startMicros, endMicros } = new Episode(seed, { class: name, number }, quietMicros)
    return startMicros < LEADING_MICROS ? 0 : endMicros - startMicros
  })
  const longest = lengths.indexOf(Math.max(...lengths))
  const others = Array.from({ length: longest }, (_, number) => ({ class: name, number }))
  return { faults: { [name]: longest + 1 }, omitted: { faults: others, clients: [] } }
}

function faultsOf(bits: number, isAll: boolean): Faults {
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
