/** A run as the command line names it: by a seed and options, or by a story. */
import {
  type AnyApplication,
  ApplicationError,
  DEFAULT_MACHINE,
  isStory,
  readStory,
  type Scenario,
  StoryError,
  type StoryMachine,
  storyMachine,
  tellStory,
  usualMachine,
} from '../simulation/index.js'
import { UsageError } from './errors.js'
import { applicationOf, moduleError } from './machine.js'
import {
  machineWords,
  replayCommand,
  type ScenarioFlags,
  scenarioFrom,
  scenarioWords,
  seedFrom,
} from './scenario.js'

export interface ToldRun {
  readonly seed: number
  readonly scenario: Scenario
  readonly application: AnyApplication
  /** What `--machine` names, or would. */
  readonly machine: string
  /** The command that runs it again. */
  readonly replay: string
}

/** The run of a seed or of a story, as it was typed. Throws a UsageError. */
export async function runOf(word: string, flags: ScenarioFlags): Promise<ToldRun> {
  if (isStory(word)) return await runOfStory(word, flags)
  const seed = seedFrom(word)
  const scenario = scenarioFrom(flags, seed)
  const machine = flags.machine ?? usualMachine(flags.scenario)
  const reads = machine === DEFAULT_MACHINE ? scenario.reads : flags.reads
  const application = await applicationOf(machine, reads)
  return { seed, scenario, application, machine, replay: replayCommand(seed, flags) }
}

async function runOfStory(word: string, flags: ScenarioFlags): Promise<ToldRun> {
  const told = orUsageError(() => readStory(word))
  const others = scenarioWords(flags)
  if (others.length > 0) {
    throw new UsageError(`a story holds every option of its run: leave out ${others.join(' ')}`)
  }
  const { seed, scenario } = told
  const machine = machineOf(told.machine, flags.machine)
  const reads = machine === DEFAULT_MACHINE ? scenario.reads : undefined
  const application = await applicationOf(machine, reads)
  return { seed, scenario, application, machine, replay: storyCommand(word, machine) }
}

function machineOf(told: StoryMachine, given: string | undefined): string {
  if (given !== undefined && storyMachine(given) === told) return given
  if (told === 'custom') {
    throw new UsageError('this story is of a machine of your own: name it too, as in --machine ./mine.js')
  }
  if (given === undefined) return told
  throw new UsageError(`this story is of the machine ${told}: leave out --machine ${given}`)
}

/** The story of a run. Throws a UsageError. */
export function storyOf(run: Pick<ToldRun, 'seed' | 'scenario' | 'machine'>): string {
  return orUsageError(() => tellStory({ ...run, machine: storyMachine(run.machine) }))
}

/** The command that replays a story: a machine that is ready-made is in the story. */
export function storyCommand(story: string, machine: string): string {
  const words = storyMachine(machine) === 'custom' ? machineWords({ machine }) : []
  return ['npx', 'synod', 'simulate', story, ...words].join(' ')
}

function orUsageError<Result>(make: () => Result): Result {
  try {
    return make()
  } catch (error) {
    throw error instanceof StoryError ? new UsageError(error.message) : error
  }
}

/** What is thrown in the middle of a run: the machine is wrong, or else Synod is. */
export function explained(error: unknown, { replay, machine }: Pick<ToldRun, 'replay' | 'machine'>): unknown {
  if (error instanceof UsageError) return error
  if (error instanceof ApplicationError) return moduleError(machine, error)
  return new Error(`this run broke Synod itself; replay it with: ${replay}`, { cause: error })
}
