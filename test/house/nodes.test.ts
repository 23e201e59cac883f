// Every Node that the tests run on is the one it is taken for.

import { execFileSync } from 'node:child_process'
import { describe, expect, test } from 'vitest'
import { executableOf, SUPPORTED_NODES } from '../support/nodes.js'

describe('the Nodes that Synod supports', () => {
  test.for(SUPPORTED_NODES)('Node.js $major says that it is Node.js $major', (node, context) => {
    const path = executableOf(node, context)
    const version = execFileSync(path, ['--version'], { encoding: 'utf8' })
    expect(version).toMatch(new RegExp(`^v${node.major}\\.`))
  })
})
