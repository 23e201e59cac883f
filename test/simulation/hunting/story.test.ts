// A story is a whole run as one integer, and nothing else is taken for one.

import fc from 'fast-check'
import { describe, expect, it, test } from 'vitest'
import { FAULTS } from '../../../src/simulation/faults/classes.js'
import { swarm } from '../../../src/simulation/faults/swarm.js'
import { CLASSES, countedFaults, FIELDS } from '../../../src/simulation/hunting/fields.js'
import {
  isStory,
  readOlderStory,
  readStory,
  STORY_VERSION,
  type Story,
  storyMachine,
  tellStory,
} from '../../../src/simulation/hunting/story.js'
import { CLASSIC, LAST_SEED, type Scenario } from '../../../src/simulation/scenario.js'
import { ofVersion } from '../../support/stories.js'
import { scenarios } from './scenarios.js'

const CLASSIC_6: Story = { scenario: CLASSIC, machine: 'key-value', seed: 6 }

const seeds = fc.integer({ min: 0, max: LAST_SEED })
const machines = fc.constantFrom('key-value' as const, 'bank' as const, 'shared' as const, 'custom' as const)
/** Few enough faults of a class that a story holds them, whichever are left out. */
const stories: fc.Arbitrary<Story> = fc.record({ scenario: scenarios(8), machine: machines, seed: seeds })

describe('a story', () => {
  it('is read as it was told', () => {
    fc.assert(
      fc.property(stories, (story) => {
        expect(readStory(tellStory(story))).toEqual(story)
      }),
    )
  })

  it('knows every field of a scenario', () => {
    expect(Object.keys(FIELDS).sort()).toEqual(Object.keys(CLASSIC).sort())
  })

  it('is larger than any seed, and looks like a story', () => {
    const nothing: Scenario = {
      ...CLASSIC,
      members: 1,
      clients: 0,
      requests: 0,
      delayMicros: 0,
      jitterMicros: 0,
    }
    for (const story of [CLASSIC_6, { ...CLASSIC_6, scenario: { ...nothing, lengthMicros: 0 }, seed: 0 }]) {
      expect(isStory(tellStory(story))).toBe(true)
    }
    expect(isStory(String(LAST_SEED))).toBe(false)
  })

  it('has at most 300 digits when half of what any seed of the swarm chooses is left out', () => {
    fc.assert(
      fc.property(seeds, fc.integer({ min: 0, max: 1 }), (seed, odd) => {
        const scenario = swarm(seed)
        const faults = countedFaults(scenario.faults).flatMap(([name, strength]) =>
          Array.from({ length: strength }, (_, number) => ({ class: name, number })),
        )
        const omitted = {
          faults: faults.filter((_, at) => at % 2 === odd),
          clients: Array.from({ length: scenario.clients }, (_, client) => client).filter(
            (c) => c % 2 === odd,
          ),
        }
        const story: Story = { scenario: { ...scenario, omitted }, machine: 'custom', seed }
        const told = tellStory(story)
        expect(told.length).toBeLessThanOrEqual(300)
        expect(readStory(told)).toEqual(story)
      }),
      { numRuns: 1_000 },
    )
  })

  it('says what to do when it would be longer', () => {
    const omitted = {
      ...CLASSIC.omitted,
      clients: Array.from({ length: 5_000 }, (_, number) => 2 * number),
    }
    const scenario = { ...CLASSIC, clients: 10_000, omitted }
    expect(() => tellStory({ ...CLASSIC_6, scenario })).toThrow(
      /^This story takes 3\d\d\d digits, and 300 is the most: leave out whole classes of faults, and lower /,
    )
  })

  it('is not told of what cannot be run', () => {
    const scenario = { ...CLASSIC, members: 0 }
    expect(() => tellStory({ ...CLASSIC_6, scenario })).toThrow(
      'members must be a whole number from 1 to 100',
    )
  })

  it('names the machines that are ready-made, and calls every other custom', () => {
    expect(['key-value', 'bank', 'shared', 'mine', 'custom'].map(storyMachine)).toEqual([
      ...['key-value', 'bank', 'shared', 'custom', 'custom'],
    ])
  })
})

describe('what is not a story gets a sentence', () => {
  const damaged =
    'This story is damaged, since its check digits do not fit: copy all of its digits once more.'

  it('when one digit is wrong, whichever it is', () => {
    const story = tellStory(CLASSIC_6)
    for (let at = 0; at < story.length; at++) {
      const wrong = String((Number(story[at]) + 1 + (at % 9)) % 10)
      const text = story.slice(0, at) + wrong + story.slice(at + 1)
      expect(() => readStory(text), text).toThrow(damaged)
    }
  })

  it('when two neighbours have been exchanged, or some digits are missing', () => {
    const story = tellStory({ ...CLASSIC_6, seed: 4_123_456_789 })
    for (let at = 0; at + 1 < story.length; at++) {
      const [one = '', two = ''] = story.slice(at, at + 2)
      const exchanged = story.slice(0, at) + two + one + story.slice(at + 2)
      if (one !== two) expect(() => readStory(exchanged), exchanged).toThrow(damaged)
      // Without a last 0 the check digits still fit, and the version does not.
      expect(() => readStory(story.slice(0, at + 1)), String(at)).toThrow(/^This story /)
    }
  })

  it('when any integer stands where a story should', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 10n ** 20n, max: 10n ** 300n - 1n }), (number) => {
        expect(() => readStory(String(number))).toThrow(/^This story /)
      }),
    )
  })

  it('when another version has told it', () => {
    const other = ofVersion(STORY_VERSION + 1, tellStory(CLASSIC_6))
    expect(() => readStory(other)).toThrow(
      `This story was told by version ${STORY_VERSION + 1} of the simulated world, and this is version ${STORY_VERSION} of it: replay it with the release of Synod that told it.`,
    )
    expect(readOlderStory(other)).toEqual(CLASSIC_6)
  })

  it('when it has more digits than any', () => {
    expect(() => readStory('9'.repeat(301))).toThrow('A story has at most 300 digits, and this has 301.')
  })

  it('when its frame is right and what is in it cannot be', () => {
    const framed = (5n * 10_000n + BigInt(STORY_VERSION)) * 1_000_000n
    const story = String(framed + 999_983n - (framed % 999_983n))
    expect(() => readStory(story)).toThrow(damaged)
  })
})

/** Everything is in it. */
const FULL: Story = {
  scenario: {
    ...CLASSIC,
    requests: 60,
    reads: 'linearizable',
    faults: Object.fromEntries(CLASSES.map((name) => [name, FAULTS[name].unit === 'times' ? 3 : 60_000])),
    omitted: {
      faults: [
        { class: 'crash', number: 1 },
        { class: 'rollback', number: 2 },
      ],
      clients: [4, 7],
    },
  },
  machine: 'bank',
  seed: LAST_SEED,
}

/** Told once; its version aside. */
const TOLD =
  '3913681220044894738119718194887429827362106367782776424314192430190679186230412939617674387593926013883603835779627817280201321760730077229716510599840681617896795833107604642470129626192456529695761649959226572790007155288'

test('a story is written as before: if not, raise STORY_VERSION, and tell it anew here', () => {
  const told = ofVersion(STORY_VERSION, TOLD)
  expect(tellStory(FULL)).toBe(told)
  expect(readStory(told)).toEqual(FULL)
})
