import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { happens, hash as hashFrom, mix, prefix, within } from '../../src/simulation/random.js'

const hash = (seed: number, draw: number, first: number, second: number, third: number): number =>
  hashFrom(prefix(seed, draw), first, second, third)

function bitsSet(word: number): number {
  let count = 0
  for (let rest = word >>> 0; rest !== 0; rest &= rest - 1) count += 1
  return count
}

describe('randomness by hashing', () => {
  it('changes about half of the result when one bit of any input changes', () => {
    let flipped = 0
    let trials = 0
    for (let seed = 0; seed < 40; seed++) {
      for (let bit = 0; bit < 16; bit++) {
        const base = hash(seed, 1, 2, 3, 4)
        const changed = [
          hash(seed ^ (1 << bit), 1, 2, 3, 4),
          hash(seed, 1, 2 ^ (1 << bit), 3, 4),
          hash(seed, 1, 2, 3 ^ (1 << bit), 4),
          hash(seed, 1, 2, 3, 4 ^ (1 << bit)),
        ]
        for (const other of changed) flipped += bitsSet(base ^ other)
        trials += changed.length
      }
    }
    expect(flipped / trials).toBeGreaterThan(15)
    expect(flipped / trials).toBeLessThan(17)
  })

  it('gives neighbouring seeds unrelated first draws', () => {
    const draws = Array.from({ length: 1000 }, (_, seed) => within(hash(seed, 1, 0, 0, 0), 0, 99))
    const steps = draws.slice(1).map((draw, at) => Math.abs(draw - (draws[at] ?? 0)))
    expect(new Set(draws).size).toBe(100)
    expect(steps.filter((step) => step <= 1).length).toBeLessThan(60) // about 30 of 1,000 by chance
  })

  it('stays within the bounds that it was given, and reaches both', () => {
    fc.assert(
      fc.property(fc.nat(), fc.nat({ max: 1000 }), fc.nat({ max: 1000 }), (bits, low, width) => {
        const drawn = within(mix(bits), low, low + width)
        expect(drawn).toBeGreaterThanOrEqual(low)
        expect(drawn).toBeLessThanOrEqual(low + width)
      }),
    )
    const drawn = new Set(Array.from({ length: 100 }, (_, at) => within(mix(at), 5, 8)))
    expect([...drawn].sort()).toEqual([5, 6, 7, 8])
  })

  it('lets an event happen as often as it is told', () => {
    const count = Array.from({ length: 100_000 }, (_, at) => happens(mix(at), 50_000)).filter(Boolean).length
    expect(count).toBeGreaterThan(4_700)
    expect(count).toBeLessThan(5_300)
  })
})
