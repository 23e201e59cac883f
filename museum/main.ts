/**
 * `npm run museum`: hunts every planted bug, or some, and prints how soon each is found and the story that shows it.
 * Progress goes to stderr.
 */
import { availableParallelism } from 'node:os'
import { parseArgs } from 'node:util'
import { readStory, Simulation, StoryError, storyMachine } from 'synod/simulation'
import { isUpToDate } from './examine.js'
import type { Exhibit } from './exhibit.js'
import { EXHIBITS } from './exhibits/index.js'
import { isShort, medianOf, readFindings, type Told, writeFindings } from './findings.js'
import { MOST_SEEDS, replay, STARTS } from './hunt.js'
import { applicationOfModule, checkAlone, UsageError, withApplication } from './mine.js'
import { examineAll, type Job, STORIES } from './pool.js'
import { tableOf, writeTable } from './table.js'
import { applicationOf } from './trial.js'

/** What is pinned is shrunk for so long even if it is short enough, unless it is as short as the one by hand. */
const PINNED_LEAST_SECONDS = 8

const README = new URL('../README.md', import.meta.url)

const HELP = `Usage: npm run museum -- [options]

Hunts planted bugs, each from five starts, and shows how many seeds it took and the story that replays it.

  --bug NAME         only this one; may be given several times
  --seeds N          give up a hunt after so many seeds (default: ${MOST_SEEDS})
  --starts N         hunt from so many starts, 1 to ${STARTS.length} (default: ${STARTS.length})
  --quick            hunt nothing: replay the pinned stories
  --search           hunt nothing: look for shorter stories in the situations that are set up by hand
  --pin              shrink what was caught further than that, look for a story by hand as well, and write all to
                     museum/stories.json and museum/README.md; with --quick or --search, write what comes of that
  --resume           leave out what is pinned as it is now: go on with a --pin that was interrupted
  --limit SECONDS    how long to shrink what was caught until it is short enough (default: 50)
  --by-hand SECONDS  how long to look for a story by hand (default: 5)
  --workers N        processes at work (default: one for each core)
  --machine MODULE   hunt with a machine and clients of your own, such as ./mine.js, or with key-value, shared or bank
  --replay INTEGER   with --bug NAME: print the transcript of this story, up to the event that breaks a verdict
  --json             print an array of {bug, found, verdict, medianSeeds, story}
  --help             print this

Seconds are those of the processor. It exits with 0 when every bug is caught from each start and shrinks to at most
twice the shortest story by hand; with 1 when one does not; and with 2 when an option or a module is wrong.`

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      bug: { type: 'string', multiple: true },
      seeds: { type: 'string', default: String(MOST_SEEDS) },
      starts: { type: 'string', default: String(STARTS.length) },
      limit: { type: 'string', default: '50' },
      'by-hand': { type: 'string', default: '5' },
      workers: { type: 'string', default: String(availableParallelism()) },
      resume: { type: 'boolean', default: false },
      search: { type: 'boolean', default: false },
      machine: { type: 'string' },
      replay: { type: 'string' },
      quick: { type: 'boolean', default: false },
      pin: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  })
  if (values.help) {
    print(HELP)
    return 0
  }
  for (const each of ['pin', 'quick', 'search'] as const)
    if (values[each] && values.machine !== undefined)
      throw new UsageError(`stories are pinned of the clients of shared: leave out --machine, or --${each}`)
  if (values.quick && values.search)
    throw new UsageError(
      '--quick replays what is pinned and --search looks for shorter stories: leave out one',
    )
  const chosen = await exhibitsOf(values.bug, values.machine)
  if (values.replay !== undefined) return show(chosen, values.replay)
  const all = readFindings(STORIES)
  const left = chosen.filter((exhibit) => !(values.resume && isUpToDate(exhibit, all[exhibit.name])))
  const effort = {
    starts: STARTS.slice(0, numberOf('--starts', values.starts, STARTS.length)),
    seeds: numberOf('--seeds', values.seeds, MOST_SEEDS),
    limitSeconds: numberOf('--limit', values.limit, 3_600),
    leastSeconds: values.pin ? PINNED_LEAST_SECONDS : 0,
    isThorough: values.pin,
    searchSeconds: numberOf('--by-hand', values['by-hand'], 3_600),
  }
  const mode = values.quick ? 'quick' : values.search ? 'search' : 'examine'
  const jobs = left.map(({ name }): Job => ({ bug: name, mode, effort, machine: values.machine }))
  let count = 0
  const told = await examineAll(jobs, numberOf('--workers', values.workers, 64), (one) => {
    say(`${++count} of ${jobs.length}: ${one.bug} ${wordsOf(one)}`)
    if (values.pin && one.found) pin(one)
  })
  if (values.pin) writeTable(README, readFindings(STORIES))
  print(values.json ? jsonOf(told) : tableOf(told))
  return told.every((one) => one.found && isShort(one)) ? 0 : 1
}

function wordsOf(told: Told): string {
  const { found, verdict, events, byHand, shrunkSeconds } = told
  if (!found) return 'is NOT found'
  const time = shrunkSeconds === null ? '' : `, after ${shrunkSeconds.toFixed(1)} s`
  const hand = byHand === null ? 'none' : `${byHand.events}`
  return `breaks ${verdict} in ${events} events${time}; ${hand} by hand${isShort(told) ? '' : ', so it is NOT SHORT'}`
}

function pin({ bug, seeds, verdict, events, story, byHand }: Told): void {
  const all = { ...readFindings(STORIES), [bug]: { seeds, verdict, events, story, byHand } }
  const inOrder = EXHIBITS.flatMap(({ name }) => (all[name] ? [[name, all[name]] as const] : []))
  writeFindings(STORIES, Object.fromEntries(inOrder))
}

// ---- a replay ----------------------------------------------------------------------------------------------------

function show(chosen: readonly Exhibit[], story: string): number {
  const [exhibit, another] = chosen
  if (exhibit === undefined || another !== undefined)
    throw new UsageError('--replay needs one --bug: the one that the story is of')
  const { scenario, seed, machine } = readStory(story)
  if (machine !== storyMachine(applicationOf(exhibit).name))
    throw new UsageError(
      machine === 'custom'
        ? 'this story is of a machine of your own: name it too, as in --machine ./mine.js'
        : `this story is of the machine ${machine}: ${machine === 'shared' ? 'leave out --machine' : `add --machine ${machine}`}`,
    )
  const failure = replay(exhibit, story)
  const last = failure?.event ?? Number.MAX_SAFE_INTEGER
  let count = 0
  const simulation = new Simulation({
    scenario,
    seed,
    application: applicationOf(exhibit),
    makeNode: exhibit.plant(),
    onLine: (line) => {
      if (count++ <= last) print(line)
    },
  })
  while (count <= last && simulation.advance(1)) {
    // until the verdict is broken
  }
  if (failure === null) {
    print(`# ${exhibit.name}: no verdict fails`)
    return 1
  }
  print(`# ${exhibit.name}: ${exhibit.wrong}`)
  print(`# ${failure.verdict} failed at event ${failure.event}: ${failure.reason}`)
  return 0
}

// ---- words -------------------------------------------------------------------------------------------------------

async function exhibitsOf(
  names: readonly string[] | undefined,
  machine: string | undefined,
): Promise<readonly Exhibit[]> {
  const chosen = names === undefined ? EXHIBITS : named(names)
  if (machine === undefined) return chosen
  const application = await applicationOfModule(machine)
  checkAlone(machine, application)
  return chosen.map((exhibit) => withApplication(exhibit, application))
}

function named(names: readonly string[]): readonly Exhibit[] {
  return names.map((name) => {
    const exhibit = EXHIBITS.find((each) => each.name === name)
    if (exhibit !== undefined) return exhibit
    const alike = EXHIBITS.map((each) => each.name).filter((each) => isAlike(each, name))
    const advice = alike.length === 0 ? '' : `; like it are ${alike.join(', ')}`
    throw new UsageError(`there is no bug '${name}'${advice}; museum/README.md lists all of them`)
  })
}

/** Whether two names have a word in common that says something. */
function isAlike(name: string, other: string): boolean {
  const words = other.split(/\W+/).filter((word) => word.length > 3)
  return name.split('-').some((word) => words.includes(word))
}

function numberOf(option: string, text: string, most: number): number {
  const number = Number(text)
  if (Number.isInteger(number) && number >= 1 && number <= most) return number
  throw new UsageError(`${option} must be a whole number from 1 to ${most}, and ${text} is not`)
}

function jsonOf(told: readonly Told[]): string {
  const rows = told.map(({ bug, found, verdict, seeds, story }) => ({
    bug,
    found,
    verdict,
    medianSeeds: medianOf(seeds),
    story,
  }))
  return JSON.stringify(rows, null, 2)
}

function print(text: string): void {
  process.stdout.write(`${text}\n`)
}

function say(text: string): void {
  process.stderr.write(`museum: ${text}\n`)
}

try {
  process.exitCode = await main()
} catch (error) {
  const isWrong = error instanceof UsageError || error instanceof StoryError || isOptionError(error)
  if (!isWrong) throw error
  say(sentenceOf(error))
  process.exitCode = 2
}

/** Its first line, with its full stop. */
function sentenceOf(error: Error): string {
  const [line = ''] = error.message.split('\n')
  const sentence = line.replace(/\.$/, '')
  return isOptionError(error) ? `${sentence}; npm run museum -- --help lists the options.` : `${sentence}.`
}

/** What `parseArgs` throws. */
function isOptionError(error: unknown): error is Error {
  return error instanceof TypeError && 'code' in error && String(error.code).startsWith('ERR_PARSE_ARGS')
}
