/** Moments of a run, found by what happens and not by their numbers. */
import { EVENT_TYPES, type EventType, FLIGHT_FATES, type Run } from '../engine/contract.js'

/** Gives an event; null: there is no such moment. */
export type Find = (run: Run) => number | null

interface Wanted {
  readonly fate?: (typeof FLIGHT_FATES)[number]
  /** The sender, by its place in the diagram. */
  readonly from?: number
  /** Not before this moment. */
  readonly after?: Find
  /** The event that ends it instead of the one that sends it. */
  readonly end?: boolean
}

/** The first message of a kind. */
export function message(kind: string, { fate, from, after, end = false }: Wanted = {}): Find {
  return (run) => {
    const { flights } = run
    const first = after?.(run) ?? 0
    const found = flights.sent.findIndex(
      (sent, at) =>
        sent >= first &&
        flights.kinds[flights.kind[at] ?? 0] === kind &&
        (from === undefined || flights.from[at] === from) &&
        (fate === undefined || FLIGHT_FATES[flights.fate[at] ?? 0] === fate),
    )
    return positive((end ? flights.ended : flights.sent)[found])
  }
}

/** The first event of a type, or the last one. */
export function happens(
  type: EventType,
  { after, last = false }: { after?: Find; last?: boolean } = {},
): Find {
  return (run) => {
    const first = (after?.(run) ?? 1) - 1
    const wanted = EVENT_TYPES.indexOf(type)
    const is = (each: number, at: number): boolean => at >= first && each === wanted
    return positive((last ? run.timeline.type.findLastIndex(is) : run.timeline.type.findIndex(is)) + 1)
  }
}

/** Where a fault begins, or ends. */
export function fault(name: string, { end = false }: { end?: boolean } = {}): Find {
  return (run) => {
    const found = run.faults.find((each) => each.fault === name)
    if (found === undefined) return null
    if (!end) return positive(found.event)
    return positive(run.timeline.micros.findIndex((micros) => micros >= found.toMicros) + 1)
  }
}

/** Which event broke a verdict. */
export function broken(name: string): Find {
  return (run) => run.verdicts.find((verdict) => verdict.name === name && !verdict.holds)?.event ?? null
}

/** The client's operation whose text this is. */
export function asked(text: string): Find {
  return (run) => positive(run.operations.find((operation) => operation.text.startsWith(text))?.invokedEvent)
}

const positive = (event: number | undefined): number | null =>
  event === undefined || event < 1 ? null : event
