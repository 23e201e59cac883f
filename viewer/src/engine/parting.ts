/** Where two runs part: the first event that is not the same in both. */
import type { OpenedRun } from './opened.js'
import type { Pause } from './simulated.js'

/** How many lines are compared in a slice. */
const LINES = 1_024

/** Null: they are the same. Runs of which one goes on where the other ends part there. */
export async function partingOf(one: OpenedRun, other: OpenedRun, pause: Pause): Promise<number | null> {
  const shorter = Math.min(one.run.eventCount, other.run.eventCount)
  for (let event = 1; event <= shorter; event++) {
    if (one.line(event) !== other.line(event)) return event
    if (event % LINES === 0) await pause()
  }
  return one.run.eventCount === other.run.eventCount ? null : shorter + 1
}
