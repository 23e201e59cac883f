/**
 * Small worlds, drawn: what made a large run fail often does so in a tiny one too, with another seed. A few messages have
 * few schedules, so trying many of them is quick.
 */
import { FAULTS, type FaultClass, type Faults } from '../faults/classes.js'
import { PLACEMENTS } from '../placement.js'
import { CLASSIC, type Scenario } from '../scenario.js'
import { CLASSES } from './fields.js'

/** A whole number from `low` to `high`, both included. */
export type Draw = (low: number, high: number) => number

/**
 * Few members, clients and requests, and some of the faults of a run, soon after the beginning. Clients, and requests,
 * may be doubled up to so many times, and mostly are not: what takes a state of some size, or much going on meanwhile, is
 * hardly found in a handful of requests.
 */
export function smallWorld(origin: Scenario, draw: Draw, doublings = 0): Scenario {
  const times = (): number => (doublings === 0 ? 1 : 2 ** Math.max(0, draw(-SMALL_AS_USUAL, doublings)))
  const delayMicros = pick([origin.delayMicros, 250 * 2 ** draw(0, 7)], draw)
  const quietMicros = Math.min(origin.quietMicros, 10_000 * 2 ** draw(0, 9))
  return {
    ...origin,
    members: Math.min(Math.max(origin.members, 3), pick([1, 2, 3, 3, 3, 3, 4, 5], draw)),
    clients: draw(1, 3) * times(),
    requests: pick([1, 2, 3, 4, 6, 9], draw) * times(),
    delayMicros,
    jitterMicros: pick([0, delayMicros], draw),
    placement: pick([origin.placement, ...PLACEMENTS], draw),
    alpha: pick([origin.alpha, origin.alpha, 1, 2, 4, CLASSIC.alpha], draw),
    logBytes: pick([origin.logBytes, 20, 50, 100, 400, CLASSIC.logBytes], draw),
    chunkBytes: pick([origin.chunkBytes, 20, 50, 200, CLASSIC.chunkBytes], draw),
    queueLimit: pick([origin.queueLimit, origin.queueLimit && 1, null], draw),
    paceMicros: pick([origin.paceMicros, null], draw),
    untilMicros: null,
    lengthMicros: quietMicros + settlingMicros(origin),
    quietMicros,
    faults: someOf(origin.faults, draw),
    omitted: CLASSIC.omitted,
  }
}

/** Of so many more draws than there are doublings each leaves a small world as it is. */
const SMALL_AS_USUAL = 2

/** There is as much time as ever for everything to settle after the last fault: to be cut off too early breaks verdicts. */
function settlingMicros({ lengthMicros, quietMicros }: Scenario): number {
  return Math.max(0, lengthMicros - quietMicros)
}

/** Messages take no less than this. */
const SHORTEST_DELAY_MICROS = 100

/** Up to three classes, each a few times. */
function someOf(faults: Faults, draw: Draw): Faults {
  const all = CLASSES.filter((name) => (faults[name] ?? 0) > 0)
  const some = Array.from({ length: draw(0, 3) }, () => pick(all, draw))
  return inOrder(
    some.flatMap((name) => {
      if (name === undefined) return []
      return [[name, FAULTS[name].unit === 'times' ? draw(1, 3) : pick(ratesOf(name, faults), draw)] as const]
    }),
  )
}

/**
 * How often in a million something may happen: as in the run, or more often. In few messages it would not happen at all.
 */
function ratesOf(name: FaultClass, faults: Faults): readonly [number, ...number[]] {
  const rate = faults[name] ?? 0
  return [rate, ...OFTEN.map((often) => Math.min(FAULTS[name].most, Math.max(rate, often)))]
}

const OFTEN = [100_000, 300_000] as const

/**
 * A world between a large one and a small one: some things are as in the one, and the rest as in the other. What is only
 * found in a large world may need one thing in it to be large, and nothing tells which.
 */
export function halfWay(large: Scenario, origin: Scenario, draw: Draw): Scenario {
  const small = smallWorld(origin, draw)
  const most = draw(1, MOST_TAKEN)
  let mixed = large
  for (const part of PARTS) if (draw(0, MOST_TAKEN) < most) mixed = { ...mixed, ...part(small) }
  return { ...mixed, lengthMicros: mixed.quietMicros + settlingMicros(origin) }
}

const MOST_TAKEN = 4

/** What is taken together. */
const PARTS: readonly ((scenario: Scenario) => Partial<Scenario>)[] = [
  ({ members }) => ({ members }),
  ({ clients, requests, untilMicros, paceMicros, omitted }) => ({
    clients,
    requests,
    untilMicros,
    paceMicros,
    omitted,
  }),
  ({ delayMicros, jitterMicros }) => ({ delayMicros, jitterMicros }),
  ({ placement }) => ({ placement }),
  ({ alpha }) => ({ alpha }),
  ({ logBytes }) => ({ logBytes }),
  ({ chunkBytes }) => ({ chunkBytes }),
  ({ queueLimit }) => ({ queueLimit }),
  ({ quietMicros }) => ({ quietMicros }),
  ({ faults, omitted }) => ({ faults, omitted }),
]

/** A scenario next to this one, of a run that began with those faults: one to three things are otherwise. */
export function neighbour(scenario: Scenario, origin: Scenario, draw: Draw): Scenario {
  let changed = scenario
  for (let changes = draw(0, 3); changes > 0; changes--) changed = pick(CHANGES, draw)(changed, origin, draw)
  const lengthMicros = changed.quietMicros + settlingMicros(origin)
  return { ...changed, lengthMicros }
}

type Change = (scenario: Scenario, origin: Scenario, draw: Draw) => Scenario

const CHANGES: readonly [Change, ...Change[]] = [
  (scenario, _, draw) => ({ ...scenario, members: Math.max(1, scenario.members + draw(-1, 1)) }),
  (scenario, _, draw) => ({
    ...scenario,
    clients: Math.max(1, scenario.clients + draw(-1, 1)),
    omitted: { ...scenario.omitted, clients: [] },
  }),
  (scenario, _, draw) => ({ ...scenario, requests: scaled(scenario.requests ?? 1, draw) }),
  (scenario, _, draw) => ({ ...scenario, requests: Math.max(1, (scenario.requests ?? 1) + draw(-1, 1)) }),
  (scenario, _, draw) => ({ ...scenario, quietMicros: scaled(scenario.quietMicros, draw) }),
  (scenario, _, draw) => {
    const delayMicros = Math.max(SHORTEST_DELAY_MICROS, scaled(scenario.delayMicros, draw))
    return { ...scenario, delayMicros, jitterMicros: Math.min(delayMicros, scenario.jitterMicros) }
  },
  (scenario, _, draw) => ({ ...scenario, jitterMicros: draw(0, 2) * Math.floor(scenario.delayMicros / 2) }),
  (scenario, _, draw) => ({ ...scenario, placement: pick(PLACEMENTS, draw) }),
  (scenario, origin, draw) => ({ ...scenario, alpha: pick([1, 2, 4, 8, origin.alpha, CLASSIC.alpha], draw) }),
  (scenario, origin, draw) => ({ ...scenario, paceMicros: pick([origin.paceMicros, null], draw) }),
  (scenario, origin, draw) => ({ ...scenario, queueLimit: pick([1, 2, 4, origin.queueLimit, null], draw) }),
  (scenario, _, draw) => ({ ...scenario, logBytes: pick([20, 50, 100, 200, 400, CLASSIC.logBytes], draw) }),
  (scenario, _, draw) => ({ ...scenario, chunkBytes: pick([20, 50, 100, 200, CLASSIC.chunkBytes], draw) }),
  changeStrength,
  changeStrength,
  changeStrength,
  changeStrength,
]

/** A class of the origin comes in, goes out, or comes more or less often. */
function changeStrength(scenario: Scenario, origin: Scenario, draw: Draw): Scenario {
  const known = CLASSES.filter((name) => (origin.faults[name] ?? 0) > 0)
  const name = pick(known, draw)
  if (name === undefined) return scenario
  const { [name]: strength = 0, ...others } = scenario.faults
  const isCounted = FAULTS[name].unit === 'times'
  const other = isCounted
    ? Math.max(0, strength + pick([-1, 1], draw))
    : pick([0, ...ratesOf(name, origin.faults)], draw)
  const faults = inOrder([...(Object.entries(others) as [FaultClass, number][]), [name, other]])
  const left = scenario.omitted.faults.filter((each) => each.number < (faults[each.class] ?? 0))
  return { ...scenario, faults, omitted: { ...scenario.omitted, faults: left } }
}

function inOrder(strengths: readonly (readonly [FaultClass, number])[]): Faults {
  const known = new Map(strengths)
  const faults: { [Class in FaultClass]?: number } = {}
  for (const name of CLASSES) {
    const strength = known.get(name) ?? 0
    if (strength > 0) faults[name] = strength
  }
  return faults
}

/** From half of it to twice as much. */
function scaled(value: number, draw: Draw): number {
  return Math.max(1, Math.floor((value * draw(4, 16)) / 8))
}

function pick<Thing>(things: readonly [Thing, ...Thing[]], draw: Draw): Thing
function pick<Thing>(things: readonly Thing[], draw: Draw): Thing | undefined
function pick<Thing>(things: readonly Thing[], draw: Draw): Thing | undefined {
  return things[draw(0, Math.max(0, things.length - 1))]
}
