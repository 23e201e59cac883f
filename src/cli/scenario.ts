/** The options that decide a run, in the units of the command line. */
import { Option } from 'commander'
import {
  BOUNDS,
  CLASSIC,
  checkScenario,
  FAULTS,
  type FaultClass,
  type Faults,
  isFaultClass,
  LAST_SEED,
  PLACEMENTS,
  type Placement,
  type Quantity,
  type Reads,
  type Scenario,
  swarm,
  unknownFault,
} from '../simulation/index.js'
import { UsageError } from './errors.js'
import { usualMachine } from './machine.js'

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
    name: 'calm',
    unit: 'seconds',
    field: 'quietMicros',
    help: 'simulated seconds after which nothing goes wrong any more',
  },
]

/** Short forms of `--fault`. */
const SHORT_FORMS: readonly { readonly name: string; readonly fault: FaultClass; readonly help: string }[] = [
  { name: 'loss', fault: 'loss', help: 'messages that the network loses, in percent' },
  { name: 'duplication', fault: 'duplication', help: 'messages that are delivered twice, in percent' },
  { name: 'crashes', fault: 'crash', help: 'crashes of members, each followed by a restart' },
]

/** How strong a class is that is named without a strength. */
const USUAL = { perMillion: 50_000, times: 3 } as const

/** A class that was turned on or off; `text` is what was given. */
interface FaultFlag {
  readonly isOn: boolean
  readonly text: string
}

/** Those options, for the command line; `scenario` is the one without which. */
export function scenarioOptions(scenario: 'classic' | 'swarm' = 'classic'): Option[] {
  const quantities = QUANTITIES.map(({ name, unit, field, help, defaultHelp }) => {
    const value = defaultHelp ?? (CLASSIC[field] ?? 0) / UNITS[unit].scale
    return new Option(`--${name} <${unit}>`, `${help} (default: ${value})`)
  })
  const shortForms = SHORT_FORMS.map(({ name, fault, help }) => {
    const unit = unitOf(fault)
    return new Option(
      `--${name} <${unit}>`,
      `${help} (default: ${(CLASSIC.faults[fault] ?? 0) / UNITS[unit].scale})`,
    )
  })
  const collect =
    (isOn: boolean) =>
    (text: string, before: readonly FaultFlag[] = []): FaultFlag[] => [...before, { isOn, text }]
  const help = `classic, or swarm: the seed picks the size and the faults (default: ${scenario})`
  return [
    new Option('--scenario <name>', help).choices(['classic', 'swarm']),
    ...quantities,
    ...shortForms,
    new Option(
      '--fault <name[=strength]>',
      'turns a class of faults on (see below); may be given again',
    ).argParser(collect(true)),
    new Option('--no-fault <name>', 'turns a class of faults off; may be given again').argParser(
      collect(false),
    ),
    new Option(
      '--over-budget',
      'stores may be damaged beyond what the members can stand; asks for safety only',
    ),
  ]
}

/** What the clients use, and how. */
export function machineOptions(): Option[] {
  return [
    new Option(
      '--machine <name>',
      'what the clients use: key-value, shared (the same keys for all), bank, or a module of your own (see below) (default: key-value, and shared in the swarm)',
    ),
    new Option(
      '--reads <way>',
      'how the clients of key-value get: decree, in a slot of its own, or linearizable, without one (default: decree)',
    ).choices(['decree', 'linearizable']),
    new Option(
      '--placement <where>',
      'where the clients are: all at the last member, spread over the members, each on a node of its own, or mixed (default: last)',
    ).choices(PLACEMENTS),
  ]
}

/** The classes of faults, for help texts. */
export function faultHelp(): string {
  const classes = Object.entries(FAULTS).map(([name, { unit, what }]) => {
    const strength = unit === 'perMillion' ? '%' : 'x'
    return `  ${name.padEnd(18)}${strength}  ${what}`
  })
  const lines = [
    'Faults, in percent (%), or so many times in a run (x); without a strength, 5 percent or 3 times:',
    ...classes,
  ]
  return lines.join('\n')
}

/** What was given for the options that decide a run. */
export type ScenarioFlags = { readonly [Name in string]?: unknown } & {
  readonly machine?: string
  readonly reads?: Reads
  readonly placement?: Placement
  readonly scenario?: 'classic' | 'swarm'
  readonly fault?: readonly FaultFlag[]
  readonly overBudget?: boolean
}

/** The same, with the machine that is used if none was given. */
export type CompleteFlags = ScenarioFlags & { readonly machine: string }

/** The scenario of a run. Throws a UsageError. */
export function scenarioFrom(flags: ScenarioFlags, seed: number): Scenario {
  const base = flags.scenario === 'swarm' ? swarm(seed) : CLASSIC
  const given: Partial<Record<Quantity, number>> = {}
  for (const { name, unit, field } of QUANTITIES) {
    const text = flags[name]
    if (typeof text === 'string') given[field] = parseQuantity(name, unit, BOUNDS[field], text)
  }
  const jitterMicros = Math.min(base.jitterMicros, given.delayMicros ?? base.delayMicros)
  const scenario: Scenario = {
    ...base,
    jitterMicros,
    ...given,
    reads: flags.reads ?? base.reads,
    placement: flags.placement ?? base.placement,
    faults: faultsFrom(flags, base.faults),
    overBudget: flags.overBudget ?? false,
  }
  try {
    checkScenario(seed, scenario)
  } catch (error) {
    if (error instanceof RangeError) throw new UsageError(error.message)
    throw error
  }
  return scenario
}

function faultsFrom(flags: ScenarioFlags, base: Faults): Faults {
  const faults: { [Class in FaultClass]?: number } = { ...base }
  for (const { name, fault } of SHORT_FORMS) {
    const text = flags[name]
    if (typeof text === 'string') faults[fault] = parseStrength(name, fault, text)
  }
  for (const { isOn, text } of flags.fault ?? []) {
    const [name = '', strength] = isOn ? text.split(/=(.*)/s) : [text]
    if (!isFaultClass(name)) throw new UsageError(unknownFault(name))
    if (!isOn) delete faults[name]
    else if (strength === undefined) faults[name] = USUAL[FAULTS[name].unit]
    else faults[name] = parseStrength(`fault ${name}`, name, strength)
  }
  return faults
}

function parseStrength(option: string, fault: FaultClass, text: string): number {
  return parseQuantity(option, unitOf(fault), [0, FAULTS[fault].most], text)
}

function unitOf(fault: FaultClass): 'percent' | 'number' {
  return FAULTS[fault].unit === 'perMillion' ? 'percent' : 'number'
}

function parseQuantity(
  name: string,
  unit: keyof typeof UNITS,
  [low, high]: readonly [number, number],
  text: string,
): number {
  const { scale, what } = UNITS[unit]
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
  return ['npx', 'synod', 'simulate', String(seed), ...scenarioWords(flags), ...machineWords(flags)].join(' ')
}

/** What was given for the options that decide a run, the machine aside, as words of a command. */
export function scenarioWords(flags: ScenarioFlags): readonly string[] {
  const names = ['scenario', ...[...QUANTITIES, ...SHORT_FORMS].map(({ name }) => name), 'reads', 'placement']
  const words = names.flatMap((name) => {
    const text = flags[name]
    return typeof text === 'string' ? [`--${name}`, quote(text)] : []
  })
  const faults = (flags.fault ?? []).flatMap(({ isOn, text }) => [
    isOn ? '--fault' : '--no-fault',
    quote(text),
  ])
  return [...words, ...faults, ...(flags.overBudget === true ? ['--over-budget'] : [])]
}

export function machineWords({ machine, scenario }: ScenarioFlags): readonly string[] {
  return machine === undefined || machine === usualMachine(scenario) ? [] : ['--machine', quote(machine)]
}

/** A word for a shell. */
function quote(word: string): string {
  return /^[\w./:@%+=,-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`
}
