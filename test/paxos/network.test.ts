// Whole clusters on networks that are slow, lossy or repetitive, and clients that are no members.

import { describe, expect, it } from 'vitest'
import { mix } from '../../src/simulation/random.js'
import { Theatre } from '../support/theatre.js'

const GUEST = 9

describe('a slow network, on which a round trip takes longer than a resend waits', () => {
  it.each([100_000, 200_000])(
    '(%i microseconds a way) is answered on everywhere, reads too',
    (latencyMicros) => {
      const theatre = new Theatre({ guests: [GUEST] }).open()
      const options = { latencyMicros, limitMicros: 10_000_000 }
      theatre.elect(options)
      for (const id of [0, 1, 2, GUEST]) {
        const entered = theatre.enter(id, `${id}`)
        theatre.run(() => theatre.answers.has(entered), options)
        const read = theatre.read(id)
        theatre.run(() => theatre.answers.has(read), options)
        expect(theatre.answer(read)).toContain(`${id}`)
      }
      expect(theatre.judge.broken).toEqual([])
    },
  )
})

describe('a network that loses a third of all letters', () => {
  it('loses no request and no decision', () => {
    const theatre = new Theatre({ guests: [GUEST] }).open()
    let letters = 0
    theatre.apart = () => mix(letters++) % 3 === 0
    const references = [0, 1, 2, GUEST].flatMap((id) =>
      Array.from({ length: 10 }, (_, each) => theatre.enter(id, `${id} ${each}`)),
    )
    theatre.run(() => references.every((reference) => theatre.answers.has(reference)), {
      latencyMicros: 20_000,
    })
    theatre.run(() => theatre.members.every((id) => theatre.entries(id).length === references.length))
    expect(theatre.judge.broken).toEqual([])
  })
})

describe('a network that delivers everything twice, and late', () => {
  it('has nothing executed twice', () => {
    const theatre = new Theatre({ guests: [GUEST] }).open()
    theatre.elect()
    const references = Array.from({ length: 10 }, (_, each) => theatre.enter(GUEST, `${each}`))
    const doubled = new WeakSet<object>()
    theatre.run(
      () => {
        for (const letter of [...theatre.letters]) {
          if (doubled.has(letter.message)) continue
          doubled.add(letter.message)
          theatre.doubleLetter(letter)
        }
        return references.every((reference) => theatre.answers.has(reference))
      },
      { latencyMicros: 20_000 },
    )
    theatre.runFor(3_000_000)
    expect(theatre.members.map((id) => theatre.entries(id).length)).toEqual([10, 10, 10])
    expect(theatre.judge.broken).toEqual([])
  })
})

describe('a client that is no member', () => {
  it('is served by another member when the one that it asks is dead', () => {
    const theatre = new Theatre({ guests: [GUEST] }).open()
    theatre.elect()
    const first = theatre.enter(GUEST, 'first')
    theatre.run(() => theatre.answers.has(first))
    theatre.crash(0)
    const second = theatre.enter(GUEST, 'second')
    const read = theatre.read(GUEST)
    theatre.run(() => theatre.answers.has(second) && theatre.answers.has(read))
    expect(theatre.entries(1)).toEqual(['first', 'second'])
    expect(theatre.judge.broken).toEqual([])
  })

  it('never reads, from a member that lags, a state older than what it was told', () => {
    const theatre = new Theatre({ guests: [GUEST] }).open()
    theatre.elect()
    theatre.apart = (from, to) => from === 0 && to === 1
    const entered = theatre.enter(GUEST, 'seen')
    theatre.run(() => theatre.answers.has(entered))
    expect(theatre.actor(1).applied).toBe(0)
    theatre.apart = (from, to) => (from === 0 && to === 1) || (from === GUEST && to !== 1)
    const read = theatre.read(GUEST, 'stale')
    theatre.runFor(5_000_000)
    expect([undefined, ['seen']]).toContainEqual(theatre.answer(read))
    theatre.apart = () => false
    theatre.run(() => theatre.answers.has(read))
    expect(theatre.answer(read)).toEqual(['seen'])
  })

  it('is told that a command failed, once, and that it changed nothing', () => {
    const theatre = new Theatre({ guests: [GUEST] }).open()
    theatre.elect()
    const bad = theatre.enter(GUEST, 'bad')
    const good = theatre.enter(GUEST, 'good')
    theatre.run(() => theatre.answers.has(bad) && theatre.answers.has(good))
    expect(theatre.answer(bad)).toBe('command-failed')
    expect(theatre.entries(0)).toEqual(['good'])
  })
})

describe('many requests at once', () => {
  it('share decrees: a thousand take far fewer slots', () => {
    const theatre = new Theatre({ silent: true }).open()
    theatre.elect()
    const references = Array.from({ length: 1_000 }, (_, each) =>
      theatre.enter(each % 3, `${each}`, each % 20),
    )
    theatre.run(() => references.every((reference) => theatre.answers.has(reference)), {
      latencyMicros: 10_000,
    })
    expect(theatre.actor(0).applied).toBeLessThan(150)
    expect(theatre.judge.broken).toEqual([])
  })

  it('more than a leader queues are refused and sent again, until every one is answered', () => {
    const theatre = new Theatre({ silent: true, settings: { queueLimit: 5, alpha: 2 } }).open()
    theatre.elect()
    const references = Array.from({ length: 40 }, (_, each) => theatre.enter(1, `${each}`, each))
    theatre.run(() => references.every((reference) => theatre.answers.has(reference)), {
      latencyMicros: 10_000,
    })
    expect(theatre.entries(1)).toHaveLength(40)
    expect(theatre.judge.broken).toEqual([])
  })
})
