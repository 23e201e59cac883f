/**
 * `npm run museum`: hunts every planted bug, or some, and prints how soon each is found and the story that shows it.
 * Progress goes to stderr.
 */
import { parseArgs } from 'node:util'
import { readOlderStory, readStory, Simulation, StoryError, sharedApplication } from 'synod/simulation'
import type { Exhibit } from './exhibit.js'
import { EXHIBITS } from './exhibits/index.js'
import { type Finding, medianOf, readFindings, type Told, writeFindings } from './findings.js'
import { type Caught, hunt, MOST_SEEDS, replay, replayRun, STARTS, shorten, storyOf } from './hunt.js'
import { tableOf, writeTable } from './table.js'

const STORIES = new URL('../stories.json', import.meta.url)
const README = new URL('../README.md', import.meta.url)

const HELP = `Usage: npm run museum -- [options]

Hunts planted bugs, each from five starts, and shows how many seeds it took and the story that replays it.

  --bug NAME         only this one; may be given several times
  --seeds N          give up a hunt after so many seeds (default: ${MOST_SEEDS})
  --starts N         hunt from so many starts, 1 to ${STARTS.length} (default: ${STARTS.length})
  --quick            hunt nothing: replay the pinned stories
  --pin              make the story of each short, and write all to museum/stories.json and museum/README.md; with
                     --quick, write only by which event the pinned stories show their bugs now
  --limit SECONDS    with --pin: how long to look for shorter stories of each (default: 30)
  --replay INTEGER   with --bug NAME: print the transcript of this story, up to the event that breaks a verdict
  --json             print an array of {bug, found, verdict, medianSeeds, story}
  --help             print this

It exits with 0 when every bug is caught, with 1 when one is not, and with 2 when an option is wrong.`

class UsageError extends Error {}

function main(): number {
  const { values } = parseArgs({
    options: {
      bug: { type: 'string', multiple: true },
      seeds: { type: 'string', default: String(MOST_SEEDS) },
      starts: { type: 'string', default: String(STARTS.length) },
      limit: { type: 'string', default: '30' },
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
  const chosen = exhibitsOf(values.bug)
  if (values.replay !== undefined) return show(chosen, values.replay)
  const seeds = numberOf('--seeds', values.seeds, MOST_SEEDS)
  const starts = STARTS.slice(0, numberOf('--starts', values.starts, STARTS.length))
  const limitSeconds = numberOf('--limit', values.limit, 3_600)
  const told = chosen.map((exhibit, index) => {
    const one = values.quick
      ? replayPinned(exhibit)
      : examine(exhibit, { starts, seeds, limitSeconds: values.pin ? limitSeconds : 0 })
    say(
      `${index + 1} of ${chosen.length}: ${one.bug} ${one.found ? `breaks ${one.verdict}` : 'is NOT found'}`,
    )
    if (values.pin && one.found) pin(one)
    return one
  })
  if (values.pin) writeTable(README, readFindings(STORIES))
  print(values.json ? jsonOf(told) : tableOf(told))
  return told.every(({ found }) => found) ? 0 : 1
}

// ---- one bug -----------------------------------------------------------------------------------------------------

interface Effort {
  readonly starts: readonly number[]
  readonly seeds: number
  /** How long to look for shorter stories; 0: not at all. */
  readonly limitSeconds: number
}

function examine(exhibit: Exhibit, { starts, seeds, limitSeconds }: Effort): Told {
  const hunts = starts.map((start) => {
    const caught = hunt(exhibit, start, seeds)
    say(`${exhibit.name}: ${caught ? `seed ${caught.seed}` : `nothing in ${seeds} seeds`} from ${start}`)
    return caught
  })
  const counts = hunts.map((caught) => caught?.seeds ?? null)
  const catches = hunts.filter((caught) => caught !== null)
  const pinned = readFindings(STORIES)[exhibit.name]
  if (catches.length === 0) return { ...lost(exhibit), seeds: counts }
  if (limitSeconds > 0) return { ...shortestOf(exhibit, catches, limitSeconds, pinned), seeds: counts }
  const [first] = catches as [Caught]
  const isPinned = pinned !== undefined && replays(exhibit, pinned)
  const { verdict, event: events } = first.failure
  const fresh = { verdict, events, shortest: pinned?.shortest ?? events, story: storyOf(first) }
  return {
    bug: exhibit.name,
    found: medianOf(counts) !== null,
    ...(isPinned ? pinned : fresh),
    seeds: counts,
  }
}

/** The two quickest catches, made as short as may be; the shorter of them, or what is pinned if that is shorter still. */
function shortestOf(
  exhibit: Exhibit,
  catches: readonly Caught[],
  limitSeconds: number,
  pinned: Finding | undefined,
): Told {
  const quickest = [...catches].sort((a, b) => a.failure.event - b.failure.event).slice(0, 2)
  const stories = quickest.map((caught) => {
    const story = storyOf(shorten(exhibit, caught, limitSeconds / quickest.length))
    // What was made short is one verdict's failure; in what is left another may fail before it.
    const { verdict, event: events } = replay(exhibit, story) ?? caught.failure
    return { verdict, events, story }
  })
  if (pinned !== undefined && replays(exhibit, pinned)) stories.push(pinned)
  const [best] = stories.sort((a, b) => a.events - b.events)
  if (best === undefined) return lost(exhibit)
  const { verdict, events, story } = best
  const shortest = Math.min(events, pinned?.shortest ?? events)
  return { bug: exhibit.name, found: true, seeds: [], verdict, events, shortest, story }
}

function replayPinned(exhibit: Exhibit): Told {
  const pinned = readFindings(STORIES)[exhibit.name]
  if (pinned === undefined) return lost(exhibit)
  const events = eventsOf(exhibit, pinned)
  if (events === null) return { bug: exhibit.name, found: false, ...pinned }
  return { bug: exhibit.name, found: true, ...pinned, events, story: storyOf(readOlderStory(pinned.story)) }
}

/**
 * The event by which a pinned story shows what it showed; null if it does not. A story of an older version may still
 * show its bug, whatever else has become of it.
 */
function eventsOf(exhibit: Exhibit, { story, verdict }: Finding): number | null {
  try {
    const failure = replayRun(exhibit, readOlderStory(story))
    return failure?.verdict === verdict ? failure.event : null
  } catch (error) {
    if (error instanceof StoryError) return null
    throw error
  }
}

function replays(exhibit: Exhibit, pinned: Finding): boolean {
  return eventsOf(exhibit, pinned) !== null
}

function lost({ name }: Exhibit): Told {
  return { bug: name, found: false, verdict: '', seeds: [], story: '', events: 0, shortest: 0 }
}

function pin({ bug, found: _, ...finding }: Told): void {
  const known = readFindings(STORIES)
  const all = { ...known, [bug]: finding }
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
    application: sharedApplication(),
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

function exhibitsOf(names: readonly string[] | undefined): readonly Exhibit[] {
  if (names === undefined) return EXHIBITS
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
  process.exitCode = main()
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
