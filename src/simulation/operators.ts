/**
 * The operators: they start machines for newcomers, ask for other members, and switch off who is needed no more. So they
 * know of whom a quorum is still needed.
 */
import { learnedThrough, type NodeId, quorumOf, type Voter } from '../paxos/index.js'
import type { PartitionShape } from './faults/stage.js'
import type { Host } from './host.js'
import type { Site } from './site.js'
import { OPERATOR, type Workload } from './workload.js'

/** How often they look after the last fault whether a removed member still runs. */
const TIDYING_MICROS = 500_000

export class Operators {
  readonly #site: Site
  readonly #workload: Workload
  /** The voters that were asked for, and the version that they are to replace. */
  readonly #asked: { readonly version: number; readonly members: readonly NodeId[] }[] = []

  constructor(site: Site, workload: Workload) {
    this.#site = site
    this.#workload = workload
  }

  /** Starts a machine more. */
  admit(): Host {
    const { hosts, timeline } = this.#site
    const host = hosts.add()
    timeline.at(timeline.nowMicros, () => this.#site.start(host))
    return host
  }

  /** Asks a member to have these voters decided in place of those of that version. */
  change(host: Host, version: number, voters: readonly Voter[]): void {
    this.#asked.push({ version, members: voters.map(({ member }) => member) })
    const reference = this.#asked.length
    this.#site.submit(host, { type: 'change', client: OPERATOR, reference, version, voters })
  }

  /** Switches off a machine that is no voter, and is needed no more. */
  retire(host: Host): void {
    host.isRetired = true
    this.#site.crash(host, 0)
    this.#workload.move(host)
  }

  /** From now on, switches off whoever was removed, did not hear of it, and is needed no more. */
  tidy(): void {
    const { hosts, timeline, court } = this.#site
    const counting = this.#decided.flat() // a number that is not in use is never used again, whoever asks for it
    for (const { members } of court.membership.configurations) {
      for (const id of members) {
        const host = hosts.get(id)
        if (!counting.includes(id) && !host.isRetired) this.retire(host)
      }
    }
    timeline.at(timeline.nowMicros + TIDYING_MICROS, () => this.tidy())
  }

  // ---- of whom a quorum is needed ------------------------------------------------------------------------------

  /**
   * The configurations that count: the latest, and those before it whose slots it may still need them for; and those
   * that were asked for and may still be decided.
   */
  get configurations(): readonly (readonly NodeId[])[] {
    const { latest } = this.#site.court.membership
    const asked = this.#asked.filter(({ version }) => version >= latest.version)
    return [...this.#decided, ...asked.map(({ members }) => members)]
  }

  get #decided(): readonly (readonly NodeId[])[] {
    const { configurations } = this.#site.court.membership
    return configurations.filter((_, index) => !this.#isSuperseded(index)).map(({ members }) => members)
  }

  /** Whether a quorum of a later configuration knows durably what this one has decided. */
  #isSuperseded(index: number): boolean {
    const { configurations } = this.#site.court.membership
    const next = configurations[index + 1]
    if (next === undefined) return false
    return configurations.slice(index + 1).some(({ members }) => {
      const holders = members.filter((id) => {
        const { isOut, disk } = this.#site.hosts.get(id)
        return !isOut && learnedThrough(disk.synced) >= next.fromSlot - 1
      })
      return holders.length >= quorumOf(members)
    })
  }

  /**
   * The members whose stores have lost what they may have vouched for, of a configuration that counts and has no quorum
   * without them; none: every one has. Whether a store has is known here, whatever its member says of it.
   */
  get missed(): readonly NodeId[] {
    const { court, hosts } = this.#site
    if (!hosts.members.some(({ isForgetful }) => isForgetful)) return []
    for (const [index, { members }] of court.membership.configurations.entries()) {
      const lost = members.filter((id) => hosts.get(id).isForgetful)
      const isServed = members.length - lost.length >= quorumOf(members)
      if (!isServed && !this.#isSuperseded(index)) return lost
    }
    return []
  }

  /** The voters that are linked with a working quorum of every configuration that counts, while such a fault lasts. */
  linked(shape: PartitionShape): readonly NodeId[] {
    // Who is not a member yet, because the cluster is not founded, waits for everybody.
    const isUp = (id: NodeId): boolean => {
      const { node, isOut } = this.#site.hosts.get(id)
      return node?.roles.replica !== undefined && !isOut
    }
    const isLinked = (id: NodeId): boolean =>
      this.configurations.every((members) => {
        const linked = members.filter((other) => isUp(other) && shape.hears(id, other))
        return linked.length >= quorumOf(members)
      })
    return this.#site.court.membership.latest.members.filter(isLinked)
  }
}
