/**
 * Answers: what a client is told is what the decided decrees give, each request executed exactly once; and what the
 * application's own judge knows about the answers of one client holds.
 */
import { type Outcome, sameBytes } from '../../paxos/index.js'
import type { ModelOutcome } from './model.js'
import { Verdict } from './verdict.js'

export class Answers extends Verdict {
  /**
   * A client was told the outcome of a command; by the decrees it is the one expected. Where it is crowded, and only
   * there, it may be told that there is no room.
   */
  answered(
    event: number,
    request: string,
    outcome: Outcome,
    expected: ModelOutcome | undefined,
    isCrowded: boolean,
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
    } else if (outcome.error !== 'session-unknown' && !(outcome.error === 'overloaded' && isCrowded)) {
      this.fail(event, `request ${request} was refused: ${outcome.detail}`)
    }
  }

  /** The application's judge found a client's answer impossible. */
  judged(event: number, sentence: string): void {
    this.fail(event, sentence)
  }
}
