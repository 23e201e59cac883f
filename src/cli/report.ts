/** The summary of a run, for people. */
import { FAULTS, type FaultClass, type HistoryEntry, type Summary } from '../simulation/index.js'
import { chosenOf, leftOutOf } from './chosen.js'

type Paint = (text: string) => string

/** What came of a run, line by line. `alarm` paints what went wrong. */
export function report(
  { summary, history }: { readonly summary: Summary; readonly history: readonly HistoryEntry[] },
  wallSeconds: number,
  alarm: Paint,
): string[] {
  const { seed, simulatedSeconds, events, messages, decided, requests, options } = summary
  const { sent, delivered, dropped } = messages
  const became = (type: HistoryEntry['type']): number => history.filter((entry) => entry.type === type).length
  const outcomes = `${became('ok')} ok, ${became('fail')} failed, ${became('info')} unknown`
  return [
    `seed ${seed}: ${outcomeOf(summary, alarm)}`,
    ...chosenOf(options),
    ...rows('faults', faultsOf(summary)),
    ...leftOutOf(options),
    ...refusedOf(summary),
    `  time      ${simulatedSeconds} s simulated in ${wallSeconds.toFixed(2)} s, ${events} events`,
    `  messages  ${sent} sent, ${delivered} delivered, ${dropped} dropped`,
    `  decided   ${decided} slots`,
    `  requests  ${requests.sent} sent, ${requests.answered} answered: ${outcomes}`,
    ...verdictsOf(summary, alarm),
  ]
}

/** Where stores are lost beyond what the members can stand, what was found out is the outcome, and not all was asked. */
function outcomeOf({ ok, verdicts, refused }: Summary, alarm: Paint): string {
  if (!ok) return alarm('not every verdict holds')
  if (excuseOf(verdicts) === undefined) return 'every verdict holds'
  const stores = reasonsOf(refused)
  const found = stores.length === 0 ? '' : `stores were refused (${stores.join(', ')}); `
  return `${found}every verdict that is due holds`
}

/** The stores that were found out, if there were any; and what was not asked therefore. */
function refusedOf({ refused, verdicts }: Summary): string[] {
  const reasons = reasonsOf(refused)
  const excuse = excuseOf(verdicts)
  return [
    ...(reasons.length === 0 ? [] : [`  refused   ${reasons.join(', ')}`]),
    ...(excuse === undefined ? [] : [`  safety    is all that is due: ${excuse}`]),
  ]
}

/** Why nothing but safety was asked for. That a machine has no invariant to ask for is not that. */
function excuseOf({ liveness, ended }: Summary['verdicts']): string | undefined {
  return liveness?.notAsked ?? ended?.notAsked
}

function reasonsOf(refused: Summary['refused']): string[] {
  return Object.entries(refused).map(([reason, count]) => `${count} ${reason}`)
}

/** What was on, how strong, and how many times it happened. */
function faultsOf({ options, faults }: Summary): string[] {
  const classes = Object.entries(options.faults).map(([name, strength]) => {
    const isRate = FAULTS[name as FaultClass].unit === 'perMillion' // the keys of faults are classes
    return `${name} ${isRate ? `${strength / 10_000} %` : `x${strength}`} (${faults[name] ?? 0})`
  })
  return options.overBudget ? [...classes, 'over budget'] : classes
}

function verdictsOf({ verdicts }: Summary, alarm: Paint): string[] {
  const all = Object.entries(verdicts).map(([name, { ok, undecided, notAsked }]) => {
    if (!ok) return alarm(`${name} FAILED`)
    if (notAsked !== undefined) return `${name} not asked`
    return undecided === undefined ? `${name} ok` : `${name} undecided`
  })
  return rows('verdicts', all)
}

/** So many parts are in a line. */
const PARTS_IN_LINE = 6

/** Parts of one sort in as many lines as it takes, the first of which has a label. */
export function rows(label: string, parts: readonly string[]): string[] {
  const lines: string[] = []
  for (let first = 0; first === 0 || first < parts.length; first += PARTS_IN_LINE) {
    const line = parts.slice(first, first + PARTS_IN_LINE).join(', ') || 'none'
    lines.push(`  ${(first === 0 ? label : '').padEnd(8)}  ${line}`)
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
