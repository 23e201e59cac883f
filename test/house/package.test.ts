// What is published is what a user needs, and it works in an empty project of theirs.

import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const ENTRIES = [
  'synod',
  'synod/client',
  'synod/paxos',
  'synod/simulation',
  'synod/machines',
  'synod/testing',
]

let folder: string
let project: string
let packed: readonly string[]

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'synod-package-'))
  project = join(folder, 'project')
  mkdirSync(project)
  writeFileSync(join(project, 'package.json'), '{ "name": "project", "private": true }\n')

  // `npm test` has built dist already.
  const report = run('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', folder], ROOT)
  const [tarball] = JSON.parse(report) as [{ filename: string; files: { path: string }[] }]
  packed = tarball.files.map((file) => file.path)
  const options = ['--prefer-offline', '--no-audit', '--no-fund']
  run('npm', ['install', ...options, join(folder, tarball.filename)], project)
})

afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** Runs a command and gives its stdout; npm's variables of the surrounding `npm test` are kept from it. */
function run(command: string, args: readonly string[], cwd: string): string {
  const inherited = Object.entries(process.env).filter(
    ([name]) => !/^npm_(package|lifecycle|command|config_local_prefix)/.test(name),
  )
  return execFileSync(command, args, {
    cwd,
    env: Object.fromEntries(inherited),
    encoding: 'utf8',
    maxBuffer: Number.POSITIVE_INFINITY, // a transcript is longer than the default
    stdio: ['ignore', 'pipe', 'pipe'],
    shell: process.platform === 'win32',
  })
}

const runModule = (code: string): string =>
  run(process.execPath, ['--input-type=module', '--eval', code], project)

const filesOf = (folder: string): readonly string[] =>
  readdirSync(join(ROOT, folder), { recursive: true, withFileTypes: true, encoding: 'utf8' })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(ROOT, join(entry.parentPath, entry.name)).replaceAll('\\', '/'))

test('the tarball holds dist as src has it, the page, the command, the papers, and nothing else', () => {
  const sources = readdirSync(join(ROOT, 'src'), { recursive: true, encoding: 'utf8' }).filter(
    (path) => path.endsWith('.ts') && !path.endsWith('.d.ts'),
  )
  const modules = sources.map((path) => `dist/${path.replaceAll('\\', '/').replace(/\.ts$/, '')}`)
  const expected = [
    ...['CHANGELOG.md', 'LICENSE', 'README.md', 'bin/synod.js', 'package.json'],
    ...modules.map((module) => `${module}.js`),
    ...filesOf('dist/viewer'),
    // The types of the command line are nobody's interface.
    ...modules.filter((module) => !module.startsWith('dist/cli/')).map((module) => `${module}.d.ts`),
  ]
  expect([...packed].sort()).toEqual(expected.sort())
})

test('no packed file names a source map or a path of the machine that packed it', () => {
  for (const path of packed) {
    const text = readFileSync(join(project, 'node_modules', 'synod', path), 'utf8')
    expect(text.includes(ROOT), path).toBe(false)
    expect(text.includes('sourceMappingURL'), path).toBe(false)
  }
})

test('npx synod simulate 6 runs', () => {
  const transcript = run('npx', ['synod', 'simulate', '6'], project)
  const golden: unknown = JSON.parse(readFileSync(join(ROOT, 'test/simulation/golden/hashes.json'), 'utf8'))
  expect(createHash('sha256').update(transcript).digest('hex')).toBe(
    (golden as Record<string, string>)['classic 6'], // as determinism.test.ts writes it
  )
})

test('the version of the package can be read by its users', () => {
  const code = "process.stdout.write(require('synod/package.json').name)"
  expect(run(process.execPath, ['--eval', code], project)).toBe('synod')
})

test.each(ENTRIES)('import %s offers something, says nothing, and leaves signals alone', (entry) => {
  const code = `
    const listeners = () => process.eventNames().map(String).join()
    const before = listeners()
    const entry = await import('${entry}')
    process.stdout.write(JSON.stringify({
      offers: Object.keys(entry).length > 0,
      listens: listeners() !== before,
    }))`
  expect(JSON.parse(runModule(code))).toEqual({ offers: true, listens: false })
})

test.each(ENTRIES)("require('%s') gives the same as import", (entry) => {
  const code = `
    import { createRequire } from 'node:module'
    import * as imported from '${entry}'
    const required = createRequire(import.meta.url)('${entry}')
    process.stdout.write(JSON.stringify([Object.keys(imported), Object.keys(required)]))`
  const [imported, required] = JSON.parse(runModule(code)) as [string[], string[]]
  expect(required.filter((name) => name !== '__esModule')).toEqual(imported)
})

test('node -e "require(\'synod\')" prints nothing', () => {
  expect(run(process.execPath, ['--eval', "require('synod')"], project)).toBe('')
})

// As a reader of the README would have it. The types of Node are those of the clone.
const HOSTLESS = ['synod/paxos', 'synod/machines', 'synod/simulation', 'synod/testing']
const typesOfNode = ['--types', 'node', '--typeRoots', join(ROOT, 'node_modules', '@types')]

test.each([
  ['every entry, with the types of Node', ENTRIES, [...typesOfNode, '--skipLibCheck', 'false'], true],
  ['every entry, with skipLibCheck', ENTRIES, ['--types', '', '--skipLibCheck'], true],
  ['every entry, with neither', ENTRIES, ['--types', '', '--skipLibCheck', 'false'], false],
  ['what knows no host', HOSTLESS, ['--types', '', '--lib', 'ES2022', '--skipLibCheck', 'false'], true],
] as const)('the types of %s compile in a strict project: %j %j: %s', (_, entries, options, compiles) => {
  const lines = entries.map((entry, at) => `import * as entry${at} from '${entry}'\nentry${at}\n`)
  writeFileSync(join(project, 'types.mts'), lines.join(''))
  const compiler = join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc')
  const strict = ['--noEmit', '--strict', '--exactOptionalPropertyTypes', '--module', 'nodenext']
  const check = (): string =>
    run(process.execPath, [compiler, ...strict, '--target', 'ES2022', ...options, 'types.mts'], project)
  if (compiles) expect(check()).toBe('')
  else expect(check).toThrow()
})

// The last test: it takes away what the others use.
test('the entries load nothing of the command line: they work without it', () => {
  const modules = join(project, 'node_modules')
  for (const path of ['synod/dist/cli', 'synod/bin', 'commander', 'picocolors']) {
    rmSync(join(modules, path), { recursive: true })
  }
  expect(runModule(ENTRIES.map((entry) => `import '${entry}'`).join('\n'))).toBe('')
})
