// A campaign hands out its seeds: none is skipped, and none counts twice.

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Node } from '../../../src/paxos/index.js'
import {
  Campaign,
  countSeeds,
  joined,
  type Range,
  shardOf,
} from '../../../src/simulation/hunting/campaign.js'
import { addTallies, NOTHING, type Tally, tallyOf } from '../../../src/simulation/hunting/tally.js'
import { CLASSIC } from '../../../src/simulation/scenario.js'
import { simulate } from '../../../src/simulation/simulate.js'
import { decidesWithOneVoteLess } from '../../support/planted.js'

/** Ranges that ascend, with gaps. */
const ranges: fc.Arbitrary<readonly Range[]> = fc
  .array(fc.tuple(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 0, max: 30 })), { maxLength: 5 })
  .map((steps) => {
    let at = 0
    return steps.map(([gap, length]) => {
      const first = at + gap + 1
      at = first + length
      return { first, last: at }
    })
  })

function seedsOf(range: readonly Range[]): number[] {
  return range.flatMap(({ first, last }) =>
    Array.from({ length: last - first + 1 }, (_, step) => first + step),
  )
}

/** A tally of the first seeds of a range, all of which fail, so that it tells which they were. */
function tallyOfFirst(range: Range, seeds: number): Tally {
  const failed = Array.from({ length: seeds }, (_, step) => ({
    ...{ seed: range.first + step, verdict: 'answers', event: 1, reason: 'it is fake' },
  }))
  return { ...NOTHING, seeds, failed }
}

describe('a campaign', () => {
  it('has each of its seeds either done, once, or left, whatever becomes of what it hands out', () => {
    const steps = fc.array(
      fc.record({
        take: fc.boolean(),
        most: fc.integer({ min: 1, max: 12 }),
        part: fc.double({ min: 0, max: 1, noNaN: true }),
      }),
    )
    fc.assert(
      fc.property(ranges, steps, (given, happenings) => {
        const campaign = new Campaign(given)
        const out: Range[] = []
        for (const { take, most, part } of happenings) {
          const taken = take ? campaign.take(most) : null
          if (taken !== null) {
            expect(countSeeds([taken])).toBeLessThanOrEqual(most)
            out.push(taken)
          }
          const [back] = take ? [] : out.splice(Math.floor(part * (out.length - 1)), 1)
          if (back) campaign.done(back, tallyOfFirst(back, Math.round(part * countSeeds([back]))))
        }
        const done = campaign.tally.failed.map(({ seed }) => seed)
        expect([...done, ...seedsOf(campaign.left)].sort((a, b) => a - b)).toEqual(seedsOf(given))
      }),
    )
  })

  it('hands out its seeds in their order, and then nothing', () => {
    const campaign = new Campaign([
      { first: 3, last: 5 },
      { first: 9, last: 9 },
    ])
    expect([campaign.take(2), campaign.take(2), campaign.take(2), campaign.take(2)]).toEqual([
      { first: 3, last: 4 },
      { first: 5, last: 5 },
      { first: 9, last: 9 },
      null,
    ])
  })

  it('takes nothing back that it has not handed out', () => {
    expect(() => new Campaign([{ first: 1, last: 9 }]).done({ first: 1, last: 2 }, NOTHING)).toThrow(
      'Those seeds were not handed out.',
    )
  })

  it('finds a planted bug, and the seeds that find it', () => {
    const campaign = new Campaign([{ first: 0, last: 29 }])
    const makeNode = (options: ConstructorParameters<typeof Node>[0]): Node =>
      new Node({ ...options, roles: decidesWithOneVoteLess })
    const scenario = { ...CLASSIC, members: 5, clients: 5, faults: { loss: 200_000, crash: 4 } }
    for (let range = campaign.take(7); range !== null; range = campaign.take(7)) {
      const summaries = seedsOf([range]).map((seed) => simulate({ seed, scenario, makeNode }).summary)
      campaign.done(range, summaries.map((summary) => tallyOf(summary, 1)).reduce(addTallies, NOTHING))
    }
    const { seeds, failed, failures } = campaign.tally
    expect(seeds).toBe(30)
    expect(failed.length).toBeGreaterThan(0)
    expect(failures['durability']).toBeGreaterThan(0)
    for (const { seed, verdict, event, reason } of failed) {
      const { summary } = simulate({ seed, scenario, makeNode })
      expect(summary.verdicts[verdict], `seed ${seed}`).toEqual({ ok: false, event, reason })
    }
  })
})

describe('shards', () => {
  it('are all the seeds together, share none, and are of one size, give or take one', () => {
    fc.assert(
      fc.property(ranges, fc.integer({ min: 1, max: 12 }), (given, shards) => {
        const parts = Array.from({ length: shards }, (_, shard) => shardOf(given, shard + 1, shards))
        expect(parts.flatMap(seedsOf)).toEqual(seedsOf(given))
        const sizes = parts.map(countSeeds)
        expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1)
      }),
    )
  })
})

describe('ranges', () => {
  it('are joined where they touch, and hold the same seeds', () => {
    fc.assert(
      fc.property(ranges, fc.integer({ min: 1, max: 5 }), (given, length) => {
        const cut = given.flatMap(({ first, last }) => {
          const starts = Array.from(
            { length: Math.ceil((last - first + 1) / length) },
            (_, n) => first + n * length,
          )
          return starts.map((start) => ({ first: start, last: Math.min(last, start + length - 1) }))
        })
        expect(joined(cut.reverse())).toEqual(given)
      }),
    )
  })
})

describe('a tally', () => {
  const scenario = { ...CLASSIC, members: 3, clients: 2, requests: 3 }
  const tallies = [1, 2, 3].map((seed) => tallyOf(simulate({ seed, scenario }).summary, 10 * seed))

  it('adds up runs, events, time and verdicts, and keeps the slowest', () => {
    const { seeds, failed, events, simulatedMicros, failures, slowest } = tallies.reduce(addTallies, NOTHING)
    expect([seeds, failed]).toEqual([3, []])
    expect(events).toBe(tallies.reduce((sum, tally) => sum + tally.events, 0))
    expect(simulatedMicros).toBe(tallies.reduce((sum, tally) => sum + tally.simulatedMicros, 0))
    expect(Number.isInteger(simulatedMicros)).toBe(true)
    expect(Object.values(failures).every((count) => count === 0)).toBe(true)
    expect(slowest.map(({ seed }) => seed)).toEqual([3, 2, 1])
  })

  it('counts the runs in which a verdict fails, or is not decided', () => {
    const { summary } = simulate({ seed: 1, scenario })
    const flawed = { ...summary.verdicts, answers: { ok: false, event: 3, reason: 'no' } }
    const open = { ...flawed, linearizable: { ok: true, undecided: 'it took too long' } }
    const tally = [summary.verdicts, flawed, open]
      .map((verdicts) => tallyOf({ ...summary, verdicts }, 1))
      .reduce(addTallies, NOTHING)
    expect(tally.failures).toMatchObject({ answers: 2, linearizable: 0 })
    expect(tally.undecided).toMatchObject({ answers: 0, linearizable: 1 })
    const found = { seed: 1, verdict: 'answers', event: 3, reason: 'no' }
    expect(tally.failed).toEqual([found, found])
  })

  it('counts the runs in which stores were refused, those stores, and what was not asked therefore', () => {
    const { summary } = simulate({ seed: 1, scenario })
    const verdicts = { ...summary.verdicts, ended: { ok: true, notAsked: 'no quorum is left' } }
    const tally = [
      { ...summary, refused: {} },
      { ...summary, refused: { damaged: 1 } },
      { ...summary, refused: { damaged: 1, 'rolled-back': 2 }, verdicts },
    ]
      .map((each) => tallyOf(each, 1))
      .reduce(addTallies, NOTHING)
    expect(tally).toMatchObject({ refusals: 2, refused: { damaged: 2, 'rolled-back': 2 }, failed: [] })
    expect(tally.notAsked).toMatchObject({ ended: 1, agreement: 0 })
  })

  it('counts the faults of each class', () => {
    const summary = { ...simulate({ seed: 1, scenario }).summary, faults: { crash: 2, loss: 30 } }
    const tally = addTallies(tallyOf(summary, 1), tallyOf({ ...summary, faults: { crash: 1 } }, 1))
    expect(tally.faults).toEqual({ crash: 3, loss: 30 })
  })
})
