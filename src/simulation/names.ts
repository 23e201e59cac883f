import type { NodeId } from '../paxos/index.js'

/** What transcripts and verdicts call a node. */
export function nameOf(node: NodeId): string {
  return `NODE_${node}`
}
