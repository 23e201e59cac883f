/**
 * Shrinking: a run that fails is made shorter while the same verdict still fails. What happens depends on what is left,
 * so a smaller run may fail elsewhere, or in another way, or not at all: that it fails is found out by running it.
 *
 * There are two ways, in turns. What is there is made simpler, one thing after the other: that is quick, and ends where
 * nothing can be left out any more. And other worlds are tried, small ones that are drawn and the neighbours of those
 * that failed so far, each with a seed of its own: few messages have few schedules, and what made a large run fail does so
 * in a tiny one too.
 */
import { DRAW, hash, prefix, within } from '../random.js'
import { checkScenario, LAST_SEED, type Scenario } from '../scenario.js'
import { SIMPLIFIERS } from './simpler.js'
import { type Draw, halfWay, neighbour, smallWorld } from './smaller.js'
import { ANY_FAILURE, type Failure, isSought, type Trial } from './trial.js'

export interface ShrinkOptions {
  readonly scenario: Scenario
  readonly seed: number
  readonly trial: Trial
  /** No more runs than these. Default: any number. */
  readonly mostRuns?: number
  /** It ends when so many runs in a row did not help. Default 5,000. */
  readonly mostInVain?: number
}

/** The shortest run so far that fails. */
export interface Shrunk {
  readonly scenario: Scenario
  readonly seed: number
  readonly failure: Failure
  /** How many runs it took. */
  readonly runs: number
}

const MOST_IN_VAIN = 5_000

/** So many runs that fail are kept, to look for shorter ones near each. */
const KEPT = 6

/** What is kept has at most this many times the events of the shortest. */
const FARTHEST = 2

/**
 * So many small worlds are tried before a large one is made simpler, or its neighbours are tried: each run of that takes
 * long. One for each of so many events, and at least and at most so many.
 */
const EVENTS_A_FIRST_STEP = 10
const FIRST_STEPS = [100, 2_000] as const

/** One world of so many is drawn anew, one is half way from there to what is kept, and the others are near that. */
const WAYS = 4

/** As long as the shortest has as many events as these, small worlds may be larger: once doubled for each. */
const DOUBLED = [1_000, 2_000] as const

/** A shorter run may take this many times as long from its failure until that is noticed. */
const PATIENCE = 2
/** Events between two looks at the verdicts. */
const LOOK = 64

/**
 * Makes a run that fails shorter, counted in events until the failure. Gives the shortest so far after each trial, so
 * that the caller may stop at any time, and returns the last; null, when the run does not fail in the first place.
 * The same options always give the same.
 */
export function* shrink(options: ShrinkOptions): Generator<Shrunk, Shrunk | null, void> {
  const { scenario, seed, trial } = options
  const failure = trial(scenario, seed, ANY_FAILURE)
  if (failure === null) return null
  const shrinker = new Shrinker(options, { scenario, seed, failure })
  yield shrinker.shortest
  yield* shrinker.run()
  return shrinker.shortest
}

/** A run that fails. */
type Failing = Omit<Shrunk, 'runs'>

class Shrinker {
  readonly #trial: Trial
  readonly #mostRuns: number
  readonly #mostInVain: number
  #runs = 1
  readonly #origin: Failing
  /** The shortest first. */
  #kept: readonly [Failing, ...Failing[]]
  /** What was made simpler in vain would be again, since no later failure is ever looked for. */
  readonly #rejected: Set<string> = new Set()

  constructor(options: ShrinkOptions, origin: Failing) {
    const { trial, mostRuns = Number.POSITIVE_INFINITY, mostInVain = MOST_IN_VAIN } = options
    this.#trial = trial
    this.#mostRuns = mostRuns
    this.#mostInVain = mostInVain
    this.#origin = origin
    this.#kept = [origin]
  }

  get shortest(): Shrunk {
    return { ...this.#kept[0], runs: this.#runs }
  }

  /** Until nothing helps any more. */
  *run(): Generator<Shrunk, void, void> {
    const bits = prefix(this.#origin.seed, DRAW.shrink)
    const [fewest, most] = FIRST_STEPS
    const firstSteps = Math.min(most, Math.max(fewest, this.#origin.failure.event / EVENTS_A_FIRST_STEP))
    let simplest: Failing | null = null
    for (let step = 0, vain = 0; vain < this.#mostInVain && !this.#spent; step++, vain++) {
      if (this.#kept[0] !== simplest && step >= firstSteps) {
        yield* this.#simplify()
        simplest = this.#kept[0]
        vain = 0
      }
      let draws = 0
      this.#wander((low, high) => within(hash(bits, step, draws++, 0), low, high), step < firstSteps)
      yield this.shortest
    }
  }

  /** Makes the shortest simpler, in each way that there is. */
  *#simplify(): Generator<Shrunk, void, void> {
    for (const simplifier of SIMPLIFIERS) {
      const [{ scenario, failure }] = this.#kept
      const candidates = simplifier(scenario, failure.timeMicros)
      for (let next = candidates.next(); next.done !== true && !this.#spent; ) {
        const simpler = this.#trySimpler(next.value)
        if (simpler !== null) this.#keep(simpler, 0)
        yield this.shortest
        next = candidates.next(simpler !== null)
      }
    }
  }

  #trySimpler(scenario: Scenario): Failing | null {
    const [{ seed, failure }] = this.#kept
    const name = JSON.stringify([seed, scenario])
    if (this.#rejected.has(name)) return null
    const simpler = this.#try(scenario, seed, failure.event)
    if (simpler === null) this.#rejected.add(name)
    return simpler
  }

  /** Tries one world: a new one, or one on the way to a world that is kept, or next to it; at first only if that is small. */
  #wander(draw: Draw, isFirst: boolean): void {
    const [{ failure }] = this.#kept
    const seed = draw(0, LAST_SEED)
    const place = draw(0, KEPT - 1)
    const known = this.#kept[place]
    const { scenario: origin } = this.#origin
    const way = draw(1, WAYS)
    if (known !== undefined && way > 1 && !(isFirst && known === this.#origin)) {
      const next = way === 2 ? halfWay(known.scenario, origin, draw) : neighbour(known.scenario, origin, draw)
      const shorter = this.#try(next, seed, known.failure.event - 1)
      if (shorter !== null) this.#keep(shorter, place)
      return
    }
    const last = this.#kept[KEPT - 1]?.failure.event ?? FARTHEST * failure.event
    const doublings = DOUBLED.filter((events) => failure.event >= events).length
    const found = this.#try(
      smallWorld(origin, draw, doublings),
      seed,
      Math.min(last, this.#origin.failure.event) - 1,
    )
    if (found !== null) this.#keep(found, KEPT - 1)
  }

  /** Keeps a run in the place of another. */
  #keep(failing: Failing, place: number): void {
    const others = this.#kept.filter((_, at) => at !== place)
    const all = [failing, ...others].sort((a, b) => a.failure.event - b.failure.event)
    const [shortest = failing] = all
    const farthest = FARTHEST * shortest.failure.event
    this.#kept = [shortest, ...all.slice(1).filter(({ failure }) => failure.event <= farthest)]
  }

  get #spent(): boolean {
    return this.#runs >= this.#mostRuns
  }

  /** The run, if the same verdict fails in it within so many events. */
  #try(scenario: Scenario, seed: number, mostEvents: number): Failing | null {
    if (!canRun(scenario, seed)) return null
    const [{ failure: shortest }] = this.#kept
    const { verdict, event, noticed } = shortest
    const patience = mostEvents + PATIENCE * (noticed - event) + LOOK
    this.#runs += 1
    const failure = this.#trial(scenario, seed, { verdict, mostEvents, patience })
    const isShort = failure !== null && isSought(failure.verdict, verdict) && failure.event <= mostEvents
    return isShort ? { scenario, seed, failure } : null
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
