/** Conservation: every state keeps the application's invariant. For the bank, the accounts' sum never changes. */
import type { AnyApplication } from '../application.js'
import { Verdict } from './verdict.js'

export class Conservation extends Verdict {
  readonly #application: AnyApplication

  constructor(application: AnyApplication) {
    super()
    this.#application = application
  }

  check(event: number, whose: string, state: unknown): void {
    const broken = this.#application.invariant?.(state) ?? null
    if (broken !== null) this.fail(event, `${whose}: ${broken}`)
  }
}
