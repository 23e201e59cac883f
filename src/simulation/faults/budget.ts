/**
 * The budget of permanent damage. Consensus outlives the loss of a minority of stores, and no more: as long as the
 * members lost are a minority of every configuration in force, everything is asked of a run; over budget, only that
 * nothing wrong is ever answered.
 */
import type { NodeId } from '../../paxos/index.js'
import type { Host } from '../host.js'
import type { Stage } from './stage.js'

/** Whether the stores of these hosts may be damaged now. */
export function mayDamage(stage: Stage, victims: readonly Host[]): boolean {
  if (victims.some(({ isOut }) => isOut)) return false
  if (stage.isOverBudget) return true
  return stage.configurations.every((ids) => outlives(stage, ids, victims))
}

/** Whether a quorum of these members is left without the victims. */
function outlives(stage: Stage, ids: readonly NodeId[], victims: readonly Host[]): boolean {
  const members = ids.flatMap((id) => stage.hosts[id] ?? [])
  // Whoever loses its store before all are founded can never be welcomed, and the others wait for it.
  if (!members.every(isFounded)) return false
  const lost = members.filter((host) => host.isOut || victims.includes(host)).length
  return 2 * lost < members.length
}

/** Whether it belongs to the cluster, with the store that it has. */
export function isFounded({ disk, isOut }: Host): boolean {
  return isOut || disk.synced.some(({ type }) => type === 'founded')
}
