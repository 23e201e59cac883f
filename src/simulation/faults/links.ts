/** Faults of single links: they hold messages back, or work one way only. */
import type { Micros } from '../../paxos/index.js'
import { formatNodes, nameOf } from '../names.js'
import type { Direction } from '../network.js'
import { linksOf } from './partitions.js'
import type { Episode } from './plan.js'
import { type Actions, everybody, type Stage, type Strike } from './stage.js'

/** A link, one way; null where there is none. */
function linkFor(stage: Stage, episode: Episode): Direction | null {
  const [from, to] = episode.shuffle(everybody(stage))
  return from === undefined || to === undefined ? null : [from, to]
}

function clog(stage: Stage, episode: Episode): Strike | null {
  const link = linkFor(stage, episode)
  if (link === null) return null
  return {
    nodes: link,
    what: `nothing gets through from ${nameOf(link[0])} to ${nameOf(link[1])} before the end`,
    begin: () => stage.network.clog([link], episode.endMicros),
  }
}

function oneWay(stage: Stage, episode: Episode): Strike | null {
  const link = linkFor(stage, episode)
  if (link === null) return null
  return {
    nodes: link,
    what: `${nameOf(link[1])} does not hear ${nameOf(link[0])}`,
    begin: () => stage.network.cut([link]),
    end: () => stage.network.heal([link]),
  }
}

/** Some members' links clog one after the other in the first half, and open one after the other in the second. */
function swizzleClog(stage: Stage, episode: Episode): Strike | null {
  const members = everybody(stage)
  if (members.length < 2) return null
  const nodes = episode.shuffle(members).slice(0, episode.detail(0, 1, members.length))
  const { startMicros, endMicros } = episode
  const half = Math.floor((endMicros - startMicros) / 2)
  const moments = (from: Micros, first: number): Micros[] =>
    nodes.map((_, index) => from + episode.detail(first + index, 0, half))
  const [closing, opening] = [moments(startMicros, 100), moments(startMicros + half, 300)]
  return {
    nodes,
    what: `the links of ${formatNodes(nodes)} clog, and open again`,
    begin: () => {
      for (const [index, node] of nodes.entries()) {
        const clogged = () => stage.network.clog(linksOf(node, members), opening[index] ?? endMicros)
        stage.at(closing[index] ?? startMicros, clogged)
      }
    },
  }
}

function clientCut(stage: Stage, episode: Episode): Strike | null {
  const node = episode.pick(stage.clientNodes)
  if (node === undefined) return null
  const links = linksOf(node, everybody(stage))
  return {
    nodes: [node],
    what: 'its clients reach no member',
    begin: () => stage.network.cut(links),
    end: () => stage.network.heal(links),
  }
}

export const LINKS: Actions = {
  clog,
  'swizzle-clog': swizzleClog,
  'one-way': oneWay,
  'client-cut': clientCut,
}
