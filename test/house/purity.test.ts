// The pure layers stay pure: what they must not use fails the lint or the type check of the real
// configuration, copied with small source files into a folder of its own.

import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const PURE = `export function double(numbers: readonly number[]): number[] {
  return numbers.map((number) => number * 2)
}
`

const LAYERS = ['paxos', 'machines', 'simulation', 'testing', 'cli']

let clone: string

beforeAll(() => {
  clone = mkdtempSync(join(tmpdir(), 'synod-purity-'))
  for (const layer of LAYERS) {
    mkdirSync(join(clone, 'src', layer), { recursive: true })
    cpSync(join(ROOT, 'src', layer, 'tsconfig.json'), join(clone, 'src', layer, 'tsconfig.json'))
    writeFileSync(join(clone, 'src', layer, 'neighbour.ts'), 'export const neighbour: number = 1\n')
  }
  for (const file of [
    'package.json',
    'biome.jsonc',
    '.gitignore',
    'tsconfig.base.json',
    'src/paxos/globals.d.ts',
  ]) {
    cpSync(join(ROOT, file), join(clone, file))
  }
})

afterAll(() => rmSync(clone, { recursive: true, force: true }))

/** What a tool says of each file that it finds fault with. */
type Faults = ReadonlyMap<string, string>

let lintFaults: Faults
let typeFaults: Faults

/** The pure file with one line above it, written now and judged, with all others at once, before the first test. */
class Example {
  readonly #path: string

  constructor(layer: string, line: string) {
    this.#path = `src/${layer}/example-${examples.length}.ts`
    examples.push({ path: this.#path, text: line === '' ? PURE : `${line}\n\n${PURE}` })
  }

  /** What the lint has against it; nothing if it passes. */
  get lint(): string {
    return lintFaults.get(this.#path) ?? ''
  }

  /** What the type check has against it. */
  get check(): string {
    return typeFaults.get(this.#path) ?? ''
  }
}

const examples: { readonly path: string; readonly text: string }[] = []

beforeAll(() => {
  for (const { path, text } of examples) writeFileSync(join(clone, path), text)
  const lint = ['lint', '--error-on-warnings', '--max-diagnostics=none', '--reporter=github', 'src']
  lintFaults = faultsOf(run('@biomejs/biome/bin/biome', lint))
  const checks = LAYERS.map((layer) =>
    run('typescript/bin/tsc', ['-p', join('src', layer), '--noEmit', '--pretty', 'false']),
  )
  typeFaults = faultsOf(checks.join(''))
})

function run(tool: string, args: readonly string[]): string {
  const { stdout, stderr } = spawnSync(process.execPath, [join(ROOT, 'node_modules', tool), ...args], {
    cwd: clone,
    encoding: 'utf8',
  })
  return stdout + stderr
}

/** Each line belongs to the example that it names first. */
function faultsOf(output: string): Faults {
  const faults = new Map<string, string>()
  for (const line of output.split('\n')) {
    const [path] = /src\/[a-z]+\/example-\d+\.ts/.exec(line) ?? []
    if (path !== undefined) faults.set(path, `${faults.get(path) ?? ''}${line}\n`)
  }
  return faults
}

const everywhere = [
  ['the clock', 'export const now: number = Date.now()', 'noRestrictedGlobals'],
  ['randomness', 'export const random: number = Math.random()', 'noJsRestrictedProperties'],
  ['randomness, taken apart', 'export const { random } = Math', 'noJsRestrictedProperties'],
  ['a logarithm', 'export const log: number = Math.log(2)', 'noJsRestrictedProperties'],
  ['a timer', 'setTimeout(() => {}, 1)', 'noRestrictedGlobals'],
  ['the console', "console.log('hello')", 'noRestrictedGlobals'],
  ['the process', 'export const id: number = process.pid', 'noRestrictedGlobals'],
  ['an unordered loop', 'for (const key in { a: 1 }) double([key.length])', 'noForIn'],
  ['a module of Node', "export { readFileSync } from 'node:fs'", 'noNodejsModules'],
  ['the command line', "export { neighbour } from '../cli/neighbour.js'", 'noRestrictedImports'],
  ['a package', "export { Command } from 'commander'", 'noRestrictedImports'],
  ['any', 'export const nothing: any = 1', 'noExplicitAny'],
] as const

describe.each(['paxos', 'machines', 'simulation', 'testing'])('in src/%s', (layer) => {
  const pure = new Example(layer, '')

  test('a pure file passes the lint', () => {
    expect(pure.lint).toBe('')
  })

  test('a pure file passes the type check', () => {
    expect(pure.check).toBe('')
  })

  test.each(everywhere.map(([name, line, rule]) => [name, rule, new Example(layer, line)] as const))(
    '%s fails the lint',
    (_name, rule, example) => {
      expect(example.lint).toContain(rule)
    },
  )

  const host = new Example(layer, 'export const host = [process, document, setTimeout, fetch, console]')

  test('a host fails the type check: neither Node nor a browser is known', () => {
    for (const name of ['process', 'document', 'setTimeout', 'fetch', 'console']) {
      expect(host.check).toContain(`'${name}'`)
    }
  })
})

describe('imports go down only', () => {
  const upward = [
    ['paxos', 'machines'],
    ['paxos', 'simulation'],
    ['machines', 'simulation'],
    ['paxos', 'testing'],
    ['machines', 'testing'],
    ['simulation', 'testing'],
  ] as const
  const downward = [
    ['machines', 'paxos'],
    ['simulation', 'paxos'],
    ['simulation', 'machines'],
    ['testing', 'paxos'],
    ['testing', 'simulation'],
    ['cli', 'simulation'],
  ] as const
  const importing = (from: string, to: string) =>
    new Example(from, `export { neighbour } from '../${to}/neighbour.js'`)

  describe.each(upward.map(([from, to]) => [from, to, importing(from, to)] as const))(
    'src/%s may not import src/%s',
    (_from, to, example) => {
      test('lint', () => {
        expect(example.lint).toContain('noRestrictedImports')
      })

      test('type check', () => {
        expect(example.check).toMatch(new RegExp(`TS6307.*${to}/neighbour.ts`))
      })
    },
  )

  test.each(downward.map(([from, to]) => [from, to, importing(from, to)] as const))(
    'src/%s may import src/%s',
    (_from, _to, example) => {
      expect(example.lint).toBe('')
    },
  )

  const machines = importing('testing', 'machines')

  test('src/testing may not import src/machines, though the simulation below it does: lint', () => {
    expect(machines.lint).toContain('noRestrictedImports')
  })

  const noble = "export { sha256 } from '@noble/hashes/sha2.js'"
  const hashing = new Example('simulation', noble)
  const paxos = new Example('paxos', noble)

  test('src/simulation may import @noble/hashes, and src/paxos may not', () => {
    expect(hashing.lint).toBe('')
    expect(paxos.lint).toContain('noRestrictedImports')
  })
})
