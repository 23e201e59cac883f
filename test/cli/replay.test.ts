// `synod replay`, as people call it.

import { appendFileSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { type PackedNode, type PartBeginning, PartReader, PartWriter } from '../../src/paxos/index.js'
import { Member } from '../../src/runtime/index.js'
import { turnsOf } from '../runtime/black-box/recorded.js'
import { counter, freeAddress, QUICK } from '../runtime/member/started.js'
import { ended, linesOf, startSynod, synod, temporaryFolder } from './command.js'

const MACHINE = `export default {
  initial: () => 0,
  apply: (sum, by) => {
    if (!Number.isInteger(by)) throw new Error(by + ' is no whole number.')
    return [sum + by, sum + by]
  },
  query: (sum, factor) => sum * factor,
}
`

/** What a member has recorded: three commands and a query, and its machine as a module. */
async function recorded(redact = false): Promise<{ folder: string; file: string; machine: string }> {
  const folder = temporaryFolder()
  const box = join(folder, 'box')
  const data = join(folder, 'data')
  const blackBox = { folder: box, redact }
  const member = await Member.start({ id: 'a', data, machine: counter, settings: QUICK, blackBox })
  onTestFinished(() => member.close())
  for (const by of [1_234, 2, 3]) await member.invoke(by)
  await member.query(10)
  member.transfer()
  await member.close()
  const machine = join(folder, 'counter.mjs')
  writeFileSync(machine, MACHINE)
  return { folder: box, file: join(box, readdirSync(box)[0] ?? ''), machine }
}

/** Writes a recording anew, with another beginning, and without one of its turns. */
function rewrite(
  file: string,
  change: (beginning: PartBeginning) => PartBeginning,
  leftOut: number | null = null,
): void {
  const reader = new PartReader(new Uint8Array(readFileSync(file)))
  const writer = new PartWriter()
  const pieces = [
    writer.head(),
    ...writer.entry({ type: 'begins', beginning: change(reader.beginning) }),
    ...turnsOf(reader).flatMap((turn, at) => (at === leftOut ? [] : writer.entry({ type: 'turn', turn }))),
  ]
  writeFileSync(file, Buffer.concat(pieces))
}

describe('synod replay', () => {
  test('prints the transcript, and says that the member did the same', async () => {
    const { file, machine } = await recorded()
    const { code, stdout, stderr } = await synod(['replay', file, '--machine', machine])
    expect(code).toBe(0)
    const lines = linesOf(stdout)
    expect(lines[0]).toBe('# synod recording part=1 member=a node=NODE_0 redacted=false: the member starts')
    expect(stdout).toMatch(/^ +\d+\.\d{6} {2}NODE_0 {3}requester {3}invokes {3}client 0: command 1234$/m)
    expect(stdout).toMatch(/requester {3}completes client 0: command 2 = ok 1236$/m)
    expect(stdout).toMatch(/requester {3}completes client 0: query 10 = ok 12390$/m)
    expect(stdout).toMatch(/^# \d+\.\d{6} {2}an operator wants another member to lead$/m)
    expect(stderr).toMatch(/member a \(NODE_0\), \d+ turns in \d+\.\d{6} s, from \d{4}-\d\d-\d\dT/)
    expect(stderr).toContain('what the member does is what it did then\n')
    expect(stderr).toContain('the machine counter gives what it gave then\n')
    expect((await synod(['replay', file, '--machine', machine])).stdout).toBe(stdout)
  })

  test('names a machine that is another one, with exit code 1', async () => {
    const { file } = await recorded()
    const { code, stderr, stdout } = await synod(['replay', file])
    expect(code).toBe(1)
    expect(stderr).toMatch(/the machine of synod serve diverged at turn \d+ of .*: in slot 2 it fails/)
    expect(stderr).toContain('name that with --machine')
    expect(stdout).toContain('applies   slot=4')
  })

  test('needs no machine where all was redacted', async () => {
    const { file } = await recorded(true)
    const { code, stdout, stderr } = await synod(['replay', file])
    expect(code).toBe(0)
    expect(stdout).toContain('invokes   client 0: 4 bytes')
    expect(stdout).not.toContain('1234')
    expect(stderr).toContain('the machine was not run, because what it was given is redacted')
  })

  test('replays what was written before the process was killed', async () => {
    const box = join(temporaryFolder(), 'box')
    const listen = await freeAddress()
    const member = startSynod([
      'serve',
      '--id',
      'a',
      '--data',
      join(box, '..', 'data'),
      '--listen',
      listen,
      '--http',
      'off',
      '--black-box',
      box,
    ])
    const end = ended(member)
    for (const key of ['first', 'second']) await synod(['put', '--endpoints', listen, key, 'value'])
    member.kill('SIGKILL')
    await end
    const { code, stdout, stderr } = await synod(['replay', box])
    expect([code, stderr]).toEqual([0, expect.stringContaining('what the member does is what it did then')])
    expect(stdout).toContain('put first {"value":"value"}')
    expect(stderr).toContain('it has no end: the member ran on, or its process was killed')
  })

  test('leaves a torn end out, and says so', async () => {
    const { file, machine } = await recorded()
    appendFileSync(file, Uint8Array.of(99, 0, 0, 0, 1, 2))
    const bytes = readFileSync(file)
    writeFileSync(file, bytes.subarray(0, bytes.length - 60))
    const { code, stderr } = await synod(['replay', file, '--machine', machine])
    expect(code).toBe(0)
    expect(stderr).toMatch(/the last \d+ bytes were not written to their end, and are left out/)
  })

  test('replays a damaged file up to the damage, with exit code 2', async () => {
    const { file, machine } = await recorded()
    const bytes = readFileSync(file)
    const place = Math.floor(bytes.length * 0.8)
    bytes[place] = (bytes[place] ?? 0) ^ 1
    writeFileSync(file, bytes)
    const { code, stdout, stderr } = await synod(['replay', file, '--machine', machine])
    expect(code).toBe(2)
    expect(linesOf(stdout).length).toBeGreaterThan(10)
    expect(stderr).toMatch(/damaged, and its last \d+ bytes cannot be replayed: copy it anew from the member/)
  })

  test('says at which turn a member did something else, with exit code 1', async () => {
    const { file, machine } = await recorded()
    rewrite(file, (beginning) => beginning, 3)
    const same = await synod(['replay', file, '--machine', machine])
    expect(same.code).toBe(1)
    expect(same.stderr).toMatch(/the member diverged at turn \d+ of .*: .*: if it ran the roles of Synod/)
    rewrite(file, (beginning) => ({ ...beginning, synod: '0.0.1' }), 3)
    const other = await synod(['replay', file, '--machine', machine])
    expect(other.code).toBe(1)
    expect(other.stderr).toContain('replay it with Synod 0.0.1, which has recorded it')
  })

  test('says which version to take where this one can make no node of it', async () => {
    const { file, machine } = await recorded()
    rewrite(file, (beginning) => ({ ...beginning, synod: '9.0.0', node: {} as PackedNode }))
    const { code, stderr } = await synod(['replay', file, '--machine', machine])
    expect(code).toBe(2)
    expect(stderr).toMatch(/makes no node of what it begins with .*: replay it with Synod 9\.0\.0, which has/)
  })

  test('says what is wrong with its arguments', async () => {
    const folder = temporaryFolder()
    const other = join(folder, 'other.txt')
    writeFileSync(other, 'Once upon a time')
    const wrong: readonly [readonly string[], RegExp][] = [
      [[join(folder, 'nothing')], /there is no file/],
      [
        [folder],
        /holds no recording: name the folder of a member; synod up makes one for each in that of --black-box/,
      ],
      [[other], /this is no recording of a black box/],
      [[other, '--machine', join(folder, 'none.mjs')], /there is no file/],
      [[other, '--machine', other], /cannot be loaded/],
    ]
    for (const [args, sentence] of wrong) {
      const { code, stdout, stderr } = await synod(['replay', ...args])
      expect([code, stdout]).toEqual([2, ''])
      expect(stderr).toMatch(sentence)
    }
  })
})
