/** Faults of clocks. Only the wall clock jumps: what a node measures time with never goes back. */
import type { Micros } from '../../paxos/index.js'
import type { Episode } from './plan.js'
import { memberFor } from './processes.js'
import type { Actions, Stage, Strike } from './stage.js'

/** How far clocks jump, at most: by an adjustment, by a wrong one, and by a battery that is empty. */
const JUMPS: readonly Micros[] = [100_000, 5_000_000, 300_000_000, 90_000_000_000]

function jumpOf(episode: Episode): Micros {
  const most = JUMPS[episode.detail(0, 0, JUMPS.length - 1)] ?? 0
  const far = episode.detail(1, 1, Math.min(most, 0x7fff_ffff)) * Math.ceil(most / 0x7fff_ffff)
  return episode.detail(2, 0, 1) === 0 ? far : -far
}

function jump(stage: Stage, episode: Episode): Strike | null {
  const host = memberFor(stage, episode)
  if (host === undefined) return null
  const byMicros = jumpOf(episode)
  return {
    nodes: [host.id],
    what: `its wall clock jumps by ${byMicros} us`,
    begin: () => {
      host.clock.offMicros += byMicros
    },
  }
}

function strobe(stage: Stage, episode: Episode): Strike | null {
  const host = memberFor(stage, episode)
  if (host === undefined) return null
  const byMicros = jumpOf(episode)
  const everyMicros = episode.detail(3, 5_000, 300_000)
  let isOff = false
  const turn = (): void => {
    host.clock.offMicros += isOff ? -byMicros : byMicros
    isOff = !isOff
  }
  return {
    nodes: [host.id],
    what: `its wall clock jumps by ${byMicros} us and back every ${everyMicros} us`,
    begin: () => {
      for (let at = episode.startMicros; at < episode.endMicros; at += everyMicros) stage.at(at, turn)
    },
    end: () => {
      if (isOff) turn()
    },
  }
}

export const CLOCKS: Actions = { jump, strobe }
