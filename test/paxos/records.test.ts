// Recovery: what the records of a store add up to (Paxos Made Simple, section 2.5: stable storage).

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  type Decree,
  isObsolete,
  NO_BALLOT,
  recover,
  type SnapshotRecord,
  type StoreRecord,
} from '../../src/paxos/index.js'
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
      refused: null,
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

// ---- snapshots and trimming ----------------------------------------------------------------------------------

const decision = (slot: number, decree: Decree = opaque(slot)): StoreRecord => ({
  type: 'decision',
  slot,
  decree,
})
const learned = (slot: number): StoreRecord => ({ type: 'learned', slot })
const snapshot = (slot: number, trimmed: number, written = 0, round = 0): SnapshotRecord => ({
  type: 'snapshot',
  slot,
  data: opaque(slot, 0xff),
  trimmed,
  incarnation: 2,
  promised: round === 0 ? NO_BALLOT : ballot(round),
  written,
})

describe('a snapshot in a store', () => {
  const log = [1, 2, 3, 4].map((slot) => accepted(1, slot, opaque(slot), slot - 1))

  it('is remembered: the latest of them, with what it stands for', () => {
    const recovered = recover([...log, snapshot(2, 1), snapshot(4, 3)])
    expect(recovered.snapshot).toEqual({ slot: 4, data: opaque(4, 0xff) })
    expect(recovered).toMatchObject({ trimmed: 3, learned: 4 })
  })

  it('takes the place of the votes and decisions up to where it is trimmed, and of no others', () => {
    const recovered = recover([...log, decision(5), snapshot(4, 2)])
    expect([...recovered.votes.keys()]).toEqual([3, 4])
    expect([...recovered.decisions.keys()].sort()).toEqual([3, 4, 5])
  })

  it('leaves what was promised, also by votes that are trimmed, and says it by itself', () => {
    expect(recover([accepted(9, 1, opaque(1)), snapshot(1, 1)]).promised).toEqual(ballot(9))
    expect(recover([snapshot(1, 1, 9, 7)])).toMatchObject({ promised: ballot(7), incarnation: 2 })
  })

  it('says how many records were ever written, however many of them are left', () => {
    expect(recover([snapshot(4, 4, 100), promised(3), promised(4)]).written).toBe(102)
    expect(recover(log).written).toBe(4)
  })
})

describe('what a store says was learned', () => {
  it('makes decisions of the votes up to there', () => {
    const recovered = recover([accepted(1, 1, opaque(1)), accepted(1, 2, opaque(2)), learned(1)])
    expect(recovered).toMatchObject({ learned: 1, decisions: new Map([[1, opaque(1)]]) })
  })

  it('never goes back', () => {
    expect(recover([learned(5), learned(3)]).learned).toBe(5)
  })
})

describe('a record that cannot be read', () => {
  it('is noted, wherever it was, and the rest is still read', () => {
    expect(recover([promised(1), { type: 'damaged' }, promised(2)])).toMatchObject({
      damaged: true,
      promised: ballot(2),
      written: 3,
    })
  })
})

describe('a record that a snapshot makes obsolete', () => {
  const cut = snapshot(5, 3, 0, 4)

  it.each<[string, StoreRecord, boolean]>([
    ['a vote that is trimmed', accepted(1, 3, opaque(1)), true],
    ['a vote that is not', accepted(1, 4, opaque(1)), false],
    ['a decision that is trimmed', decision(3), true],
    ['a decision that is not', decision(4), false],
    ['what was learned up to the snapshot', learned(5), true],
    ['what was learned beyond it', learned(6), false],
    ['another snapshot', snapshot(2, 1), true],
    ['the snapshot itself', cut, false],
    ['a promise that it holds', promised(4), true],
    ['a higher promise', promised(5), false],
    ['the identity of the store', { type: 'created', store: 1, member: 1 }, false],
    ['an incarnation that it holds', { type: 'incarnation', incarnation: 2 }, true],
    ['a later incarnation', { type: 'incarnation', incarnation: 3 }, false],
    ['the founding', { type: 'founded', founding: founding() }, false],
    ['one that cannot be read', { type: 'damaged' }, false],
  ])('%s: %j', (_name, record, obsolete) => {
    expect(isObsolete(record, cut)).toBe(obsolete)
  })

  /** What a member may write: ballots rise, each promised before anything is accepted under it, it learns and trims what it has learned, and every snapshot is later. */
  function history(acts: readonly number[]): StoreRecord[] {
    const records: StoreRecord[] = [{ type: 'created', store: 1, member: 1 }, promised(1)]
    const state = { round: 1, slot: 1, learned: 0, trimmed: 0, taken: 0 }
    for (const act of acts) {
      switch (act % 6) {
        case 0:
          state.round += 1
          records.push(promised(state.round))
          break
        case 1:
        case 2:
          state.slot = Math.max(state.trimmed + 1, state.slot - (act % 3) + 1)
          records.push(accepted(state.round, state.slot, opaque(state.slot, state.round), state.learned))
          break
        case 3:
          records.push(decision(state.learned + 1 + (act % 4), opaque(99)))
          break
        case 4:
          state.learned += act % 3
          records.push(learned(state.learned))
          break
        case 5:
          if (state.learned === state.taken) break
          state.taken = state.learned
          state.trimmed = Math.max(state.trimmed, state.taken - (act % 4))
          records.push(snapshot(state.taken, state.trimmed, records.length + 1, state.round))
          break
      }
    }
    return records
  }

  it('may be dropped: what the store adds up to does not change', () => {
    const acts = fc.array(fc.nat(100), { maxLength: 60 })
    fc.assert(
      fc.property(acts, (list) => {
        const records = history(list)
        const at = records.findLastIndex(({ type }) => type === 'snapshot')
        const last = records[at]
        if (last?.type !== 'snapshot') return
        const kept = records.filter((record, index) => index >= at || !isObsolete(record, last))
        expect(recover(kept)).toEqual(recover(records))
      }),
      { numRuns: 500 },
    )
  })
})
