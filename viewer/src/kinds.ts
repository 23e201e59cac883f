/**
 * Messages by what they are for. Each family has a colour, and a dash and a shape besides, so that it can be told
 * from the others without the colour.
 */

export const FAMILIES = ['election', 'votes', 'decisions', 'requests', 'heartbeats', 'membership'] as const
export type Family = (typeof FAMILIES)[number]

/** The place in FAMILIES. */
export type FamilyIndex = number

interface Look {
  readonly label: string
  /** What belongs to it, for people. */
  readonly what: string
  /** Pixels drawn and left out, in turn. */
  readonly dash: readonly number[]
  readonly width: number
}

export const LOOKS: Readonly<Record<Family, Look>> = {
  election: { label: 'Election', what: 'prepare, promise, and who asks before', dash: [7, 3], width: 1.5 },
  votes: { label: 'Votes', what: 'accept and accepted', dash: [], width: 1.5 },
  decisions: {
    label: 'Decisions',
    what: 'what is decided, and who fetches it',
    dash: [9, 3, 2, 3],
    width: 1.4,
  },
  requests: {
    label: 'Requests',
    what: 'from clients to the leader, and the answers',
    dash: [4, 2],
    width: 1.3,
  },
  heartbeats: { label: 'Heartbeats', what: 'the leader lives', dash: [1.5, 3], width: 1.1 },
  membership: {
    label: 'Members',
    what: 'who joins, returns, hands over; snapshots',
    dash: [2, 2],
    width: 1.5,
  },
}

const TYPES: Readonly<Record<Family, readonly string[]>> = {
  election: [
    'prescout',
    'prescoutAnswer',
    'prepare',
    'promise',
    'prepareOutdated',
    'prepareRejected',
    'adopted',
    'preempted',
  ],
  votes: ['accept', 'accepted', 'acceptOutdated', 'acceptRejected', 'tender', 'progress'],
  decisions: ['decided', 'fetch', 'fetched', 'learn', 'learned', 'outrun', 'trim'],
  requests: [
    'request',
    'answer',
    'relay',
    'relayed',
    'read',
    'readAnswer',
    'readIndex',
    'readIndexAnswer',
    'propose',
    'refused',
    'confirm',
    'confirmed',
  ],
  heartbeats: ['heartbeat', 'heartbeatAck', 'heartbeatRejected', 'leaderChanged'],
  membership: [],
}

const OF_TYPE = new Map(
  FAMILIES.flatMap((family, index) => TYPES[family].map((type) => [type, index] as const)),
)
const OTHERS = FAMILIES.indexOf('membership')

/** The family of a type of message; what is in no other is about members. */
export function familyOf(type: string): FamilyIndex {
  return OF_TYPE.get(type) ?? OTHERS
}
