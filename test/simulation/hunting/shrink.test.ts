// Shrinking finds what a failure needs, and leaves out the rest.

import { describe, expect, it } from 'vitest'
import { Node } from '../../../src/paxos/index.js'
import { bankApplication, keyValueApplication } from '../../../src/simulation/application.js'
import type { FaultClass } from '../../../src/simulation/faults/classes.js'
import { countedFaults } from '../../../src/simulation/hunting/fields.js'
import { type Shrunk, shrink } from '../../../src/simulation/hunting/shrink.js'
import { readStory, tellStory } from '../../../src/simulation/hunting/story.js'
import { ANY_FAILURE, type Trial, trialsOf } from '../../../src/simulation/hunting/trial.js'
import { CLASSIC, type Scenario } from '../../../src/simulation/scenario.js'
import { simulate } from '../../../src/simulation/simulate.js'
import { decidesWithOneVoteLess, dropsWhatItInherits, type Fault } from '../../support/planted.js'

/** All that a scenario has in it, counted. */
function sizeOf({ members, clients, requests, faults, omitted }: Scenario): number {
  const times = countedFaults(faults).reduce((sum, [, strength]) => sum + strength, 0)
  const happen = Object.keys(faults).length + times - omitted.faults.length
  return members + clients - omitted.clients.length + (requests ?? 10) + happen
}

/** A fake world that fails when what it needs is in the scenario, the later the more else is in it. */
function fakeWorld(verdict: string, needs: (scenario: Scenario, seed: number) => boolean): Trial {
  return (scenario, seed) => {
    if (!needs(scenario, seed)) return null
    return { verdict, reason: 'it is fake', event: sizeOf(scenario), timeMicros: 4_200_000, noticed: 1 }
  }
}

function has({ faults, omitted }: Scenario, name: FaultClass, number: number): boolean {
  const left = omitted.faults.some((fault) => fault.class === name && fault.number === number)
  return (faults[name] ?? 0) > number && !left
}

const MUCH: Scenario = {
  ...CLASSIC,
  members: 7,
  clients: 12,
  requests: 40,
  faults: { loss: 100_000, reordering: 300_000, crash: 9, wipe: 2, clog: 30, transfer: 3 },
  omitted: { faults: [{ class: 'crash', number: 0 }], clients: [3] },
  delayMicros: 90_000,
  jitterMicros: 70_000,
  reads: 'linearizable',
  placement: 'spread',
  untilMicros: 30_000_000,
  paceMicros: 10_000,
  lengthMicros: 80_000_000,
  alpha: 7,
  logBytes: 5_000,
  chunkBytes: 100,
  queueLimit: 8,
  quietMicros: 20_000_000,
  overBudget: true,
}

function shrunk(scenario: Scenario, trial: Trial, mostRuns = 10_000): Shrunk {
  const shrinking = shrink({ scenario, seed: 6, trial, mostRuns })
  for (;;) {
    const { done, value } = shrinking.next()
    if (done !== true) continue
    if (value === null) throw new Error('It does not fail in the first place.')
    return value
  }
}

describe('shrinking', () => {
  it('says that there is nothing to shrink when nothing fails', () => {
    expect(shrink({ scenario: MUCH, seed: 6, trial: () => null }).next()).toEqual({ done: true, value: null })
  })

  it('leaves out every fault, member, client and request that the failure does not need', () => {
    const needs = (scenario: Scenario): boolean =>
      has(scenario, 'crash', 3) &&
      has(scenario, 'crash', 7) &&
      has(scenario, 'clog', 21) &&
      (scenario.faults.loss ?? 0) >= 60_000 &&
      scenario.members >= 3 &&
      scenario.clients > 5 &&
      !scenario.omitted.clients.includes(2) &&
      !scenario.omitted.clients.includes(5) &&
      (scenario.requests ?? 10) >= 4
    const { scenario, failure } = shrunk(MUCH, fakeWorld('answers', needs))
    expect(scenario).toMatchObject({ members: 3, clients: 6, requests: 4, lengthMicros: 5_000_000 })
    expect(scenario.omitted.clients).toEqual([0, 1, 3, 4])
    expect(scenario.faults).toMatchObject({ clog: 22, crash: 8 })
    expect(Object.keys(scenario.faults)).toEqual(['loss', 'clog', 'crash'])
    const left = ['crash', 'clog'].map((name) =>
      Array.from({ length: 30 }, (_, number) => number).filter((n) => has(scenario, name as FaultClass, n)),
    )
    expect(left).toEqual([[3, 7], [21]])
    expect(failure.event).toBe(3 + 2 + 4 + (3 + 3))
  })

  it.for(Object.keys(CLASSIC))('makes %s simpler, if it can', (name) => {
    const field = name as keyof Scenario // a key of one
    expect(MUCH[field]).not.toEqual(CLASSIC[field])
    const { scenario } = shrunk(
      MUCH,
      fakeWorld('answers', () => true),
    )
    expect(scenario[field]).not.toEqual(MUCH[field])
  })

  it('keeps to the verdict that failed first, whatever else fails in smaller worlds', () => {
    const trial: Trial = (scenario) => ({
      verdict: scenario.members < 3 ? 'agreement' : 'answers',
      reason: 'it is fake',
      event: sizeOf(scenario),
      timeMicros: 1,
      noticed: 1,
    })
    expect(shrunk(MUCH, trial)).toMatchObject({ failure: { verdict: 'answers' }, scenario: { members: 3 } })
  })

  it('takes an operation that takes too long for a run that does not come to rest, and not the other way round', () => {
    const kindOf = (from: string, to: string): string | undefined => {
      const trial: Trial = (scenario) => ({
        verdict: scenario.members < 3 ? to : from,
        reason: 'it is fake',
        event: sizeOf(scenario),
        timeMicros: null,
        noticed: 1,
      })
      return shrunk(MUCH, trial, 3_000).failure.verdict
    }
    expect([kindOf('ended', 'liveness'), kindOf('liveness', 'ended')]).toEqual(['liveness', 'liveness'])
  })

  it('takes nothing that fails later', () => {
    const trial: Trial = (scenario) => ({
      verdict: 'answers',
      reason: 'it is fake',
      event: scenario.members === MUCH.members ? 100 : 101,
      timeMicros: 1,
      noticed: 1,
    })
    expect(shrunk(MUCH, trial)).toMatchObject({ failure: { event: 100 }, scenario: { members: 7 } })
  })

  it('tries other seeds where a simpler scenario fails with the first no more', () => {
    const needs = (scenario: Scenario, seed: number): boolean => scenario.members >= 5 || seed % 8 === 7
    const { scenario, seed } = shrunk(MUCH, fakeWorld('answers', needs))
    expect({ members: scenario.members, place: seed % 8 }).toEqual({ members: 1, place: 7 })
  })

  it('leaves as much time for everything to settle as there was, when to be cut off is the failure', () => {
    const trial: Trial = ({ lengthMicros }) => ({
      verdict: 'ended',
      reason: 'it was cut off',
      event: lengthMicros,
      timeMicros: null,
      noticed: lengthMicros,
    })
    const { lengthMicros, quietMicros } = shrunk(MUCH, trial).scenario
    expect(lengthMicros - quietMicros).toBe(MUCH.lengthMicros - MUCH.quietMicros)
  })

  it('stops after as many runs as it may have', () => {
    let runs = 0
    const world = fakeWorld('answers', () => true)
    const trial: Trial = (...run) => {
      runs += 1
      return world(...run)
    }
    expect(shrunk(MUCH, trial, 25).runs).toBe(25)
    expect(runs).toBe(25)
  })

  it('runs no world that cannot be', () => {
    const trial: Trial = (scenario) => {
      expect(scenario.jitterMicros).toBeLessThanOrEqual(scenario.delayMicros)
      return {
        verdict: 'answers',
        reason: 'it is fake',
        event: scenario.delayMicros,
        timeMicros: 1,
        noticed: 1,
      }
    }
    expect(shrunk(MUCH, trial).scenario).toMatchObject({ delayMicros: 100, jitterMicros: 0 })
  })
})

const LOSSY: Scenario = {
  ...CLASSIC,
  members: 3,
  clients: 3,
  requests: 6,
  faults: { loss: 250_000, crash: 6 },
  quietMicros: 5_000_000,
  lengthMicros: 20_000_000,
}

function trialsWith(fault: Fault): Trial {
  return trialsOf({ makeNode: (options) => new Node({ ...options, roles: fault }) })
}

function firstSeed(trial: Trial): number {
  const seeds = Array.from({ length: 200 }, (_, seed) => seed)
  const failing = seeds.find((seed) => trial(LOSSY, seed, ANY_FAILURE) !== null)
  if (failing === undefined) throw new Error('None of 200 seeds fails.')
  return failing
}

describe('a planted bug', () => {
  it.each([
    ['a quorum that is one short', decidesWithOneVoteLess],
    ['a leader that drops what it inherits', dropsWhatItInherits],
  ] as const)('shrinks to a short story that replays it: %s', (_what, fault) => {
    const trial = trialsWith(fault)
    const shrinking = shrink({ scenario: LOSSY, seed: firstSeed(trial), trial, mostRuns: 600 })
    const [first, ...rest] = [...shrinking]
    const last = rest.at(-1)
    if (first === undefined || last === undefined) throw new Error('It was not shrunk.')
    expect(last.failure.event).toBeLessThan((3 * first.failure.event) / 4)

    const told = tellStory({ ...last, machine: 'key-value' })
    const { scenario, seed } = readStory(told)
    const again = trial(scenario, seed, ANY_FAILURE)
    expect(again).toMatchObject({ verdict: first.failure.verdict, event: last.failure.event })
  })

  it('shrinks to the same story every time', () => {
    const stories = [1, 2].map(() => {
      const trial = trialsWith(dropsWhatItInherits)
      const last = [...shrink({ scenario: LOSSY, seed: firstSeed(trial), trial, mostRuns: 300 })].at(-1)
      return last && tellStory({ ...last, machine: 'key-value' })
    })
    expect(stories[1]).toBe(stories[0])
    expect(stories[0]).toMatch(/^\d+$/)
  })
})

describe('a trial', () => {
  const scenario = { ...CLASSIC, members: 3, clients: 3, requests: 5 }
  const application = {
    ...bankApplication(),
    invariant: (state: unknown) => ((state as Map<string, number>).get('A') === 100 ? null : 'A has changed'),
  }

  it('is null when every verdict holds', () => {
    expect(trialsOf({ application: keyValueApplication('decree') })(scenario, 1, ANY_FAILURE)).toBeNull()
  })

  it('gives the verdict that was broken first, and where', () => {
    expect(trialsOf({ application })(scenario, 1, ANY_FAILURE)).toEqual({
      verdict: 'conservation',
      reason: expect.stringMatching(/^after slot \d+: A has changed$/),
      event: expect.any(Number),
      timeMicros: expect.any(Number),
      noticed: expect.any(Number),
    })
  })

  it('gives the time of the event that it names, unless that is the end of the run', () => {
    const { event = 0, timeMicros } = trialsOf({ application })(scenario, 1, ANY_FAILURE) ?? {}
    const times: number[] = []
    simulate({ seed: 1, scenario, application, onEvent: (_event, _number, time) => times.push(time) })
    expect(timeMicros).toBe(times[event - 1])

    const short = { ...scenario, lengthMicros: 100_000 }
    expect(trialsOf({})(short, 1, ANY_FAILURE)).toMatchObject({ verdict: 'ended', timeMicros: null })
  })

  it('gives up after so many events', () => {
    const seek = (patience: number): unknown =>
      trialsOf({})({ ...CLASSIC, lengthMicros: 400_000 }, 1, { ...ANY_FAILURE, verdict: 'ended', patience })
    expect(seek(100)).toBeNull()
    expect(seek(100_000)).toMatchObject({ verdict: 'ended' })
  })
  it('is null when that comes too late, or is another verdict than the one that is sought', () => {
    const trial = trialsOf({ application })
    const event = trial(scenario, 1, ANY_FAILURE)?.event ?? 0
    const seek = (verdict: string, mostEvents: number): unknown =>
      trial(scenario, 1, { ...ANY_FAILURE, verdict, mostEvents })?.event
    expect(seek('conservation', event)).toBe(event)
    expect(seek('conservation', event - 1)).toBeUndefined()
    expect(seek('answers', event)).toBeUndefined()
  })
})
