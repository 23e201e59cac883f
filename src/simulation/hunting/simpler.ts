/**
 * Ways to make a scenario simpler, one after the other. Each gives candidates and is told whether the last one was
 * taken, which then is what it goes on from.
 */
import { FAULTS, type FaultClass, type FaultName, type Faults } from '../faults/classes.js'
import { BOUNDS, CLASSIC, type Scenario } from '../scenario.js'
import { CLASSES, countedFaults } from './fields.js'

/** Gives candidates, and is told of each whether it was taken. */
export type Candidates = Generator<Scenario, void, boolean>

/** A way to make a scenario simpler. `failedMicros`: when the run failed; null when its end was the failure. */
export type Simplifier = (scenario: Scenario, failedMicros: number | null) => Candidates

/** From what takes most out of a run to what takes least; and first of all what makes every run after it shorter. */
export const SIMPLIFIERS: readonly Simplifier[] = [
  shorten,
  lowerMembers,
  lowerRequests,
  leaveOutClasses,
  leaveOutFaults,
  lowerClients,
  leaveOutClients,
  calmNetwork,
  lowerStrengths,
  bringCalmForward,
  returnToUsual,
]

// ---- faults ----------------------------------------------------------------------------------------------------

function* leaveOutClasses(scenario: Scenario): Candidates {
  const classes = CLASSES.filter((name) => scenario.faults[name] !== undefined)
  yield* leaveOut(classes, (kept) => withFaults(scenario, pick(scenario.faults, kept)))
}

/** A scenario with these faults; what was left out of others is forgotten with them. */
function withFaults(scenario: Scenario, faults: Faults): Scenario {
  const counted = new Map(countedFaults(faults))
  const left = scenario.omitted.faults.filter(({ class: name, number }) => number < (counted.get(name) ?? 0))
  return { ...scenario, faults, omitted: { ...scenario.omitted, faults: left } }
}

function pick(faults: Faults, classes: readonly FaultClass[]): Faults {
  const picked: { [Class in FaultClass]?: number } = {}
  for (const name of classes) {
    const strength = faults[name]
    if (strength !== undefined) picked[name] = strength
  }
  return picked
}

/** Single faults, of those that are counted in times. */
function* leaveOutFaults(scenario: Scenario): Candidates {
  const all = countedFaults(scenario.faults).flatMap(([name, strength]) =>
    Array.from({ length: strength }, (_, number): FaultName => ({ class: name, number })),
  )
  const isOmitted = (fault: FaultName): boolean =>
    scenario.omitted.faults.some((each) => each.class === fault.class && each.number === fault.number)
  yield* leaveOut(
    all.filter((fault) => !isOmitted(fault)),
    (kept) => keepingFaults(scenario, all, kept),
  )
}

/** A scenario with these faults out of all of its own; a class ends with the last that is kept. */
function keepingFaults(scenario: Scenario, all: readonly FaultName[], kept: readonly FaultName[]): Scenario {
  const rates = CLASSES.filter((name) => FAULTS[name].unit === 'perMillion')
  const strengths: { [Class in FaultClass]?: number } = { ...pick(scenario.faults, rates) }
  for (const { class: name, number } of kept) strengths[name] = Math.max(strengths[name] ?? 0, number + 1)
  const left = all.filter((fault) => !kept.includes(fault))
  const faults = pick(strengths, CLASSES)
  return withFaults({ ...scenario, omitted: { ...scenario.omitted, faults: left } }, faults)
}

/** Of what happens so often in a million: whatever happens at a lower strength happens at a higher one too. */
function* lowerStrengths(scenario: Scenario): Candidates {
  let current = scenario
  for (const name of CLASSES) {
    const strength = scenario.faults[name]
    if (strength === undefined || FAULTS[name].unit !== 'perMillion') continue
    for (const lower of fractions(1, strength)) {
      const candidate = withFaults(current, { ...current.faults, [name]: lower })
      if (!(yield candidate)) continue
      current = candidate
      break
    }
  }
}

// ---- the size of the world -------------------------------------------------------------------------------------

function* lowerMembers(scenario: Scenario): Candidates {
  yield* firstOf(scenario.members, BOUNDS.members[0], (members) => ({ ...scenario, members }))
}

function* lowerRequests(scenario: Scenario): Candidates {
  const most = scenario.requests ?? USUAL_REQUESTS
  yield* firstOf(most, BOUNDS.requests[0], (requests) => ({ ...scenario, requests }))
}

/** What a scenario that leaves it to the application is taken for. */
const USUAL_REQUESTS = 16

function* lowerClients(scenario: Scenario): Candidates {
  yield* firstOf(scenario.clients, BOUNDS.clients[0], (clients) => withClients(scenario, clients))
}

function withClients(scenario: Scenario, clients: number): Scenario {
  const left = scenario.omitted.clients.filter((client) => client < clients)
  return { ...scenario, clients, omitted: { ...scenario.omitted, clients: left } }
}

function* leaveOutClients(scenario: Scenario): Candidates {
  const all = Array.from({ length: scenario.clients }, (_, client) => client)
  yield* leaveOut(
    all.filter((client) => !scenario.omitted.clients.includes(client)),
    (kept) => {
      const clients = all.filter((client) => !kept.includes(client))
      return withClients({ ...scenario, omitted: { ...scenario.omitted, clients } }, (kept.at(-1) ?? -1) + 1)
    },
  )
}

// ---- the rest --------------------------------------------------------------------------------------------------

function* calmNetwork(scenario: Scenario): Candidates {
  let current = scenario
  for (const change of CALMER) {
    const candidate = { ...current, ...change(current) }
    if (candidate.delayMicros >= current.delayMicros && candidate.jitterMicros >= current.jitterMicros)
      continue
    if (yield candidate) current = candidate
  }
}

const CALMER: readonly ((scenario: Scenario) => Partial<Scenario>)[] = [
  () => ({ jitterMicros: 0 }),
  ({ jitterMicros }) => ({ delayMicros: Math.max(1_000, jitterMicros), jitterMicros }),
  ({ delayMicros, jitterMicros }) => ({
    delayMicros: Math.max(10_000, jitterMicros, Math.floor(delayMicros / 2)),
    jitterMicros,
  }),
]

/** The end of all faults comes sooner: those that are counted in times come closer together. */
function* bringCalmForward(scenario: Scenario): Candidates {
  for (const quietMicros of fractions(0, scenario.quietMicros)) {
    if (yield { ...scenario, quietMicros }) return
  }
}

/** What a reader need not think about. */
const USUAL = [
  'untilMicros',
  'paceMicros',
  'placement',
  'reads',
  'alpha',
  'logBytes',
  'chunkBytes',
  'queueLimit',
  'overBudget',
] as const

function* returnToUsual(scenario: Scenario): Candidates {
  let current = scenario
  for (const field of USUAL) {
    if (scenario[field] === CLASSIC[field]) continue
    const candidate = { ...current, [field]: CLASSIC[field] }
    if (yield candidate) current = candidate
  }
}

/**
 * A run that is cut off where it had failed anyway. Nothing shorter is tried: to be cut off too early breaks verdicts
 * by itself.
 */
function* shorten(scenario: Scenario, failedMicros: number | null): Candidates {
  if (failedMicros === null) return
  const lengthMicros = Math.ceil((failedMicros + 1) / 1_000_000) * 1_000_000
  if (lengthMicros < scenario.lengthMicros) yield { ...scenario, lengthMicros }
}

// ---- how candidates are found ------------------------------------------------------------------------------------

/** Delta debugging: leaves out all, then halves, quarters, and so on, down to single ones. */
function* leaveOut<Item>(items: readonly Item[], keeping: (kept: readonly Item[]) => Scenario): Candidates {
  let kept = items
  for (let size = items.length; size >= 1; size = Math.floor(size / 2)) {
    for (let at = 0; at < kept.length; ) {
      const fewer = [...kept.slice(0, at), ...kept.slice(at + size)]
      if (yield keeping(fewer)) kept = fewer
      else at += size
    }
  }
}

/** The first of some lower values that is taken. */
function* firstOf(value: number, low: number, scenarioWith: (lower: number) => Scenario): Candidates {
  for (const lower of between(low, value)) {
    if (yield scenarioWith(lower)) return
  }
}

/** Some values from `low` up to but without `value`, ascending. */
function between(low: number, value: number): readonly number[] {
  const some = [low, low + 1, low + 2, low + 3, low + 4, ...fractions(low, value), value - 1]
  return [...new Set(some)].filter((each) => each >= low && each < value).sort((a, b) => a - b)
}

/** `low` and some parts of the way from there to `value`, ascending. */
function fractions(low: number, value: number): readonly number[] {
  const parts = [64, 16, 8, 4, 2].map((part) => low + Math.floor((value - low) / part))
  return [...new Set(parts)].filter((each) => each < value)
}
