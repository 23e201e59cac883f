/**
 * Votes, of which an acceptor keeps hundreds of thousands, in few bytes: what follows on each other under one ballot is
 * one run. A twentieth of the time that they take one by one, while the node waits.
 */
import { type Ballot, sameBallot } from '../ballot.js'
import { ByteReader, ByteWriter } from '../bytes.js'
import type { Slot } from '../decree.js'
import type { Vote } from '../messages.js'
import { blank } from './redaction.js'

export interface VoteRun {
  readonly ballot: Ballot
  readonly first: Slot
  /** Of each decree only the length is known. */
  readonly isBlank: boolean
  /** The decrees, or their lengths, one after the other. */
  readonly decrees: Uint8Array
}

/** The votes up to a slot in runs, those up to another one without their decrees; and the others as they are. */
export function packVotes(
  votes: ReadonlyMap<Slot, Vote>,
  blankThrough: Slot,
  through: Slot,
): { readonly runs: readonly VoteRun[]; readonly others: ReadonlyMap<Slot, Vote> } {
  const writer = new ByteWriter(65_536)
  const runs: VoteRun[] = []
  const others = new Map<Slot, Vote>()
  let run: Omit<VoteRun, 'decrees'> | null = null
  let next: Slot = 0
  const end = (): void => {
    if (run !== null) runs.push({ ...run, decrees: writer.take() })
    run = null
  }
  for (const [slot, vote] of votes) {
    if (slot > through) {
      others.set(slot, vote)
      continue
    }
    const { ballot, decree } = vote
    const isBlank = slot <= blankThrough
    if (run === null || slot !== next || isBlank !== run.isBlank || !sameBallot(ballot, run.ballot)) {
      end()
      run = { ballot, first: slot, isBlank }
    }
    if (isBlank) writer.number(decree.length)
    else writer.bytes(decree)
    next = slot + 1
  }
  end()
  return { runs, others }
}

export function unpackVotes(runs: readonly VoteRun[], others: ReadonlyMap<Slot, Vote>): Map<Slot, Vote> {
  const votes = new Map<Slot, Vote>()
  for (const { ballot, first, isBlank, decrees } of runs) {
    const reader = new ByteReader(decrees)
    for (let slot = first; !reader.done; slot++) {
      const decree = isBlank ? blank(reader.number()) : reader.bytes()
      votes.set(slot, { slot, ballot, decree })
    }
  }
  for (const [slot, vote] of others) votes.set(slot, vote)
  return votes
}
