// `synod check`: histories from files and from standard input, its verdicts, its exit codes.

import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { historyOf } from '../support/histories.js'
import { linesOf, shell, startSynod, synod, temporaryFolder } from './command.js'

const KNOWN = fileURLToPath(new URL('../simulation/histories/', import.meta.url))
const GOOD = join(KNOWN, 'register-002.jsonl')
const BAD = join(KNOWN, 'kv-c01-bad.jsonl')

function fileOf(text: string): string {
  const file = join(temporaryFolder(), 'history.jsonl')
  writeFileSync(file, text)
  return file
}

/** Forty writes that all overlap, and reads that fit none of their orders: more sets of writes than anybody can try. */
function endless(): string {
  const processes = Array.from({ length: 40 }, (_, process) => process)
  const writes = [
    ...processes.map((process) => `${process}:write=${process % 3}`),
    ...processes.map((process) => `${process}:ok`),
  ]
  return fileOf(historyOf([...writes, '1:read 1:ok=1 1:read 1:ok=2'].join(' ')))
}

describe.concurrent('synod check', () => {
  it('exits with 0 when a history is linearizable', async () => {
    const { code, stdout, stderr } = await synod(['check', GOOD])
    expect(code).toBe(0)
    expect(stderr).toBe('synod: no machine was given, and read, write, cas are operations of register\n')
    expect(linesOf(stdout)).toEqual([
      `${GOOD}: linearizable`,
      '  machine     register',
      expect.stringMatching(/^ {2}operations {2}77, in \d+\.\d\d s$/),
      '  key "r": linearizable (77 operations)',
    ])
  })

  it('exits with 1 when it is not, and tells the longest legal order and what has no place in it', async () => {
    const { code, stdout, stderr } = await synod(['check', BAD, '--machine', 'append-kv'])
    expect({ code, stderr }).toEqual({ code: 1, stderr: '' })
    expect(stdout).toContain('\n  machine     append-kv\n')
    expect(stdout).toMatch(/\nkey "7": the longest legal order found has \d+ of 5 operations:\n/)
    expect(stdout).toMatch(
      /\n {2}then it holds "x .*\n {2}and there is no place any more for\n {4}process \d+: .*\n$/,
    )
  })

  it('exits with 3 when the time is too short', async () => {
    const { code, stdout } = await synod(['check', endless(), '--limit', '0.3'])
    expect(code).toBe(3)
    expect(stdout).toContain(': undecided\n')
  })

  it('reads standard input: `-`', async () => {
    const { code, stdout } = await shell(`synod check - < '${GOOD}'`)
    expect(code).toBe(0)
    expect(stdout).toMatch(/^standard input: linearizable\n/)
  })

  it('prints JSON: the verdict, each key, and for those that are not linearizable why', async () => {
    const { code, stdout } = await synod(['check', BAD, '--json'])
    expect(code).toBe(1)
    expect(JSON.parse(stdout)).toMatchObject({
      verdict: 'not linearizable',
      machine: 'append-kv',
      operations: 38,
      wallSeconds: expect.any(Number),
      keys: expect.arrayContaining([
        { key: '6', operations: 6, verdict: 'linearizable' },
        {
          key: '7',
          operations: 5,
          verdict: 'not linearizable',
          order: expect.any(Array),
          blocked: expect.objectContaining({ f: expect.any(String), line: expect.any(Number) }),
          state: expect.any(String),
        },
      ]),
    })
    expect(linesOf(stdout)).toHaveLength(1)
  })

  it('judges an empty history linearizable', async () => {
    expect(await synod(['check', fileOf('')])).toMatchObject({ code: 0 })
  })

  it('counts keys instead of listing them when they are many', async () => {
    const one = historyOf('1:set=1 1:ok').replaceAll(/,"time":\d+/g, '')
    const text = Array.from({ length: 30 }, (_, key) => one.replaceAll('"x"', `${key}`)).join('\n')
    const { stdout } = await synod(['check', fileOf(text)])
    expect(linesOf(stdout).at(-1)).toBe('  30 keys: linearizable')
  })

  it('ends at Ctrl-C with exit code 130, in the middle of a search', async () => {
    const child = startSynod(['check', endless()])
    await once(child.stderr, 'data') // it says which machine it is, and begins
    child.kill('SIGINT')
    const [code] = await once(child, 'exit')
    expect(code).toBe(130)
  })
})

describe.concurrent('the history that synod simulate writes', () => {
  it('is linearizable, and is not once an answer is changed', async () => {
    const file = join(temporaryFolder(), 'history.jsonl')
    const run = ['--members', '5', '--clients', '6', '--crashes', '6', '--reads', 'linearizable']
    await synod(['simulate', '6', ...run, '--summary', 'json', '--history', file])
    const { code, stdout } = await synod(['check', file])
    expect(stdout).toContain('  machine     key-value\n')
    expect(code).toBe(0)

    const tampered = readFileSync(file, 'utf8').replaceAll(
      '"type":"ok","f":"get","key":"A","value":77',
      '$&7',
    )
    expect(await synod(['check', fileOf(tampered)])).toMatchObject({ code: 1 })
  })
})

/** Commands without `check`, and the sentence that each of them gets. */
const MISTAKES: readonly (readonly [args: readonly string[], sentence: string])[] = [
  [[], 'check wants the file of a history, as in: synod check history.jsonl; or - for standard input.'],
  [[GOOD, GOOD], 'one history is all that check takes.'],
  [['no/such/file'], 'the history cannot be read from no/such/file: ENOENT: no such file or directory.'],
  [[GOOD, '--limit', '0'], "--limit must be a number of seconds above 0, and '0' is not."],
  [[GOOD, '--limit', '1e3'], "--limit must be a number of seconds above 0, and '1e3' is not."],
  [
    [GOOD, '--machine', 'bank'],
    "there is no machine 'bank' to judge by: choose register, append-kv, key-value, or the path of a module, such as ./mine.js.",
  ],
  [
    [GOOD, '--machine', 'key-value'],
    `${GOOD}, line 1: key-value has no operation 'read', only get, set, delete, cas, stale-get.`,
  ],
]

/** Histories, and the sentence that each of them gets after the name of its file. */
const MALFORMED: readonly (readonly [text: string, sentence: string])[] = [
  ['hello\n', ', line 1: it is not JSON; a history has one JSON object a line.'],
  [
    historyOf('1:write=1 1:ok 1:ok'),
    ', line 3: process 1 ends an operation (write, ok) that it never began.',
  ],
]

describe.concurrent('a mistake', () => {
  it.each(MISTAKES)('synod check %j: %s', async (args, sentence) => {
    expect(await synod(['check', ...args])).toEqual({
      code: 2,
      signal: null,
      stdout: '',
      stderr: `synod: ${sentence}\n`,
    })
  })

  it.each(MALFORMED)('in a history %j: %s', async (text, sentence) => {
    const file = fileOf(text)
    expect(await synod(['check', file])).toMatchObject({
      code: 2,
      stdout: '',
      stderr: `synod: ${file}${sentence}\n`,
    })
  })

  it('is a history that no machine knows, or more than one', async () => {
    expect(await synod(['check', fileOf(historyOf('1:push=1'))])).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/no machine knows all of push: register has read, write and cas, /),
    })
    expect(await synod(['check', fileOf(historyOf('1:get'))])).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/append-kv and key-value both know get: say which with --machine\.\n$/),
    })
  })
})

/** A counter: `add` gives what it holds after that, and `look` what it holds. */
const COUNTER = `export default {
  initial: 0,
  step: (count, { f, input, output, outcome }) => {
    const after = f === 'add' ? count + input : count
    return outcome === 'info' || output === after ? after : undefined
  },
}`

describe.concurrent('a model of one’s own', () => {
  const judged = (model: string, words: string): ReturnType<typeof synod> => {
    const file = join(temporaryFolder(), 'mine.mjs')
    writeFileSync(file, model)
    return synod(['check', fileOf(historyOf(words)), '--machine', file])
  }

  it.each([
    ['0:add=2 1:add=3 1:ok=3 0:ok=5 0:look 0:ok=5', 0],
    ['0:add=2 0:ok=2 1:look 1:ok=0', 1],
    ['0:add=2 0:info 1:look 1:ok=2 1:look 1:ok=2', 0],
    ['0:add=2 0:info 1:look 1:ok=2 1:look 1:ok=0', 1],
  ])('judges %s with exit code %i', async (words, exitCode) => {
    const { code, stdout } = await judged(COUNTER, words)
    expect(stdout).toContain('\n  machine     custom\n')
    expect(code).toBe(exitCode)
  })

  it.each([
    ['step: () => { throw new Error("oh") }', /mine\.mjs: `model\.step` threw: oh \(line 1\)\.\n$/],
    ['step: 7', /mine\.mjs: `step` of `model` is the number 7 and must be a function\.\n$/],
    ['machine: {}', /mine\.mjs has no `model`, and without one nobody knows what its operations mean /],
  ])('gets a sentence, and exit code 2, with %s', async (part, sentence) => {
    const { code, stderr } = await judged(`export default { initial: 0, ${part} }`, '0:add=2 0:ok=2')
    expect(stderr).toMatch(sentence)
    expect(code).toBe(2)
  })
})
