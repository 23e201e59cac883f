// Plain data: copied deeply, and nothing else is accepted.

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { clonePlain } from '../../src/paxos/index.js'

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
