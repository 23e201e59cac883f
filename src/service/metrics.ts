/** What is measured of a served member, for Prometheus: read when it is asked for, so that it costs nothing otherwise. */
import { Counter, collectDefaultMetrics, Gauge, Registry } from 'prom-client'
import type { MemberStatus, TransportCounts } from '../runtime/index.js'

/** Where the figures come from. */
export interface Measured {
  readonly status: () => MemberStatus
  /** Null for a member that listens nowhere. */
  readonly counts: () => TransportCounts | null
}

type GaugeOf = readonly [name: string, help: string, value: (status: MemberStatus) => number]

/** docs/OPERATIONS.md has them all. */
const GAUGES: readonly GaugeOf[] = [
  ['synod_ready', '1 if the member serves', ({ ready }) => Number(ready)],
  ['synod_voting', '1 if the member votes', ({ voting }) => Number(voting)],
  ['synod_leading', '1 if the member leads', ({ leader, member }) => Number(leader === member)],
  ['synod_leader_known', '1 if the member knows who leads', ({ leader }) => Number(leader !== null)],
  ['synod_applied_slot', 'The last slot that is applied', ({ applied }) => applied],
  ['synod_decided_slot', 'The last slot that is known to be decided', ({ decided }) => decided],
  ['synod_snapshot_slot', 'The slot of the last snapshot', ({ snapshotSlot }) => snapshotSlot],
  [
    'synod_configuration_version',
    'The version of the configuration in force',
    ({ configuration }) => configuration?.version ?? 0,
  ],
  [
    'synod_members',
    'Members of the configuration in force',
    ({ configuration }) => configuration?.members.length ?? 0,
  ],
  ['synod_connected_members', 'Members that this one can send to', ({ connected }) => connected.length],
  ['synod_clients', 'Clients that are connected', ({ clients }) => clients],
  ['synod_sessions', 'Sessions that are open in the cluster', ({ sessions }) => sessions],
  ['synod_waiting_requests', 'Requests at this member that wait for their answer', ({ waiting }) => waiting],
]

type CounterOf = readonly [name: string, help: string, value: (counts: TransportCounts) => number]

const COUNTERS: readonly CounterOf[] = [
  ['synod_received_bytes_total', 'Bytes that came over the network', ({ receivedBytes }) => receivedBytes],
  ['synod_sent_bytes_total', 'Bytes that were sent', ({ sentBytes }) => sentBytes],
  [
    'synod_received_frames_total',
    'Frames that came: a message each, or several small ones',
    ({ receivedFrames }) => receivedFrames,
  ],
  ['synod_sent_frames_total', 'Frames that were sent', ({ sentFrames }) => sentFrames],
]

/** A registry of its own: several members may be in one process. */
export function metricsOf({ status, counts }: Measured): Registry {
  const registry = new Registry()
  const registers = [registry]
  collectDefaultMetrics({ register: registry })
  for (const [name, help, value] of GAUGES) {
    new Gauge({
      name,
      help,
      registers,
      collect() {
        this.set(value(status()))
      },
    })
  }
  for (const [name, help, value] of COUNTERS) {
    new Counter({
      name,
      help,
      registers,
      collect() {
        const now = counts()
        this.reset()
        if (now !== null) this.inc(value(now))
      },
    })
  }
  countByReason(registry, counts)
  return registry
}

function countByReason(registry: Registry, counts: Measured['counts']): void {
  new Counter({
    name: 'synod_dropped_messages_total',
    help: 'Frames that were not sent, by reason',
    labelNames: ['reason'],
    registers: [registry],
    collect() {
      const now = counts()
      this.reset()
      if (now === null) return
      this.inc({ reason: 'full' }, now.droppedFull)
      this.inc({ reason: 'unreachable' }, now.droppedUnreachable)
      this.inc({ reason: 'large' }, now.droppedLarge)
    },
  })
  new Counter({
    name: 'synod_connection_problems_total',
    help: 'What went wrong with connections, by reason',
    labelNames: ['reason'],
    registers: [registry],
    collect() {
      const problems: Partial<TransportCounts['problems']> = counts()?.problems ?? {}
      this.reset()
      for (const [reason, count] of Object.entries(problems)) this.inc({ reason }, count)
    },
  })
}
