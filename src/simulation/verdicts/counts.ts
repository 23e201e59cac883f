/**
 * What a commander counts (*Paxos Made Moderately Complex*, figure 6): who counts in a slot has voted there under the very
 * ballot that is counted for, and on disk. What was said under an earlier ballot, of the same leader even, says nothing.
 */
import { type Ballot, formatBallot, type Node, type NodeId, type Slot } from '../../paxos/index.js'
import { nameOf } from '../names.js'

/** Whether the disk of a member held a vote in this slot under this ballot. */
export type HasVoted = (member: NodeId, slot: Slot, ballot: Ballot) => boolean

/** What may be counted in the turn that begins: the array is looked at when it is over. */
interface Count {
  readonly self: NodeId
  readonly ballot: Ballot
  readonly slot: Slot
  readonly members: readonly NodeId[]
  readonly accepted: readonly NodeId[]
}

export class Counts {
  readonly #hasVoted: HasVoted
  #open: Count[] = []

  constructor(hasVoted: HasVoted) {
    this.#hasVoted = hasVoted
  }

  /** Somebody's acceptance in this slot is about to be heard by a node. */
  hears({ self, roles: { commander } }: Node, slot: Slot): void {
    const flight = commander?.flights.get(slot)
    if (commander === undefined || flight === undefined) return
    // A slot that is decided in this turn is no flight any more when it is over.
    this.#open.push({
      self,
      ballot: commander.ballot,
      slot,
      members: flight.members,
      accepted: flight.accepted,
    })
  }

  /** The turn is over. Gives a sentence if somebody was counted that has not voted. */
  counted(): string | null {
    if (this.#open.length === 0) return null
    const counts = this.#open
    this.#open = []
    for (const { self, ballot, slot, members, accepted } of counts) {
      const other = accepted.find((each) => members.includes(each) && !this.#hasVoted(each, slot, ballot))
      if (other === undefined) continue
      const vote = `${nameOf(other)} in slot ${slot} under ${formatBallot(ballot)}`
      return `${nameOf(self)} counts ${vote}, and no such vote is on its disk`
    }
    return null
  }
}
