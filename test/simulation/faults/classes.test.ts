// Each class of faults does what its sentence says, and can be seen to in the events.

import { describe, expect, it } from 'vitest'
import { Node, type NodeEvent } from '../../../src/paxos/index.js'
import { keyValueApplication } from '../../../src/simulation/application.js'
import type { WorldEvent } from '../../../src/simulation/events.js'
import type { FaultClass, Faults } from '../../../src/simulation/faults/classes.js'
import { CLASSIC } from '../../../src/simulation/scenario.js'
import { World } from '../../../src/simulation/world.js'
import { failuresOf, runWorld, type TestWorld } from '../worlds.js'

interface Timed {
  readonly event: WorldEvent
  readonly micros: number
}

/** One fault as it was: from its beginning to its end. */
interface Seen {
  readonly event: Extract<WorldEvent, { type: 'suffers' }>
  readonly fromMicros: number
  readonly toMicros: number
}

interface Run {
  readonly world: World
  readonly events: readonly Timed[]
  readonly seen: readonly Seen[]
}

const BUSY = { ...CLASSIC, members: 5, clients: 3, requests: 120, delayMicros: 10_000, jitterMicros: 5_000 }

/** Runs a busy cluster of five with these faults only. */
function run(faults: Faults, more: TestWorld = {}): Run {
  const events: Timed[] = []
  const scenario = { ...BUSY, faults, quietMicros: 6_000_000, ...more.scenario }
  const observer = (event: WorldEvent, _number: number, micros: number) => events.push({ event, micros })
  const world = runWorld({ seed: 3, ...more, scenario, observer })
  const seen = events.flatMap(({ event, micros }): Seen[] => {
    if (event.type !== 'suffers') return []
    const isEnd = (each: WorldEvent) =>
      each.type === 'recovers' && each.fault === event.fault && each.number === event.number
    return [
      { event, fromMicros: micros, toMicros: events.find((each) => isEnd(each.event))?.micros ?? micros },
    ]
  })
  return { world, events, seen }
}

/** The events while a fault lasts. */
function during({ events }: Run, { fromMicros, toMicros }: Seen): WorldEvent[] {
  return events.filter(({ micros }) => micros > fromMicros && micros < toMicros).map(({ event }) => event)
}

function lostDuring(seenRun: Run, seen: Seen): Set<string> {
  return new Set(
    during(seenRun, seen).flatMap((event) => (event.type === 'loses' ? [`${event.node}-${event.to}`] : [])),
  )
}

/** A run in which this class has happened at least once. */
function happening(name: FaultClass, times = 4, more: TestWorld = {}): Run {
  const result = run({ [name]: times }, more)
  expect(result.seen.length, name).toBeGreaterThan(0)
  for (const { event } of result.seen) expect(event.fault).toBe(name)
  const { torn: _, ...befallen } = result.world.faults
  expect(befallen).toEqual({ [name]: result.seen.length })
  return result
}

describe('faults of messages', () => {
  it.each([
    ['loss', 'loses'],
    ['duplication', 'doubles'],
    ['reordering', 'delays'],
    ['long-tail', 'delays'],
  ] as const)('%s: as many as the summary says', (name, type) => {
    const { world, events } = run(
      { [name]: 100_000 },
      { scenario: { requests: 30, quietMicros: 60_000_000 } },
    )
    const count = events.filter(({ event }) => event.type === type).length
    expect(world.faults).toEqual({ [name]: count })
    expect(count / world.messages.sent).toBeGreaterThan(0.08)
    expect(count / world.messages.sent).toBeLessThan(0.12)
  })

  it('stop with the quiet time', () => {
    const { events } = run({ loss: 200_000, duplication: 200_000 }, { scenario: { quietMicros: 500_000 } })
    const wrong = events.filter(({ event }) => event.type === 'loses' || event.type === 'doubles')
    expect(wrong.length).toBeGreaterThan(10)
    expect(wrong.every(({ micros }) => micros <= 500_000)).toBe(true)
    expect(events.at(-1)?.micros).toBeGreaterThan(1_000_000)
  })
})

describe('faults of links', () => {
  it('clog: nothing that is sent over the link arrives before the end, and nothing is lost', () => {
    const clogged = happening('clog')
    expect(clogged.world.messages.dropped).toBe(0)
    for (const seen of clogged.seen) {
      const [from, to] = seen.event.nodes
      const late = { ...seen, fromMicros: seen.fromMicros + 15_000 }
      const heard = during(clogged, late).filter((event) => event.type === 'receives' && event.node === to)
      expect(heard.every((event) => 'from' in event && event.from !== from)).toBe(true)
    }
  })

  it('swizzle-clog: some members hear and say nothing for a while, and nothing is lost', () => {
    const { world } = happening('swizzle-clog')
    expect(world.messages.dropped).toBe(0)
  })

  it('one-way: what goes one way is lost, and what comes the other way is not', () => {
    const cut = happening('one-way')
    for (const seen of cut.seen) {
      const [from, to] = seen.event.nodes
      for (const link of lostDuring(cut, seen)) expect(cutBy(cut, seen).has(link)).toBe(true)
      expect(lostDuring(cut, seen).has(`${to}-${from}`)).toBe(false)
    }
    expect(cut.world.messages.dropped).toBeGreaterThan(0)
  })

  /** The links that are cut at some time while a one-way link is. */
  function cutBy({ seen }: Run, one: Seen): Set<string> {
    const overlapping = seen.filter(
      (each) => each.fromMicros < one.toMicros && each.toMicros > one.fromMicros,
    )
    return new Set(overlapping.map(({ event }) => event.nodes.join('-')))
  }

  it('client-cut: a client on a node of its own reaches no member, and no member reaches it', () => {
    const cut = happening('client-cut', 3, { scenario: { placement: 'own' } })
    for (const { event } of cut.seen) expect(event.node).toBeGreaterThanOrEqual(1_000)
    expect(cut.world.messages.dropped).toBeGreaterThan(0)
    for (const { event } of cut.events) {
      if (event.type !== 'loses') continue
      expect([event.node, event.to].filter((node) => node >= 1_000)).toHaveLength(1)
    }
  })

  it('client-cut: does nothing while all clients are at members', () => {
    expect(run({ 'client-cut': 3 }).world.faults).toEqual({})
  })
})

describe('partitions', () => {
  const single = (name: FaultClass): [Run, Seen] => {
    const result = happening(name, 1)
    const [seen] = result.seen
    if (seen === undefined) throw new Error(`${name} did not happen`)
    return [result, seen]
  }
  const partners = (lost: Set<string>, node: number): number =>
    [0, 1, 2, 3, 4].filter((other) => other !== node && !lost.has(`${node}-${other}`)).length

  it('halves: each half hears itself only', () => {
    const [result, seen] = single('halves')
    expect(seen.event.what).toMatch(/^NODE_.* \| NODE_/)
    const lost = lostDuring(result, seen)
    expect(lost.size).toBeGreaterThan(0)
    const [left = '', right = ''] = seen.event.what.split(' | ')
    for (const link of lost) {
      const sides = link.split('-').map((node) => nodesOf(left).includes(Number(node)))
      expect(new Set(sides).size).toBe(2)
    }
    expect(nodesOf(left).length + nodesOf(right).length).toBe(5)
  })

  it('minority: one or two of five are cut off', () => {
    const [, { event }] = single('minority')
    expect([1, 2]).toContain(nodesOf(event.what.split(' | ')[0] ?? '').length)
  })

  it('isolated-leader: it leads, and nobody hears it', () => {
    const result = happening('isolated-leader', 2)
    for (const { event } of result.seen) expect(nodesOf(event.what.split(' | ')[0] ?? '')).toHaveLength(1)
  })

  it('ring: everybody has two neighbours, which is a majority with itself', () => {
    const [result, seen] = single('ring')
    const lost = lostDuring(result, seen)
    for (const node of [0, 1, 2, 3, 4]) expect(partners(lost, node)).toBeGreaterThanOrEqual(2)
    expect(lost.size).toBeGreaterThan(0)
  })

  it('bridge: one member hears all', () => {
    const [result, seen] = single('bridge')
    const bridge = Number(/NODE_(\d) hears all/.exec(seen.event.what)?.[1])
    const lost = lostDuring(result, seen)
    expect([...lost].some((link) => link.includes(String(bridge)))).toBe(false)
    expect(lost.size).toBeGreaterThan(0)
  })

  it('quorum-loss: nobody but one member hears a quorum, and the leader is not that one', () => {
    const [result, seen] = single('quorum-loss')
    const [, hub, leader] = /all hear NODE_(\d) only; NODE_(\d) leads/.exec(seen.event.what) ?? []
    expect(hub).not.toBe(leader)
    expect([...lostDuring(result, seen)].some((link) => link.includes(String(hub)))).toBe(false)
  })

  it('constrained: one member falls behind, and then is all that the others hear', () => {
    const [, seen] = single('constrained')
    expect(seen.event.what).toMatch(
      /^NODE_\d falls behind, then all others hear it only, and NODE_\d nobody$/,
    )
  })

  it('chained: nobody hears more than two others', () => {
    const [result, seen] = single('chained')
    expect(seen.event.what).toMatch(/^a chain: NODE_\d( NODE_\d){4}$/)
    const chain = nodesOf(seen.event.what)
    for (const link of lostDuring(result, seen)) {
      const [a = 0, b = 0] = link.split('-').map(Number)
      expect(Math.abs(chain.indexOf(a) - chain.indexOf(b))).toBeGreaterThan(1)
    }
  })

  it('need members enough: alone, nobody can be parted from anybody', () => {
    const faults = { halves: 2, minority: 2, 'isolated-leader': 2, ring: 2, bridge: 2, chained: 2, clog: 2 }
    expect(run(faults, { scenario: { members: 1 } }).world.faults).toEqual({})
  })

  it('are over at the quiet time', () => {
    const { events } = run(
      { halves: 16, minority: 16, 'one-way': 32 },
      { scenario: { quietMicros: 2_000_000 } },
    )
    expect(events.filter(({ event, micros }) => event.type === 'loses' && micros > 2_000_000)).toEqual([])
    expect(events.some(({ event }) => event.type === 'loses')).toBe(true)
  })

  function nodesOf(text: string): number[] {
    const runs = [...text.matchAll(/NODE_(\d)(?:\.\.NODE_(\d))?/g)]
    return runs.flatMap(([, first, last = first]) =>
      Array.from({ length: Number(last) - Number(first) + 1 }, (_, at) => Number(first) + at),
    )
  }
})

describe('faults of processes', () => {
  const eventsOf = ({ events }: Run, node: number, type: WorldEvent['type']): number[] =>
    events.filter(({ event }) => event.type === type && event.node === node).map(({ micros }) => micros)

  it('crash: the member stops, and starts again at the end', () => {
    const crashed = happening('crash', 2)
    for (const { event, fromMicros, toMicros } of crashed.seen) {
      expect(eventsOf(crashed, event.node, 'crashes')).toContain(fromMicros)
      expect(eventsOf(crashed, event.node, 'starts')).toContain(toMicros)
    }
  })

  it('crash-in-recovery: the member crashes twice, the second time within three milliseconds of its start', () => {
    const crashed = happening('crash-in-recovery', 1)
    const [seen] = crashed.seen
    const node = seen?.event.node ?? 0
    const [first, second] = eventsOf(crashed, node, 'crashes')
    const [, back, again] = eventsOf(crashed, node, 'starts')
    expect(first).toBe(seen?.fromMicros)
    expect((second ?? 0) - (back ?? 0)).toBeLessThanOrEqual(3_000)
    expect(again).toBe(seen?.toMicros)
  })

  it('rolling-restart: every member, one after the other, never two at a time', () => {
    const { events, seen } = happening('rolling-restart', 1)
    const [from = 0] = seen.map(({ fromMicros }) => fromMicros)
    const turns = events.filter(
      ({ event, micros }) => micros >= from && (event.type === 'crashes' || event.type === 'starts'),
    )
    expect(turns.map(({ event }) => event.type)).toEqual(
      Array.from({ length: 10 }, (_, at) => (at % 2 === 0 ? 'crashes' : 'starts')),
    )
    expect(new Set(turns.map(({ event }) => event.node)).size).toBe(5)
  })

  it('pause: nothing happens at the member, and then everything at once', () => {
    const paused = happening('pause', 1, { seed: 5 })
    const [seen] = paused.seen
    if (seen === undefined) return
    expect(
      during(paused, seen).filter(({ node, type }) => node === seen.event.node && type !== 'loses'),
    ).toEqual([])
    const then = paused.events.filter(
      ({ event, micros }) => micros === seen.toMicros && event.node === seen.event.node,
    )
    expect(then.length).toBeGreaterThan(10)
  })

  it('slow-member: nothing happens there sooner than the time it takes longer', () => {
    const slowed = happening('slow-member', 1)
    const [seen] = slowed.seen
    if (seen === undefined) return
    const slowMicros = Number(/takes (\d+) us/.exec(seen.event.what)?.[1])
    const early = { ...seen, toMicros: seen.fromMicros + slowMicros }
    expect(during(slowed, early).filter(({ node }) => node === seen.event.node)).toEqual([])
    expect(during(slowed, seen).filter(({ node }) => node === seen.event.node).length).toBeGreaterThan(0)
  })

  it('slow-member: two that strike the same member at once add up, and the one goes on when the other is over', () => {
    const slow: { readonly micros: number; readonly hosts: readonly number[] }[] = []
    const scenario = { ...BUSY, members: 1, faults: { 'slow-member': 16 }, quietMicros: 6_000_000 }
    let lasting = 0
    let most = 0
    const world = new World({
      seed: 3,
      scenario,
      application: keyValueApplication('decree'),
      observer: (event) => {
        if (event.type !== 'suffers' && event.type !== 'recovers') return
        const micros = Number(/takes (\d+) us/.exec(event.type === 'suffers' ? event.what : '')?.[1] ?? 0)
        if (event.type === 'suffers') slow[event.number] = { micros, hosts: event.nodes }
        // It is told of before it begins, and before it ends.
        expect(world.hosts[0]?.slowMicros).toBe(lasting)
        lasting += event.type === 'suffers' ? micros : -(slow[event.number]?.micros ?? 0)
        most = Math.max(most, lasting)
      },
    })
    world.run()
    expect(most).toBeGreaterThan(200_000) // more than any one of them
    expect(world.hosts[0]?.slowMicros).toBe(0)
  })

  it('slow-member: what has struck one life of a member makes the next no faster', () => {
    const { world } = run({ 'slow-member': 16, crash: 16 })
    for (const { slowMicros } of world.hosts) expect(slowMicros).toBe(0)
  })
})

describe('faults of disks', () => {
  const at = (seenRun: Run, { event, ...span }: Seen, type: WorldEvent['type']): WorldEvent[] =>
    during(seenRun, { event, ...span }).filter((each) => each.node === event.node && each.type === type)

  it('full-disk: no sync succeeds, the process ends, and is back when there is room', () => {
    const full = happening('full-disk', 3)
    for (const seen of full.seen) expect(at(full, seen, 'syncs')).toEqual([])
    const crashes = full.events.filter(({ event }) => event.type === 'crashes')
    expect(crashes.length).toBeGreaterThan(0)
    for (const { event } of crashes) expect(full.world.hosts[event.node]?.node).not.toBeNull()
  })

  it('slow-disk: a sync takes longer', () => {
    const slow = happening('slow-disk', 1)
    const [seen] = slow.seen
    if (seen === undefined) return
    const slowMicros = Number(/take (\d+) us/.exec(seen.event.what)?.[1])
    const most = (seen.toMicros - seen.fromMicros) / slowMicros
    expect(at(slow, seen, 'syncs').length).toBeLessThanOrEqual(most + 1)
  })

  it('stalled-disk: no sync ends, and none fails', () => {
    const stalled = happening('stalled-disk', 3)
    for (const seen of stalled.seen) expect(at(stalled, seen, 'syncs')).toEqual([])
    expect(stalled.events.some(({ event }) => event.type === 'crashes')).toBe(false)
  })

  it.each(['rot', 'misdirection'] as const)('%s: when it starts again, the member does not vote', (name) => {
    const damaged = happening(name, 4)
    for (const { event } of damaged.seen) {
      const host = damaged.world.hosts[event.node]
      expect(host?.disk.read().filter(({ type }) => type === 'damaged').length).toBeGreaterThan(0)
      expect(host?.node).not.toBeNull()
      expect(host?.node?.roles.acceptor).toBeUndefined()
    }
  })

  it('wipe: the member starts with nothing, and does not vote', () => {
    const wiped = happening('wipe', 1)
    const node = wiped.seen[0]?.event.node ?? 0
    const starts = wiped.events.flatMap(({ event }) =>
      event.type === 'starts' && event.node === node ? [event] : [],
    )
    expect(starts.at(-1)?.records).toBe(0)
    expect(wiped.world.hosts[node]?.node?.roles.acceptor).toBeUndefined()
  })

  it('swap: two members have each other’s store, and neither votes', () => {
    const { world, seen } = happening('swap', 1)
    for (const node of seen[0]?.event.nodes ?? []) {
      const created = world.hosts[node]?.disk.synced[0]
      expect(created).toMatchObject({ type: 'created' })
      expect(created).not.toMatchObject({ member: node })
      expect(world.hosts[node]?.node?.roles.acceptor).toBeUndefined()
    }
  })

  it('lying-sync: what was said to be synced is gone after the crash', () => {
    const { events } = happening('lying-sync', 2)
    const crashes = events.flatMap(({ event }) => (event.type === 'crashes' ? [event.lostRecords] : []))
    expect(Math.max(...crashes)).toBeGreaterThan(3)
  })

  it('rollback: the member starts with what it had when the fault began', () => {
    const { events, seen } = happening('rollback', 1)
    const records = Number(/the (\d+) records of now/.exec(seen[0]?.event.what ?? '')?.[1])
    const starts = events.flatMap(({ event }) =>
      event.type === 'starts' && event.node === seen[0]?.event.node ? [event.records] : [],
    )
    expect(starts.at(-1)).toBe(records)
  })
})

describe('what operators do', () => {
  it('snapshot: the member writes one', () => {
    const { events, seen } = happening('snapshot', 4)
    const written = events.filter(({ event }) => event.type === 'writes' && event.record.type === 'snapshot')
    for (const { event, fromMicros } of seen) {
      const own = written.filter((each) => each.event.node === event.node && each.micros >= fromMicros)
      expect(own.length).toBeGreaterThan(0)
    }
  })

  it('transfer: the leader tells another to take over', () => {
    const { events, seen } = happening('transfer', 2)
    const handed = events.flatMap(({ event }) =>
      event.type === 'sends' && event.message.type === 'handOver' ? [event.node] : [],
    )
    for (const { event } of seen) expect(handed).toContain(event.node)
  })

  it('change: members come and go', () => {
    const { world } = happening('change', 3)
    expect(world.hosts.length).toBeGreaterThan(5)
  })

  it('change: some name stores that the newcomers do not have, and everybody is served all the same', () => {
    const { world, seen } = happening('change', 16)
    expect(seen.filter(({ event }) => event.what.endsWith('with stores that they do not have'))).not.toEqual(
      [],
    )
    expect(failuresOf(world)).toEqual([])
  })

  it('changes do not keep faults from those who come: a partition parts them, and what stops a process stops theirs', () => {
    const { seen } = run({ change: 8, minority: 16, pause: 16 })
    for (const name of ['minority', 'pause']) {
      const struck = seen.flatMap(({ event }) => (event.fault === name ? event.nodes : []))
      expect(Math.max(...struck), name).toBeGreaterThanOrEqual(BUSY.members)
    }
  })
})

describe('faults of clocks', () => {
  /** The times that each node was given. */
  function clocksUnder(faults: Faults): { now: number[][]; wall: number[][]; result: Run } {
    const now: number[][] = [[], [], [], [], []]
    const wall: number[][] = [[], [], [], [], []]
    class Watched extends Node {
      override step(event: NodeEvent): ReturnType<Node['step']> {
        now[this.self]?.push(event.nowMicros)
        wall[this.self]?.push(event.wallMicros)
        return super.step(event)
      }
    }
    return { now, wall, result: run(faults, { makeNode: (made) => new Watched(made) }) }
  }
  const goesBack = (times: readonly number[]): boolean =>
    times.some((time, index) => time < (times[index - 1] ?? time))

  it('drift: a clock may run too fast or too slow, and never goes back', () => {
    const { now, result } = clocksUnder({ drift: 100_000 })
    const ends = now.map((times) => times.at(-1) ?? 0)
    expect(Math.max(...ends) / Math.min(...ends)).toBeGreaterThan(1.02)
    expect(now.some(goesBack)).toBe(false)
    expect(result.world.faults).toEqual({ drift: 5 })
  })

  it.each(['jump', 'strobe'] as const)(
    '%s: a wall clock goes back, what time is measured with does not',
    (name) => {
      const { now, wall, result } = clocksUnder({ [name]: 8 })
      expect(result.world.faults[name]).toBe(8)
      expect(wall.some(goesBack)).toBe(true)
      expect(now.some(goesBack)).toBe(false)
    },
  )
})
