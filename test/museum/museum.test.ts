// The bug museum: every planted bug is found again from the story that is pinned of it.

import { describe, expect, it } from 'vitest'
import { EXHIBITS } from '../../museum/exhibits/index.js'
import { medianOf, readFindings } from '../../museum/findings.js'
import { replay } from '../../museum/hunt.js'

const FINDINGS = readFindings(new URL('../../museum/stories.json', import.meta.url))

/** What is found so rarely that it has no story is hunted by `npm run museum` all the same, and fails there. */
const PINNED = EXHIBITS.filter(({ name }) => FINDINGS[name] !== undefined)

/** How many seeds a hunt may take. */
const MOST_SEEDS = 10_000

describe('the bug museum', () => {
  it('has a story of at least 60 exhibits, each of its own name', () => {
    const names = EXHIBITS.map(({ name }) => name)
    expect(new Set(names).size).toBe(names.length)
    expect(Object.keys(FINDINGS)).toEqual(PINNED.map(({ name }) => name))
    expect(PINNED.length).toBeGreaterThanOrEqual(60)
  })

  it('was hunted from five starts for each, and nearly all were found from most of them', () => {
    const findings = Object.entries(FINDINGS)
    for (const [name, { seeds }] of findings) expect(seeds, name).toHaveLength(5)
    const rare = findings.filter(([, { seeds }]) => (medianOf(seeds) ?? MOST_SEEDS) > 200)
    expect(rare.length).toBeLessThan(findings.length / 8)
  })

  it('tells no story of more than twice the events of the shortest that is known', () => {
    for (const [name, { events, shortest }] of Object.entries(FINDINGS))
      expect(events, name).toBeLessThanOrEqual(2 * shortest)
  })
})

describe('the pinned story shows it when', () => {
  it.each(PINNED.map((exhibit) => [exhibit.wrong, exhibit] as const))('%s', (_wrong, exhibit) => {
    const { story = '', verdict, events } = FINDINGS[exhibit.name] ?? {}
    const failure = replay(exhibit, story)
    const advice = `see it with: npm run museum -- --bug ${exhibit.name} --replay ${story}; pin it anew with: npm run museum -- --quick --pin, or, if it shows nothing any more, --bug ${exhibit.name} --pin`
    expect(failure, advice).toMatchObject({ verdict, event: events })
    expect(exhibit.verdicts).toContain(failure?.verdict)
  })
})
