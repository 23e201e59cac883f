/** How a member is: what it answers to whoever asks. */
import type { MemberId, Slot } from '../../paxos/index.js'
import type { MemberCore } from './core.js'

export interface MemberStatus {
  readonly name: string
  readonly member: MemberId
  /** The identity of its store; a voter is a member with a store. */
  readonly store: number
  /** The identity of the cluster; null before the founding. */
  readonly cluster: number | null
  readonly leader: MemberId | null
  /** Whether it votes, and has applied all that it knows to be decided, under a leader: then it serves. */
  readonly ready: boolean
  readonly voting: boolean
  /** The last slot that it has applied, and the last that it knows to be decided. */
  readonly applied: Slot
  readonly decided: Slot
  /** Of the configuration in force, and of the latest one that was decided. */
  readonly configuration: { readonly version: number; readonly members: readonly MemberId[] } | null
  readonly latest: {
    readonly version: number
    readonly voters: readonly { readonly member: MemberId; readonly store: number }[]
  } | null
  readonly highestMember: MemberId
  /** Where members are, by number. */
  readonly endpoints: Readonly<Record<string, string>>
  /** Members that it sends to at the moment. */
  readonly connected: readonly MemberId[]
  readonly clients: number
  /** Requests here that wait for their answer. */
  readonly waiting: number
  readonly sessions: number
  readonly snapshotSlot: Slot
  readonly memoryBytes: number
}

export function statusOf(core: MemberCore): MemberStatus {
  const { node } = core
  const { replica, leader } = node.roles
  const applied = replica?.applied ?? 0
  const decided = Math.max(applied, replica?.decidedSomewhere ?? 0)
  const [inForce] = node.membership.configurations
  const latest = node.membership.configurations.at(-1)
  const connected = (core.transport?.connections ?? []).filter(({ dialled }) => dialled)
  return {
    name: core.name,
    member: node.self,
    store: node.store,
    cluster: node.founding?.cluster ?? null,
    leader: core.leader,
    ready:
      leader !== undefined && core.leader !== null && node.voting && applied >= decided - node.settings.alpha,
    voting: node.voting,
    applied,
    decided,
    configuration: inForce === undefined ? null : { version: inForce.version, members: inForce.members },
    latest: latest === undefined ? null : { version: latest.version, voters: latest.voters },
    highestMember: node.membership.highestMember,
    endpoints: Object.fromEntries(core.endpoints),
    connected: connected.map((connection) => connection.node),
    clients: core.clients,
    waiting: core.promises.size,
    sessions: replica?.replicated.sessions.live.size ?? 0,
    snapshotSlot: replica?.snapshotSlot ?? 0,
    memoryBytes: process.memoryUsage.rss(),
  }
}
