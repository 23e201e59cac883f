// The Seed: it founds a cluster, once, with the voters that it was named.

import { describe, expect, it } from 'vitest'
import { type MemberId, Seed } from '../../../src/paxos/index.js'
import { Bench, type Deed, persisting, sending } from '../../support/bench.js'
import { founding, storeOf, THREE } from '../../support/words.js'

function seat(voters: readonly MemberId[] = THREE) {
  const bench = new Bench()
  const seed = new Seed(bench, { cluster: 7, voters })
  seed.begin()
  const join = (from: MemberId, store = storeOf(from)) => seed.join(from, { type: 'join', store })
  return { bench, join }
}

const foundings = (bench: Bench) =>
  bench.take().filter((deed) => deed.type === 'persist' && deed.record.type === 'founded')

describe('a seed', () => {
  it('waits until every voter that it was named has asked to join', () => {
    const { bench, join } = seat()
    join(1)
    join(1)
    expect(bench.take()).toEqual([])
    join(2)
    expect(foundings(bench)).toHaveLength(1)
  })

  it('writes the founding before it welcomes anybody, becomes a member itself, and is gone', () => {
    const { bench, join } = seat()
    join(2)
    join(1)
    const expected: Deed[] = [
      persisting({ type: 'founded', founding: founding() }),
      sending([1, 2], { type: 'welcome', founding: founding(), isNew: true }),
      { type: 'retire', role: 'seed' },
      { type: 'induct', founding: founding(), way: 'founds' },
    ]
    expect(bench.take()).toEqual(expected)
  })

  it('founds a cluster of one at once, and welcomes nobody', () => {
    const { bench } = seat([0])
    expect(bench.take().map(({ type }) => type)).toEqual(['persist', 'retire', 'induct'])
  })

  it('does not count who is no voter', () => {
    const { bench, join } = seat()
    for (const from of [1, 7, 8]) join(from)
    expect(bench.take()).toEqual([])
  })

  it('names the voters in ascending order, each once', () => {
    const { bench, join } = seat([2, 0, 2, 1])
    join(1)
    join(2)
    expect(foundings(bench)).toEqual([persisting({ type: 'founded', founding: founding() })])
  })

  it('takes the latest store of a voter that lost one before it had vouched for anything', () => {
    const { bench, join } = seat()
    join(2, 999)
    join(2)
    join(1)
    expect(foundings(bench)).toEqual([persisting({ type: 'founded', founding: founding() })])
  })
})
