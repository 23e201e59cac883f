// Tests leave nothing behind among the temporary files.

import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import setUp from '../support/temporary-files.js'

/** The place of this very run; `setUp` makes one more in it. */
const place = tmpdir()

function runOfTests(): () => void {
  const { TMPDIR, TEMP, TMP } = process.env
  onTestFinished(() => void Object.assign(process.env, { TMPDIR, TEMP, TMP }))
  return setUp()
}

test('all of a run is in one folder, also what its processes make, and goes with it', () => {
  expect(basename(place)).toMatch(/^synod-tests-\d+-/)
  const end = runOfTests()
  const folder = tmpdir()
  expect(join(folder, '..')).toBe(place)
  const code = 'fs.mkdtempSync(path.join(os.tmpdir(), "of-a-process-"))'
  const made = spawnSync(process.execPath, ['--print', code], { encoding: 'utf8' }).stdout.trim()
  expect(existsSync(made)).toBe(true)
  end()
  expect([made, folder].filter(existsSync)).toEqual([])
})

test('what a run that was killed has left goes with the next; that of one that runs stays', () => {
  const { pid } = spawnSync(process.execPath, ['--version'])
  const left = join(place, `synod-tests-${pid}-left`)
  mkdirSync(join(left, 'cluster'), { recursive: true })
  const running = mkdtempSync(join(place, `synod-tests-${process.pid}-`))
  runOfTests()()
  expect([left, running].filter(existsSync)).toEqual([running])
})
