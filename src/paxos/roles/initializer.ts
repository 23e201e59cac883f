/**
 * The Initializer: inducts a node into the cluster. Before, it asks to join until it is welcome; after, it welcomes
 * voters that ask: one whose welcome was lost, or who comes much later and then catches up.
 */
import type { MemberId, NodeId } from '../ballot.js'
import type { Founding, Handles, Join, RoleMessages, Welcome } from '../messages.js'
import { Role, type RoleContext } from '../role.js'
import type { InitializerStart } from '../starts.js'

export class Initializer extends Role implements Handles<RoleMessages['initializer']> {
  readonly contacts: readonly NodeId[]
  readonly founding: Founding | null
  attempts = 0

  constructor(context: RoleContext, start: InitializerStart = {}) {
    super(context, 'initializer')
    this.contacts = (start.contacts ?? []).filter((contact) => contact !== this.self)
    this.founding = start.founding ?? null
  }

  override begin(): void {
    if (this.founding === null) this.#ask()
  }

  override timer(): void {
    if (this.founding === null) this.#ask()
  }

  welcome(_from: NodeId, { founding }: Welcome): void {
    if (this.founding !== null || !isVoter(founding, this.self)) return
    this.persist({ type: 'founded', founding })
    this.induct(founding, false)
  }

  join(from: NodeId, _join: Join): void {
    if (this.founding === null || !isVoter(this.founding, from)) return
    this.send(from, { type: 'welcome', founding: this.founding })
  }

  /** Asks the first contact, which is the seed of a new cluster, and every other time one of the rest. */
  #ask(): void {
    const [first, ...rest] = this.contacts
    if (first === undefined) return
    const other = rest[(this.attempts >> 1) % rest.length]
    this.send(this.attempts % 2 === 0 ? first : (other ?? first), { type: 'join' })
    this.attempts += 1
    this.after('join', this.settings.joinMicros)
  }
}

function isVoter(founding: Founding, member: MemberId): boolean {
  return founding.members.includes(member)
}
