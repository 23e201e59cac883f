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
import type { Pause } from './simulated.js'
import type { ToldRun } from './told.js'

const STEPS = 2_048

/** The event of the verdict of this name, which fails in the run at `failedAt`. Null: it fails in no calm run. */
export async function inevitableFrom(
  told: ToldRun,
  edits: readonly Edit[],
  verdict: string,
  failedAt: number,
  pause: Pause,
): Promise<number | null> {
  const fails = (calmAfter: number): Promise<boolean> => failsWhenCalm(told, edits, verdict, calmAfter, pause)
  if (!(await fails(failedAt))) return null
  if (await fails(1)) return 1
  let avoidable = 1
  let inevitable = failedAt
  while (inevitable - avoidable > 1) {
    const middle = (avoidable + inevitable) >>> 1
    if (await fails(middle)) inevitable = middle
    else avoidable = middle
  }
  return inevitable
}

async function failsWhenCalm(
  { seed, scenario, application, roles }: ToldRun,
  edits: readonly Edit[],
  verdict: string,
  calmAfter: number,
  pause: Pause,
): Promise<boolean> {
  const makeNode = (options: NodeOptions): Node => new Node({ ...options, roles })
  const simulation = new Simulation({ seed, scenario, application, edits, calmAfter, makeNode })
  while (simulation.advance(STEPS)) {
    if (simulation.world.verdicts[verdict]?.ok === false) return true
    await pause()
  }
  return simulation.world.verdicts[verdict]?.ok === false
}
