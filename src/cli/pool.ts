/** The workers of a campaign: each gets some seeds, and more when those are done. */
import { Worker } from 'node:worker_threads'
import { type Campaign, NOTHING, type Range, type Tally } from '../simulation/index.js'
import { firstLineOf, UsageError } from './errors.js'
import type { WorkerMessage, WorkerOptions } from './hunt-worker.js'
import type { CompleteFlags } from './scenario.js'
import { replayCommand } from './scenario.js'
import { explained } from './told.js'

/** A worker gets as many seeds as it is likely to do in this time. */
const CHUNK_MILLIS = 200
/** And never more than this. */
const MOST_SEEDS = 1_000
/** When it is to stop, a worker may take so long to end the run that it is in. */
const GRACE_MILLIS = 3_000

interface Hand {
  readonly worker: Worker
  /** Where it writes the seed that it is running. */
  readonly place: number
  state: 'loading' | 'working' | 'released'
  range: Range | null
  givenMillis: number
  /** How long a seed takes, by the last that it did. */
  millisASeed: number
}

export interface PoolOptions {
  readonly campaign: Campaign
  readonly flags: CompleteFlags
  readonly workers: number
  /** Some seeds are done. */
  readonly onDone: (tally: Tally) => void
}

export class Pool {
  readonly #options: PoolOptions
  readonly #board: Uint32Array
  readonly #hands: Set<Hand> = new Set()
  /** Seeds whose runs did not come to an end when they were to stop. */
  readonly stuck: number[] = []
  #stopping = false
  #patience: NodeJS.Timeout | undefined
  #error: unknown = null
  #ended: () => void = () => {}

  constructor(options: PoolOptions) {
    this.#options = options
    this.#board = new Uint32Array(new SharedArrayBuffer(4 * (options.workers + 1)))
  }

  /** Runs until no seed is left, or it is told to stop. Throws what went wrong in a worker. */
  async run(): Promise<void> {
    const ended = new Promise<void>((resolve) => {
      this.#ended = resolve
    })
    for (let place = 1; place <= this.#options.workers; place++) this.#hire(place)
    await ended
    if (this.#error !== null) throw this.#error
  }

  /** Lets every worker end the run that it is in, if it does so soon. */
  stop(): void {
    if (this.#stopping) return
    this.#stopping = true
    Atomics.store(this.#board, 0, 1)
    this.#patience = setTimeout(() => this.cutOff(), GRACE_MILLIS).unref()
  }

  /** Ends every worker at once; the seeds that they were running are not done. */
  cutOff(): void {
    clearTimeout(this.#patience)
    for (const { worker } of this.#hands) void worker.terminate()
  }

  #hire(place: number): void {
    const workerData: WorkerOptions = { flags: this.#options.flags, board: this.#board, place }
    const worker = new Worker(new URL('./hunt-worker.js', import.meta.url), { workerData, stdout: true })
    const times = { givenMillis: 0, millisASeed: CHUNK_MILLIS }
    const hand: Hand = { worker, place, state: 'loading', range: null, ...times }
    this.#hands.add(hand)
    // What a module prints is not what was asked for.
    worker.stdout.on('data', (text: Buffer) => process.stderr.write(text))
    worker.on('message', (message: WorkerMessage) => this.#hear(hand, message))
    worker.on('error', (error) => this.fail(this.#failedByItself(error)))
    worker.on('exit', () => this.#leaves(hand))
  }

  #hear(hand: Hand, message: WorkerMessage): void {
    switch (message.type) {
      case 'ready':
        this.#give(hand)
        return
      case 'done':
        this.#done(hand, message.tally)
        this.#give(hand)
        return
      case 'wrong':
        this.fail(new UsageError(message.sentence))
        return
      case 'broken': {
        const { flags } = this.#options
        const cause = new Error(message.stack)
        cause.stack = message.stack
        this.fail(explained(cause, { machine: flags.machine, replay: replayCommand(message.seed, flags) }))
        return
      }
    }
  }

  /** The next seeds; or, when there are none, the end of its work. */
  #give(hand: Hand): void {
    const { campaign, workers } = this.#options
    const some = Math.min(MOST_SEEDS, Math.floor(CHUNK_MILLIS / hand.millisASeed))
    const fair = Math.ceil(campaign.waiting / (2 * workers)) // nobody is left alone with much at the end
    const range = this.#stopping ? null : campaign.take(Math.max(1, Math.min(some, fair)))
    hand.state = range === null ? 'released' : 'working'
    hand.range = range
    hand.givenMillis = performance.now()
    hand.worker.postMessage(range)
  }

  #done(hand: Hand, tally: Tally): void {
    const { range } = hand
    if (range === null) return
    hand.range = null
    hand.millisASeed = (performance.now() - hand.givenMillis) / Math.max(1, tally.seeds)
    this.#options.campaign.done(range, tally)
    this.#options.onDone(tally)
  }

  #leaves(hand: Hand): void {
    this.#hands.delete(hand)
    if (hand.range !== null) {
      this.stuck.push(Math.max(hand.range.first, Atomics.load(this.#board, hand.place)))
      this.#options.campaign.done(hand.range, NOTHING)
    }
    if (!this.#stopping && hand.state !== 'released') this.fail(this.#leftEarly(hand))
    if (this.#hands.size === 0) this.#ended()
  }

  /** Ends everything at once; `run` throws this. */
  fail(error: unknown): void {
    this.#error ??= error
    this.#stopping = true
    for (const { worker } of this.#hands) void worker.terminate()
  }

  #failedByItself(error: Error): unknown {
    const { machine } = this.#options.flags
    return /[\\/.]/.test(machine)
      ? new UsageError(`${machine} failed by itself: ${firstLineOf(error)}`)
      : error
  }

  #leftEarly({ state }: Hand): UsageError {
    const { machine } = this.#options.flags
    return new UsageError(
      state === 'loading'
        ? `${machine} waits for something that never comes`
        : `${machine} ended the process that it runs in`,
    )
  }
}
