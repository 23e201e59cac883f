/**
 * The Seed: initializes a new cluster. It waits until every voter that it was named has asked to join, founds the
 * cluster once, and is gone.
 */
import type { MemberId, NodeId } from '../ballot.js'
import type { Founding, Handles, Join, RoleMessages } from '../messages.js'
import { Role, type RoleContext } from '../role.js'
import type { SeedStart } from '../starts.js'

export class Seed extends Role implements Handles<RoleMessages['seed']> {
  readonly cluster: number
  readonly voters: readonly MemberId[]
  /** The voters that have asked to join. */
  joined: MemberId[] = []

  constructor(context: RoleContext, start: SeedStart = {}) {
    super(context, 'seed')
    this.cluster = start.cluster ?? 0
    this.voters = [...(start.voters ?? [])].sort((a, b) => a - b)
  }

  override begin(): void {
    this.#welcome(this.self)
  }

  join(from: NodeId, _join: Join): void {
    this.#welcome(from)
  }

  #welcome(member: NodeId): void {
    if (!this.voters.includes(member) || this.joined.includes(member)) return
    this.joined.push(member)
    if (this.joined.length === this.voters.length) this.#found()
  }

  /** The founding is on disk before anybody is told of it, so a seed that crashes founds no second cluster. */
  #found(): void {
    const founding: Founding = { cluster: this.cluster, members: this.voters, timeMicros: this.wallMicros }
    this.persist({ type: 'founded', founding })
    const others = this.voters.filter((voter) => voter !== this.self)
    if (others.length > 0) this.send(others, { type: 'welcome', founding })
    this.retire('seed')
    this.induct(founding, true)
  }
}
