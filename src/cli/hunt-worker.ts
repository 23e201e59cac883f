/** A worker of `synod hunt`: runs the seeds that it is given, and tells what came of them. */
import { parentPort, workerData } from 'node:worker_threads'
import {
  ApplicationError,
  addTallies,
  DEFAULT_MACHINE,
  NOTHING,
  type Range,
  type SimulationOptions,
  simulate,
  type Tally,
  tallyOf,
} from '../simulation/index.js'
import { UsageError } from './errors.js'
import { applicationOf, moduleError } from './machine.js'
import { type CompleteFlags, replayCommand, scenarioFrom } from './scenario.js'

/** What a worker is made with. */
export interface WorkerOptions {
  readonly flags: CompleteFlags
  /** Shared by all: at 0 whether to stop, and at its own place the seed that a worker is running. */
  readonly board: Uint32Array
  readonly place: number
}

/** What a worker says. */
export type WorkerMessage =
  | { readonly type: 'ready' }
  /** The first seeds of those that it was given are done; all of them, unless it was to stop. */
  | { readonly type: 'done'; readonly tally: Tally }
  /** Something that the user can mend. */
  | { readonly type: 'wrong'; readonly sentence: string }
  /** A bug of Synod, in this seed. */
  | { readonly type: 'broken'; readonly seed: number; readonly stack: string }

const { flags, board, place } = workerData as WorkerOptions // made by hunt.ts

async function work(): Promise<void> {
  const { machine, reads } = flags
  // The ready-made one is made anew for each run, since a scenario may say how it reads.
  const own = machine === DEFAULT_MACHINE ? {} : { application: await applicationOf(machine, reads) }
  parentPort?.on('message', (range: Range | null) => {
    if (range === null) parentPort?.close()
    else tell(() => ({ type: 'done', tally: runAll(range, own) }))
  })
  say({ type: 'ready' })
}

function runAll({ first, last }: Range, own: Pick<SimulationOptions, 'application'>): Tally {
  let tally = NOTHING
  for (let seed = first; seed <= last && Atomics.load(board, 0) === 0; seed++) {
    Atomics.store(board, place, seed)
    const startedAt = performance.now()
    const { summary } = simulate({ seed, scenario: scenarioFrom(flags, seed), ...own })
    tally = addTallies(tally, tallyOf(summary, performance.now() - startedAt))
  }
  return tally
}

function tell(make: () => WorkerMessage): void {
  try {
    say(make())
  } catch (error) {
    say(messageOf(error))
  }
}

function messageOf(error: unknown): WorkerMessage {
  const seed = Atomics.load(board, place)
  if (error instanceof UsageError) return { type: 'wrong', sentence: error.message }
  if (error instanceof ApplicationError) {
    const sentence = `${moduleError(flags.machine, error).message}; replay it with: ${replayCommand(seed, flags)}`
    return { type: 'wrong', sentence }
  }
  const stack = error instanceof Error ? (error.stack ?? error.message) : String(error)
  return { type: 'broken', seed, stack }
}

function say(message: WorkerMessage): void {
  parentPort?.postMessage(message)
}

work().catch((error) => say(messageOf(error)))
