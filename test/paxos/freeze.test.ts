// State is data: a node freezes to plain data at any moment, and the one that is thawed goes on exactly as it would
// have gone on.

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { explore } from '../support/explorer.js'
import { Theatre } from '../support/theatre.js'

const ACTS = 120

/** A small cluster under a random schedule, with or without a node put on ice before some of the acts. */
function transcriptOf(seed: number, isFrozen: (act: number) => boolean): readonly string[] {
  const { theatre } = explore(seed, {
    acts: ACTS,
    options: { silent: false },
    before: (stage, act) => {
      if (!isFrozen(act)) return
      for (const { id, node } of stage.actors) if (node !== null) stage.replaceByThawed(id)
    },
  })
  return theatre.lines
}

const seeds = fc.integer({ min: 0, max: 0xffff })

describe('a frozen node', () => {
  it('goes on after the thaw as if nothing had been, whenever it is frozen', () => {
    fc.assert(
      fc.property(seeds, fc.nat({ max: ACTS - 1 }), (seed, moment) => {
        const thawed = transcriptOf(seed, (act) => act === moment)
        expect(thawed).toEqual(transcriptOf(seed, () => false))
      }),
      { numRuns: 60 },
    )
  })

  it('may be frozen before every single turn', () => {
    for (const seed of [1, 2, 3, 4]) {
      expect(transcriptOf(seed, () => true)).toEqual(transcriptOf(seed, () => false))
    }
  })

  it('may be frozen before it is awake, and keeps what its store held', () => {
    const theatre = new Theatre()
    for (const id of theatre.members) theatre.start(id)
    for (const id of theatre.members) theatre.replaceByThawed(id)
    for (const id of theatre.members) theatre.sync(id)
    theatre.elect()
    expect(theatre.node(1).founding).not.toBeNull()
    expect(theatre.node(1).incarnation).toBe(2)
  })

  it('is what a structured clone carries without loss', () => {
    fc.assert(
      fc.property(seeds, (seed) => {
        const { theatre } = explore(seed, { acts: ACTS, onlySafety: true })
        for (const { node } of theatre.actors) {
          const frozen = node?.freeze()
          expect(structuredClone(frozen)).toEqual(frozen)
        }
      }),
      { numRuns: 30 },
    )
  })

  it('shares nothing with the node that goes on', () => {
    const theatre = new Theatre().open()
    theatre.elect()
    const frozen = theatre.node(0).freeze()
    const before = structuredClone(frozen)
    const reference = theatre.enter(0, 'later')
    theatre.run(() => theatre.answers.has(reference))
    expect(frozen).toEqual(before)
    expect(theatre.node(0).freeze()).not.toEqual(before)
  })
})
