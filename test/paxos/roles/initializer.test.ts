// The Initializer: inducts its node into the cluster, and afterwards welcomes others.

import { describe, expect, it } from 'vitest'
import { type Founding, Initializer, type NodeId } from '../../../src/paxos/index.js'
import { Bench, persisting, sending } from '../../support/bench.js'
import { founding, storeOf, THREE } from '../../support/words.js'

const SELF = 1

function seat(belongsTo: Founding | null = null, contacts: readonly NodeId[] = THREE, store = storeOf(SELF)) {
  const bench = new Bench({ self: SELF })
  const initializer = new Initializer(bench, { contacts, founding: belongsTo, store })
  initializer.begin()
  return { bench, initializer }
}

const welcome = (of: Founding) => ({ type: 'welcome', founding: of }) as const
const join = (store: number) => ({ type: 'join', store }) as const

describe('an initializer that is not yet inducted', () => {
  it('asks until it is welcome: the first contact most often, never itself', () => {
    const { bench, initializer } = seat(null, [SELF, 0, 2, 3])
    for (let attempt = 0; attempt < 5; attempt++) initializer.timer()
    expect(bench.sent('join').map(({ to }) => to)).toEqual([0, 2, 0, 3, 0, 2])
  })

  it('says which store it has, and asks again after a while', () => {
    const { bench } = seat()
    expect(bench.take()).toEqual([
      sending(0, join(storeOf(SELF))),
      { type: 'after', timer: 'join', low: 200_000, high: 200_000 },
    ])
  })

  it('writes the founding that it is welcomed with, and becomes a member', () => {
    const { bench, initializer } = seat()
    bench.take()
    initializer.welcome(0, welcome(founding()))
    expect(bench.take()).toEqual([
      persisting({ type: 'founded', founding: founding() }),
      { type: 'induct', founding: founding(), eager: false },
    ])
  })

  it.each([
    ['that does not name it', founding([0, 2, 3])],
    [
      'that names it with another store',
      {
        ...founding(),
        voters: founding().voters.map((voter) => (voter.member === 1 ? { ...voter, store: 555 } : voter)),
      },
    ],
  ])('ignores a founding %s', (_name, other) => {
    const { bench, initializer } = seat()
    bench.take()
    initializer.welcome(0, welcome(other))
    expect(bench.take()).toEqual([])
  })

  it('welcomes nobody', () => {
    const { bench, initializer } = seat()
    bench.take()
    initializer.join(2, join(storeOf(2)))
    expect(bench.take()).toEqual([])
  })

  it('says once when it is turned away, and goes on asking: that may have been another cluster', () => {
    const { bench, initializer } = seat()
    bench.take()
    for (const cluster of [7, 7, 8]) initializer.turnedAway(0, { type: 'turnedAway', cluster })
    expect(bench.take()).toEqual([
      { type: 'observe', observation: { type: 'turnedAway', cluster: 7 } },
      { type: 'observe', observation: { type: 'turnedAway', cluster: 8 } },
    ])
    initializer.timer()
    expect(bench.sent('join')).toHaveLength(1)
  })
})

describe('an initializer of a member', () => {
  it('asks nobody', () => {
    const { bench, initializer } = seat(founding())
    initializer.timer()
    expect(bench.take()).toEqual([])
  })

  it('welcomes a voter that asks, at any later time and as often as it asks', () => {
    const { bench, initializer } = seat(founding())
    initializer.join(2, join(storeOf(2)))
    initializer.join(2, join(storeOf(2)))
    expect(bench.sent('welcome')).toEqual([
      { to: 2, message: welcome(founding()) },
      { to: 2, message: welcome(founding()) },
    ])
  })

  it.each([
    ['who is no voter', 9, storeOf(9)],
    ['a voter with another store: what it promised is lost, so it may never vote again', 2, 555],
  ])('turns away %s', (_name, from, store) => {
    const { bench, initializer } = seat(founding())
    initializer.join(from, join(store))
    expect(bench.take()).toEqual([sending(from, { type: 'turnedAway', cluster: 7 })])
  })

  it('keeps to its founding, whatever it is sent later', () => {
    const { bench, initializer } = seat(founding())
    initializer.welcome(0, welcome({ ...founding(), cluster: 8 }))
    initializer.turnedAway(0, { type: 'turnedAway', cluster: 8 })
    expect(bench.take()).toEqual([])
  })
})
