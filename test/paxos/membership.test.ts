// Quorums: any two share a member (The Part-Time Parliament, section 2.1, condition B2).

import { describe, expect, it } from 'vitest'
import { completesQuorum, quorumOf } from '../../src/paxos/index.js'
import { FIVE, THREE } from '../support/words.js'

const members = (count: number) => Array.from({ length: count }, (_, id) => id)

describe('quorums', () => {
  it.each([
    [1, 1],
    [2, 2],
    [3, 2],
    [4, 3],
    [5, 3],
    [13, 7],
    [14, 8],
  ])('of %i members have %i', (count, quorum) => {
    expect(quorumOf(members(count))).toBe(quorum)
  })

  it('of the same members always share one, and are no larger than that needs', () => {
    for (let count = 1; count <= 100; count++) {
      const quorum = quorumOf(members(count))
      expect(2 * quorum).toBeGreaterThan(count)
      expect(2 * (quorum - 1)).toBeLessThanOrEqual(count)
    }
  })

  it('are completed once, by the member that was missing', () => {
    const heard: number[] = []
    expect([4, 0, 2, 3, 1].map((from) => completesQuorum(heard, FIVE, from))).toEqual([
      false,
      false,
      true,
      false,
      false,
    ])
  })

  it('count nobody twice', () => {
    const heard: number[] = []
    expect([1, 1, 1, 1].some((from) => completesQuorum(heard, THREE, from))).toBe(false)
  })

  it('count nobody who is no voter', () => {
    const heard: number[] = []
    expect([7, 8, 9].some((from) => completesQuorum(heard, THREE, from))).toBe(false)
    expect(heard).toEqual([])
  })
})
