/**
 * When a verdict that failed could not be avoided any more: the event after which it fails even if nothing goes wrong from
 * there on, no message is lost, every link and disk works, and whoever is down starts again at once.
 *
 * It is found by halving, each time with a run that is calm after some event. That tells the one where it turns, if it
 * turns once: up to the event before, calm would have saved the run, and from the event on it does not. Draws of a calm
 * run differ from those of the run itself, so that a failure that needs luck more than faults is found late, and one that
 * needs no faults at all at the first event.
 */
import { Node, type NodeOptions } from 'synod/paxos'
import { type Edit, Simulation } from 'synod/simulation'
import type { Cause } from './contract.js'
import type { Pause } from './simulated.js'
import type { ToldRun } from './told.js'

const STEPS = 2_048

/** A verdict that fails, and the event that broke it. */
export interface FailedVerdict {
  readonly name: string
  readonly event: number
}

/** For each verdict that fails the event from which on it could not be avoided; null: it fails in no calm run. */
export async function causesOf(
  told: ToldRun,
  edits: readonly Edit[],
  failed: readonly FailedVerdict[],
  pause: Pause,
): Promise<readonly Cause[]> {
  const calmRuns = new CalmRuns(told, edits, failed, pause)
  const causes: Cause[] = []
  // What breaks one verdict often breaks the others as well, so the cause of the one before is tried first.
  let hint = 1
  for (const verdict of [...failed].sort((one, other) => one.event - other.event)) {
    const inevitable = await inevitableFrom(calmRuns, verdict, hint)
    hint = inevitable ?? hint
    causes.push({ verdict: verdict.name, inevitable })
  }
  return causes
}

async function inevitableFrom(
  calmRuns: CalmRuns,
  { name, event }: FailedVerdict,
  hint: number,
): Promise<number | null> {
  if (!(await calmRuns.fails(name, event))) return null
  if (await calmRuns.fails(name, 1)) return 1
  let avoidable = 1
  let inevitable = event
  for (const likely of [hint, hint - 1]) {
    if (likely <= avoidable || likely >= inevitable) continue
    if (await calmRuns.fails(name, likely)) inevitable = likely
    else avoidable = likely
  }
  while (inevitable - avoidable > 1) {
    const middle = (avoidable + inevitable) >>> 1
    if (await calmRuns.fails(name, middle)) inevitable = middle
    else avoidable = middle
  }
  return inevitable
}

/** Runs that are calm after some event, each made once. */
class CalmRuns {
  readonly #told: ToldRun
  readonly #edits: readonly Edit[]
  readonly #failed: readonly FailedVerdict[]
  readonly #pause: Pause
  /** By the event: the verdicts that fail all the same. */
  readonly #failures: Map<number, ReadonlySet<string>> = new Map()

  constructor(told: ToldRun, edits: readonly Edit[], failed: readonly FailedVerdict[], pause: Pause) {
    this.#told = told
    this.#edits = edits
    this.#failed = failed
    this.#pause = pause
  }

  async fails(verdict: string, calmAfter: number): Promise<boolean> {
    const known = this.#failures.get(calmAfter)
    const failures = known ?? (await this.#run(calmAfter))
    this.#failures.set(calmAfter, failures)
    return failures.has(verdict)
  }

  /** Ends as soon as every verdict in question has failed. */
  async #run(calmAfter: number): Promise<ReadonlySet<string>> {
    const { seed, scenario, application, roles } = this.#told
    const makeNode = (options: NodeOptions): Node => new Node({ ...options, roles })
    const edits = this.#edits
    const simulation = new Simulation({ seed, scenario, application, edits, calmAfter, makeNode })
    while (simulation.advance(STEPS)) {
      if (this.#failuresIn(simulation).size === this.#failed.length) break
      await this.#pause()
    }
    return this.#failuresIn(simulation)
  }

  #failuresIn({ world: { verdicts } }: Simulation): ReadonlySet<string> {
    return new Set(this.#failed.map(({ name }) => name).filter((name) => verdicts[name]?.ok === false))
  }
}
