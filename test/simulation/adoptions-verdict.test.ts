// A leader that proposes something else than it was told of is seen.

import { describe, expect, it } from 'vitest'
import type { Adopted, Ballot, Vote } from '../../src/paxos/index.js'
import { Adoptions } from '../../src/simulation/verdicts/adoptions.js'
import { opaque } from '../support/words.js'

const own: Ballot = { round: 7, member: 0, incarnation: 1 }
const earlier: Ballot = { round: 2, member: 1, incarnation: 1 }
const before = { version: 1, fromSlot: 1, voters: [], members: [0, 1, 2] }
const after = { version: 2, fromSlot: 5, voters: [], members: [0, 3, 4] }

const vote = (slot: number, what: number): Vote => ({ slot, ballot: earlier, decree: opaque(what) })
const adopted = (version: number, ...votes: Vote[]): Adopted => ({
  type: 'adopted',
  ballot: own,
  version,
  votes,
  decided: 0,
  source: 1,
})

/** What is said of a proposal in a slot after these adoptions. */
function said(slot: number, what: number, ...all: readonly Adopted[]): string | null {
  const adoptions = new Adoptions()
  for (const each of all) adoptions.adopted(0, each)
  const configuration = slot < after.fromSlot ? before : after
  return adoptions.proposes(0, { ballot: own, slot, decree: opaque(what) }, configuration)
}

describe('what a leader proposes', () => {
  it('is what it was told of, and anything where nobody told of anything', () => {
    expect(said(1, 8, adopted(1, vote(1, 8)))).toBeNull()
    expect(said(2, 9, adopted(1, vote(1, 8)))).toBeNull()
  })

  it('is nothing else where it was told of something', () => {
    expect(said(1, 9, adopted(1, vote(1, 8)))).toBe(
      'NODE_0 proposes under 7.0.1 in slot 1 another decree than those who vote there have told it of',
    )
  })

  it('behind a change of the members is what those have told who vote there', () => {
    const both = [adopted(1, vote(5, 8)), adopted(2, vote(5, 9))]
    expect(said(5, 9, ...both)).toBeNull()
    expect(said(5, 8, ...both)).toMatch(/another decree than those who vote there have told it of$/)
  })

  it('is what any quorum has told: one that is asked later may tell of more', () => {
    expect(said(5, 9, adopted(2), adopted(3, vote(5, 8)))).toBeNull()
  })
})

describe('a configuration is prepared', () => {
  it('when a quorum of it has promised, under that very ballot', () => {
    const adoptions = new Adoptions()
    adoptions.adopted(0, adopted(1))
    expect([before, after].map((each) => adoptions.isPrepared(0, own, each))).toEqual([true, false])
    adoptions.adopted(0, adopted(2))
    expect(adoptions.isPrepared(0, own, after)).toBe(true)
    expect(adoptions.isPrepared(0, earlier, before)).toBe(false)
    expect(adoptions.isPrepared(1, own, before)).toBe(false)
  })
})
