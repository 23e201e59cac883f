// Ballots (The Part-Time Parliament, section 2.1): totally ordered, and nobody else's.

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Ballot, compareBallots, formatBallot, NO_BALLOT, sameBallot } from '../../src/paxos/index.js'
import { ballot } from '../support/words.js'

const anyBallot: fc.Arbitrary<Ballot> = fc.record({
  round: fc.integer({ min: 1, max: 3 }),
  member: fc.integer({ min: 0, max: 3 }),
  incarnation: fc.integer({ min: 1, max: 3 }),
})

describe('ballots', () => {
  it('are ordered by round, then member, then incarnation', () => {
    const ascending = [ballot(1, 0, 9), ballot(1, 1, 1), ballot(1, 1, 2), ballot(1, 2, 1), ballot(2, 0, 1)]
    expect([...ascending].reverse().sort(compareBallots)).toEqual(ascending)
  })

  it('are totally ordered: antisymmetric, transitive, and equal only to themselves', () => {
    fc.assert(
      fc.property(anyBallot, anyBallot, anyBallot, (a, b, c) => {
        expect(Math.sign(compareBallots(a, b))).toBe(-Math.sign(compareBallots(b, a)) + 0)
        if (compareBallots(a, b) <= 0 && compareBallots(b, c) <= 0) {
          expect(compareBallots(a, c)).toBeLessThanOrEqual(0)
        }
        expect(sameBallot(a, b)).toBe(formatBallot(a) === formatBallot(b))
      }),
    )
  })

  it('are all above NO_BALLOT, under which nobody leads', () => {
    fc.assert(fc.property(anyBallot, (any) => compareBallots(NO_BALLOT, any) < 0))
  })

  it('of two members in one round differ, as do those of two lives of one member', () => {
    expect(sameBallot(ballot(4, 0), ballot(4, 1))).toBe(false)
    expect(sameBallot(ballot(4, 0, 1), ballot(4, 0, 2))).toBe(false)
  })

  it('print as round.member.incarnation', () => {
    expect(formatBallot(ballot(3, 1, 2))).toBe('3.1.2')
    expect(formatBallot(NO_BALLOT)).toBe('none')
  })
})
