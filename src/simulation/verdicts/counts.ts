/**
 * What a commander counts (*Paxos Made Moderately Complex*, figure 6): who counts in a slot has voted there under the very
 * ballot that is counted for, and on disk. What was said under an earlier ballot, of the same leader even, says nothing.
 */
import { type Ballot, formatBallot, NO_BALLOT, type Node, type NodeId, type Slot } from '../../paxos/index.js'
import { nameOf } from '../names.js'

/** Whether the disk of a member held a vote in this slot under this ballot. */
export type HasVoted = (member: NodeId, slot: Slot, ballot: Ballot) => boolean

/** A slot in flight: who votes on it, and who is counted. */
interface Flight {
  readonly members: readonly NodeId[]
  readonly accepted: readonly NodeId[]
}

export class Counts {
  readonly #hasVoted: HasVoted
  /** What may be counted in the turn that begins, and by whom: it is looked at when that is over. */
  #self: NodeId = 0
  #ballot: Ballot = NO_BALLOT
  readonly #slots: Slot[] = []
  readonly #flights: Flight[] = []
  /** How many of these are of this turn. They are not emptied: that would have to be allocated again each time. */
  #open = 0

  constructor(hasVoted: HasVoted) {
    this.#hasVoted = hasVoted
  }

  /** Somebody's acceptance in this slot is about to be heard by a node. */
  hears({ self, roles: { commander } }: Node, slot: Slot): void {
    const flight = commander?.flights.get(slot)
    if (commander === undefined || flight === undefined) return
    // A slot that is decided in this turn is no flight any more when it is over.
    this.#self = self
    this.#ballot = commander.ballot
    this.#slots[this.#open] = slot
    this.#flights[this.#open] = flight
    this.#open += 1
  }

  /** The turn is over. Gives a sentence if somebody was counted that has not voted. */
  counted(): string | null {
    const open = this.#open
    this.#open = 0
    for (let at = 0; at < open; at++) {
      const slot = this.#slots[at] ?? 0
      const other = this.#mistaken(slot, this.#flights[at])
      if (other === undefined) continue
      const vote = `${nameOf(other)} in slot ${slot} under ${formatBallot(this.#ballot)}`
      return `${nameOf(this.#self)} counts ${vote}, and no such vote is on its disk`
    }
    return null
  }

  /** Who is counted there, and has not voted. */
  #mistaken(slot: Slot, flight: Flight | undefined): NodeId | undefined {
    if (flight === undefined) return undefined
    for (const each of flight.accepted)
      if (flight.members.includes(each) && !this.#hasVoted(each, slot, this.#ballot)) return each
    return undefined
  }
}
