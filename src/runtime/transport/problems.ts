/** What goes wrong at the border, as data: refused, counted, and told to the owner, who decides what to log. */
import { MalformedBytes, type MemberId } from '../../paxos/index.js'

/** Why a side turns the other one away. The place in this list is what the wire says: append only. */
export const REFUSALS = [
  /** Both know their cluster, and it is not the same. */
  'other-cluster',
  'no-common-version',
  /** Neither the token nor a certificate. */
  'unauthenticated',
  /** Another member answered than was dialled. */
  'wrong-number',
  /** It has the number of this very member. */
  'self',
  /** Bytes that are not what they claim to be, or a kind of frame that nobody knows. */
  'malformed',
  'oversized',
  /** A frame that has no business there and then. */
  'out-of-order',
  'too-many-connections',
] as const

export type RefusalReason = (typeof REFUSALS)[number]

/** What else may be wrong with a peer. */
const TROUBLES = [
  /** Nobody answers where it should be. */
  'unreachable',
  /** TLS failed: most often a certificate that is not trusted. */
  'untrusted',
  /** The token would go to another host without TLS: it is not dialled. */
  'token-in-clear',
  /** Not open within the limit. */
  'slow-handshake',
  /** Nothing could be written for too long. */
  'stalled',
  /** It has said nothing for too long: its host, or what lies between, is gone. */
  'silent',
  /** What is sent to it is dropped: too much waits. Told once a connection. */
  'full',
  /** The owner sends what exceeds the largest frame. Told each time. */
  'too-large',
] as const

export type ProblemReason = RefusalReason | (typeof TROUBLES)[number]

export interface Problem {
  readonly reason: ProblemReason
  /** Whether the other side found it, and told. */
  readonly told: boolean
  /** The address of the other side. */
  readonly peer: string
  /** The member that is meant, as far as that is known. */
  readonly member: MemberId | null
  /** A sentence that says what it is, and what can be done. */
  readonly detail: string
}

/** Thrown where something is found that ends a connection. */
export class Refused extends Error {
  override readonly name = 'Refused'
  readonly reason: RefusalReason

  constructor(reason: RefusalReason, detail: string) {
    super(detail)
    this.reason = reason
  }
}

/** The refusal that an error thrown while reading comes to; anything else is a bug, and goes on. */
export function refusedBy(thrown: unknown): Refused {
  if (thrown instanceof Refused) return thrown
  if (thrown instanceof MalformedBytes) return new Refused('malformed', thrown.message)
  throw thrown
}

/** What happened so far. Only ever goes up, but for the three that say what is open now. */
export interface TransportCounts {
  /** Open now: dialled, accepted from members, accepted from clients. */
  dialled: number
  members: number
  clients: number
  receivedBytes: number
  sentBytes: number
  receivedFrames: number
  sentFrames: number
  /** Dropped: too much waited for that peer. */
  droppedFull: number
  /** Dropped: no connection. */
  droppedUnreachable: number
  /** Dropped: larger than a frame may be. */
  droppedLarge: number
  /** Problems, by reason. */
  readonly problems: Record<ProblemReason, number>
}

export function noCounts(): TransportCounts {
  const reasons: readonly ProblemReason[] = [...REFUSALS, ...TROUBLES]
  // Every reason is among those two lists.
  const problems = Object.fromEntries(reasons.map((reason) => [reason, 0])) as Record<ProblemReason, number>
  return {
    dialled: 0,
    members: 0,
    clients: 0,
    receivedBytes: 0,
    sentBytes: 0,
    receivedFrames: 0,
    sentFrames: 0,
    droppedFull: 0,
    droppedUnreachable: 0,
    droppedLarge: 0,
    problems,
  }
}
