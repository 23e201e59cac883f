/**
 * Ballots: what the proof of Paxos rests on, looked at as such and not only by what comes of it. No ballot is used twice
 * (PTP B1); nobody votes under one before a quorum has promised it (B2, B3); no promise is taken back, and nothing is
 * accepted below one (PMS P1a). Which members a quorum of a slot is of, one function says.
 */
import {
  type Ballot,
  compareBallots,
  formatBallot,
  NO_BALLOT,
  type Node,
  type NodeId,
  quorumOf,
  type Slot,
  type StoreRecord,
  sameBallot,
} from '../../paxos/index.js'
import { nameOf } from '../names.js'
import type { VotersOf } from './durability.js'
import { Verdict } from './verdict.js'

export class Ballots extends Verdict {
  readonly #votersOf: VotersOf
  /** The highest ballot that each node promised durably. */
  readonly #promised: Map<NodeId, Ballot> = new Map()
  /** The last ballot that each node tried in its present life, and all those of its earlier ones. */
  readonly #tried: Map<NodeId, Ballot> = new Map()
  readonly #spent: Set<string> = new Set()
  /** The last ballot that each node led under. */
  readonly #led: Map<NodeId, Ballot> = new Map()
  /** Stores that have lost something: what they have promised counts no more. */
  readonly #forgetful: Set<NodeId> = new Set()
  /** What was looked at last: a quorum of these voters had promised this ballot. */
  #checked: { readonly ballot: Ballot; readonly voters: readonly NodeId[] } = {
    ballot: NO_BALLOT,
    voters: [],
  }

  constructor(votersOf: VotersOf) {
    super()
    this.#votersOf = votersOf
  }

  /** A node begins a life. */
  started(node: NodeId): void {
    const ballot = this.#tried.get(node)
    if (ballot !== undefined) this.#spent.add(formatBallot(ballot))
    this.#tried.delete(node)
  }

  /** A store has lost something that it may have vouched for. */
  forgot(node: NodeId): void {
    this.#forgetful.add(node)
  }

  /** A record became durable. */
  synced(event: number, node: NodeId, record: StoreRecord): void {
    if (record.type !== 'accepted' && record.type !== 'promised') return
    const { ballot } = record
    const promised = this.#promisedBy(node)
    if (compareBallots(ballot, promised) < 0 && !this.#forgetful.has(node)) {
      const what = record.type === 'promised' ? 'promised' : `accepted in slot ${record.slot} under`
      this.fail(
        event,
        `${nameOf(node)} has ${what} ${formatBallot(ballot)}, and had promised ${formatBallot(promised)} before`,
      )
    }
    if (compareBallots(ballot, promised) > 0) this.#promised.set(node, ballot)
    if (record.type === 'accepted') this.#voted(event, record.slot, ballot)
  }

  /** Looks at a node, every so often. */
  inspect(event: number, { self, roles }: Node): void {
    const { acceptor, leader } = roles
    const promised = this.#promisedBy(self)
    if (acceptor && compareBallots(acceptor.promised, promised) < 0 && !this.#forgetful.has(self))
      this.fail(
        event,
        `${nameOf(self)} had promised ${formatBallot(promised)}, and does not know that any more`,
      )
    if (leader?.phase === 'scouting') this.#scouts(event, self, leader.ballot)
    else if (leader?.phase === 'leading') this.#leads(event, self, leader.ballot)
  }

  /** A scout has begun, and may be over already. */
  scouted(event: number, { self, roles: { leader } }: Node): void {
    if (leader?.phase === 'scouting') this.#scouts(event, self, leader.ballot)
    else if (leader) this.#tries(event, self, leader.ballot)
  }

  /** A node has sent a heartbeat: it leads under this ballot. */
  led(node: NodeId, ballot: Ballot): void {
    if (!sameBallot(ballot, this.#led.get(node) ?? NO_BALLOT)) this.#led.set(node, ballot)
  }

  /** A node lets the leader of a ballot go on: that is a promise, too. */
  acknowledged(event: number, node: NodeId, ballot: Ballot): void {
    const promised = this.#promisedBy(node)
    if (compareBallots(ballot, promised) >= 0 || this.#forgetful.has(node)) return
    const names = `${formatBallot(ballot)}, and had promised ${formatBallot(promised)} before`
    this.fail(event, `${nameOf(node)} acknowledges a heartbeat under ${names}`)
  }

  #promisedBy(node: NodeId): Ballot {
    return this.#promised.get(node) ?? NO_BALLOT
  }

  #tries(event: number, node: NodeId, ballot: Ballot): void {
    const before = this.#tried.get(node) ?? NO_BALLOT
    if (sameBallot(ballot, before)) return
    if (compareBallots(ballot, before) < 0 || this.#spent.has(formatBallot(ballot)))
      this.fail(event, `${nameOf(node)} tries ballot ${formatBallot(ballot)}, which it had left behind`)
    this.#tried.set(node, ballot)
    if (before !== NO_BALLOT) this.#spent.add(formatBallot(before))
  }

  #scouts(event: number, node: NodeId, ballot: Ballot): void {
    this.#tries(event, node, ballot)
    if (sameBallot(ballot, this.#led.get(node) ?? NO_BALLOT))
      this.fail(event, `${nameOf(node)} tries ballot ${formatBallot(ballot)} again, and had led under it`)
  }

  #leads(event: number, node: NodeId, ballot: Ballot): void {
    this.#tries(event, node, ballot)
    this.#led.set(node, ballot)
  }

  #voted(event: number, slot: Slot, ballot: Ballot): void {
    const voters = this.#votersOf(slot)
    if (voters === this.#checked.voters && sameBallot(ballot, this.#checked.ballot)) return
    const count = voters.filter((node) => compareBallots(this.#promisedBy(node), ballot) >= 0).length
    if (count >= quorumOf(voters)) this.#checked = { ballot, voters }
    else
      this.fail(
        event,
        `slot ${slot} was voted on under ${formatBallot(ballot)}, and only ${count} had promised that`,
      )
  }
}
