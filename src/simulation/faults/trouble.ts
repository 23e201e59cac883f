/** Brings the faults of a plan into a world, each at its time, and counts what came of them. */
import type { WorldEvent } from '../events.js'
import { CHANGES } from './changes.js'
import { FAULTS, type FaultClass } from './classes.js'
import { CLOCKS } from './clocks.js'
import { DISKS } from './disks.js'
import { LINKS } from './links.js'
import { OPERATIONS } from './operations.js'
import { PARTITIONS } from './partitions.js'
import type { Episode } from './plan.js'
import { PROCESSES } from './processes.js'
import type { Actions, PartitionShape, Stage, Strike } from './stage.js'

/** What each class of episodes does. One that is not here does nothing yet. */
const ACTIONS: Actions = {
  ...LINKS,
  ...PARTITIONS,
  ...PROCESSES,
  ...DISKS,
  ...CLOCKS,
  ...OPERATIONS,
  ...CHANGES,
}

export class Trouble {
  readonly #stage: Stage
  readonly #announce: (event: WorldEvent) => void
  readonly #counts: Map<FaultClass, number> = new Map()
  readonly #holds: (shape: PartitionShape | null) => void
  /** What lasts at the moment. */
  readonly #lasting: Set<Strike> = new Set()
  /** Episodes that are not over. */
  #pending: number

  /** `holds` hears when a partition begins to be all that is wrong, and with null when that is over. */
  constructor(
    stage: Stage,
    announce: (event: WorldEvent) => void,
    holds: (shape: PartitionShape | null) => void,
    plan: readonly Episode[],
  ) {
    this.#stage = stage
    this.#announce = announce
    this.#holds = holds
    this.#pending = plan.length
    for (const episode of plan) stage.at(episode.startMicros, () => this.#strike(episode))
  }

  get isOver(): boolean {
    return this.#pending === 0
  }

  /** How many times each class that happened at all has happened, in the order of the table. */
  counts(more: { readonly [Class in FaultClass]?: number }): Readonly<Record<string, number>> {
    const classes = Object.keys(FAULTS) as FaultClass[] // the keys of FAULTS are its classes
    return Object.fromEntries(
      classes
        .map((each) => [each, more[each] ?? this.#counts.get(each) ?? 0])
        .filter(([, count]) => count !== 0),
    )
  }

  #strike(episode: Episode): void {
    const strike = ACTIONS[episode.class]?.(this.#stage, episode) ?? null
    if (strike === null) {
      this.#pending -= 1
      return
    }
    const { nodes, what } = strike
    const { class: fault, number } = episode
    const node = nodes[0] ?? 0
    this.#counts.set(fault, (this.#counts.get(fault) ?? 0) + 1)
    this.#announce({ type: 'suffers', node, fault, number, nodes, what })
    strike.begin()
    if (episode.startMicros === episode.endMicros) {
      this.#pending -= 1
      return
    }
    this.#lasts(strike, true)
    this.#stage.at(episode.endMicros, () => {
      this.#pending -= 1
      this.#lasts(strike, false)
      this.#announce({ type: 'recovers', node, fault, number, nodes })
      strike.end?.()
    })
  }

  #lasts(strike: Strike, isBeginning: boolean): void {
    if (isBeginning) this.#lasting.add(strike)
    else this.#lasting.delete(strike)
    const [only, ...more] = this.#lasting
    this.#holds(more.length === 0 ? (only?.shape ?? null) : null)
  }
}
