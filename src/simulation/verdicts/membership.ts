/**
 * Membership safety: who votes on a slot follows from the decrees at least alpha slots before it, and every member knows
 * it that way; no number is ever given to two voters. (*The Part-Time Parliament*, section 3.3.6.)
 *
 * It works out the configurations by itself, from the decided decrees; which votes count in a slot, the verdict on
 * durability asks it.
 */
import type { Change, Membership as Known, NodeId, Slot, Voter } from '../../paxos/index.js'
import { nameOf } from '../names.js'
import { samePlain } from '../same-plain.js'
import { Verdict } from './verdict.js'

/** Who votes from a slot on. */
export interface DecidedConfiguration {
  readonly version: number
  readonly fromSlot: Slot
  readonly members: readonly NodeId[]
}

export class Membership extends Verdict {
  /** All that there ever were, oldest first. */
  readonly configurations: DecidedConfiguration[]
  readonly #alpha: number
  /** The store that each voter's number is bound to. */
  readonly #stores: Map<NodeId, number> = new Map()
  readonly #names: Set<string> = new Set()
  #founders: readonly Voter[] | null = null

  constructor(founders: readonly NodeId[], alpha: number) {
    super()
    this.#alpha = alpha
    this.configurations = [{ version: 1, fromSlot: 1, members: founders }]
  }

  /** It is on the disk of a node how the cluster was founded. */
  founded(event: number, node: NodeId, voters: readonly Voter[]): void {
    if (this.#founders === null) {
      this.#founders = voters
      for (const { member, store } of voters) this.#stores.set(member, store)
    } else if (!samePlain(voters, this.#founders))
      this.fail(event, `${nameOf(node)} has another founding than others have`)
  }

  /** A slot is decided whose decree asks for a change. */
  changes(event: number, slot: Slot, { name, version, voters }: Change): void {
    const { latest } = this
    if (version !== latest.version || this.#names.has(name) || !this.#isPossible(voters)) return
    this.#names.add(name)
    for (const { member, store } of voters) this.#bind(event, member, store)
    const members = voters.map(({ member }) => member).sort((a, b) => a - b)
    this.configurations.push({ version: version + 1, fromSlot: slot + this.#alpha, members })
  }

  get latest(): DecidedConfiguration {
    return this.configurations.at(-1) ?? { version: 0, fromSlot: 1, members: [] } // there is always one
  }

  /** Everybody is a voter already, or has a number above all that were ever used. */
  #isPossible(voters: readonly Voter[]): boolean {
    const highest = Math.max(...this.#stores.keys())
    const { members } = this.latest
    const known = ({ member, store }: Voter): boolean =>
      members.includes(member) && this.#stores.get(member) === store
    const different = new Set(voters.map(({ member }) => member))
    if (voters.length === 0 || different.size < voters.length) return false
    return voters.every((voter) => voter.member > highest || known(voter))
  }

  #bind(event: number, member: NodeId, store: number): void {
    const bound = this.#stores.get(member)
    if (bound !== undefined && bound !== store)
      this.fail(event, `the number of ${nameOf(member)} was given to two stores`)
    this.#stores.set(member, store)
  }

  /** Who votes on a slot. */
  votersOf(slot: Slot): readonly NodeId[] {
    let { members } = this.configurations[0] ?? this.latest
    for (const configuration of this.configurations) {
      if (configuration.fromSlot <= slot) members = configuration.members
    }
    return members
  }

  /** A node that has applied every slot up to this one says who votes. */
  configured(event: number, node: NodeId, applied: Slot, known: Known): void {
    const inForce = this.configurations.findLast(({ fromSlot }) => fromSlot <= applied + 1)
    const expected = this.configurations.filter(
      ({ fromSlot }) => fromSlot >= (inForce?.fromSlot ?? 1) && fromSlot <= applied + this.#alpha,
    )
    const told = (each: DecidedConfiguration): string =>
      `${each.version} from slot ${each.fromSlot}: ${each.members.join(' ')}`
    const one = expected.map(told).join('; ')
    const other = known.configurations.map(told).join('; ')
    if (one !== other)
      this.fail(
        event,
        `${nameOf(node)}, after slot ${applied}, takes the configurations to be (${other}) instead of (${one})`,
      )
  }
}
