// The examples work as they say, as a user would run them: on dist, in processes of their own. Each is a page.

import { spawnSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { freeAddress, newFolder } from '../runtime/member/started.js'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const EXAMPLES = readdirSync(join(ROOT, 'examples')).filter((name) => name.endsWith('.js'))

function run(example: string, argument: string): readonly string[] {
  const options = { cwd: ROOT, encoding: 'utf8', timeout: 60_000 } as const
  const ran = spawnSync(process.execPath, [join('examples', example), argument], options)
  expect(ran.stderr).toBe('')
  expect(ran.status).toBe(0)
  return ran.stdout.trimEnd().split('\n')
}

/** A port that is free. So are the next two, as a rule: few listen where it is looked for. */
async function firstPort(): Promise<string> {
  const address = await freeAddress()
  return address.split(':')[1] ?? ''
}

test('counter.js counts its runs', () => {
  const folder = newFolder()
  expect(run('counter.js', folder)).toEqual(['The first run.'])
  expect(run('counter.js', folder)).toEqual(['Run 2.'])
})

test('lock-service.js: whoever lost the lock cannot write any more', async () => {
  expect(run('lock-service.js', await firstPort())).toEqual([
    expect.stringMatching(/^The slow worker holds the lock with token \d+, and falls asleep\.$/),
    expect.stringMatching(/^Its lease is over: the quick worker holds the lock with token \d+\.$/),
    expect.stringMatching(/^The file has "quick", with token \d+\.$/),
    expect.stringMatching(/^The slow worker wakes up\. The file refused "slow": token \d+ is below \d+\.$/),
  ])
})

test('leader-election.js: one leads, and when it is gone another one does', async () => {
  const [first, second, ...more] = run('leader-election.js', await firstPort())
  const leaders = [first, second].map((line) => /^Term \d: ([abc]) leads\.$/.exec(line ?? '')?.[1])
  expect(more).toEqual([])
  expect(leaders).not.toContain(undefined)
  expect(leaders[0]).not.toBe(leaders[1])
})

test.for(EXAMPLES)('%s is a page, and begins with how it is run', (example) => {
  const lines = readFileSync(join(ROOT, 'examples', example), 'utf8').split('\n')
  expect(lines.length).toBeLessThanOrEqual(100)
  const head = lines.slice(0, lines.indexOf(''))
  expect(head.every((line) => line.startsWith('//'))).toBe(true)
  expect(head.join('\n')).toContain(`node examples/${example}`)
})
