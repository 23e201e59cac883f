/** Faults of disks: for a while, or for good. */
import type { Host } from '../host.js'
import { nameOf } from '../names.js'
import { isFounded, mayDamage } from './budget.js'
import type { Episode } from './plan.js'
import { memberFor, partOf } from './processes.js'
import type { Action, Actions, Stage, Strike } from './stage.js'

// ---- for a while ---------------------------------------------------------------------------------------------

function fullDisk(stage: Stage, episode: Episode): Strike | null {
  const disk = memberFor(stage, episode)?.disk
  if (disk === undefined) return null
  return {
    nodes: [episode.pick(stage.members) ?? 0],
    what: 'its disk is full: no sync succeeds',
    begin: () => {
      disk.fullUntilMicros = Math.max(disk.fullUntilMicros, episode.endMicros)
    },
  }
}

function slowDisk(stage: Stage, episode: Episode): Strike | null {
  const disk = memberFor(stage, episode)?.disk
  if (disk === undefined) return null
  const slowMicros = episode.detail(0, 5_000, 300_000)
  return {
    nodes: [episode.pick(stage.members) ?? 0],
    what: `its syncs take ${slowMicros} us longer`,
    begin: () => {
      disk.slowMicros += slowMicros
    },
    end: () => {
      disk.slowMicros -= slowMicros
    },
  }
}

/** Every other one strikes whoever leads. The others can do without that member, unless it is the only one. */
function stalledDisk(stage: Stage, episode: Episode): Strike | null {
  const isForLeader = episode.detail(0, 0, 1) === 0
  const host = (isForLeader ? stage.leader : null) ?? memberFor(stage, episode)
  if (host === undefined) return null
  const { id, disk } = host
  return {
    nodes: [id],
    what: 'its syncs do not end',
    shape: {
      class: episode.class,
      fromMicros: episode.startMicros,
      hears: (a, b) => a !== id && b !== id,
      stalled: id,
    },
    begin: () => {
      disk.stalledUntilMicros = Math.max(disk.stalledUntilMicros, episode.endMicros)
    },
  }
}

// ---- for good: noticed at the next start ---------------------------------------------------------------------

/** Some records of a member go bad, which it notices when it starts the next time. */
function damaging(what: string, places: number): Action {
  return (stage, episode) => {
    const host = memberFor(stage, episode)
    if (host === undefined || host.disk.synced.length < places || !mayDamage(stage, [host])) return null
    return {
      nodes: [host.id],
      what,
      begin: () => {
        host.lose()
        for (let place = 0; place < places; place++) {
          host.disk.damage(episode.detail(place, 0, host.disk.synced.length - 1))
        }
      },
      end: () => bounce(stage, episode, host),
    }
  }
}

/** A machine that is up goes down and comes up again. */
function bounce(stage: Stage, episode: Episode, host: Host): void {
  stage.crash(host, partOf(episode))
  stage.restart(host, episode.endMicros)
}

function wipe(stage: Stage, episode: Episode): Strike | null {
  const host = memberFor(stage, episode)
  if (host === undefined || !mayDamage(stage, [host])) return null
  return {
    nodes: [host.id],
    what: 'it loses its store',
    begin: () => {
      stage.crash(host, partOf(episode))
      if (isFounded(host)) host.lose() // one that has vouched for nothing yet simply begins again
      host.disk.wipe()
      stage.restart(host, episode.endMicros)
    },
  }
}

function swap(stage: Stage, episode: Episode): Strike | null {
  const [one, other] = episode.shuffle(stage.members).flatMap((id) => stage.hosts[id] ?? [])
  if (one === undefined || other === undefined || !mayDamage(stage, [one, other])) return null
  return {
    nodes: [one.id, other.id],
    what: `${nameOf(one.id)} and ${nameOf(other.id)} come back with the store of the other`,
    begin: () => {
      for (const [index, host] of [one, other].entries()) stage.crash(host, partOf(episode, index))
      // Who has vouched for nothing yet, and finds nothing that belongs to another, simply begins again.
      if (isFounded(one) || !isBlank(other)) one.lose()
      if (isFounded(other) || !isBlank(one)) other.lose()
      const { disk } = one
      one.disk = other.disk
      other.disk = disk
      for (const host of [one, other]) stage.restart(host, episode.endMicros)
    },
  }
}

const isBlank = ({ disk }: Host): boolean => disk.synced.length === 0

// ---- for good, and unnoticed ---------------------------------------------------------------------------------

function lyingSync(stage: Stage, episode: Episode): Strike | null {
  const host = memberFor(stage, episode)
  if (host === undefined) return null
  return {
    nodes: [host.id],
    what: 'its syncs are lies, as the next crash will show',
    begin: () => host.disk.lie(),
    end: () => {
      // One that is down has been shown up by the crash that brought it down, or has written nothing.
      if (host.node === null) host.disk.confess()
      bounce(stage, episode, host)
    },
  }
}

function rollback(stage: Stage, episode: Episode): Strike | null {
  const host = memberFor(stage, episode)
  if (host === undefined) return null
  const records = [...host.disk.synced]
  return {
    nodes: [host.id],
    what: `its store will be put back to the ${records.length} records of now`,
    begin: () => {},
    end: () => {
      stage.crash(host, partOf(episode))
      stage.putBack(host, records)
      stage.restart(host, episode.endMicros)
    },
  }
}

export const DISKS: Actions = {
  rot: damaging('a record on its disk goes bad', 1),
  misdirection: damaging('a write lands on the place of another record, and both are bad', 2),
  'full-disk': fullDisk,
  'slow-disk': slowDisk,
  'stalled-disk': stalledDisk,
  wipe,
  swap,
  'lying-sync': lyingSync,
  rollback,
}
