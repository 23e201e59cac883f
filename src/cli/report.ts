/** The summary of a run, for people. */
import type { HistoryEntry, Summary } from '../simulation/index.js'

type Paint = (text: string) => string

/** What came of a run, line by line. `alarm` paints what went wrong. */
export function report(
  { summary, history }: { readonly summary: Summary; readonly history: readonly HistoryEntry[] },
  wallSeconds: number,
  alarm: Paint,
): string[] {
  const { seed, ok, simulatedSeconds, events, messages, decided, requests } = summary
  const verdict = ok ? 'every verdict holds' : alarm('not every verdict holds')
  const { sent, delivered, dropped } = messages
  const became = (type: HistoryEntry['type']): number => history.filter((entry) => entry.type === type).length
  const outcomes = `${became('ok')} ok, ${became('fail')} failed, ${became('info')} unknown`
  return [
    `seed ${seed}: ${verdict}`,
    `  time      ${simulatedSeconds} s simulated in ${wallSeconds.toFixed(2)} s, ${events} events`,
    `  messages  ${sent} sent, ${delivered} delivered, ${dropped} dropped`,
    `  decided   ${decided} slots`,
    `  requests  ${requests.sent} sent, ${requests.answered} answered: ${outcomes}`,
    ...verdictsOf(summary, alarm),
  ]
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
