/**
 * The model: the machine as it would run without any cluster. It executes each request once, where it is decided
 * first, and so knows what every answer has to be. It executes it twice, on two copies of the state: a machine that is
 * not deterministic, or that changes its state although its command fails, breaks on no account of the protocol.
 */
import {
  clonePlain,
  codecsOf,
  type Decree,
  decodeDecree,
  isNoOp,
  type Micros,
  openerOf,
  requestKey,
  type Slot,
} from '../../paxos/index.js'
import type { AnyApplication } from '../application.js'
import { samePlain } from '../same-plain.js'

/** What a request gave: the bytes of its output, or the message of its error. */
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
  readonly #application: AnyApplication
  readonly #codecs: ReturnType<typeof codecsOf>
  #timeMicros: Micros

  constructor(application: AnyApplication, timeMicros: Micros) {
    this.#application = application
    this.#codecs = codecsOf(application.machine)
    this.#timeMicros = timeMicros
    this.state = application.machine.initial()
  }

  apply(slot: Slot, decree: Decree): void {
    this.applied = slot
    if (isNoOp(decree)) return
    const { stampMicros, requests } = decodeDecree(decree)
    this.#timeMicros = Math.max(this.#timeMicros, stampMicros)
    for (const request of requests) {
      const key = requestKey(request.session, request.sequence, openerOf(request))
      if (request.session === 0 || this.outcomes.has(key)) continue
      this.outcomes.set(key, this.#execute(request.command, slot))
    }
  }

  #execute(command: Uint8Array, slot: Slot): ModelOutcome {
    const before = clonePlain(this.state)
    const [state, outcome] = this.#run(this.state, command, slot)
    if (!outcome.ok && !samePlain(state, before)) {
      this.flaw ??= `the machine changed its state in slot ${slot}, although the command failed: ${outcome.detail}`
    }
    const again = this.#run(before, command, slot)
    if (!samePlain([state, outcome], again)) {
      this.flaw ??= `the machine is not deterministic: slot ${slot}, applied twice to the same state, differs`
    }
    this.state = state
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
      return [state, { ok: false, detail: error instanceof Error ? error.message : String(error) }]
    }
  }
}
