/** What operators do in the middle of all that. */
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

export const OPERATIONS: Actions = { snapshot, transfer }
