/** Makes folders, for nobody else to read. */
import { mkdir, stat } from 'node:fs/promises'
import { dirname } from 'node:path'

/**
 * Makes a folder, and those that it is in, unless they are there. (Node's own `recursive` goes round for ever where a
 * system says of a folder which is there that it is not, as /proc does.)
 */
export async function makeFolder(folder: string): Promise<void> {
  await make(folder, false)
}

async function make(folder: string, isAgain: boolean): Promise<void> {
  try {
    await mkdir(folder, { mode: 0o700 })
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException // all that mkdir throws
    if (code === 'EEXIST' && (await isFolder(folder))) return
    // Somebody else may have made the folder that it is in just now.
    if (code !== 'ENOENT' || isAgain) throw error
    const parent = dirname(folder)
    if (!(await isFolder(parent))) await make(parent, false)
    await make(folder, true)
  }
}

async function isFolder(path: string): Promise<boolean> {
  return await stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  )
}
