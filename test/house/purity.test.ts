// The pure layers stay pure: what they must not use fails the lint or the type check of the real
// configuration, copied with one small source file into a folder of its own.

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

let clone: string

beforeAll(() => {
  clone = mkdtempSync(join(tmpdir(), 'synod-purity-'))
  for (const layer of ['paxos', 'machines', 'simulation', 'testing', 'cli']) {
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

interface Outcome {
  readonly ok: boolean
  readonly output: string
}

function run(tool: string, args: readonly string[]): Outcome {
  const child = spawnSync(process.execPath, [join(ROOT, 'node_modules', tool), ...args], {
    cwd: clone,
    encoding: 'utf8',
  })
  return { ok: child.status === 0, output: child.stdout + child.stderr }
}

/** Runs `tool` on the pure file of a layer, with `line` put above it. */
function withSource<T>(layer: string, line: string, tool: (file: string) => T): T {
  const file = join(clone, 'src', layer, 'example.ts')
  writeFileSync(file, line === '' ? PURE : `${line}\n\n${PURE}`)
  try {
    return tool(file)
  } finally {
    rmSync(file)
  }
}

const lint = (layer: string, line: string): Outcome =>
  withSource(layer, line, (file) =>
    run('@biomejs/biome/bin/biome', ['lint', '--error-on-warnings', '--colors=off', file]),
  )

const check = (layer: string, line: string): Outcome =>
  withSource(layer, line, () =>
    run('typescript/bin/tsc', ['-p', join('src', layer), '--noEmit', '--pretty', 'false']),
  )

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
  test('a pure file passes the lint', () => {
    expect(lint(layer, '')).toMatchObject({ ok: true })
  })

  test('a pure file passes the type check', () => {
    expect(check(layer, '')).toMatchObject({ ok: true, output: '' })
  })

  test.each(everywhere)('%s fails the lint', (_name, line, rule) => {
    const { ok, output } = lint(layer, line)
    expect(output).toContain(rule)
    expect(ok).toBe(false)
  })

  test('a host fails the type check: neither Node nor a browser is known', () => {
    const { ok, output } = check(layer, 'export const host = [process, document, setTimeout, fetch, console]')
    for (const name of ['process', 'document', 'setTimeout', 'fetch', 'console']) {
      expect(output).toContain(`'${name}'`)
    }
    expect(ok).toBe(false)
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
  const importing = (layer: string) => `export { neighbour } from '../${layer}/neighbour.js'`

  test.each(upward)('src/%s may not import src/%s: lint', (from, to) => {
    const { ok, output } = lint(from, importing(to))
    expect(output).toContain('noRestrictedImports')
    expect(ok).toBe(false)
  })

  test.each(upward)('src/%s may not import src/%s: type check', (from, to) => {
    const { ok, output } = check(from, importing(to))
    expect(output).toMatch(new RegExp(`TS6307.*${to}/neighbour.ts`))
    expect(ok).toBe(false)
  })

  test.each(downward)('src/%s may import src/%s', (from, to) => {
    expect(lint(from, importing(to))).toMatchObject({ ok: true })
  })

  test('src/testing may not import src/machines, though the simulation below it does: lint', () => {
    expect(lint('testing', importing('machines')).output).toContain('noRestrictedImports')
  })

  test('src/simulation may import @noble/hashes, and src/paxos may not', () => {
    const line = "export { sha256 } from '@noble/hashes/sha2.js'"
    expect(lint('simulation', line)).toMatchObject({ ok: true })
    expect(lint('paxos', line)).toMatchObject({ ok: false })
  })
})
