// Short words for what the protocol's tests talk about: ballots, decrees, requests, outcomes.

import {
  applyChange,
  type Ballot,
  type Decree,
  encodeChange,
  encodeDecree,
  encodeOpener,
  encodeUpgrade,
  type Founding,
  foundingMembership,
  type MemberId,
  type Membership,
  type Micros,
  type Outcome,
  type Request,
  type SessionId,
} from '../../src/paxos/index.js'
import { encoded } from './ledger.js'

/** The wall clock of every test, and where decree time begins: 2021-01-01T00:00:00Z. */
export const WALL_MICROS = 1_609_459_200_000_000

export const THREE: readonly MemberId[] = [0, 1, 2]
export const FIVE: readonly MemberId[] = [0, 1, 2, 3, 4]

export function ballot(round: number, member: MemberId = 0, incarnation = 1): Ballot {
  return { round, member, incarnation }
}

export function founding(members: readonly MemberId[] = THREE): Founding {
  const voters = members.map((member) => ({ member, store: storeOf(member) }))
  return { cluster: 7, voters, timeMicros: WALL_MICROS }
}

/** The identity of the store that a member was founded with. */
export const storeOf = (member: MemberId): number => 100 + member

/** Request `sequence` of a session; its entry is `entry`. */
export function request(session: SessionId, sequence: number, entry: string, acknowledged = 0): Request {
  return { session, sequence, acknowledged, command: encoded(entry) }
}

/** A request for a session. */
export function opening(opener: string): Request {
  return { session: 0, sequence: 0, acknowledged: 0, command: encodeOpener(opener) }
}

/** A request for other voters, in place of those of this version. */
export function changing(members: readonly MemberId[], version = 1, name = `to ${members.join()}`): Request {
  const { voters } = founding(members)
  return { session: 0, sequence: 1, acknowledged: 0, command: encodeChange({ name, version, voters }) }
}

/** A request for another version of the machine. */
export function upgrading(from: number, to: number, name = `${from} to ${to}`): Request {
  return { session: 0, sequence: 2, acknowledged: 0, command: encodeUpgrade({ name, from, to }) }
}

/** The membership of a cluster that was founded by some and then changed to others, in slots 1, 2, 3 … */
export function changed(alpha: number, ...steps: readonly (readonly MemberId[])[]): Membership {
  const [founders = THREE, ...changes] = steps
  return changes.reduce(
    (membership, members, index) => {
      const { voters } = founding(members)
      const change = { name: `to ${members.join()}`, version: index + 1, voters }
      return applyChange(membership, change, index + 1, alpha)[0]
    },
    foundingMembership(founding(founders).voters),
  )
}

export function decree(requests: readonly Request[], stampMicros: Micros = WALL_MICROS): Decree {
  return encodeDecree(stampMicros, requests)
}

/** A decree that roles other than the Replica can tell from others. */
export function opaque(...bytes: readonly number[]): Decree {
  return Uint8Array.from(bytes)
}

export function gives(value: unknown): Outcome {
  return { ok: true, output: encoded(value) }
}
