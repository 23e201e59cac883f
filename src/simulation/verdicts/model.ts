/**
 * The model: the machine as it would run without any cluster. It executes each request once, where it is decided
 * first, and so knows what every answer has to be.
 */
import {
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

/** What a request gave: the bytes of its output, or the message of its error. */
export type ModelOutcome =
  | { readonly ok: true; readonly output: Uint8Array }
  | { readonly ok: false; readonly detail: string }

export class Model {
  state: unknown
  applied: Slot = 0
  /** What each request gave, by its key. */
  readonly outcomes: Map<string, ModelOutcome> = new Map()
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
    const { machine } = this.#application
    try {
      const context = { timeMicros: this.#timeMicros, slot }
      const [state, output] = machine.apply(this.state, this.#codecs.commands.decode(command), context)
      this.state = state
      return { ok: true, output: this.#codecs.outputs.encode(output) }
    } catch (error) {
      return { ok: false, detail: error instanceof Error ? error.message : String(error) }
    }
  }
}
