// Messages of every type that travels, with wild values.

import fc from 'fast-check'
import type { Ballot, Message } from '../../src/paxos/index.js'
import type { ForeignType } from '../../src/runtime/encoding/messages.js'

export const wild: fc.Arbitrary<number> = fc.oneof(
  fc.nat(10),
  fc.nat(5_000),
  fc.constantFrom(2 ** 31, 2 ** 32, 2 ** 40, 2 ** 53 - 2, 2 ** 53 - 1),
  fc.maxSafeNat(),
)
const ballot: fc.Arbitrary<Ballot> = fc.record({
  round: wild,
  member: fc.oneof(
    fc.nat(3),
    fc.nat().map((value) => 2 ** 53 - 2 - value),
  ),
  incarnation: wild,
})
const bytes = fc.uint8Array({ maxLength: 40 })
const text = fc.string({ maxLength: 20 })
const vote = fc.record({ slot: wild, ballot, decree: bytes })
const votes = fc.array(vote, { maxLength: 20 })
const outcome = fc.oneof(
  fc.record({ ok: fc.constant(true as const), output: bytes }),
  fc.record({ ok: fc.constant(false as const), error: fc.constant('overloaded' as const), detail: text }),
)
const request = fc.record({
  // Those of a member may not be spoilt: a node by itself does not know who asks, see runtime/member/sessions.ts.
  session: fc.oneof(fc.constant(0), fc.integer({ min: 1_000, max: 2 ** 53 - 1 })),
  sequence: fc.oneof(fc.nat(3), wild),
  acknowledged: wild,
  command: bytes,
})
const answered = { session: wild, sequence: wild, name: text, outcome, slot: wild }
const voters = fc.array(fc.record({ member: wild, store: wild }), { maxLength: 20 })

/** Total: every type that travels. */
const FIELDS: { readonly [Type in ForeignType]: Readonly<Record<string, fc.Arbitrary<unknown>>> } = {
  join: { store: wild },
  welcome: { founding: fc.record({ cluster: wild, voters, timeMicros: wild }), isNew: fc.boolean() },
  turnedAway: {
    cluster: wild,
    store: wild,
  },
  returning: { life: wild, store: wild, written: wild },
  recognised: { life: wild, leader: fc.option(wild) },
  rolledBack: { life: wild, written: wild },
  prescout: { question: text, decided: wild },
  prescoutAnswer: { question: text, leader: fc.option(ballot), decided: wild },
  prepare: { ballot, fromSlot: wild, version: wild },
  promise: { ballot, fromSlot: wild, votes, nextSlot: fc.option(wild), decided: wild, written: wild },
  prepareOutdated: { ballot, decided: wild },
  prepareRejected: { ballot, promised: ballot },
  accept: { ballot, slot: wild, decree: bytes, decided: wild },
  accepted: { ballot, slot: wild, written: wild },
  acceptOutdated: { ballot, decided: wild },
  acceptRejected: { ballot, promised: ballot },
  decided: { ballot, decided: wild },
  heartbeat: { ballot, decided: wild, round: wild, written: wild },
  heartbeatAck: { ballot, round: wild },
  heartbeatRejected: { ballot, promised: ballot },
  fetch: { fromSlot: wild },
  fetched: { fromSlot: fc.nat(20), decrees: fc.array(bytes, { maxLength: 50 }), decided: wild },
  snapshotChunk: { slot: wild, checksum: wild, total: wild, offset: fc.nat(1), chunk: bytes },
  fetchSnapshot: { fromSlot: wild, slot: wild, checksum: wild, offset: wild },
  farewell: { slot: wild },
  takenOver: { slot: wild },
  learning: { ballot, store: wild, decided: wild },
  transfer: { to: fc.option(fc.nat(3)) },
  handOver: { ballot },
  request: { request },
  answer: answered,
  relay: { request, hops: wild },
  relayed: answered,
  read: { name: text, query: bytes, consistency: fc.constantFrom('linearizable', 'stale'), atLeast: wild },
  readAnswer: { name: text, outcome, slot: wild },
  readIndex: { question: text },
  readIndexAnswer: { question: text, slot: wild },
}

export const TYPES: readonly ForeignType[] = Object.keys(FIELDS) as ForeignType[] // the keys of the table are the types

export function messageOf(type: ForeignType): fc.Arbitrary<Message> {
  return fc.record({ type: fc.constant(type), ...FIELDS[type] }) as unknown as fc.Arbitrary<Message> // as the table says
}

/** What a client may send. */
export const FROM_CLIENTS: readonly ForeignType[] = ['request', 'read']
