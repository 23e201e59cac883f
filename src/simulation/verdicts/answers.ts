/**
 * Answers: what a client is told is what the decided decrees give, each request executed exactly once; nobody is refused
 * without grounds; and what the application's own judge knows about the answers of one client holds.
 */
import { type Outcome, sameBytes } from '../../paxos/index.js'
import type { ModelOutcome } from './model.js'
import { Verdict } from './verdict.js'

/** What was asked for was not done. */
export type Refused = Extract<Outcome, { ok: false }>

export class Answers extends Verdict {
  /** A client was told the outcome of a command; by the decrees it is the one expected. */
  answered(
    event: number,
    request: string,
    outcome: Outcome,
    expected: ModelOutcome | undefined,
    isGrounded: boolean,
  ): void {
    if (outcome.ok) {
      if (expected?.ok && sameBytes(expected.output, outcome.output)) return
      this.fail(
        event,
        `request ${request} was given an answer that the decrees do not give; does the machine depend on a clock, or on chance?`,
      )
    } else if (outcome.error === 'command-failed') {
      if (expected !== undefined && !expected.ok && expected.detail === outcome.detail) return
      this.fail(event, `request ${request} failed, and by the decrees it does not fail so`)
    } else this.refused(event, `request ${request}`, outcome, isGrounded)
  }

  /** A client was told that what it asked for was not done; whether there are grounds for that, the court knows. */
  refused(event: number, what: string, refusal: Refused, isGrounded: boolean): void {
    if (!isGrounded) this.fail(event, `${what} was refused: ${refusal.detail}`)
  }

  /** The application's judge found a client's answer impossible. */
  judged(event: number, sentence: string): void {
    this.fail(event, sentence)
  }
}
