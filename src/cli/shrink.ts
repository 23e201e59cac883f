/** `synod shrink`: makes a run that fails as short as it can, and tells it as one integer. */
import { setImmediate } from 'node:timers/promises'
import { Command, Option } from 'commander'
import {
  jsonOf,
  type Shrunk,
  Simulation,
  type SimulationOptions,
  shrink,
  simulate,
  type Trial,
  trialsOf,
} from '../simulation/index.js'
import { isColored, PALETTE } from './colors.js'
import { UsageError } from './errors.js'
import { EXIT_CODES, noteInterrupt } from './interruption.js'
import { MODULE_HELP } from './machine.js'
import { Output } from './output.js'
import { Progress } from './progress.js'
import { faultHelp, machineOptions, type ScenarioFlags, scenarioOptions } from './scenario.js'
import { explained, runOf, storyCommand, storyOf, type ToldRun } from './told.js'

/** The event loop has its turn after so long. */
const SLICE_MILLIS = 50
const LIMIT_SECONDS = 50

interface Flags extends ScenarioFlags {
  readonly limit?: string
  readonly json?: boolean
  readonly color: boolean
}

export function shrinkCommand(): Command {
  const command = new Command('shrink')
    .summary('make a failing run as short as it can be')
    .description(
      'Takes a run that fails a verdict, and leaves out faults, members, clients and requests while the same verdict still fails, and no later than before. It prints what is left, up to the event that broke the verdict, and a story: one integer that holds all of that run, for synod simulate.',
    )
    .usage('<seed> [options]')
    .argument('<seed>', 'the seed of a run that fails, with the options it was run with; or a story')
  for (const option of [...scenarioOptions(), ...machineOptions(), ...otherOptions()])
    command.addOption(option)
  return command
    .addHelpText('after', `\n${faultHelp()}\n\n${MODULE_HELP}\n\n${EXIT_HELP}`)
    .action(async (word: string, flags: Flags) => {
      process.exitCode = await shrinkRun(word, flags)
    })
}

const EXIT_HELP =
  'It exits with 0 when it has a story; with 2 when an option or a module is wrong, or the run\ndoes not fail, so that there is nothing to shrink; with 70 when Synod itself is wrong; and with\n130 on Ctrl-C, which has it tell the shortest until then.'

function otherOptions(): Option[] {
  return [
    new Option('--limit <seconds>', `how long it may look for shorter ones (default: ${LIMIT_SECONDS})`),
    new Option('--json', 'print the story as JSON, and no transcript'),
    new Option('--no-color', 'no colours, not even on a terminal; so does the variable NO_COLOR'),
  ]
}

/** Shrinks, says what came of it, and gives the exit code. Throws a UsageError. */
async function shrinkRun(word: string, flags: Flags): Promise<number> {
  const limitSeconds = parseLimit(flags.limit)
  const told = await runOf(word, flags)
  const isInterrupted = noteInterrupt()
  const startedAt = performance.now()
  const endMillis = startedAt + limitSeconds * 1_000
  const [first, last] = await search(told, {
    onFailure: ({ verdict, event }) =>
      process.stderr.write(
        `synod: ${verdict} fails at event ${event}; looking for shorter runs for ${limitSeconds} s at most\n`,
      ),
    isOver: () => isInterrupted() || performance.now() >= endMillis,
  })
  const wallSeconds = Math.round(performance.now() - startedAt) / 1_000

  const short = { ...told, seed: last.seed, scenario: last.scenario }
  const story = storyOf(short)
  const replay = storyCommand(story, told.machine)
  const output = new Output(process.stdout)
  const { verdict, reason, event } = last.failure
  if (flags.json === true) {
    const { events } = simulate(short).summary
    const { seed } = told
    output.line(jsonOf({ seed, verdict, reason, event, events, runs: last.runs, wallSeconds, story, replay }))
  } else {
    const palette = isColored(process.stdout, flags.color) ? { palette: PALETTE } : {}
    for (const line of linesUpTo(event, { ...short, ...palette })) output.line(line)
    output.line(`# ${verdict} failed at event ${event}, in the line above: ${reason.replaceAll(/\s+/g, ' ')}`)
    output.line(`# replay it with: ${replay}`)
  }
  await output.flush()
  process.stderr.write(
    `synod: ${verdict} fails at event ${event} instead of ${first.failure.event}, after ${last.runs} runs in ${wallSeconds.toFixed(1)} s\n`,
  )
  return isInterrupted() ? EXIT_CODES.SIGINT : 0
}

function parseLimit(text: string | undefined): number {
  if (text === undefined) return LIMIT_SECONDS
  if (/^\d+(\.\d+)?$/.test(text)) return Number(text)
  throw new UsageError(`--limit must be a number of seconds, and '${text}' is not`)
}

interface Surroundings {
  /** Hears how the run fails that was given. */
  readonly onFailure: (failure: Shrunk['failure']) => void
  readonly isOver: () => boolean
}

/** The run as it was given, and the shortest that was found before it was over. */
async function search(
  told: ToldRun,
  { onFailure, isOver }: Surroundings,
): Promise<readonly [Shrunk, Shrunk]> {
  const { seed, application } = told
  const scenario = { ...told.scenario, requests: told.scenario.requests ?? application.requests }
  const shrinking = shrink({ scenario, seed, trial: explainedTrials(told) })
  const first = shrinking.next().value
  if (first === null)
    throw new UsageError(`every verdict holds: there is nothing to shrink in ${told.replay}`)
  onFailure(first.failure)
  const progress = new Progress(process.stderr)
  let last = first
  try {
    for (let sliceMillis = performance.now() + SLICE_MILLIS; !isOver(); ) {
      const { done, value } = shrinking.next()
      if (value !== null) last = value
      if (done === true) break
      if (performance.now() < sliceMillis) continue
      const { failure, runs } = last
      const { event } = first.failure
      progress.show(failure.event / event, () => `event ${failure.event} instead of ${event}, ${runs} runs`)
      await setImmediate()
      sliceMillis = performance.now() + SLICE_MILLIS
    }
  } finally {
    progress.stop()
  }
  return [first, last]
}

/** Trials that say which run it was, should one break Synod itself. */
function explainedTrials({ application, machine }: ToldRun): Trial {
  const trial = trialsOf({ application })
  return (scenario, seed, sought) => {
    try {
      return trial(scenario, seed, sought)
    } catch (error) {
      throw explained(error, { replay: storyCommand(storyOf({ seed, scenario, machine }), machine), machine })
    }
  }
}

/** The transcript of a run, up to an event. */
function linesUpTo(event: number, options: SimulationOptions): readonly string[] {
  const lines: string[] = []
  const simulation = new Simulation({ ...options, onLine: (line) => lines.push(line) })
  while (lines.length <= event && simulation.advance(1)) {
    // until that event has happened
  }
  return lines.slice(0, event + 1)
}
