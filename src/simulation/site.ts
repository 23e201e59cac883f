/** What clients and operators find in a world: its machines, its time, its court, and a way to ask a node. */
import type { ClientRequest } from '../paxos/index.js'
import type { Host } from './host.js'
import type { Hosts } from './hosts.js'
import type { Timeline } from './timeline.js'
import type { Court } from './verdicts/court.js'

export interface Site {
  readonly hosts: Hosts
  readonly timeline: Timeline
  readonly court: Court
  /** Begins another life of a machine. */
  start(host: Host): void
  /** Stops a machine dead, if it is up. `part` says how much of a sync in flight survives. */
  crash(host: Host, part: number): void
  /** Hands a request to a node, now; a node that is down hears nothing. */
  submit(host: Host, request: ClientRequest): void
}
