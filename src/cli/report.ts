/** The summary of a run, for people. */
import { FAULTS, type FaultClass, type HistoryEntry, type Summary } from '../simulation/index.js'

type Paint = (text: string) => string

/** What came of a run, line by line. `alarm` paints what went wrong. */
export function report(
  { summary, history }: { readonly summary: Summary; readonly history: readonly HistoryEntry[] },
  wallSeconds: number,
  alarm: Paint,
): string[] {
  const { seed, ok, simulatedSeconds, events, messages, decided, requests, options } = summary
  const verdict = ok ? 'every verdict holds' : alarm('not every verdict holds')
  const { sent, delivered, dropped } = messages
  const became = (type: HistoryEntry['type']): number => history.filter((entry) => entry.type === type).length
  const outcomes = `${became('ok')} ok, ${became('fail')} failed, ${became('info')} unknown`
  return [
    `seed ${seed}: ${verdict}`,
    `  cluster   ${options.members} members, ${options.clients} clients, ${options.delayMicros / 1000} ± ${options.jitterMicros / 1000} ms`,
    `  faults    ${faultsOf(summary)}`,
    `  time      ${simulatedSeconds} s simulated in ${wallSeconds.toFixed(2)} s, ${events} events`,
    `  messages  ${sent} sent, ${delivered} delivered, ${dropped} dropped`,
    `  decided   ${decided} slots`,
    `  requests  ${requests.sent} sent, ${requests.answered} answered: ${outcomes}`,
    ...verdictsOf(summary, alarm),
  ]
}

/** What was on, how strong, and how many times it happened. */
function faultsOf({ options, faults }: Summary): string {
  const classes = Object.entries(options.faults).map(([name, strength]) => {
    const isRate = FAULTS[name as FaultClass].unit === 'perMillion' // the keys of faults are classes
    return `${name} ${isRate ? `${strength / 10_000} %` : `x${strength}`} (${faults[name] ?? 0})`
  })
  return classes.length === 0 ? 'none' : classes.join(', ')
}

/** So many verdicts are in a line. */
const VERDICTS_IN_LINE = 6

function verdictsOf({ verdicts }: Summary, alarm: Paint): string[] {
  const all = Object.entries(verdicts).map(([name, { ok, undecided }]) => {
    if (!ok) return alarm(`${name} FAILED`)
    return undecided === undefined ? `${name} ok` : `${name} undecided`
  })
  const lines: string[] = []
  for (let first = 0; first < all.length; first += VERDICTS_IN_LINE) {
    const line = all.slice(first, first + VERDICTS_IN_LINE).join(', ')
    lines.push(first === 0 ? `  verdicts  ${line}` : `            ${line}`)
  }
  return lines
}

/** The verdicts that failed: where, and why. A line each. */
export function failuresOf({ verdicts }: Summary): string[] {
  return Object.entries(verdicts).flatMap(([name, { ok, event = 0, reason = '' }]) => {
    const why = reason.replaceAll(/\s+/g, ' ')
    return ok ? [] : [`${name} failed at event ${event} (line ${event + 1} of the transcript): ${why}`]
  })
}
