// Bytes: what is written is read again, and what was never written is refused.

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  ByteReader,
  ByteWriter,
  decodeNumber,
  encodeNumber,
  MalformedBytes,
  sameBytes,
} from '../../src/paxos/index.js'

const number = fc.maxSafeNat()
const bytes = fc.uint8Array({ maxLength: 300 })

describe('numbers', () => {
  it('up to 2^53 - 1 come back as they went', () => {
    fc.assert(fc.property(number, (value) => decodeNumber(encodeNumber(value)) === value))
  })

  it.each([0, 1, 127, 128, 16_383, 16_384, 2 ** 32, 2 ** 49, Number.MAX_SAFE_INTEGER])(
    '%i comes back as it went',
    (value) => expect(decodeNumber(encodeNumber(value))).toBe(value),
  )

  it('below 128 take one byte, and the largest takes eight', () => {
    expect(encodeNumber(127)).toHaveLength(1)
    expect(encodeNumber(128)).toHaveLength(2)
    expect(encodeNumber(Number.MAX_SAFE_INTEGER)).toHaveLength(8)
  })

  it.each([-1, 0.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53])('%d cannot be written', (value) => {
    expect(() => encodeNumber(value)).toThrow(RangeError)
  })

  it.each([
    ['nothing at all', []],
    ['a number that breaks off', [0x80, 0x80]],
    ['2^53, one too much', [...Array(7).fill(0x80), 0x10]],
    ['2^63', [...Array(9).fill(0x80), 0x01]],
    ['a number that fills all bytes', Array(12).fill(0xff)],
    ['a small number, padded', [...Array(8).fill(0x80), 0]],
    ['a small number, padded beyond what numbers can count', [...Array(160).fill(0x80), 0]],
  ])('%s is malformed', (_name, raw) => {
    expect(() => decodeNumber(Uint8Array.from(raw))).toThrow(MalformedBytes)
  })
})

describe('a writer and a reader', () => {
  it('agree on any sequence of numbers and byte strings', () => {
    const items = fc.array(fc.oneof(number, bytes), { maxLength: 30 })
    fc.assert(
      fc.property(items, fc.nat({ max: 64 }), (values, capacity) => {
        const writer = new ByteWriter(capacity)
        for (const value of values) {
          if (typeof value === 'number') writer.number(value)
          else writer.bytes(value)
        }
        const reader = new ByteReader(writer.finish())
        const read = values.map((value) => (typeof value === 'number' ? reader.number() : reader.bytes()))
        expect(read).toEqual(values)
        expect(reader.done).toBe(true)
      }),
    )
  })

  it('take no more memory for what is large, however much was taken before', () => {
    const writer = new ByteWriter(1_000)
    for (let round = 0; round < 50; round++) {
      writer.number(1)
      writer.bytes(new Uint8Array(1_500 + 10 * round))
      expect(writer.take().buffer.byteLength).toBeLessThan(4_000)
    }
  })

  it('refuse a byte string that is longer than what is left', () => {
    expect(() => new ByteReader(Uint8Array.of(3, 1, 2)).bytes()).toThrow(MalformedBytes)
  })
})

describe('sameBytes', () => {
  it('tells byte strings apart by every byte and by their length', () => {
    fc.assert(
      fc.property(bytes, bytes, (a, b) => {
        expect(sameBytes(a, b)).toBe(a.join() === b.join())
        expect(sameBytes(a, a.slice())).toBe(true)
      }),
    )
  })
})
