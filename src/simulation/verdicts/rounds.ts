/**
 * Rounds of heartbeats that confirm linearizable reads (Raft §6.4): when a leader says that it still led after it was
 * asked, a quorum has acknowledged a round that it began after that.
 */
import {
  type Ballot,
  containsQuorum,
  type Membership,
  type Message,
  type Node,
  type NodeId,
  sameBallot,
} from '../../paxos/index.js'
import { nameOf } from '../names.js'

/** What a node has been asked last, and the round that it has begun last. */
interface Asked {
  question: string | null
  ballot: Ballot | null
  round: number
  /** The round began after the question. */
  isLater: boolean
  /** Who has acknowledged it. */
  heard: readonly NodeId[]
  /** Who voted on the slots to come whenever it was asked, and when the round began: a later change makes no difference. */
  quorums: readonly (readonly NodeId[])[]
}

const NOTHING = { question: null, ballot: null, round: 0, isLater: false, quorums: [] }

export class Rounds {
  readonly #asked: Map<NodeId, Asked> = new Map()

  /** A node begins a life. */
  started(node: NodeId): void {
    this.#asked.set(node, { ...NOTHING, heard: [node] })
  }

  /** A node sends a message. Gives a sentence if it is not true what that says of a round. */
  sent({ self, membership }: Node, message: Message): string | null {
    const asked = this.#asked.get(self)
    if (asked === undefined) return null
    if (message.type === 'confirm') this.#asks(asked, self, message.question, membership)
    else if (message.type === 'heartbeat') this.#begins(asked, self, message, membership)
    else if (message.type === 'confirmed' && message.question === asked.question) {
      const { heard, quorums } = asked
      if (quorums.some((members) => containsQuorum(heard, members))) return null
      return `${nameOf(self)} confirms a read, and only ${heard.map(nameOf).join(', ')} acknowledged a round that began after it`
    }
    return null
  }

  /** A node hears an acknowledgement. */
  acknowledged(node: NodeId, from: NodeId, ballot: Ballot, round: number): void {
    const asked = this.#asked.get(node)
    if (asked?.isLater !== true || asked.ballot === null || asked.heard.includes(from)) return
    if (round === asked.round && sameBallot(ballot, asked.ballot)) asked.heard = [...asked.heard, from]
  }

  #asks(asked: Asked, self: NodeId, question: string, { configurations }: Membership): void {
    const quorums = quorumsOf(configurations)
    if (question === asked.question) asked.quorums = [...asked.quorums, ...quorums]
    else Object.assign(asked, { question, isLater: false, heard: [self], quorums })
  }

  #begins(
    asked: Asked,
    self: NodeId,
    { ballot, round }: { readonly ballot: Ballot; readonly round: number },
    { configurations }: Membership,
  ): void {
    if (asked.ballot !== null && asked.round === round && sameBallot(ballot, asked.ballot)) return
    const quorums = [...asked.quorums, ...quorumsOf(configurations)]
    Object.assign(asked, { ballot, round, isLater: asked.question !== null, heard: [self], quorums })
  }
}

function quorumsOf(configurations: Membership['configurations']): readonly (readonly NodeId[])[] {
  return configurations.map(({ members }) => members)
}
