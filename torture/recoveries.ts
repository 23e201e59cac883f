/** How long it took, each time that a leader was killed, until a write was acknowledged again. */
import { ELECTION_TIMEOUT_MILLIS } from './settings.js'

export interface RecoverySummary {
  readonly count: number
  readonly medianMillis: number
  readonly p99Millis: number
  readonly maxMillis: number
  /** The same in election timeouts. */
  readonly medianTimeouts: number
  readonly p99Timeouts: number
  readonly maxTimeouts: number
}

/** Null if there was none. */
export function summaryOf(recoveries: readonly number[]): RecoverySummary | null {
  if (recoveries.length === 0) return null
  const sorted = [...recoveries].sort((a, b) => a - b)
  const at = (part: number): number => sorted[Math.ceil(part * sorted.length) - 1] ?? 0
  const [medianMillis, p99Millis, maxMillis] = [at(0.5), at(0.99), at(1)].map(Math.round) as [
    number,
    number,
    number,
  ]
  const timeouts = (millis: number): number => Math.round((100 * millis) / ELECTION_TIMEOUT_MILLIS) / 100
  return {
    count: sorted.length,
    medianMillis,
    p99Millis,
    maxMillis,
    medianTimeouts: timeouts(medianMillis),
    p99Timeouts: timeouts(p99Millis),
    maxTimeouts: timeouts(maxMillis),
  }
}
