/**
 * `npm run museum`: hunts every planted bug, or some, and prints how soon each is found and the story that shows it.
 * Progress goes to stderr.
 */
import { parseArgs } from 'node:util'
import { readStory, Simulation, StoryError } from 'synod/simulation'
import { examine, replayKnown, searchFor } from './examine.js'
import type { Exhibit } from './exhibit.js'
import { EXHIBITS } from './exhibits/index.js'
import { medianOf, readFindings, type Told, writeFindings } from './findings.js'
import { MOST_SEEDS, replay, STARTS } from './hunt.js'
import { applicationOfModule, UsageError, withApplication } from './mine.js'
import { tableOf, writeTable } from './table.js'
import { applicationOf } from './trial.js'

const STORIES = new URL('../stories.json', import.meta.url)
const README = new URL('../README.md', import.meta.url)

const HELP = `Usage: npm run museum -- [options]

Hunts planted bugs, each from five starts, and shows how many seeds it took and the story that replays it.

  --bug NAME         only this one; may be given several times
  --seeds N          give up a hunt after so many seeds (default: ${MOST_SEEDS})
  --starts N         hunt from so many starts, 1 to ${STARTS.length} (default: ${STARTS.length})
  --quick            hunt nothing: replay the pinned stories
  --pin              shrink what was caught as far as it goes, and write all to museum/stories.json and
                     museum/README.md; with --quick, write only how the pinned stories show their bugs now
  --limit SECONDS    how long to shrink what was caught, or to search (default: 50)
  --search           hunt nothing: look for shorter stories in another way than by shrinking; with --pin, write them
  --machine MODULE   hunt with a machine and clients of your own, such as ./mine.js
  --replay INTEGER   with --bug NAME: print the transcript of this story, up to the event that breaks a verdict
  --json             print an array of {bug, found, verdict, medianSeeds, story}
  --help             print this

It exits with 0 when every bug is caught from each start and shrinks to at most twice the shortest story that is known\nof it; with 1 when one does not; and with 2 when an option or a module is wrong.`

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      bug: { type: 'string', multiple: true },
      seeds: { type: 'string', default: String(MOST_SEEDS) },
      starts: { type: 'string', default: String(STARTS.length) },
      limit: { type: 'string', default: '50' },
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
  const chosen = await exhibitsOf(values.bug, values.machine)
  if (values.replay !== undefined) return show(chosen, values.replay)
  if (values.pin && values.machine !== undefined)
    throw new UsageError('stories are pinned of the clients of shared: leave out --machine, or --pin')
  const seeds = numberOf('--seeds', values.seeds, MOST_SEEDS)
  const starts = STARTS.slice(0, numberOf('--starts', values.starts, STARTS.length))
  const limitSeconds = numberOf('--limit', values.limit, 3_600)
  const told = chosen.map((exhibit, index) => {
    // What is known was found with other clients.
    const known = values.machine === undefined ? readFindings(STORIES)[exhibit.name] : undefined
    const effort = { starts, seeds, limitSeconds, isThorough: values.pin }
    const one = values.quick
      ? replayKnown(exhibit, known)
      : values.search
        ? searchFor(exhibit, known, limitSeconds)
        : examine(exhibit, known, effort, say)
    say(`${index + 1} of ${chosen.length}: ${one.bug} ${wordsOf(one)}`)
    if (values.pin && one.found) pin(one)
    return one
  })
  if (values.pin) writeTable(README, readFindings(STORIES))
  print(values.json ? jsonOf(told) : tableOf(told))
  return told.every(({ found, isShort }) => found && isShort) ? 0 : 1
}

function wordsOf({ found, verdict, events, shortest, isShort, shrunkSeconds }: Told): string {
  if (!found) return 'is NOT found'
  const time = shrunkSeconds === null ? '' : `, after ${shrunkSeconds.toFixed(1)} s`
  const short = isShort ? '' : `, which is NOT SHORT: ${shortest.events} are enough`
  return `breaks ${verdict} in ${events} events${time}${short}`
}

function pin({ bug, seeds, verdict, events, story, shortest }: Told): void {
  const { events: fewest, story: shortestStory } = shortest
  const finding = { seeds, verdict, events, story, shortest: { events: fewest, story: shortestStory } }
  const all = { ...readFindings(STORIES), [bug]: finding }
  const inOrder = EXHIBITS.flatMap(({ name }) => (all[name] ? [[name, all[name]] as const] : []))
  writeFindings(STORIES, Object.fromEntries(inOrder))
}

// ---- a replay ----------------------------------------------------------------------------------------------------

function show(chosen: readonly Exhibit[], story: string): number {
  const [exhibit, another] = chosen
  if (exhibit === undefined || another !== undefined)
    throw new UsageError('--replay needs one --bug: the one that the story is of')
  const failure = replay(exhibit, story)
  const { scenario, seed } = readStory(story)
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
  return chosen.map((exhibit) => withApplication(exhibit, application))
}

function named(names: readonly string[]): readonly Exhibit[] {
  return names.map((name) => {
    const exhibit = EXHIBITS.find((each) => each.name === name)
    if (exhibit !== undefined) return exhibit
    throw new UsageError(`there is no bug ${name}; there are ${EXHIBITS.map((each) => each.name).join(', ')}`)
  })
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
  say((error as Error).message)
  process.exitCode = 2
}

/** What `parseArgs` throws. */
function isOptionError(error: unknown): error is Error {
  return error instanceof TypeError && 'code' in error && String(error.code).startsWith('ERR_PARSE_ARGS')
}
