/**
 * A scenario: everything that, beside the seed, decides a run. Plain data with units in the names.
 */
import type { Micros } from '../paxos/index.js'
import type { Reads } from './application.js'
import type { FaultName, Faults } from './faults/classes.js'
import { PLACEMENTS, type Placement } from './placement.js'

export interface Scenario {
  readonly members: number
  readonly clients: number
  /** Operations of each client; null: as many as the application says. */
  readonly requests: number | null
  /** Messages lost, out of a million. */
  readonly lossPerMillion: number
  /** Messages delivered twice, out of a million. */
  readonly duplicationPerMillion: number
  /** A message takes `delayMicros` give or take up to `jitterMicros`. */
  readonly delayMicros: Micros
  readonly jitterMicros: Micros
  /** How often a member crashes; each starts again after a while. */
  readonly crashes: number
  /** How the clients of `classic` read. */
  readonly reads: Reads
  /** Where the clients are. */
  readonly placement: Placement
  /** Clients begin nothing from this time on, whatever `requests` says; null: no such time. */
  readonly untilMicros: Micros | null
  /** The run is cut off at this simulated time. */
  readonly lengthMicros: Micros
  /** What goes wrong beside that, and how hard. */
  readonly faults: Faults
  /** What is left out of that, so that nothing else changes. */
  readonly omitted: Omitted
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
  lossPerMillion: 50_000,
  duplicationPerMillion: 0,
  delayMicros: 30_000,
  jitterMicros: 20_000,
  crashes: 0,
  reads: 'decree',
  placement: 'last',
  untilMicros: null,
  lengthMicros: 60_000_000,
  faults: {},
  omitted: { faults: [], clients: [] },
}

/** Seeds are whole numbers from 0 up to this, 2^32 − 1. */
export const LAST_SEED = 0xffff_ffff

/** Crashes come one in each interval of this length. */
export const CRASH_INTERVAL_MICROS = 500_000

/** The fields of a scenario that are numbers. */
export type Quantity = Exclude<keyof Scenario, 'reads' | 'placement' | 'faults' | 'omitted'>

/** From where to where each may go, both included. */
export const BOUNDS: Readonly<Record<Quantity, readonly [low: number, high: number]>> = {
  members: [1, 100],
  clients: [0, 10_000],
  requests: [0, 1_000_000],
  lossPerMillion: [0, 990_000],
  duplicationPerMillion: [0, 1_000_000],
  delayMicros: [0, 3_600_000_000],
  jitterMicros: [0, 3_600_000_000],
  crashes: [0, 10_000],
  untilMicros: [0, 1_000_000_000_000],
  lengthMicros: [0, 1_000_000_000_000],
}

/** A member that crashed is down for up to two seconds; then there may have to be an election, and some catching up. */
const RECOVERY_MICROS = 5_000_000

/** Throws a RangeError, with a sentence, when a seed or a scenario is not one that can be run. */
export function checkScenario(seed: number, scenario: Scenario): void {
  checkRange('seed', seed, 0, LAST_SEED)
  for (const [name, [low, high]] of Object.entries(BOUNDS)) {
    const value = scenario[name as Quantity] // the keys of BOUNDS are fields of a scenario
    if (value !== null) checkRange(name, value, low, high)
  }
  const { jitterMicros, delayMicros, crashes, lengthMicros } = scenario
  if (jitterMicros > delayMicros) {
    throw new RangeError(
      `A jitter of ${jitterMicros / 1000} ms exceeds the delay of ${delayMicros / 1000} ms: no message may arrive before it is sent.`,
    )
  }
  if (crashes > 0 && crashes * CRASH_INTERVAL_MICROS + RECOVERY_MICROS > lengthMicros) {
    throw new RangeError(
      `Crashes come one every ${CRASH_INTERVAL_MICROS / 1_000_000} simulated seconds, and after the last it takes up to ${RECOVERY_MICROS / 1_000_000} to recover: ${crashes} of them do not fit into a length of ${lengthMicros / 1_000_000}.`,
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

function checkRange(name: string, value: number, low: number, high: number): void {
  if (Number.isInteger(value) && value >= low && value <= high) return
  throw new RangeError(`${name} must be a whole number from ${low} to ${high}, and ${value} is not.`)
}
