// Store records as bytes: what is written is read again, and what was never written is refused.

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { MalformedBytes, NO_BALLOT, type StoreRecord } from '../../../src/paxos/index.js'
import { decodeRecord, encodeRecord } from '../../../src/runtime/store/records.js'
import { StoreWriter } from '../../../src/runtime/store/writer.js'

const number = fc.maxSafeNat()
const bytes = fc.uint8Array({ maxLength: 200 })
const ballot = fc.oneof(
  fc.constant(NO_BALLOT),
  fc.record({ round: number, member: fc.nat({ max: 1_000_000 }), incarnation: number }),
)
const voter = fc.record({ member: number, store: number })
const founding = fc.record(
  {
    cluster: number,
    voters: fc.array(voter, { maxLength: 7 }),
    timeMicros: number,
    machineVersion: fc.maxSafeNat().map((version) => Math.max(version, 2)), // that it is 1 is left out
  },
  { requiredKeys: ['cluster', 'voters', 'timeMicros'] },
)
const reason = fc.constantFrom(
  'turned-away' as const,
  'foreign' as const,
  'damaged' as const,
  'rolled-back' as const,
)

const record: fc.Arbitrary<StoreRecord> = fc.oneof(
  fc.record({ type: fc.constant('created'), store: number, member: number }),
  fc.record({ type: fc.constant('incarnation'), incarnation: number }),
  fc.record({ type: fc.constant('founded'), founding }),
  fc.record({ type: fc.constant('promised'), ballot }),
  fc.record({ type: fc.constant('accepted'), ballot, slot: number, decree: bytes, learned: number }),
  fc.record({ type: fc.constant('decision'), slot: number, decree: bytes }),
  fc.record({ type: fc.constant('learned'), slot: number }),
  fc.record({ type: fc.constant('refused'), reason }),
  fc.record({
    type: fc.constant('snapshot'),
    slot: number,
    data: bytes,
    trimmed: number,
    incarnation: number,
    promised: ballot,
    written: number,
  }),
)

function encoded(each: StoreRecord): Uint8Array {
  const writer = new StoreWriter()
  encodeRecord(each, writer)
  return Uint8Array.from(writer.written)
}

describe('a record', () => {
  it('of any type comes back as it went', () => {
    fc.assert(
      fc.property(record, (each) => {
        expect(decodeRecord(encoded(each))).toEqual(each)
      }),
    )
  })

  it('that breaks off, or goes on, is malformed', () => {
    const cut = fc.nat()
    fc.assert(
      fc.property(record, cut, (each, at) => {
        const whole = encoded(each)
        expect(() => decodeRecord(whole.subarray(0, at % whole.length))).toThrow(MalformedBytes)
        expect(() => decodeRecord(Uint8Array.of(...whole, 0))).toThrow(MalformedBytes)
      }),
    )
  })

  it.each([[], [0], [11], [200, 1], [9, 4]])('of bytes that nobody writes is malformed: %j', (...raw) => {
    expect(() => decodeRecord(Uint8Array.from(raw.flat()))).toThrow(MalformedBytes)
  })

  it('of any bytes is one, or malformed, and nothing else', () => {
    fc.assert(
      fc.property(bytes, (raw) => {
        try {
          expect(encoded(decodeRecord(raw)).length).toBeLessThanOrEqual(raw.length)
        } catch (error) {
          expect(error).toBeInstanceOf(MalformedBytes)
        }
      }),
    )
  })

  it('that is damaged cannot be written', () => {
    expect(() => encoded({ type: 'damaged' })).toThrow(TypeError)
  })
})

describe('a writer', () => {
  it.each([-1, 0.5, Number.NaN, 2 ** 53])('does not write %d as a number', (value) => {
    expect(() => new StoreWriter().number(value)).toThrow(RangeError)
  })

  it('grows as far as it has to', () => {
    const writer = new StoreWriter()
    const large = new Uint8Array(300_000).fill(7)
    writer.bytes(large)
    writer.bytes(large)
    expect(writer.length).toBe(2 * (large.length + 3))
  })
})
