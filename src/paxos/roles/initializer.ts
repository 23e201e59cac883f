/**
 * The Initializer: inducts a node into the cluster. Before, it asks to join until it is welcome; after, it welcomes
 * voters that ask: one whose welcome was lost, or who comes much later and then catches up. A voter that comes with
 * another store than it was founded with is turned away: it has forgotten what it promised.
 */
import type { MemberId, NodeId } from '../ballot.js'
import type { Founding, Join, TurnedAway, Welcome } from '../messages.js'
import { Role, type RoleContext } from '../role.js'
import type { Handles, RoleMessages } from '../routing.js'
import type { InitializerStart } from '../starts.js'

export class Initializer extends Role implements Handles<RoleMessages['initializer']> {
  readonly contacts: readonly NodeId[]
  readonly store: number
  readonly founding: Founding | null
  attempts = 0
  /** The last cluster that did not take it. */
  turnedAwayBy: number | null = null

  constructor(context: RoleContext, start: InitializerStart = {}) {
    super(context, 'initializer')
    this.contacts = (start.contacts ?? []).filter((contact) => contact !== this.self)
    this.store = start.store ?? 0
    this.founding = start.founding ?? null
  }

  override begin(): void {
    if (this.founding === null) this.#ask()
  }

  override timer(): void {
    if (this.founding === null) this.#ask()
  }

  welcome(_from: NodeId, { founding }: Welcome): void {
    if (this.founding !== null || !isVoter(founding, this.self, this.store)) return
    this.persist({ type: 'founded', founding })
    this.induct(founding, false)
  }

  join(from: NodeId, { store }: Join): void {
    const { founding } = this
    if (founding === null) return
    if (isVoter(founding, from, store)) this.send(from, { type: 'welcome', founding })
    else this.send(from, { type: 'turnedAway', cluster: founding.cluster })
  }

  /** It goes on asking: whoever said so may belong to a cluster that is not the one it is waiting for. */
  turnedAway(_from: NodeId, { cluster }: TurnedAway): void {
    if (this.founding !== null || this.turnedAwayBy === cluster) return
    this.turnedAwayBy = cluster
    this.observe({ type: 'turnedAway', cluster })
  }

  /** Asks the first contact, which is the seed of a new cluster, and every other time one of the rest. */
  #ask(): void {
    const [first, ...rest] = this.contacts
    if (first === undefined) return
    const other = rest[(this.attempts >> 1) % rest.length]
    this.send(this.attempts % 2 === 0 ? first : (other ?? first), { type: 'join', store: this.store })
    this.attempts += 1
    this.after('join', this.settings.joinMicros)
  }
}

function isVoter(founding: Founding, member: MemberId, store: number): boolean {
  return founding.voters.some((voter) => voter.member === member && voter.store === store)
}
