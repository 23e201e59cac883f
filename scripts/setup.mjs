// Makes a clone ready to run: node_modules as package-lock.json has it, and dist as src and viewer have it.
//
// Every command of a clone calls this first, so when there is nothing to do it costs a few
// milliseconds. It speaks on stderr alone, and uses nothing but Node: node_modules may be missing.

import { spawnSync } from 'node:child_process'
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const PAGE = join(ROOT, 'dist', 'viewer')
const LOCK = join(ROOT, '.setup-lock')
const STAMP = join(ROOT, 'dist', '.built-from')

/** Something the person at the keyboard can mend; its message says what. */
class SetupError extends Error {
  name = 'SetupError'
}

/** Installs and builds what is missing or out of date, one process at a time. */
export function setUp() {
  if (isInstalled() && isBuilt()) return
  withLock(() => {
    if (!isInstalled()) install()
    if (!isBuilt()) build()
  })
}

// ---- dependencies

/** npm notes in node_modules/.package-lock.json what it has put there: compare that with the lock. */
function isInstalled() {
  const wanted = readJson('package-lock.json')
  const present = readJson('node_modules/.package-lock.json')
  if (!wanted || !present) return false
  return Object.entries(wanted.packages).every(([path, entry]) => {
    if (path === '') return true
    const found = present.packages[path]
    // What is optional may be meant for another system.
    return found ? found.version === entry.version : entry.optional === true
  })
}

function install() {
  say('installing the dependencies (npm ci)')
  const options = ['ci', '--include=dev', '--no-audit', '--no-fund']
  const npm = process.env.npm_execpath
  const done =
    npm?.endsWith('npm-cli.js') === true
      ? run(process.execPath, [npm, ...options])
      : run('npm', options, { shell: process.platform === 'win32' })
  if (!done) throw new SetupError('`npm ci` failed (see above). Mend that, then run the command again.')
}

// ---- dist

function isBuilt() {
  return existsSync(STAMP) && readFileSync(STAMP, 'utf8') === describeSources()
}

function build() {
  say('building dist from src')
  const sources = describeSources()
  const page = ['build', '--config', 'viewer/vite.config.js', '--logLevel', 'error']
  const isDone =
    run(process.execPath, [join(ROOT, 'node_modules/typescript/bin/tsc'), '-b', 'src']) &&
    run(process.execPath, [join(ROOT, 'node_modules/vite/bin/vite.js'), ...page])
  if (!isDone) {
    throw new SetupError('the build failed (see above). Mend the sources, then run the command again.')
  }
  sweep(join(ROOT, 'dist'), join(ROOT, 'src'))
  writeFileSync(STAMP, sources)
}

const SOURCE = /\.(ts|tsx|json|js|css|html)$/

/** Path, size and time of everything that dist is made from, one line a file. */
function describeSources() {
  const files = ['package-lock.json', 'tsconfig.base.json']
  for (const folder of ['src', 'viewer']) {
    for (const path of readdirSync(join(ROOT, folder), { recursive: true })) {
      if (SOURCE.test(path)) files.push(join(folder, path))
    }
  }
  return files
    .sort()
    .map((file) => {
      const { size, mtimeMs } = statSync(join(ROOT, file))
      return `${file} ${size} ${mtimeMs}\n`
    })
    .join('')
}

/** Removes what an earlier build left in dist of sources that are gone. */
function sweep(dist, src) {
  for (const entry of readdirSync(dist, { withFileTypes: true })) {
    const path = join(dist, entry.name)
    const source = join(src, entry.name)
    if (path === PAGE) continue // made from viewer, and always anew
    if (entry.isDirectory()) {
      if (existsSync(source)) sweep(path, source)
      else rmSync(path, { recursive: true })
    } else if (/\.(d\.ts|js)$/.test(entry.name)) {
      if (!existsSync(source.replace(/\.(d\.ts|js)$/, '.ts'))) rmSync(path)
    }
  }
}

// ---- one at a time

/** Runs `work` while no other process of this clone does. The lock is a folder with its owner's id inside. */
function withLock(work) {
  let told = false
  while (!takeLock()) {
    if (!told) say('waiting for another command that is setting up this clone')
    told = true
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 100)
  }
  try {
    work()
  } finally {
    rmSync(LOCK, { recursive: true, force: true })
  }
}

function takeLock() {
  try {
    mkdirSync(LOCK)
  } catch (error) {
    if (error.code !== 'EEXIST') throw error
    return dropDeadLock() ? takeLock() : false
  }
  writeFileSync(join(LOCK, 'owner'), String(process.pid))
  return true
}

/** Takes away the lock of a process that ended without doing so, and tells whether it did. */
function dropDeadLock() {
  try {
    const owner = Number(readFileSync(join(LOCK, 'owner'), 'utf8'))
    if (isAlive(owner)) return false
    const aside = `${LOCK}.${process.pid}`
    renameSync(LOCK, aside)
    rmSync(aside, { recursive: true })
    return true
  } catch (error) {
    if (error.code !== 'ENOENT') throw error
    // Released meanwhile, or taken and not signed yet: look again, unless its owner died just there.
    const taken = statSync(LOCK, { throwIfNoEntry: false })
    if (taken && Date.now() - taken.mtimeMs > 5000) rmSync(LOCK, { recursive: true, force: true })
    return false
  }
}

function isAlive(pid) {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return error.code === 'EPERM'
  }
}

// ---- helpers

function readJson(path) {
  try {
    return JSON.parse(readFileSync(join(ROOT, path), 'utf8'))
  } catch {
    return undefined
  }
}

/** Runs a child whose output, all of it, goes to stderr. */
function run(command, args, options = {}) {
  const { status, error } = spawnSync(command, args, { cwd: ROOT, stdio: ['ignore', 2, 2], ...options })
  if (error) say(error.message)
  return status === 0
}

function say(sentence) {
  process.stderr.write(`synod: ${sentence} …\n`)
}

/** For scripts: sets up, or ends this process with the sentence that says what is wrong. */
export function setUpOrExit() {
  try {
    setUp()
  } catch (error) {
    if (!(error instanceof SetupError)) throw error
    process.stderr.write(`synod: ${error.message}\n`)
    process.exit(1)
  }
}

// `npm run build` runs this file itself.
if (process.argv[1] === fileURLToPath(import.meta.url)) setUpOrExit()
