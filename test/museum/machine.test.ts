// `npm run museum -- --machine`: bugs of the protocol, hunted with a machine of one's own.

import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { temporaryFolder } from '../cli/command.js'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const COUNTER = `export default {
  machine: { initial: () => 0, apply: (count, by) => [count + by, count + by] },
  operation: (client, position, draw) => ({ type: 'command', command: draw(1, 9) }),
}`

function museum(...args: string[]): { status: number | null; stdout: string; stderr: string } {
  const file = join(temporaryFolder(), 'mine.mjs')
  writeFileSync(file, COUNTER)
  const command = ['scripts/museum.mjs', '--machine', file, ...args]
  return spawnSync(process.execPath, command, { cwd: ROOT, encoding: 'utf8' })
}

it('catches a bug, and tells a story that replays it', () => {
  const bug = ['--bug', 'accepted-before-durable']
  const { status, stdout } = museum(...bug, '--starts', '1', '--limit', '1', '--json')
  expect(status).toBe(0)
  const [told] = JSON.parse(stdout)
  expect(told).toMatchObject({ bug: 'accepted-before-durable', found: true, verdict: 'durability' })
  const replayed = museum(...bug, '--replay', told.story)
  expect(replayed.status).toBe(0)
  expect(replayed.stdout).toContain(' machine=mine ')
  expect(replayed.stdout).toMatch(/\n# durability failed at event \d+: /)
})

it('says where a bug cannot show, with exit code 2', () => {
  const { status, stdout, stderr } = museum('--bug', 'read-without-round')
  expect({ status, stdout }).toEqual({ status: 2, stdout: '' })
  expect(stderr).toContain(
    'museum: read-without-round is a bug of linearizable reads, and the clients of mine do not read: ',
  )
})
