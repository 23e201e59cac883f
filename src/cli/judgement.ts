/** What `synod check` found, for people. */
import type { HistoryOperation, KeyFinding, LinearizabilityResult } from '../simulation/index.js'

/** How many keys are listed one by one, and how many operations of an order. */
const MOST_KEYS = 20
const TAIL = 8
const LONGEST_VALUE = 60

/** What was checked, and what came of it, line by line. */
export function judgement(
  name: string,
  { verdict, machine, operations, keys }: LinearizabilityResult,
  wallSeconds: number,
): string[] {
  return [
    `${name}: ${verdict}`,
    `  machine     ${machine}`,
    `  operations  ${operations}, in ${wallSeconds.toFixed(2)} s`,
    ...verdictsOf(keys),
    ...keys.filter((key) => key.verdict !== 'linearizable').flatMap(storyOf),
  ]
}

/** One line a key; of many keys only those that are not linearizable. */
function verdictsOf(keys: readonly KeyFinding[]): string[] {
  const listed =
    keys.length <= MOST_KEYS
      ? keys
      : keys.filter(({ verdict }) => verdict !== 'linearizable').slice(0, MOST_KEYS)
  const lines = listed.map(
    ({ key, verdict, operations }) => `  key ${nameOf(key)}: ${verdict} (${countOf(operations)})`,
  )
  const rest = keys.filter((key) => !listed.includes(key))
  for (const verdict of ['linearizable', 'not linearizable', 'undecided']) {
    const count = rest.filter((key) => key.verdict === verdict).length
    if (count > 0) lines.push(`  ${count}${listed.length === 0 ? '' : ' other'} keys: ${verdict}`)
  }
  return lines
}

/** How far an order goes, and what it cannot go on with. */
function storyOf({ key, operations, verdict, order, blocked, state }: KeyFinding): string[] {
  const tail = order.slice(-TAIL)
  const lines = [
    '',
    `key ${nameOf(key)}: the longest legal order found has ${order.length} of ${countOf(operations)}:`,
  ]
  if (order.length > tail.length) lines.push(`    … ${order.length - tail.length} before these`)
  lines.push(...tail.map(lineOf), `  then it holds ${shown(state)}`)
  if (blocked !== null) return [...lines, '  and there is no place any more for', lineOf(blocked)]
  if (verdict !== 'not linearizable') return lines
  return [...lines, '  and some operation after that has no place; to tell which takes too long']
}

function lineOf({ process, f, input, output, outcome, line, endLine }: HistoryOperation): string {
  const given = input === null ? '' : ` ${shown(input)}`
  const became = outcome === 'ok' ? (input === null ? ` = ${shown(output)}` : '') : ` (${OUTCOMES[outcome]})`
  const lines = endLine === null ? `line ${line}, without an end` : `lines ${line} to ${endLine}`
  return `    process ${process}: ${f}${given}${became}, ${lines}`
}

const OUTCOMES: Readonly<Record<'fail' | 'info', string>> = { fail: 'failed', info: 'outcome unknown' }

function nameOf(key: HistoryOperation['key']): string {
  return key === null ? '(none)' : shown(key)
}

function countOf(operations: number): string {
  return operations === 1 ? '1 operation' : `${operations} operations`
}

/** A value, of which a long one shows its end: that is where appended texts differ. */
function shown(value: unknown): string {
  const json = JSON.stringify(value) ?? 'nothing'
  if (json.length <= LONGEST_VALUE) return json
  return `${typeof value === 'string' ? '"' : ''}…${json.slice(-LONGEST_VALUE)}`
}
