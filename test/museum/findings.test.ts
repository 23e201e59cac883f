// What is pinned of an exhibit: when it is up to date, and when a story is short.

import { swarm, tellStory } from 'synod/simulation'
import { beforeAll, describe, expect, it } from 'vitest'
import { examine, isUpToDate, replayKnown } from '../../museum/examine.js'
import { EXHIBITS } from '../../museum/exhibits/index.js'
import { type Finding, isShort } from '../../museum/findings.js'
import { STARTS } from '../../museum/hunt.js'

const exhibit = EXHIBITS.find(({ name }) => name === 'accepted-before-durable')
if (exhibit === undefined) throw new Error('There is no such bug.')

/** Quick: it is caught at once, and shrinks quickly. */
const EFFORT = {
  starts: STARTS,
  seeds: 50,
  limitSeconds: 60,
  leastSeconds: 0,
  isThorough: true,
  searchSeconds: 0.5,
}

let finding: Finding

beforeAll(() => {
  const { seeds, verdict, events, story, byHand } = examine(exhibit, undefined, EFFORT, () => {})
  finding = { seeds, verdict, events, story, byHand }
})

describe('what is pinned is up to date', () => {
  it('when it was found from every start, and both stories show the bug as they say', () => {
    expect(isUpToDate(exhibit, finding)).toBe(true)
    expect(replayKnown(exhibit, finding)).toMatchObject({ ...finding, found: true })
  })

  it('not when nothing is pinned, or no story by hand, or it was not found from some start', () => {
    const [, ...fewer] = finding.seeds
    expect(isUpToDate(exhibit, undefined)).toBe(false)
    expect(isUpToDate(exhibit, { ...finding, byHand: null })).toBe(false)
    expect(isUpToDate(exhibit, { ...finding, seeds: fewer })).toBe(false)
    expect(isUpToDate(exhibit, { ...finding, seeds: [...fewer, null] })).toBe(false)
  })

  it('not when a story breaks its verdict elsewhere, or does not show the bug, or cannot be read', () => {
    const calm = tellStory({ scenario: { ...swarm(1), faults: {} }, seed: 1, machine: 'shared' })
    expect(isUpToDate(exhibit, { ...finding, events: finding.events + 1 })).toBe(false)
    expect(isUpToDate(exhibit, { ...finding, story: calm })).toBe(false)
    expect(isUpToDate(exhibit, { ...finding, story: `${finding.story}1` })).toBe(false)
  })
})

describe('a story is short', () => {
  const by = (events: number): Finding['byHand'] => ({ events, story: '' })

  it('when it has at most twice the events of the one by hand', () => {
    expect(isShort({ events: 20, byHand: by(10) })).toBe(true)
    expect(isShort({ events: 21, byHand: by(10) })).toBe(false)
  })

  it('when none is known by hand', () => {
    expect(isShort({ events: 21, byHand: null })).toBe(true)
  })
})
