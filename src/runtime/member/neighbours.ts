/**
 * Who is connected, and who is to be: members, as long as they are needed, and clients.
 *
 * A member that was removed needs the others until it knows every slot below its removal, and they may need it. So it is
 * dialled until it is gone, and again when it comes back and asks.
 */
import type { MemberId, NodeId } from '../../paxos/index.js'
import { FIRST_CLIENT } from '../transport/index.js'

/** What dials. */
export interface Dialling {
  readonly book: ReadonlyMap<MemberId, string>
  know(member: MemberId, endpoint: string): void
  forget(member: MemberId): void
}

export class Neighbours {
  readonly clients: Set<NodeId> = new Set()
  /** Members that can be sent to. */
  readonly connected: Set<MemberId> = new Set()
  readonly #transport: Dialling
  /** Whether a member was removed, as far as is known. */
  readonly #isRemoved: (member: MemberId) => boolean
  /** Where those were that were removed, and are dialled no more. */
  readonly #forgotten: Map<MemberId, string> = new Map()

  constructor(transport: Dialling, isRemoved: (member: MemberId) => boolean) {
    this.#transport = transport
    this.#isRemoved = isRemoved
  }

  reach(node: NodeId, reachable: boolean): void {
    const nodes = node < FIRST_CLIENT ? this.connected : this.clients
    if (reachable) nodes.add(node)
    else nodes.delete(node)
    if (node < FIRST_CLIENT) this.forget()
  }

  /** Those who are removed, and gone, are dialled no more. */
  forget(): void {
    for (const [member, endpoint] of this.#transport.book) {
      if (!this.#isRemoved(member) || this.connected.has(member)) continue
      this.#forgotten.set(member, endpoint)
      this.#transport.forget(member)
    }
  }

  /** A member has sent something: who was forgotten is there again. */
  heard(member: MemberId): void {
    if (this.#forgotten.size === 0) return
    const endpoint = this.#forgotten.get(member)
    if (endpoint === undefined) return
    this.#forgotten.delete(member)
    this.#transport.know(member, endpoint)
  }
}
