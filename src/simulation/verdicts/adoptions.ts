/**
 * What leaders were told when their ballots were adopted: by a quorum of those who vote on a slot, what may be chosen there
 * (PTP §2.1, B3; PMS P2c). Where the members change, it takes another quorum for the slots from there on (PTP §3.3.6).
 */
import {
  type Adopted,
  type Ballot,
  formatBallot,
  type NodeId,
  sameBallot,
  sameBytes,
  type Tender,
} from '../../paxos/index.js'
import { nameOf } from '../names.js'
import type { DecidedConfiguration } from './membership.js'

type Proposal = Pick<Tender, 'ballot' | 'slot' | 'decree'>

/** Under one ballot: what each quorum has told, and up to which version of the configuration it was one. */
interface Told {
  readonly ballot: Ballot
  readonly tellings: Pick<Adopted, 'version' | 'votes'>[]
}

export class Adoptions {
  /** Of the last ballot of each node. */
  readonly #told: Map<NodeId, Told> = new Map()

  /** A quorum of every configuration up to some version has promised a node its ballot, and told of its votes. */
  adopted(node: NodeId, { ballot, version, votes }: Adopted): void {
    const told = this.#told.get(node)
    if (told !== undefined && sameBallot(told.ballot, ballot)) told.tellings.push({ version, votes })
    else this.#told.set(node, { ballot, tellings: [{ version, votes }] })
  }

  /** Whether a quorum of this configuration has promised a node this ballot. */
  isPrepared(node: NodeId, ballot: Ballot, { version }: DecidedConfiguration): boolean {
    return this.#tellings(node, ballot).some((each) => each.version >= version)
  }

  /** A node proposes, and this configuration votes there. Gives a sentence if it is not what some quorum of it has told. */
  proposes(
    node: NodeId,
    { ballot, slot, decree }: Proposal,
    { version }: DecidedConfiguration,
  ): string | null {
    const tellings = this.#tellings(node, ballot).filter((each) => each.version >= version)
    const isTold = tellings.some(({ votes }) => {
      const vote = votes.find((each) => each.slot === slot)
      return vote === undefined || sameBytes(vote.decree, decree)
    })
    if (isTold) return null
    const names = `${nameOf(node)} proposes under ${formatBallot(ballot)} in slot ${slot}`
    return `${names} another decree than those who vote there have told it of`
  }

  #tellings(node: NodeId, ballot: Ballot): Told['tellings'] {
    const told = this.#told.get(node)
    return told !== undefined && sameBallot(told.ballot, ballot) ? told.tellings : []
  }
}
