// The folder of a member: a store is founded in a new one only.

import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { BadOptions } from '../../../src/runtime/index.js'
import { newFolder, rejection, start } from './started.js'

/** A folder with these in it: folders, if they end in a slash. */
function folderWith(...names: readonly string[]): string {
  const folder = newFolder()
  for (const name of names) {
    if (name.endsWith('/')) mkdirSync(join(folder, name))
    else writeFileSync(join(folder, name), 'of somebody else')
  }
  return folder
}

describe('a member founds no store', () => {
  it.each([['passwd'], ['passwd', 'store/'], ['notes/']])('in a folder that holds %s', async (...names) => {
    const data = folderWith(...names)
    const error = await rejection(start({ data }))
    expect(error).toBeInstanceOf(BadOptions)
    expect(error.message).toBe(
      `The folder ${data} holds ${JSON.stringify(names[0]?.replace('/', ''))} and no store of a member: name that of a member, or one that is empty or not there yet.`,
    )
    expect(readdirSync(data)).toEqual(names.map((name) => name.replace('/', '')))
  })

  it('in a file', async () => {
    const data = join(folderWith('file'), 'file')
    expect(await rejection(start({ data }))).toBeInstanceOf(BadOptions)
  })
})

describe('a member founds a store', () => {
  it.each([[], ['lost+found/'], ['store/'], ['member.json.new', 'store/']])(
    'in a new folder, or where a start was interrupted: one that holds %s',
    async (...names) => {
      const member = await start({ data: folderWith(...names) })
      expect(await member.invoke(1)).toBe(1)
    },
  )
})

describe('a folder with a store', () => {
  it('may hold anything else, until the store is gone', async () => {
    const data = folderWith()
    const first = await start({ data })
    await first.invoke(1)
    await first.close()
    writeFileSync(join(data, 'notes'), '')
    const second = await start({ data })
    expect(await second.invoke(1)).toBe(2)
    await second.close()
    rmSync(join(data, 'store'), { recursive: true })
    expect(await rejection(start({ data }))).toBeInstanceOf(BadOptions)
  })
})
