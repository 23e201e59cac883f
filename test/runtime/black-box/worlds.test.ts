// What nodes do in simulated worlds, recorded as a member records it, comes out the same when it is done once more.

import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import type { Node, NodeOptions } from '../../../src/paxos/index.js'
import { Recorder } from '../../../src/runtime/black-box/recorder.js'
import { sharedApplication, swarm, World } from '../../../src/simulation/index.js'
import { Notes, newFolder } from '../member/started.js'
import { replayAll } from './recorded.js'

/** As many events happen before what was recorded is written. */
const EVENTS = 500

/** More nodes are not started meanwhile. */
const READY = 100

interface Life {
  readonly folder: string
  readonly recorder: Recorder
}

/** Records every life of every node of a world. Each part is short, so there are many. */
async function recordWorld(seed: number, redact: boolean): Promise<readonly Life[]> {
  const logger = new Notes()
  const folder = newFolder()
  const lives: Life[] = []
  let begun = 0
  const makeNode = (options: NodeOptions): Node => {
    const life = lives[begun++]
    if (life === undefined) throw new Error(`More than ${READY} nodes were started.`)
    const node = life.recorder.makeNode(options)
    const step = node.step.bind(node)
    node.step = (event) => {
      const actions = step(event)
      life.recorder.turn(event, actions)
      return actions
    }
    return node
  }
  const world = new World({ seed, scenario: swarm(seed), application: sharedApplication(), makeNode })
  do {
    while (lives.length < begun + READY) {
      const box = join(folder, String(lives.length))
      const recorder = await Recorder.open({ folder: box, limitBytes: 65_536, redact }, 'a', logger)
      lives.push({ folder: box, recorder })
    }
    await setImmediate()
  } while (goOn(world))
  for (const { recorder } of lives) await recorder.close(0)
  expect(logger.lines).toEqual([])
  return lives.slice(0, begun)
}

function goOn(world: World): boolean {
  for (let events = 0; events < EVENTS; events++) if (!world.step()) return false
  return true
}

describe('a black box in a world of the swarm', () => {
  const seeds = [1, 2, 3, 4, 5, 6]
  test.for(seeds.flatMap((seed) => [false, true].map((redact) => [seed, redact] as const)))(
    'of seed %i, redacted %s, has all that was done',
    async ([seed, redact]) => {
      const { machine } = sharedApplication()
      for (const { folder } of await recordWorld(seed, redact)) {
        const replay = replayAll(folder, machine)
        if (!redact) expect(replay.isMachineRun).toBe(true)
      }
    },
  )
})
