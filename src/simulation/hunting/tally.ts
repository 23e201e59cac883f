/** What came of many runs, added up. Plain data, so that workers can send it. */
import type { Summary } from '../summary.js'
import type { VerdictResult } from '../verdicts/verdict.js'
import { type Broken, firstBroken } from './trial.js'

/** A seed whose run fails, with the verdict that was broken first. */
export interface Found extends Broken {
  readonly seed: number
}

/** How long a run took. */
interface Duration {
  readonly seed: number
  readonly wallMillis: number
  readonly simulatedSeconds: number
}

/** How many operations clients began in a second of a run. */
interface Fewest {
  readonly seed: number
  readonly perSecond: number
}

export interface Tally {
  /** How many runs. */
  readonly seeds: number
  /** By seed. */
  readonly failed: readonly Found[]
  readonly events: number
  readonly simulatedMicros: number
  /** How many operations clients began; and the run in which they began fewest a simulated second, null of none. */
  readonly requests: number
  readonly fewest: Fewest | null
  /** How many operations the verdict on liveness judged while partitions of each class were all that was wrong. */
  readonly judged: Readonly<Record<string, number>>
  /** How often each class of faults happened. */
  readonly faults: Readonly<Record<string, number>>
  /** How many runs had stores that were refused; and how many such stores there were, by what is wrong with them. */
  readonly refusals: number
  readonly refused: Readonly<Record<string, number>>
  /** In how many runs each verdict failed … */
  readonly failures: Readonly<Record<string, number>>
  /** … or could not be decided, though nothing wrong was found. */
  readonly undecided: Readonly<Record<string, number>>
  /** … or was not asked for any more, because too many stores were lost. */
  readonly notAsked: Readonly<Record<string, number>>
  /** The runs that took longest, the longest first. */
  readonly slowest: readonly Duration[]
}

export const NOTHING: Tally = {
  seeds: 0,
  failed: [],
  events: 0,
  simulatedMicros: 0,
  requests: 0,
  fewest: null,
  judged: {},
  faults: {},
  refusals: 0,
  refused: {},
  failures: {},
  undecided: {},
  notAsked: {},
  slowest: [],
}

/** So many of the slowest runs are remembered. */
const SLOWEST = 5

/** One run. */
export function tallyOf(summary: Summary, wallMillis: number): Tally {
  const { seed, events, simulatedSeconds, requests, verdicts } = summary
  const failure = firstBroken(verdicts)
  const count = (isSo: (verdict: VerdictResult) => boolean): Readonly<Record<string, number>> =>
    Object.fromEntries(Object.entries(verdicts).map(([name, verdict]) => [name, isSo(verdict) ? 1 : 0]))
  return {
    seeds: 1,
    failed: failure === null ? [] : [{ seed, ...failure }],
    events,
    simulatedMicros: Math.round(simulatedSeconds * 1_000_000),
    requests: requests.sent,
    fewest: { seed, perSecond: requests.sent / simulatedSeconds },
    judged: summary.judged,
    faults: summary.faults,
    refusals: Object.keys(summary.refused).length > 0 ? 1 : 0,
    refused: summary.refused,
    failures: count(({ ok }) => !ok),
    undecided: count(({ undecided }) => undecided !== undefined),
    notAsked: count(({ notAsked }) => notAsked !== undefined),
    slowest: [{ seed, wallMillis, simulatedSeconds }],
  }
}

export function addTallies(one: Tally, other: Tally): Tally {
  return {
    seeds: one.seeds + other.seeds,
    failed: [...one.failed, ...other.failed].sort((a, b) => a.seed - b.seed),
    events: one.events + other.events,
    simulatedMicros: one.simulatedMicros + other.simulatedMicros,
    requests: one.requests + other.requests,
    fewest: fewerOf(one.fewest, other.fewest),
    judged: addCounts(one.judged, other.judged),
    faults: addCounts(one.faults, other.faults),
    refusals: one.refusals + other.refusals,
    refused: addCounts(one.refused, other.refused),
    failures: addCounts(one.failures, other.failures),
    undecided: addCounts(one.undecided, other.undecided),
    notAsked: addCounts(one.notAsked, other.notAsked),
    slowest: [...one.slowest, ...other.slowest]
      .sort((a, b) => b.wallMillis - a.wallMillis || a.seed - b.seed)
      .slice(0, SLOWEST),
  }
}

function fewerOf(one: Fewest | null, other: Fewest | null): Fewest | null {
  if (one === null || other === null) return one ?? other
  const isFewer = other.perSecond - one.perSecond || other.seed - one.seed
  return isFewer < 0 ? other : one
}

function addCounts(
  one: Readonly<Record<string, number>>,
  other: Readonly<Record<string, number>>,
): Readonly<Record<string, number>> {
  const sum = { ...one }
  for (const [name, count] of Object.entries(other)) sum[name] = (sum[name] ?? 0) + count
  return sum
}
