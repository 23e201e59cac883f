/** Conservation: every state keeps the application's invariant. For the bank, the accounts' sum never changes. */
import type { AnyApplication } from '../application.js'
import { Verdict, type VerdictResult } from './verdict.js'

export class Conservation extends Verdict {
  readonly #application: AnyApplication

  constructor(application: AnyApplication) {
    super()
    this.#application = application
  }

  override get result(): VerdictResult {
    const isAsked = this.#application.invariant !== undefined
    return isAsked ? super.result : { ...super.result, notAsked: 'the application has no invariant' }
  }

  check(event: number, whose: string, state: unknown): void {
    const broken = this.#application.invariant?.(state) ?? null
    if (broken !== null) this.fail(event, `${whose}: ${broken}`)
  }
}
