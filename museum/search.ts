/**
 * The shortest story of a bug, looked for in another way than by shrinking what a hunt has caught: tiny worlds are drawn
 * blindly, over all classes of faults, and the shortest run that shows the bug is kept. No run leads to another one, so
 * nothing is found here only because the shrinker would find it.
 */
import { FAULTS, type Failure, type FaultClass, type Faults, type Scenario, swarm } from 'synod/simulation'
import type { Exhibit } from './exhibit.js'
import { processorSeconds } from './hunt.js'
import { failsAnyway, trialsWith } from './trial.js'

export interface Shortest {
  readonly scenario: Scenario
  readonly seed: number
  readonly failure: Failure
}

/** Longer stories than this are not looked for. */
const MOST_EVENTS = 2_000
/** Between the event that breaks a verdict, and the moment when that is noticed. */
const PATIENCE = 3_000
const CLASSES = Object.keys(FAULTS) as FaultClass[] // its keys are the classes

/** Gives null if nothing is found in this time. */
export function search(exhibit: Exhibit, limitSeconds: number): Shortest | null {
  const trial = trialsWith(exhibit)
  const endSeconds = processorSeconds() + limitSeconds
  let best: Shortest | null = null
  for (let seed = 1; processorSeconds() < endSeconds; seed++) {
    const mostEvents = (best?.failure.event ?? MOST_EVENTS) - 1
    const scenario = tinyWorld(exhibit, seed)
    const failure = trial(scenario, seed, { verdict: null, mostEvents, patience: mostEvents + PATIENCE })
    if (failure === null || !exhibit.verdicts.includes(failure.verdict)) continue
    if (!failsAnyway(exhibit, scenario, seed)) best = { scenario, seed, failure }
  }
  return best
}

/** A world of one to three members, up to three clients, and at most two classes of faults, soon after the beginning. */
function tinyWorld({ scenario = swarm }: Exhibit, seed: number): Scenario {
  let rest = seed * 2_654_435_761
  const draw = (count: number): number => {
    rest = Math.imul(rest ^ (rest >>> 15), 0x2c1b3c6d) >>> 0
    rest = Math.imul(rest ^ (rest >>> 12), 0x297a2d39) >>> 0
    return (rest ^ (rest >>> 15)) % count
  }
  const usual = scenario(seed)
  const quietMicros = 100_000 * 2 ** draw(6)
  const delayMicros = 200 * 4 ** draw(4)
  return {
    ...usual,
    members: 1 + draw(3),
    clients: 1 + draw(3),
    requests: 1 + draw(4),
    delayMicros,
    jitterMicros: draw(2) * delayMicros,
    alpha: 2 ** draw(4),
    logBytes: 100 * 4 ** draw(4),
    chunkBytes: 50 * 4 ** draw(3),
    paceMicros: null,
    untilMicros: null,
    quietMicros,
    lengthMicros: quietMicros + 8_000_000,
    faults: fewFaults(usual.overBudget, draw),
  }
}

/** Stores that lie are there only where the exhibit cannot do without. */
function fewFaults(isOverBudget: boolean, draw: (count: number) => number): Faults {
  const known = CLASSES.filter((name) => name !== 'lying-sync' && name !== 'rollback')
  const faults: { [Class in FaultClass]?: number } = isOverBudget ? { rollback: 1 } : {}
  for (let count = draw(3); count > 0; count--) {
    const name = known[draw(known.length)] ?? 'loss'
    faults[name] = FAULTS[name].unit === 'times' ? 1 + draw(3) : 50_000 * (1 + draw(4))
  }
  return faults
}
