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

interface Ended {
  readonly status: number | null
  readonly stdout: string
  readonly stderr: string
}

const command = (...args: string[]): Ended =>
  spawnSync(process.execPath, ['scripts/museum.mjs', ...args], { cwd: ROOT, encoding: 'utf8' })

function museumOf(module: string, ...args: string[]): Ended {
  const file = join(temporaryFolder(), 'mine.mjs')
  writeFileSync(file, module)
  return command('--machine', file, ...args)
}

const museum = (...args: string[]): Ended => museumOf(COUNTER, ...args)

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

it.each([
  [
    ['--bug', 'promised-too-much'],
    /^museum: there is no bug 'promised-too-much'; museum\/README.md lists all of them\.$/,
  ],
  [
    ['--bug', 'a-promise'],
    /^museum: there is no bug 'a-promise'; like it are promise-in-memory, .*README.md/,
  ],
  [
    ['--machine', './none.mjs'],
    /^museum: there is no file '.\/none.mjs': --machine takes the path of a module/,
  ],
  [
    ['--machine', 'bank', '--quick'],
    /^museum: stories are pinned of the clients of shared: leave out --machine, or --quick\.$/,
  ],
  [
    ['--seeds', '-1'],
    /^museum: Option '--seeds' argument is ambiguous; npm run museum -- --help lists the options\.$/,
  ],
])('says in a sentence what is wrong with %j, with exit code 2', (args, sentence) => {
  const { status, stdout, stderr } = command(...args)
  expect({ status, stdout }).toEqual({ status: 2, stdout: '' })
  expect(stderr.trimEnd().split('\n').at(-1)).toMatch(sentence)
})

const MODULE = (rest: string): string =>
  `export default { machine: { initial: () => 0, apply: (count) => [count, count] }, ${rest} }`

it.each([
  [
    'throws',
    MODULE('operation: () => nobody'),
    /mine.mjs is no machine to hunt with: `operation` threw: nobody is not defined\.$/,
  ],
  [
    'fails by itself',
    MODULE('operation: () => ({ type: "command", command: 1 }), invariant: () => "it is never right"'),
    /mine.mjs fails without any bug of the protocol, so mend it first: conservation failed at event \d+: .*it is never right; replay it with: npx synod simulate 1 --scenario swarm --machine .*mine.mjs\.$/,
  ],
])('hunts nothing with a machine that %s, and says so, with exit code 2', (_what, module, sentence) => {
  const { status, stderr } = museumOf(module, '--bug', 'accepted-before-durable')
  expect(status).toBe(2)
  expect(stderr.trimEnd().split('\n').at(-1)).toMatch(sentence)
  expect(stderr).not.toContain('accepted-before-durable')
})
