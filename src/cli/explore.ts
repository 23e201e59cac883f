/** `synod explore`: goes through every state that a small cluster can get into. */
import { setImmediate } from 'node:timers/promises'
import { Command, Option } from 'commander'
import {
  type AnyApplication,
  ApplicationError,
  type BoundName,
  DEFAULT_BOUNDS,
  DEFAULT_MACHINE,
  EXPLORATION_LIMITS,
  Exploration,
  type ExplorationBounds,
  type ExplorationResult,
  jsonOf,
  TranscriptFormatter,
  type Violation,
} from '../simulation/index.js'
import { isColored, PALETTE, red, uncolored } from './colors.js'
import { UsageError } from './errors.js'
import { noteInterrupt, EXIT_CODES as SIGNAL_CODES } from './interruption.js'
import { applicationOf, MODULE_HELP, moduleError } from './machine.js'
import { Output } from './output.js'
import { Progress } from './progress.js'

/** How many states are expanded before the event loop has its turn: some milliseconds' worth. */
const STATES = 1_000
const EXIT_CODES: Readonly<Record<ExplorationResult['verdict'], number>> = {
  holds: 0,
  violated: 1,
  undecided: 3,
}

interface BoundOption {
  readonly name: string
  readonly bound: BoundName
  readonly help: string
}

const BOUND_OPTIONS: readonly BoundOption[] = [
  { name: 'members', bound: 'members', help: 'members of the cluster' },
  { name: 'leaders', bound: 'leaders', help: 'how many of them may try to lead' },
  { name: 'requests', bound: 'requests', help: 'requests of clients, each in a slot of its own' },
  { name: 'rounds', bound: 'rounds', help: 'rounds of ballots that each of those may try' },
  { name: 'crashes', bound: 'crashes', help: 'crashes of any members, each followed by a restart' },
  { name: 'depth', bound: 'depth', help: 'how many steps it looks ahead at most' },
  {
    name: 'limit',
    bound: 'states',
    help: 'how many different states it looks at most; 100 bytes each, or less',
  },
]

interface Flags {
  readonly [name: string]: unknown
  readonly syncs: ExplorationBounds['syncs']
  readonly duplication: boolean
  readonly fetches?: boolean
  readonly machine: string
  readonly json?: boolean
  readonly color: boolean
}

export function exploreCommand(): Command {
  const command = new Command('explore')
    .summary('go through every state of a small cluster')
    .description(
      'Goes through every state that a small cluster can get into, breadth first: whatever the order in which messages arrive, timers fire, members crash and clients ask. Every message may be lost, late, or overtaken by others. If something goes wrong, it prints a shortest way there as a transcript.',
    )
    .usage('[options]')
  for (const { name, bound, help } of BOUND_OPTIONS)
    command.option(`--${name} <number>`, `${help} (default: ${DEFAULT_BOUNDS[bound]})`)
  for (const option of otherOptions()) command.addOption(option)
  return command.addHelpText('after', `\n${MODULE_HELP}\n\n${EXIT_HELP}`).action(async (flags: Flags) => {
    process.exitCode = await explore(flags)
  })
}

const EXIT_HELP =
  'It exits with 0 when every state is right; with 1 when one is not; with 2 when an option or a module is\nwrong; with 3 when there are more states than it was to look at; with 70 when Synod itself is wrong; and\nwith 130 on Ctrl-C.'

function otherOptions(): Option[] {
  return [
    new Option(
      '--syncs <when>',
      'delayed: a sync ends at any later moment, and a crash before that loses what was written; instant: at once',
    )
      .choices(['instant', 'delayed'])
      .default('instant'),
    new Option('--no-duplication', 'no message arrives more than once'),
    new Option('--fetches', 'who misses decisions may ask for them at any time, not only to lead'),
    new Option(
      '--machine <name>',
      'what the clients use: key-value, shared, bank, or a module of your own (see below)',
    ).default(DEFAULT_MACHINE),
    new Option('--json', 'print what came of it as JSON'),
    new Option('--no-color', 'no colours, not even on a terminal; so does the variable NO_COLOR'),
  ]
}

/** Explores, says what was found, and gives the exit code. Throws a UsageError. */
async function explore(flags: Flags): Promise<number> {
  const bounds = boundsFrom(flags)
  const application = await applicationOf(flags.machine, undefined)
  const isInterrupted = noteInterrupt()
  const startedAt = performance.now()
  const seconds = (): number => (performance.now() - startedAt) / 1_000
  const result = await run(bounds, application, { flags, isInterrupted, seconds })
  const wallSeconds = Math.round(seconds() * 1_000) / 1_000

  const output = new Output(process.stdout)
  if (flags.json === true) {
    output.line(jsonOf(jsonFrom(result, application, wallSeconds)))
  } else {
    const alarm = isColored(process.stdout, flags.color) ? red : uncolored
    const palette = isColored(process.stdout, flags.color) ? PALETTE : undefined
    const formatter = new TranscriptFormatter(application, palette)
    if (result.violation) for (const line of transcriptOf(result.violation, formatter)) output.line(line)
    for (const line of report(result, wallSeconds, alarm)) output.line(line)
  }
  await output.flush()
  return isInterrupted() && result.violation === null ? SIGNAL_CODES.SIGINT : EXIT_CODES[result.verdict]
}

function boundsFrom(flags: Flags): ExplorationBounds {
  const bounds: ExplorationBounds = {
    ...DEFAULT_BOUNDS,
    ...Object.fromEntries(
      BOUND_OPTIONS.filter(({ name }) => flags[name] !== undefined).map((option) => [
        option.bound,
        parseBound(option, String(flags[option.name])),
      ]),
    ),
    syncs: flags.syncs,
    duplication: flags.duplication,
    fetches: flags.fetches ?? false,
  }
  if (bounds.leaders <= bounds.members) return bounds
  throw new UsageError(`of ${bounds.members} members ${bounds.leaders} cannot lead`)
}

function parseBound({ name, bound }: BoundOption, text: string): number {
  const [low, high] = EXPLORATION_LIMITS[bound]
  const value = Number(text)
  if (/^\d+$/.test(text) && value >= low && value <= high) return value
  throw new UsageError(`--${name} must be a whole number from ${low} to ${high}, and '${text}' is not`)
}

interface Surroundings {
  readonly flags: Flags
  readonly isInterrupted: () => boolean
  readonly seconds: () => number
}

async function run(
  bounds: ExplorationBounds,
  application: AnyApplication,
  { flags, isInterrupted, seconds }: Surroundings,
): Promise<ExplorationResult> {
  const progress = new Progress(process.stderr)
  try {
    const exploration = new Exploration({ bounds, application })
    process.stderr.write(`synod: exploring ${wordsOf(exploration.bounds)}\n`)
    while (!isInterrupted() && exploration.advance(STATES)) {
      progress.show(null, () => progressOf(exploration.result, seconds()))
      await setImmediate()
    }
    return exploration.result
  } catch (error) {
    throw error instanceof ApplicationError ? moduleError(flags.machine, error) : error
  } finally {
    progress.stop()
  }
}

// ---- telling ---------------------------------------------------------------------------------------------------

function progressOf({ generated, unique, depth }: ExplorationResult, seconds: number): string {
  return `${generated} states generated, ${unique} unique, ${depth} steps deep, ${Math.round(generated / seconds)}/s`
}

/** Time stands still, so the column of the time counts the steps. */
function transcriptOf({ story, reason }: Violation, formatter: TranscriptFormatter): string[] {
  return [...story.map(({ event, step }) => formatter.line(event, step)), `# ${reason}`]
}

function report(result: ExplorationResult, wallSeconds: number, alarm: (text: string) => string): string[] {
  const { verdict, generated, unique, depth, violation } = result
  const sentence = {
    holds: 'every state is right',
    violated: alarm(`after ${violation?.steps} steps: ${violation?.reason}`),
    undecided: 'undecided: these states are right, and there are more',
  }[verdict]
  return [
    sentence,
    `  states  ${generated} generated, ${unique} unique`,
    `  depth   ${depth} steps`,
    `  time    ${wallSeconds.toFixed(2)} s, ${Math.round(generated / wallSeconds)} states generated a second`,
  ]
}

function wordsOf({
  members,
  leaders,
  requests,
  rounds,
  crashes,
  syncs,
  duplication,
  fetches,
}: ExplorationBounds): string {
  const parts = [
    count(members, 'member'),
    count(leaders, 'leader'),
    count(requests, 'request'),
    count(rounds, 'round'),
    count(crashes, 'crash', 'crashes'),
    `${syncs} syncs`,
    'loss',
  ]
  if (duplication) parts.push('duplication')
  if (fetches) parts.push('fetches')
  return parts.join(', ')
}

function count(number: number, one: string, many = `${one}s`): string {
  return `${number} ${number === 1 ? one : many}`
}

function jsonFrom(result: ExplorationResult, application: AnyApplication, wallSeconds: number): unknown {
  const { violation, ...rest } = result
  const told = violation && {
    reason: violation.reason,
    steps: violation.steps,
    transcript: transcriptOf(violation, new TranscriptFormatter(application)),
  }
  const generatedPerSecond = Math.round(result.generated / wallSeconds)
  return { ...rest, wallSeconds, generatedPerSecond, violation: told }
}
