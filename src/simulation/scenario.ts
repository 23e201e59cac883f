/**
 * A scenario: everything that, beside the seed, decides a run. Plain data with units in the names.
 */
import { DEFAULT_SETTINGS, type Micros, type Settings } from '../paxos/index.js'
import type { Reads } from './application.js'
import { FAULTS, type FaultName, type Faults, isFaultClass, unknownFault } from './faults/classes.js'
import { PLACEMENTS, type Placement } from './placement.js'

export interface Scenario {
  readonly members: number
  readonly clients: number
  /** Operations of each client; null: as many as the application says. */
  readonly requests: number | null
  /** A message takes `delayMicros` give or take up to `jitterMicros`. */
  readonly delayMicros: Micros
  readonly jitterMicros: Micros
  /** How the clients of `classic` read. */
  readonly reads: Reads
  /** Where the clients are. */
  readonly placement: Placement
  /**
   * Clients begin nothing from this time on, whatever `requests` says, unless they have fallen far behind a pace; null:
   * no such time.
   */
  readonly untilMicros: Micros | null
  /**
   * The clients together begin an operation this often, on average, and hurry when they have fallen behind; null: each
   * thinks as long as the application says.
   */
  readonly paceMicros: Micros | null
  /** The run is cut off at this simulated time. */
  readonly lengthMicros: Micros
  /** The settings of these names, see `Settings`. */
  readonly alpha: number
  readonly logBytes: number
  readonly chunkBytes: number
  /** How many entries each queue of a node has room for, see `tightSettings`; null: as many as usual. */
  readonly queueLimit: number | null
  /** Nothing goes wrong from this simulated time on. */
  readonly quietMicros: Micros
  /** What goes wrong until then, and how hard. */
  readonly faults: Faults
  /** What is left out of that, so that nothing else changes. */
  readonly omitted: Omitted
  /** Whether more stores may be damaged than the members can stand: then only safety is asked for. */
  readonly overBudget: boolean
}

export interface Omitted {
  readonly faults: readonly FaultName[]
  /** The numbers of clients that do nothing. */
  readonly clients: readonly number[]
}

/** The ancestor's: fourteen members, eleven clients at the last of them, a network of 30 ± 20 ms that loses 5 %. */
export const CLASSIC: Scenario = {
  members: 14,
  clients: 11,
  requests: null,
  delayMicros: 30_000,
  jitterMicros: 20_000,
  reads: 'decree',
  placement: 'last',
  untilMicros: null,
  paceMicros: null,
  lengthMicros: 60_000_000,
  alpha: DEFAULT_SETTINGS.alpha,
  logBytes: DEFAULT_SETTINGS.logBytes,
  chunkBytes: DEFAULT_SETTINGS.chunkBytes,
  queueLimit: null,
  quietMicros: 10_000_000,
  faults: { loss: 50_000 },
  omitted: { faults: [], clients: [] },
  overBudget: false,
}

/** Seeds are whole numbers from 0 up to this, 2^32 − 1. */
export const LAST_SEED = 0xffff_ffff

/** The fields of a scenario that are numbers. */
export type Quantity = Exclude<keyof Scenario, 'reads' | 'placement' | 'faults' | 'omitted' | 'overBudget'>

/** From where to where each may go, both included. */
export const BOUNDS: Readonly<Record<Quantity, readonly [low: number, high: number]>> = {
  members: [1, 100],
  clients: [0, 10_000],
  requests: [0, 1_000_000],
  delayMicros: [0, 3_600_000_000],
  jitterMicros: [0, 3_600_000_000],
  untilMicros: [0, 1_000_000_000_000],
  paceMicros: [1, 100_000],
  lengthMicros: [0, 1_000_000_000_000],
  alpha: [1, 10_000],
  logBytes: [1, 1_000_000_000],
  chunkBytes: [1, 1_000_000_000],
  queueLimit: [1, 10_000],
  quietMicros: [0, 1_000_000_000_000],
}

/** In a tight window there is room for so many bytes of decrees for each entry of a queue. */
const TIGHT_BYTES = 64

/** Where it is tight there is room for one session more than are in use. */
const SPARE_SESSIONS = 1
/** There a session goes after so long without use, when room is needed: less than a member may be down, or cut off. */
const TIGHT_IDLE_MICROS = 1_000_000

/** The settings of nodes in which everything that waits has little room, and clients use so many sessions at a time. */
export function tightSettings(queueLimit: number, sessions: number): Partial<Settings> {
  const bytes = TIGHT_BYTES * queueLimit
  return {
    sessionLimit: sessions + SPARE_SESSIONS,
    sessionIdleMicros: TIGHT_IDLE_MICROS,
    queueLimit,
    parkedLimit: queueLimit,
    heldLimit: queueLimit,
    sessionWindow: queueLimit,
    windowBytes: bytes,
    decreeBytes: bytes,
  }
}

/** Throws a RangeError, with a sentence, when a seed or a scenario is not one that can be run. */
export function checkScenario(seed: number, scenario: Scenario): void {
  checkRange('seed', seed, 0, LAST_SEED)
  for (const [name, [low, high]] of Object.entries(BOUNDS)) {
    const value = scenario[name as Quantity] // the keys of BOUNDS are fields of a scenario
    if (value !== null) checkRange(name, value, low, high)
  }
  checkFaults(scenario)
  const { jitterMicros, delayMicros } = scenario
  if (jitterMicros > delayMicros) {
    throw new RangeError(
      `A jitter of ${jitterMicros / 1000} ms exceeds the delay of ${delayMicros / 1000} ms: no message may arrive before it is sent.`,
    )
  }
  if (scenario.reads !== 'decree' && scenario.reads !== 'linearizable') {
    throw new RangeError(`reads must be decree or linearizable, and ${scenario.reads} is neither.`)
  }
  if (!PLACEMENTS.includes(scenario.placement)) {
    throw new RangeError(
      `placement must be one of ${PLACEMENTS.join(', ')}, and ${scenario.placement} is none.`,
    )
  }
  const unknown = Object.keys(scenario).find((name) => !Object.hasOwn(CLASSIC, name))
  if (unknown !== undefined) throw new RangeError(`A scenario has no ${unknown}.`)
}

function checkFaults({ faults, omitted }: Scenario): void {
  for (const [name, strength] of Object.entries(faults)) {
    if (!isFaultClass(name)) throw new RangeError(unknownFault(name))
    checkRange(name, strength, 0, FAULTS[name].most)
  }
  const stranger = omitted.faults.find((name) => !isFaultClass(name.class))
  if (stranger !== undefined) throw new RangeError(unknownFault(stranger.class))
}

function checkRange(name: string, value: number, low: number, high: number): void {
  if (Number.isInteger(value) && value >= low && value <= high) return
  throw new RangeError(`${name} must be a whole number from ${low} to ${high}, and ${value} is not.`)
}
