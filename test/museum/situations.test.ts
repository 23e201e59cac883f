// The situations that are set up by hand: what the shortest story of a bug is looked for in.

import { checkScenario } from 'synod/simulation'
import { describe, expect, it } from 'vitest'
import { EXHIBITS } from '../../museum/exhibits/index.js'
import { replayRun } from '../../museum/hunt.js'
import { search } from '../../museum/search.js'
import { situationsOf, worldIn } from '../../museum/situations.js'
import { failsAnyway } from '../../museum/trial.js'

describe('a situation', () => {
  it.each(EXHIBITS.map(({ name }) => name))('is set up for %s, and its worlds can be run', (name) => {
    for (let seed = 1; seed <= 50; seed++) checkScenario(seed, worldIn(situationsOf(name), seed))
  })

  it('is gone through in every combination of its values', () => {
    const [plain] = situationsOf('accepted-before-durable')
    if (plain === undefined) throw new Error('There is no situation.')
    const situation = {
      ...plain,
      faults: [{}, { crash: 1 }],
      members: [1, 2, 3],
      quietMillis: [10, 20, 30, 40, 50],
      requests: [1],
      clients: [1],
      delayMicros: [1_000],
      placement: ['last' as const],
    }
    const worlds = Array.from({ length: 30 }, (_, seed) => JSON.stringify(worldIn([situation], seed)))
    expect(new Set(worlds).size).toBe(30)
  })

  it('must be set up for a bug that is added', () => {
    expect(() => situationsOf('no-such-bug')).toThrow('No situation is set up for no-such-bug')
  })
})

describe('a search', () => {
  const exhibit = EXHIBITS.find(({ name }) => name === 'accepted-before-durable')
  if (exhibit === undefined) throw new Error('There is no such bug.')

  it('finds a run that shows the bug, and would not fail without it', () => {
    const found = search(exhibit, 'durability', (worlds) => worlds === 100)
    if (found === null) throw new Error('Nothing was found.')
    expect(replayRun(exhibit, found)).toMatchObject({ verdict: 'durability', event: found.failure.event })
    expect(failsAnyway(exhibit, found.scenario, found.seed)).toBe(false)
  })

  it('gives no longer run when it has looked at more worlds', () => {
    const few = search(exhibit, 'durability', (worlds) => worlds === 100)
    const more = search(exhibit, 'durability', (worlds) => worlds === 200)
    expect(more?.failure.event).toBeLessThanOrEqual(few?.failure.event ?? 0)
  })

  it('gives nothing of a verdict that the bug does not break', () => {
    expect(search(exhibit, 'stale reads', (worlds) => worlds === 50)).toBeNull()
  })
})
