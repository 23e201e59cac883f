/**
 * The shortest story of a bug, looked for in another way than by shrinking what a hunt has caught: in the situation that
 * was set up by hand for it, seed after seed, and the shortest run that shows the bug is kept. No run leads to another
 * one, so nothing is found here only because the shrinker would find it.
 */
import type { Failure, Scenario } from 'synod/simulation'
import type { Exhibit } from './exhibit.js'
import { processorSeconds } from './hunt.js'
import { situationOf, worldIn } from './situations.js'
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

/** Gives null if nothing is found in this time. */
export function search(exhibit: Exhibit, limitSeconds: number): Shortest | null {
  const trial = trialsWith(exhibit)
  const situation = situationOf(exhibit.name)
  const endSeconds = processorSeconds() + limitSeconds
  let best: Shortest | null = null
  for (let seed = 1; processorSeconds() < endSeconds; seed++) {
    const mostEvents = (best?.failure.event ?? MOST_EVENTS) - 1
    const scenario = worldIn(situation, seed)
    const failure = trial(scenario, seed, { verdict: null, mostEvents, patience: mostEvents + PATIENCE })
    if (failure === null || !exhibit.verdicts.includes(failure.verdict)) continue
    if (!failsAnyway(exhibit, scenario, seed)) best = { scenario, seed, failure }
  }
  return best
}
