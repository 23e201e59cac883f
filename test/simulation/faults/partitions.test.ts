// Liveness while a partition lasts: under each shape it is judged, it holds, and it fails when nobody does anything about
// a leader that is gone.

import { describe, expect, it } from 'vitest'
import { Node, type NodeOptions } from '../../../src/paxos/index.js'
import { sharedApplication } from '../../../src/simulation/application.js'
import { Episode, type EpisodeClass } from '../../../src/simulation/faults/plan.js'
import { swarm } from '../../../src/simulation/faults/swarm.js'
import { CLASSIC, type Scenario } from '../../../src/simulation/scenario.js'
import type { World } from '../../../src/simulation/world.js'
import { watchesNobody } from '../../support/planted.js'
import { failuresOf, runWorld } from '../worlds.js'

const SHAPES: readonly EpisodeClass[] = [
  ...(['halves', 'minority', 'isolated-leader', 'ring'] as const),
  ...(['bridge', 'quorum-loss', 'constrained', 'chained'] as const),
]

/** One partition, which may last nine seconds, and clients at every member that go on asking. */
const parted = (shape: EpisodeClass): Scenario => ({
  ...CLASSIC,
  members: 5,
  clients: 5,
  requests: 1_000,
  paceMicros: 50_000,
  delayMicros: 5_000,
  jitterMicros: 4_000,
  placement: 'spread',
  quietMicros: 16_000_000,
  untilMicros: 16_000_000,
  lengthMicros: 24_000_000,
  faults: { [shape]: 1 },
})

/** Worlds in which the partition lasts long enough for an operation to take too long. */
function* worlds(shape: EpisodeClass, makeNode?: (made: NodeOptions) => Node): Generator<World> {
  const scenario = parted(shape)
  for (let seed = 1; seed <= 300; seed++) {
    const { startMicros, endMicros } = new Episode(seed, { class: shape, number: 0 }, scenario.quietMicros)
    if (startMicros < 1_000_000 || endMicros - startMicros < 6_500_000) continue
    yield runWorld({ seed, scenario, application: sharedApplication(), ...(makeNode && { makeNode }) })
  }
}

/** Nobody misses a leader that is gone, and asks the others for one. */
const careless = (options: NodeOptions): Node => new Node({ ...options, roles: watchesNobody })

function first(found: Iterable<World>, isIt: (world: World) => boolean): World | null {
  for (const world of found) if (isIt(world)) return world
  return null
}

describe.each(SHAPES)('while there is a partition of the shape %s, and nothing else is wrong', (shape) => {
  it('liveness is judged, and holds', () => {
    const world = first(worlds(shape), ({ court }) => (court.liveness.judged[shape] ?? 0) > 0)
    expect(world).not.toBeNull()
    expect(world && failuresOf(world)).toEqual([])
  })

  it('liveness fails when nobody misses a leader that is gone', () => {
    const isBroken = ({ court }: World): boolean =>
      court.liveness.result.reason?.includes('nothing else was wrong') === true
    expect(first(worlds(shape, careless), isBroken)).not.toBeNull()
  })
})

describe('the swarm', () => {
  it('has a share of runs in which one partition is all that is wrong, of every shape', () => {
    const alone = new Map<string, number>()
    for (let seed = 1; seed <= 1_000; seed++) {
      const [only, ...more] = Object.keys(swarm(seed).faults)
      if (only && more.length === 0) alone.set(only, (alone.get(only) ?? 0) + 1)
    }
    for (const shape of SHAPES) expect(alone.get(shape) ?? 0, shape).toBeGreaterThan(4)
  })

  it('judges liveness in most of them', () => {
    const partings = Array.from({ length: 400 }, (_, seed) => seed).filter((seed) => {
      const [only, ...more] = Object.keys(swarm(seed).faults)
      return only !== undefined && more.length === 0
    })
    const judged = partings.slice(0, 16).filter((seed) => {
      const world = runWorld({ seed, scenario: swarm(seed), application: sharedApplication() })
      return Object.keys(world.court.liveness.judged).length > 0
    })
    expect(judged.length).toBeGreaterThan(8)
  })
})
