/**
 * Durability: nothing is decided before a quorum has it on disk, nobody counts who has not, and nothing that a client was
 * told is ever lost; each ballot takes over what an earlier one may have chosen; and who takes slots over from a removed
 * member has them on disk.
 * Which members a quorum of a slot is of, one function says.
 */
import {
  type Ballot,
  compareBallots,
  type Decree,
  formatBallot,
  isNoOp,
  NO_BALLOT,
  type NodeId,
  quorumOf,
  type Slot,
  type StoreRecord,
  sameBallot,
  sameBytes,
} from '../../paxos/index.js'
import { nameOf } from '../names.js'
import { Verdict } from './verdict.js'

/** The members that vote in a slot. */
export type VotersOf = (slot: Slot) => readonly NodeId[]

type Accepted = Extract<StoreRecord, { type: 'accepted' }>

/** The nodes whose disks hold an acceptance of one slot under one ballot. */
interface DurableVotes {
  readonly ballot: Ballot
  readonly decree: Decree
  readonly nodes: NodeId[]
}

/** A disk as it is when the run is over. */
export interface LastDisk {
  readonly id: NodeId
  readonly records: readonly StoreRecord[]
}

export class Durability extends Verdict {
  readonly #votersOf: VotersOf
  /** By slot. */
  readonly #votes: Map<Slot, DurableVotes[]> = new Map()
  readonly #forgetful: Set<NodeId> = new Set()
  /** What stores have lost that they had called durable, as long as their members have not found out. */
  readonly #losses: Map<NodeId, { readonly event: number; readonly records: number }> = new Map()
  /** What each store holds beside votes: the decrees that others told, by slot; and, by member, up to where all is decided. */
  readonly #told: Map<NodeId, Map<Slot, Decree>> = new Map()
  readonly #learned: Slot[] = []
  /** Up to where each has a snapshot. */
  readonly #snapshots: Slot[] = []
  /** Those that have lost something: nobody knows what is left of these. */
  readonly #diminished: Set<NodeId> = new Set()
  /** The nodes that may have vouched for something. */
  readonly #vouching: Set<NodeId> = new Set()

  constructor(votersOf: VotersOf) {
    super()
    this.#votersOf = votersOf
  }

  /** A store has lost something that it may have vouched for: it must never vote again. */
  forgot(node: NodeId): void {
    this.#diminished.add(node)
    if (this.#vouching.has(node)) this.#forgetful.add(node)
  }

  /** So many records that a store had called durable are gone: its member must find out. */
  lost(event: number, node: NodeId, records: number): void {
    if (!this.#losses.has(node)) this.#losses.set(node, { event, records })
  }

  /** A member has found out that its store is none to vote with. */
  refused(node: NodeId): void {
    this.#losses.delete(node)
  }

  /** The run is over: nobody will find out any more what was lost. */
  unnoticed(): void {
    for (const [node, { event, records }] of this.#losses)
      this.fail(
        event,
        `the store of ${nameOf(node)} lost ${records} records that it had called durable, and nobody noticed`,
      )
  }

  /** A record became durable. */
  synced(event: number, node: NodeId, record: StoreRecord): void {
    this.#learns(node, record)
    if (record.type !== 'accepted' && record.type !== 'promised') return
    if (this.#forgetful.has(node))
      this.fail(event, `${nameOf(node)} votes with a store that has lost what it may have vouched for`)
    if (!this.#vouching.has(node)) this.#vouching.add(node)
    if (record.type !== 'accepted') return
    const { slot, ballot, decree } = record
    const ballots = this.#votes.get(slot)
    if (ballots === undefined) {
      this.#votes.set(slot, [{ ballot, decree, nodes: [node] }])
      return
    }
    const votes = votesUnder(ballots, ballot)
    if (votes === undefined) ballots.push({ ballot, decree, nodes: [node] })
    else if (!sameBytes(votes.decree, decree))
      this.fail(event, `ballot ${formatBallot(ballot)} has two decrees in slot ${slot}`)
    else if (!votes.nodes.includes(node)) votes.nodes.push(node)
    if (ballots.length > 1) this.#compare(event, slot, ballots)
    if (votes === undefined) this.#takesOver(event, record, ballots)
  }

  /**
   * The first vote under a ballot: its decree is that of the highest-numbered vote below it of some quorum, or any where
   * that has none (PTP B3, PMS P2c). Whoever promises a ballot votes under no lower one after that, so the votes of such
   * a quorum are all on disk by now.
   */
  #takesOver(event: number, { slot, ballot, decree }: Accepted, known: readonly DurableVotes[]): void {
    const voters = this.#votersOf(slot)
    const lower = known.filter((each) => compareBallots(each.ballot, ballot) < 0)
    const highest = voters.map((voter) =>
      lower.filter(({ nodes }) => nodes.includes(voter)).reduce(higherBallot, NO_BALLOT),
    )
    const same = lower.filter((each) => sameBytes(each.decree, decree)).map((each) => each.ballot)
    const isFree = [NO_BALLOT, ...same].some((through) => {
      return highest.filter((each) => compareBallots(each, through) <= 0).length >= quorumOf(voters)
    })
    if (!isFree)
      this.fail(
        event,
        `ballot ${formatBallot(ballot)} has another decree in slot ${slot} than any quorum could have told of`,
      )
  }

  /** What a quorum has on disk is chosen, whether anybody knows or not: no higher ballot has another decree. */
  #compare(event: number, slot: Slot, ballots: readonly DurableVotes[]): void {
    for (const { ballot, decree, nodes } of ballots) {
      if (!this.#isQuorum(slot, nodes)) continue
      const other = ballots.find(
        (each) => compareBallots(each.ballot, ballot) > 0 && !sameBytes(each.decree, decree),
      )
      if (other === undefined) continue
      const names = `${formatBallot(ballot)}, and ${formatBallot(other.ballot)} has another decree there`
      this.fail(event, `slot ${slot} was chosen under ${names}`)
    }
  }

  #learns(node: NodeId, record: StoreRecord): void {
    switch (record.type) {
      case 'accepted':
        raise(this.#learned, node, record.learned)
        return
      case 'learned':
        raise(this.#learned, node, record.slot)
        return
      case 'snapshot':
        raise(this.#learned, node, record.slot)
        raise(this.#snapshots, node, record.slot)
        return
      case 'decision': {
        const told = this.#told.get(node) ?? new Map<Slot, Decree>()
        this.#told.set(node, told.set(record.slot, record.decree))
        return
      }
    }
  }

  /**
   * A member has said that it takes everything up to a slot over from one that was removed, whom nobody can ask for it
   * then: it must know all that after a crash too. What it holds was on its disk once; damage it need not know of.
   */
  takenOver(event: number, node: NodeId, slot: Slot, decrees: readonly Decree[]): void {
    if (this.#diminished.has(node)) return
    const learned = this.#learned[node] ?? 0
    const what = `${nameOf(node)} takes over what was decided up to slot ${slot}`
    if (learned < slot) this.fail(event, `${what}, and its store says so only up to slot ${learned}`)
    for (let each = (this.#snapshots[node] ?? 0) + 1; each <= slot; each++)
      if (!this.#holds(node, each, decrees[each - 1]))
        this.fail(event, `${what}, and its store has not what was decided in slot ${each}`)
  }

  #holds(node: NodeId, slot: Slot, decree: Decree | undefined): boolean {
    if (decree === undefined) return false
    const told = this.#told.get(node)?.get(slot)
    if (told !== undefined && sameBytes(told, decree)) return true
    const votes = this.#votes.get(slot) ?? []
    return votes.some((each) => each.nodes.includes(node) && sameBytes(each.decree, decree))
  }

  /** Whether the disk of a member held a vote in this slot under this ballot, whatever has become of it since. */
  hasVoted(node: NodeId, slot: Slot, ballot: Ballot): boolean {
    return votesUnder(this.#votes.get(slot), ballot)?.nodes.includes(node) === true
  }

  /** A leader has proposed what it must not, or counted somebody that has not voted. */
  blamed(event: number, reason: string): void {
    this.fail(event, reason)
  }

  /** A slot is applied for the first time. */
  decided(event: number, slot: Slot, decree: Decree): void {
    for (const { decree: accepted, nodes } of this.#votes.get(slot) ?? []) {
      if (this.#isQuorum(slot, nodes) && sameBytes(accepted, decree)) return
    }
    const what = isNoOp(decree) ? 'a no-op' : 'a decree'
    this.fail(event, `slot ${slot} was decided with ${what} that no quorum had on disk`)
  }

  /** A client was told that its command was executed. */
  acknowledged(event: number, request: string, decided: boolean): void {
    if (!decided) this.fail(event, `request ${request} was answered and is in no decided slot`)
  }

  /** At the end: every decided slot is still on the disks of a quorum of the last configuration. */
  ended(event: number, decrees: readonly Decree[], disks: readonly LastDisk[]): void {
    const holders: NodeId[][] = Array.from(decrees, () => []) // a slot may be missing where agreement is broken
    for (const { id, records } of disks) {
      for (const record of records) {
        if (record.type === 'snapshot') holdAll(holders, id, record.slot)
        if (record.type !== 'accepted' && record.type !== 'decision') continue
        const decree = decrees[record.slot - 1]
        const nodes = holders[record.slot - 1]
        if (decree === undefined || nodes === undefined || !sameBytes(decree, record.decree)) continue
        if (!nodes.includes(id)) nodes.push(id)
      }
    }
    for (const [index, nodes] of holders.entries()) {
      if (!this.#isQuorum(Number.MAX_SAFE_INTEGER, nodes))
        this.fail(event, `slot ${index + 1} is left on only ${nodes.length} disks`)
    }
  }

  #isQuorum(slot: Slot, nodes: readonly NodeId[]): boolean {
    const voters = this.#votersOf(slot)
    let count = 0
    for (const node of nodes) if (voters.includes(node)) count += 1
    return count >= quorumOf(voters)
  }
}

function votesUnder(votes: readonly DurableVotes[] | undefined, ballot: Ballot): DurableVotes | undefined {
  if (votes !== undefined) for (const each of votes) if (sameBallot(each.ballot, ballot)) return each
  return undefined
}

function raise(slots: Slot[], node: NodeId, slot: Slot): void {
  if (slot > (slots[node] ?? 0)) slots[node] = slot
}

function higherBallot(ballot: Ballot, other: { readonly ballot: Ballot }): Ballot {
  return compareBallots(ballot, other.ballot) > 0 ? ballot : other.ballot
}

/** A snapshot holds what every slot up to its own made. */
function holdAll(holders: readonly NodeId[][], id: NodeId, slot: Slot): void {
  for (const nodes of holders.slice(0, slot)) if (!nodes.includes(id)) nodes.push(id)
}
