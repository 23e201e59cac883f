// A machine of the user's own, from end to end, and what becomes of one that is wrong.

import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { type Ended, linesOf, SMALL, synod, temporaryFolder } from './command.js'

/** Runs `synod simulate 6 --machine <path>` in a folder in which the path holds this module. */
async function simulateWith(path: string, module: string, ...args: string[]): Promise<Ended> {
  const cwd = temporaryFolder()
  mkdirSync(dirname(join(cwd, path)), { recursive: true })
  writeFileSync(join(cwd, path), module)
  return await synod(['simulate', '6', ...SMALL, ...args, '--machine', path], { cwd })
}

const COUNTER = `
  machine: {
    initial: () => ({ total: 0 }),
    apply: ({ total }, { by }) => {
      if (by === 3) throw new Error('three is\\ntoo much')
      return [{ total: total + by }, total + by]
    },
    query: ({ total }) => total,
  },
  operation: (client, position, draw) =>
    position === 2
      ? { type: 'query', query: { type: 'total', key: 'the counter' } }
      : { type: 'command', command: { type: 'add', by: client + position * 2 + draw(1, 1) } },
`

describe.concurrent('a machine of one’s own', () => {
  it.each([
    ['./mine.mjs', 'export default'],
    ['folder of mine/mine.mjs', 'export const application ='],
    ['./mine.cjs', 'module.exports ='],
    ['./mine.cjs', 'exports.application ='],
  ])('is loaded from %s by its %s', async (path, exporting) => {
    const { code, stdout } = await simulateWith(path, `${exporting} {${COUNTER}}`)
    expect(code).toBe(0)
    expect(linesOf(stdout)[0]).toContain(' machine=mine members=3 clients=2 requests=3 ')
    const completed = linesOf(stdout).filter((line) => line.includes(' completes '))
    expect(completed.map((line) => line.slice(line.indexOf('client ')))).toEqual(
      expect.arrayContaining([
        expect.stringMatching(/^client 0: add \{"by":1\} = ok \d$/),
        'client 0: add {"by":3} = fail "three is\\ntoo much"',
        expect.stringMatching(/^client 0: total the counter = ok \d$/),
      ]),
    )
  })

  it('does ten operations a client unless it says how many, and has a name if it gives one', async () => {
    const cwd = temporaryFolder()
    writeFileSync(join(cwd, 'ten.mjs'), `export default {${COUNTER}}`)
    writeFileSync(join(cwd, 'two.mjs'), `export default {${COUNTER} requests: 2, name: 'my counter'}`)
    const args = ['simulate', '6', '--members', '3', '--clients', '1', '--machine']
    const [ten, two] = await Promise.all([
      synod([...args, './ten.mjs'], { cwd }),
      synod([...args, './two.mjs'], { cwd }),
    ])
    expect(ten.stdout).toContain(' machine=ten members=3 clients=1 requests=10 ')
    expect(two.stdout).toContain(' machine="my counter" members=3 clients=1 requests=2 ')
  })

  it('may be an object with methods and fields of its own, and leave things running', async () => {
    const module = `
      class Mine {
        #by = 4
        machine = new Adder()
        requests = 1
        operation() { return { type: 'command', command: this.#by } }
        describe() { return { f: 'add', key: 'k', value: this.#by } }
        judge() { return (operation, completion) => completion.output === this.#by ? undefined : 'not four' }
        invariant(state) { return state % this.#by === 0 ? null : 'odd' }
      }
      class Adder {
        #zero = 0
        initial() { return this.#zero }
        apply(state, by) { return [state + by, by + this.#zero] }
      }
      setInterval(() => {}, 1000)
      export default new Mine()`
    const { code, stdout, stderr } = await simulateWith('./mine.mjs', module)
    expect(stderr).toContain('every verdict holds')
    expect(code).toBe(0)
    expect(stdout).toContain('completes client 1: add k 4 = ok 4')
  })

  it.each([
    [
      'is not deterministic',
      `machine: { initial: () => 0, apply: (n) => [Math.random(), 1] }`,
      /^agreement failed at event \d+ .*: the machine is not deterministic/m,
    ],
    [
      'changes its state and then fails',
      `machine: { initial: () => [], apply: (list) => { list.push(1); throw new Error('no') } }`,
      /^agreement failed at event \d+ .*: the machine changed its state in slot \d+, although .*: no$/m,
    ],
    [
      'gives an answer that its judge finds wrong',
      `machine: { initial: () => 0, apply: (n) => [n + 1, n + 1] }, judge: () => (operation, { output }) => output === 4 ? 'four\\nis wrong' : null`,
      /^answers failed at event \d+ .*: four is wrong$/m,
    ],
    [
      'breaks its invariant',
      `machine: { initial: () => 0, apply: (n) => [n + 1, n] }, invariant: (n) => (n > 3 ? n + ' is too much' : null)`,
      /^conservation failed at event \d+ .*: after slot \d+: 4 is too much$/m,
    ],
  ])('that %s fails a verdict, with the command that replays it', async (_what, parts, reason) => {
    const module = `export default { ${parts}, operation: () => ({ type: 'command', command: 1 }) }`
    const { code, stderr } = await simulateWith('./mine.mjs', module)
    expect(stderr).toMatch(reason)
    expect(linesOf(stderr).at(-1)).toBe(
      'replay it with: npx synod simulate 6 --members 3 --clients 2 --requests 3 --machine ./mine.mjs',
    )
    expect(code).toBe(1)
  })
})

/** Modules, and the sentence that each of them gets; test/simulation/guard.test.ts has more of them. */
const WRONG: readonly (readonly [what: string, module: string, sentence: string | RegExp])[] = [
  [
    'does not parse',
    'export default {',
    /^\.\/mine.mjs cannot be loaded: Unexpected .*; node --check \.\/mine\.mjs shows where\.$/,
  ],
  ['throws', "\nthrow new Error('not\\ntoday')", './mine.mjs cannot be loaded: not (line 2).'],
  [
    'imports what there is not',
    "import 'no-such-package'",
    /^\.\/mine\.mjs cannot be loaded: Cannot find package 'no-such-package' .*\.$/,
  ],
  [
    'never finishes loading',
    'await new Promise(() => {})',
    'the module waits for something that never comes.',
  ],
  [
    'exports nothing',
    'export const nothing = 1',
    './mine.mjs must export, as default or as `application`, an object with `machine` and `operation` (synod simulate --help tells more).',
  ],
  [
    'fails in a callback of its own',
    `\n\nsetTimeout(() => { throw new Error('too late') }); await new Promise(() => {})`,
    './mine.mjs failed by itself: too late (line 3).',
  ],
  [
    'exports a number',
    'export default 7',
    './mine.mjs: the application is the number 7 and must be an object.',
  ],
]

/** Applications that are found out only while they run. */
const FAULTY: typeof WRONG = [
  [
    'forgets the output',
    `export default {
      machine: { initial: () => 0, apply: (n) => n },
      operation: () => ({ type: 'command', command: 1 }),
    }`,
    './mine.mjs: `machine.apply` gave the number 0 where it must give [state, output].',
  ],
  [
    'throws where it makes an operation',
    `export default {
      machine: { initial: () => 0, apply: (n) => [n, n] },
      operation: () => null.x,
    }`,
    "./mine.mjs: `operation` threw: Cannot read properties of null (reading 'x') (line 3).",
  ],
]

describe.concurrent('a module that', () => {
  const said = ({ stderr }: Ended): string | undefined => /^synod: (.*)\n$/.exec(stderr)?.[1]

  it.each(WRONG)('%s gets a sentence before the run', async (_what, module, sentence) => {
    const result = await simulateWith('./mine.mjs', module)
    expect(said(result)).toEqual(typeof sentence === 'string' ? sentence : expect.stringMatching(sentence))
    expect(result).toMatchObject({ code: 2, stdout: '' })
  })

  it.each(FAULTY)('%s gets a sentence as soon as it shows', async (_what, module, sentence) => {
    const result = await simulateWith('./mine.mjs', module)
    expect(said(result)).toBe(sentence)
    expect(result.code).toBe(2)
    expect(result.stdout).toMatch(/^# synod transcript .*\n[\s\S]*\n$/)
  })

  it('is not there gets told so', async () => {
    const run = async (name: string) => said(await synod(['simulate', '6', '--machine', name]))
    expect(await run('./no-such-module.js')).toBe("there is no file './no-such-module.js'.")
    expect(await run('.')).toBe("there is no file '.'.")
    expect(await run('bnak')).toBe(
      "there is no machine 'bnak': choose key-value, shared, bank, or the path of a module, such as ./mine.js.",
    )
  })
})
