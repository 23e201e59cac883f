// `npm run torture`: sets the clone up, builds the torture, which is no part of the package, and runs it with the
// arguments it was given. All that is not its output goes to stderr.

import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { setUpOrExit } from './setup.mjs'

setUpOrExit()

const root = fileURLToPath(new URL('..', import.meta.url))
const tsc = fileURLToPath(new URL('../node_modules/typescript/bin/tsc', import.meta.url))
const built = spawnSync(process.execPath, [tsc, '-p', 'torture'], { cwd: root, stdio: ['ignore', 2, 2] })
if (built.status === 0) await import('../torture/dist/main.js')
else process.exitCode = 1
