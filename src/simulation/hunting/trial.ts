/** A trial: does a run fail, which verdict, and where? */
import type { Micros } from '../../paxos/index.js'
import type { Scenario } from '../scenario.js'
import { Simulation, type SimulationOptions } from '../simulate.js'
import type { VerdictResult } from '../verdicts/verdict.js'

/** A verdict that failed. */
export interface Failure {
  readonly verdict: string
  readonly reason: string
  /** The number of the event that broke it. */
  readonly event: number
  /** The run had come this far when it was noticed. */
  readonly timeMicros: Micros
}

/** What a trial looks for. */
export interface Sought {
  /** The verdict that must fail; null: any, and of several the one that was broken first. */
  readonly verdict: string | null
  /** A failure after this many events is none. */
  readonly mostEvents: number
}

/** Gives the failure that is sought, or null when there is none. */
export type Trial = (scenario: Scenario, seed: number, sought: Sought) => Failure | null

/** So many things happen between two looks at the verdicts. */
const STEPS = 64

/** Trials in a real world, with this application and these nodes. Each ends as soon as it has its result. */
export function trialsOf(options: Pick<SimulationOptions, 'application' | 'settings' | 'makeNode'>): Trial {
  return (scenario, seed, sought) => {
    const simulation = new Simulation({ ...options, scenario, seed })
    const { world } = simulation
    for (;;) {
      const more = simulation.advance(STEPS)
      const failure = more && sought.verdict === null ? null : firstFailure(world.verdicts, sought.verdict)
      if (failure !== null && failure.event <= sought.mostEvents) {
        return { ...failure, timeMicros: world.nowMicros }
      }
      if (!more || failure !== null || world.events > sought.mostEvents) return null
    }
  }
}

/** The verdict that was broken first; only this one, if it is named. */
export function firstFailure(
  verdicts: Readonly<Record<string, VerdictResult>>,
  only: string | null = null,
): Omit<Failure, 'timeMicros'> | null {
  let first: Omit<Failure, 'timeMicros'> | null = null
  for (const [verdict, { ok, event = 0, reason = '' }] of Object.entries(verdicts)) {
    if (ok || (only !== null && verdict !== only)) continue
    if (first === null || event < first.event) first = { verdict, reason, event }
  }
  return first
}
