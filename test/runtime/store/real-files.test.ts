// The store on a disk of this machine.

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, expect, it } from 'vitest'
import type { StoreRecord } from '../../../src/paxos/index.js'
import { checkStore } from '../../../src/runtime/store/check.js'
import { Store } from '../../../src/runtime/store/store.js'
import { durable, SMALL_SEGMENT } from './tested.js'

const RUNTIME = fileURLToPath(new URL('../../../dist/runtime/index.js', import.meta.url))

let folder: string

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'synod-store-'))
})

afterEach(() => rmSync(folder, { recursive: true, force: true }))

it('a store is there again, life after life, through many segments and snapshots', async () => {
  const directory = join(folder, 'not', 'there', 'yet')
  const written: StoreRecord[] = []
  for (let life = 1; life <= 3; life++) {
    const store = await Store.open({ directory, segmentBytes: SMALL_SEGMENT })
    expect(store.records).toEqual(written)
    const before = written.length
    for (let number = 1; number <= 10; number++) {
      const decree = new Uint8Array(20_000).fill(number)
      const record: StoreRecord = { type: 'decision', slot: written.length + 1, decree }
      written.push(record)
      store.write(record)
      await durable(store, written.length - before)
    }
    await store.close()
  }
  expect(await checkStore(directory)).toMatchObject({ isWhole: true, written: 30 })
})

it('a folder that another process has open is locked, and free as soon as that process is killed', async () => {
  const code = `
    import { Store } from ${JSON.stringify(RUNTIME)}
    await Store.open({ directory: ${JSON.stringify(folder)} })
    process.stdout.write('open')
    setInterval(() => undefined, 1000)`
  const other = spawn(process.execPath, ['--input-type=module', '--eval', code], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  await once(other.stdout, 'data')
  await expect(Store.open({ directory: folder })).rejects.toMatchObject({ reason: 'locked' })
  other.kill('SIGKILL')
  await once(other, 'exit')
  await (await Store.open({ directory: folder })).close()
})
