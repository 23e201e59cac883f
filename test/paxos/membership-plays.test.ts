// Whole changes of the membership, and what else whoever runs a cluster asks of it: snapshots, restarts after them, another
// leader (The Part-Time Parliament, section 3.3.6; Paxos Made Live, sections 5.2 and 5.5).

import { describe, expect, it } from 'vitest'
import { decodeNumber, type MemberId } from '../../src/paxos/index.js'
import { Theatre, type TheatreOptions } from '../support/theatre.js'

/** A small log, so that a dozen entries are more than it holds. */
const SMALL = { logBytes: 300, chunkBytes: 100 }

/** Three members, of which 0 leads, and nodes that have joined and may be admitted. */
function led(options: TheatreOptions = {}): Theatre {
  const theatre = new Theatre(options).open()
  expect(theatre.elect()).toBe(0)
  for (const id of options.newcomers ?? []) theatre.start(id)
  theatre.run(() => theatre.actors.every(({ id }) => theatre.node(id).founding !== null))
  return theatre
}

/** Clients at these members enter something, and are answered. */
function enterAll(theatre: Theatre, ...entries: readonly (readonly [MemberId, string])[]): void {
  const references = entries.map(([id, entry]) => theatre.enter(id, entry))
  theatre.run(() => references.every((reference) => theatre.answers.has(reference)))
  expect(theatre.judge.broken).toEqual([])
}

/** Somebody at this member asks for other voters, and is answered with the new version. */
function change(theatre: Theatre, at: MemberId, members: readonly MemberId[]): number {
  const reference = theatre.change(at, members)
  theatre.run(() => theatre.answers.has(reference))
  const outcome = theatre.answers.get(reference)
  return outcome?.ok ? decodeNumber(outcome.output) : -1
}

/** Plays on until exactly these vote, as each of them knows, and one of them leads. */
function settle(theatre: Theatre, members: readonly MemberId[]): void {
  const knows = (id: MemberId) => {
    const { configurations } = theatre.node(id).membership
    return configurations.length === 1 && configurations[0]?.members.join() === members.join()
  }
  theatre.run(() => members.every(knows) && members.some((id) => theatre.leaders.includes(id)))
  expect(theatre.judge.broken).toEqual([])
}

/** Nodes that stop for good. */
function stop(theatre: Theatre, ...ids: readonly MemberId[]): void {
  for (const id of ids) theatre.crash(id)
}

const votes = (theatre: Theatre, id: MemberId) => theatre.node(id).roles.acceptor !== undefined

describe('a member that is added', () => {
  it('learns before it votes, and counts from then on', () => {
    const theatre = led({ newcomers: [3] })
    enterAll(theatre, [1, 'before'])
    expect(votes(theatre, 3)).toBe(false)
    expect(change(theatre, 1, [0, 1, 2, 3])).toBe(2)
    settle(theatre, [0, 1, 2, 3])
    expect(votes(theatre, 3)).toBe(true)
    stop(theatre, 1)
    enterAll(theatre, [3, 'three of four are a quorum only with the new one'])
    expect(theatre.entries(3)[0]).toBe('before')
  })

  it('serves clients before: it passes on what they ask', () => {
    const theatre = led({ newcomers: [3] })
    change(theatre, 0, [0, 1, 2, 3])
    enterAll(theatre, [3, 'at once'])
  })

  it('that has missed more than the log holds gets a snapshot, and then votes', () => {
    const theatre = new Theatre({ newcomers: [3], settings: { ...SMALL, alpha: 4 } }).open()
    theatre.elect()
    for (let entry = 0; entry < 20; entry++) enterAll(theatre, [entry % 3, `entry ${entry}`])
    expect(theatre.node(0).roles.replica?.trimmed).toBeGreaterThan(4)
    theatre.start(3)
    theatre.run(() => theatre.node(3).founding !== null)
    change(theatre, 0, [0, 1, 2, 3])
    settle(theatre, [0, 1, 2, 3])
    expect(
      theatre.lines.filter((line) => /NODE_3 .* receives +snapshotChunk/.test(line)).length,
    ).toBeGreaterThan(1)
    stop(theatre, 2)
    enterAll(theatre, [3, 'voted'])
    expect(theatre.entries(3)).toHaveLength(21)
  })

  it('is not admitted by a change before it has learned all but the last alpha slots', () => {
    const theatre = led({ newcomers: [3], settings: { alpha: 2 } })
    enterAll(theatre, [0, 'a'], [1, 'b'], [2, 'c'])
    theatre.apart = (from, to) => from === 3 || to === 3
    const reference = theatre.change(0, [0, 1, 2, 3])
    theatre.runFor(3_000_000)
    expect(theatre.answers.has(reference)).toBe(false)
    enterAll(theatre, [1, 'nobody waits for that'])
    theatre.apart = () => false
    settle(theatre, [0, 1, 2, 3])
  })

  it('in place of one that is lost has the cluster as strong as before', () => {
    const theatre = led({ newcomers: [3] })
    enterAll(theatre, [2, 'first'])
    stop(theatre, 2)
    change(theatre, 1, [0, 1, 3])
    settle(theatre, [0, 1, 3])
    stop(theatre, 1)
    enterAll(theatre, [3, 'second'])
    expect(theatre.entries(3)).toEqual(['first', 'second'])
  })
})

describe('a member that is removed', () => {
  it('retires, and may be stopped', () => {
    const theatre = led()
    expect(change(theatre, 0, [0, 1])).toBe(2)
    settle(theatre, [0, 1])
    theatre.run(() => theatre.retired.has(2))
    stop(theatre, 2)
    enterAll(theatre, [0, 'x'], [1, 'y'])
  })

  it('that leads leads up to there and hands over: nobody waits for an election', () => {
    const theatre = led()
    enterAll(theatre, [1, 'before'])
    const { nowMicros } = theatre
    change(theatre, 0, [1, 2])
    settle(theatre, [1, 2])
    expect(theatre.nowMicros - nowMicros).toBeLessThan(500_000)
    theatre.run(() => theatre.retired.has(0))
    stop(theatre, 0)
    enterAll(theatre, [1, 'x'], [2, 'y'])
  })

  it('still passes on what its clients ask', () => {
    const theatre = led()
    change(theatre, 0, [1, 2])
    settle(theatre, [1, 2])
    enterAll(theatre, [0, 'from outside'])
  })

  it('that was down learns of it when it starts again, and never votes again', () => {
    const theatre = led()
    enterAll(theatre, [2, 'before'])
    stop(theatre, 2)
    change(theatre, 0, [0, 1])
    settle(theatre, [0, 1])
    theatre.start(2)
    enterAll(theatre, [2, 'after'])
    theatre.run(() => theatre.retired.has(2))
    expect(theatre.node(2).voting).toBe(false)
  })

  it('leaves its number used for ever', () => {
    const theatre = led({ newcomers: [3] })
    change(theatre, 0, [0, 1, 3])
    settle(theatre, [0, 1, 3])
    change(theatre, 0, [0, 1])
    settle(theatre, [0, 1])
    const reference = theatre.change(0, [0, 1, 3])
    theatre.run(() => theatre.answers.has(reference))
    expect(theatre.answer(reference)).toBe('change-refused')
  })
})

describe('a change of everybody at once', () => {
  const NEW = [3, 4, 5]

  it('keeps everything that was decided, and those before retire', () => {
    const theatre = led({ newcomers: NEW })
    enterAll(theatre, [0, 'a'], [1, 'b'], [2, 'c'])
    expect(change(theatre, 1, NEW)).toBe(2)
    settle(theatre, NEW)
    theatre.run(() => theatre.retired.size === 3)
    stop(theatre, 0, 1, 2)
    enterAll(theatre, [3, 'd'], [4, 'e'], [5, 'f'])
    expect(theatre.entries(4).slice(0, 3)).toEqual(theatre.judge.ledger.slice(0, 3))
    expect(theatre.entries(4)).toHaveLength(6)
  })

  it('is served by those before until a quorum of those who follow has everything', () => {
    const theatre = led({ newcomers: NEW })
    enterAll(theatre, [0, 'a'], [1, 'b'])
    theatre.change(0, NEW)
    theatre.run(() => theatre.node(0).membership.configurations.length === 2)
    theatre.apart = (from, to) => NEW.includes(from) || NEW.includes(to)
    for (const to of NEW) for (const letter of theatre.pending({ to })) theatre.loseLetter(letter)
    theatre.runFor(5_000_000)
    expect([...theatre.retired]).toEqual([])
    theatre.apart = (from, to) => [from, to].some((id) => id === 4 || id === 5)
    theatre.runFor(5_000_000)
    expect([...theatre.retired], 'one of three is no quorum').toEqual([])
    theatre.apart = () => false
    theatre.run(() => theatre.retired.size === 3)
    stop(theatre, 0, 1, 2)
    enterAll(theatre, [5, 'c'])
    expect(theatre.entries(5)).toEqual([...theatre.judge.ledger])
  })

  it('and of everybody again, with snapshots on the way, keeps all of it', () => {
    const theatre = led({ newcomers: [3, 4, 5, 6, 7], settings: SMALL })
    for (let entry = 0; entry < 12; entry++) enterAll(theatre, [entry % 3, `old ${entry}`])
    change(theatre, 0, NEW)
    settle(theatre, NEW)
    theatre.run(() => theatre.retired.size === 3)
    stop(theatre, 0, 1, 2)
    for (let entry = 0; entry < 12; entry++) enterAll(theatre, [3 + (entry % 3), `new ${entry}`])
    change(theatre, 4, [6, 7])
    settle(theatre, [6, 7])
    theatre.run(() => theatre.retired.size === 6)
    stop(theatre, ...NEW)
    enterAll(theatre, [6, 'last'])
    theatre.runFor(500_000)
    expect(theatre.entries(7)).toEqual([...theatre.judge.ledger])
    expect(theatre.entries(6)).toHaveLength(25)
  })

  it('goes on when the leader stops as soon as it is decided', () => {
    const theatre = led({ newcomers: NEW })
    enterAll(theatre, [1, 'a'])
    theatre.change(0, NEW)
    theatre.run(() => theatre.node(0).membership.configurations.length === 2)
    stop(theatre, 0)
    settle(theatre, NEW)
    stop(theatre, 1, 2)
    enterAll(theatre, [4, 'b'])
    expect(theatre.entries(4)).toEqual(['a', 'b'])
  })

  it('goes on when everybody crashes in the middle of it', () => {
    const theatre = led({ newcomers: NEW })
    enterAll(theatre, [1, 'a'])
    theatre.change(0, NEW)
    theatre.run(() => theatre.node(1).membership.configurations.length === 2)
    for (const { id } of theatre.actors) theatre.crash(id)
    for (const { id } of theatre.actors) theatre.start(id)
    settle(theatre, NEW)
    enterAll(theatre, [4, 'b'])
  })
})

describe('two changes of the same configuration', () => {
  it('do not both happen: the second is told to look again', () => {
    const theatre = led()
    const references = [theatre.change(0, [0, 1]), theatre.change(1, [1, 2])]
    theatre.run(() => references.every((reference) => theatre.answers.has(reference)))
    const outcomes = references.map((reference) => theatre.answers.get(reference))
    expect(outcomes.filter((outcome) => outcome?.ok)).toHaveLength(1)
    expect(outcomes).toContainEqual(expect.objectContaining({ error: 'change-refused' }))
    expect(theatre.judge.broken).toEqual([])
  })
})

describe('a cluster that starts again after snapshots', () => {
  it('has everything, from its snapshots and what came after them', () => {
    const theatre = led({ settings: SMALL })
    for (let entry = 0; entry < 20; entry++) enterAll(theatre, [entry % 3, `entry ${entry}`])
    expect(theatre.actor(0).disk.synced.some(({ type }) => type === 'snapshot')).toBe(true)
    const before = theatre.entries(0)
    for (const id of theatre.members) theatre.crash(id)
    for (const id of theatre.members) theatre.start(id)
    enterAll(theatre, [2, 'after'])
    expect(theatre.entries(2)).toEqual([...before, 'after'])
  })

  it('goes on also where the snapshots hold every slot, and nothing came after', () => {
    const theatre = led()
    enterAll(theatre, [0, 'a'], [1, 'b'])
    theatre.runFor(1_000_000)
    for (const id of theatre.members) theatre.snapshot(id)
    theatre.runFor(1_000)
    for (const id of theatre.members) theatre.crash(id)
    for (const id of theatre.members) theatre.start(id)
    enterAll(theatre, [2, 'c'])
    expect(theatre.entries(2)).toHaveLength(3)
  })

  it('has the votes that are not decided yet, beside the snapshot', () => {
    const theatre = led()
    enterAll(theatre, [0, 'a'])
    theatre.runFor(1_000_000)
    theatre.enter(0, 'chosen, and nobody knows')
    theatre.deliver({ from: 0, to: 1, type: 'accept' })
    for (const id of [0, 1]) theatre.sync(id)
    for (const id of theatre.members) theatre.snapshot(id)
    for (const id of theatre.members) theatre.sync(id)
    for (const id of theatre.members) theatre.crash(id)
    for (const id of theatre.members) theatre.start(id)
    enterAll(theatre, [2, 'b'])
    expect(theatre.entries(2)).toEqual(['a', 'chosen, and nobody knows', 'b'])
  })

  it('one member after the other never stops', () => {
    const theatre = led({ settings: SMALL })
    for (let entry = 0; entry < 9; entry++) {
      theatre.crash(entry % 3)
      enterAll(theatre, [(entry + 1) % 3, `without ${entry % 3}, ${entry}`])
      theatre.start(entry % 3)
      theatre.runFor(2_000_000)
    }
    expect(theatre.entries(0)).toHaveLength(9)
  })
})

describe('a member that was away for longer than the log', () => {
  it('catches up by a snapshot, chunk by chunk, though some of them are lost', () => {
    const theatre = led({ settings: { ...SMALL, chunkBytes: 40 } })
    theatre.crash(2)
    for (let entry = 0; entry < 20; entry++) enterAll(theatre, [entry % 2, `entry ${entry}`])
    theatre.start(2)
    let chunks = 0
    theatre.run(() => {
      for (const letter of theatre.pending({ to: 2, type: 'snapshotChunk' })) {
        chunks += 1
        if (chunks % 3 === 0) theatre.loseLetter(letter)
      }
      return theatre.node(2).roles.replica?.applied === theatre.node(0).roles.replica?.applied
    })
    expect(chunks).toBeGreaterThan(3)
    expect(theatre.entries(2)).toEqual(theatre.entries(0))
    expect(theatre.judge.broken).toEqual([])
  })
})

describe('a transfer', () => {
  it.each([0, 1, 2])('asked for at NODE_%i has another member lead at once', (at) => {
    const theatre = led()
    enterAll(theatre, [0, 'a'])
    const { nowMicros } = theatre
    theatre.transfer(at, 2)
    theatre.run(() => theatre.leaders.join() === '2')
    expect(theatre.nowMicros - nowMicros).toBeLessThan(500_000)
    enterAll(theatre, [0, 'b'], [1, 'c'])
  })

  it('loses nothing that was on its way', () => {
    const theatre = led()
    enterAll(theatre, [0, 'a'])
    const references = [1, 2, 3].map((entry) => theatre.enter(0, `in flight ${entry}`))
    theatre.transfer(0, 1)
    theatre.run(() => references.every((reference) => theatre.answers.has(reference)))
    theatre.run(() => theatre.leaders.join() === '1')
    expect(theatre.judge.broken).toEqual([])
  })

  it('to a member that is gone leaves the leader leading', () => {
    const theatre = led()
    stop(theatre, 2)
    theatre.transfer(0, 2)
    enterAll(theatre, [1, 'a'])
    expect(theatre.leaders).toEqual([0])
  })
})

describe('a store that was put back to an earlier state', () => {
  it.each([1, 2, 5])('by %i records is found out, and the member votes no more', (records) => {
    const theatre = led()
    enterAll(theatre, [0, 'a'], [1, 'b'], [2, 'c'])
    theatre.crash(2)
    theatre.actor(2).disk.synced.splice(-records)
    theatre.start(2)
    theatre.run(() => theatre.refused.has(2))
    expect(theatre.refused.get(2)).toBe('rolled-back')
    expect(votes(theatre, 2)).toBe(false)
    enterAll(theatre, [0, 'd'])
    theatre.crash(2)
    theatre.refused.delete(2)
    theatre.start(2)
    theatre.run(() => theatre.refused.has(2))
    expect(theatre.refused.get(2)).toBe('rolled-back') // for good, however much it has written since
  })

  it('is given up for a new member with another number', () => {
    const theatre = led({ newcomers: [3] })
    enterAll(theatre, [0, 'a'])
    theatre.crash(2)
    theatre.actor(2).disk.synced.splice(-2)
    theatre.start(2)
    theatre.run(() => theatre.refused.has(2))
    change(theatre, 0, [0, 1, 3])
    settle(theatre, [0, 1, 3])
    stop(theatre, 1, 2)
    enterAll(theatre, [3, 'b'])
  })
})
