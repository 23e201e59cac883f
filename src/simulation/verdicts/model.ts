/**
 * The model: the machine as it would run without any cluster. It executes each request once, where it is decided
 * first, and so knows what every answer has to be.
 *
 * It keeps a twin of the state, on which it executes everything again. Where the two part ways the machine itself is to
 * blame, and no protocol: it is not deterministic, or it changed its state although its command failed.
 */
import {
  clonePlain,
  codecsOf,
  type Decree,
  decodeDecree,
  detailOf,
  isNoOp,
  type Micros,
  nameOfRequest,
  requestKey,
  type Settings,
  type Slot,
  sameBytes,
} from '../../paxos/index.js'
import type { AnyApplication } from '../application.js'
import { samePlain } from '../same-plain.js'

/** What a request gave: the bytes of its output, or what its error says. */
export type ModelOutcome =
  | { readonly ok: true; readonly output: Uint8Array }
  | { readonly ok: false; readonly detail: string }

export class Model {
  state: unknown
  applied: Slot = 0
  /** What each request gave, by its key. */
  readonly outcomes: Map<string, ModelOutcome> = new Map()
  /** What is wrong with the machine itself, in a sentence without its full stop; null if nothing was seen. */
  flaw: string | null = null
  #twin: unknown
  readonly #application: AnyApplication
  readonly #settings: Settings
  readonly #codecs: ReturnType<typeof codecsOf>
  #timeMicros: Micros

  constructor(application: AnyApplication, settings: Settings, timeMicros: Micros) {
    this.#application = application
    this.#settings = settings
    this.#codecs = codecsOf(application.machine)
    this.#timeMicros = timeMicros
    this.state = clonePlain(application.machine.initial())
    this.#twin = clonePlain(this.state)
  }

  apply(slot: Slot, decree: Decree): void {
    this.applied = slot
    if (isNoOp(decree)) return
    const { stampMicros, requests } = decodeDecree(decree)
    const stamp = Math.min(stampMicros, this.#timeMicros + this.#settings.stampAdvanceMicros)
    this.#timeMicros = Math.max(this.#timeMicros, stamp)
    for (const request of requests) {
      const key = requestKey(request.session, request.sequence, nameOfRequest(request))
      if (request.session === 0 || this.outcomes.has(key)) continue
      this.outcomes.set(key, this.#execute(request.command, slot))
    }
  }

  /** At the end, when no more commands come. */
  compareTwin(): void {
    try {
      clonePlain(this.state)
    } catch (error) {
      this.flaw ??= `the state of the machine is not plain data: ${detailOf(error)}`
      return
    }
    if (samePlain(this.state, this.#twin)) return
    this.flaw ??= 'the machine is not deterministic: the same commands, applied twice, give different states'
  }

  #execute(command: Uint8Array, slot: Slot): ModelOutcome {
    const [state, outcome] = this.#run(this.state, command, slot)
    this.state = state
    const before = outcome.ok ? this.#twin : clonePlain(this.#twin)
    const [after, again] = this.#run(before, command, slot)
    if (!sameOutcome(outcome, again)) {
      this.flaw ??= `the machine is not deterministic: slot ${slot}, applied twice, gives different answers`
    } else if (!outcome.ok && !samePlain(after, this.#twin)) {
      this.flaw ??= `the machine changed its state in slot ${slot}, although the command failed: ${outcome.detail}`
    }
    if (again.ok) this.#twin = after
    return outcome
  }

  /** The state after a command, and what the command gave. */
  #run(state: unknown, command: Uint8Array, slot: Slot): [unknown, ModelOutcome] {
    const context = { timeMicros: this.#timeMicros, slot }
    try {
      const { machine } = this.#application
      const [next, output] = machine.apply(state, this.#codecs.commands.decode(command), context)
      return [next, { ok: true, output: this.#codecs.outputs.encode(output) }]
    } catch (error) {
      return [state, { ok: false, detail: detailOf(error) }]
    }
  }
}

function sameOutcome(a: ModelOutcome, b: ModelOutcome): boolean {
  return a.ok ? b.ok && sameBytes(a.output, b.output) : !b.ok && a.detail === b.detail
}
