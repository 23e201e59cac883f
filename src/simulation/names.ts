import type { NodeId } from '../paxos/index.js'

/** What transcripts and verdicts call a node. */
export function nameOf(node: NodeId): string {
  return `NODE_${node}`
}

/** `NODE_0..NODE_3 NODE_7`: runs of neighbours are joined. */
export function formatNodes(nodes: readonly NodeId[]): string {
  const parts: string[] = []
  for (let at = 0; at < nodes.length; ) {
    const first = nodes[at] ?? 0
    let last = first
    for (at += 1; nodes[at] === last + 1; at += 1) last += 1
    parts.push(last - first > 1 ? `${nameOf(first)}..${nameOf(last)}` : nameOf(first))
    if (last - first === 1) parts.push(nameOf(last))
  }
  return parts.join(' ')
}
