// A member has its disk write what it voted for before it applies what the same messages say was decided.

import { describe, expect, test } from 'vitest'
import type { Message, StoreRecord } from '../../../src/paxos/index.js'
import { MessageWriter } from '../../../src/runtime/encoding/messages.js'
import { Driver, type RecordStore } from '../../../src/runtime/member/driver.js'
import { Incoming } from '../../../src/runtime/member/watermarks.js'
import { ballot, founding, opaque, storeOf, THREE } from '../../support/words.js'
import { counter } from './started.js'

const LEADER = 0
const SELF = 1

const accept = (slot: number, decided: number, under = ballot(1)): Message => ({
  type: 'accept',
  ballot: under,
  slot,
  decree: opaque(slot),
  decided,
})
const decided = (slot: number, under = ballot(1)): Message => ({
  type: 'decided',
  ballot: under,
  decided: slot,
})

/** The messages, and the watermarks apart. */
function divided(...messages: readonly Message[]): readonly [readonly Message[], readonly Message[]] {
  const incoming = new Incoming(LEADER, storeOf(LEADER))
  for (const message of messages) incoming.add(message)
  return [incoming.messages.map((each) => each.message), incoming.watermarks.map((each) => each.message)]
}

describe('the watermarks of accepts', () => {
  test('come after all that came at once, the highest of those under one ballot', () => {
    const heartbeat: Message = { type: 'heartbeat', ballot: ballot(1), decided: 7, round: 1, written: 0 }
    expect(divided(accept(9, 6), heartbeat, accept(10, 8), accept(11, 7))).toEqual([
      [accept(9, 0), heartbeat, accept(10, 0), accept(11, 0)],
      [decided(8)],
    ])
  })

  test('are told under the ballots that they came under', () => {
    const [, watermarks] = divided(accept(9, 8), accept(9, 5, ballot(2)))
    expect(watermarks).toEqual([decided(8), decided(5, ballot(2))])
  })

  test('of nothing say nothing', () => {
    expect(divided(accept(1, 0))).toEqual([[accept(1, 0)], []])
  })
})

test('The disk writes the votes while what was decided is applied', () => {
  const deeds: string[] = []
  const records: StoreRecord[] = [
    { type: 'created', store: storeOf(SELF), member: SELF },
    { type: 'incarnation', incarnation: 1 },
    { type: 'founded', founding: founding() },
  ]
  const store: RecordStore = {
    records,
    write: (record) => deeds.push(record.type === 'accepted' ? `vote ${record.slot}` : record.type),
    keep: () => {},
    flush: () => deeds.push('flush'),
    onDurable: () => {},
  }
  const driver = new Driver({
    node: { self: SELF, machine: counter, purpose: { type: 'join', contacts: THREE } },
    store,
    links: { send: () => {}, flush: () => {} },
    clock: { nowMicros: () => 0, wallMicros: () => 0 },
    draw: (low) => low,
    onObservation: (observation) => {
      if (observation.type === 'applied') deeds.push(`apply ${observation.slot}`)
    },
    onLeader: () => {},
    onFailure: (error) => {
      throw error
    },
    onMalformed: () => {},
  })
  driver.boot()
  const receive = (message: Message): void => {
    const writer = new MessageWriter()
    writer.write(message)
    driver.receive(LEADER, storeOf(LEADER), [writer.take()])
  }
  store.onDurable(1)
  receive({ type: 'recognised', life: 1, leader: null }) // it may vote
  receive(accept(1, 0))
  deeds.length = 0
  receive(accept(2, 1))
  expect(deeds).toEqual(['vote 2', 'flush', 'apply 1'])
  driver.stop()
})
