import { formatBallot, recover } from 'synod/paxos'
import { readyApplication, type Scenario, Simulation, swarm } from 'synod/simulation'
import { describe, expect, it } from 'vitest'
import type { Mind, Moment } from '../../../viewer/src/engine/contract.js'
import { open } from './engines.js'

/** Every fault that changes what is in a node, and nothing slow. */
const ADDRESS = '#5?scenario=swarm&requests=40&crashes=8'
const SCENARIO: Scenario = { ...swarm(5), requests: 40, faults: { ...swarm(5).faults, crash: 8 } }

/** The world of that run, gone on until so many events have happened, or a few more. */
function worldAt(event: number, scenario: Scenario = SCENARIO, seed = 5): Simulation['world'] {
  const application = readyApplication('shared', 'decree') ?? undefined
  const { world } = new Simulation({ seed, scenario, ...(application && { application }) })
  while (world.events < event && world.step());
  return world
}

function fieldOf(
  mind: Mind | null | undefined,
  role: string,
  ...path: readonly string[]
): string | undefined {
  let fields = mind?.roles.find((each) => each.name === role)?.fields
  let value: string | undefined
  for (const name of path) {
    const field = fields?.find((each) => each.name === name)
    value = field?.value
    fields = field?.fields
  }
  return value
}

describe('a moment', () => {
  it('shows every node as it is in the world at that time, in whatever order moments are asked for', async () => {
    const { engine, handle, run } = await open(ADDRESS)
    for (const share of [0.9, 0.1, 0.5, 0.51, 0.505, 0.2, 1]) {
      const world = worldAt(Math.floor(run.eventCount * share))
      const moment = await engine.moment(handle, world.events)
      for (const { id, node } of world.hosts) {
        const place = run.nodes.findIndex((each) => each.id === id)
        const mind = moment.minds?.[place]
        expect(mind === null).toBe(node === null)
        if (node === null) continue
        expect(fieldOf(mind, 'node', 'written')).toBe(String(node.freeze().fields.written))
        const applied = node.roles.replica && String(node.roles.replica.applied)
        expect(fieldOf(mind, 'replica', 'replicated', 'applied')).toBe(applied)
        expect(fieldOf(mind, 'leader', 'phase')).toBe(node.roles.leader?.phase)
        expect(mind?.timers).toHaveLength(node.plain.fields.timers.size)
      }
    }
  })

  it('shows the records of each disk, synced and not yet synced', async () => {
    const { engine, handle, run } = await open(ADDRESS)
    for (const share of [0.3, 0.6, 0.9]) {
      const world = worldAt(Math.floor(run.eventCount * share))
      const moment = await engine.moment(handle, world.events)
      for (const { id, node, disk } of world.hosts) {
        const mind = moment.minds?.[run.nodes.findIndex((each) => each.id === id)]
        if (node === null || mind === null || mind === undefined) continue
        expect(mind.disk.synced.length + mind.disk.omitted).toBe(disk.synced.length)
        expect(mind.disk.unsynced.length).toBe(node.plain.fields.written - node.plain.fields.durable)
      }
    }
  })

  it('says who leads, and under which ballot, as the nodes themselves do', async () => {
    const { engine, handle, run } = await open(ADDRESS)
    for (const share of [0.2, 0.4, 0.6, 0.8, 1]) {
      const world = worldAt(Math.floor(run.eventCount * share))
      const moment: Moment = await engine.moment(handle, world.events)
      for (const { node: place, role, state } of moment.members) {
        const node = world.hosts[run.nodes[place]?.id ?? 0]?.node ?? null
        expect(node === null).toBe(state === 'down' || state === 'outside' || state === 'retired')
        expect(role === 'leading').toBe(node?.roles.leader?.phase === 'leading')
        expect(role === 'scouting').toBe(node?.roles.leader?.phase === 'scouting')
      }
    }
  })

  it('has a ledger that knows what is applied by whoever started from a snapshot, or lost its store', async () => {
    for (const [seed, event] of [
      [39, 3_000],
      [33, 5_200],
      [62, 8_900],
    ] as const) {
      const scenario = { ...swarm(seed), requests: 30 }
      const { engine, handle, run } = await open(`#${seed}?scenario=swarm&requests=30`)
      const world = worldAt(event, scenario, seed)
      const { slots } = await engine.ledger(handle, world.events, 1, 10_000)
      const members = run.nodes.filter(({ isMember }) => isMember)
      for (const [place, { id }] of members.entries()) {
        const node = world.hosts[id]?.node
        const applied = slots.filter(({ cells }) =>
          ['applied', 'trimmed'].includes(cells[place]?.state ?? ''),
        )
        const replica = node?.roles.replica
        if (replica !== undefined) expect(applied.length).toBe(replica.applied)
      }
    }
  })

  it('has a ledger in which each member has applied what its replica has', async () => {
    const { engine, handle, run } = await open(ADDRESS)
    for (const share of [0.2, 0.4, 0.6, 0.8, 1]) {
      const world = worldAt(Math.floor(run.eventCount * share))
      const { slots } = await engine.ledger(handle, world.events, 1, 10_000)
      const members = run.nodes.filter(({ isMember }) => isMember)
      for (const [place, { id }] of members.entries()) {
        const node = world.hosts[id]?.node
        if (node === null || node === undefined) continue
        const applied = slots.filter(({ cells }) =>
          ['applied', 'trimmed'].includes(cells[place]?.state ?? ''),
        )
        expect(applied.length).toBe(node.roles.replica?.applied ?? 0)
      }
    }
  })

  it('has a ledger in which each member holds the votes that it has written, and those durable that are on its disk', async () => {
    const { engine, handle, run } = await open(ADDRESS)
    const members = run.nodes.filter(({ isMember }) => isMember)
    let unsynced = 0
    let down = 0
    for (let share = 0.02; share <= 1; share += 0.02) {
      const world = worldAt(Math.floor(run.eventCount * share))
      const { slots } = await engine.ledger(handle, world.events, 1, 10_000)
      for (const [place, { id }] of members.entries()) {
        const host = world.hosts[id]
        if (host === undefined) continue
        const { votes } = recover(host.disk.synced)
        down += host.node === null ? 1 : 0
        for (const { slot, cells } of slots) {
          const { accepted, durable, state } = cells[place] ?? {}
          if (state === 'trimmed') continue
          const onDisk = votes.get(slot)
          const held = host.node === null ? onDisk : (host.node.roles.acceptor?.votes.get(slot) ?? onDisk)
          expect(accepted).toBe(held === undefined ? null : formatBallot(held.ballot))
          if (held === undefined) continue
          expect(durable).toBe(onDisk !== undefined && formatBallot(onDisk.ballot) === accepted)
          unsynced += durable === true ? 0 : 1
        }
      }
    }
    expect(unsynced).toBeGreaterThan(0)
    expect(down).toBeGreaterThan(0)
  })

  it('is refused with a sentence where there is no such event', async () => {
    const { engine, handle } = await open('#6')
    await expect(engine.moment(handle, 1e9)).rejects.toThrow(
      /^There is no event 1000000000: this run has \d+\.$/,
    )
  })
})
