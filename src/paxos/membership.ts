/**
 * Quorums of a fixed set of voters: the majorities of *The Part-Time Parliament*, section 2.1. Any two of them share
 * a member.
 */
import type { MemberId, NodeId } from './ballot.js'

/** How many members make a majority of `members`: 2 of 3, 2 of 2, 8 of 14. */
export function quorumOf(members: readonly MemberId[]): number {
  return Math.floor(members.length / 2) + 1
}

/**
 * Notes in `heard` that this member was heard from. Says whether that completes a quorum: true exactly once, when the
 * last missing voter is added. Who is no voter, or was counted before, never counts.
 */
export function completesQuorum(heard: MemberId[], members: readonly MemberId[], from: NodeId): boolean {
  if (heard.includes(from) || !members.includes(from)) return false
  heard.push(from)
  return heard.length === quorumOf(members)
}
