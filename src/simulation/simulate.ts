/**
 * One run of a simulated world, from its options to its summary: what the command line, the web page and a user's own
 * program call.
 */
import { sha256 } from '@noble/hashes/sha2.js'
import { bytesToHex } from '@noble/hashes/utils.js'
import { encodeText } from '../paxos/index.js'
import { type AnyApplication, type ApplicationDefinition, keyValueApplication } from './application.js'
import type { HistoryEntry } from './clients.js'
import type { Observer, WorldEvent } from './events.js'
import { type ApplicationError, applicationFrom, guard } from './guard.js'
import { type Head, headOf } from './head.js'
import { NdjsonFormatter } from './ndjson.js'
import { CLASSIC, type Scenario } from './scenario.js'
import { type Summary, summaryOf } from './summary.js'
import { type Palette, TranscriptFormatter } from './transcript.js'
import { World, type WorldOptions } from './world.js'

/** `text`: the transcript, a line an event. `ndjson`: the same events as data, a record an event. */
export type Format = 'text' | 'ndjson'

export interface SimulationOptions
  extends Pick<WorldOptions, 'seed' | 'settings' | 'makeNode' | 'edits' | 'calmAfter'> {
  /** What differs from {@link CLASSIC}. */
  readonly scenario?: Partial<Scenario>
  /** Default: the key-value application, with the reads of the scenario. */
  readonly application?: ApplicationDefinition
  /** Hears every event, as it happens. */
  readonly onEvent?: Observer
  /** Is given the run line by line, the head first, without line feeds. */
  readonly onLine?: (line: string) => void
  /** What those lines are. Default `text`. */
  readonly format?: Format
  /** The colours of a text; none by default. */
  readonly palette?: Palette
  /** Whether the summary holds the hash of the transcript, which takes as long as writing it. Default false. */
  readonly hash?: boolean
}

export interface SimulationResult {
  readonly summary: Summary
  /** What the clients did, in real-time order. */
  readonly history: readonly HistoryEntry[]
}

/** Makes the lines of a run. */
interface LineFormatter {
  head(head: Head): string
  line(event: WorldEvent, timeMicros: number, number: number): string
}

/**
 * Runs a world from its beginning to its end. The same options give the same result, everywhere.
 *
 * Throws a RangeError when the seed or the scenario is not one that can be run, and an {@link ApplicationError} when
 * the application does not do what it must.
 */
export function simulate(options: SimulationOptions): SimulationResult {
  const simulation = new Simulation(options)
  while (simulation.advance(Number.MAX_SAFE_INTEGER)) {
    // until it is over
  }
  return simulation.result
}

/** The same in slices, for who must see to other things in between. */
export class Simulation {
  readonly world: World
  readonly #hash: TranscriptHash | undefined
  #fault: ApplicationError | null = null

  constructor(options: SimulationOptions) {
    const { seed, settings, makeNode, edits, calmAfter } = options
    const scenario = { ...CLASSIC, ...options.scenario }
    const given = options.application ?? keyValueApplication(scenario.reads)
    const application = guard(applicationFrom(given, 'application'), (fault) => {
      this.#fault ??= fault
    })
    this.#hash = options.hash === true ? new TranscriptHash() : undefined
    const sinks = sinksOf(application, options, this.#hash)
    const observer = observerOf(sinks, options.onEvent)
    this.world = new World({
      seed,
      scenario,
      application,
      ...(settings && { settings }),
      ...(makeNode && { makeNode }),
      ...(edits && { edits }),
      ...(calmAfter !== undefined && { calmAfter }),
      ...(observer && { observer }),
    })
    const head = headOf(seed, scenario, application, edits)
    for (const { formatter, onLine } of sinks) onLine(formatter.head(head))
  }

  /**
   * Lets up to this many things happen, and says whether there is more to come. Throws an {@link ApplicationError}
   * when the application does not do what it must.
   */
  advance(steps: number): boolean {
    for (let step = 0; step < steps; step++) {
      const more = this.world.step()
      if (this.#fault !== null) throw this.#fault
      if (!more) return false
    }
    return true
  }

  /** What has come of it so far; all of it, once the run is over. */
  get result(): SimulationResult {
    return {
      summary: summaryOf(this.world, this.#hash?.digest() ?? null),
      history: this.world.clients.history,
    }
  }
}

// ---- lines ---------------------------------------------------------------------------------------------------

/** Somebody who wants lines. */
interface Sink {
  readonly formatter: LineFormatter
  readonly onLine: (line: string) => void
}

function sinksOf(
  application: AnyApplication,
  { onLine, format = 'text', palette }: SimulationOptions,
  hash: TranscriptHash | undefined,
): readonly Sink[] {
  const sinks: Sink[] = []
  const plain = new TranscriptFormatter(application)
  if (hash) sinks.push({ formatter: plain, onLine: (line) => hash.add(line) })
  if (!onLine) return sinks
  if (format === 'ndjson') sinks.push({ formatter: new NdjsonFormatter(application), onLine })
  else if (palette) sinks.push({ formatter: new TranscriptFormatter(application, palette), onLine })
  else sinks.push({ formatter: plain, onLine })
  return sinks
}

/** Nobody who listens, nothing to observe: the world is faster for it. */
function observerOf(sinks: readonly Sink[], onEvent: Observer | undefined): Observer | undefined {
  if (sinks.length === 0) return onEvent
  return (event, number, timeMicros) => {
    for (const { formatter, onLine } of sinks) onLine(formatter.line(event, timeMicros, number))
    onEvent?.(event, number, timeMicros)
  }
}

/** SHA-256 of a text, given line by line; each line ends in a line feed. */
export class TranscriptHash {
  readonly #hash = sha256.create()
  #text = ''

  add(line: string): void {
    this.#text += `${line}\n`
    if (this.#text.length > CHUNK) this.#take()
  }

  /** The hash of the lines so far, in hexadecimal digits. */
  digest(): string {
    this.#take()
    return bytesToHex(this.#hash.clone().digest())
  }

  #take(): void {
    this.#hash.update(encodeText(this.#text))
    this.#text = ''
  }
}

/** Characters of text that are encoded and hashed together. */
const CHUNK = 65_536
