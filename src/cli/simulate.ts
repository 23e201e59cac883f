/** `synod simulate`: runs a simulated cluster, and prints every message. */
import { randomInt } from 'node:crypto'
import { setImmediate } from 'node:timers/promises'
import { Command, Option } from 'commander'
import {
  ApplicationError,
  type Format,
  jsonOf,
  LAST_SEED,
  PLACEMENTS,
  Simulation,
  type SimulationOptions,
  type SimulationResult,
  type Summary,
} from '../simulation/index.js'
import { isColored, PALETTE, red, uncolored } from './colors.js'
import { UsageError } from './errors.js'
import { HistoryFile } from './history.js'
import { applicationOf, DEFAULT_MACHINE, MODULE_HELP, moduleError } from './machine.js'
import { Output } from './output.js'
import { failuresOf, report } from './report.js'
import { parseSeed, quantityOptions, replayCommand, type ScenarioFlags, scenarioFrom } from './scenario.js'

/** How many things happen before the event loop has its turn: some milliseconds' worth. */
const STEPS = 256

interface Flags extends ScenarioFlags {
  readonly format: Format
  readonly summary?: 'json'
  readonly history?: string
  readonly color: boolean
}

export function simulateCommand(): Command {
  const command = new Command('simulate')
    .summary('run a simulated cluster and print every message')
    .description(
      'Runs a simulated cluster, made from one integer, and prints every message. The same seed and options give the same run. Without options it is the classic scenario: fourteen members and eleven clients.',
    )
    .usage('[seed] [options]')
    .argument('[seed]', `a whole number from 0 to ${LAST_SEED}; without one it picks one, and says which`)
  for (const option of [...quantityOptions(), ...otherOptions()]) command.addOption(option)
  return command
    .addHelpText('after', `\n${MODULE_HELP}\n\n${EXIT_HELP}`)
    .action(async (seed: string | undefined, flags: Flags) => {
      process.exitCode = await simulate(seed, flags)
    })
}

const EXIT_HELP =
  'It exits with 0; with 1 when a verdict fails; with 2 when an option or a module is wrong; with 70 when Synod itself is; and with 130 on Ctrl-C.'

function otherOptions(): Option[] {
  return [
    new Option(
      '--machine <name>',
      'what the clients use: key-value, shared (the same keys for all), bank, or a module of your own (see below)',
    ).default(DEFAULT_MACHINE),
    new Option(
      '--reads <way>',
      'how the clients of key-value get: decree, in a slot of its own, or linearizable, without one (default: decree)',
    ).choices(['decree', 'linearizable']),
    new Option(
      '--placement <where>',
      'where the clients are: all at the last member, spread over the members, each on a node of its own, or mixed (default: last)',
    ).choices(PLACEMENTS),
    new Option('--format <format>', 'text, a line an event, or ndjson, a record an event')
      .choices(['text', 'ndjson'])
      .default('text'),
    new Option('--summary <format>', 'json: print the summary as JSON, and no events').choices(['json']),
    new Option('--history <file>', "write the clients' history to a file, as JSON lines"),
    new Option('--no-color', 'no colours, not even on a terminal; so does the variable NO_COLOR'),
  ]
}

/** Runs, says what came of it, and gives the exit code. Throws a UsageError. */
async function simulate(seedText: string | undefined, flags: Flags): Promise<number> {
  const scenario = scenarioFrom(flags)
  const given = seedText === undefined ? null : parseSeed(seedText)
  const application = await applicationOf(flags.machine, flags.reads)
  const history = flags.history === undefined ? null : new HistoryFile(flags.history)
  const seed = given ?? randomInt(LAST_SEED + 1)
  if (given === null) say([`synod: no seed was given, so this is seed ${seed}`])

  const output = new Output(process.stdout)
  const startedAt = performance.now()
  const result = await run({ seed, scenario, application, ...linesTo(output, flags) }, output, flags)
  const wallSeconds = Math.round(performance.now() - startedAt) / 1_000
  history?.write(result.history)
  if (flags.summary === 'json') output.line(jsonSummary(result.summary, wallSeconds))
  await output.flush()
  if (output.closed) return 0 // nobody is left to be told

  const alarm = isColored(process.stderr, flags.color) ? red : uncolored
  if (flags.summary === undefined) say(report(result, wallSeconds, alarm))
  if (result.summary.ok) return 0
  say([...failuresOf(result.summary).map(alarm), `replay it with: ${replayCommand(seed, flags)}`])
  return 1
}

/** What becomes of the lines of the run: they are printed, or else only hashed, for the summary. */
function linesTo(
  output: Output,
  { summary, format, color }: Flags,
): Pick<SimulationOptions, 'onLine' | 'format' | 'palette' | 'hash'> {
  if (summary === 'json') return { hash: true }
  const onLine = (line: string): void => output.line(line)
  return isColored(process.stdout, color) ? { onLine, format, palette: PALETTE } : { onLine, format }
}

/** Runs until it is over, or nobody reads on. Between slices the output is written, and signals are heard. */
async function run(options: SimulationOptions, output: Output, flags: Flags): Promise<SimulationResult> {
  try {
    const simulation = new Simulation(options)
    while (!output.closed && simulation.advance(STEPS)) {
      await output.flush()
      await setImmediate()
    }
    return simulation.result
  } catch (error) {
    await output.flush()
    if (error instanceof UsageError) throw error
    if (error instanceof ApplicationError) throw moduleError(flags.machine, error)
    const replay = replayCommand(options.seed, flags)
    throw new Error(`seed ${options.seed} broke Synod itself; replay it with: ${replay}`, { cause: error })
  }
}

function jsonSummary(summary: Summary, wallSeconds: number): string {
  const { seed, ok, transcriptSha256, simulatedSeconds, ...rest } = summary
  return jsonOf({ seed, ok, transcriptSha256, simulatedSeconds, wallSeconds, ...rest })
}

function say(lines: readonly string[]): void {
  process.stderr.write(lines.map((line) => `${line}\n`).join(''))
}
