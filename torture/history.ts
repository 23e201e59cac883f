/**
 * What the clients were told, in the format of docs/CHECKING.md. Each key is used for a while only, and then judged by
 * itself: so a history stays checkable, however long it is.
 */
import { closeSync, openSync, writeSync } from 'node:fs'
import type { HistoryEntry } from 'synod/simulation'

/** How many lines are written together. */
const LINES = 500

/** The history of one key. */
export interface KeyHistory {
  readonly key: string
  readonly entries: HistoryEntry[]
  /** Commands that were acknowledged, and those whose outcome nobody knows. */
  acknowledged: number
  unknown: number
}

export class History {
  readonly #file: number | null
  readonly #startMillis = performance.now()
  #lines: string[] = []
  #processes = 0

  constructor(path: string | null) {
    this.#file = path === null ? null : openSync(path, 'w')
  }

  /** A number that nobody has had. */
  nextProcess(): number {
    return this.#processes++
  }

  add(history: KeyHistory, entry: Omit<HistoryEntry, 'time' | 'key'>): void {
    const time = Math.floor((performance.now() - this.#startMillis) * 1_000)
    const { process, type, f, value } = entry
    const whole: HistoryEntry = { process, type, f, key: history.key, value, time }
    history.entries.push(whole)
    if (this.#file === null) return
    this.#lines.push(`${JSON.stringify(whole)}\n`)
    if (this.#lines.length >= LINES) this.#write(this.#file)
  }

  close(): void {
    if (this.#file === null) return
    this.#write(this.#file)
    closeSync(this.#file)
  }

  #write(file: number): void {
    const bytes = Buffer.from(this.#lines.join(''))
    this.#lines = []
    for (let at = 0; at < bytes.length; ) at += writeSync(file, bytes, at) // one write may take less than it is given
  }
}

/**
 * What is left to be judged of a key after its last read, when more is read of it later: that value, and the commands
 * that may yet take effect.
 */
export function tailOf(history: KeyHistory, value: unknown, process: number): KeyHistory {
  const begun = new Map<number, HistoryEntry>()
  for (const entry of history.entries) {
    if (entry.type === 'invoke') begun.set(entry.process, entry)
    else if (entry.type !== 'info') begun.delete(entry.process)
  }
  const { key, acknowledged, unknown } = history
  const open = [...begun.values()].filter(({ f }) => f !== 'get')
  const written = { process, f: 'set', key, value, time: 0 } as const
  const entries: HistoryEntry[] = [
    { ...written, type: 'invoke' },
    { ...written, type: 'ok' },
    ...open.map((entry) => ({ ...entry, time: 0 })),
  ]
  return { key, entries, acknowledged, unknown }
}
