/** What a node is there for. */
import type { MemberId, NodeId } from './ballot.js'

/** What a node is to do when its store is blank; a store that belongs to a cluster outranks it. */
export type Purpose =
  /** Found a new cluster of these voters, of which this node is one. */
  | { readonly type: 'seed'; readonly cluster: number; readonly voters: readonly MemberId[] }
  /** Join the cluster that one of these nodes belongs to. */
  | { readonly type: 'join'; readonly contacts: readonly MemberId[] }
  /** Be no member: only request. `incarnation` must differ from every earlier life of a node of this number. */
  | { readonly type: 'request'; readonly contacts: readonly MemberId[]; readonly incarnation: number }

/** Throws a RangeError if a node of this number cannot be what it is told to be. */
export function checkPurpose(self: NodeId, purpose: Purpose): void {
  const { type } = purpose
  const others = type === 'seed' ? purpose.voters : purpose.contacts
  if (!others.every((id) => Number.isSafeInteger(id) && id >= 0) || new Set(others).size !== others.length) {
    throw new RangeError(`Nodes are named by different whole numbers, and ${others.join(', ')} are not.`)
  }
  if (type === 'seed' && !others.includes(self)) {
    throw new RangeError(
      `Node ${self} cannot found a cluster of which it is no voter: name it among the voters.`,
    )
  }
  if (type === 'request' && others.length === 0) {
    throw new RangeError(`Node ${self} is no member and knows none: name a contact.`)
  }
}
