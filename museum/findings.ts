/** What is known of each exhibit: how soon it is found, and short stories of it. */
import { readFileSync, renameSync, writeFileSync } from 'node:fs'

/** A run that shows a bug, as one integer, and the number of the event that breaks its verdict. */
export interface ShortStory {
  readonly events: number
  readonly story: string
}

export interface Finding extends ShortStory {
  /** How many seeds it took from each of the starts; null: it was not found within the limit. */
  readonly seeds: readonly (number | null)[]
  /** The verdict that fails first. Its story is what the shrinker made of a run that was caught. */
  readonly verdict: string
  /**
   * The shortest in which the same verdict fails in a situation that was set up by hand; null: none is known. The shrinker
   * has no part in it.
   */
  readonly byHand: ShortStory | null
}

/** One bug, as the command line tells of it. */
export interface Told extends Finding {
  readonly bug: string
  readonly found: boolean
  /** How long it took to make a run that was caught now as short; null where that was not tried. */
  readonly shrunkSeconds: number | null
}

/** A story has at most so many times the events of the shortest by hand. */
export const MOST_TIMES_BY_HAND = 2

export function isShort({ events, byHand }: Pick<Finding, 'events' | 'byHand'>): boolean {
  return byHand === null || events <= MOST_TIMES_BY_HAND * byHand.events
}

/** By the name of the exhibit. */
export type Findings = Readonly<Record<string, Finding>>

export function readFindings(file: URL): Findings {
  return JSON.parse(readFileSync(file, 'utf8')) as Findings // written by writeFindings
}

/** As a whole: workers read it meanwhile. */
export function writeFindings(file: URL, findings: Findings): void {
  const whole = new URL(`${file.href}.new`)
  writeFileSync(whole, `${JSON.stringify(findings, null, 2)}\n`)
  renameSync(whole, file)
}

/** The middle one of these counts; null if most starts found nothing. */
export function medianOf(seeds: readonly (number | null)[]): number | null {
  const sorted = seeds.map((count) => count ?? Number.POSITIVE_INFINITY).sort((a, b) => a - b)
  const middle = sorted[sorted.length >> 1] ?? Number.POSITIVE_INFINITY
  return Number.isFinite(middle) ? middle : null
}
