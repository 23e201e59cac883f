/** Scenarios to draw: any that can be run. */
import fc from 'fast-check'
import { FAULTS, type FaultClass, type Faults } from '../../../src/simulation/faults/classes.js'
import { CLASSES, countedFaults } from '../../../src/simulation/hunting/fields.js'
import { PLACEMENTS } from '../../../src/simulation/placement.js'
import {
  BOUNDS,
  CLASSIC,
  type Omitted,
  type Quantity,
  type Scenario,
} from '../../../src/simulation/scenario.js'

function faults(mostTimes: number): fc.Arbitrary<Faults> {
  const strengths = CLASSES.map((name: FaultClass) => {
    const { unit, most } = FAULTS[name]
    return [
      name,
      fc.integer({ min: 0, max: unit === 'times' ? Math.min(most, mostTimes) : Math.floor(most / 2) }),
    ] as const
  })
  return fc.record(Object.fromEntries(strengths), { requiredKeys: [] })
}

function omitted({ clients, faults }: Scenario): fc.Arbitrary<Omitted> {
  const all = countedFaults(faults).flatMap(([name, strength]) =>
    Array.from({ length: strength }, (_, number) => ({ class: name, number })),
  )
  return fc.record({
    faults: fc.subarray(all),
    clients: fc.subarray(Array.from({ length: clients }, (_, number) => number)),
  })
}

const quantities = Object.fromEntries(
  Object.entries(BOUNDS).map(([field, [min, max]]) => [field, fc.integer({ min, max })]),
) as Record<Quantity, fc.Arbitrary<number>> // made of its keys

/** Scenarios that can be run; no class of faults that is counted in times comes more often than this. */
export function scenarios(mostTimes: number): fc.Arbitrary<Scenario> {
  const plain = fc.record({
    ...quantities,
    clients: fc.integer({ min: 0, max: 40 }),
    requests: fc.option(quantities.requests),
    untilMicros: fc.option(quantities.untilMicros),
    paceMicros: fc.option(quantities.paceMicros),
    queueLimit: fc.option(quantities.queueLimit),
    reads: fc.constantFrom('decree' as const, 'linearizable' as const),
    placement: fc.constantFrom(...PLACEMENTS),
    overBudget: fc.boolean(),
    faults: faults(mostTimes),
  })
  return plain
    .map((drawn): Scenario => ({ ...CLASSIC, ...drawn, jitterMicros: Math.floor(drawn.delayMicros / 2) }))
    .chain((scenario) => omitted(scenario).map((omitted) => ({ ...scenario, omitted })))
}
