/** What becomes of one exhibit: how soon it is caught, and how short a story of it is made. */
import { isSought, readOlderStory, readStory, StoryError } from 'synod/simulation'
import type { Exhibit } from './exhibit.js'
import { type Finding, isShort, type ShortStory, type Told } from './findings.js'
import { type Caught, hunt, processorSeconds, replayRun, STARTS, shorten, storyOf } from './hunt.js'
import { search } from './search.js'

export interface Effort {
  readonly starts: readonly number[]
  readonly seeds: number
  /** How long to shrink what was caught, until it is short enough. */
  readonly limitSeconds: number
  /** How long to shrink it even if it is short enough, unless it is as short as the one by hand. */
  readonly leastSeconds: number
  /** Look for a story by hand also where one is known. */
  readonly isThorough: boolean
  /** How long to look for a story by hand. */
  readonly searchSeconds: number
}

/**
 * Hunts a bug, and shrinks the shortest run that was caught, and the others where that does not get short; of those in which
 * the verdict fails that is known, if there are any.
 */
export function examine(
  exhibit: Exhibit,
  known: Finding | undefined,
  { starts, seeds, limitSeconds, leastSeconds, isThorough, searchSeconds }: Effort,
  say: (text: string) => void,
): Told {
  const hunts = starts.map((start) => {
    const caught = hunt(exhibit, start, seeds)
    say(`${exhibit.name}: ${caught ? `seed ${caught.seed}` : `nothing in ${seeds} seeds`} from ${start}`)
    return caught
  })
  const counts = hunts.map((caught) => caught?.seeds ?? null)
  const [caught, ...others] = fittest(
    hunts.filter((each) => each !== null),
    known?.verdict,
  )
  if (!caught) return { ...lost(exhibit), seeds: counts }
  const { verdict } = caught.failure
  const before = known && replayed(exhibit, known.byHand?.story, verdict)
  const byHand = before && !isThorough ? before : searched(exhibit, verdict, searchSeconds, before ?? null)
  const beginSeconds = processorSeconds()
  const until =
    (endSeconds: number) =>
    (events: number): boolean => {
      const seconds = processorSeconds() - beginSeconds
      if (seconds >= endSeconds || events <= (byHand?.events ?? 0)) return true
      return byHand !== null && seconds >= leastSeconds && isShort({ events, byHand })
    }
  const firstSeconds = others.length > 0 ? limitSeconds / 3 : limitSeconds
  let shrunk = shrink(exhibit, caught, until(firstSeconds))
  for (const [index, other] of others.entries()) {
    if (byHand === null || isShort({ events: shrunk.events, byHand })) break
    // Some runs hold little of what their bug needs in a small world: the others share the rest of the time.
    const share = (index + 1) / others.length
    const next = shrink(exhibit, other, until(firstSeconds + share * (limitSeconds - firstSeconds)))
    if (next.events < shrunk.events) shrunk = next
  }
  const shrunkSeconds = processorSeconds() - beginSeconds
  const found = counts.every((count) => count !== null)
  return { bug: exhibit.name, found, seeds: counts, ...shrunk, byHand, shrunkSeconds }
}

/** The shortest first, of one verdict: this one, or that of the shortest of all. */
function fittest(all: readonly Caught[], verdict: string | undefined): readonly Caught[] {
  const sorted = [...all].sort((a, b) => a.failure.event - b.failure.event)
  const isOf = (wanted: string | undefined) => (each: Caught) => each.failure.verdict === wanted
  const known = sorted.filter(isOf(verdict))
  return known.length > 0 ? known : sorted.filter(isOf(sorted[0]?.failure.verdict))
}

/** Replays the stories that are pinned, and hunts nothing. */
export function replayKnown(exhibit: Exhibit, known: Finding | undefined): Told {
  if (known === undefined) return lost(exhibit)
  const pinned = replayed(exhibit, known.story, known.verdict)
  if (pinned === null) return { ...lost(exhibit), ...known }
  const byHand = replayed(exhibit, known.byHand?.story, pinned.verdict)
  return { bug: exhibit.name, found: true, ...known, ...pinned, byHand: short(byHand), shrunkSeconds: null }
}

/** Looks for a shorter story by hand, see {@link search}, and hunts nothing. */
export function searchFor(exhibit: Exhibit, known: Finding | undefined, seconds: number): Told {
  const told = replayKnown(exhibit, known)
  return told.found ? { ...told, byHand: searched(exhibit, told.verdict, seconds, told.byHand) } : told
}

/** Whether everything that is pinned was told by this version, from all starts, and shows the bug as it says. */
export function isUpToDate(exhibit: Exhibit, known: Finding | undefined): boolean {
  if (!known?.byHand || known.seeds.length < STARTS.length || known.seeds.includes(null)) return false
  return [known, known.byHand].every(({ story, events }) => {
    try {
      return replayRun(exhibit, readStory(story))?.event === events
    } catch (error) {
      if (error instanceof StoryError) return false
      throw error
    }
  })
}

/** While nothing is known by hand, it is looked for up to so many times as long. */
const AS_LONG_IN_VAIN = 5

interface Replayed extends Pick<Finding, 'verdict' | 'events' | 'story'> {}

function searched(
  exhibit: Exhibit,
  verdict: string,
  seconds: number,
  known: ShortStory | null,
): ShortStory | null {
  const beginSeconds = processorSeconds()
  const found = search(exhibit, verdict, (_, isFound) => {
    const least = isFound || known !== null ? seconds : AS_LONG_IN_VAIN * seconds
    return processorSeconds() - beginSeconds >= least
  })
  if (found === null || (known !== null && known.events <= found.failure.event)) return short(known)
  return { events: found.failure.event, story: storyOf(exhibit, found) }
}

function short(known: ShortStory | null): ShortStory | null {
  return known && { events: known.events, story: known.story }
}

function shrink(exhibit: Exhibit, caught: Caught, isEnough: (events: number) => boolean): Replayed {
  const shrunk = shorten(exhibit, caught, isEnough)
  // What was made short is one verdict's failure; in what is left another may fail before it.
  const { verdict, event: events } = replayRun(exhibit, shrunk) ?? shrunk.failure
  return { verdict, events, story: storyOf(exhibit, shrunk) }
}

/**
 * A story as it shows its bug now; null if it does not, or breaks another verdict than this one. One of an older version
 * may still show it, whatever else has become of it.
 */
function replayed(exhibit: Exhibit, story: string | undefined, verdict: string): Replayed | null {
  if (story === undefined) return null
  try {
    const run = readOlderStory(story)
    const failure = replayRun(exhibit, run)
    if (failure === null || !isSought(failure.verdict, verdict)) return null
    return { verdict: failure.verdict, events: failure.event, story: storyOf(exhibit, run) }
  } catch (error) {
    if (error instanceof StoryError) return null
    throw error
  }
}

function lost({ name }: Exhibit): Told {
  return {
    bug: name,
    found: false,
    verdict: '',
    seeds: [],
    story: '',
    events: 0,
    byHand: null,
    shrunkSeconds: null,
  }
}
