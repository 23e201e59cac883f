/** What becomes of one exhibit: how soon it is caught, and how short a story of it is made. */
import { readOlderStory, StoryError } from 'synod/simulation'
import type { Exhibit } from './exhibit.js'
import { type Finding, MOST_TIMES_SHORTEST, type Told } from './findings.js'
import { type Caught, hunt, processorSeconds, replayRun, shorten, storyOf } from './hunt.js'
import { search } from './search.js'

export interface Effort {
  readonly starts: readonly number[]
  readonly seeds: number
  /** How long to shrink what was caught. */
  readonly limitSeconds: number
  /** Shrink it as far as it goes, and not only until it is short enough. */
  readonly isThorough: boolean
}

/** Hunts a bug, and shrinks the first run that was caught. */
export function examine(
  exhibit: Exhibit,
  known: Finding | undefined,
  { starts, seeds, limitSeconds, isThorough }: Effort,
  say: (text: string) => void,
): Told {
  const hunts = starts.map((start) => {
    const caught = hunt(exhibit, start, seeds)
    say(`${exhibit.name}: ${caught ? `seed ${caught.seed}` : `nothing in ${seeds} seeds`} from ${start}`)
    return caught
  })
  const counts = hunts.map((caught) => caught?.seeds ?? null)
  const caught = hunts.find((each) => each !== null)
  if (!caught) return { ...lost(exhibit), seeds: counts }
  const shortest = shortestKnown(exhibit, known)
  const enough = shortest === null || isThorough ? 0 : MOST_TIMES_SHORTEST * shortest.events
  const beginSeconds = processorSeconds()
  const shrunk = shrink(exhibit, caught, limitSeconds, enough)
  return {
    bug: exhibit.name,
    found: counts.every((count) => count !== null),
    seeds: counts,
    ...shrunk,
    shortest: shortest !== null && shortest.events <= shrunk.events ? shortest : shrunk,
    isShort: shortest === null || shrunk.events <= MOST_TIMES_SHORTEST * shortest.events,
    shrunkSeconds: processorSeconds() - beginSeconds,
  }
}

/** Replays the story that is pinned, and hunts nothing. */
export function replayKnown(exhibit: Exhibit, known: Finding | undefined): Told {
  if (known === undefined) return lost(exhibit)
  const pinned = replayed(exhibit, known.story, known.verdict)
  if (pinned === null) return { ...lost(exhibit), ...known }
  const shortest = shortestKnown(exhibit, known) ?? pinned
  const isShort = pinned.events <= MOST_TIMES_SHORTEST * shortest.events
  return { bug: exhibit.name, found: true, ...known, ...pinned, shortest, isShort, shrunkSeconds: null }
}

/** Looks for a shorter story in another way than by shrinking, see {@link search}. */
export function searchFor(exhibit: Exhibit, known: Finding | undefined, limitSeconds: number): Told {
  const told = replayKnown(exhibit, known)
  const found = search(exhibit, limitSeconds)
  if (found === null || found.failure.event >= told.shortest.events) return told
  const shortest = { events: found.failure.event, story: storyOf(exhibit, found) }
  return { ...told, shortest, isShort: told.events <= MOST_TIMES_SHORTEST * shortest.events }
}

interface Replayed extends Pick<Finding, 'verdict' | 'events' | 'story'> {}

function shrink(exhibit: Exhibit, caught: Caught, limitSeconds: number, enough: number): Replayed {
  const shrunk = shorten(exhibit, caught, limitSeconds, enough)
  // What was made short is one verdict's failure; in what is left another may fail before it.
  const { verdict, event: events } = replayRun(exhibit, shrunk) ?? shrunk.failure
  return { verdict, events, story: storyOf(exhibit, shrunk) }
}

function shortestKnown(exhibit: Exhibit, known: Finding | undefined): Replayed | null {
  return known === undefined ? null : replayed(exhibit, known.shortest.story, null)
}

/**
 * A story as it shows its bug now; null if it does not, or breaks another verdict than this one. One of an older version
 * may still show it, whatever else has become of it.
 */
function replayed(exhibit: Exhibit, story: string, expected: string | null): Replayed | null {
  try {
    const run = readOlderStory(story)
    const failure = replayRun(exhibit, run)
    if (failure === null || !exhibit.verdicts.includes(failure.verdict)) return null
    if (expected !== null && failure.verdict !== expected) return null
    return { verdict: failure.verdict, events: failure.event, story: storyOf(exhibit, run) }
  } catch (error) {
    if (error instanceof StoryError) return null
    throw error
  }
}

function lost({ name }: Exhibit): Told {
  const shortest = { events: Number.MAX_SAFE_INTEGER, story: '' }
  const nothing = { verdict: '', seeds: [], story: '', events: 0, shortest }
  return { bug: name, found: false, ...nothing, isShort: false, shrunkSeconds: null }
}
