// Exhaustive exploration: how many states there are, that all of them are right, and that planted faults are found.

import { describe, expect, it } from 'vitest'
import { keyValueApplication } from '../../../src/simulation/application.js'
import type { ExplorationBounds } from '../../../src/simulation/exploration/bounds.js'
import {
  Exploration,
  type ExplorationOptions,
  type ExplorationResult,
} from '../../../src/simulation/exploration/exploration.js'
import { TranscriptFormatter } from '../../../src/simulation/transcript.js'
import {
  acceptsAnything,
  adoptsWithOnePromiseLess,
  countsItsOwnVoteAtOnce,
  decidesWhateverItAccepted,
  decidesWithOneVoteLess,
  dropsWhatItInherits,
  type Fault,
  forgetsEverything,
  forgetsItsPromise,
  ignoresTheHighestBallot,
} from '../../support/planted.js'

function explore(options: ExplorationOptions): ExplorationResult {
  const exploration = new Exploration(options)
  while (exploration.advance(10_000)) {
    // until it is over
  }
  return exploration.result
}

/** A single leader and a single request: few enough states to take every turn of every one of them. */
const TINY: Partial<ExplorationBounds> = { leaders: 1, requests: 1, crashes: 0 }

describe('every state is right, and there are exactly so many, of three members', () => {
  // A change of the protocol may change these numbers, rightly; one that is not meant to must not.
  it('of which two may lead, with two requests', () => {
    expect(explore({ bounds: { crashes: 0 } })).toMatchObject({
      verdict: 'holds',
      generated: 262_024,
      unique: 54_915,
      depth: 23,
    })
  })

  it('of which two may lead and one may crash, with one request', () => {
    expect(explore({ bounds: { requests: 1 } })).toMatchObject({
      verdict: 'holds',
      generated: 261_078,
      unique: 60_715,
      depth: 21,
    })
  })
})

interface Planted {
  readonly roles: Fault
  readonly bounds: Partial<ExplorationBounds>
  readonly reason: string
  /** No fewer steps get there. */
  readonly steps: number
}

const PROMISE = 'the promise of an acceptor went down'
const UNCHOSEN = 'slot 2 was applied with a decree that no quorum had on disk'
const TWO_CHOSEN = 'two decrees were chosen in slot 2'

const PLANTED: Readonly<Record<string, Planted>> = {
  'an acceptor accepts under a lower ballot than it has promised': {
    roles: acceptsAnything,
    bounds: { crashes: 0 },
    reason: PROMISE,
    steps: 6,
  },
  'an acceptor forgets its promise when it starts again': {
    roles: forgetsItsPromise,
    bounds: {},
    reason: PROMISE,
    steps: 2,
  },
  'an acceptor forgets everything when it starts again': {
    roles: forgetsEverything,
    bounds: {},
    reason: PROMISE,
    steps: 2,
  },
  'the own vote is counted before it is durable': {
    roles: countsItsOwnVoteAtOnce,
    bounds: { requests: 1, syncs: 'delayed' },
    reason: UNCHOSEN,
    steps: 9,
  },
  'a decree is decided with one vote less than a quorum': {
    roles: decidesWithOneVoteLess,
    bounds: {},
    reason: UNCHOSEN,
    steps: 4,
  },
  'a ballot is adopted with one promise less than a quorum': {
    roles: adoptsWithOnePromiseLess,
    bounds: { crashes: 0 },
    reason: TWO_CHOSEN,
    steps: 6,
  },
  'the first vote counts instead of the one with the highest ballot': {
    roles: ignoresTheHighestBallot,
    bounds: { crashes: 0, rounds: 2 },
    reason: TWO_CHOSEN,
    steps: 15,
  },
  'what was accepted before is dropped': {
    roles: dropsWhatItInherits,
    bounds: { crashes: 0 },
    reason: TWO_CHOSEN,
    steps: 10,
  },
  'a watermark decides whatever was accepted': {
    roles: decidesWhateverItAccepted,
    bounds: { crashes: 0 },
    reason: UNCHOSEN,
    steps: 11,
  },
}

describe('exploration finds a shortest way there when', () => {
  it.each(Object.entries(PLANTED))('%s', (_name, { roles, bounds, reason, steps }) => {
    const { verdict, violation } = explore({ bounds, roles })
    expect({ verdict, reason: violation?.reason, steps: violation?.steps }).toEqual({
      verdict: 'violated',
      reason,
      steps,
    })
    expect(violation?.story.at(-1)?.step).toBe(steps)
  })

  it('a machine gets into a state that its invariant forbids', () => {
    const application = {
      ...keyValueApplication('decree'),
      operation: () => ({ type: 'command', command: { type: 'set', key: 'x', value: 1 } }) as const,
      invariant: (state: unknown) => ((state as Map<string, number>).has('x') ? 'there is an x' : null),
    }
    expect(explore({ bounds: TINY, application }).violation?.reason).toBe('there is an x')
  })
})

describe('a counterexample', () => {
  it('is a transcript from the beginning to the step that broke something', () => {
    const { violation } = explore({ bounds: TINY, roles: decidesWithOneVoteLess })
    const formatter = new TranscriptFormatter(keyValueApplication('decree'))
    const lines = (violation?.story ?? []).map(({ event, step }) => formatter.line(event, step))
    expect(lines[0]).toBe('   0.000000  NODE_0   -           starts    with 3 records on disk')
    expect(lines.filter((line) => line.includes('0.000004'))).toEqual([
      '   0.000004  NODE_0   replica     receives  request request=1.1 get A <- NODE_3',
      '   0.000004  NODE_0   replica     sends     propose request=1.1 get A -> NODE_0',
      expect.stringContaining('leader      sends     tender ballot=1.0.1 slot=2 decree=(1.1 get A)'),
      expect.stringContaining(
        'commander   sends     accept ballot=1.0.1 slot=2 decree=(1.1 get A) decided=1',
      ),
      expect.stringContaining('disk        writes    accepted ballot=1.0.1 slot=2'),
      '   0.000004  NODE_0   disk        syncs     1 record',
      expect.stringContaining('acceptor    sends     accepted ballot=1.0.1 slot=2'),
      expect.stringContaining('commander   sends     decided ballot=1.0.1 decided=2'),
      expect.stringContaining('commander   sends     progress'),
      expect.stringContaining('acceptor    sends     learn'),
      expect.stringContaining('leader      sends     decided'),
      '   0.000004  NODE_0   replica     applies   slot=2 decree=(1.1 get A)',
      expect.stringContaining('replica     sends     answer session=1 sequence=1'),
      expect.stringContaining('replica     sends     learned decided=2'),
    ])
  })
})

describe('exploration', () => {
  it('finds the same states whether it remembers turns or takes them again', () => {
    const { turns: few, ...remembered } = explore({ bounds: TINY })
    const { turns: many, ...taken } = explore({ bounds: TINY, memoised: false })
    expect(taken).toEqual(remembered)
    expect(many).toBeGreaterThan(few)
  })

  it('has the same result however it is cut into slices', () => {
    const exploration = new Exploration({ bounds: TINY })
    while (exploration.advance(7)) {
      // one slice after the other
    }
    expect(exploration.result).toEqual(explore({ bounds: TINY }))
  })

  it('is undecided when there are more states than it may look at, or more steps', () => {
    expect(explore({ bounds: { states: 1_000 } })).toMatchObject({ verdict: 'undecided', violation: null })
    expect(explore({ bounds: { depth: 5 } })).toMatchObject({ verdict: 'undecided', depth: 5 })
  })

  it('explores lost syncs, single deliveries, fetches and other sizes of clusters', {
    timeout: 60_000,
  }, () => {
    for (const bounds of [
      { syncs: 'delayed' },
      { duplication: false },
      { fetches: true },
      { members: 1 },
      { members: 2 },
      { members: 4 },
      { members: 5 },
      { requests: 0 },
      { requests: 2 },
      { rounds: 2 },
      { crashes: 1, members: 2 },
      { crashes: 1, syncs: 'delayed' },
    ] as const) {
      expect(explore({ bounds: { ...TINY, ...bounds } }), JSON.stringify(bounds)).toMatchObject({
        verdict: 'holds',
      })
    }
  })

  it('says what is wrong with its bounds', () => {
    expect(() => new Exploration({ bounds: { crashes: 10 } })).toThrow(
      'crashes must be a whole number from 0 to 9, and 10 is not',
    )
    expect(() => new Exploration({ bounds: { leaders: 4 } })).toThrow('of 3 members 4 cannot lead')
  })

  it('tells a slip in an application from a fault of the protocol', () => {
    const { machine, ...rest } = keyValueApplication('decree')
    const wrong = { ...rest, machine, operation: () => ({ type: 'command', command: null }) as const }
    expect(() => explore({ bounds: TINY, application: wrong })).toThrow(/cannot be encoded/)
    const silent = {
      ...rest,
      machine,
      operation: () => ({ type: 'query', query: { type: 'get', key: 'x' } }) as const,
    }
    expect(explore({ bounds: TINY, application: silent })).toMatchObject({
      verdict: 'holds',
      bounds: { requests: 0 },
    })
    class Unplain {}
    const unplain = { ...rest, machine: { ...machine, apply: () => [new Unplain(), null] as const } }
    expect(() => explore({ bounds: TINY, application: unplain })).toThrow(
      /gave a state that is not plain data/,
    )
  })
})
