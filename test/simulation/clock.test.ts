import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Clock, START_WALL_MICROS } from '../../src/simulation/clock.js'

const drifts = fc.integer({ min: -200_000, max: 200_000 })
const times = fc.integer({ min: 0, max: 1_000_000_000_000 })

describe('a clock', () => {
  it('that does not drift shows the time of the world', () => {
    const clock = new Clock(0)
    expect(clock.since(123_456_789)).toBe(123_456_789)
    expect(clock.when(123_456_789)).toBe(123_456_789)
    expect(clock.wall(5)).toBe(START_WALL_MICROS + 5)
  })

  it('that runs fast is ahead, and one that runs slow is behind', () => {
    expect(new Clock(100_000).since(10_000_000)).toBe(11_000_000)
    expect(new Clock(-100_000).since(10_000_000)).toBe(9_000_000)
  })

  it('never goes back, whatever its drift', () => {
    fc.assert(
      fc.property(drifts, times, fc.integer({ min: 0, max: 3_000_000 }), (drift, time, later) => {
        const clock = new Clock(drift)
        expect(clock.since(time + later)).toBeGreaterThanOrEqual(clock.since(time))
      }),
    )
  })

  it('wakes a node at the first time at which its deadline has come, and not a microsecond sooner', () => {
    fc.assert(
      fc.property(drifts, times, (drift, deadline) => {
        const clock = new Clock(drift)
        const wake = clock.when(deadline)
        expect(clock.since(wake)).toBeGreaterThanOrEqual(deadline)
        if (wake > 0) expect(clock.since(wake - 1)).toBeLessThan(deadline)
      }),
    )
  })

  it('has a wall clock that may be off, and time that is not', () => {
    const clock = new Clock(0)
    clock.offMicros = -7_000_000
    expect(clock.wall(1_000_000)).toBe(START_WALL_MICROS - 6_000_000)
    expect(clock.since(1_000_000)).toBe(1_000_000)
  })
})
