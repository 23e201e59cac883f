/**
 * An accept asks for a vote, and its watermark says what else was decided. To apply that takes longer than to vote, and the
 * leader waits for the vote alone: so a member has its disk write the votes first. To its node it is as if the leader had
 * sent the watermark in a message of its own, right behind.
 */
import { type Envelope, type Message, type NodeId, sameBallot } from '../../paxos/index.js'

type Accept = Extract<Message, { type: 'accept' }>
type Decided = Extract<Message, { type: 'decided' }>

/** What came from one node at once: the messages, and the watermarks of the accepts among them, which come after. */
export class Incoming {
  readonly messages: Envelope[] = []
  readonly watermarks: Envelope[] = []
  readonly #from: NodeId
  readonly #store: number
  #last: Decided | null = null

  constructor(from: NodeId, store: number) {
    this.#from = from
    this.#store = store
  }

  add(message: Message): void {
    if (message.type === 'accept' && message.decided > 0) this.#divide(message)
    else this.messages.push(this.#envelope(message))
  }

  #divide({ type, ballot, slot, decree, decided }: Accept): void {
    this.messages.push(this.#envelope({ type, ballot, slot, decree, decided: 0 }))
    const last = this.#last !== null && sameBallot(ballot, this.#last.ballot) ? this.#last.decided : 0
    if (last > 0) this.watermarks.pop() // one is enough: the higher says what the lower does
    this.#last = { type: 'decided', ballot, decided: Math.max(decided, last) }
    this.watermarks.push(this.#envelope(this.#last))
  }

  #envelope(message: Message): Envelope {
    return { from: this.#from, store: this.#store, message }
  }
}
