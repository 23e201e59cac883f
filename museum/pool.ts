/** Examines exhibits in processes of their own, one for each core, and tells what became of each as soon as it is known. */
import { type ChildProcess, fork } from 'node:child_process'
import type { Effort } from './examine.js'
import type { Told } from './findings.js'
import { UsageError } from './mine.js'

/** What is pinned, as seen from where the museum is built. */
export const STORIES: URL = new URL('../stories.json', import.meta.url)

/** What is to be done with one exhibit. */
export interface Job {
  readonly bug: string
  /** `examine`: hunt it and shrink it. `search`: look for a shorter story by hand. `quick`: replay the pinned ones. */
  readonly mode: 'examine' | 'search' | 'quick'
  readonly effort: Effort
  /** The module of the machine and the clients to hunt with, if not `shared`. */
  readonly machine: string | undefined
}

/** What a worker says: what became of its job, or what the user has to mend. */
export type Report = { readonly told: Told } | { readonly wrong: string }

/** What became of each job, in their order. Throws a {@link UsageError}. */
export async function examineAll(
  jobs: readonly Job[],
  workers: number,
  onTold: (told: Told) => void,
): Promise<readonly Told[]> {
  const told: Told[] = []
  const processes: ChildProcess[] = []
  let next = 0
  const work = (): Promise<void> =>
    new Promise((resolve, reject) => {
      const worker = fork(new URL('./worker.js', import.meta.url))
      processes.push(worker)
      const give = (): void => {
        const place = next++
        const job = jobs[place]
        if (job === undefined) {
          worker.disconnect()
          resolve()
          return
        }
        worker.once('message', (report: Report) => {
          if ('wrong' in report) {
            reject(new UsageError(report.wrong))
            return
          }
          told[place] = report.told
          onTold(report.told)
          give()
        })
        worker.send(job)
      }
      worker.once('error', reject)
      worker.once('exit', (code) => reject(new Error(`A worker ended with ${code}.`))) // in vain after it was resolved
      give()
    })
  try {
    await Promise.all(Array.from({ length: Math.min(workers, jobs.length) }, work))
  } finally {
    for (const each of processes) each.kill() // who is at work hears nothing
  }
  return told
}
