// The leader role of member 0 on a bench, and short ways to bring it where a test begins.

import {
  type Ballot,
  type Decree,
  decodeDecree,
  Leader,
  type MemberId,
  type NodeId,
  type Request,
  type Settings,
  type Slot,
  type Vote,
} from '../../src/paxos/index.js'
import { Bench, type Deed, sending } from './bench.js'
import { ballot, THREE } from './words.js'

export const BASE = 500_000
export const NOBODY: Deed = sending(0, { type: 'leaderChanged', towards: null, indirect: false })

export let bench: Bench
export let leader: Leader

interface Seat {
  readonly members?: readonly MemberId[]
  readonly settings?: Partial<Settings>
  readonly round?: number
  readonly incarnation?: number
  readonly eager?: boolean
  readonly writing?: boolean
}

/** The leader role of member 0, which follows nobody yet. */
export function seat({
  members = THREE,
  settings = {},
  round = 0,
  incarnation = 1,
  eager = false,
  writing = false,
}: Seat = {}): void {
  bench = new Bench({ members, settings, incarnation })
  bench.writing = writing
  leader = new Leader(bench, { round, eager })
  leader.begin()
}

export const at = (nowMicros: number) => {
  bench.nowMicros = nowMicros
}

export const heartbeat = (from: NodeId, under: Ballot) =>
  leader.heartbeat(from, { type: 'heartbeat', ballot: under, decided: 0, round: 0, written: 0 })

/** The election timer rings, and the member asks. Gives the question. */
export function ask(): string {
  bench.take()
  leader.timer('election')
  return bench.messages('prescout')[0]?.question ?? 'none was asked'
}

export const answer = (from: NodeId, question: string, hears: Ballot | null = null) =>
  leader.prescoutAnswer(from, { type: 'prescoutAnswer', question, leader: hears, decided: 0 })

/** A quorum hears no leader either, so it scouts. Gives the ballot. */
export function scout(): Ballot {
  const question = ask()
  for (const member of bench.members.slice(0, Math.floor(bench.members.length / 2) + 1))
    answer(member, question)
  return leader.ballot
}

export const adopted = (under: Ballot, votes: readonly Vote[] = [], decided: Slot = 0, version = 1) =>
  leader.adopted(0, { type: 'adopted', ballot: under, version, votes, decided, source: 1 })

export const vote = (slot: Slot, decree: Decree): Vote => ({ slot, ballot: ballot(1), decree })

/** It leads; what that took is forgotten. */
export function lead(options: Seat = {}, votes: readonly Vote[] = [], decided: Slot = 0): Ballot {
  seat(options)
  const under = scout()
  bench.take()
  adopted(under, votes, decided)
  return under
}

/** What comes in one turn. */
export function propose(...requests: readonly Request[]): void {
  for (const request of requests) leader.propose(0, { type: 'propose', request })
  leader.settled()
}

export const progress = (under: Ballot, decided: Slot) =>
  leader.progress(0, { type: 'progress', ballot: under, decided })

export const learned = (decided: Slot) => leader.learned(0, { type: 'learned', decided })

export const acknowledge = (from: NodeId, under: Ballot, round = 0) =>
  leader.heartbeatAck(from, { type: 'heartbeatAck', ballot: under, round })

/** The slots that were tendered since the last time, with what is in them. */
export const tendered = () =>
  bench
    .messages('tender')
    .map(({ slot, decree }): [Slot, readonly number[] | Decree] => [
      slot,
      decree.length < 3 ? decree : decodeDecree(decree).requests.map(({ sequence }) => sequence),
    ])
