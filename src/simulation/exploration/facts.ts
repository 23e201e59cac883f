/**
 * What is true for ever once it has happened: who voted for what, durably, and what was proposed. It is part of each
 * state, for what a later ballot has overwritten in every store was chosen all the same; and it is what the verdicts of
 * an exploration look at.
 */
import { type Ballot, type Decree, formatBallot, type MemberId, type Slot } from '../../paxos/index.js'
import { encodePlain } from './encode.js'
import { Interner, Lists, PairTable, UNKNOWN } from './tables.js'

export type Fact =
  /** A vote is durable. */
  | VoteFact
  /** An accept was sent. */
  | { readonly type: 'proposed'; readonly slot: Slot; readonly ballot: Ballot; readonly decree: Decree }
  /** A replica applies a decree. It is checked, and need not be remembered: what is chosen stays chosen. */
  | { readonly type: 'applied'; readonly slot: Slot; readonly decree: Decree }

interface VoteFact {
  readonly type: 'voted'
  readonly member: MemberId
  readonly slot: Slot
  readonly ballot: Ballot
  readonly decree: Decree
}

/** A fact, with its decree and its ballot as texts, to be compared. */
type Noted = Fact & { readonly what: string; readonly under: string }

export class Facts {
  readonly #quorum: number
  readonly #facts: Interner<Noted> = new Interner()
  readonly #lists: Lists = new Lists()
  /** What is known, and what happens in a step, to what is known afterwards; below {@link UNKNOWN}, a breach. */
  readonly #after: PairTable = new PairTable()
  readonly #breaches: string[] = []

  constructor(quorum: number) {
    this.#quorum = quorum
  }

  /** The number of a list of facts, in the order in which they came about. */
  listOf(facts: readonly Fact[]): number {
    return this.#lists.of(facts.map((fact) => this.#intern(fact)))
  }

  #intern(fact: Fact): number {
    return this.#facts.intern(encodePlain(fact), () => ({
      ...fact,
      what: encodePlain(fact.decree),
      under: fact.type === 'applied' ? '' : formatBallot(fact.ballot),
    }))
  }

  /** What is known after a step. A negative number is a breach, to be explained by {@link breach}. */
  after(known: number, happened: number): number {
    const before = this.#after.get(known, happened)
    if (before !== UNKNOWN) return before
    const after = this.#workOut(known, happened)
    this.#after.add(known, happened, after)
    return after
  }

  breach(number: number): string {
    return this.#breaches[UNKNOWN - 1 - number] ?? ''
  }

  #workOut(known: number, happened: number): number {
    const numbers = new Set(this.#lists.get(known))
    for (const number of this.#lists.get(happened)) {
      const fact = this.#facts.get(number)
      if (fact.type !== 'applied') numbers.add(number)
      const breach = this.#judge(
        fact,
        [...numbers].map((each) => this.#facts.get(each)),
      )
      if (breach !== null) return UNKNOWN - this.#breaches.push(breach)
    }
    return this.#lists.of([...numbers].sort((a, b) => a - b))
  }

  #judge(fact: Noted, known: readonly Noted[]): string | null {
    const { slot, what, under } = fact
    const sameSlot = known.filter((each) => each.slot === slot)
    if (fact.type === 'applied') {
      if (this.#chosen(sameSlot).includes(what)) return null
      return `slot ${slot} was applied with a decree that no quorum had on disk`
    }
    if (sameSlot.some((each) => each.under === under && each.what !== what))
      return `ballot ${under} has two decrees in slot ${slot}`
    if (new Set(this.#chosen(sameSlot)).size > 1) return `two decrees were chosen in slot ${slot}`
    return null
  }

  /** The decrees, as texts, that a quorum voted for under one ballot. */
  #chosen(sameSlot: readonly Noted[]): string[] {
    const votes = sameSlot.filter((each) => each.type === 'voted')
    return votes
      .filter(({ under }) => votes.filter((each) => each.under === under).length >= this.#quorum)
      .map(({ what }) => what)
  }
}
