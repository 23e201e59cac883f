// What a member does when the connection to the leader ends.

import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, expect, it } from 'vitest'
import { defineMachine } from '../../../src/paxos/index.js'
import { Member } from '../../../src/runtime/index.js'
import type { Files } from '../../../src/runtime/store/files.js'

const counter = defineMachine({
  initial: () => 0,
  apply: (count: number, by: number) => [count + by, count + by] as const,
})

const folder = mkdtempSync(join(tmpdir(), 'synod-lost-'))
/** In microseconds: nobody waits for it here. */
const AN_HOUR = 3_600_000_000

const members: Member<number, number, number>[] = []

afterAll(() => rmSync(folder, { recursive: true, force: true }))

afterEach(async () => {
  await Promise.all(members.splice(0).map((member) => member.close()))
})

/** A disk that takes nothing any more ends its member, which closes its connections as a process that dies would. */
const broken = new Set<string>()
const breakable =
  (id: string) =>
  (real: Files): Files => ({
    ...real,
    openLog: async (path) => {
      const log = await real.openLog(path)
      return {
        close: () => log.close(),
        write: (bytes, position, done) =>
          broken.has(id) ? done(new Error('It is broken.')) : log.write(bytes, position, done),
      }
    },
  })

/** Ports that were free a moment ago. */
async function freePorts(count: number): Promise<readonly number[]> {
  const servers = Array.from({ length: count }, () => createServer())
  const ports = servers.map(
    (server) =>
      new Promise<number>((resolve, reject) => {
        server.once('error', reject)
        server.listen(0, '127.0.0.1', () => {
          const address = server.address()
          resolve(typeof address === 'object' && address !== null ? address.port : 0)
        })
      }),
  )
  const found = await Promise.all(ports)
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))))
  return found
}

/** Three of them; the first leads. */
async function start(): Promise<void> {
  const ports = await freePorts(3)
  const names = ['a', 'b', 'c']
  const cluster = Object.fromEntries(names.map((name, at) => [name, `127.0.0.1:${ports[at]}`]))
  for (const id of names) {
    const settings = { electionTimeoutMicros: AN_HOUR }
    const data = mkdtempSync(join(folder, id))
    const between = { files: breakable(id) }
    members.push(await Member.start({ id, data, machine: counter, cluster, settings, between }))
  }
}

it('others lead on without waiting for the election timeout, when the process of the leader ends', async () => {
  await start()
  const [leader, other, another] = members
  expect(await other?.invoke(1)).toBe(1)
  expect(await another?.query((count) => count)).toBe(1)
  expect(other?.leader).toBe(leader?.number)
  broken.add('a')
  const waiting = other?.invoke(1, { timeoutMillis: 60_000 })
  expect(await leader?.ended).toMatchObject({ name: 'StoreError' })
  expect(await waiting).toBe(2)
  expect(other?.leader).not.toBe(leader?.number)
  broken.clear()
})

it('a leader that closes does not wait for an heir when the others are gone', async () => {
  await start()
  const [leader, ...others] = members
  expect(await leader?.invoke(1)).toBe(1)
  await Promise.all(others.map((member) => member.close()))
  await leader?.close()
  expect(await leader?.ended).toBeNull()
})

it('a leader that closes together with the others waits for none of them', async () => {
  await start()
  expect(await members[0]?.invoke(1)).toBe(1)
  await Promise.all(members.map((member) => member.close()))
})
