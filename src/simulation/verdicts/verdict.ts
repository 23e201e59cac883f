/** A verdict on a run: it holds until something breaks it, and then names the event that did. */
export interface VerdictResult {
  readonly ok: boolean
  /** The number of the event that broke it. */
  readonly event?: number
  /** What is wrong, in a sentence without its full stop. */
  readonly reason?: string
  /** It holds as far as was seen, and why not more was seen. */
  readonly undecided?: string
  /** It holds as far as it was asked for, and why it was not asked for any more. */
  readonly notAsked?: string
}

export class Verdict {
  #result: VerdictResult = { ok: true }

  get result(): VerdictResult {
    return this.#result
  }

  /** Only the first failure counts: what comes after may be its consequence. */
  protected fail(event: number, reason: string): void {
    if (this.#result.ok) this.#result = { ok: false, event, reason }
  }

  protected leaveUndecided(why: string): void {
    if (this.#result.ok) this.#result = { ok: true, undecided: why }
  }
}
