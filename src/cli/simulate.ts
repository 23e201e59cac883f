/** `synod simulate`: runs a simulated cluster, and prints every message. */
import { randomInt } from 'node:crypto'
import { setImmediate } from 'node:timers/promises'
import { Command, Option } from 'commander'
import {
  type Format,
  jsonOf,
  LAST_SEED,
  Simulation,
  type SimulationOptions,
  type SimulationResult,
  type Summary,
} from '../simulation/index.js'
import { isColored, PALETTE, red, uncolored } from './colors.js'
import { HistoryFile } from './history.js'
import { MODULE_HELP } from './machine.js'
import { Output } from './output.js'
import { failuresOf, report } from './report.js'
import { faultHelp, machineOptions, type ScenarioFlags, scenarioOptions } from './scenario.js'
import { explained, runOf, type ToldRun } from './told.js'

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
    .argument(
      '[seed]',
      `a whole number from 0 to ${LAST_SEED}, or a story; without one it picks one, and says which`,
    )
  for (const option of [...scenarioOptions(), ...machineOptions(), ...otherOptions()])
    command.addOption(option)
  return command
    .addHelpText('after', `\n${faultHelp()}\n\n${MODULE_HELP}\n\n${EXIT_HELP}`)
    .action(async (seed: string | undefined, flags: Flags) => {
      process.exitCode = await simulate(seed, flags)
    })
}

const EXIT_HELP =
  'It exits with 0; with 1 when a verdict fails; with 2 when an option or a module is wrong; with 70 when Synod itself is; and with 130 on Ctrl-C.'

function otherOptions(): Option[] {
  return [
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
  const told = await runOf(seedText ?? String(randomInt(LAST_SEED + 1)), flags)
  const history = flags.history === undefined ? null : new HistoryFile(flags.history)
  if (seedText === undefined) say([`synod: no seed was given, so this is seed ${told.seed}`])

  const output = new Output(process.stdout)
  const startedAt = performance.now()
  const result = await run(told, output, flags)
  const wallSeconds = Math.round(performance.now() - startedAt) / 1_000
  history?.write(result.history)
  if (flags.summary === 'json') output.line(jsonSummary(result.summary, wallSeconds))
  await output.flush()
  if (output.closed) return 0 // nobody is left to be told

  const alarm = isColored(process.stderr, flags.color) ? red : uncolored
  if (flags.summary === undefined) say(report(result, wallSeconds, alarm))
  if (result.summary.ok) return 0
  say([...failuresOf(result.summary).map(alarm), `replay it with: ${told.replay}`])
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
async function run(told: ToldRun, output: Output, flags: Flags): Promise<SimulationResult> {
  const { seed, scenario, application } = told
  try {
    const simulation = new Simulation({ seed, scenario, application, ...linesTo(output, flags) })
    while (!output.closed && simulation.advance(STEPS)) {
      await output.flush()
      await setImmediate()
    }
    return simulation.result
  } catch (error) {
    await output.flush()
    throw explained(error, told)
  }
}

function jsonSummary(summary: Summary, wallSeconds: number): string {
  const { seed, ok, transcriptSha256, simulatedSeconds, ...rest } = summary
  return jsonOf({ seed, ok, transcriptSha256, simulatedSeconds, wallSeconds, ...rest })
}

function say(lines: readonly string[]): void {
  process.stderr.write(lines.map((line) => `${line}\n`).join(''))
}
