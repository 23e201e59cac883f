/**
 * Ballots: the totally ordered numbers under which leaders lead (*The Part-Time Parliament*, section 2.1; the
 * "proposal numbers" of *Paxos Made Simple*).
 *
 * A ballot is (round, member, incarnation), compared in that order, and is never used twice: two members differ
 * in the second part, two lives of one member in the third, because a boot makes its incarnation durable before
 * it sends anything, and one life leads at most once in a round.
 */

/** A member's number. Never issued again, even after the member is gone. */
export type MemberId = number

/** Where messages go: a member, or a client's node that is no member. */
export type NodeId = number

export interface Ballot {
  readonly round: number
  readonly member: MemberId
  readonly incarnation: number
}

/** Lower than every ballot that anyone leads under. */
export const NO_BALLOT: Ballot = { round: 0, member: -1, incarnation: 0 }

/** Whether it is a ballot that somebody may lead under; what comes from outside may be anything. */
export function isBallot({ round, member, incarnation }: Ballot): boolean {
  return Number.isSafeInteger(round) && Number.isSafeInteger(member) && Number.isSafeInteger(incarnation)
}

/** Negative when `a` is lower than `b`, positive when it is higher, 0 when they are the same ballot. */
export function compareBallots(a: Ballot, b: Ballot): number {
  if (a.round !== b.round) return a.round - b.round
  if (a.member !== b.member) return a.member - b.member
  return a.incarnation - b.incarnation
}

export function sameBallot(a: Ballot, b: Ballot): boolean {
  return a === b || compareBallots(a, b) === 0
}

/** `round.member.incarnation`, as transcripts print it; `none` for {@link NO_BALLOT}. */
export function formatBallot(ballot: Ballot): string {
  return ballot.round === 0 ? 'none' : `${ballot.round}.${ballot.member}.${ballot.incarnation}`
}
