/** Trials of an exhibit: does a run with its bug fail, and which verdict first? */
import {
  ANY_FAILURE,
  type AnyApplication,
  type Failure,
  type Scenario,
  Simulation,
  type SimulationOptions,
  sharedApplication,
  swarm,
  type Trial,
  trialsOf,
} from 'synod/simulation'
import type { Exhibit } from './exhibit.js'

const SHARED = sharedApplication()

/** The runs that a bug is hunted in. */
export function scenarioOf({ scenario = swarm }: Exhibit, seed: number): Scenario {
  return scenario(seed)
}

/** What the clients of those runs do. */
export function applicationOf({ application = SHARED }: Exhibit): AnyApplication {
  return application
}

/** Trials with the bug planted, anew for each run. A run in which a node throws shows nothing: no verdict has seen it. */
export function trialsWith(exhibit: Exhibit): Trial {
  if (exhibit.check === 'determinism') return twice(exhibit)
  const application = applicationOf(exhibit)
  return (scenario, seed, sought) => {
    try {
      return trialsOf({ application, makeNode: exhibit.plant() })(scenario, seed, sought)
    } catch (error) {
      if (error instanceof TypeError || error instanceof RangeError) return null
      throw error
    }
  }
}

/** Whether a run fails without any bug: then it shows nothing. */
export function failsAnyway(exhibit: Exhibit, scenario: Scenario, seed: number): boolean {
  return trialsOf({ application: applicationOf(exhibit) })(scenario, seed, ANY_FAILURE) !== null
}

/** Runs everything twice in one process, and compares the transcripts. */
function twice(exhibit: Exhibit): Trial {
  return (scenario, seed, { verdict, mostEvents }) => {
    if (verdict !== null && verdict !== 'determinism') return null
    const lines: string[] = []
    const options = { scenario, seed, application: applicationOf(exhibit) }
    run({ ...options, makeNode: exhibit.plant() }, (line) => lines.push(line) < MOST_LINES)
    let count = 0
    let failure: Failure | null = null
    run({ ...options, makeNode: exhibit.plant() }, (line, timeMicros) => {
      if (line !== lines[count]) {
        const reason = 'a second run of the same seed in the same process is not the same'
        failure = { verdict: 'determinism', reason, event: count, timeMicros, noticed: count }
      }
      count += 1
      return failure === null && count < lines.length
    })
    return count > mostEvents ? null : failure
  }
}

/** Transcripts are compared so far. */
const MOST_LINES = 20_000

/** Runs until the listener, who hears every line and when it happened, has heard enough. */
function run(options: SimulationOptions, listener: (line: string, timeMicros: number) => boolean): void {
  const lines: string[] = []
  const simulation = new Simulation({ ...options, onLine: (line) => lines.push(line) })
  for (let isWanted = true; isWanted && simulation.advance(1); ) {
    for (const line of lines.splice(0)) isWanted = isWanted && listener(line, simulation.world.nowMicros)
  }
}
