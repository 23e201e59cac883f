/**
 * Membership: the cluster is founded once, and who votes on a slot is what the decrees say: a change of the latest
 * configuration is in force α slots later (*The Part-Time Parliament*, section 3.3.6). What members make of the changes
 * is measured against that; quorums are of those who vote.
 */
import type {
  Change,
  Founding,
  Membership as Known,
  MemberId,
  NodeId,
  Slot,
  Voter,
} from '../../paxos/index.js'
import { nameOf } from '../names.js'
import { samePlain } from '../same-plain.js'
import { Verdict } from './verdict.js'

/** Who votes from a slot on. */
export interface DecidedConfiguration {
  readonly version: number
  readonly fromSlot: Slot
  readonly voters: readonly Voter[]
  readonly members: readonly MemberId[]
}

export class Membership extends Verdict {
  readonly #alpha: number
  #founding: Founding | null = null
  /** All there ever were, oldest first. */
  readonly #configurations: DecidedConfiguration[] = []
  /** What is voted under before the founding is on any disk. */
  readonly #expected: DecidedConfiguration
  #highestMember: MemberId = -1

  constructor(founders: readonly NodeId[], alpha: number) {
    super()
    this.#alpha = alpha
    this.#expected = { version: 1, fromSlot: 1, voters: [], members: founders }
  }

  /** All configurations that there ever were, oldest first. */
  get configurations(): readonly DecidedConfiguration[] {
    return this.#configurations.length === 0 ? [this.#expected] : this.#configurations
  }

  get latest(): DecidedConfiguration {
    return this.#configurations.at(-1) ?? this.#expected
  }

  /** It is on the disk of a node how the cluster was founded. */
  founded(event: number, node: NodeId, founding: Founding): void {
    if (this.#founding === null) {
      const [founder] = this.#expected.members
      if (founder !== undefined && node !== founder)
        this.fail(event, `${nameOf(node)} was told of a founding that ${nameOf(founder)} may still forget`)
      this.#founding = founding
      this.#add(1, founding.voters)
    } else if (!samePlain(founding, this.#founding))
      this.fail(event, `${nameOf(node)} has another founding than others have`)
  }

  /** A decree asks for a change. */
  changes(slot: Slot, { version, voters }: Change): void {
    const latest = this.#configurations.at(-1)
    if (latest === undefined || version !== latest.version || !this.#mayVote(voters, latest)) return
    this.#add(slot + this.#alpha, voters)
  }

  /** The members that vote on a slot. */
  votersOf(slot: Slot): readonly MemberId[] {
    return this.#decidedFor(slot)?.members ?? []
  }

  /** The configuration that votes on a slot. */
  configurationOf(slot: Slot): DecidedConfiguration {
    return this.#decidedFor(slot) ?? this.#expected
  }

  /** Nearly always it is the last one. */
  #decidedFor(slot: Slot): DecidedConfiguration | undefined {
    const latest = this.#configurations.at(-1)
    if (latest === undefined || latest.fromSlot <= slot) return latest
    return this.#configurations.findLast(({ fromSlot }) => fromSlot <= slot)
  }

  /**
   * A node that has applied every slot up to this one says who votes on those that follow. A founding that is on no disk
   * yet need not be the one.
   */
  configured(event: number, node: NodeId, applied: Slot, { configurations, highestMember }: Known): void {
    if (this.#founding === null) return
    const decided = this.#configurations.filter(({ fromSlot }) => fromSlot <= applied + this.#alpha)
    if (configurations.at(-1)?.version !== decided.at(-1)?.version)
      this.fail(
        event,
        `${nameOf(node)}, after slot ${applied}, does not know configuration ${decided.length}`,
      )
    for (const { version, fromSlot, members } of configurations) {
      const own = this.#configurations[version - 1]
      if (own !== undefined && own.fromSlot === fromSlot && samePlain(own.members, members)) continue
      const who = members.map(nameOf).join(', ')
      this.fail(event, `${nameOf(node)} has ${who} vote from slot ${fromSlot} on, and no decree says so`)
    }
    const highest = decided.reduce(
      (most, { members }) => Math.max(most, ...members),
      Number.NEGATIVE_INFINITY,
    )
    if (highestMember < highest)
      this.fail(
        event,
        `${nameOf(node)}, after slot ${applied}, would take ${nameOf(highest)} for a number that nobody had`,
      )
  }

  #add(fromSlot: Slot, unsorted: readonly Voter[]): void {
    const voters = [...unsorted].sort((one, other) => one.member - other.member)
    const members = voters.map(({ member }) => member)
    this.#configurations.push({ version: this.#configurations.length + 1, fromSlot, voters, members })
    this.#highestMember = Math.max(this.#highestMember, ...members)
  }

  /** No number stands for two members: one that was used is only that of the voter who has it. */
  #mayVote(voters: readonly Voter[], latest: DecidedConfiguration): boolean {
    const distinct = new Set(voters.map(({ member }) => member)).size === voters.length
    const isKnown = ({ member, store }: Voter): boolean =>
      latest.voters.some((voter) => voter.member === member && voter.store === store)
    return (
      voters.length > 0 &&
      distinct &&
      voters.every((voter) => voter.member > this.#highestMember || isKnown(voter))
    )
  }
}
