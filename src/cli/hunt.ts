/** `synod hunt`: runs many seeds on all cores, and tells which of them fail. */
import { availableParallelism } from 'node:os'
import { Command, Option } from 'commander'
import {
  Campaign,
  DEFAULT_MACHINE,
  type Found,
  jsonOf,
  type Tally,
  usualMachine,
} from '../simulation/index.js'
import { isColored, red, uncolored } from './colors.js'
import { UsageError } from './errors.js'
import { findingOf, goOnCommand, type Hunted, jsonFrom, tableOf } from './hunted.js'
import { EXIT_CODES } from './interruption.js'
import { MODULE_HELP } from './machine.js'
import { Output } from './output.js'
import { Pool } from './pool.js'
import { duration, Progress } from './progress.js'
import { type CompleteFlags, faultHelp, machineOptions, scenarioFrom, scenarioOptions } from './scenario.js'
import { parseDuration, parseSeeds, shardFrom } from './seeds.js'

const SEEDS = '1..1000'
const MOST_WORKERS = 256

interface HuntFlags extends CompleteFlags {
  readonly seeds: string
  readonly workers?: string
  readonly for?: string
  readonly shard?: string
  readonly json?: boolean
  readonly color: boolean
}

export function huntCommand(): Command {
  const command = new Command('hunt')
    .summary('run many seeds, and tell which of them fail')
    .description(
      'Runs one simulated cluster after the other, each made from a seed of its own, on all cores, and tells which of them fail a verdict. By default each seed picks its own size and faults. Ctrl-C or SIGTERM ends it, with the command that goes on from there.',
    )
    .usage('[options]')
  for (const option of [...otherOptions(), ...scenarioOptions('swarm'), ...machineOptions()]) {
    command.addOption(option)
  }
  return command
    .addHelpText('after', `\n${faultHelp()}\n\n${MODULE_HELP}\n\n${EXIT_HELP}`)
    .action(async (flags: HuntFlags) => {
      const scenario = flags.scenario ?? 'swarm'
      process.exitCode = await hunt({ ...flags, scenario, machine: flags.machine ?? usualMachine(scenario) })
    })
}

const EXIT_HELP =
  'It exits with 0 when every verdict holds for every seed; with 1 when one fails; with 2 when an option\nor a module is wrong; with 70 when Synod itself is; and with 130 on Ctrl-C or 143 on SIGTERM, if none\nfailed until then.'

function otherOptions(): Option[] {
  return [
    new Option(
      '--seeds <range>',
      'which seeds, as in 1..100000; or several ranges, as in 1..500,700',
    ).default(SEEDS),
    new Option(
      '--workers <number>',
      `how many run at the same time (default: ${availableParallelism()}, one a core)`,
    ),
    new Option('--for <time>', 'how long at most, as in 90s, 10m or 8h (default: until all are done)'),
    new Option(
      '--shard <K/N>',
      'only the K-th of N parts of the seeds, in their order: for one of N machines (default: all)',
    ),
    new Option('--json', 'print what came of it as JSON'),
    new Option('--no-color', 'no colours, not even on a terminal; so does the variable NO_COLOR'),
  ]
}

/** Hunts, says what was found, and gives the exit code. Throws a UsageError. */
async function hunt(flags: HuntFlags): Promise<number> {
  const campaign = new Campaign(shardFrom(parseSeeds(flags.seeds), flags.shard))
  const workers = parseWorkers(flags.workers)
  const limitMillis = flags.for === undefined ? null : parseDuration(flags.for) * 1_000
  checkFlags(flags)

  const output = new Output(process.stdout)
  const startedAt = performance.now()
  const progress = new Progress(process.stderr)
  const seconds = (): number => (performance.now() - startedAt) / 1_000
  const show = (): void => showProgress(progress, campaign, seconds())
  const onDone = (tally: Tally): void => {
    for (const found of tally.failed) tellFinding(found, flags, output)
    output.flush().then(
      () => output.closed && pool.stop(), // nobody is left to be told
      (error) => pool.fail(error),
    )
    show()
  }
  const pool = new Pool({ campaign, flags, workers, onDone })
  const interrupted = stopOnSignal(pool)
  const timer = limitMillis === null ? undefined : setTimeout(() => pool.stop(), limitMillis)
  const ticking = setInterval(show, 100)
  try {
    await pool.run()
  } finally {
    clearTimeout(timer)
    clearInterval(ticking)
    progress.stop()
  }
  const { tally, left } = campaign
  await conclude({ tally, left, wallSeconds: seconds() }, pool.stuck, flags, output)
  if (tally.failed.length > 0) return 1
  return interrupted() ?? 0
}

/** What is wrong in the options is said before any worker starts. */
function checkFlags(flags: HuntFlags): void {
  scenarioFrom(flags, 0)
  if (flags.reads !== undefined && flags.machine !== DEFAULT_MACHINE) {
    throw new UsageError('--reads says how the clients of --machine key-value read, and no others')
  }
}

function parseWorkers(text: string | undefined): number {
  if (text === undefined) return availableParallelism()
  const workers = Number(text)
  if (/^\d+$/.test(text) && workers >= 1 && workers <= MOST_WORKERS) return workers
  throw new UsageError(`--workers must be a whole number from 1 to ${MOST_WORKERS}, and '${text}' is not`)
}

/**
 * The first Ctrl-C or SIGTERM ends the campaign, a second one also the runs that are under way: what was done is told
 * all the same. A third one ends the process. Gives the exit code of the first; null while there was none.
 */
function stopOnSignal(pool: Pool): () => number | null {
  let signals = 0
  let exitCode: number | null = null
  process.removeAllListeners('SIGINT')
  for (const [signal, code] of Object.entries(EXIT_CODES)) {
    process.on(signal, () => {
      signals += 1
      exitCode ??= code
      if (signals === 1) pool.stop()
      else if (signals === 2) pool.cutOff()
      else process.exit(code)
    })
  }
  return () => exitCode
}

function showProgress(progress: Progress, { seeds, tally }: Campaign, seconds: number): void {
  const fraction = tally.seeds / Math.max(1, seeds)
  progress.show(fraction, () => {
    const rate = tally.seeds / seconds
    const left = rate > 0 ? `${duration((seeds - tally.seeds) / rate)} left` : 'starting'
    const failures = tally.failed.length === 1 ? '1 failure' : `${tally.failed.length} failures`
    const done = `${Math.floor(100 * fraction)} %, ${tally.seeds} of ${seeds} seeds`
    return `${done}, ${rate.toFixed(rate < 10 ? 1 : 0)} a second, ${left}, ${failures}`
  })
}

/** At once, to whoever watches. */
function tellFinding(found: Found, flags: HuntFlags, output: Output): void {
  const stream = flags.json === true ? process.stderr : process.stdout
  const alarm = isColored(stream, flags.color) ? red : uncolored
  const [what, replay] = findingOf(found, flags)
  const lines = [alarm(what), `  ${replay}`]
  if (flags.json === true) process.stderr.write(lines.map((line) => `${line}\n`).join(''))
  else for (const line of lines) output.line(line)
}

async function conclude(
  hunted: Hunted,
  stuck: readonly number[],
  flags: HuntFlags,
  output: Output,
): Promise<void> {
  if (flags.json === true) output.line(jsonOf(jsonFrom(hunted, flags)))
  else for (const line of tableOf(hunted)) output.line(line)
  await output.flush()
  for (const seed of stuck) {
    process.stderr.write(`synod: the run of seed ${seed} had not come to its end and was cut off\n`)
  }
  if (hunted.left.length > 0) process.stderr.write(`go on with: ${goOnCommand(hunted.left, flags)}\n`)
}
