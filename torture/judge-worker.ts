/** The thread of the judge. */
import { parentPort } from 'node:worker_threads'
import { checkLinearizability, type HistoryEntry, operationsOfHistory } from 'synod/simulation'
import type { KeyVerdict } from './judge.js'

/** Far more than a key's history ever took. */
const MOST_STEPS = 50_000_000
/** How many operations of an order are shown. */
const TAIL = 6

parentPort?.on('message', ({ key, entries }: { key: string; entries: readonly HistoryEntry[] }) => {
  const { verdict, operations, keys } = checkLinearizability(
    'key-value',
    operationsOfHistory(entries),
    MOST_STEPS,
  )
  const [finding] = keys
  const story =
    verdict !== 'not linearizable' || finding === undefined
      ? []
      : [
          ...finding.order.slice(-TAIL).map((each) => lineOf(each)),
          `then it holds ${JSON.stringify(finding.state)}, and there is no place for`,
          finding.blocked === null ? 'what comes' : lineOf(finding.blocked),
        ]
  parentPort?.postMessage({ key, verdict, operations, story } satisfies KeyVerdict)
})

function lineOf(each: {
  process: number | string
  f: string
  input: unknown
  output: unknown
  outcome: string
}): string {
  const { process, f, input, output, outcome } = each
  return `process ${process}: ${f} ${JSON.stringify(input ?? output)} (${outcome})`
}
