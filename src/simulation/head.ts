/** The head of a transcript: everything that decides the run it tells, beside the code itself. */
import type { AnyApplication } from './application.js'
import type { Scenario } from './scenario.js'

/** Grows when a reader of transcripts, or of their records, would have to change. */
export const FORMAT_VERSION = 1

export interface Head {
  readonly formatVersion: number
  readonly seed: number
  readonly options: HeadOptions
}

/**
 * The scenario, with the name of the machine, and the number of operations that each client really does.
 * What came to the format later is there only where it is not the default.
 */
export interface HeadOptions
  extends Omit<Scenario, 'faults' | 'omitted' | 'placement' | 'untilMicros'>,
    Partial<Pick<Scenario, 'placement' | 'untilMicros'>> {
  readonly machine: string
  readonly requests: number
}

export function headOf(seed: number, scenario: Scenario, application: AnyApplication): Head {
  const { placement, untilMicros } = scenario
  // Field by field: the order is the format's, not that of whoever made the scenario.
  const options = {
    machine: application.name,
    members: scenario.members,
    clients: scenario.clients,
    requests: scenario.requests ?? application.requests,
    lossPerMillion: scenario.lossPerMillion,
    duplicationPerMillion: scenario.duplicationPerMillion,
    delayMicros: scenario.delayMicros,
    jitterMicros: scenario.jitterMicros,
    crashes: scenario.crashes,
    reads: scenario.reads,
    lengthMicros: scenario.lengthMicros,
    ...(placement !== 'last' && { placement }),
    ...(untilMicros !== null && { untilMicros }),
  }
  return { formatVersion: FORMAT_VERSION, seed, options }
}
