// Where the simulated clients are, how long they go on, and what those of `shared` do.

import { describe, expect, it } from 'vitest'
import { type ClientRequest, Node, Requester, type RoleContext } from '../../src/paxos/index.js'
import type { RequesterStart } from '../../src/paxos/starts.js'
import { sharedApplication } from '../../src/simulation/application.js'
import { Clients } from '../../src/simulation/clients.js'
import { placeOf } from '../../src/simulation/placement.js'
import { CLASSIC, checkScenario, type Scenario } from '../../src/simulation/scenario.js'
import { failuresOf, runWorld, transcribed } from './worlds.js'

const swarm = { members: 5, clients: 6, placement: 'mixed', lengthMicros: 60_000_000 } as const

describe('the place of a client', () => {
  it('is a member, or a node of its own', () => {
    const places = (['last', 'spread', 'own', 'mixed'] as const).map((placement) =>
      [0, 1, 2, 3].map((client) => placeOf(placement, client, 3)),
    )
    expect(places).toEqual([
      [2, 2, 2, 2],
      [2, 1, 0, 2],
      [1000, 1001, 1002, 1003],
      [2, 1001, 1, 1003],
    ])
  })

  it('makes no difference to the verdicts', () => {
    for (const placement of ['spread', 'own', 'mixed'] as const) {
      const { world, lines } = transcribed({
        seed: 4,
        scenario: { ...swarm, placement, requests: 10, faults: { loss: 50_000, crash: 6 } },
        application: sharedApplication(),
      })
      world.run()
      expect(failuresOf(world)).toEqual([])
      const asking = lines
        .filter((line) => line.includes(' invokes '))
        .map((line) => /NODE_\d+/.exec(line)?.[0])
      expect(new Set(asking).size).toBeGreaterThanOrEqual(placement === 'spread' ? 5 : 6)
    }
  })

  it('loses an operation in flight when its member crashes, and no other', () => {
    const { world, lines } = transcribed({
      seed: 9,
      scenario: { ...swarm, placement: 'spread', faults: { loss: 50_000, crash: 10 } },
      application: sharedApplication(),
    })
    world.run()
    const lost = lines.filter((line) => line.endsWith(' = info the node of the client crashed'))
    expect(lost.length).toBeGreaterThan(0)
    expect(world.clients.sent - world.clients.answered).toBe(lost.length)
  })
})

describe('clients with a time', () => {
  it('begin nothing from then on, and do not stop before', () => {
    const scenario = { ...swarm, requests: 1_000_000, untilMicros: 10_000_000 }
    const world = runWorld({ seed: 1, scenario, application: sharedApplication() })
    const times = world.clients.history.filter(({ type }) => type === 'invoke').map(({ time }) => time)
    expect(Math.max(...times)).toBeLessThan(10_000_000)
    expect(Math.max(...times)).toBeGreaterThan(9_000_000)
    expect(times.length).toBeGreaterThan(10 * 20)
    expect(failuresOf(world)).toEqual([])
  })
})

describe('clients with a pace', () => {
  const scenario: Scenario = {
    ...CLASSIC,
    clients: 4,
    members: 3,
    requests: 1_000,
    paceMicros: 25_000,
    untilMicros: 10_000_000,
  }

  it('ask so often all together, and make up for the time in which nobody was answered', () => {
    for (const faults of [{}, { pause: 12, crash: 6 }]) {
      const more = {
        placement: 'spread',
        delayMicros: 2_000,
        jitterMicros: 1_000,
        quietMicros: 6_000_000,
      } as const
      const world = runWorld({ seed: 5, scenario: { ...scenario, ...more, faults } })
      expect(world.clients.sent).toBeGreaterThan(360)
      expect(world.clients.sent).toBeLessThan(480)
    }
  })

  it('go on after their time until they have kept nine tenths of it, in a run in which hardly anybody was answered', () => {
    const faults = { halves: 16, 'isolated-leader': 16, ring: 16 } // for most of the time nobody decides anything
    const more = {
      placement: 'own',
      delayMicros: 5_000,
      jitterMicros: 1_000,
      quietMicros: 9_500_000,
    } as const
    const world = runWorld({ seed: 3, scenario: { ...scenario, ...more, members: 4, faults } })
    const begun = world.clients.history.filter(({ type }) => type === 'invoke').map(({ time }) => time)
    const inTime = begun.filter((time) => time < 10_000_000).length
    const kept = (0.9 * world.nowMicros) / 25_000
    expect(inTime).toBeLessThan(kept / 2)
    expect(begun.length).toBeGreaterThanOrEqual(kept)
    expect(begun.length).toBeLessThan(1.2 * kept)
    expect(failuresOf(world)).toEqual([])
  })

  it('go on once more if their last answers took so long that it is too little after all', () => {
    const clients = new Clients(sharedApplication(), scenario, 7)
    const [first] = clients.all
    if (first === undefined) throw new Error('There are clients.')
    clients.sent = 500
    for (const client of clients.all) expect(clients.invoke(client, 10_000_000)).toBe(null)
    expect(clients.done).toBe(true)
    expect(clients.owe(13_000_000)).toBe(false) // 468 of 520
    expect(clients.owe(14_000_000)).toBe(true) // 504 of 560
    expect(clients.goOn()).toBe(true)
    expect(clients.done).toBe(false)
    expect(clients.invoke(first, 14_000_000)).not.toBe(null)
  })

  it('that has a pace sees in time that its time is over', () => {
    const clients = new Clients(sharedApplication(), scenario, 7)
    const [client] = clients.all
    if (client === undefined) throw new Error('There are clients.')
    for (const position of [0, 1, 99, 1_000]) {
      client.position = position // each may have been over as soon as it began, its node having crashed
      expect(clients.nextMicros(client, 0)).toBeLessThanOrEqual(10_000_000)
      expect(clients.nextMicros(client, 10_500_000)).toBe(Math.max(10_500_000, clients.nextMicros(client, 0)))
    }
  })
})

describe('clients that are left out', () => {
  it('do nothing, and leave the others what they do', () => {
    const world = (clients: number[]) =>
      runWorld({
        seed: 2,
        scenario: { ...swarm, requests: 20, omitted: { faults: [], clients } },
        application: sharedApplication(),
      })
    const asked = (clients: number[], of: number): unknown[] =>
      world(clients)
        .clients.history.filter(({ process, type }) => process === of && type === 'invoke')
        .map(({ f, key }) => `${f} ${key}`)
    expect(asked([1], 1)).toEqual([])
    expect(asked([1], 2)).toEqual(asked([], 2))
  })
})

describe('the clients of shared', () => {
  it('do everything there is to do, to the same keys', () => {
    const { history } = runWorld({ seed: 1, scenario: swarm, application: sharedApplication() }).clients
    expect(new Set(history.map(({ f }) => f))).toEqual(new Set(['set', 'get', 'stale-get', 'cas', 'delete']))
    const users = new Set(history.filter(({ key }) => key === 'A').map(({ process }) => process))
    expect(users.size).toBeGreaterThanOrEqual(swarm.clients)
    expect(history.some(({ f, type }) => f === 'cas' && type === 'ok')).toBe(true)
    expect(history.some(({ f, type }) => f === 'cas' && type === 'fail')).toBe(true)
  })
})

describe('a placement', () => {
  it('that nobody knows is refused', () => {
    expect(() => checkScenario(1, { ...CLASSIC, placement: 'first' as 'last' })).toThrow(
      'placement must be one of last, spread, own, mixed, and first is none.',
    )
  })
})

describe('a request', () => {
  it('that waits at a member which stands still is gone with its process, and comes to no later one', () => {
    const clients = 6
    const answered = Array.from({ length: clients }, () => 0)
    const taken: { readonly position: number; readonly expected: number }[] = []
    class Watched extends Requester {
      override take(request: ClientRequest): void {
        const client = request.reference % clients
        const position = Math.floor(request.reference / clients)
        if (request.client < 1_000) taken.push({ position, expected: answered[client] ?? 0 })
        super.take(request)
      }
    }
    const roles = { requester: (context: RoleContext, start: RequesterStart) => new Watched(context, start) }
    runWorld({
      seed: 5,
      application: sharedApplication(),
      scenario: {
        ...CLASSIC,
        clients,
        members: 3,
        requests: 1_000,
        placement: 'spread',
        delayMicros: 2_000,
        jitterMicros: 1_000,
        paceMicros: 20_000,
        untilMicros: 10_000_000,
        quietMicros: 9_000_000,
        faults: { pause: 30, crash: 30 },
      },
      makeNode: (made) => new Node({ ...made, roles }),
      observer: (event) => {
        if (event.type === 'completes') answered[event.client] = (answered[event.client] ?? 0) + 1
      },
    })
    expect(taken.length).toBeGreaterThan(100)
    expect(taken.filter(({ position, expected }) => position !== expected)).toEqual([])
  })
})
