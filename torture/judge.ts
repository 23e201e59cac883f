/** Judges histories, each key in its turn, on a thread of its own: the clients are not to wait for it. */
import { Worker } from 'node:worker_threads'
import type { HistoryEntry } from 'synod/simulation'

export interface KeyVerdict {
  readonly key: string
  readonly verdict: 'linearizable' | 'not linearizable' | 'undecided'
  readonly operations: number
  /** How far a legal order goes, and what has no place in it. */
  readonly story: readonly string[]
}

export class Judge {
  readonly #worker = new Worker(new URL('judge-worker.js', import.meta.url))
  readonly #onVerdict: (verdict: KeyVerdict) => void
  #waiting = 0
  #onIdle: (() => void) | null = null

  constructor(onVerdict: (verdict: KeyVerdict) => void) {
    this.#onVerdict = onVerdict
    this.#worker.on('message', (verdict: KeyVerdict) => {
      this.#waiting -= 1
      this.#onVerdict(verdict)
      if (this.#waiting === 0) this.#onIdle?.()
    })
    this.#worker.on('error', (error) => {
      throw error
    })
  }

  judge(key: string, entries: readonly HistoryEntry[]): void {
    this.#waiting += 1
    this.#worker.postMessage({ key, entries })
  }

  /** Resolves when all is judged. */
  async finish(): Promise<void> {
    if (this.#waiting > 0)
      await new Promise<void>((resolve) => {
        this.#onIdle = resolve
      })
    await this.#worker.terminate()
  }
}
