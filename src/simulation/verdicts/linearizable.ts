/**
 * Linearizable: the clients' operations, of which each was answered as the decrees give, took effect in an order that
 * is also that of real time. The order is known, it is that of the decrees, so there is nothing to search for: an
 * operation that was over before another began must have its place before it.
 *
 * Where the application has a model, the history is judged by that as well when the run is over, by a search that knows
 * nothing of decrees. It may take too long: then it stays undecided, which breaks nothing.
 */
import type { Slot } from '../../paxos/index.js'
import type { HistoryEntry } from '../clients.js'
import { ApplicationError } from '../guard.js'
import { LinearizabilityCheck } from '../linearizability/check.js'
import type { AnyModel } from '../linearizability/models.js'
import { HistoryError, type HistoryOperation } from '../linearizability/operations.js'
import { Verdict } from './verdict.js'

/** How many steps the search may take. */
const MOST_STEPS = 1_000_000

export class Linearizable extends Verdict {
  /** The last place of all operations that are over: as many executions come before what begins now, or more. */
  floor = 0
  readonly #model: AnyModel | undefined
  readonly #mostSteps: number
  readonly #operations: HistoryOperation[] = []

  constructor(model: AnyModel | undefined, mostSteps: number = MOST_STEPS) {
    super()
    this.#model = model
    this.#mostSteps = mostSteps
  }

  /** A command was executed as number `place`; when it began, `floor` stood where it is given. */
  executed(event: number, client: number, place: number, floor: number): void {
    if (place <= floor)
      this.fail(
        event,
        `client ${client} was told of command ${place}, and had begun it when command ${floor} was over`,
      )
    this.floor = Math.max(this.floor, place)
  }

  /** A read was answered from a slot, up to which `place` commands are executed. */
  read(event: number, client: number, slot: Slot, place: number, floor: number, decided: Slot): void {
    if (slot > decided)
      this.fail(event, `client ${client} read from slot ${slot}, when only ${decided} were decided`)
    if (place < floor)
      this.fail(
        event,
        `client ${client} read what ${place} commands had made, and had begun to when command ${floor} was over`,
      )
    this.floor = Math.max(this.floor, place)
  }

  /** A leader lets a read go on that may have missed what another one has decided. */
  unconfirmed(event: number, reason: string): void {
    this.fail(event, reason)
  }

  /** The answer was not that of its slot. */
  wrong(event: number, client: number, slot: Slot): void {
    this.fail(event, `what client ${client} read is not what slot ${slot} gives`)
  }

  /** An operation for the search; `end` is null while nobody knows what became of it. */
  note(event: number, begun: HistoryEntry, endEvent: number, end: HistoryEntry | null): void {
    if (this.#model === undefined) return
    const { process, f, key, value } = begun
    const known = end !== null && end.type !== 'info' && end.type !== 'invoke'
    this.#operations.push({
      process,
      f,
      key,
      input: value,
      output: known && end.type === 'ok' ? end.value : null,
      outcome: known ? end.type : 'info',
      line: event,
      endLine: known ? endEvent : null,
    })
  }

  /** The run is over. */
  search(event: number): void {
    if (this.#model === undefined || this.#operations.length === 0) return
    this.#operations.sort((one, other) => one.line - other.line)
    const check = this.#begin(this.#model)
    check.advance(this.#mostSteps)
    const { verdict } = check
    if (verdict === 'undecided') this.leaveUndecided(`the search was given up after ${this.#mostSteps} steps`)
    if (verdict !== 'not linearizable') return
    const broken = check.result.keys.find((key) => key.verdict === verdict)
    const { f = 'one of its operations', endLine = null } = broken?.blocked ?? {}
    this.fail(endLine ?? event, `the history of key ${broken?.key} has no order in which ${f} has a place`)
  }

  #begin(model: AnyModel): LinearizabilityCheck {
    try {
      return new LinearizabilityCheck(model, this.#operations)
    } catch (error) {
      if (!(error instanceof HistoryError)) throw error
      throw new ApplicationError(
        `its \`model\` does not fit: at event ${error.message.replace(/^line /, '')}`,
      )
    }
  }
}
