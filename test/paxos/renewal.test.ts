// When a map in which entries come and go is copied: see src/paxos/renewal.ts.

import { expect, it } from 'vitest'
import { Renewal } from '../../src/paxos/index.js'

/** Which of so many deletions from a map that keeps its size were followed by a copy. */
function copiesAmong(deletions: number, size: number): number[] {
  const renewal = new Renewal()
  return Array.from({ length: deletions }, (_, at) => at + 1).filter(() => renewal.isDue(size))
}

it('A small map is copied every 256 deletions', () => {
  expect(copiesAmong(1_000, 3)).toEqual([256, 512, 768])
})

it('A large map is copied as often as so many entries were deleted as there are', () => {
  expect(copiesAmong(5_000, 2_000)).toEqual([2_000, 4_000])
})
