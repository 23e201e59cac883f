// The two schedules that broke the ancestor, step by step, and what happens instead.

import { describe, expect, it } from 'vitest'
import { reportsStaleAdoptions } from '../support/planted.js'
import { goldenOf, play, readScript } from '../support/script.js'

describe('the schedules that broke the ancestor', () => {
  it.each([
    ['stale-adopted', reportsStaleAdoptions],
    ['acceptor-forgets', {}],
  ])('%s goes as its golden transcript says, and one decree is chosen in a slot', (name, roles) => {
    const { text, theatre } = play(readScript(name), { roles })
    expect(text).toBe(goldenOf(name, text))
    expect(theatre.judge.broken).toEqual([])
  })
})
