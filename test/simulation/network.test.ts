import { describe, expect, it } from 'vitest'
import { Network } from '../../src/simulation/network.js'
import { CLASSIC, type Scenario } from '../../src/simulation/scenario.js'

const QUIET: Scenario = { ...CLASSIC, members: 3, delayMicros: 1_000, jitterMicros: 500, faults: {} }

/** When so many messages over a link, all sent at one time, arrive; null where one is lost. */
function arrivals(network: Network, from: number, to: number, count: number): (number | null)[] {
  const link = network.link(from, to)
  return Array.from({ length: count }, () => {
    const fate = network.next(link)
    return network.isLost(link, fate) ? null : network.arrivalMicros(link, fate, 10_000)
  })
}

describe('a simulated network', () => {
  it('draws the fate of a message from its link and its number on it alone', () => {
    const [one, other] = [new Network(7, QUIET), new Network(7, QUIET)]
    arrivals(other, 1, 0, 50)
    arrivals(other, 2, 1_005, 50)
    expect(arrivals(one, 0, 1, 20)).toEqual(arrivals(other, 0, 1, 20))
    expect(arrivals(one, 0, 1_005, 20)).toEqual(arrivals(other, 0, 1_005, 20))
  })

  it('draws the same delays when messages are lost, doubled and held up as well', () => {
    const faults = { loss: 300_000, duplication: 300_000, reordering: 300_000, 'long-tail': 100_000 }
    const [calm, rough] = [QUIET, { ...QUIET, faults }].map((scenario) =>
      arrivals(new Network(7, scenario), 0, 1, 200),
    )
    const arrived =
      rough?.flatMap((micros, index) => (micros === null ? [] : [[micros, calm?.[index]]])) ?? []
    expect(arrived.length).toBeGreaterThan(100)
    for (const [micros, without] of arrived) expect(micros).toBe(without)
  })

  it('cuts a link as often as it is told to, and lets it work when all of that is over', () => {
    const network = new Network(7, QUIET)
    network.cut([[0, 1]])
    network.cut([[0, 1]])
    network.heal([[0, 1]])
    expect(arrivals(network, 0, 1, 5)).toEqual([null, null, null, null, null])
    expect(arrivals(network, 1, 0, 5)).not.toContain(null)
    network.heal([[0, 1]])
    expect(arrivals(network, 0, 1, 5)).not.toContain(null)
  })

  it('holds back what is sent over a clogged link until the last clog opens', () => {
    const network = new Network(7, QUIET)
    network.clog([[0, 1]], 90_000)
    network.clog([[0, 1]], 50_000)
    for (const micros of arrivals(network, 0, 1, 20)) expect(micros).toBeGreaterThanOrEqual(90_500)
    for (const micros of arrivals(network, 1, 0, 20)) expect(micros).toBeLessThanOrEqual(11_500)
  })

  it('holds up no message for longer than five seconds, and every second one for the shortest of long times', () => {
    const network = new Network(7, { ...QUIET, delayMicros: 100_000, faults: { 'long-tail': 1_000_000 } })
    const link = network.link(0, 1)
    const late = Array.from({ length: 2_000 }, () => network.holdupMicros('long-tail', network.next(link)))
    expect(Math.max(...late)).toBe(5_000_000)
    const shortest = late.filter((micros) => micros === Math.min(...late)).length
    expect(shortest / late.length).toBeGreaterThan(0.45)
    expect(shortest / late.length).toBeLessThan(0.55)
  })
})
