/**
 * Rounds of heartbeats that confirm linearizable reads (Raft §6.4): when a leader says that it still led after it was
 * asked, a quorum has acknowledged a round that it began after that. It takes those who vote on the first slot that it knows
 * nothing of, and they have promised its ballot: others may have let somebody else decide there.
 */
import {
  type Ballot,
  containsQuorum,
  type Message,
  type NodeId,
  type Slot,
  sameBallot,
} from '../../paxos/index.js'
import { nameOf } from '../names.js'
import type { DecidedConfiguration } from './membership.js'

/** Who votes on a slot. */
export type ConfigurationOf = (slot: Slot) => DecidedConfiguration

/** Whether a quorum of a configuration has promised a node this ballot. */
export type IsPrepared = (node: NodeId, ballot: Ballot, configuration: DecidedConfiguration) => boolean

/** What a node has been asked last, and the round that it has begun last. */
interface Asked {
  question: string | null
  ballot: Ballot | null
  round: number
  /** The round began after the question. */
  isLater: boolean
  /** Who has acknowledged it. */
  heard: readonly NodeId[]
}

const NOTHING = { question: null, ballot: null, round: 0, isLater: false }

export class Rounds {
  readonly #configurationOf: ConfigurationOf
  readonly #isPrepared: IsPrepared
  readonly #asked: Map<NodeId, Asked> = new Map()

  constructor(configurationOf: ConfigurationOf, isPrepared: IsPrepared) {
    this.#configurationOf = configurationOf
    this.#isPrepared = isPrepared
  }

  /** A node begins a life. */
  started(node: NodeId): void {
    this.#asked.set(node, { ...NOTHING, heard: [node] })
  }

  /** A node sends a message. Gives a sentence if it is not true what that says of a round. */
  sent(node: NodeId, message: Message): string | null {
    const asked = this.#asked.get(node)
    if (asked === undefined) return null
    if (message.type === 'confirm') this.#asks(asked, node, message.question)
    else if (message.type === 'heartbeat') this.#begins(asked, node, message)
    else if (message.type === 'confirmed' && message.question === asked.question)
      return this.#confirms(asked, node, message.slot)
    return null
  }

  #confirms({ ballot, heard }: Asked, node: NodeId, slot: Slot): string | null {
    const configuration = this.#configurationOf(slot + 1)
    const what = `${nameOf(node)} confirms a read`
    if (!containsQuorum(heard, configuration.members))
      return `${what}, and only ${heard.map(nameOf).join(', ')} acknowledged a round that began after it`
    if (ballot !== null && this.#isPrepared(node, ballot, configuration)) return null
    return `${what}, and no quorum of those who vote on slot ${slot + 1} has promised its ballot`
  }

  /** A node hears an acknowledgement. */
  acknowledged(node: NodeId, from: NodeId, ballot: Ballot, round: number): void {
    const asked = this.#asked.get(node)
    if (asked?.isLater !== true || asked.ballot === null || asked.heard.includes(from)) return
    if (round === asked.round && sameBallot(ballot, asked.ballot)) asked.heard = [...asked.heard, from]
  }

  #asks(asked: Asked, node: NodeId, question: string): void {
    if (question !== asked.question) Object.assign(asked, { question, isLater: false, heard: [node] })
  }

  #begins(
    asked: Asked,
    node: NodeId,
    { ballot, round }: { readonly ballot: Ballot; readonly round: number },
  ): void {
    if (asked.ballot !== null && asked.round === round && sameBallot(ballot, asked.ballot)) return
    Object.assign(asked, { ballot, round, isLater: asked.question !== null, heard: [node] })
  }
}
