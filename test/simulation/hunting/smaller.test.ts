// The worlds that shrinking draws can be run, are small, and have nothing in them that the run did not have.

import fc from 'fast-check'
import { expect, it } from 'vitest'
import { halfWay, neighbour, smallWorld } from '../../../src/simulation/hunting/smaller.js'
import { hash, within } from '../../../src/simulation/random.js'
import { CLASSIC, checkScenario, type Scenario } from '../../../src/simulation/scenario.js'
import { scenarios } from './scenarios.js'

function drawFrom(seed: number): (low: number, high: number) => number {
  let draws = 0
  return (low, high) => within(hash(seed, draws++, 0, 0), low, high)
}

const settling = ({ lengthMicros, quietMicros }: Scenario): number => Math.max(0, lengthMicros - quietMicros)

it('a small world is small, and has only faults of the run', () => {
  fc.assert(
    fc.property(scenarios(8), fc.nat(), (origin, seed) => {
      const small = smallWorld(origin, drawFrom(seed))
      checkScenario(seed, small)
      expect(small.members).toBeLessThanOrEqual(5)
      expect(small.requests).toBeLessThanOrEqual(9)
      expect(Object.keys(small.faults).length).toBeLessThanOrEqual(3)
      for (const name of Object.keys(small.faults)) expect(Object.keys(origin.faults)).toContain(name)
    }),
  )
})

it('a small world that may be doubled sometimes is, and is small otherwise', () => {
  const drawn = Array.from({ length: 200 }, (_, seed) => smallWorld(CLASSIC, drawFrom(seed), 2))
  const requests = drawn.map((world) => world.requests ?? 0)
  expect([Math.min(...requests), Math.max(...requests)]).toEqual([1, 36])
  const clients = drawn.map((world) => world.clients)
  expect([Math.min(...clients), Math.max(...clients)]).toEqual([1, 12])
  expect(requests.filter((count) => count <= 9).length).toBeGreaterThan(drawn.length / 2)
})

it('in a small world and its neighbours everything has as much time to settle as in the run', () => {
  fc.assert(
    fc.property(scenarios(8), fc.nat(), (origin, seed) => {
      const draw = drawFrom(seed)
      const small = smallWorld(origin, draw)
      const next = neighbour(small, origin, draw)
      expect([settling(small), settling(next)]).toEqual([settling(origin), settling(origin)])
    }),
  )
})

it('a world half way can be run, and has only faults of the run, and as much time to settle', () => {
  fc.assert(
    fc.property(scenarios(8), fc.nat(), (origin, seed) => {
      const mixed = halfWay(origin, origin, drawFrom(seed))
      checkScenario(seed, mixed)
      expect(settling(mixed)).toBe(settling(origin))
      for (const name of Object.keys(mixed.faults)) expect(Object.keys(origin.faults)).toContain(name)
    }),
  )
})

it('of many worlds half way some take a thing from the run, and some from a small world', () => {
  const origin = { ...CLASSIC, members: 9, faults: { loss: 50_000, crash: 6 } }
  const mixed = Array.from({ length: 50 }, (_, seed) => halfWay(origin, origin, drawFrom(seed)))
  expect(mixed.some(({ members }) => members === 9)).toBe(true)
  expect(mixed.some(({ members }) => members <= 5)).toBe(true)
})

it('a neighbour of a run without faults has none', () => {
  const draw = drawFrom(6)
  const calm = { ...CLASSIC, faults: {} }
  for (let count = 0; count < 100; count++) expect(neighbour(calm, calm, draw).faults).toEqual({})
})
