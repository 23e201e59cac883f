// The identity of a cluster can be given to it, and then no folder of another cluster is taken for one of it.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { keyspace } from '../../../src/machines/index.js'
import { BadOptions, Member, type MemberOptions } from '../../../src/runtime/index.js'

const folder = mkdtempSync(join(tmpdir(), 'synod-identity-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

async function start(id: string, options: Partial<MemberOptions<typeof keyspace>>) {
  return await Member.start({ id, data: join(folder, id), machine: keyspace, ...options })
}

describe('the identity of a cluster', () => {
  it('is the one that is given', async () => {
    await using member = await start('given', { identity: 4_711 })
    await member.query({ type: 'count' })
    expect(member.status().cluster).toBe(4_711)
  })

  it('is drawn if none is given', async () => {
    await using one = await start('one', {})
    await using other = await start('other', {})
    for (const member of [one, other]) await member.query({ type: 'count' })
    expect(one.status().cluster).not.toBe(other.status().cluster)
  })

  it('is that of the folder, or the folder is refused and stays as it was', async () => {
    const first = await start('folder', { identity: 1 })
    await first.query({ type: 'count' })
    await first.close()
    await expect(start('folder', { identity: 2 })).rejects.toThrow(
      /belongs, or would belong, to the cluster 1, and not to 2/,
    )
    await using again = await start('folder', { identity: 1 })
    await again.query({ type: 'count' })
    expect(again.status().cluster).toBe(1)
  })

  it('is that of the cluster that a member joins', async () => {
    await using member = await start('host', { identity: 5, listen: '127.0.0.1:0' })
    await member.query({ type: 'count' })
    const newcomer = { join: [String(member.endpoint)], listen: '127.0.0.1:0' }
    await expect(start('newcomer', { ...newcomer, identity: 6 })).rejects.toThrow(
      /to the cluster 5, and not to 6/,
    )
  })

  it.each([0, -1, 1.5, 2 ** 48])('is not %d', async (identity) => {
    await expect(start('none', { identity })).rejects.toThrow(BadOptions)
  })
})
