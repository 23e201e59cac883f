// The Initializer: inducts its node into the cluster, and afterwards welcomes others.

import { describe, expect, it } from 'vitest'
import { type Founding, Initializer, type MemberId, type NodeId } from '../../../src/paxos/index.js'
import { Bench, persisting, sending } from '../../support/bench.js'
import { ballot, changed, FIVE, founding, storeOf, THREE } from '../../support/words.js'

const SELF = 1

function seat(belongsTo: Founding | null = null, contacts: readonly NodeId[] = THREE, store = storeOf(SELF)) {
  const bench = new Bench({ self: SELF })
  bench.store = store
  const initializer = new Initializer(bench, { contacts, founding: belongsTo })
  initializer.begin()
  return { bench, initializer }
}

const welcome = (of: Founding, isNew = false) => ({ type: 'welcome', founding: of, isNew }) as const
const join = (store: number) => ({ type: 'join', store }) as const

describe('an initializer that is not yet inducted', () => {
  it('asks until it is welcome: the first contact most often, never itself', () => {
    const { bench, initializer } = seat(null, [SELF, 0, 2, 3])
    for (let attempt = 0; attempt < 5; attempt++) initializer.timer()
    expect(bench.sent('join').map(({ to }) => to)).toEqual([0, 2, 0, 3, 0, 2])
  })

  it('asks also whoever it hears leading: all its contacts may be gone', () => {
    const { bench, initializer } = seat()
    bench.take()
    initializer.heartbeat(7, { type: 'heartbeat', ballot: ballot(1), decided: 9, round: 0, written: 5 })
    for (let attempt = 0; attempt < 4; attempt++) initializer.timer()
    expect(bench.sent('join').map(({ to }) => to)).toEqual([7, 0, 2, 0])
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
    initializer.welcome(0, welcome(founding(), true))
    expect(bench.take()).toEqual([
      persisting({ type: 'founded', founding: founding() }),
      { type: 'induct', founding: founding(), way: 'begins' },
    ])
  })

  it('is welcome too where it is no voter: it learns until it is admitted', () => {
    const { bench, initializer } = seat()
    bench.take()
    initializer.welcome(0, welcome(founding([0, 2, 3])))
    expect(bench.take()).toContainEqual({ type: 'induct', founding: founding([0, 2, 3]), way: 'returns' })
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
    for (const cluster of [7, 7, 8])
      initializer.turnedAway(0, { type: 'turnedAway', cluster, store: storeOf(SELF) })
    const refusals = bench.take().map((deed) => (deed.type === 'observe' ? deed.observation : deed))
    expect(refusals).toMatchObject([
      { type: 'refused', reason: 'turned-away', detail: expect.stringContaining('Cluster 7') },
      { type: 'refused', reason: 'turned-away', detail: expect.stringContaining('Cluster 8') },
    ])
    const advice = 'Admit a new member, with a number that no member ever had and an empty store.'
    for (const refusal of refusals) expect(refusal).toMatchObject({ detail: expect.stringContaining(advice) })
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

  it('welcomes a newcomer, whose number is above all that were ever used, whatever its store', () => {
    const { bench, initializer } = seat(founding())
    initializer.join(3, join(555))
    expect(bench.sent('welcome')).toEqual([{ to: 3, message: welcome(founding()) }])
  })

  it('welcomes a voter that was admitted later, with the store that it was admitted with', () => {
    const { bench, initializer } = seat(founding())
    bench.membership = changed(5, THREE, [0, 1, 2, 7])
    initializer.join(7, join(storeOf(7)))
    expect(bench.messages('welcome')).toHaveLength(1)
    initializer.join(7, join(555))
    expect(bench.messages('turnedAway')).toHaveLength(1)
  })

  it.each([
    ['a voter with another store: what it promised is lost, so it may never vote again', 2, 555],
    ['a number that was left out, below the highest', 4, storeOf(4)],
    ['a voter that was removed', 5, storeOf(5)],
  ])('turns away %s', (_name, from, store) => {
    const { bench, initializer } = seat(founding())
    const { configurations } = changed(1, THREE, [0, 1, 2, 5], [0, 1, 2])
    bench.membership = { configurations: configurations.slice(-1), highestMember: 5 }
    initializer.join(from, join(store))
    expect(bench.take()).toEqual([sending(from, { type: 'turnedAway', cluster: 7, store })])
  })

  it('may not vote any more when its number turns out to be bound to another store', () => {
    const { bench, initializer } = seat(founding())
    initializer.turnedAway(0, { type: 'turnedAway', cluster: 7, store: storeOf(SELF) })
    initializer.turnedAway(0, { type: 'turnedAway', cluster: 7, store: storeOf(SELF) })
    expect(bench.take()).toMatchObject([{ type: 'refuse', reason: 'turned-away' }])
  })

  it('keeps to its founding, whatever it is sent later', () => {
    const { bench, initializer } = seat(founding())
    initializer.welcome(0, welcome({ ...founding(), cluster: 8 }))
    initializer.turnedAway(0, { type: 'turnedAway', cluster: 8, store: storeOf(SELF) })
    expect(bench.take()).toEqual([])
  })
})

// ---- coming back ---------------------------------------------------------------------------------------------

const LIFE = 77
const WRITTEN = 40

/** Member 1 has started again, with this many records. */
function back(members: readonly MemberId[] = THREE) {
  const bench = new Bench({ self: SELF, members })
  const start = { founding: founding(members), returning: true, life: LIFE, held: WRITTEN }
  const initializer = new Initializer(bench, start)
  initializer.begin()
  const recognise = (from: MemberId, leader: MemberId | null = null, life = LIFE) =>
    initializer.recognised(from, { type: 'recognised', life, leader })
  const isRecognised = () => bench.take().some(({ type }) => type === 'recognise')
  return { bench, initializer, recognise, isRecognised }
}

describe('a member that starts again', () => {
  it('asks every other whether its store misses anything, again and again', () => {
    const { bench, initializer } = back()
    const returning = { type: 'returning', life: LIFE, store: storeOf(SELF), written: WRITTEN } as const
    const deeds = [
      sending([0, 2], returning),
      { type: 'after', timer: 'return', low: 150_000, high: 150_000 },
    ]
    expect(bench.take()).toEqual(deeds)
    initializer.timer()
    expect(bench.take()).toEqual(deeds)
  })

  it('tells what its store held at first: what it writes meanwhile proves nothing about that', () => {
    const { bench, initializer } = back()
    bench.recordsWritten = WRITTEN + 9
    bench.take()
    initializer.timer()
    expect(bench.messages('returning')).toMatchObject([{ written: WRITTEN }])
  })

  it('is recognised once a quorum, of which it is one itself, misses nothing', () => {
    const { recognise, isRecognised, bench, initializer } = back(FIVE)
    recognise(3)
    expect(isRecognised()).toBe(false)
    recognise(4)
    expect(isRecognised()).toBe(true)
    initializer.timer()
    recognise(0)
    expect(bench.take()).toEqual([])
  })

  it('alone is recognised at once: there is nobody that it could have vouched to', () => {
    const { isRecognised } = back([SELF])
    expect(isRecognised()).toBe(true)
  })

  it('counts no member twice, and nobody who is no voter', () => {
    const { recognise, isRecognised } = back(FIVE)
    for (const from of [3, 3, 8, 9]) recognise(from)
    expect(isRecognised()).toBe(false)
  })

  it('needs the answer of the leader beside that of a quorum: voters vouch to it', () => {
    const { recognise, isRecognised, bench, initializer } = back()
    recognise(2, 0)
    expect(isRecognised()).toBe(false)
    initializer.timer()
    expect(bench.sent('returning')[0]?.to).toContain(0)
    recognise(0, 0)
    expect(isRecognised()).toBe(true)
  })

  it('needs no other answer where it was the leader itself', () => {
    const { recognise, isRecognised } = back()
    recognise(2, SELF)
    expect(isRecognised()).toBe(true)
  })

  it('passes over the answers to an earlier life', () => {
    const { recognise, isRecognised, bench, initializer } = back()
    recognise(2, null, LIFE - 1)
    expect(isRecognised()).toBe(false)
    initializer.rolledBack(2, { type: 'rolledBack', life: LIFE - 1, written: 50 })
    expect(bench.take()).toEqual([])
  })

  it('whose store was put back to an earlier state may never vote with it again, and says why', () => {
    const { recognise, bench, initializer, isRecognised } = back()
    bench.take()
    initializer.rolledBack(2, { type: 'rolledBack', life: LIFE, written: 50 })
    expect(bench.take().find(({ type }) => type === 'refuse')).toEqual({
      type: 'refuse',
      reason: 'rolled-back',
      detail:
        'The store held 40 records when it was opened, and has vouched for 50: it was put back to an earlier state.',
    })
    for (const from of THREE) recognise(from)
    expect(isRecognised()).toBe(false)
    initializer.timer()
    expect(bench.take()).toEqual([])
  })

  it('is no more put off by an answer that comes when it was recognised', () => {
    const { recognise, bench, initializer } = back()
    recognise(2)
    bench.take()
    initializer.rolledBack(0, { type: 'rolledBack', life: LIFE, written: 50 })
    expect(bench.take()).toEqual([])
  })
})

describe('what a member knows of the store of another', () => {
  const FROM = 2

  function known() {
    const { bench, initializer } = seat(founding())
    const returning = (life: number, written: number, store = storeOf(FROM)) => {
      initializer.returning(FROM, { type: 'returning', life, store, written })
      return bench.take().flatMap((deed) => (deed.type === 'send' ? [deed.message.type] : []))
    }
    const promises = (written: number) => {
      const rest = { ballot: ballot(1), fromSlot: 1, votes: [], nextSlot: null, decided: 0 }
      initializer.promise(FROM, { type: 'promise', ...rest, written })
    }
    const accepts = (written: number) =>
      initializer.accepted(FROM, { type: 'accepted', ballot: ballot(1), slot: 1, written })
    const beats = (written: number) =>
      initializer.heartbeat(FROM, { type: 'heartbeat', ballot: ballot(1), decided: 0, round: 0, written })
    return { bench, initializer, returning, promises, accepts, beats }
  }

  it('is nothing at first: whoever comes back is recognised', () => {
    const { returning } = known()
    expect(returning(1, 3)).toEqual(['recognised'])
  })

  it.each([
    ['a promise', 'promises'],
    ['an acceptance', 'accepts'],
    ['a heartbeat, of a leader whose votes nobody else hears of,', 'beats'],
  ] as const)('is what %s vouched for: a store with fewer records was rolled back', (_name, vouch) => {
    const { returning, ...told } = known()
    told[vouch](40)
    told[vouch](30)
    expect(returning(1, 39)).toEqual(['rolledBack'])
    expect(returning(1, 41)).toEqual(['recognised'])
  })

  it('is what it said of itself in an earlier life: two lives never come back with the same number', () => {
    const { returning } = known()
    expect(returning(1, 40)).toEqual(['recognised'])
    expect(returning(2, 40)).toEqual(['rolledBack'])
    expect(returning(3, 41)).toEqual(['recognised'])
  })

  it('does not put off the same life that asks again', () => {
    const { returning } = known()
    for (let times = 0; times < 3; times++) expect(returning(1, 40)).toEqual(['recognised'])
  })

  it('says how much was vouched for', () => {
    const { bench, initializer, accepts } = known()
    accepts(40)
    initializer.returning(FROM, { type: 'returning', life: 1, store: storeOf(FROM), written: 7 })
    expect(bench.messages('rolledBack')).toEqual([{ type: 'rolledBack', life: 1, written: 40 }])
  })

  it('says whom it hears leading, or that it hears nobody', () => {
    const { bench, initializer } = known()
    const leaders = [null, 0, null].map((towards) => {
      initializer.leaderChanged(SELF, { type: 'leaderChanged', towards, indirect: false })
      initializer.returning(FROM, { type: 'returning', life: 1, store: storeOf(FROM), written: 7 })
      return bench.messages('recognised')[0]?.leader
    })
    expect(leaders).toEqual([null, 0, null])
  })

  it('is that another store is not that member', () => {
    const { returning } = known()
    expect(returning(1, 40, 555)).toEqual(['turnedAway'])
  })

  it('is nothing while it belongs to no cluster', () => {
    const { bench, initializer } = seat()
    bench.take()
    initializer.returning(FROM, { type: 'returning', life: 1, store: storeOf(FROM), written: 7 })
    expect(bench.take()).toEqual([])
  })

  it('is missed also when only the last record is gone, and the next life wrote one', () => {
    const { returning, accepts } = known()
    accepts(40)
    expect(returning(1, 40)).toEqual(['rolledBack'])
  })
})

describe('a member that starts again when the leader is gone', () => {
  it('does not wait for it once nobody hears it any more', () => {
    const { recognise, isRecognised, bench, initializer } = back()
    recognise(2, 0)
    bench.take()
    initializer.timer()
    expect(bench.sent('returning')[0]?.to).toContain(2)
    recognise(2, null)
    expect(isRecognised()).toBe(true)
  })
})
