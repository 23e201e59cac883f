// The plan of a run: each fault follows from the seed, its class and its number alone.

import { describe, expect, it } from 'vitest'
import { type Episode, planOf } from '../../../src/simulation/faults/plan.js'
import { swarm } from '../../../src/simulation/faults/swarm.js'
import { CLASSIC, type Scenario } from '../../../src/simulation/scenario.js'
import { transcribed } from '../worlds.js'

const MEMBERS = [0, 1, 2, 3, 4]

/** All that an episode decides, as data. */
function portrait(episode: Episode): object {
  const { class: name, number, startMicros, endMicros } = episode
  const details = [0, 1, 2].map((detail) => episode.detail(detail, 0, 1_000_000))
  return {
    name,
    number,
    startMicros,
    endMicros,
    pick: episode.pick(MEMBERS),
    order: episode.shuffle(MEMBERS),
    details,
  }
}

function without(scenario: Scenario, left: Episode): Scenario {
  return { ...scenario, omitted: { faults: [...scenario.omitted.faults, left], clients: [] } }
}

/** The lines of the events before this time, or up to the end. The head, which tells what is left out, is none. */
function linesBefore(seed: number, scenario: Scenario, micros: number): { lines: string[]; ended: boolean } {
  const { world, lines } = transcribed({ seed, scenario })
  while (world.nowMicros < micros && world.step()) {
    // each step is one event of the queue
  }
  return {
    lines: lines.filter((line) => Number(line.slice(0, 11).replace('.', '')) < micros),
    ended: world.finished,
  }
}

describe('a plan', () => {
  it('lasts from the beginning to the quiet time, and has as many episodes as the scenario says', () => {
    const scenario = { ...CLASSIC, quietMicros: 3_000_000, faults: { crash: 40, clog: 30, loss: 1_000 } }
    const plan = planOf(7, scenario)
    expect(plan).toHaveLength(70)
    for (const { startMicros, endMicros } of plan) {
      expect(startMicros).toBeGreaterThanOrEqual(0)
      expect(endMicros).toBeGreaterThanOrEqual(startMicros)
      expect(endMicros).toBeLessThanOrEqual(3_000_000)
    }
    expect(Math.min(...plan.map(({ startMicros }) => startMicros))).toBeLessThan(300_000)
    expect(Math.max(...plan.map(({ startMicros }) => startMicros))).toBeGreaterThan(2_700_000)
  })

  it('is empty when there is no time for faults', () => {
    expect(planOf(7, { ...CLASSIC, quietMicros: 0, faults: { crash: 3 } })).toEqual([])
  })

  it('changes neither start, length, targets nor details of the others when one is left out', () => {
    for (let seed = 1; seed <= 50; seed++) {
      const scenario = swarm(seed)
      const plan = planOf(seed, scenario)
      const left = plan[seed % Math.max(1, plan.length)]
      if (left === undefined) continue
      const rest = planOf(seed, without(scenario, left))
      expect(rest.map(portrait)).toEqual(plan.filter((each) => each !== left).map(portrait))
    }
  })

  it('does not change when another class is turned on, or when there is more of one', () => {
    const plan = planOf(5, { ...CLASSIC, faults: { crash: 3 } })
    const more = planOf(5, { ...CLASSIC, faults: { crash: 5, pause: 9 } })
    expect(more.filter((each) => each.class === 'crash' && each.number < 3).map(portrait)).toEqual(
      plan.map(portrait),
    )
  })
})

describe('a run without one of its faults', () => {
  it('is the same, byte for byte, until that fault would have begun, or nothing is left to do', () => {
    for (let seed = 1; seed <= 24; seed++) {
      const scenario = { ...swarm(seed), requests: 20, quietMicros: 3_000_000 }
      const plan = planOf(seed, scenario)
      const left = plan[(seed * 7) % Math.max(1, plan.length)]
      if (left === undefined) continue
      const { lines } = linesBefore(seed, scenario, left.startMicros)
      const rest = linesBefore(seed, without(scenario, left), left.startMicros)
      expect(rest.lines).toEqual(rest.ended ? lines.slice(0, rest.lines.length) : lines)
    }
  })
})
