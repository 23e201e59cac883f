import { describe, expect, it } from 'vitest'
import type { MemberId } from '../../src/paxos/index.js'
import { Disk } from '../../src/simulation/disk.js'
import {
  acknowledge,
  adopted,
  bench,
  lead,
  leader,
  learned,
  propose,
  vote,
} from '../support/seated-leader.js'
import { type Letter, Theatre } from '../support/theatre.js'
import { changed, FIVE, opaque, request, THREE } from '../support/words.js'

const settings = { alpha: 3 }

/** Delivers and syncs until nothing that is let through is left; no time passes and no alarm rings. */
function play(theatre: Theatre, isLetThrough: (letter: Letter) => boolean): void {
  for (let steps = 0; steps < 5_000; steps++) {
    for (const { id, node } of theatre.actors) if (node?.writing) theatre.sync(id)
    const letter = theatre.letters.find(isLetThrough)
    if (letter === undefined) return
    theatre.deliverLetter(letter)
  }
  throw new Error('It goes on for ever.')
}

const among =
  (...ids: readonly number[]) =>
  ({ from, to }: Letter) =>
    ids.includes(from) && ids.includes(to)

describe('F1', () => {
  it('bench', () => {
    // C2 votes from slot 4 on; the leader itself knows slot 0 decided; others have led up to 3.
    const under = lead({ settings }, [], 0)
    const both = changed(3, THREE, FIVE)
    bench.membership = { ...both, configurations: both.configurations.slice(1) }
    learned(3)
    bench.take()
    adopted(under, [], 3, 2)
    expect(bench.messages('tender').map(({ slot, members }) => [slot, members])).toEqual([])
  })
})

describe('F2', () => {
  it('bench', () => {
    // Inherited: 1 is a change (the leader cannot see that), 2 and 3. Slot 4 is voted on by nobody knows whom.
    const under = lead({ settings }, [vote(1, opaque(1)), vote(2, opaque(2)), vote(3, opaque(3))])
    bench.take()
    leader.confirm(0, { type: 'confirm', question: '1.1' })
    for (const member of [0, 1]) acknowledge(member, under, 1)
    expect(bench.messages('confirmed')).toEqual([])
  })
})

describe('F3', () => {
  it('bench', () => {
    const under = lead({ settings }, [], 6) // one of its quorum knew slots up to 6 decided
    const both = changed(3, THREE, FIVE)
    bench.membership = { ...both, configurations: both.configurations.slice(1) } // from slot 4 on
    learned(6)
    adopted(under, [vote(4, opaque(4)), vote(5, opaque(5)), vote(6, opaque(6))], 3, 2)
    bench.take()
    propose(request(1, 7, 'x'))
    expect(bench.messages('tender').map(({ slot }) => slot)).toEqual([7])
  })
})

describe('whole', () => {
  function led(newcomers: readonly MemberId[]): Theatre {
    const theatre = new Theatre({ newcomers, settings }).open()
    expect(theatre.elect()).toBe(0)
    for (const id of newcomers) theatre.start(id)
    theatre.run(() => theatre.actors.every(({ id }) => theatre.node(id).founding !== null))
    const first = theatre.enter(0, 'before')
    theatre.run(() => theatre.answers.has(first))
    theatre.runFor(300_000)
    return theatre
  }

  it('F2', () => {
    const theatre = led([3, 4])
    const between =
      (a: MemberId, b: MemberId, type: string) =>
      ({ from, to, message }: Letter) =>
        from === a && to === b && message.type === type
    theatre.change(0, [0, 3, 4])
    theatre.fire(0, 'leader', 'heartbeat')
    const majority = among(0, 3, 4)
    play(
      theatre,
      (letter) => majority(letter) || between(0, 2, 'accept')(letter) || between(2, 0, 'accepted')(letter),
    )
    for (const id of [3, 4]) theatre.fire(id, 'replica', 'fetch')
    play(theatre, majority)
    theatre.fire(0, 'scout', 'resend')
    play(theatre, majority)
    const write = theatre.enter(0, 'w')
    play(theatre, majority)
    expect(theatre.answer(write)).toBe(2)
    while (theatre.letters.length > 0) theatre.lose({})
    for (let k = 0; k < 6 && !theatre.leaders.includes(1); k++) {
      theatre.fire(1, 'leader', 'election')
      play(theatre, (letter) => among(1, 2)(letter) && letter.message.type !== 'accept')
    }
    expect(theatre.leaders).toContain(1)
    theatre.read(1)
    play(theatre, (letter) => among(1, 2)(letter) && letter.message.type !== 'accept')
    play(theatre, among(1, 2))
    console.log(theatre.lines.slice(-100).join('\n'))
    expect(theatre.judge.broken).toEqual([])
  })

  it('F1', () => {
    const theatre = led([3, 4])
    const leads = (id: MemberId) => theatre.node(id).roles.leader?.phase === 'leading'
    const ring = (
      id: MemberId,
      role: 'leader' | 'replica',
      timer: string,
      until: () => boolean,
      let_: (letter: Letter) => boolean,
    ) => {
      for (let times = 0; times < 12 && !until(); times++) {
        theatre.fire(id, role, timer)
        play(theatre, let_)
      }
      expect(until()).toBe(true)
    }
    const none = () => false
    const loseAll = () => {
      while (theatre.letters.length > 0) theatre.lose({})
    }
    loseAll()
    // 1 leads by {1, 2}, decides slot 3, which 2 hears.
    ring(1, 'leader', 'election', () => leads(1), among(1, 2))
    const third = theatre.enter(1, 'third')
    play(theatre, among(1, 2))
    expect(theatre.answer(third)).toBe(2)
    loseAll()
    ring(0, 'leader', 'heartbeat', () => !leads(0), none)
    loseAll()
    // 0 leads by {0, 2}: 2 tells it that slot 3 is decided. Its fetch is late.
    ring(
      0,
      'leader',
      'election',
      () => leads(0),
      (letter) =>
        among(0, 2)(letter) && letter.message.type !== 'fetch' && letter.message.type !== 'heartbeat',
    )
    const fetch = theatre.pending({ type: 'fetch', from: 0, to: 2 })[0]
    if (fetch === undefined) throw new Error('no fetch')
    theatre.letters.splice(theatre.letters.indexOf(fetch), 1)
    loseAll()
    const zero = theatre.actor(0)
    const paused = zero.node
    zero.node = null
    // 1 leads again.
    ring(1, 'leader', 'heartbeat', () => !leads(1), among(1, 2))
    ring(1, 'leader', 'election', () => leads(1), among(1, 2))
    loseAll()
    theatre.change(1, [0, 1, 2, 3, 4])
    theatre.fire(1, 'leader', 'heartbeat')
    const w = () => theatre.enter(1, 'w')
    const early = (letter: Letter) => {
      const { message } = letter
      if (message.type === 'accept' && message.slot > 5) return false
      if (message.type === 'prepare') return false
      return among(1, 2, 3, 4)(letter)
    }
    // The change goes into slot 4; w waits while it is in flight.
    play(theatre, (letter) => early(letter) && letter.message.type !== 'accept')
    for (const id of [3, 4])
      if (theatre.alarms.some((a) => a.actor.id === id && a.role === 'replica' && a.timer === 'fetch'))
        theatre.fire(id, 'replica', 'fetch')
    play(theatre, (letter) => early(letter) && letter.message.type !== 'accept')
    theatre.fire(1, 'leader', 'heartbeat')
    let reference = -1
    for (let steps = 0; steps < 1000; steps++) {
      if (reference < 0 && theatre.pending({ type: 'accept', from: 1 }).length > 0) reference = w()
      for (const { id, node } of theatre.actors) if (node?.writing) theatre.sync(id)
      const letter = theatre.letters.find(early)
      if (letter === undefined) break
      theatre.deliverLetter(letter)
    }
    theatre.fire(1, 'leader', 'heartbeat')
    play(theatre, early)
    for (const id of [3, 4]) theatre.fire(id, 'replica', 'fetch')
    play(theatre, early)
    expect([3, 4].map((id) => theatre.node(id).roles.replica?.applied)).toEqual([5, 5])
    play(theatre, among(1, 2))
    expect(theatre.answer(reference)).toBe(3)
    loseAll()
    expect(theatre.judge.broken).toEqual([])
    // 0 goes on, and its late fetch is answered.
    zero.node = paused
    theatre.letters.push(fetch)
    play(theatre, (letter) => among(0, 2)(letter) && ['fetch', 'fetched'].includes(letter.message.type))
    if (!theatre.alarms.some((a) => a.actor.id === 0 && a.role === 'scout'))
      console.log(theatre.lines.slice(-30).join('\n'))
    play(theatre, among(0, 3, 4))
    console.log(theatre.lines.slice(-60).join('\n'))
    expect(theatre.judge.broken).toEqual([])
  })
})

describe('F4', () => {
  it('a blank store', () => {
    const theatre = new Theatre({ blank: true })
    for (const id of THREE) theatre.start(id)
    let late: Letter | undefined
    theatre.run(() => {
      late ??= theatre.pending({ type: 'welcome', to: 2 })[0]
      return theatre.actors.every(({ node }) => node?.founding != null)
    })
    expect(theatre.elect()).toBe(0)
    const first = theatre.enter(2, 'first')
    theatre.run(() => theatre.answers.has(first))
    theatre.crash(2)
    Object.assign(theatre.actor(2), { disk: new Disk() })
    theatre.start(2)
    if (late === undefined) throw new Error('nobody was welcomed')
    theatre.sync(2)
    theatre.letters.push(late)
    theatre.runFor(2_000_000)
    expect(theatre.refused.get(2)).toBe('turned-away')
    const second = theatre.enter(2, 'second')
    theatre.runFor(5_000_000)
    console.log(theatre.answers.get(second), theatre.entries(0), theatre.lines.slice(-40).join('\n'))
    expect(theatre.judge.broken).toEqual([])
  })
})

describe('F6', () => {
  it('a seed with a blank store', () => {
    const theatre = new Theatre({ blank: true })
    for (const id of THREE) theatre.start(id)
    for (const id of THREE) theatre.sync(id)
    const late = theatre.pending({ type: 'join', to: 0 })
    expect(late.map(({ from }) => from)).toEqual([1, 2])
    expect(theatre.elect()).toBe(0)
    theatre.apart = (from, to) => from === 2 || to === 2
    const first = theatre.enter(0, 'first')
    theatre.run(() => theatre.answers.has(first))
    theatre.crash(0)
    Object.assign(theatre.actor(0), { disk: new Disk() })
    theatre.letters.splice(0)
    theatre.apart = (from, to) => from === 1 || to === 1
    theatre.start(0)
    theatre.sync(0)
    theatre.letters.push(...late)
    const second = theatre.enter(0, 'second')
    theatre.runFor(5_000_000)
    console.log(theatre.answers.get(second), theatre.entries(0), theatre.lines.slice(-40).join('\n'))
    expect(theatre.judge.broken).toEqual([])
  })
})

describe('F5', () => {
  it('turned away for an earlier store', () => {
    const theatre = new Theatre({ blank: true })
    for (const id of THREE) theatre.start(id)
    theatre.sync(2)
    const late = theatre.pending({ type: 'join', from: 2 })
    expect(late).toHaveLength(1)
    theatre.letters.splice(0)
    theatre.crash(2)
    Object.assign(theatre.actor(2), { disk: new Disk() })
    theatre.start(2)
    expect(theatre.elect()).toBe(0)
    theatre.letters.push(...late)
    theatre.runFor(2_000_000)
    expect(theatre.refused.get(2)).toBeUndefined()
  })
})
