// Crashes and what comes after: what was synced is remembered, what was not was never vouched for, and a quorum that
// is up goes on whatever the others had promised or known.

import { describe, expect, it } from 'vitest'
import { Disk } from '../../src/simulation/disk.js'
import { Theatre } from '../support/theatre.js'
import { storeOf } from '../support/words.js'

/** Three members, of which 0 leads, with a session open at each. */
function led(): Theatre {
  const theatre = new Theatre().open()
  expect(theatre.elect()).toBe(0)
  enterAll(theatre, [0, 1, 2])
  theatre.runFor(100_000)
  return theatre
}

let entries = 0

/** Clients at these members enter something, and are answered. */
function enterAll(theatre: Theatre, at: readonly number[]): void {
  const references = at.map((id) => theatre.enter(id, `entry ${++entries}`))
  theatre.run(() => references.every((reference) => theatre.answers.has(reference)), {
    limitMicros: 20_000_000,
  })
  expect(theatre.judge.broken).toEqual([])
}

describe('a cluster in which every member crashes at once', () => {
  it('remembers everything that was answered', () => {
    const theatre = led()
    const before = theatre.entries(0)
    for (const id of theatre.members) theatre.crash(id)
    for (const id of theatre.members) theatre.start(id)
    enterAll(theatre, [1])
    expect(theatre.entries(1).slice(0, 3)).toEqual(before)
  })

  it('again and again stays one cluster, with one founding', () => {
    const theatre = new Theatre({ blank: true }).open()
    theatre.elect()
    const { founding } = theatre.node(0)
    for (let times = 0; times < 5; times++) {
      for (const id of theatre.members) theatre.crash(id)
      for (const id of theatre.members) theatre.start(id)
      enterAll(theatre, [0, 1, 2])
    }
    expect(theatre.members.map((id) => theatre.node(id).founding)).toEqual([founding, founding, founding])
    expect(theatre.entries(2)).toHaveLength(15)
  })
})

describe('a seed that crashes', () => {
  it('before its founding is durable has told nobody of it, and founds anew', () => {
    const theatre = new Theatre({ blank: true }).open()
    for (const from of [1, 2]) theatre.deliver({ from, to: 0, type: 'join' })
    expect(theatre.node(0).founding).not.toBeNull()
    expect(theatre.pending({ type: 'welcome' })).toEqual([])
    theatre.crash(0)
    theatre.start(0)
    enterAll(theatre, [1, 2])
  })

  it('after its founding is durable founds no second one', () => {
    const theatre = new Theatre({ blank: true }).open()
    for (const from of [1, 2]) theatre.deliver({ from, to: 0, type: 'join' })
    theatre.sync(0)
    const { founding } = theatre.node(0)
    theatre.crash(0)
    theatre.start(0)
    enterAll(theatre, [0, 1, 2])
    expect(theatre.members.map((id) => theatre.node(id).founding)).toEqual([founding, founding, founding])
  })
})

describe('a vote that was not synced', () => {
  it('was not counted: the decree is decided with those that were, or not at all', () => {
    const theatre = led()
    theatre.enter(0, 'never synced')
    theatre.deliver({ from: 0, type: 'accept' })
    for (const id of theatre.members) theatre.crash(id)
    for (const id of theatre.members) theatre.start(id)
    enterAll(theatre, [2])
    expect(theatre.entries(2)).not.toContain('never synced')
  })

  it('of which the disk kept a part is remembered as far as it was kept', () => {
    const theatre = led()
    theatre.enter(0, 'kept')
    theatre.deliver({ from: 0, to: 1, type: 'accept' })
    theatre.crash(0)
    theatre.crash(1, 1)
    theatre.start(1)
    enterAll(theatre, [2])
    expect(theatre.entries(2)).toContain('kept')
  })
})

describe('a quorum goes on', () => {
  it('when the only one who knew that a slot is decided forgets it, and the one who decided it is gone', () => {
    const theatre = new Theatre().open()
    theatre.elect()
    theatre.enter(0, 'x')
    theatre.lose({ from: 0, to: 2 })
    theatre.deliver({ from: 0, to: 1 })
    for (const id of [0, 1]) theatre.sync(id)
    theatre.deliver({ from: 1, to: 0 })
    theatre.deliver({ from: 0, to: 1, type: 'decided' })
    expect(theatre.actor(1).applied).toBe(1)
    theatre.crash(0)
    theatre.lose({ from: 0 })
    // Member 2 adopts the watermark of member 1, which then starts again without it.
    for (let times = 0; times < 2; times++) theatre.fire(2, 'leader', 'election')
    theatre.deliver({ from: 2, to: 1, type: 'prescout' })
    theatre.deliver({ from: 1, to: 2, type: 'prescoutAnswer' })
    theatre.sync(2)
    theatre.deliver({ from: 2, to: 1, type: 'prepare' })
    theatre.sync(1)
    theatre.deliver({ from: 1, to: 2, type: 'promise' })
    expect(theatre.leaders).toEqual([2])
    theatre.crash(1)
    theatre.start(1)
    enterAll(theatre, [1, 2])
  })

  it('when the member with the highest ballot is gone before it led: the others outbid it', () => {
    const theatre = new Theatre().open()
    theatre.fire(2, 'leader', 'election')
    theatre.deliver({ from: 2, to: 1, type: 'prescout' })
    theatre.deliver({ from: 1, to: 2, type: 'prescoutAnswer' })
    for (const to of [0, 1]) theatre.deliver({ from: 2, to, type: 'prepare' })
    for (const id of [0, 1]) theatre.sync(id)
    theatre.crash(2)
    enterAll(theatre, [0, 1])
  })

  it('when members crash and start again in turn', () => {
    const theatre = led()
    for (let times = 0; times < 9; times++) {
      const id = times % 3
      theatre.crash(id)
      enterAll(
        theatre,
        theatre.members.filter((member) => member !== id),
      )
      theatre.start(id)
    }
    enterAll(theatre, [0, 1, 2])
    expect(theatre.entries(0)).toHaveLength(3 + 18 + 3)
  })
})

describe('a disk that stalls', () => {
  it('at the leader has another member lead, and everyone is answered', () => {
    const theatre = led()
    theatre.stalled.add(0)
    enterAll(theatre, [1, 2])
    theatre.runFor(2_000_000)
    expect(theatre.leaders).not.toContain(0)
    enterAll(theatre, [1, 2])
    theatre.stalled.clear()
    enterAll(theatre, [0])
  })

  it('at a member that does not lead stops nobody', () => {
    const theatre = led()
    theatre.stalled.add(2)
    enterAll(theatre, [0, 1, 2])
    expect(theatre.leaders).toEqual([0])
  })
})

describe('a member that lost its store', () => {
  it('is turned away: what it promised is gone, so it may not vote under its old name', () => {
    const theatre = led()
    theatre.crash(2)
    Object.assign(theatre.actor(2), { disk: new Disk() })
    theatre.start(2)
    enterAll(theatre, [0, 1])
    theatre.runFor(2_000_000)
    expect(theatre.actor(2).disk.synced[0]).not.toEqual({ type: 'created', store: storeOf(2) })
    expect(theatre.node(2).founding).toBeNull()
    expect(theatre.node(2).roles.acceptor).toBeUndefined()
    expect(theatre.node(2).roles.initializer?.turnedAwayBy).toBe(theatre.node(0).founding?.cluster)
  })
})
