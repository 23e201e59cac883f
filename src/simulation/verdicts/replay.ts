/**
 * When the run is over, everything is executed once more: a machine that now gives something else is itself to blame,
 * and no protocol. On the way each read is asked again, in the state of the slot that it was answered from.
 */
import {
  clonePlain,
  codecsOf,
  detailOf,
  initialState,
  type Slot,
  sameBytes,
  versionOf,
} from '../../paxos/index.js'
import type { AnyApplication } from '../application.js'
import { samePlain } from '../same-plain.js'
import { type Execution, type Model, type ModelOutcome, runCommand, runQuery } from './model.js'

/** A read that was answered. */
export interface AnsweredRead {
  /** The event of the answer. */
  readonly event: number
  readonly client: number
  readonly stale: boolean
  /** The slot that it was answered from. */
  readonly slot: Slot
  readonly query: Uint8Array
  /** The bytes of the answer; null if the query failed. */
  readonly answer: Uint8Array | null
}

/** What is wrong with the machine, in a sentence without its full stop. */
export interface MachineFlaw {
  readonly event: number
  readonly reason: string
}

export interface Replayed {
  readonly flaw: MachineFlaw | null
  /** Reads whose answers are not those of their slots. */
  readonly wrongReads: readonly AnsweredRead[]
}

/** `reads` are sorted by their slots. `event` is the last of the run. */
export function replay(
  event: number,
  application: AnyApplication,
  model: Model,
  reads: readonly AnsweredRead[],
): Replayed {
  try {
    clonePlain(model.state)
  } catch (error) {
    const reason = `the state of the machine is not plain data: ${detailOf(error)}`
    return { flaw: { event, reason }, wrongReads: [] }
  }
  return new Replay(application).run(event, model, reads)
}

class Replay {
  readonly #application: AnyApplication
  readonly #codecs: ReturnType<typeof codecsOf>
  #state: unknown
  #flaw: MachineFlaw | null = null

  constructor(application: AnyApplication) {
    this.#application = application
    this.#codecs = codecsOf(application.machine)
    this.#state = initialState(application.machine, versionOf(application.machine))
  }

  run(event: number, model: Model, reads: readonly AnsweredRead[]): Replayed {
    const wrongReads: AnsweredRead[] = []
    let read = 0
    for (const execution of model.executions) {
      for (let next = reads[read]; next && next.slot < execution.slot; next = reads[++read]) {
        if (!this.#gives(next)) wrongReads.push(next)
      }
      this.#execute(execution)
      if (this.#flaw !== null) return { flaw: this.#flaw, wrongReads: [] }
    }
    for (const next of reads.slice(read)) if (!this.#gives(next)) wrongReads.push(next)
    if (samePlain(this.#state, model.state)) return { flaw: null, wrongReads }
    const reason = 'the machine is not deterministic: the same commands, applied twice, give different states'
    return { flaw: { event, reason }, wrongReads: [] }
  }

  #execute(execution: Execution): void {
    const { event, slot, command, outcome } = execution
    const { machine } = this.#application
    const before = outcome.ok ? this.#state : clonePlain(this.#state)
    const [after, again] = runCommand(machine, this.#codecs, before, command, execution)
    if (!sameOutcome(outcome, again)) {
      const reason = `the machine is not deterministic: slot ${slot}, applied twice, gives different answers`
      this.#flaw = { event, reason }
    } else if (!outcome.ok && !samePlain(after, this.#state)) {
      const reason = `the machine changed its state in slot ${slot}, although the command failed: ${outcome.detail}`
      this.#flaw = { event, reason }
    }
    if (again.ok) this.#state = after
  }

  #gives({ query, answer }: AnsweredRead): boolean {
    const again = runQuery(this.#application.machine, this.#codecs, this.#state, query)
    return again === null || answer === null ? again === answer : sameBytes(again, answer)
  }
}

function sameOutcome(a: ModelOutcome, b: ModelOutcome): boolean {
  return a.ok ? b.ok && sameBytes(a.output, b.output) : !b.ok && a.detail === b.detail
}
