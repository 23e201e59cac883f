// Messages come back as they went, in whole simulated worlds; whatever else arrives is malformed, and nothing worse.

import fc from 'fast-check'
import { describe, expect, it, test } from 'vitest'
import {
  DEPARTURE,
  MalformedBytes,
  type Message,
  type MessageType,
  Node,
  type NodeEvent,
} from '../../../src/paxos/index.js'
import { decodeMessages, MessageWriter } from '../../../src/runtime/encoding/messages.js'
import { sharedApplication, simulate, swarm } from '../../../src/simulation/index.js'

const writer = new MessageWriter()

function encode(message: Message): Uint8Array {
  writer.write(message)
  return writer.take()
}

/** One message of each type and shape that worlds have sent, as bytes. */
const samples = new Map<MessageType, Uint8Array[]>()

/** A node whose messages come over a wire. */
class Wired extends Node {
  override step(event: NodeEvent) {
    if (event.type !== 'messages') return super.step(event)
    const envelopes = event.envelopes.map(({ message, ...rest }) => ({
      ...rest,
      message: throughWire(message),
    }))
    return super.step({ ...event, envelopes })
  }
}

function throughWire(message: Message): Message {
  const bytes = encode(message)
  const seen = samples.get(message.type) ?? []
  samples.set(message.type, seen)
  if (seen.length < 20) seen.push(bytes)
  const decoded = decodeMessages(bytes)
  expect(decoded).toEqual([message])
  return decoded[0] as Message // it is there
}

/** Runs of these seeds send every message that there is, but for the one that is below. */
const SEEDS = [1, 2, 3, 4, 5, 6, 7, 9, 28, 43, 48, 88, 90, 289, 319, 436, 534]

describe('what members send each other', () => {
  it.each(SEEDS)('makes the same world when it goes over a wire: seed %i', (seed) => {
    const options = { seed, scenario: swarm(seed), application: sharedApplication(), hash: true }
    const wired = simulate({ ...options, makeNode: (each) => new Wired(each) })
    expect(wired.summary.transcriptSha256).toBe(simulate(options).summary.transcriptSha256)
  })

  it.each<[string, Message]>([
    [
      'a founding with a later version of the machine',
      {
        type: 'welcome',
        founding: { cluster: 1, voters: [], timeMicros: 2, machineVersion: 300 },
        isNew: true,
      },
    ],
    ['a request to hand over, to whoever leads', { type: 'transfer', to: 2 }],
    [
      'an upgrade that was refused',
      {
        type: 'answer',
        session: 0,
        sequence: 2,
        name: 'a',
        outcome: { ok: false, error: 'upgrade-refused', detail: 'no' },
        slot: 1,
      },
    ],
  ])('comes back as it went: %s', (_, message) => {
    throughWire(message)
  })

  it('was every message that travels', () => {
    expect(foreignTypes().filter((type) => !samples.has(type))).toEqual([])
  })
})

describe('bytes that are no message', () => {
  it('are malformed, or are one', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => isMalformedOrMessage(bytes)))
  })

  it('are malformed, or another one, when a byte of a message is not what it was', () => {
    const all = [...samples.values()].flat()
    fc.assert(
      fc.property(fc.nat(), fc.nat(), fc.integer({ min: 1, max: 255 }), (which, where, flip) => {
        const bytes = Uint8Array.from(all[which % all.length] ?? [])
        bytes[where % bytes.length] = (bytes[where % bytes.length] ?? 0) ^ flip
        return isMalformedOrMessage(bytes)
      }),
      { numRuns: 5_000 },
    )
  })

  test.each(foreignTypes())('are malformed when a %s breaks off', (type) => {
    for (const bytes of samples.get(type) ?? []) {
      for (let length = 0; length < bytes.length; length++) {
        expect(() => decodeMessages(bytes.subarray(0, length))).toThrow(MalformedBytes)
      }
    }
  })

  it('are malformed when something follows', () => {
    for (const bytes of [...samples.values()].flat()) {
      expect(() => decodeMessages(Uint8Array.from([...bytes, 0]))).toThrow(MalformedBytes)
    }
  })
})

function foreignTypes(): readonly MessageType[] {
  const types = Object.keys(DEPARTURE) as MessageType[] // the keys of the table are the types
  return types.filter((type) => DEPARTURE[type] !== 'local')
}

function isMalformedOrMessage(bytes: Uint8Array): boolean {
  try {
    return decodeMessages(bytes).every(({ type }) => DEPARTURE[type] !== 'local')
  } catch (error) {
    return error instanceof MalformedBytes
  }
}

describe('a writer', () => {
  it('goes on after a message that cannot be written', () => {
    expect(() => encode({ type: 'fetch', fromSlot: Number.NaN })).toThrow(RangeError)
    expect(decodeMessages(encode({ type: 'fetch', fromSlot: 7 }))).toEqual([{ type: 'fetch', fromSlot: 7 }])
  })

  it('writes several, one behind the other', () => {
    const messages: readonly Message[] = [
      { type: 'fetch', fromSlot: 7 },
      { type: 'handOver', ballot: { round: 1, member: 2, incarnation: 3 } },
      { type: 'fetch', fromSlot: 300 },
    ]
    for (const message of messages) writer.write(message)
    const { length } = writer
    const bytes = writer.take()
    expect(bytes).toHaveLength(length)
    expect(writer).toHaveLength(0)
    expect(decodeMessages(bytes)).toEqual(messages)
    expect(() => decodeMessages(bytes.subarray(0, length - 1))).toThrow(MalformedBytes)
  })

  it('does not write what stays in its node', () => {
    expect(() => encode({ type: 'learned', decided: 1 })).toThrow(/never leave/)
  })

  it('changes nothing that it gave before, however large the next message is', () => {
    const small = encode({ type: 'fetch', fromSlot: 7 })
    const decrees = [new Uint8Array(100_000).fill(1), new Uint8Array(70_000).fill(2)]
    const large = encode({ type: 'fetched', fromSlot: 1, decrees, decided: 2 })
    const last = encode({ type: 'fetch', fromSlot: 8 })
    expect(decodeMessages(small)).toEqual([{ type: 'fetch', fromSlot: 7 }])
    expect(decodeMessages(large)).toEqual([{ type: 'fetched', fromSlot: 1, decrees, decided: 2 }])
    expect(decodeMessages(last)).toEqual([{ type: 'fetch', fromSlot: 8 }])
  })
})
