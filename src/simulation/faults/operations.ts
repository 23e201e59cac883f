/** What operators do in the middle of all that. */
import type { Micros, NodeId } from '../../paxos/index.js'
import type { Host } from '../host.js'
import type { Episode } from './plan.js'
import { runningFor } from './processes.js'
import type { Actions, Stage, Strike } from './stage.js'

function snapshot(stage: Stage, episode: Episode): Strike | null {
  const host = runningFor(stage, episode)
  if (host === null) return null
  return {
    nodes: [host.id],
    what: 'it is asked for a snapshot',
    begin: () => stage.ask(host, { type: 'snapshot' }),
  }
}

function transfer(stage: Stage, episode: Episode): Strike | null {
  const { leader, members } = stage
  if (leader === null) return null
  const others = members.filter((id) => id !== leader.id)
  const to = episode.detail(0, 0, 1) === 0 ? null : (episode.pick(others) ?? null)
  return {
    nodes: [leader.id],
    what: `it is asked to hand over${to === null ? '' : ` to NODE_${to}`}`,
    begin: () => stage.ask(leader, { type: 'transfer', to }),
  }
}

/** How often an operator looks again whether all is well enough to have another member lead. */
const PATIENCE_MICROS = 100_000

/**
 * When all faults are over, has another voter lead, as soon as there is one that is up and knows as much as the leader,
 * and no change of the members is under way. Tells whom it asked.
 */
export function handOver(stage: Stage, untilMicros: Micros, asked: (leader: NodeId) => void): void {
  const { leader, members, nowMicros } = stage
  if (nowMicros >= untilMicros) return
  const heir = leader && heirOf(stage, leader)
  const mayLead = leader !== null && members.includes(leader.id) && knowsOneConfiguration(leader)
  if (leader === null || heir === null || !mayLead) {
    stage.at(nowMicros + PATIENCE_MICROS, () => handOver(stage, untilMicros, asked))
    return
  }
  stage.ask(leader, { type: 'transfer', to: heir.id })
  asked(leader.id)
}

function heirOf({ members, hosts }: Stage, leader: Host): Host | null {
  const applied = leader.node?.roles.replica?.applied
  const isFit = ({ id, isOut, node }: Host): boolean =>
    id !== leader.id && !isOut && node?.voting === true && node.roles.replica?.applied === applied
  return members.flatMap((id) => hosts[id] ?? []).find(isFit) ?? null
}

function knowsOneConfiguration({ node }: Host): boolean {
  return node?.membership.configurations.length === 1
}

export const OPERATIONS: Actions = { snapshot, transfer }
