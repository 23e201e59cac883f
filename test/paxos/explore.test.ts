// Exploration: random schedules of three members and a client, each made from one integer: letters delivered in any
// order, lost, doubled and held back; alarms at any moment; syncs that take their time; crashes that lose what was not
// synced. A judge checks agreement, durability, exactly-once and linearizable reads at every step, and in the end,
// without faults and with two of three members or all of them, everything has to be answered.

import { describe, expect, it } from 'vitest'
import { explore } from '../support/explorer.js'
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
  keepsToTheFirstMembers,
  reportsStaleAdoptions,
} from '../support/planted.js'

const ACTS = 500
const RUNS = 300
/** How many schedules may go by before a planted fault is found; most take a few, the rarest one in some hundred. */
const PATIENCE = 6_000

/** The seeds to explore; with SYNOD_SEED only that one, whose transcript is shown if it fails. */
const REPLAY = process.env['SYNOD_SEED']
const SEEDS = REPLAY === undefined ? Array.from({ length: RUNS }, (_, index) => index + 1) : [Number(REPLAY)]

describe('the protocol', () => {
  it(`holds under ${SEEDS.length} random schedules`, () => {
    for (const seed of SEEDS) {
      const guests = seed % 2 === 0 ? [9] : []
      const options = { guests, silent: REPLAY === undefined }
      const { theatre, failure } = explore(seed, { acts: ACTS, options })
      if (failure === null) continue
      const replay = `SYNOD_SEED=${seed} npx vitest run test/paxos/explore.test.ts`
      expect.fail([...theatre.lines, `seed ${seed}: ${failure}`, `See it with: ${replay}`].join('\n'))
    }
  })
})

describe('the protocol whose membership is changed', () => {
  const changed = { newcomers: [3, 4, 5, 6, 7], settings: { logBytes: 200, chunkBytes: 60, alpha: 4 } }

  const some = SEEDS.slice(0, Math.ceil(SEEDS.length / 5))

  it(`holds under ${some.length} random schedules`, () => {
    for (const seed of some) {
      const options = { ...changed, silent: REPLAY === undefined }
      const { theatre, failure } = explore(seed, { acts: ACTS, options, operated: true })
      if (failure === null) continue
      const replay = `SYNOD_SEED=${seed} npx vitest run test/paxos/explore.test.ts`
      expect.fail([...theatre.lines, `seed ${seed}: ${failure}`, `See it with: ${replay}`].join('\n'))
    }
  })

  it('is found broken when those who vote on a slot do not change', () => {
    const isUnsafe = (seed: number) => {
      const options = { ...changed, roles: keepsToTheFirstMembers }
      return explore(seed, { acts: ACTS, options, operated: true, onlySafety: true }).failure
    }
    expect(firstFrom(1, isUnsafe)).toMatch(/none was chosen|not chosen/)
  })
})

/** A fault, and where a search for it begins: anywhere would do, and shortly before a schedule that shows it is soon. */
const PLANTED: Readonly<Record<string, readonly [roles: Fault, from: number]>> = {
  'an acceptor forgets its promise when it starts again': [forgetsItsPromise, 1],
  'an acceptor forgets everything when it starts again': [forgetsEverything, 1],
  'an acceptor accepts under any ballot': [acceptsAnything, 1],
  'a watermark decides whatever was accepted': [decidesWhateverItAccepted, 760],
  'the own vote is counted before it is durable': [countsItsOwnVoteAtOnce, 1],
  'a decree is decided with one vote less than a quorum': [decidesWithOneVoteLess, 1],
  'a ballot is adopted with one promise less than a quorum': [adoptsWithOnePromiseLess, 1],
  'the first vote counts instead of the one with the highest ballot': [ignoresTheHighestBallot, 200],
  'what was accepted before is dropped': [dropsWhatItInherits, 1],
}

describe('the exploration finds it when', () => {
  it.each(Object.entries(PLANTED))('%s', (_name, [roles, from]) => {
    const isUnsafe = (seed: number) =>
      explore(seed, { acts: ACTS, options: { roles }, onlySafety: true }).failure
    expect(firstFrom(from, isUnsafe)).toMatch(/chosen|two decrees|executed twice|others have|had promised/)
  })

  it('and finds nothing when a scout reports stale adoptions to a leader that knows them', () => {
    for (let seed = 1; seed <= 100; seed++) {
      const { failure } = explore(seed, { acts: ACTS, options: { roles: reportsStaleAdoptions } })
      expect(failure, `seed ${seed}`).toBeNull()
    }
  })
})

/** The first failure of the seeds from this one on. */
function firstFrom(from: number, failureOf: (seed: number) => string | null): string {
  for (let seed = from; seed < from + PATIENCE; seed++) {
    const failure = failureOf(seed)
    if (failure !== null) return failure
  }
  return `nothing in ${PATIENCE} schedules`
}
