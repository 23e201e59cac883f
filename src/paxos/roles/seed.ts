/**
 * The Seed: initializes a new cluster. It waits until every voter that it was named has asked to join, founds the
 * cluster once, and is gone.
 */
import type { MemberId, NodeId } from '../ballot.js'
import { clampStamp } from '../decree.js'
import type { Founding, Join } from '../messages.js'
import { Role, type RoleContext } from '../role.js'
import type { Handles, RoleMessages } from '../routing.js'
import type { SeedStart } from '../starts.js'

export class Seed extends Role implements Handles<RoleMessages['seed']> {
  readonly cluster: number
  readonly voters: readonly MemberId[]
  /** The voters that have asked to join, and their stores. */
  joined: Map<MemberId, number> = new Map()

  constructor(context: RoleContext, start: SeedStart = {}) {
    super(context, 'seed')
    this.cluster = start.cluster ?? 0
    this.voters = [...new Set(start.voters)].sort((a, b) => a - b)
  }

  override begin(): void {
    this.#admit(this.self, this.store)
  }

  join(from: NodeId, { store }: Join): void {
    this.#admit(from, store)
  }

  /** A voter that lost its store before the founding has vouched for nothing yet: the latest one counts. */
  #admit(member: NodeId, store: number): void {
    if (!this.voters.includes(member)) return
    this.joined.set(member, store)
    if (this.joined.size === this.voters.length) this.#found()
  }

  /** The founding is on disk before anybody is told of it, so a seed that crashes founds no second cluster. */
  #found(): void {
    const founding: Founding = {
      cluster: this.cluster,
      voters: this.voters.map((member) => ({ member, store: this.joined.get(member) ?? 0 })),
      timeMicros: clampStamp(this.wallMicros),
      ...(this.knownVersion > 1 && { machineVersion: this.knownVersion }),
    }
    this.persist({ type: 'founded', founding })
    const others = this.voters.filter((voter) => voter !== this.self)
    if (others.length > 0) this.send(others, { type: 'welcome', founding, isNew: true })
    this.retire('seed')
    this.induct(founding, 'founds')
  }
}
