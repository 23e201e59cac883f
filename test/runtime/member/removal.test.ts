// A member that was removed learns of it, and stops by itself.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { keyspace } from '../../../src/machines/index.js'
import { Member, type MemberOptions } from '../../../src/runtime/index.js'

const folder = mkdtempSync(join(tmpdir(), 'synod-removal-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

type Options = MemberOptions<typeof keyspace>
type Started = Awaited<ReturnType<typeof start>>

async function start(id: string, options: Partial<Options> = {}) {
  const where = { data: join(folder, id), listen: '127.0.0.1:0' }
  return await Member.start({ id, machine: keyspace, ...where, ...options })
}

const voterOf = (member: Started) => ({ member: member.number, store: member.status().store })

/** Resolves when the newcomer votes. */
async function admitted(host: Started, members: readonly Started[], newcomer: Started): Promise<void> {
  const { latest } = host.status()
  await host.change(latest?.version ?? 0, [...members, newcomer].map(voterOf))
  while (!newcomer.status().voting) await newcomer.core.applied(newcomer.status().applied + 1, 100)
}

it('a member that was removed ends, when the others have what it knew', async () => {
  await using a = await start('a')
  await a.query({ type: 'count' })
  const contacts = { join: [String(a.endpoint)] }
  await using b = await start('b', contacts)
  await admitted(a, [a], b)
  await using c = await start('c', contacts)
  await admitted(a, [a, b], c)
  await a.change(a.status().latest?.version ?? 0, [a, b].map(voterOf))
  expect(await c.ended).toBe(null)
  expect(await a.query({ type: 'count' })).toMatchObject({ count: 0 })
})
