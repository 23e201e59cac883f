/** The options that decide a run, in the units of the command line. */
import { Option } from 'commander'
import {
  CLASSIC,
  FAULTS,
  type FaultFlag,
  OptionError,
  PLACEMENTS,
  type Placement,
  parseSeed,
  QUANTITIES,
  type Reads,
  type Scenario,
  SHORT_FORMS,
  scenarioOf,
  UNITS,
  unitOf,
  usualMachine,
} from '../simulation/index.js'
import { UsageError } from './errors.js'

/** Those options, for the command line; `scenario` is the one without which. */
export function scenarioOptions(scenario: 'classic' | 'swarm' = 'classic'): Option[] {
  const otherwise = (value: string | number): string =>
    scenario === 'swarm' ? `(default: what the seed picks; in classic: ${value})` : `(default: ${value})`
  const quantities = QUANTITIES.map(({ name, unit, field, help, defaultHelp }) => {
    const value = defaultHelp ?? (CLASSIC[field] ?? 0) / UNITS[unit].scale
    return new Option(`--${name} <${unit}>`, `${help} ${otherwise(value)}`)
  })
  const shortForms = SHORT_FORMS.map(({ name, fault, help }) => {
    const unit = unitOf(fault)
    const value = (CLASSIC.faults[fault] ?? 0) / UNITS[unit].scale
    return new Option(`--${name} <${unit}>`, `${help} ${otherwise(value)}`)
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
  const { scenario, reads, placement, fault: faults, overBudget } = flags
  const numbers: Record<string, string> = {}
  for (const { name } of [...QUANTITIES, ...SHORT_FORMS]) {
    const text = flags[name]
    if (typeof text === 'string') numbers[name] = text
  }
  return orUsageError(() => scenarioOf({ numbers, scenario, reads, placement, faults, overBudget }, seed))
}

/** A seed as it was typed. Throws a UsageError. */
export function seedFrom(text: string): number {
  return orUsageError(() => parseSeed(text))
}

function orUsageError<Result>(parse: () => Result): Result {
  try {
    return parse()
  } catch (error) {
    if (!(error instanceof OptionError)) throw error
    // The world knows options by their names, and people by their flags.
    const sentence = error.message.replace(/an option too: (\w+)$/, 'an option too: --$1')
    throw new UsageError(error.option === null ? sentence : `--${error.option} ${sentence}`)
  }
}

/** The command that runs it again. */
export function replayCommand(seed: number, flags: ScenarioFlags): string {
  return ['npx', 'synod', 'simulate', String(seed), ...scenarioWords(flags), ...machineWords(flags)].join(' ')
}

/** What was given for the options that decide a run, the machine aside: names and values, null where there is none. */
export function wordsOf(flags: ScenarioFlags): readonly (readonly [name: string, value: string | null])[] {
  const names = ['scenario', ...[...QUANTITIES, ...SHORT_FORMS].map(({ name }) => name), 'reads', 'placement']
  const words = names.flatMap((name) => {
    const text = flags[name]
    return typeof text === 'string' ? [[name, text] as const] : []
  })
  const faults = (flags.fault ?? []).map(({ isOn, text }) => [isOn ? 'fault' : 'no-fault', text] as const)
  return [...words, ...faults, ...(flags.overBudget === true ? [['over-budget', null] as const] : [])]
}

/** The same, as words of a command. */
export function scenarioWords(flags: ScenarioFlags): readonly string[] {
  return wordsOf(flags).flatMap(([name, value]) => [`--${name}`, ...(value === null ? [] : [quote(value)])])
}

export function machineWords({ machine, scenario }: ScenarioFlags): readonly string[] {
  return machine === undefined || machine === usualMachine(scenario) ? [] : ['--machine', quote(machine)]
}

/** A word for a shell. */
function quote(word: string): string {
  return /^[\w./:@%+=,-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`
}
