/** The options that decide a run, in the units of the command line. */
import { Option } from 'commander'
import {
  BOUNDS,
  CLASSIC,
  checkScenario,
  LAST_SEED,
  type Quantity,
  type Reads,
  type Scenario,
  swarm,
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
    help: 'clients, all of them at the last member',
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
    name: 'length',
    unit: 'seconds',
    field: 'lengthMicros',
    help: 'simulated seconds after which the run is cut off',
  },
]

/** Those options, for the command line; `scenario` is the one without which. */
export function scenarioOptions(scenario: 'classic' | 'swarm' = 'classic'): Option[] {
  const quantities = QUANTITIES.map(({ name, unit, field, help, defaultHelp }) => {
    const value = defaultHelp ?? (CLASSIC[field] ?? 0) / UNITS[unit].scale
    return new Option(`--${name} <${unit}>`, `${help} (default: ${value})`)
  })
  const help = `classic, or swarm: the seed picks the size and the faults (default: ${scenario})`
  return [new Option('--scenario <name>', help).choices(['classic', 'swarm']), ...quantities]
}

/** What the clients use, and how. */
export function machineOptions(): Option[] {
  return [
    new Option(
      '--machine <name>',
      'what the clients use: key-value, shared (the same keys for all), bank, or a module of your own (see below)',
    ).default(DEFAULT_MACHINE),
    new Option(
      '--reads <way>',
      'how the clients of key-value get: decree, in a slot of its own, or linearizable, without one (default: decree)',
    ).choices(['decree', 'linearizable']),
  ]
}

/** What was given for the options that decide a run. */
export type ScenarioFlags = { readonly [Name in string]?: unknown } & {
  readonly machine: string
  readonly reads?: Reads
  readonly scenario?: 'classic' | 'swarm'
}

/** The scenario of a run. Throws a UsageError. */
export function scenarioFrom(flags: ScenarioFlags, seed: number): Scenario {
  const base = flags.scenario === 'swarm' ? swarm(seed) : CLASSIC
  const given: Partial<Record<Quantity, number>> = {}
  for (const option of QUANTITIES) {
    const text = flags[option.name]
    if (typeof text === 'string') given[option.field] = parseQuantity(option, text)
  }
  const jitterMicros = Math.min(base.jitterMicros, given.delayMicros ?? base.delayMicros)
  const scenario: Scenario = { ...base, jitterMicros, ...given, reads: flags.reads ?? base.reads }
  try {
    checkScenario(seed, scenario)
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
  return [
    'npx',
    'synod',
    'simulate',
    String(seed),
    ...scenarioWords(flags),
    ...machineWords(flags.machine),
  ].join(' ')
}

/** What was given for the options that decide a run, the machine aside, as words of a command. */
export function scenarioWords(flags: ScenarioFlags): readonly string[] {
  return ['scenario', ...QUANTITIES.map(({ name }) => name), 'reads'].flatMap((name) => {
    const text = flags[name]
    return typeof text === 'string' ? [`--${name}`, quote(text)] : []
  })
}

export function machineWords(machine: string): readonly string[] {
  return machine === DEFAULT_MACHINE ? [] : ['--machine', quote(machine)]
}

/** A word for a shell. */
function quote(word: string): string {
  return /^[\w./:@%+=,-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`
}
