// A backup holds what was answered before it was taken. A restore founds another cluster with that, and nothing else.

import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test, vi } from 'vitest'
import { BadOptions, checkStore } from '../../src/runtime/index.js'
import {
  BACKUP_CALL,
  BackupError,
  type BackupHeader,
  CHUNK_CALL,
  restoreBackup,
  writeBackup,
} from '../../src/service/index.js'
import { freeAddress, rejection } from '../runtime/member/started.js'
import { connectTo, type KeyspaceClient, newFolder, put, serve } from './served.js'

async function* chunksOf(client: KeyspaceClient, { bytes }: BackupHeader): AsyncGenerator<Uint8Array> {
  for (let offset = 0; offset < bytes; ) {
    const chunk = Buffer.from(String(await client.call(CHUNK_CALL, { offset })), 'base64')
    yield chunk
    offset += chunk.length
  }
}

async function save(client: KeyspaceClient, file: string): Promise<BackupHeader> {
  return await writeBackup(file, async () => {
    const header = (await client.call(BACKUP_CALL)) as BackupHeader // what members answer
    return { header, chunks: chunksOf(client, header) }
  })
}

const all = { type: 'scan', prefix: Buffer.of() } as const

describe('a cluster that was restored', () => {
  test('has the keys and revisions of the backup, an identity of its own, and new sessions', async () => {
    const old = await serve()
    const client = await connectTo(old)
    for (let count = 0; count < 3; count++)
      await client.invoke(put(`k${count}`, 'v'.repeat(120_000), 3_600_000))
    await client.invoke({ type: 'delete', key: Buffer.from('k0') })
    const file = join(newFolder(), 'backup')
    const header = await save(client, file)
    expect(header).toMatchObject({ count: 2, revision: 4, cluster: old.member.status().cluster })
    await client.invoke(put('late', 'is not in it'))

    const data = join(newFolder(), 'new', 'a')
    const { founded } = await restoreBackup(file, 'a', data)
    expect(founded).not.toBe(header.cluster)
    expect(readdirSync(join(data, '..'))).toEqual(['a'])
    expect(await checkStore(join(data, 'store'))).toMatchObject({
      isWhole: true,
      founding: { cluster: founded },
    })

    const restored = await serve({ data })
    const heir = await connectTo(restored)
    const { entries, revision } = (await heir.query(all)) as {
      entries: readonly { key: Uint8Array }[]
      revision: number
    } // a scan
    expect(entries.map(({ key }) => Buffer.from(key).toString())).toEqual(['k1', 'k2'])
    expect(revision).toBe(4)
    expect(await heir.query({ type: 'changes', prefix: Buffer.of(), after: 3 })).toMatchObject({
      changes: [{ type: 'delete', revision: 4 }],
    })
    expect(await heir.invoke(put('k3', 'v'))).toEqual({ type: 'put', revision: 5 })
    expect(restored.member.status()).toMatchObject({ cluster: founded, member: 0, ready: true })
    // Commands of sessions of the old cluster mean nothing here.
    expect(restored.member.status().sessions).toBeLessThanOrEqual(3)
  })

  test('admits others, who get all of it', async () => {
    const old = await serve()
    const client = await connectTo(old)
    await client.invoke(put('k', 'v'))
    const file = join(newFolder(), 'backup')
    await save(client, file)
    const data = join(newFolder(), 'a')
    await restoreBackup(file, 'a', data)
    const first = await serve({ data, listen: await freeAddress() })
    const second = await serve({ id: 'b', join: [first.member.endpoint ?? ''] })
    const { latest } = first.member.status()
    if (latest === null) throw new Error('It is not founded.')
    const { number } = second.member
    const voter = { member: number, store: second.member.status().store }
    await first.member.change(latest.version, [...latest.voters, voter])
    expect(await second.member.query({ type: 'get', key: Buffer.from('k') })).toMatchObject({
      entry: { revision: 1 },
    })
  })
})

describe('a restore', () => {
  async function backupOf(): Promise<string> {
    const client = await connectTo(await serve())
    await client.invoke(put('k', 'v'))
    const file = join(newFolder(), 'backup')
    await save(client, file)
    return file
  }

  test('leaves a folder alone that is not empty', async () => {
    const file = await backupOf()
    const data = newFolder()
    writeFileSync(join(data, 'there'), 'something')
    const error = await rejection(restoreBackup(file, 'a', data))
    expect(error).toBeInstanceOf(BadOptions)
    expect(error.message).toMatch(/is not empty: a backup is restored into a new folder/)
    expect(readdirSync(data)).toEqual(['there'])
  })

  test.runIf(process.platform === 'linux')('says that its folder cannot be made', async () => {
    const error = await rejection(restoreBackup(await backupOf(), 'a', '/proc/synod/a'))
    expect(error).toBeInstanceOf(BadOptions)
    expect(error.message).toMatch(/^The folder \/proc\/synod\/a cannot be made: ENOENT/)
  })

  test('that is interrupted leaves nothing behind', async () => {
    const file = await backupOf()
    const parent = newFolder()
    const over = new AbortController()
    const restoring = restoreBackup(file, 'a', join(parent, 'a'), over.signal)
    over.abort(new Error('enough'))
    expect((await rejection(restoring)).message).toBe('enough')
    expect(readdirSync(parent)).toEqual([])
  })

  test('refuses a file that is damaged, or none, and leaves nothing behind', async () => {
    const file = await backupOf()
    const bytes = readFileSync(file)
    const parent = newFolder()
    const data = join(parent, 'a')
    const attempt = async (content: Uint8Array | string): Promise<string> => {
      writeFileSync(file, content)
      const error = await rejection(restoreBackup(file, 'a', data))
      expect(error).toBeInstanceOf(BackupError)
      return error.message
    }
    const flipped = Buffer.from(bytes)
    flipped[flipped.length - 1] = (flipped.at(-1) ?? 0) ^ 1
    expect(await attempt(flipped)).toMatch(/is damaged/)
    expect(await attempt(bytes.subarray(0, -1))).toMatch(/is damaged/)
    expect(await attempt('hello')).toMatch(/is no backup of this version of Synod/)
    expect(await attempt('')).toMatch(/is no backup/)
    const header = bytes.toString('latin1').replace('"version":1', '"version":9')
    expect(await attempt(Buffer.from(header, 'latin1'))).toMatch(
      /is of version 9 of the keyspace, and this is 1/,
    )
    expect((await rejection(restoreBackup(join(parent, 'none'), 'a', data))).message).toMatch(
      /cannot be read/,
    )
    expect(readdirSync(parent)).toEqual([])
  })
})

describe('a backup', () => {
  test('is taken for one client at a time, and given up when that one is gone', async () => {
    const service = await serve()
    const client = await connectTo(service)
    await client.call(BACKUP_CALL)
    expect(await rejection(client.call(BACKUP_CALL))).toMatchObject({ name: 'Overloaded' })
    await client.call(CHUNK_CALL, { offset: 0 })
    // That was all of it.
    expect((await rejection(client.call(CHUNK_CALL, { offset: 0 }))).message).toMatch(/begin again/)
    await client.call(BACKUP_CALL)
    for (const offset of [-1, 'x', undefined, null])
      expect(await rejection(client.call(CHUNK_CALL, { offset }))).toMatchObject({ name: 'TypeError' })
  })

  test('is in its file as a whole, or not at all', async () => {
    const file = join(newFolder(), 'backup')
    const client = await connectTo(await serve())
    const header = (await client.call(BACKUP_CALL)) as BackupHeader // what members answer
    const other = async function* (): AsyncGenerator<Uint8Array> {
      yield Buffer.from('something else')
    }
    const begun = await rejection(writeBackup(file, async () => ({ header, chunks: other() })))
    expect(begun).toBeInstanceOf(BackupError)
    expect(existsSync(file)).toBe(false)
    expect(readdirSync(join(file, '..'))).toEqual([])
    const nowhere = join(file, 'no', 'folder')
    const asked = vi.fn<() => Promise<never>>()
    expect((await rejection(writeBackup(nowhere, asked))).message).toMatch(/^The backup cannot be written to/)
    expect(asked).not.toHaveBeenCalled() // a member that holds one would give nobody else one
  })
})
