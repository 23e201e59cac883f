// Letters that are thrown away because they would do nothing: it is checked that they never would have.

import { describe, expect, it } from 'vitest'
import type { Message, MessageType } from '../../../src/paxos/index.js'
import { DeadLetters, type Recipients } from '../../../src/simulation/exploration/dead-letters.js'

/** A member that goes from state 1 to 2 to 3 and back, or to 4, and does something about the letter in some of these. */
function recipients(type: MessageType, heededIn: readonly number[]): Recipients {
  const after = new Map([
    [1, new Set([2])],
    [2, new Set([3])],
    [3, new Set([1, 4])],
  ])
  return {
    letter: () => ({ type }) as Message,
    isInert: (state) => !heededIn.includes(state),
    statesAfter: (state) => after.get(state) ?? new Set(),
  }
}

const LETTER = 7

describe('a letter that would do nothing', () => {
  it('is thrown away if it is a reply, and only then', () => {
    expect(new DeadLetters(recipients('accepted', [1])).isDead(2, LETTER)).toBe(true)
    expect(new DeadLetters(recipients('accepted', [1])).isDead(1, LETTER)).toBe(false)
    expect(new DeadLetters(recipients('decided', [])).isDead(2, LETTER)).toBe(false)
  })

  it('was rightly thrown away if it does nothing in any later state', () => {
    const letters = new DeadLetters(recipients('accepted', [1, 2, 3]))
    expect(letters.isDead(4, LETTER)).toBe(true)
    expect(letters.wereNotAllDead()).toBe(false)
  })

  it('is kept from then on if it would have done something in a later state', () => {
    const letters = new DeadLetters(recipients('accepted', [4]))
    expect(letters.isDead(1, LETTER)).toBe(true)
    expect(letters.wereNotAllDead()).toBe(true)
    expect(letters.isDead(1, LETTER)).toBe(false)
    expect(letters.wereNotAllDead()).toBe(false)
  })
})
