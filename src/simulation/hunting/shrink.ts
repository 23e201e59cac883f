/**
 * Shrinking: a run that fails is made simpler while the same verdict still fails, and not later. What happens depends
 * on what is left, so a smaller run may fail elsewhere, or in another way: that it fails is found out by running it.
 */
import { checkScenario, LAST_SEED, type Scenario } from '../scenario.js'
import { SIMPLIFIERS } from './simpler.js'
import { ANY_FAILURE, type Failure, type Trial } from './trial.js'

export interface ShrinkOptions {
  readonly scenario: Scenario
  readonly seed: number
  readonly trial: Trial
  /** No more runs than these. Default 20,000. */
  readonly mostRuns?: number
}

/** The shortest run so far that fails. */
export interface Shrunk {
  readonly scenario: Scenario
  readonly seed: number
  readonly failure: Failure
  /** How many runs it took. */
  readonly runs: number
}

const MOST_RUNS = 20_000

/**
 * What fails with one seed no more may still fail with another: so many are tried with each simpler scenario, and more
 * only when nothing else helps.
 */
const OTHER_SEEDS: readonly number[] = [20, 80, 320]

/** A simpler run may take this many times as long until its failure is noticed. */
const PATIENCE = 2

/**
 * Makes a run that fails shorter, counted in events until the failure. Gives the shortest so far after each trial, so
 * that the caller may stop at any time, and returns the last; null, when the run does not fail in the first place.
 * The same options always give the same.
 */
export function* shrink(options: ShrinkOptions): Generator<Shrunk, Shrunk | null, void> {
  const { scenario, seed, trial, mostRuns = MOST_RUNS } = options
  const failure = trial(scenario, seed, ANY_FAILURE)
  if (failure === null) return null
  const shrinker = new Shrinker(trial, mostRuns, { scenario, seed, failure, runs: 1 })
  yield shrinker.best
  yield* shrinker.run()
  return shrinker.best
}

class Shrinker {
  best: Shrunk
  readonly #trial: Trial
  readonly #mostRuns: number
  #runs: number
  /** What has been tried in vain: it would be again, since no later failure is ever looked for. */
  readonly #rejected: Set<string> = new Set()

  constructor(trial: Trial, mostRuns: number, best: Shrunk) {
    this.#trial = trial
    this.#mostRuns = mostRuns
    this.#runs = best.runs
    this.best = best
  }

  /** Until nothing helps any more. */
  *run(): Generator<Shrunk, void, void> {
    for (let failure: Failure | null = null; failure !== this.best.failure; ) {
      failure = this.best.failure
      yield* this.#simplify()
      for (const seeds of OTHER_SEEDS) {
        if (failure === this.best.failure) yield* this.#tryOtherSeeds(seeds)
      }
    }
  }

  *#simplify(): Generator<Shrunk, void, void> {
    for (const simplifier of SIMPLIFIERS) {
      const { scenario, failure } = this.best
      const candidates = simplifier(scenario, failure.timeMicros)
      for (let next = candidates.next(); next.done !== true && !this.#spent; ) {
        const taken = this.#take(next.value, this.best.seed, this.best.failure.event)
        yield this.best
        next = candidates.next(taken)
      }
    }
  }

  /** Each simpler scenario with the seeds that come next, and then this one, until something is taken. */
  *#tryOtherSeeds(seeds: number): Generator<Shrunk, void, void> {
    const { scenario, failure } = this.best
    for (const simplifier of SIMPLIFIERS) {
      const candidates = simplifier(scenario, failure.timeMicros)
      for (let next = candidates.next(); next.done !== true; next = candidates.next(false)) {
        yield* this.#trySeeds(next.value, seeds, failure.event)
        if (failure !== this.best.failure) return
      }
    }
    yield* this.#trySeeds(scenario, seeds, failure.event - 1)
  }

  *#trySeeds(scenario: Scenario, seeds: number, mostEvents: number): Generator<Shrunk, void, void> {
    const { seed } = this.best
    for (let step = 1; step <= seeds && !this.#spent; step++) {
      const taken = this.#take(scenario, (seed + step) % (LAST_SEED + 1), mostEvents)
      yield this.best
      if (taken) return
    }
  }

  get #spent(): boolean {
    return this.#runs >= this.#mostRuns
  }

  /** Tries a run, and takes it if the same verdict fails within so many events. */
  #take(scenario: Scenario, seed: number, mostEvents: number): boolean {
    const name = JSON.stringify([seed, scenario])
    if (this.#rejected.has(name) || !canRun(scenario, seed)) return false
    const { verdict, noticed } = this.best.failure
    this.#runs += 1
    const failure = this.#trial(scenario, seed, { verdict, mostEvents, patience: PATIENCE * noticed })
    const taken = failure !== null && failure.verdict === verdict && failure.event <= mostEvents
    if (!taken) this.#rejected.add(name)
    this.best = taken ? { scenario, seed, failure, runs: this.#runs } : { ...this.best, runs: this.#runs }
    return taken
  }
}

function canRun(scenario: Scenario, seed: number): boolean {
  try {
    checkScenario(seed, scenario)
    return true
  } catch (error) {
    if (error instanceof RangeError) return false
    throw error
  }
}
