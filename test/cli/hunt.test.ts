// `synod hunt`, the way people and programs use it.

import { once } from 'node:events'
import { describe, expect, it } from 'vitest'
import { formatSeeds, parseDuration, parseSeeds, shardFrom } from '../../src/cli/seeds.js'
import { type Ended, ended, linesOf, SMALL, shell, startSynod, synod } from './command.js'
import { FORGETFUL, folderWith } from './forgetful.js'

const QUICK = ['--scenario', 'classic', ...SMALL]
/** Enough for a counter to forget. */
const TINY = ['--scenario', 'classic', '--members', '3', '--clients', '2', '--requests', '12']
const PLAIN = ['--workers', '2', ...QUICK]

/** Interrupts a hunt once it has said something on stderr. */
async function interrupted(
  args: readonly string[],
  cwd: string,
  signals: readonly NodeJS.Signals[] = ['SIGINT'],
): Promise<Ended> {
  const child = startSynod(['hunt', ...args], { cwd })
  const interrupting = once(child.stderr, 'data').then(() => signals.map((signal) => child.kill(signal)))
  const [end] = await Promise.all([ended(child), interrupting])
  return end
}

describe('a hunt in which every verdict holds', () => {
  it('ends with a table, and exit code 0', async () => {
    const { code, stdout } = await synod(['hunt', '--seeds', '1..9', ...PLAIN])
    expect(linesOf(stdout)).toEqual([
      '9 seeds: every verdict holds',
      expect.stringMatching(/^ {2}time {6}\d+\.\d s simulated in \d+\.\d s: \d+ a second$/),
      expect.stringMatching(/^ {2}events {4}\d+: \d+ a second$/),
      expect.stringMatching(
        /^ {2}requests {2}\d+: \d+\.\d a simulated second, \d+\.\d at least \(seed \d\)$/,
      ),
      expect.stringMatching(/^ {2}faults {4}loss \d+$/),
      '  verdicts  agreement ok, durability ok, ballots ok, membership ok, answers ok, linearizable ok',
      '            stale reads ok, exactly once ok, identical state ok, conservation not asked 9 times, bounds ok, liveness ok',
      '            ended ok',
      expect.stringMatching(/^ {2}slowest {3}seed \d+: \d+\.\d\d s for \d+\.\d s simulated$/),
      ...Array.from({ length: 4 }, () => expect.stringMatching(/^ {12}seed \d+: /)),
    ])
    expect(code).toBe(0)
  })

  it('gives the same with --json, for programs, however many workers there are', async () => {
    const args = ['hunt', '--seeds', '5..12,40', '--json', ...QUICK]
    const [one, three] = await Promise.all([
      synod([...args, '--workers', '1']),
      synod([...args, '--workers', '3']),
    ])
    const result = JSON.parse(one.stdout)
    expect(Object.keys(result).slice(0, 6)).toEqual([
      ...['seeds', 'failed', 'events', 'simulatedSeconds', 'wallSeconds', 'faults'],
    ])
    expect(result).toMatchObject({ seeds: 9, failed: [], left: null })
    const { seeds, failed, events, simulatedSeconds, faults } = result
    expect(JSON.parse(three.stdout)).toMatchObject({ seeds, failed, events, simulatedSeconds, faults })
    expect([one.code, three.code]).toEqual([0, 0])
  })

  it('runs what synod simulate --scenario swarm runs, unless told otherwise', async () => {
    const few = ['--members', '3', '--requests', '2']
    const [hunt, simulated] = await Promise.all([
      synod(['hunt', '--seeds', '7', '--json', '--workers', '1', ...few]),
      synod(['simulate', '7', '--scenario', 'swarm', '--summary', 'json', ...few]),
    ])
    const { events, simulatedSeconds } = JSON.parse(simulated.stdout)
    expect(JSON.parse(hunt.stdout)).toMatchObject({ seeds: 1, events, simulatedSeconds })
  })
})

it('a hunt says in how many runs stores were refused by name, how many, and what was not asked then', async () => {
  const args = ['hunt', '--seeds', '1..8', '--workers', '1', ...QUICK, '--members', '3']
  const damage = ['--fault', 'wipe=6', '--over-budget']
  const [table, json] = await Promise.all([
    synod([...args, ...damage]),
    synod([...args, ...damage, '--json']),
  ])
  const { refusals, refused, notAsked } = JSON.parse(json.stdout)
  expect(refusals).toBeGreaterThan(0)
  const reasons = Object.entries(refused).map(([reason, count]) => `${count} ${reason}`)
  expect(linesOf(table.stdout)).toContain(`  refused   stores in ${refusals} runs: ${reasons.join(', ')}`)
  expect(notAsked).toMatchObject({ ended: 8, agreement: 0 })
  expect(table.stdout).toContain('ended not asked 8 times')
  expect([table.code, json.code]).toEqual([0, 0])
})

describe('a machine of one’s own with a bug', () => {
  it('is found, with the commands that replay it', async () => {
    const cwd = folderWith({ 'mine.mjs': FORGETFUL })
    const args = ['hunt', '--seeds', '1..4', '--workers', '2', ...TINY, '--machine', './mine.mjs']
    const [text, json] = await Promise.all([synod(args, { cwd }), synod([...args, '--json'], { cwd })])
    expect([text.code, json.code]).toEqual([1, 1])
    const { failed } = JSON.parse(json.stdout)
    expect(failed.length).toBeGreaterThan(0)
    expect(text.stdout).toContain(`\n4 seeds: ${failed.length} of them failed\n`)
    expect(text.stdout).toContain(` answers FAILED ${failed.length} times`)
    for (const { seed, verdict, replay, event, reason } of failed) {
      expect(verdict).toBe('answers')
      expect(replay).toBe(`npx synod simulate ${seed} ${TINY.join(' ')} --machine ./mine.mjs`)
      const sentence = `seed ${seed}: answers failed at event ${event}: ${reason}\n  ${replay}\n`
      expect(text.stdout).toContain(sentence)
      expect(json.stderr).toContain(sentence)
    }
    const { code, stderr } = await shell(failed[0].replay.replace('npx ', ''), { cwd })
    expect(code).toBe(1)
    expect(stderr).toContain(`answers failed at event ${failed[0].event} `)
  })

  it.each([
    [
      'never answers an operation rightly',
      'export default { machine: { initial: () => 0, apply: (n) => n }, operation: () => ({ type: "command", command: 1 }) }',
      /^synod: \.\/mine\.mjs: `machine\.apply` gave .*; replay it with: npx synod simulate \d --scenario swarm --machine \.\/mine\.mjs\.$/m,
    ],
    ['exports nothing', 'export const nothing = 1', /^synod: \.\/mine\.mjs must export, as default /],
    [
      'never finishes loading',
      'await new Promise(() => {})',
      /^synod: \.\/mine\.mjs waits for something that never comes\.$/m,
    ],
    [
      'fails in a callback of its own',
      'setTimeout(() => { throw new Error("too late") }); await new Promise(() => {})',
      /^synod: \.\/mine\.mjs failed by itself: too late\.$/m,
    ],
    [
      'ends its process',
      'export default { machine: { initial: () => 0, apply: () => process.exit() }, operation: () => ({ type: "command", command: 1 }) }',
      /^synod: \.\/mine\.mjs ended the process that it runs in\.$/m,
    ],
  ])('gets a sentence, and exit code 2, when it %s', async (_what, module, sentence) => {
    const cwd = folderWith({ 'mine.mjs': module })
    const args = ['hunt', '--seeds', '1..4', '--workers', '1', '--machine', './mine.mjs']
    const { code, stdout, stderr } = await synod(args, { cwd })
    expect(stderr).toMatch(sentence)
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
  })

  it('does not mix what it prints itself with what was asked for', async () => {
    const cwd = folderWith({ 'mine.mjs': `console.log('hello')\n${FORGETFUL}` })
    const args = ['hunt', '--seeds', '1', '--workers', '1', '--machine', './mine.mjs', '--json']
    const { stdout, stderr } = await synod(args, { cwd })
    expect(JSON.parse(stdout)).toMatchObject({ seeds: 1 })
    expect(stderr).toMatch(/^hello$/m)
  })
})

describe('Ctrl-C', () => {
  const LONG = `console.error('loaded')\n${FORGETFUL.replace(/judge: [\s\S]*/, '}')}`

  it('ends a hunt with its table, the command that goes on, and exit code 130', async () => {
    const cwd = folderWith({ 'mine.mjs': LONG })
    const args = ['--seeds', '1..4000000', '--workers', '2', ...TINY, '--machine', './mine.mjs']
    const { code, signal, stdout, stderr } = await interrupted([...args, '--json'], cwd)
    expect({ code, signal }).toEqual({ code: 130, signal: null })
    const { seeds, left } = JSON.parse(stdout)
    expect(stderr).toContain(
      `go on with: npx synod hunt --seeds ${left} --workers 2 ${TINY.join(' ')} --machine ./mine.mjs\n`,
    )
    const counts = parseSeeds(left).map(({ first, last }) => last - first + 1)
    expect(seeds + counts.reduce((sum, count) => sum + count, 0)).toBe(4_000_000)
  })

  it('that comes twice, or SIGTERM, still has it tell what was done, and how to go on', async () => {
    const cwd = folderWith({ 'mine.mjs': LONG })
    const args = ['--seeds', '1..4000000', '--workers', '2', ...TINY, '--machine', './mine.mjs', '--json']
    const [twice, terminated] = await Promise.all([
      interrupted(args, cwd, ['SIGINT', 'SIGTERM']),
      interrupted(args, cwd, ['SIGTERM']),
    ])
    const codes = [twice, terminated].map(({ code, signal }) => ({ code, signal }))
    expect(codes[1]).toEqual({ code: 143, signal: null })
    // Which of two signals that wait is heard first is the system's affair.
    expect([130, 143]).toContain(codes[0]?.code)
    for (const { stdout, stderr } of [twice, terminated]) {
      const { left } = JSON.parse(stdout)
      expect(stderr).toContain(`go on with: npx synod hunt --seeds ${left} --workers 2 `)
    }
  })

  const STUCK = `export default { machine: { initial: () => 0, apply: () => { process._rawDebug('in apply'); for (;;); } }, operation: () => ({ type: 'command', command: 1 }) }`

  it('that comes twice does not wait for a machine that never gives control back', async () => {
    const cwd = folderWith({ 'mine.mjs': STUCK })
    const args = ['--seeds', '3..9', '--workers', '1', '--machine', './mine.mjs', '--json']
    const { code, stdout } = await interrupted(args, cwd, ['SIGINT', 'SIGTERM'])
    expect([130, 143]).toContain(code)
    expect(JSON.parse(stdout)).toMatchObject({ seeds: 0, left: '3..9' })
  })

  it('ends it when a machine never gives control back', async () => {
    const cwd = folderWith({ 'mine.mjs': STUCK })
    const args = ['--seeds', '3..9', '--workers', '1', '--machine', './mine.mjs']
    const { code, stdout, stderr } = await interrupted(args, cwd)
    expect(code).toBe(130)
    expect(linesOf(stdout)[0]).toBe('no seed was run to its end; left are 3..9')
    expect(stderr).toContain('synod: the run of seed 3 had not come to its end and was cut off\n')
  })
})

describe('a hunt', () => {
  it('ends when its time is over, and says what is left', async () => {
    const { code, stdout, stderr } = await synod([
      'hunt',
      '--seeds',
      '0..4294967295',
      '--for',
      '0.3s',
      ...PLAIN,
    ])
    expect(code).toBe(0)
    const left = /; left are (\S+)$/m.exec(stdout)?.[1]
    expect(stderr).toContain(`go on with: npx synod hunt --seeds ${left} --workers 2 ${QUICK.join(' ')}\n`)
  })

  it('runs its part of the seeds with --shard', async () => {
    const args = ['hunt', '--seeds', '1..9', '--json', ...PLAIN]
    const parts = await Promise.all(['1/2', '2/2'].map((shard) => synod([...args, '--shard', shard])))
    expect(parts.map(({ stdout }) => JSON.parse(stdout).seeds)).toEqual([4, 5])
  })

  it('stops when its reader has gone away', async () => {
    const cwd = folderWith({ 'mine.mjs': FORGETFUL })
    const line =
      '{ synod hunt --seeds 0..4294967295 --machine ./mine.mjs; echo "exit code $?" >&2; } | head -n 1'
    const { stdout, stderr } = await shell(line, { cwd })
    expect(stdout).toMatch(/^seed \d+: answers failed .*\n$/)
    expect(stderr).toMatch(/^exit code 1$/m)
  })
})

describe('the seeds of a hunt', () => {
  it.each([
    ['7', '7'],
    ['1..100', '1..100'],
    ['5..9,1..3,4', '1..9'],
    ['1..5,3..8,20..20', '1..8,20'],
    ['0..4294967295', '0..4294967295'],
  ])('%s are %s', (text, seeds) => {
    expect(formatSeeds(parseSeeds(text))).toBe(seeds)
  })

  it.each(['', '1..', '..5', '5..1', '1-5', '1...5', '0..4294967296', '1,,2', ' 1', '1e3'])(
    'are not %j',
    (text) => {
      expect(() => parseSeeds(text)).toThrow(/^--seeds must be seeds from 0 to 4294967295, as in 1\.\.100000/)
    },
  )

  it.each(['0/3', '4/3', '1/0', '1', 'a/b', '-1/3', '1/3/5'])('have no shard %s', (text) => {
    expect(() => shardFrom(parseSeeds('1..10'), text)).toThrow('--shard must be one of so many, as in 3/10')
  })

  it('have a time in seconds, minutes or hours', () => {
    expect(['90s', '10m', '1.5h'].map(parseDuration)).toEqual([90, 600, 5_400])
    for (const text of ['', '10', 'm', '0s', '-1s', '1d', '1e3s']) {
      expect(() => parseDuration(text), text).toThrow('--for must be a number of s, m or h, as in 10m')
    }
  })
})
