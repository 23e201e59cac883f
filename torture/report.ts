/** What came of it, as a table. */
import type { RecoverySummary } from './recoveries.js'

export interface Report {
  readonly verdict: 'holds' | 'fails'
  readonly seed: number
  readonly members: number
  readonly seconds: number
  /** How often each fault struck. */
  readonly faults: Readonly<Record<string, number>>
  /** kill −9s of processes. */
  readonly kills: number
  readonly operations: { readonly ok: number; readonly failed: number; readonly unknown: number }
  readonly judged: { readonly keys: number; readonly operations: number }
  /** From the kill −9 of a leader to the next acknowledged write that began after it, where nothing else was wrong. */
  readonly recovery: RecoverySummary | null
  readonly failures: readonly string[]
  /** Where the stores and the log are kept, after a failure. */
  readonly folder: string | null
}

export function tableOf(report: Report): string {
  const { verdict, seed, members, seconds, faults, kills, operations, judged, recovery, failures, folder } =
    report
  const struck = Object.entries(faults).map(([name, count]) => [`  ${name}`, `${count}`] as const)
  const rows: (readonly [string, string])[] = [
    ['seed', `${seed}`],
    ['members', `${members}`],
    ['seconds', `${seconds}`],
    ['faults', ''],
    ...struck,
    ['kill -9', `${kills} processes`],
    ['operations', `${operations.ok} ok, ${operations.failed} failed, ${operations.unknown} unknown`],
    ['judged', `${judged.operations} operations in ${judged.keys} histories`],
    [
      'recovery',
      recovery === null ? 'no leader was killed while nothing else was wrong' : recoveryOf(recovery),
    ],
    ['verdict', verdict],
  ]
  const width = Math.max(...rows.map(([name]) => name.length)) + 2
  const lines = rows.map(([name, value]) => `${name.padEnd(width)}${value}`.trimEnd())
  if (folder !== null) lines.push('', `Stores and log are kept in ${folder}.`)
  return [...lines, ...failures.map((failure) => `- ${failure}`)].join('\n')
}

function recoveryOf(recovery: RecoverySummary): string {
  const { count, medianMillis, p99Millis, maxMillis, medianTimeouts, p99Timeouts, maxTimeouts } = recovery
  const millis = `median ${medianMillis} ms, p99 ${p99Millis} ms, max ${maxMillis} ms`
  return `${count} times: ${millis} (${medianTimeouts}, ${p99Timeouts}, ${maxTimeouts} election timeouts)`
}
