// Recovery: what the records of a store add up to (Paxos Made Simple, section 2.5: stable storage).

import { describe, expect, it } from 'vitest'
import { type Decree, NO_BALLOT, recover, type StoreRecord } from '../../src/paxos/index.js'
import { ballot, founding, opaque } from '../support/words.js'

const promised = (round: number): StoreRecord => ({ type: 'promised', ballot: ballot(round) })
const accepted = (round: number, slot: number, decree: Decree, learned = 0): StoreRecord => ({
  type: 'accepted',
  ballot: ballot(round),
  slot,
  decree,
  learned,
})

describe('a store', () => {
  it('that is blank has promised nothing and belongs to no cluster', () => {
    expect(recover([])).toEqual({
      store: null,
      member: null,
      written: 0,
      damaged: false,
      incarnation: 0,
      founding: null,
      promised: NO_BALLOT,
      votes: new Map(),
      decisions: new Map(),
      learned: 0,
      snapshot: null,
      trimmed: 0,
    })
  })

  it('remembers its identity, its founding and its latest incarnation', () => {
    const recovered = recover([
      { type: 'created', store: 77, member: 3 },
      { type: 'incarnation', incarnation: 1 },
      { type: 'founded', founding: founding() },
      { type: 'incarnation', incarnation: 2 },
    ])
    expect(recovered).toMatchObject({ store: 77, member: 3, incarnation: 2, founding: founding() })
  })

  it('remembers the highest promise, also the one that lies in an acceptance', () => {
    expect(recover([promised(2), promised(5)]).promised).toEqual(ballot(5))
    expect(recover([promised(2), accepted(3, 1, opaque(1))]).promised).toEqual(ballot(3))
    expect(recover([promised(5), accepted(3, 1, opaque(1))]).promised).toEqual(ballot(5))
  })

  it('remembers the latest vote of each slot', () => {
    const { votes } = recover([
      accepted(1, 1, opaque(1)),
      accepted(1, 2, opaque(2)),
      accepted(4, 1, opaque(3)),
    ])
    expect([...votes.values()]).toEqual([
      { slot: 1, ballot: ballot(4), decree: opaque(3) },
      { slot: 2, ballot: ballot(1), decree: opaque(2) },
    ])
  })

  it('takes a vote for a decision only up to what was learned', () => {
    const { decisions } = recover([
      accepted(1, 1, opaque(1)),
      accepted(1, 2, opaque(2)),
      accepted(1, 3, opaque(3), 2),
    ])
    expect([...decisions]).toEqual([
      [1, opaque(1)],
      [2, opaque(2)],
    ])
  })

  it('that starts again without knowing how far it had learned has learned it all the same', () => {
    const records = [accepted(1, 1, opaque(1)), accepted(1, 2, opaque(2), 1), accepted(2, 3, opaque(3), 0)]
    expect(recover(records)).toMatchObject({ learned: 1, decisions: new Map([[1, opaque(1)]]) })
  })

  it('believes a decision that another member told rather than its own vote, which may have lost', () => {
    const { decisions } = recover([
      accepted(1, 1, opaque(1)),
      { type: 'decision', slot: 1, decree: opaque(9) },
      accepted(2, 2, opaque(2), 1),
    ])
    expect(decisions.get(1)).toEqual(opaque(9))
  })

  it('of which the unsynced tail is lost promises less, and nothing else', () => {
    const records = [promised(1), accepted(1, 1, opaque(1)), promised(2), accepted(2, 1, opaque(2))]
    const promises = records.map((_, length) => recover(records.slice(0, length)).promised.round)
    expect(promises).toEqual([0, 1, 1, 2])
  })
})
