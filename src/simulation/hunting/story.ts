/**
 * A story: a whole run as one decimal integer of at most 300 digits. It holds the scenario, the machine, the seed, and
 * what is left out.
 *
 *     … scenario, machine, seed …   version   check digits
 *                                   4 digits  6 digits
 *
 * The last ten digits are the frame, which is the same in every version: the check digits make the integer a
 * multiple of a prime, so a wrong digit and two that are exchanged are always found, and whatever else nearly always.
 */
import { checkScenario, LAST_SEED, type Scenario } from '../scenario.js'
import { DigitReader, DigitWriter } from './digits.js'
import { FIELDS } from './fields.js'

/**
 * Grows whenever a story would tell another run than before: when the fields of a scenario, their order or their bounds
 * change, or the classes of faults do; and when the same scenario and seed run otherwise, since the protocol or the world
 * has changed. A story of another version is refused, for it would replay something else in silence.
 */
export const STORY_VERSION = 10

/** No story has more. */
export const MOST_STORY_DIGITS = 300

/** Seeds have at most 10 digits, and no story has as few as this. */
const FEWEST_STORY_DIGITS = 20

/** The machines that a story names; one of the user's own is `custom`, and must be given beside the story. */
const MACHINES = ['custom', 'key-value', 'bank', 'shared'] as const

export type StoryMachine = (typeof MACHINES)[number]

export interface Story {
  readonly scenario: Scenario
  readonly machine: StoryMachine
  readonly seed: number
}

/** What an integer is not a story for, or why a story has no integer: a sentence that says what to do. */
export class StoryError extends Error {
  override name = 'StoryError'
}

/** The largest prime of six digits. */
const PRIME = 999_983n
const CHECKS = 1_000_000n
const VERSIONS = 10_000n

/** What the story of a run by an application of this name calls its machine. */
export function storyMachine(name: string): StoryMachine {
  return MACHINES.find((machine) => machine === name) ?? 'custom'
}

/**
 * The integer that tells a run. Throws a RangeError when its seed or scenario is not one that can be run, and a
 * {@link StoryError} when so much is left out, one by one, that 300 digits do not hold it.
 */
export function tellStory({ scenario, machine, seed }: Story): string {
  checkScenario(seed, scenario)
  const digits = new DigitWriter()
  digits.write(seed, LAST_SEED + 1)
  digits.write(MACHINES.indexOf(machine), MACHINES.length)
  for (const field of fieldNames()) FIELDS[field].write(digits, scenario)
  const framed = (digits.number * VERSIONS + BigInt(STORY_VERSION)) * CHECKS
  const story = String(framed + ((PRIME - (framed % PRIME)) % PRIME))
  if (story.length <= MOST_STORY_DIGITS) return story
  throw new StoryError(
    `This story takes ${story.length} digits, and ${MOST_STORY_DIGITS} is the most: leave out whole classes of faults, and lower how many clients there are, rather than leaving out hundreds one by one.`,
  )
}

/** Whether a word that was given where a seed may stand is meant as a story. */
export function isStory(word: string): boolean {
  return /^\d+$/.test(word) && word.length >= FEWEST_STORY_DIGITS
}

/** The run that an integer tells. Throws a {@link StoryError} when it is damaged, or told by another version. */
export function readStory(text: string): Story {
  const { version, body } = unframed(text)
  if (version === BigInt(STORY_VERSION)) return readBody(body)
  throw new StoryError(
    `This story was told by version ${version} of the simulated world, and this is version ${STORY_VERSION} of it: replay it with the release of Synod that told it.`,
  )
}

/**
 * The scenario and seed that an integer of any version tells, if they are written as they are today; what happens in
 * that run may be something else by now. Throws a {@link StoryError} when it is damaged, or written otherwise.
 */
export function readOlderStory(text: string): Story {
  return readBody(unframed(text).body)
}

function unframed(text: string): { readonly version: bigint; readonly body: bigint } {
  if (text.length > MOST_STORY_DIGITS) {
    throw new StoryError(`A story has at most ${MOST_STORY_DIGITS} digits, and this has ${text.length}.`)
  }
  const number = BigInt(text)
  if (number % PRIME !== 0n) throw new StoryError(DAMAGED)
  return { version: (number / CHECKS) % VERSIONS, body: number / CHECKS / VERSIONS }
}

const DAMAGED = 'This story is damaged, since its check digits do not fit: copy all of its digits once more.'

function readBody(body: bigint): Story {
  const digits = new DigitReader(body)
  const seed = digits.read(LAST_SEED + 1)
  const machine = MACHINES[digits.read(MACHINES.length)] ?? 'custom'
  const fields: Partial<Record<keyof Scenario, unknown>> = {}
  const scenario = fields as Scenario // complete after this loop; each field reads only those before it
  for (const field of fieldNames()) fields[field] = FIELDS[field].read(digits, scenario)
  try {
    if (!digits.ended) throw new RangeError(DAMAGED)
    checkScenario(seed, scenario)
  } catch (error) {
    if (error instanceof RangeError) throw new StoryError(DAMAGED)
    throw error
  }
  return { scenario, machine, seed }
}

function fieldNames(): readonly (keyof Scenario)[] {
  return Object.keys(FIELDS) as (keyof Scenario)[] // the table has a row for each
}
