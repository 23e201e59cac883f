// `npm test`: sets the clone up, then runs vitest with the arguments it was given.
// The last line on stdout comes from count-reporter.mjs; the exit code is vitest's.

import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { setUpOrExit } from './setup.mjs'

setUpOrExit()

const root = fileURLToPath(new URL('..', import.meta.url))
const vitest = fileURLToPath(new URL('../node_modules/vitest/vitest.mjs', import.meta.url))
const child = spawn(process.execPath, [vitest, 'run', ...process.argv.slice(2)], {
  cwd: root,
  stdio: 'inherit',
})
child.on('exit', (code) => {
  process.exitCode = code ?? 1
})
