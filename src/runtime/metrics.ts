/**
 * What is measured of members, for Prometheus: read when it is asked for, so that it costs nothing otherwise. Several
 * members may share a registry: each figure says whose it is.
 */
import { Counter, Gauge, type OpenMetricsContentType, type Registry } from 'prom-client'
import type { MemberStatus } from './member/status.js'
import type { TransportCounts } from './transport/index.js'

/** A registry of prom-client. */
export type MetricsRegistry = Registry | Registry<OpenMetricsContentType>

/** Where the figures of a member come from. */
export interface Measured {
  readonly name: string
  readonly status: () => MemberStatus
  /** Null for a member that listens nowhere. */
  readonly counts: () => TransportCounts | null
}

/** Who is measured in a registry. */
const MEASURED: WeakMap<MetricsRegistry, Set<Measured>> = new WeakMap()

/** Adds a member's figures to a registry. Gives a function that takes them out again. */
export function measureIn(registry: MetricsRegistry, member: Measured): () => void {
  const members = MEASURED.get(registry) ?? new Set()
  MEASURED.set(registry, members)
  members.add(member)
  // It may have been cleared since.
  if (registry.getSingleMetric(GAUGES[0][0]) === undefined) define([registry], members)
  return () => members.delete(member)
}

type GaugeOf = readonly [name: string, help: string, value: (status: MemberStatus) => number]

/** docs/OPERATIONS.md has them all. */
const GAUGES: readonly [GaugeOf, ...GaugeOf[]] = [
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

type CountersOf = readonly [
  name: string,
  help: string,
  values: (counts: TransportCounts) => Readonly<Record<string, number>>,
]

const BY_REASON: readonly CountersOf[] = [
  [
    'synod_dropped_messages_total',
    'Frames that were not sent, by reason',
    ({ droppedFull, droppedUnreachable, droppedLarge }) => ({
      full: droppedFull,
      unreachable: droppedUnreachable,
      large: droppedLarge,
    }),
  ],
  [
    'synod_connection_problems_total',
    'What went wrong with connections, by reason',
    ({ problems }) => problems,
  ],
]

function define(registers: MetricsRegistry[], members: ReadonlySet<Measured>): void {
  for (const [name, help, value] of GAUGES) {
    new Gauge({
      name,
      help,
      registers,
      labelNames: ['member'],
      collect() {
        this.reset()
        for (const member of members) this.set({ member: member.name }, value(member.status()))
      },
    })
  }
  for (const [name, help, value] of COUNTERS) {
    new Counter({
      name,
      help,
      registers,
      labelNames: ['member'],
      collect() {
        this.reset()
        for (const { name: member, counts } of members) {
          const now = counts()
          if (now !== null) this.inc({ member }, value(now))
        }
      },
    })
  }
  for (const [name, help, values] of BY_REASON) {
    new Counter({
      name,
      help,
      registers,
      labelNames: ['member', 'reason'],
      collect() {
        this.reset()
        for (const { name: member, counts } of members) {
          const now = counts()
          if (now === null) continue
          for (const [reason, count] of Object.entries(values(now))) this.inc({ member, reason }, count)
        }
      },
    })
  }
}
