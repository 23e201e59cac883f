// Histories in a few words, and a judge of them that is slow and plain.

import type { HistoryOperation, ModelName } from '../../src/simulation/index.js'

/**
 * One event a word: `1:write=3` begins an operation of process 1, `1:ok` ends it (`1:ok=3` with what it gave), and so
 * do `1:fail` and `1:info`. Values are JSON.
 */
export function historyOf(words: string): string {
  const begun = new Map<string, { f: string; value: unknown }>()
  const lines = words
    .trim()
    .split(/\s+/)
    .map((word, time) => {
      const [, process = '', what = '', text] = /^(\d+):(\w+)(?:=(.*))?$/.exec(word) ?? []
      const value = text === undefined ? null : JSON.parse(text)
      const common = { process: Number(process), key: 'x', time }
      if (!['ok', 'fail', 'info'].includes(what)) {
        begun.set(process, { f: what, value })
        return { ...common, type: 'invoke', f: what, value }
      }
      const operation = begun.get(process) ?? { f: '', value: null }
      return { ...common, type: what, f: operation.f, value: text === undefined ? operation.value : value }
    })
  return lines.map((line) => JSON.stringify(line)).join('\n')
}

/** What a key may hold after an operation: nothing if the operation is impossible. */
function after(machine: ModelName, state: unknown, operation: HistoryOperation): readonly unknown[] {
  const { f, input, output, outcome } = operation
  if (f === 'read' || f === 'get') return outcome !== 'ok' || output === state ? [state] : []
  if (f === 'cas') {
    const [from, to] = input as [unknown, unknown] // as the tests write it
    if (outcome === 'fail') return state === from ? [] : [state]
    return state === from ? [to] : []
  }
  if (outcome === 'fail') return [state]
  if (f === 'delete') return [null]
  return [f === 'append' && machine === 'append-kv' ? `${state}${input}` : input]
}

/** Tries every order of the operations of one key that respects real time. */
export function isLinearizableByBruteForce(
  machine: ModelName,
  operations: readonly HistoryOperation[],
): boolean {
  const search = (left: readonly HistoryOperation[], state: unknown): boolean => {
    const ends = left.map(({ outcome, endLine }) => (outcome === 'info' ? Number.POSITIVE_INFINITY : endLine))
    const firstEnd = Math.min(...ends.map((end) => end ?? Number.POSITIVE_INFINITY))
    if (firstEnd === Number.POSITIVE_INFINITY) return true
    return left.some(
      (operation) =>
        operation.line < firstEnd &&
        after(machine, state, operation).some((next) =>
          search(
            left.filter((other) => other !== operation),
            next,
          ),
        ),
    )
  }
  return search(operations, machine === 'append-kv' ? '' : null)
}

/** What is wrong with an order, as a sentence: it has to be legal and to respect real time. */
export function faultOf(machine: ModelName, order: readonly HistoryOperation[]): string | null {
  let state: unknown = machine === 'append-kv' ? '' : null
  let latest = 0
  for (const operation of order) {
    const [next, ...others] = after(machine, state, operation)
    if (next === undefined || others.length > 0) return `line ${operation.line} is impossible after ${state}`
    if (operation.outcome !== 'info' && (operation.endLine ?? 0) < latest) {
      return `line ${operation.line} comes too late`
    }
    latest = Math.max(latest, operation.line)
    state = next
  }
  return null
}
