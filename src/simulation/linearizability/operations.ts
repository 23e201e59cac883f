/**
 * A history from anywhere, read: JSON lines in real-time order become operations, each with its outcome.
 * docs/CHECKING.md describes the format for those who write it.
 */
import type { HistoryEntry } from '../clients.js'

/** One operation of a history. */
export interface HistoryOperation {
  readonly process: number | string
  readonly f: string
  readonly key: string | number | null
  /** What it was given. */
  readonly input: unknown
  /** What it gave, once it is `ok`. */
  readonly output: unknown
  /** `info`: nobody knows whether it took effect, and if so when; as good as that is no completion at all. */
  readonly outcome: 'ok' | 'fail' | 'info'
  /** The line in which it begins, counted from 1. */
  readonly line: number
  /** The line in which it ends; null if it has no end. */
  readonly endLine: number | null
}

/** A history that cannot be read, or that its machine does not know how to judge. The line is counted from 1. */
export class HistoryError extends Error {
  override name = 'HistoryError'
  readonly line: number

  constructor(line: number, sentence: string) {
    super(`line ${line}: ${sentence}`)
    this.line = line
  }
}

type Entry = Omit<HistoryEntry, 'process' | 'key' | 'time'> &
  Pick<HistoryOperation, 'process' | 'key'> & { readonly time: number | null }

/** Reads the lines of a history; blank ones are passed over. Throws a HistoryError. */
export function operationsOfText(text: string): HistoryOperation[] {
  const pairing = new Pairing()
  let line = 0
  for (const piece of text.split('\n')) {
    line += 1
    if (piece.trim() !== '') pairing.add(entryOf(piece, line), line)
  }
  return pairing.operations
}

/** The operations of a history that a simulation recorded. */
export function operationsOfHistory(history: readonly HistoryEntry[]): HistoryOperation[] {
  const pairing = new Pairing()
  for (const [at, entry] of history.entries()) pairing.add(entry, at + 1)
  return pairing.operations
}

/** Finds the end of each operation: a process does one at a time. */
class Pairing {
  readonly operations: HistoryOperation[] = []
  /** For each process that is busy, the position of its operation. */
  readonly #busy: Map<number | string, number> = new Map()
  #time = Number.NEGATIVE_INFINITY

  add(entry: Entry, line: number): void {
    if (entry.time !== null) {
      if (entry.time < this.#time) {
        throw new HistoryError(
          line,
          `its time, ${entry.time}, is before that of a line above; sort the lines by time`,
        )
      }
      this.#time = entry.time
    }
    if (entry.type === 'invoke') this.#begin(entry, line)
    else this.#end(entry, entry.type, line)
  }

  #begin({ process, f, key, value }: Entry, line: number): void {
    const current = this.operations[this.#busy.get(process) ?? -1]
    if (current !== undefined) {
      throw new HistoryError(
        line,
        `process ${process} begins an operation while its ${current.f} of line ${current.line} has no end; after an unknown outcome write an info, or go on under another number`,
      )
    }
    this.#busy.set(process, this.operations.length)
    this.operations.push({
      process,
      f,
      key,
      input: value,
      output: null,
      outcome: 'info',
      line,
      endLine: null,
    })
  }

  #end({ process, f, key, value }: Entry, outcome: HistoryOperation['outcome'], line: number): void {
    const position = this.#busy.get(process) ?? -1
    const begun = this.operations[position]
    if (begun === undefined) {
      throw new HistoryError(
        line,
        `process ${process} ends an operation (${f}, ${outcome}) that it never began`,
      )
    }
    if (begun.f !== f || begun.key !== key) {
      throw new HistoryError(
        line,
        `process ${process} ends ${nameOf(f, key)}, and what it began in line ${begun.line} is ${nameOf(begun.f, begun.key)}`,
      )
    }
    this.#busy.delete(process)
    const output = outcome === 'ok' ? value : null
    this.operations[position] = { ...begun, output, outcome, endLine: line }
  }
}

function nameOf(f: string, key: HistoryOperation['key']): string {
  return key === null ? f : `${f} ${key}`
}

const TYPES: readonly unknown[] = ['invoke', 'ok', 'fail', 'info']

function entryOf(text: string, line: number): Entry {
  const { process, type, f, key = null, value = null, time = null } = fieldsOf(text, line)
  if (typeof process !== 'number' && typeof process !== 'string') {
    throw new HistoryError(line, `process must be a number or a text, and ${shown(process)} is not`)
  }
  if (!TYPES.includes(type)) {
    throw new HistoryError(line, `type must be invoke, ok, fail or info, and ${shown(type)} is not`)
  }
  if (typeof f !== 'string') {
    throw new HistoryError(line, `f must be a text, the name of what is done, and ${shown(f)} is not`)
  }
  if (key !== null && typeof key !== 'string' && typeof key !== 'number') {
    throw new HistoryError(line, `key must be a text, a number or null, and ${shown(key)} is not`)
  }
  if (time !== null && typeof time !== 'number') {
    throw new HistoryError(line, `time must be a number, and ${shown(time)} is not`)
  }
  return { process, type: type as Entry['type'], f, key, value, time } // one of TYPES
}

function fieldsOf(text: string, line: number): Readonly<Record<string, unknown>> {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    throw new HistoryError(line, 'it is not JSON; a history has one JSON object a line')
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new HistoryError(
      line,
      `it must be a JSON object with process, type, f, key and value, and ${shown(value)} is not`,
    )
  }
  return value as Record<string, unknown> // a plain object: JSON has no others
}

const LONGEST_SHOWN = 40

/** A value in an error: short, or shortened. */
function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? 'nothing'
  return text.length <= LONGEST_SHOWN ? text : `${text.slice(0, LONGEST_SHOWN)}…`
}
