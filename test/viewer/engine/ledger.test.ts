import { encodeText, type StoreRecord } from 'synod/paxos'
import type { WorldEvent } from 'synod/simulation'
import { describe, expect, it } from 'vitest'
import { LedgerRecorder } from '../../../viewer/src/engine/ledger.js'

function vote(slot: number, learned = 0): StoreRecord {
  const ballot = { round: 1, member: 0, incarnation: 1 }
  return { type: 'accepted', ballot, slot, decree: encodeText(`decree ${slot}`), learned }
}

const writes = (record: StoreRecord): WorldEvent => ({ type: 'writes', node: 0, record })
const syncs = (records: number): WorldEvent => ({ type: 'syncs', node: 0, records })
const crashes = (lostRecords: number): WorldEvent => ({ type: 'crashes', node: 0, lostRecords })
const starts = (records: number): WorldEvent => ({ type: 'starts', node: 0, records })

/** The cells of member 0, slot by slot, after the last of these events. */
function cellsAfter(events: readonly WorldEvent[], read?: readonly StoreRecord[]): readonly string[] {
  const ledger = new LedgerRecorder()
  for (const [place, event] of events.entries()) {
    if (event.type === 'starts' && read !== undefined) ledger.reads(0, read)
    ledger.hear(event, place + 1)
  }
  const { slots } = ledger.at(events.length, 1, 10, [0], () => '')
  return slots.map(({ cells }) => `${cells[0]?.state}${cells[0]?.durable ? ' durable' : ''}`)
}

describe('a ledger', () => {
  const [one, two, three] = [vote(1), vote(2), vote(3, 1)]

  it('has a vote from its writing on, and durable from its sync on', () => {
    expect(cellsAfter([writes(one), writes(two), syncs(1)])).toEqual(['accepted durable', 'accepted'])
  })

  it('loses in a crash what was not synced, but for the beginning of it that survived', () => {
    const before = [writes(one), syncs(1), writes(two), writes(three)]
    expect(cellsAfter([...before, crashes(2)])).toEqual(['accepted durable', 'none', 'none'])
    expect(cellsAfter([...before, crashes(1)])).toEqual(['accepted durable', 'accepted durable', 'none'])
    expect(cellsAfter([...before, crashes(0)])).toEqual([
      'decided durable',
      'accepted durable',
      'accepted durable',
    ])
  })

  it('loses what a disk had only said to be synced', () => {
    expect(cellsAfter([writes(one), syncs(1), writes(two), syncs(1), crashes(1)])).toEqual([
      'accepted durable',
      'none',
    ])
  })

  it('has what is on the disk with which a member starts, and nothing else', () => {
    const before = [writes(one), writes(two), syncs(2), crashes(0), starts(1)]
    expect(cellsAfter(before, [one])).toEqual(['accepted durable', 'none'])
    expect(cellsAfter(before, [one, { type: 'damaged' }])).toEqual(['accepted durable', 'none'])
    expect(cellsAfter(before, [three])).toEqual(['decided', 'none', 'accepted durable'])
    expect(cellsAfter(before)).toEqual(['accepted durable', 'accepted durable'])
  })

  it('is empty for a member that starts with a blank disk, also where nobody tells what it reads', () => {
    const decision: StoreRecord = { type: 'decision', slot: 2, decree: encodeText('decree 2') }
    const before = [writes(one), writes(decision), syncs(2), crashes(0)]
    expect(cellsAfter(before)).toEqual(['accepted durable', 'decided'])
    expect(cellsAfter([...before, starts(0)])).toEqual(['none', 'none'])
  })

  it('remembers what was so before', () => {
    const ledger = new LedgerRecorder()
    for (const [place, event] of [writes(one), syncs(1), crashes(0), starts(0)].entries())
      ledger.hear(event, place + 1)
    const states = [1, 2, 3, 4].map((event) => ledger.at(event, 1, 1, [0], () => '').slots[0]?.cells[0])
    expect(states.map((cell) => [cell?.state, cell?.durable])).toEqual([
      ['accepted', false],
      ['accepted', true],
      ['accepted', true],
      ['none', false],
    ])
  })
})
