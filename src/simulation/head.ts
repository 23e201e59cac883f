/** The head of a transcript: everything that decides the run it tells, beside the code itself. */
import type { AnyApplication } from './application.js'
import type { Edit } from './edits.js'
import { FAULTS, type FaultClass } from './faults/classes.js'
import type { Scenario } from './scenario.js'

/** Grows when a reader of transcripts, or of their records, would have to change. */
export const FORMAT_VERSION = 2

export interface Head {
  readonly formatVersion: number
  readonly seed: number
  readonly options: HeadOptions
}

type LaterField = 'placement' | 'untilMicros' | 'paceMicros' | 'queueLimit'

/**
 * The scenario, with the name of the machine, and the number of operations that each client really does.
 * What came to the format later is there only where it is not the default.
 */
export interface HeadOptions extends Omit<Scenario, LaterField>, Partial<Pick<Scenario, LaterField>> {
  readonly edits?: readonly Edit[]
  readonly machine: string
  readonly requests: number
}

export function headOf(
  seed: number,
  scenario: Scenario,
  application: AnyApplication,
  edits: readonly Edit[] = [],
): Head {
  const { faults, placement, untilMicros, paceMicros, queueLimit } = scenario
  const classes = Object.keys(FAULTS) as FaultClass[] // the keys of FAULTS are its classes
  // Field by field: the order is the format's, not that of whoever made the scenario.
  const options = {
    machine: application.name,
    members: scenario.members,
    clients: scenario.clients,
    requests: scenario.requests ?? application.requests,
    delayMicros: scenario.delayMicros,
    jitterMicros: scenario.jitterMicros,
    reads: scenario.reads,
    lengthMicros: scenario.lengthMicros,
    alpha: scenario.alpha,
    logBytes: scenario.logBytes,
    chunkBytes: scenario.chunkBytes,
    ...(placement !== 'last' && { placement }),
    ...(untilMicros !== null && { untilMicros }),
    ...(paceMicros !== null && { paceMicros }),
    ...(queueLimit !== null && { queueLimit }),
    quietMicros: scenario.quietMicros,
    faults: Object.fromEntries(classes.flatMap((each) => (faults[each] ? [[each, faults[each]]] : []))),
    omitted: scenario.omitted,
    overBudget: scenario.overBudget,
    ...(edits.length > 0 && { edits }),
  }
  return { formatVersion: FORMAT_VERSION, seed, options }
}
