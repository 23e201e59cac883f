/**
 * Set up once, for a whole run of the tests: whatever they put among the temporary files, or a process that they start
 * does, is in one folder, and goes with it at the end, whoever failed. A run that was killed leaves its folder to the next.
 */
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** Names of sockets are short, and there the usual place has a long one. */
const PLACE = process.platform === 'darwin' ? '/tmp' : tmpdir()
const NAME = 'synod-tests-'

export default function setUp(): () => void {
  for (const name of readdirSync(PLACE)) if (isAbandoned(name)) remove(join(PLACE, name))
  const folder = mkdtempSync(join(PLACE, `${NAME}${process.pid}-`))
  for (const variable of ['TMPDIR', 'TEMP', 'TMP']) process.env[variable] = folder
  return () => remove(folder)
}

function remove(folder: string): void {
  rmSync(folder, { recursive: true, force: true, maxRetries: 3 }) // a process may be about to end
}

/** Whether it is of a run that is over. */
function isAbandoned(name: string): boolean {
  const [, pid] = new RegExp(`^${NAME}(\\d+)-`).exec(name) ?? []
  if (pid === undefined) return false
  try {
    process.kill(Number(pid), 0)
    return false
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ESRCH'
  }
}
