// A state that is too large to be copied at once: its snapshots are taken while the member goes on.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { keyspace } from '../../../src/machines/index.js'
import { encodeText } from '../../../src/paxos/index.js'
import { Member, type MemberOptions } from '../../../src/runtime/index.js'

const folder = mkdtempSync(join(tmpdir(), 'synod-large-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

type Started = Awaited<ReturnType<typeof start>>

async function start(id: string, options: Partial<MemberOptions<typeof keyspace>> = {}) {
  const where = { data: join(folder, id), listen: '127.0.0.1:0' }
  return await Member.start({ id, machine: keyspace, ...where, ...options })
}

const VALUE_BYTES = 100_000
const put = (member: Started, number: number, fill: number) => {
  const value = new Uint8Array(VALUE_BYTES).fill(fill)
  return member.invoke({ type: 'put', key: encodeText(`key ${number}`), value })
}
const get = async (member: Started, number: number): Promise<number | undefined> => {
  const answer = await member.query({ type: 'get', key: encodeText(`key ${number}`) })
  return answer.type === 'get' ? answer.entry?.value[VALUE_BYTES - 1] : undefined
}

/** Twelve megabytes of values, each written over while and after a snapshot is taken. */
async function filled(member: Started): Promise<void> {
  await Promise.all(Array.from({ length: 120 }, (_, number) => put(member, number, 1)))
  const before = member.status().snapshotSlot
  member.snapshot()
  for (let number = 0; member.status().snapshotSlot === before || number < 20; number++)
    await put(member, number % 120, 2)
}

it('a member goes on from a snapshot of a large state, and from what came while it was taken', async () => {
  {
    await using member = await start('a')
    await filled(member)
    expect(member.status().snapshotSlot).toBeLessThan(member.status().applied)
  }
  await using member = await start('a')
  expect([await get(member, 0), await get(member, 19), await get(member, 119)]).toEqual([2, 2, 1])
})

it('a newcomer is sent a large state that is taken for it', async () => {
  await using first = await start('b', { settings: { logBytes: 1_000_000 } })
  await filled(first)
  await using second = await start('c', { join: [String(first.endpoint)] })
  const voters = [first, second].map((each) => ({ member: each.number, store: each.status().store }))
  const changed = first.change(first.status().latest?.version ?? 0, voters)
  for (let number = 0; number < 20; number++) await put(first, number, 3)
  await changed
  expect([await get(second, 0), await get(second, 19), await get(second, 119)]).toEqual([3, 3, 1])
  expect(second.status().snapshotSlot).toBeGreaterThan(0)
})
