/** The run that an address names: its seed, its scenario and its application. */
import type { RoleFactories } from 'synod/paxos'
import {
  type AnyApplication,
  ApplicationError,
  applicationFrom,
  DEFAULT_MACHINE,
  isStory,
  OptionError,
  parseSeed,
  readStory,
  readyApplication,
  type Scenario,
  StoryError,
  scenarioOf,
  usualMachine,
} from 'synod/simulation'
import { PLANTED } from '../tour/planted.js'
import { Sentence } from './address.js'
import type { Address } from './contract.js'

export interface ToldRun {
  readonly title: string
  readonly seed: number
  readonly scenario: Scenario
  readonly application: AnyApplication
  /** Roles in place of the real ones: a bug that is planted. */
  readonly roles: Partial<RoleFactories>
}

/** What a module of a user's own exports, as `application` or as default, and what it is called. */
export interface GivenMachine {
  readonly name: string
  readonly exported: unknown
}

/** Throws a {@link Sentence}. */
export function toldRun(address: Address, given: GivenMachine | null): ToldRun {
  try {
    return isStory(address.run) ? toldByStory(address, given) : toldBySeed(address, given)
  } catch (error) {
    if (error instanceof OptionError) {
      const option = error.option === null ? '' : `the option ‘${error.option}’ `
      throw new Sentence(sentenceOf(`${option}${error.message}`))
    }
    if (error instanceof StoryError) throw new Sentence(error.message)
    if (error instanceof ApplicationError) throw new Sentence(sentenceOf(`${given?.name}: ${error.message}`))
    throw error
  }
}

function toldBySeed({ run, options }: Address, given: GivenMachine | null): ToldRun {
  const seed = parseSeed(run)
  const {
    scenario: kind,
    machine: named,
    reads,
    placement,
    fault,
    'no-fault': noFault,
    planted,
    ...numbers
  } = options
  const isSwarm = kind === 'swarm'
  const scenario = scenarioOf(
    {
      numbers,
      scenario: isSwarm ? 'swarm' : 'classic',
      reads: reads as 'decree' | 'linearizable' | undefined, // checked by whoever parsed the address
      placement: placement as Scenario['placement'] | undefined, // as well
      faults: [...flagsOf(fault, true), ...flagsOf(noFault, false)],
      overBudget: options['over-budget'] !== undefined,
    },
    seed,
  )
  const machine = named ?? usualMachine(isSwarm ? 'swarm' : 'classic')
  if (machine !== DEFAULT_MACHINE && reads !== undefined)
    throw new Sentence(
      'The option ‘reads’ says how the clients of key-value read, and no others: leave it out.',
    )
  const application = readyApplication(machine, scenario.reads) ?? ownApplication(machine, given)
  return { title: `seed ${run}`, seed, scenario, application, roles: PLANTED[planted ?? ''] ?? {} }
}

function toldByStory({ run, options }: Address, given: GivenMachine | null): ToldRun {
  const { machine, scenario, seed } = readStory(run)
  const named = options['machine']
  const application =
    machine === 'custom' ? ownApplication(named ?? null, given) : readyApplication(machine, scenario.reads)
  if (application === null || (machine !== 'custom' && named !== undefined && named !== machine))
    throw new Sentence(`This story is of the machine ${machine}: leave out the option ‘machine’.`)
  return { title: `story ${shortened(run)}`, seed, scenario, application, roles: {} }
}

/** Throws a {@link Sentence} when there is none. */
export function ownApplication(named: string | null, given: GivenMachine | null): AnyApplication {
  if (given !== null && (named === null || nameOfModule(named) === nameOfModule(given.name)))
    return applicationFrom(given.exported, nameOfModule(given.name))
  const which = named === null ? 'a machine of somebody’s own' : `the machine ‘${named}’`
  const has = given === null ? 'does not have' : `does not have, but ${given.name}`
  throw new Sentence(
    `This run is of ${which}, which this page ${has}: open it with npx synod view --machine ${named ?? './mine.js'}.`,
  )
}

/** `./mine.js` is called `mine`, as the command line calls it. */
export function nameOfModule(path: string): string {
  const file = path.split(/[\\/]/).at(-1) ?? path
  return file.replace(/(?<=.)\.[^.]*$/, '')
}

function flagsOf(list: string | undefined, isOn: boolean): { isOn: boolean; text: string }[] {
  return (list ?? '')
    .split(',')
    .filter((text) => text !== '')
    .map((text) => ({ isOn, text }))
}

function shortened(story: string): string {
  return story.length <= 16 ? story : `${story.slice(0, 15)}…`
}

function sentenceOf(text: string): string {
  const whole = text.charAt(0).toUpperCase() + text.slice(1)
  return whole.endsWith('.') ? whole : `${whole}.`
}
