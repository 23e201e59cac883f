/**
 * The options that decide a run, by their names and in their units, as texts: what the command line takes after two
 * dashes, and what an address of the viewer holds.
 */
import type { Reads } from './application.js'
import { FAULTS, type FaultClass, type Faults, isFaultClass, unknownFault } from './faults/classes.js'
import { swarm } from './faults/swarm.js'
import type { Placement } from './placement.js'
import { BOUNDS, CLASSIC, checkScenario, LAST_SEED, type Quantity, type Scenario } from './scenario.js'

/** An option, a seed or the scenario that they make cannot be: a sentence without its full stop. */
export class OptionError extends Error {
  override name = 'OptionError'
  /** The name of the option that is wrong; null if it is none, or not one alone. */
  readonly option: string | null

  constructor(option: string | null, sentence: string) {
    super(sentence)
    this.option = option
  }
}

/** The units of options, each as so many of the units of a scenario, and as a sentence has it. */
export const UNITS = {
  number: { scale: 1, what: 'a whole number' },
  percent: { scale: 10_000, what: 'a percentage' },
  ms: { scale: 1_000, what: 'a number of milliseconds' },
  seconds: { scale: 1_000_000, what: 'a number of seconds' },
} as const

export type Unit = keyof typeof UNITS

/** An option that is a number. */
export interface QuantityOption {
  readonly name: string
  readonly unit: Unit
  readonly field: Quantity
  readonly help: string
  /** Instead of the default of the classic scenario. */
  readonly defaultHelp?: string
}

export const QUANTITIES: readonly QuantityOption[] = [
  {
    name: 'members',
    unit: 'number',
    field: 'members',
    help: 'members of the cluster, NODE_0, NODE_1, and so on',
  },
  {
    name: 'clients',
    unit: 'number',
    field: 'clients',
    help: 'clients, at the places of the option placement',
  },
  {
    name: 'requests',
    unit: 'number',
    field: 'requests',
    help: 'operations of each client',
    defaultHelp: 'what the machine says: 11 for key-value, 100 for shared, 13 for bank',
  },
  {
    name: 'delay',
    unit: 'ms',
    field: 'delayMicros',
    help: 'how long a message travels, in milliseconds',
  },
  {
    name: 'jitter',
    unit: 'ms',
    field: 'jitterMicros',
    help: 'how much shorter or longer than that it may take, in milliseconds',
    defaultHelp: '20, or the delay where that is less',
  },
  {
    name: 'until',
    unit: 'seconds',
    field: 'untilMicros',
    help: 'simulated seconds after which clients begin nothing more',
    defaultHelp: 'they do all their operations',
  },
  {
    name: 'pace',
    unit: 'ms',
    field: 'paceMicros',
    help: 'milliseconds from one request to the next, of all clients together, who make up for nine tenths of it after until',
    defaultHelp: 'clients think as long as the machine says',
  },
  {
    name: 'length',
    unit: 'seconds',
    field: 'lengthMicros',
    help: 'simulated seconds after which the run is cut off',
  },
  {
    name: 'alpha',
    unit: 'number',
    field: 'alpha',
    help: 'slots in flight, and slots from a change of the members to its effect',
  },
  {
    name: 'log',
    unit: 'number',
    field: 'logBytes',
    help: 'bytes of decrees after which a member takes a snapshot',
  },
  {
    name: 'chunk',
    unit: 'number',
    field: 'chunkBytes',
    help: 'bytes of decrees, or of a snapshot, in one message',
  },
  {
    name: 'queue',
    unit: 'number',
    field: 'queueLimit',
    help: 'entries that each queue of a node has room for',
    defaultHelp: 'those of the settings',
  },
  {
    name: 'calm',
    unit: 'seconds',
    field: 'quietMicros',
    help: 'simulated seconds after which nothing goes wrong any more',
  },
]

/** A short form of the option `fault`. */
export interface ShortForm {
  readonly name: string
  readonly fault: FaultClass
  readonly help: string
}

export const SHORT_FORMS: readonly ShortForm[] = [
  { name: 'loss', fault: 'loss', help: 'messages that the network loses, in percent' },
  { name: 'duplication', fault: 'duplication', help: 'messages that are delivered twice, in percent' },
  { name: 'crashes', fault: 'crash', help: 'crashes of members, each followed by a restart' },
]

/** How strong a class is that is named without a strength. */
const USUAL = { perMillion: 50_000, times: 3 } as const

/** A class that was turned on or off; `text` is what was given: its name, or `name=strength`. */
export interface FaultFlag {
  readonly isOn: boolean
  readonly text: string
}

/** What was given. */
export interface GivenOptions {
  /** By the names of {@link QUANTITIES} and {@link SHORT_FORMS}. */
  readonly numbers: Readonly<Record<string, string>>
  readonly scenario?: 'classic' | 'swarm' | undefined
  readonly reads?: Reads | undefined
  readonly placement?: Placement | undefined
  readonly faults?: readonly FaultFlag[] | undefined
  readonly overBudget?: boolean | undefined
}

/** The scenario that options make. Throws an {@link OptionError}. */
export function scenarioOf(options: GivenOptions, seed: number): Scenario {
  const base = options.scenario === 'swarm' ? swarm(seed) : CLASSIC
  const given: Partial<Record<Quantity, number>> = {}
  for (const { name, unit, field } of QUANTITIES) {
    const text = options.numbers[name]
    if (text !== undefined) given[field] = parseQuantity(name, unit, BOUNDS[field], text)
  }
  const jitterMicros = Math.min(base.jitterMicros, given.delayMicros ?? base.delayMicros)
  const scenario: Scenario = {
    ...base,
    jitterMicros,
    ...given,
    reads: options.reads ?? base.reads,
    placement: options.placement ?? base.placement,
    faults: faultsOf(options, base.faults),
    overBudget: options.overBudget ?? false,
  }
  try {
    checkScenario(seed, scenario)
  } catch (error) {
    if (error instanceof RangeError) throw new OptionError(null, error.message)
    throw error
  }
  checkTimes(given, scenario)
  return scenario
}

/** A run that was asked to go on for longer than it may last could not come to rest, whatever the members do. */
function checkTimes(given: Partial<Record<Quantity, number>>, { lengthMicros }: Scenario): void {
  for (const [name, micros] of Object.entries({ calm: given.quietMicros, until: given.untilMicros })) {
    if (micros === undefined || micros < lengthMicros) continue
    const [seconds, length] = [micros / 1_000_000, lengthMicros / 1_000_000]
    throw new OptionError(
      name,
      `must be less than the length of the run, which is ${length} seconds, and '${seconds}' is not; a longer run is an option too: length`,
    )
  }
}

function faultsOf({ numbers, faults: flags }: GivenOptions, base: Faults): Faults {
  const faults: { [Class in FaultClass]?: number } = { ...base }
  for (const { name, fault } of SHORT_FORMS) {
    const text = numbers[name]
    if (text !== undefined) faults[fault] = parseStrength(name, fault, text)
  }
  for (const { isOn, text } of flags ?? []) {
    const [name = '', strength] = isOn ? text.split(/=(.*)/s) : [text]
    if (name === '')
      throw new OptionError(
        isOn ? 'fault' : 'no-fault',
        `must be a class of faults, and '${text}' names none`,
      )
    if (!isFaultClass(name)) throw new OptionError(null, unknownFault(name))
    if (!isOn) delete faults[name]
    else if (strength === undefined) faults[name] = USUAL[FAULTS[name].unit]
    else faults[name] = parseStrength(`fault ${name}`, name, strength)
  }
  return faults
}

function parseStrength(option: string, fault: FaultClass, text: string): number {
  return parseQuantity(option, unitOf(fault), [0, FAULTS[fault].most], text)
}

export function unitOf(fault: FaultClass): 'percent' | 'number' {
  return FAULTS[fault].unit === 'perMillion' ? 'percent' : 'number'
}

function parseQuantity(
  name: string,
  unit: Unit,
  [low, high]: readonly [number, number],
  text: string,
): number {
  const { scale, what } = UNITS[unit]
  const value = Math.round(Number(text) * scale)
  const isExact = /^\d+(\.\d+)?$/.test(text) && value / scale === Number(text)
  if (isExact && value >= low && value <= high) return value
  const decimals = scale === 1 ? '' : `, with at most ${String(scale).length - 1} decimals`
  throw new OptionError(
    name,
    `must be ${what} from ${low / scale} to ${high / scale}${decimals}, and '${text}' is not`,
  )
}

/** A seed, in digits. Throws an {@link OptionError}. */
export function parseSeed(text: string): number {
  const seed = Number(text)
  if (/^\d+$/.test(text) && seed <= LAST_SEED) return seed
  throw new OptionError(null, `a seed must be a whole number from 0 to ${LAST_SEED}, and '${text}' is not`)
}
