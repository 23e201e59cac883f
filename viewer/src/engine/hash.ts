/** The hash of a transcript, as the terminal prints it: of all lines, the head first, each with its line feed. */
import { TranscriptHash } from 'synod/simulation'
import type { OpenedRun } from './opened.js'
import type { Pause } from './simulated.js'

/** How many lines are written in a slice: some milliseconds' worth. */
const LINES = 1_024

/** Null for a run that has no head. */
export async function hashOf(opened: OpenedRun, pause: Pause): Promise<string | null> {
  const { head } = opened.parts
  if (head === null) return null
  const hash = new TranscriptHash()
  hash.add(head)
  for (let from = 1; from <= opened.run.eventCount; from += LINES) {
    for (const line of opened.lines(from, from + LINES - 1)) hash.add(line)
    await pause()
  }
  return hash.digest()
}
