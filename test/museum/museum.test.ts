// The bug museum: every planted bug is found again from the story that is pinned of it.

import { isSought } from 'synod/simulation'
import { describe, expect, it } from 'vitest'
import { examine } from '../../museum/examine.js'
import { EXHIBITS } from '../../museum/exhibits/index.js'
import { isShort, MOST_TIMES_BY_HAND, medianOf, readFindings } from '../../museum/findings.js'
import { replay, STARTS } from '../../museum/hunt.js'

const FINDINGS = readFindings(new URL('../../museum/stories.json', import.meta.url))

/** How many seeds it may take to find a bug, in most hunts. */
const MOST_MEDIAN_SEEDS = 200

/** Of so many bugs a story by hand is known, at least. */
const FEWEST_BY_HAND = 91

describe('the bug museum', () => {
  it('has a story of each of at least 75 exhibits, each of its own name', () => {
    const names = EXHIBITS.map(({ name }) => name)
    expect(new Set(names).size).toBe(names.length)
    expect(Object.keys(FINDINGS)).toEqual(names)
    expect(names.length).toBeGreaterThanOrEqual(75)
  })

  it('was hunted from five starts for each, and each was found from all of them, soon from most', () => {
    for (const [name, { seeds }] of Object.entries(FINDINGS)) {
      expect(seeds, name).toHaveLength(STARTS.length)
      expect(seeds, name).not.toContain(null)
      expect(medianOf(seeds), name).toBeLessThanOrEqual(MOST_MEDIAN_SEEDS)
    }
  })

  it('tells no story but one of more than twice the events of the shortest in a situation that was set up by hand', () => {
    const known = Object.entries(FINDINGS).filter(([, { byHand }]) => byHand !== null)
    expect(known.length).toBeGreaterThanOrEqual(FEWEST_BY_HAND)
    const long = known.filter(([, { events, byHand }]) => events > MOST_TIMES_BY_HAND * (byHand?.events ?? 0))
    expect(long.map(([name]) => name)).toEqual([])
  })
})

describe('the pinned story shows it when', () => {
  it.each(EXHIBITS.map((exhibit) => [exhibit.wrong, exhibit] as const))('%s', (_wrong, exhibit) => {
    const { story = '', verdict, events, byHand } = FINDINGS[exhibit.name] ?? {}
    const failure = replay(exhibit, story)
    const advice = `see it with: npm run museum -- --bug ${exhibit.name} --replay ${story}; pin it anew with: npm run museum -- --quick --pin, or, if it shows nothing any more, --bug ${exhibit.name} --pin`
    expect(failure, advice).toMatchObject({ verdict, event: events })
    expect(exhibit.verdicts).toContain(failure?.verdict)
    if (!byHand) return
    const another = replay(exhibit, byHand.story)
    expect(another?.event, advice).toBe(byHand.events)
    expect(isSought(another?.verdict ?? '', verdict ?? ''), advice).toBe(true)
  })
})

/** Of those that are caught at once, and shrink quickly. */
const QUICK = [
  'accepted-before-durable',
  'watermark-one-too-far',
  'change-in-force-at-once',
  'ties-not-broken',
]

describe('what a hunt catches now shrinks to at most twice the shortest story by hand', () => {
  it.each(QUICK)('%s', (name) => {
    const exhibit = EXHIBITS.find((each) => each.name === name)
    if (exhibit === undefined) throw new Error(`There is no bug ${name}.`)
    const effort = {
      starts: [1_000_001],
      seeds: 200,
      limitSeconds: 60,
      leastSeconds: 0,
      isThorough: false,
      searchSeconds: 1,
    }
    const told = examine(exhibit, FINDINGS[name], effort, () => {})
    expect(told.found).toBe(true)
    expect(isShort(told), `${told.events} events, and ${told.byHand?.events} by hand`).toBe(true)
  })
})
