/** The options that decide a run, in the units of the command line. */
import { Option } from 'commander'
import {
  BOUNDS,
  CLASSIC,
  checkScenario,
  LAST_SEED,
  type Placement,
  type Quantity,
  type Reads,
  type Scenario,
} from '../simulation/index.js'
import { UsageError } from './errors.js'
import { DEFAULT_MACHINE } from './machine.js'

/** The units of options, each as so many of the units of a scenario, and as a sentence has it. */
const UNITS = {
  number: { scale: 1, what: 'a whole number' },
  percent: { scale: 10_000, what: 'a percentage' },
  ms: { scale: 1_000, what: 'a number of milliseconds' },
  seconds: { scale: 1_000_000, what: 'a number of seconds' },
} as const

/** `--name <unit>`, a number. */
interface QuantityOption {
  readonly name: string
  readonly unit: keyof typeof UNITS
  readonly field: Quantity
  readonly help: string
  /** Instead of the default of the classic scenario. */
  readonly defaultHelp?: string
}

const QUANTITIES: readonly QuantityOption[] = [
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
    name: 'loss',
    unit: 'percent',
    field: 'lossPerMillion',
    help: 'messages that the network loses, in percent',
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
    name: 'duplication',
    unit: 'percent',
    field: 'duplicationPerMillion',
    help: 'messages that are delivered twice, in percent',
  },
  {
    name: 'crashes',
    unit: 'number',
    field: 'crashes',
    help: 'crashes of members, one every half second, each followed by a restart',
  },
  {
    name: 'until',
    unit: 'seconds',
    field: 'untilMicros',
    help: 'simulated seconds after which clients begin nothing more',
    defaultHelp: 'they do all their operations',
  },
  {
    name: 'length',
    unit: 'seconds',
    field: 'lengthMicros',
    help: 'simulated seconds after which the run is cut off',
  },
]

/** Those options, for the command line. */
export function quantityOptions(): Option[] {
  return QUANTITIES.map(({ name, unit, field, help, defaultHelp }) => {
    const value = defaultHelp ?? (CLASSIC[field] ?? 0) / UNITS[unit].scale
    return new Option(`--${name} <${unit}>`, `${help} (default: ${value})`)
  })
}

/** What was given for the options that decide a run. */
export type ScenarioFlags = { readonly [Name in string]?: unknown } & {
  readonly machine: string
  readonly reads?: Reads
  readonly placement?: Placement
}

/** The scenario of a run. Throws a UsageError. */
export function scenarioFrom(flags: ScenarioFlags): Scenario {
  const given: Partial<Record<Quantity, number>> = {}
  for (const option of QUANTITIES) {
    const text = flags[option.name]
    if (typeof text === 'string') given[option.field] = parseQuantity(option, text)
  }
  const delayMicros = given.delayMicros ?? CLASSIC.delayMicros
  const jitterMicros = Math.min(CLASSIC.jitterMicros, delayMicros)
  const scenario: Scenario = {
    ...CLASSIC,
    jitterMicros,
    ...given,
    reads: flags.reads ?? CLASSIC.reads,
    placement: flags.placement ?? CLASSIC.placement,
  }
  try {
    checkScenario(0, scenario)
  } catch (error) {
    if (error instanceof RangeError) throw new UsageError(error.message)
    throw error
  }
  return scenario
}

function parseQuantity({ name, unit, field }: QuantityOption, text: string): number {
  const { scale, what } = UNITS[unit]
  const [low, high] = BOUNDS[field]
  const value = Math.round(Number(text) * scale)
  const isExact = /^\d+(\.\d+)?$/.test(text) && value / scale === Number(text)
  if (isExact && value >= low && value <= high) return value
  const decimals = scale === 1 ? '' : `, with at most ${String(scale).length - 1} decimals`
  throw new UsageError(
    `--${name} must be ${what} from ${low / scale} to ${high / scale}${decimals}, and '${text}' is not`,
  )
}

/** A seed as it was typed. Throws a UsageError. */
export function parseSeed(text: string): number {
  const seed = Number(text)
  if (/^\d+$/.test(text) && seed <= LAST_SEED) return seed
  throw new UsageError(`a seed must be a whole number from 0 to ${LAST_SEED}, and '${text}' is not`)
}

/** The command that runs it again. */
export function replayCommand(seed: number, flags: ScenarioFlags): string {
  const words = ['npx', 'synod', 'simulate', String(seed)]
  for (const name of [...QUANTITIES.map((option) => option.name), 'machine', 'reads', 'placement']) {
    const text = flags[name]
    if (typeof text === 'string' && text !== DEFAULT_MACHINE) words.push(`--${name}`, quote(text))
  }
  return words.join(' ')
}

/** A word for a shell. */
function quote(word: string): string {
  return /^[\w./:@%+=,-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`
}
