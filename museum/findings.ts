/** What is known of each exhibit: how soon it is found, and the shortest story of it. */
import { readFileSync, writeFileSync } from 'node:fs'

export interface Finding {
  /** How many seeds it took from each of the starts; null: it was not found within the limit. */
  readonly seeds: readonly (number | null)[]
  /** The verdict that fails first, and the number of the event that breaks it, in a run that was caught and shrunk. */
  readonly verdict: string
  readonly events: number
  /** One integer that replays it. */
  readonly story: string
  /** The shortest story that is known of it, however it was found. */
  readonly shortest: { readonly events: number; readonly story: string }
}

/** One bug, as the command line tells of it. */
export interface Told extends Finding {
  readonly bug: string
  readonly found: boolean
  /** How long it took to make a run that was caught now as short; null where that was not tried, or not reached. */
  readonly shrunkSeconds: number | null
  readonly isShort: boolean
}

/** A story has at most so many times the events of the shortest that is known. */
export const MOST_TIMES_SHORTEST = 2

/** By the name of the exhibit. */
export type Findings = Readonly<Record<string, Finding>>

export function readFindings(file: URL): Findings {
  return JSON.parse(readFileSync(file, 'utf8')) as Findings // written by writeFindings
}

export function writeFindings(file: URL, findings: Findings): void {
  writeFileSync(file, `${JSON.stringify(findings, null, 2)}\n`)
}

/** The middle one of these counts; null if most starts found nothing. */
export function medianOf(seeds: readonly (number | null)[]): number | null {
  const sorted = seeds.map((count) => count ?? Number.POSITIVE_INFINITY).sort((a, b) => a - b)
  const middle = sorted[sorted.length >> 1] ?? Number.POSITIVE_INFINITY
  return Number.isFinite(middle) ? middle : null
}
