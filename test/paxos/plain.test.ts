// Plain data: copied deeply, turned into bytes and back, and nothing else is accepted.

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { clonePlain, decodePlain, encodePlain, MalformedBytes } from '../../src/paxos/index.js'

const anything = fc.anything({
  withBigInt: true,
  withMap: true,
  withSet: true,
  withNullPrototype: false,
  withObjectString: false,
})

describe('clonePlain', () => {
  it('gives what a structured clone gives', () => {
    fc.assert(
      fc.property(anything, (value) => {
        expect(clonePlain(value)).toEqual(structuredClone(value))
      }),
    )
  })

  it('shares nothing with the original', () => {
    const original = { list: [{ deep: 1 }], map: new Map([['key', Uint8Array.of(1)]]), set: new Set([1]) }
    const copy = clonePlain(original)
    original.list[0] = { deep: 2 }
    original.map.get('key')?.fill(9)
    original.set.add(2)
    expect(copy).toEqual({
      list: [{ deep: 1 }],
      map: new Map([['key', Uint8Array.of(1)]]),
      set: new Set([1]),
    })
  })

  it('shares nothing with a Buffer either, whose `slice` is only a view', () => {
    const original = Buffer.from([1, 2, 3])
    const copy = clonePlain(original)
    original[0] = 9
    expect([...copy]).toEqual([1, 2, 3])
  })

  it.each([
    ['a function', () => 1],
    ['an instance of a class', new (class Account {})()],
    ['a date', new Date(0)],
    ['a symbol', Symbol('mark')],
  ])('refuses %s, however deep', (_name, value) => {
    expect(() => clonePlain({ deep: [value] })).toThrow(TypeError)
  })
})

describe('plain data as bytes', () => {
  /** Also what equality overlooks: the order of insertion, and the difference between 0 and -0. */
  const comesBack = (value: unknown) => {
    const back = decodePlain(encodePlain(value))
    expect(back).toStrictEqual(clonePlain(value))
    expect(encodePlain(back)).toEqual(encodePlain(value))
  }

  const leaf = fc.oneof(
    fc.constantFrom(undefined, null, true, false, 0, -0, Number.NaN, Number.POSITIVE_INFINITY, -1.5, 2 ** 53),
    fc.double(),
    fc.bigInt(),
    fc.string({ unit: 'binary' }),
    fc.constantFrom('\ud800', 'x\udfff', '\u{feff}', '__proto__'),
    fc.uint8Array({ maxLength: 20 }),
  )
  const { tree } = fc.letrec<{ tree: unknown }>((tie) => ({
    tree: fc.oneof(
      { maxDepth: 4 },
      leaf,
      fc.array(tie('tree'), { maxLength: 5 }),
      fc.dictionary(fc.string({ maxLength: 5 }), tie('tree'), { maxKeys: 5, noNullPrototype: true }),
      fc.array(fc.tuple(tie('tree'), tie('tree')), { maxLength: 5 }).map((pairs) => new Map(pairs)),
      fc.array(tie('tree'), { maxLength: 5 }).map((entries) => new Set(entries)),
    ),
  }))

  it('come back as they went, whatever they are', () => {
    fc.assert(fc.property(tree, comesBack), { numRuns: 500 })
  })

  it.each([
    ['minus zero', -0],
    ['no number', Number.NaN],
    ['a number beyond 2^53', 2 ** 60],
    ['the smallest number', Number.MIN_VALUE],
    ['a large whole number', 123456789012345678901234567890n],
    ['a negative one', -5n],
    ['half a character', '\udead'],
    ['no bytes', new Uint8Array(0)],
    ['a map in a map, with arrays for keys', new Map([[[1, 2], new Map([[[3], 'x']])]])],
    ['a set of sets', new Set([new Set([1]), new Set([1])])],
    ['a list with nothing in it', [undefined, null]],
    ['an object whose field has no value', { field: undefined }],
  ])('come back as they went: %s', (_name, value) => comesBack(value))

  it('keep the order of insertion, and are the same bytes for the same order', () => {
    const [ab, ba] = [
      { a: 1, b: 2 },
      { b: 2, a: 1 },
    ].map(encodePlain)
    expect(ab).not.toEqual(ba)
    expect(encodePlain({ a: 1, b: 2 })).toEqual(ab)
    expect(Object.keys(decodePlain(ba ?? new Uint8Array()) as object)).toEqual(['b', 'a'])
  })

  it('share no memory with the bytes that they come from', () => {
    const bytes = encodePlain(Uint8Array.of(1, 2, 3))
    const value = decodePlain(bytes)
    bytes.fill(0)
    expect(value).toEqual(Uint8Array.of(1, 2, 3))
  })

  it.each([
    ['a function', () => 1],
    ['a symbol', Symbol('mark')],
    ['an instance of a class, of which only the fields would be left', new Date(0)],
  ])('are not %s', (_name, value) => {
    expect(() => encodePlain({ deep: [value] })).toThrow(TypeError)
  })

  it('that are cut short, go on after their end, or are of no known kind are malformed', () => {
    const bytes = encodePlain({ list: [1, 'two', 3n] })
    for (let length = 0; length < bytes.length; length++) {
      expect(() => decodePlain(bytes.subarray(0, length))).toThrow(MalformedBytes)
    }
    expect(() => decodePlain(Uint8Array.of(...bytes, 0))).toThrow(MalformedBytes)
    expect(() => decodePlain(Uint8Array.of(14))).toThrow(MalformedBytes)
  })

  it('of which there should be more than there are bytes take no memory for them', () => {
    // An array of 2^53 - 1 elements, of which there is none.
    expect(() => decodePlain(Uint8Array.of(10, 255, 255, 255, 255, 255, 255, 255, 15))).toThrow(
      MalformedBytes,
    )
  })
})

describe('bytes that are no plain data', () => {
  const decodeOrMalformed = (bytes: Uint8Array) => {
    try {
      decodePlain(bytes)
    } catch (error) {
      expect(error).toBeInstanceOf(MalformedBytes)
    }
  }
  const kinds = { number: 5, bigint: 6, broken: 8, array: 10 }

  it('are malformed, whatever they are', () => {
    const byte = fc.nat(255)
    fc.assert(
      fc.property(fc.array(byte, { maxLength: 60 }), (bytes) => decodeOrMalformed(Uint8Array.from(bytes))),
      { numRuns: 2000 },
    )
  })

  it.each([
    ['a number that is a word', [kinds.number, 1, 120]],
    ['a bigint that is a word', [kinds.bigint, 1, 120]],
    ['half a character that is no text', [kinds.broken, 1, 123]],
    ['half a character that is a list', [kinds.broken, 2, 91, 93]],
    ['lists in lists without end', Array.from({ length: 200_000 }, (_, at) => [kinds.array, 1][at % 2] ?? 0)],
  ])('are malformed: %s', (_name, bytes) => {
    expect(() => decodePlain(Uint8Array.from(bytes))).toThrow(MalformedBytes)
  })
})
