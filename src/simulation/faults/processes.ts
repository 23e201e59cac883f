/** Faults of processes: they crash, stand still, or are slow. */

import type { Host } from '../host.js'
import { formatNodes } from '../names.js'
import type { Episode } from './plan.js'
import { type Actions, everybody, type Stage, type Strike } from './stage.js'

/** The member that an episode strikes. */
export function memberFor(stage: Stage, episode: Episode): Host | undefined {
  return stage.hosts[episode.pick(stage.members) ?? 0]
}

/** Anybody who is up. */
export function runningFor(stage: Stage, episode: Episode): Host | null {
  const host = stage.hosts[episode.pick(everybody(stage)) ?? 0]
  return host === undefined || host.node === null ? null : host
}

/** How much of a sync in flight survives a crash. */
export function partOf(episode: Episode, crash = 0): number {
  return episode.detail(900 + crash, 0, 0x7fff_ffff)
}

/** Every other one strikes whoever leads. */
function crash(stage: Stage, episode: Episode): Strike | null {
  const isForLeader = episode.detail(0, 0, 1) === 0
  const host = (isForLeader ? stage.leader : null) ?? runningFor(stage, episode)
  if (host === null) return null
  return {
    nodes: [host.id],
    what: 'it crashes',
    begin: () => {
      stage.crash(host, partOf(episode))
      stage.restart(host, episode.endMicros)
    },
  }
}

/** Long enough for the first record of a start to be synced, or not. */
const RECOVERY_MICROS = 3_000

function crashInRecovery(stage: Stage, episode: Episode): Strike | null {
  const host = runningFor(stage, episode)
  if (host === null) return null
  const { startMicros, endMicros } = episode
  const backMicros = startMicros + Math.floor((endMicros - startMicros) / 2)
  const againMicros = Math.min(endMicros, backMicros + episode.detail(0, 0, RECOVERY_MICROS))
  return {
    nodes: [host.id],
    what: 'it crashes, and again when it is hardly back',
    begin: () => {
      stage.crash(host, partOf(episode))
      stage.restart(host, backMicros)
      stage.at(againMicros, () => {
        stage.crash(host, partOf(episode, 1))
        stage.restart(host, endMicros)
      })
    },
  }
}

function rollingRestart(stage: Stage, episode: Episode): Strike | null {
  const { startMicros, endMicros } = episode
  const nodes = episode.shuffle(stage.members)
  const turn = Math.floor((endMicros - startMicros) / nodes.length)
  return {
    nodes,
    what: `${formatNodes(nodes)} are restarted one by one`,
    begin: () => {
      for (const [index, id] of nodes.entries()) {
        const host = stage.hosts[id]
        const downMicros = startMicros + index * turn
        if (host === undefined) continue
        stage.at(downMicros, () => {
          stage.crash(host, partOf(episode, index))
          stage.restart(host, downMicros + Math.floor(turn / 2))
        })
      }
    },
  }
}

function pause(stage: Stage, episode: Episode): Strike | null {
  const host = runningFor(stage, episode)
  if (host === null) return null
  return {
    nodes: [host.id],
    what: 'it stands still',
    begin: () => {
      host.freeMicros = Math.max(host.freeMicros, episode.endMicros)
    },
  }
}

function slowMember(stage: Stage, episode: Episode): Strike | null {
  const host = runningFor(stage, episode)
  if (host === null) return null
  const slowMicros = episode.detail(0, 2_000, 200_000)
  const { life } = host
  return {
    nodes: [host.id],
    what: `it takes ${slowMicros} us longer over everything`,
    begin: () => {
      host.slowMicros += slowMicros
    },
    end: () => {
      if (host.life === life) host.slowMicros -= slowMicros // its next life is as fast as any
    },
  }
}

export const PROCESSES: Actions = {
  crash,
  'crash-in-recovery': crashInRecovery,
  'rolling-restart': rollingRestart,
  pause,
  'slow-member': slowMember,
}
