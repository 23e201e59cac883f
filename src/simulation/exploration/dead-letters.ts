/**
 * Replies that nobody waits for. An acceptor's answer that comes when its scout or commander has enough of them does
 * nothing; whether it is still in flight would tell states apart that go on alike, and there are very many of those.
 * So it is thrown away, as the network might have done, as soon as it would do nothing.
 *
 * That is right if it would never do anything later either. In the end this is checked: no state that the member can
 * get to, by any of the turns that were ever taken, may let a letter do something that was thrown away before. If one
 * does, that sort of letter is kept, and everything is explored again.
 */
import type { MessageType } from '../../paxos/index.js'
import type { Members } from './members.js'

/** What it needs to know of the members. */
export type Recipients = Pick<Members, 'letter' | 'isInert' | 'statesAfter'>

export class DeadLetters {
  readonly #members: Recipients
  readonly #types: Set<MessageType> = new Set(['promise', 'prepareRejected', 'accepted', 'acceptRejected'])
  /** The letters that were thrown away, and in which states of their recipients. */
  #thrownAway: Map<number, Set<number>> = new Map()

  constructor(members: Recipients) {
    this.#members = members
  }

  /** Whether a letter to a member in this state may be thrown away. */
  isDead(state: number, letter: number): boolean {
    if (!this.#types.has(this.#members.letter(letter).type) || !this.#members.isInert(state, letter))
      return false
    const states = this.#thrownAway.get(letter)
    if (states === undefined) this.#thrownAway.set(letter, new Set([state]))
    else states.add(state)
    return true
  }

  /** Looks for a letter that should not have been thrown away. If there is one, its sort is kept from now on. */
  wereNotAllDead(): boolean {
    for (const [letter, states] of this.#thrownAway) {
      if (!this.#mayMatter(letter, states)) continue
      this.#types.delete(this.#members.letter(letter).type)
      this.#thrownAway = new Map()
      return true
    }
    return false
  }

  /** Whether the letter does something in a state that comes after one of these. */
  #mayMatter(letter: number, states: ReadonlySet<number>): boolean {
    const seen = new Set(states)
    for (const state of seen) {
      for (const next of this.#members.statesAfter(state)) {
        if (seen.has(next)) continue
        if (!this.#members.isInert(next, letter)) return true
        seen.add(next) // the loop comes to it as well
      }
    }
    return false
  }
}
