/**
 * Partitions: who hears whom while one lasts. The last three are those of *Omni-Paxos: Breaking the Barriers of Partial
 * Connectivity* (EuroSys 2023), section 2.
 */
import { type NodeId, quorumOf } from '../../paxos/index.js'
import { formatNodes, nameOf } from '../names.js'
import type { Direction } from '../network.js'
import type { Episode, EpisodeClass } from './plan.js'
import { type Action, type Actions, everybody, type Stage, type Strike } from './stage.js'

interface Shape {
  readonly what: string
  hears(a: NodeId, b: NodeId): boolean
}

/** Gives a shape for members in some order; null: too few of them, or nobody leads. */
type Shaper = (order: readonly NodeId[], leader: NodeId | null, episode: Episode) => Shape | null

const SHAPERS = {
  halves: (order) => groups(order, order.length >> 1),
  minority: (order, _leader, episode) => {
    const most = order.length - quorumOf(order)
    return most === 0 ? null : groups(order, episode.detail(0, 1, most))
  },
  'isolated-leader': (order, leader) => (leader === null ? null : groups(first(leader, order), 1)),
  ring: (order) => {
    if (order.length < 4) return null // all are neighbours
    const reach = quorumOf(order) >> 1
    const distance = (a: NodeId, b: NodeId): number => Math.abs(order.indexOf(a) - order.indexOf(b))
    return {
      what: `a ring: ${order.map(nameOf).join(' ')}`,
      hears: (a, b) => Math.min(distance(a, b), order.length - distance(a, b)) <= reach,
    }
  },
  bridge: ([bridge, ...others]) => {
    if (bridge === undefined) return null
    const halves = groups(others, others.length >> 1)
    return (
      halves && {
        what: `${halves.what}, and ${nameOf(bridge)} hears all`,
        hears: (a, b) => a === bridge || b === bridge || halves.hears(a, b),
      }
    )
  },
  'quorum-loss': (order, leader) => {
    const hub = order.find((id) => id !== leader)
    if (hub === undefined || leader === null || order.length < 3) return null
    return star(hub, `${nameOf(leader)} leads`)
  },
  chained: (order, leader) => {
    if (leader === null || order.length < 3) return null
    const chain = first(leader, order)
    return {
      what: `a chain: ${chain.map(nameOf).join(' ')}`,
      hears: (a, b) => Math.abs(chain.indexOf(a) - chain.indexOf(b)) <= 1,
    }
  },
} satisfies { readonly [Class in EpisodeClass]?: Shaper }

/** Some are cut off from the rest. */
function groups(order: readonly NodeId[], size: number): Shape | null {
  if (size === 0 || size === order.length) return null
  const group = order.slice(0, size)
  return {
    what: `${formatNodes(group)} | ${formatNodes(order.slice(size))}`,
    hears: (a, b) => group.includes(a) === group.includes(b),
  }
}

function star(hub: NodeId, more: string): Shape {
  return { what: `all hear ${nameOf(hub)} only; ${more}`, hears: (a, b) => a === b || a === hub || b === hub }
}

function first(leader: NodeId, order: readonly NodeId[]): readonly NodeId[] {
  return [leader, ...order.filter((id) => id !== leader)]
}

/** The links that a shape cuts. */
function cutsOf(members: readonly NodeId[], { hears }: Shape): Direction[] {
  const cuts: Direction[] = []
  for (const a of members) for (const b of members) if (a !== b && !hears(a, b)) cuts.push([a, b])
  return cuts
}

/** The links to and from a node. */
export function linksOf(node: NodeId, others: readonly NodeId[]): Direction[] {
  return others.flatMap((other): Direction[] =>
    other === node
      ? []
      : [
          [node, other],
          [other, node],
        ],
  )
}

function partition(shaper: Shaper): Action {
  return (stage, episode) => {
    const nodes = everybody(stage)
    const shape = shaper(episode.shuffle(nodes), stage.leader?.id ?? null, episode)
    if (shape === null) return null
    const links = cutsOf(nodes, shape)
    return {
      nodes: [...new Set(links.map(([from]) => from))],
      what: shape.what,
      shape: { class: episode.class, fromMicros: episode.startMicros, hears: shape.hears },
      begin: () => stage.network.cut(links),
      end: () => stage.network.heal(links),
    }
  }
}

/** One member misses what happens; then the leader is gone, and the others hear nobody but that one. */
function constrained(stage: Stage, episode: Episode): Strike | null {
  const { network } = stage
  const members = everybody(stage)
  const leader = stage.leader?.id
  const hub = episode.shuffle(members).find((id) => id !== leader)
  if (leader === undefined || hub === undefined || members.length < 3) return null
  const before = linksOf(hub, members)
  const shape = star(hub, '')
  const hears = (a: NodeId, b: NodeId): boolean => a !== leader && b !== leader && shape.hears(a, b)
  const after = cutsOf(members, { ...shape, hears })
  const turnMicros = Math.min(episode.endMicros, episode.startMicros + episode.detail(0, 100_000, 400_000))
  return {
    nodes: members,
    shape: { class: episode.class, fromMicros: turnMicros, hears },
    what: `${nameOf(hub)} falls behind, then all others hear it only, and ${nameOf(leader)} nobody`,
    begin: () => {
      network.cut(before)
      stage.at(turnMicros, () => {
        network.heal(before)
        network.cut(after)
      })
    },
    end: () => network.heal(after),
  }
}

export const PARTITIONS: Actions = {
  halves: partition(SHAPERS.halves),
  minority: partition(SHAPERS.minority),
  'isolated-leader': partition(SHAPERS['isolated-leader']),
  ring: partition(SHAPERS.ring),
  bridge: partition(SHAPERS.bridge),
  'quorum-loss': partition(SHAPERS['quorum-loss']),
  constrained,
  chained: partition(SHAPERS.chained),
}
