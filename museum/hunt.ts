/** Hunts a planted bug, makes the run that shows it short, and replays it. */
import {
  ANY_FAILURE,
  type Failure,
  isSought,
  readStory,
  type Scenario,
  type Shrunk,
  shrink,
  storyMachine,
  tellStory,
} from 'synod/simulation'
import type { Exhibit } from './exhibit.js'
import { applicationOf, failsAnyway, scenarioOf, trialsWith } from './trial.js'

/** A run that fails. */
export interface Caught {
  readonly scenario: Scenario
  readonly seed: number
  readonly failure: Failure
  /** How many seeds it took. */
  readonly seeds: number
}

/** The starts of the hunts. */
export const STARTS: readonly number[] = [1, 100_001, 200_001, 300_001, 400_001]

/** A bug that is not caught within so many seeds is a hole in the simulator. */
export const MOST_SEEDS = 10_000

/** A run with more events than this shows nothing any more. */
const MOST_EVENTS = 1_000_000

/** The first seed from `start` on that shows the bug: that would not fail without it. Null if there is none. */
export function hunt(exhibit: Exhibit, start: number, mostSeeds: number): Caught | null {
  const trial = trialsWith(exhibit)
  for (let count = 1; count <= mostSeeds; count++) {
    const seed = start + count - 1
    const scenario = scenarioOf(exhibit, seed)
    const failure = trial(scenario, seed, { ...ANY_FAILURE, patience: MOST_EVENTS })
    if (failure === null || !exhibit.verdicts.includes(failure.verdict)) continue
    if (!failsAnyway(exhibit, scenario, seed)) return { scenario, seed, failure, seeds: count }
  }
  return null
}

/** What this process has taken, however busy the machine is with others. */
export function processorSeconds(): number {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1_000_000
}

/**
 * The shortest run that is found until it is enough, which is asked after each trial with the events of the shortest so
 * far. What fails without the bug as well, or breaks another verdict before, is no candidate.
 */
export function shorten(exhibit: Exhibit, caught: Caught, isEnough: (events: number) => boolean): Shrunk {
  const planted = trialsWith(exhibit)
  const { scenario, seed, failure } = caught
  let best: Shrunk = { scenario, seed, failure, runs: 0 }
  const candidates = shrink({
    scenario,
    seed,
    mostInVain: Number.POSITIVE_INFINITY,
    trial: (candidate, candidateSeed, sought) => {
      const failed = planted(candidate, candidateSeed, sought)
      if (failed === null || failsAnyway(exhibit, candidate, candidateSeed)) return null
      // Who replays it is told what was broken first.
      const first = planted(candidate, candidateSeed, ANY_FAILURE)
      return first !== null && isSought(first.verdict, sought.verdict) ? failed : null
    },
  })
  for (let next = candidates.next(); next.done !== true; next = candidates.next()) {
    if (next.value !== null) best = next.value
    if (isEnough(best.failure.event)) break
  }
  return best
}

/** The integer that replays a run. */
export function storyOf(exhibit: Exhibit, { scenario, seed }: Pick<Caught, 'scenario' | 'seed'>): string {
  return tellStory({ scenario, seed, machine: storyMachine(applicationOf(exhibit).name) })
}

/** What becomes of a run that was told, with the bug in it; null: nothing fails. Throws a `StoryError`. */
export function replay(exhibit: Exhibit, story: string): Failure | null {
  return replayRun(exhibit, readStory(story))
}

export function replayRun(
  exhibit: Exhibit,
  { scenario, seed }: Pick<Caught, 'scenario' | 'seed'>,
): Failure | null {
  return trialsWith(exhibit)(scenario, seed, ANY_FAILURE)
}
