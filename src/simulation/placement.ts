/** Where the clients are: at members, or on nodes of their own that are no members. */
import type { NodeId } from '../paxos/index.js'

/**
 * `last`: all at the last member. `spread`: at the members in turn, from the last one down. `own`: each on a node of its
 * own. `mixed`: every other one so, the rest spread.
 */
export type Placement = 'last' | 'spread' | 'own' | 'mixed'

export const PLACEMENTS: readonly [Placement, ...Placement[]] = ['last', 'spread', 'own', 'mixed']

/** Nodes of clients are numbered from here on: above every member that there may ever be. */
export const FIRST_CLIENT_NODE = 1_000

/** The node that a client asks by way of. */
export function placeOf(placement: Placement, client: number, members: number): NodeId {
  switch (placement) {
    case 'last':
      return members - 1
    case 'spread':
      return members - 1 - (client % members)
    case 'own':
      return FIRST_CLIENT_NODE + client
    case 'mixed':
      return client % 2 === 1
        ? FIRST_CLIENT_NODE + client
        : placeOf('spread', Math.floor(client / 2), members)
  }
}
