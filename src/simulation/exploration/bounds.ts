/**
 * What an exploration goes through: a small cluster, and how much of everything may happen in it. An exploration ends
 * because all of this is bounded.
 */

export interface ExplorationBounds {
  /** All of them vote. */
  readonly members: number
  /** So many of them, from member 0 on, may try to lead. */
  readonly leaders: number
  /** Requests of clients, each submitted once: request r at member r modulo `leaders`, at any time when it leads. */
  readonly requests: number
  /** No member scouts under a ballot of a higher round. */
  readonly rounds: number
  /** Crashes in all, each of any member at any moment, and followed by its restart. */
  readonly crashes: number
  /** `delayed`: a sync ends at any later moment, and a crash before loses it. `instant`: within the turn that wrote. */
  readonly syncs: 'instant' | 'delayed'
  /** Whether a message may arrive any number of times. Any message may be lost, late or overtaken in either case. */
  readonly duplication: boolean
  /** Whether a member that knows of decisions which it has not may ask for them at any time. */
  readonly fetches: boolean
  /** What takes more steps than this is left out. */
  readonly depth: number
  /** It stops when it has seen this many states. */
  readonly states: number
}

export type BoundName = Exclude<keyof ExplorationBounds, 'syncs' | 'duplication' | 'fetches'>

/** The lowest and the highest value of each number. */
export const EXPLORATION_LIMITS: { readonly [Name in BoundName]: readonly [low: number, high: number] } = {
  members: [1, 7],
  leaders: [1, 7],
  requests: [0, 6],
  rounds: [1, 9],
  crashes: [0, 9],
  depth: [1, 1_000_000],
  states: [1, 50_000_000],
}

export const DEFAULT_BOUNDS: ExplorationBounds = {
  members: 3,
  leaders: 2,
  requests: 2,
  rounds: 1,
  crashes: 1,
  syncs: 'instant',
  duplication: true,
  fetches: false,
  depth: 1_000_000,
  states: 10_000_000,
}

/** Throws a RangeError with a sentence if a bound is not one that can be explored. */
export function checkBounds(bounds: ExplorationBounds): void {
  for (const [name, [low, high]] of Object.entries(EXPLORATION_LIMITS)) {
    const value = bounds[name as BoundName] // the keys of that table
    if (Number.isInteger(value) && value >= low && value <= high) continue
    throw new RangeError(`${name} must be a whole number from ${low} to ${high}, and ${value} is not`)
  }
  if (bounds.leaders > bounds.members)
    throw new RangeError(`of ${bounds.members} members ${bounds.leaders} cannot lead`)
}
