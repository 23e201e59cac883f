/**
 * Operators change the membership in the middle of it all; and when all faults are over they replace the members whose
 * stores are lost.
 */
import type { Configuration, Micros, Voter } from '../../paxos/index.js'
import type { Disk } from '../disk.js'
import type { Host } from '../host.js'
import { formatNodes } from '../names.js'
import type { Episode } from './plan.js'
import type { Action, Actions, Stage, Strike } from './stage.js'

/** How often an operator looks again whether something has come about. */
const PATIENCE_MICROS = 100_000
/** The most voters that operators make. */
const MOST_VOTERS = 7

/** What a change makes of the members: how many go, and how many newcomers take their places. */
interface Exchange {
  readonly leaving: readonly Host[]
  readonly newcomers: number
}

/** The latest configuration that any member knows, and who knows it and can be asked to change it. */
interface Latest {
  readonly host: Host
  readonly configuration: Configuration
}

function latestOf(stage: Stage): Latest | null {
  let best: Latest | null = null
  for (const host of stage.hosts) {
    const configuration = host.node?.membership.configurations.at(-1)
    if (configuration === undefined || host.isOut || isBeyondAsking(host)) continue
    if (best === null || configuration.version > best.configuration.version) best = { host, configuration }
  }
  return best
}

/** As many changes wait at this member as it keeps, perhaps for newcomers that never come: it would refuse any other. */
function isBeyondAsking({ node }: Host): boolean {
  return node !== null && (node.roles.requester?.changes.size ?? 0) >= node.settings.queueLimit
}

function exchangeOf(stage: Stage, episode: Episode, members: readonly Host[]): Exchange {
  const lost = members.filter(({ isOut }) => isOut)
  const others = episode.shuffle(members.filter(({ isOut }) => !isOut))
  switch (episode.detail(0, 0, 5)) {
    case 0: // somebody more
      return { leaving: lost, newcomers: lost.length + (members.length < MOST_VOTERS ? 1 : 0) }
    case 1: // somebody less
      return { leaving: [...lost, ...others.slice(0, 1)], newcomers: members.length > 1 ? lost.length : 1 }
    case 2: // the leader goes, and somebody comes
      return { leaving: [...lost, ...(stage.leader ? [stage.leader] : [])], newcomers: lost.length + 1 }
    case 3: // everybody goes
      return { leaving: members, newcomers: episode.detail(1, 1, 5) }
    default: {
      // some go, and as many come
      const leaving = [...lost, ...others.slice(0, episode.detail(1, 1, members.length))]
      return { leaving, newcomers: leaving.length }
    }
  }
}

/** A careless operator brings back a member that was removed, under its old number: that must be refused. */
const RETURN = 5

function formerMember(stage: Stage, episode: Episode, members: readonly Host[]): Host | null {
  const isFormer = (host: Host): boolean =>
    !members.includes(host) && !host.isOut && storeOf(host.disk) !== null
  return episode.pick(stage.hosts.filter(isFormer)) ?? null
}

function bringBack(stage: Stage, { host, configuration }: Latest, returning: Host): Strike {
  const { version, voters, members } = configuration
  const store = storeOf(returning.disk) ?? 0
  return {
    nodes: members,
    what: `${formatNodes([returning.id])} shall be a member again`,
    begin: () => {
      returning.isRetired = false
      stage.restart(returning, stage.nowMicros)
      stage.change(host, version, [...voters, { member: returning.id, store }])
    },
  }
}

function storeOf(disk: Disk): number | null {
  const created = disk.synced[0]
  return created?.type === 'created' ? created.store : null
}

/** One change in so many names stores that the newcomers do not have: it must wait, or the cluster may have no quorum. */
const SLIP = 8

const change: Action = (stage, episode) => {
  const latest = latestOf(stage)
  if (latest === null) return null
  const members = latest.configuration.members.flatMap((id) => stage.hosts[id] ?? [])
  const returning = formerMember(stage, episode, members)
  if (returning !== null && episode.detail(0, 0, 5) === RETURN) return bringBack(stage, latest, returning)
  const { leaving, newcomers } = exchangeOf(stage, episode, members)
  const places = formatNodes(leaving.map(({ id }) => id))
  const what = `${leaving.length === 0 ? 'nobody is' : `${places} shall be`} removed, and ${newcomers} admitted`
  const isSlip = newcomers > 0 && episode.detail(2, 1, SLIP) === SLIP
  return {
    nodes: latest.configuration.members,
    what: isSlip ? `${what} with stores that they do not have` : what,
    begin: () => exchange(stage, leaving, newcomers, isSlip),
  }
}

/** Starts newcomers, waits for their stores, and has the change decided, if it can be while faults last. */
function exchange(stage: Stage, leaving: readonly Host[], newcomers: number, isSlip: boolean): void {
  const admitted = Array.from({ length: newcomers }, () => stage.admit())
  const ask = (): void => {
    if (stage.isQuiet)
      dismiss(stage, admitted) // the last word is that of repairs
    else if (propose(stage, leaving, admitted, isSlip)) stage.at(stage.nowMicros + CHANGE_MICROS, giveUp)
    else stage.at(stage.nowMicros + PATIENCE_MICROS, ask)
  }
  const giveUp = (): void => dismiss(stage, admitted)
  stage.at(stage.nowMicros + PATIENCE_MICROS, ask)
}

/** Who was not admitted after all is not needed; unless that may still be decided. */
function dismiss(stage: Stage, admitted: readonly Host[]): void {
  const counting = stage.configurations.flat()
  for (const host of admitted) if (!counting.includes(host.id)) stage.dismiss(host)
}

/** Asks for a change, unless the newcomers have no stores yet, or nobody knows who votes now. Says whether it did. */
function propose(stage: Stage, leaving: readonly Host[], admitted: readonly Host[], isSlip = false): boolean {
  const latest = latestOf(stage)
  const newcomers = admitted.flatMap(({ id, disk }): Voter[] => {
    const store = storeOf(disk)
    return store === null ? [] : [{ member: id, store: isSlip ? store + 1 : store }]
  })
  if (latest === null || newcomers.length < admitted.length) return false
  const leavingIds = leaving.map(({ id }) => id)
  const staying = latest.configuration.voters.filter(
    ({ member }) => !leavingIds.includes(member) && stage.hosts[member]?.isOut === false,
  )
  const voters = [...staying, ...newcomers]
  if (voters.length > 0) stage.change(latest.host, latest.configuration.version, voters)
  return true
}

/**
 * Replaces every voter whose store is lost: asks again and again, for the same newcomers, which may take their time to
 * learn, until none is left.
 */
export function repair(stage: Stage, admitted: readonly Host[] = []): void {
  // Not only those of the configuration that somebody knows who is up at the moment: it may be long gone.
  const lost = stage.members.flatMap((id) => stage.hosts[id] ?? []).filter(({ isOut }) => isOut)
  const waiting = admitted.filter((host) => {
    return !host.isOut && !host.isRetired && !stage.members.includes(host.id)
  })
  if (lost.length === 0) {
    dismiss(stage, waiting)
    return
  }
  while (waiting.length < lost.length) waiting.push(stage.admit())
  const newcomers = waiting.slice(0, lost.length)
  const ask = (): void => {
    if (propose(stage, lost, newcomers)) stage.at(stage.nowMicros + CHANGE_MICROS, again)
    else stage.at(stage.nowMicros + PATIENCE_MICROS, ask)
  }
  const again = (): void => repair(stage, waiting)
  stage.at(stage.nowMicros + PATIENCE_MICROS, ask)
}

/** A change that is not carried out in this time may have been lost with the member that was asked. */
const CHANGE_MICROS: Micros = 2_000_000

export const CHANGES: Actions = { change }
