// `synod explore`: what it prints, its exit codes, Ctrl-C.

import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { ended, linesOf, startSynod, synod, temporaryFolder } from './command.js'

const TINY = ['explore', '--leaders', '1', '--requests', '1', '--crashes', '0']
/** More states than anybody has time for. */
const ENDLESS = ['explore', '--members', '5', '--leaders', '5', '--rounds', '9', '--crashes', '9']

describe.concurrent('synod explore', () => {
  it('exits with 0 when every state is right, and says how many there are', async () => {
    const { code, stdout, stderr } = await synod(TINY)
    expect(code).toBe(0)
    expect(stderr).toBe(
      'synod: exploring 3 members, 1 leader, 1 request, 1 round, 0 crashes, instant syncs, loss, duplication\n',
    )
    expect(linesOf(stdout)).toEqual([
      'every state is right',
      expect.stringMatching(/^ {2}states {2}\d+ generated, \d+ unique$/),
      expect.stringMatching(/^ {2}depth {3}\d+ steps$/),
      expect.stringMatching(/^ {2}time {4}\d+\.\d\d s, \d+ states generated a second$/),
    ])
  })

  it('prints the same as JSON', async () => {
    const { code, stdout } = await synod([...TINY, '--syncs', 'delayed', '--no-duplication', '--json'])
    expect(code).toBe(0)
    expect(JSON.parse(stdout)).toEqual({
      verdict: 'holds',
      bounds: {
        members: 3,
        leaders: 1,
        requests: 1,
        rounds: 1,
        crashes: 0,
        syncs: 'delayed',
        duplication: false,
        fetches: false,
        depth: 1_000_000,
        states: 10_000_000,
      },
      generated: expect.any(Number),
      unique: expect.any(Number),
      depth: expect.any(Number),
      turns: expect.any(Number),
      wallSeconds: expect.any(Number),
      generatedPerSecond: expect.any(Number),
      violation: null,
    })
  })

  it('takes a machine whose clients only read: they ask for no slot', async () => {
    const file = join(temporaryFolder(), 'mine.mjs')
    const machine = 'machine: { initial: () => 7, apply: (state) => [state, null], query: (state) => state }'
    writeFileSync(file, `export default { ${machine}, operation: () => ({ type: 'query', query: 'it' }) }`)
    const { code, stdout, stderr } = await synod([...TINY, '--machine', file])
    expect(code).toBe(0)
    expect(stderr).toMatch(/^synod: exploring 3 members, 1 leader, 0 requests, /)
    expect(linesOf(stdout)[0]).toBe('every state is right')
  })

  it('exits with 1 when a state is wrong, and prints a shortest way there', async () => {
    const file = join(temporaryFolder(), 'mine.mjs')
    const machine = "machine: { initial: () => 0, apply: (count, by) => [count + by, 'counted'] }"
    const operation = "operation: () => ({ type: 'command', command: 3 })"
    const invariant = "invariant: (count) => (count < 3 ? null : 'it counts too far')"
    writeFileSync(file, `export default { ${machine}, ${operation}, ${invariant} }`)
    const { code, stdout } = await synod([...TINY, '--machine', file])
    expect(code).toBe(1)
    const lines = linesOf(stdout)
    expect(lines[0]).toBe('   0.000000  NODE_0   -           starts    with 3 records on disk')
    expect(lines).toContainEqual(expect.stringMatching(/ replica {5}applies {3}slot=2 /))
    expect(lines).toContain('# it counts too far')
    expect(lines).toContainEqual(expect.stringMatching(/^after \d+ steps: it counts too far$/))
  })

  it('exits with 3 when there are more states than it was to look at', async () => {
    const { code, stdout } = await synod(['explore', '--limit', '500'])
    expect(code).toBe(3)
    expect(stdout).toMatch(/^undecided: these states are right, and there are more\n/)
  })

  it.each([
    [['--rounds', '10'], "--rounds must be a whole number from 1 to 9, and '10' is not"],
    [['--crashes', 'many'], "--crashes must be a whole number from 0 to 9, and 'many' is not"],
    [['--leaders', '4'], 'of 3 members 4 cannot lead'],
  ])('exits with 2 when an option is wrong: %s', async (options, sentence) => {
    const { code, stdout, stderr } = await synod(['explore', ...options])
    expect({ code, stdout, stderr }).toEqual({ code: 2, stdout: '', stderr: `synod: ${sentence}.\n` })
  })

  it('stops on Ctrl-C, and says what it has seen until then', async () => {
    const child = startSynod(ENDLESS)
    const end = ended(child)
    await once(child.stderr, 'data')
    child.kill('SIGINT')
    const { code, stdout } = await end
    expect(code).toBe(130)
    expect(stdout).toMatch(
      /^undecided: these states are right, and there are more\n {2}states {2}\d+ generated/,
    )
  })
})
