import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { EventQueue } from '../../src/simulation/queue.js'

describe('the event queue', () => {
  it('gives events in the order of their times, and those of one time in the order in which they came', () => {
    fc.assert(
      fc.property(fc.array(fc.nat({ max: 20 }), { maxLength: 200 }), (times) => {
        const queue = new EventQueue<number>()
        for (const [number, time] of times.entries()) queue.push(time, number)
        const expected = times.map((time, number) => ({ time, number }))
        expected.sort((a, b) => a.time - b.time || a.number - b.number)
        expect(times.map(() => queue.pop())).toEqual(expected.map(({ number }) => number))
        expect(queue.pop()).toBeUndefined()
      }),
    )
  })

  it('keeps that order when events are taken out and put in by turns', () => {
    fc.assert(
      fc.property(fc.array(fc.option(fc.nat({ max: 20 })), { maxLength: 200 }), (steps) => {
        const queue = new EventQueue<{ time: number; number: number }>()
        const waiting: { time: number; number: number }[] = []
        for (const [number, time] of steps.entries()) {
          if (time !== null) {
            queue.push(time, { time, number })
            waiting.push({ time, number })
            continue
          }
          waiting.sort((a, b) => a.time - b.time || a.number - b.number)
          expect(queue.nextMicros).toBe(waiting[0]?.time ?? Number.POSITIVE_INFINITY)
          expect(queue.pop()).toEqual(waiting.shift())
        }
        expect(queue.size).toBe(waiting.length)
      }),
    )
  })
})
