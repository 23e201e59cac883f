/**
 * The folder of a member: its store, and a note beside it. A member founds a store in a new folder only, so that a slip of
 * the pen does not put one among the files of somebody else.
 */
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { makeFolder } from '../folders.js'
import { COMES_WITH_A_DISK } from '../store/contents.js'
import { storeErrorOf } from '../store/errors.js'
import { ABOUT_FILES } from './about.js'
import { BadOptions } from './errors.js'

const STORE = 'store'

/** What a folder may hold that no store was founded in yet: a start that was interrupted may have left its own. */
const VACANT: ReadonlySet<string> = new Set([STORE, ...ABOUT_FILES, ...COMES_WITH_A_DISK])

/** Where the store is in the folder of a member. */
export function storeIn(data: string): string {
  return join(data, STORE)
}

/**
 * Makes the folder if it is not there. Throws a `BadOptions` if it holds something else and no store, a `StoreError` if it
 * cannot be read or made.
 */
export async function makeMemberFolder(data: string): Promise<void> {
  try {
    const names = await namesIn(data)
    if (names === null) return await makeFolder(data)
    const other = names.find((name) => !VACANT.has(name))
    if (other === undefined || (await namesIn(storeIn(data)))?.length) return
    throw new BadOptions(
      `The folder ${data} holds ${JSON.stringify(other)} and no store of a member: name that of a member, or one that is empty or not there yet.`,
    )
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOTDIR')
      throw new BadOptions(
        `A member needs a folder, and ${data} is none: name one that is empty or not there yet.`,
      )
    throw error instanceof BadOptions ? error : storeErrorOf(error, data)
  }
}

/** Null if there is no such folder. */
async function namesIn(folder: string): Promise<readonly string[] | null> {
  try {
    return await readdir(folder)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null
    throw error
  }
}
