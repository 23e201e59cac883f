/**
 * The shortest story of a bug, looked for in another way than by shrinking what a hunt has caught: in the situation that
 * was set up by hand for it, seed after seed, and the shortest run that shows the bug is kept. No run leads to another
 * one, so nothing is found here only because the shrinker would find it.
 */
import { type Failure, isSought, type Scenario } from 'synod/simulation'
import type { Exhibit } from './exhibit.js'
import { replayRun } from './hunt.js'
import { situationsOf, worldIn } from './situations.js'
import { failsAnyway, trialsWith } from './trial.js'

export interface Shortest {
  readonly scenario: Scenario
  readonly seed: number
  readonly failure: Failure
}

/** Longer stories than this are not looked for. */
const MOST_EVENTS = 5_000
/** Between the event that breaks a verdict, and the moment when that is noticed. */
const PATIENCE = 3_000

/**
 * The shortest in which this verdict fails, and first of all. Before each world it is asked whether it is over, with how many
 * there were, and whether anything was found. Null: nothing was.
 */
export function search(
  exhibit: Exhibit,
  verdict: string,
  isOver: (worlds: number, isFound: boolean) => boolean,
): Shortest | null {
  const trial = trialsWith(exhibit)
  const situations = situationsOf(exhibit.name)
  let best: Shortest | null = null
  for (let seed = 1; !isOver(seed - 1, best !== null); seed++) {
    const mostEvents = (best?.failure.event ?? MOST_EVENTS) - 1
    const scenario = worldIn(situations, seed)
    const failure = trial(scenario, seed, { verdict, mostEvents, patience: mostEvents + PATIENCE })
    if (failure === null || failure.event > mostEvents) continue
    const isFirst = isSought(replayRun(exhibit, { scenario, seed })?.verdict ?? '', verdict)
    if (isFirst && !failsAnyway(exhibit, scenario, seed)) best = { scenario, seed, failure }
  }
  return best
}
