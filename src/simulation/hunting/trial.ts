/** A trial: does a run fail, which verdict, and where? */
import type { Micros } from '../../paxos/index.js'
import type { Scenario } from '../scenario.js'
import { Simulation, type SimulationOptions } from '../simulate.js'
import type { VerdictResult } from '../verdicts/verdict.js'

/** A verdict that failed. */
export interface Broken {
  readonly verdict: string
  readonly reason: string
  /** The number of the event that broke it. */
  readonly event: number
}

export interface Failure extends Broken {
  /** When that happened; null when it was the end of the run that broke the verdict. */
  readonly timeMicros: Micros | null
  /** So many events had happened when it was noticed: some verdicts wait for the end of the run. */
  readonly noticed: number
}

/** What a trial looks for. */
export interface Sought {
  /** The verdict that must fail, see {@link isSought}; null: any, and of several the one that was broken first. */
  readonly verdict: string | null
  /** An event after this one does not count. */
  readonly mostEvents: number
  /** After so many events it gives up. */
  readonly patience: number
}

/** Whatever fails, whenever. */
export const ANY_FAILURE: Sought = {
  verdict: null,
  mostEvents: Number.MAX_SAFE_INTEGER,
  patience: Number.MAX_SAFE_INTEGER,
}

/**
 * Whether a verdict is the one that is sought. Who looks for a run that does not come to rest has also found one in which
 * an operation takes too long: it says the same, and names where it did.
 */
export function isSought(verdict: string, sought: string | null): boolean {
  return sought === null || verdict === sought || (sought === 'ended' && verdict === 'liveness')
}

/** Gives the failure that is sought, or null when there is none. */
export type Trial = (scenario: Scenario, seed: number, sought: Sought) => Failure | null

/** Where the world of a trial comes from, its scenario and its seed aside. */
type Parts = Pick<SimulationOptions, 'application' | 'settings' | 'makeNode'>

/** So many things happen between two looks at the verdicts. */
const STEPS = 64

/** Trials in a real world, of these parts. Each ends as soon as it has its result. */
export function trialsOf(parts: Parts): Trial {
  return (scenario, seed, { verdict, mostEvents, patience }) => {
    const options = { ...parts, scenario, seed }
    const simulation = new Simulation(options)
    const { world } = simulation
    for (;;) {
      const more = simulation.advance(STEPS)
      const broken = more && verdict === null ? null : firstBroken(world.verdicts, verdict)
      if (broken !== null && broken.event <= mostEvents) {
        const isEnd = !more && broken.event === world.events
        const timeMicros = isEnd ? null : timeOf(broken.event, options)
        return { ...broken, timeMicros, noticed: world.events }
      }
      if (!more || broken !== null || world.events > patience) return null
    }
  }
}

/** When an event happens. */
function timeOf(event: number, options: SimulationOptions): Micros {
  let found: Micros | null = null
  const simulation = new Simulation({
    ...options,
    onEvent: (_, number, timeMicros) => {
      if (number === event) found = timeMicros
    },
  })
  while (found === null && simulation.advance(STEPS)) {
    // until it has happened
  }
  return found ?? simulation.world.nowMicros
}

/** The verdict that was broken first; of those that are sought, if one is named. */
export function firstBroken(
  verdicts: Readonly<Record<string, VerdictResult>>,
  only: string | null = null,
): Broken | null {
  let first: Broken | null = null
  for (const [verdict, { ok, event = 0, reason = '' }] of Object.entries(verdicts)) {
    if (ok || !isSought(verdict, only)) continue
    if (first === null || event < first.event) first = { verdict, reason, event }
  }
  return first
}
