// Folders, made for nobody else to read.

import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { makeFolder } from '../../src/runtime/folders.js'

test('a folder is made with those that it is in, also when others make those at the same time', async () => {
  const root = mkdtempSync(join(tmpdir(), 'synod-folders-'))
  onTestFinished(() => rmSync(root, { recursive: true }))
  for (let round = 0; round < 20; round++) {
    const folders = Array.from({ length: 12 }, (_, number) => join(root, `${round}`, 'data', `${number}`))
    await Promise.all(folders.map((folder) => makeFolder(folder)))
    for (const folder of folders) expect(statSync(folder).mode & 0o777).toBe(0o700)
  }
})
