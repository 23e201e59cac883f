/** What is known of each exhibit: how soon it is found, and the shortest story of it. */
import { readFileSync, writeFileSync } from 'node:fs'

export interface Finding {
  /** The verdict that fails first. */
  readonly verdict: string
  /** How many seeds it took from each of the starts; null: it was not found within the limit. */
  readonly seeds: readonly (number | null)[]
  /** One integer that replays it. */
  readonly story: string
  /** The number of the event that breaks the verdict, in that story and in the shortest that was ever recorded. */
  readonly events: number
  readonly shortest: number
}

/** One bug, as the command line tells of it. */
export interface Told extends Finding {
  readonly bug: string
  readonly found: boolean
}

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
