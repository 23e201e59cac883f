// The keys of a served cluster: what a client asks, what it is told of changes, and when keys go by themselves.

import { describe, expect, onTestFinished, test, vi } from 'vitest'
import type { KeyspaceChange } from '../../src/machines/index.js'
import { connectTo, type KeyspaceClient, put, serve } from './served.js'

const key = (text: string): Uint8Array => Buffer.from(text)

async function changesAfter(client: KeyspaceClient, after: number): Promise<readonly KeyspaceChange[]> {
  const answer = await client.query({ type: 'changes', prefix: key(''), after })
  return answer.type === 'changes' ? answer.changes : []
}

const told = ({ type, key: bytes, value }: KeyspaceChange): string =>
  [type, Buffer.from(bytes), value && Buffer.from(value)].filter((part) => part !== null).join(' ')

describe('time to live', () => {
  test('is over without anybody asking: the member that leads has the key removed, by decree', async () => {
    const service = await serve()
    const client = await connectTo(service)
    await client.invoke(put('stays', '1'))
    await client.invoke(put('goes', '2', 1))
    const slot = service.member.status().applied
    // The next slot is that of a command which nobody here has sent.
    expect(
      await client.call('wait', { slot: slot + 1, timeoutMillis: 30_000 }, { timeoutMillis: 31_000 }),
    ).toBeGreaterThan(slot)
    expect((await changesAfter(client, 0)).map(told)).toEqual(['put stays 1', 'put goes 2', 'expire goes'])
    expect(await client.query({ type: 'get', key: key('goes') })).toEqual({ type: 'get', entry: null })
  })

  test('is over with the first command after it, which sees the key no more', async () => {
    const client = await connectTo(await serve())
    const revision = { type: 'compareAndSet', key: key('k'), expected: null, value: key('new') } as const
    await client.invoke(put('k', 'old', 1))
    // Decree time goes on with the clock; commands come until the key is due.
    let output = await client.invoke(revision)
    while (output.type === 'compareAndSet' && !output.succeeded) output = await client.invoke(revision)
    expect((await changesAfter(client, 0)).map(told)).toEqual(['put k old', 'expire k', 'put k new'])
  })

  test('begins when the key is put, also where nothing was decided for hours', async () => {
    const client = await connectTo(await serve())
    await client.invoke(put('before', '1'))
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 10 * 3_600_000 })
    onTestFinished(() => {
      vi.useRealTimers()
    })
    await client.invoke(put('k', '2', 60_000))
    await client.invoke(put('after', '3'))
    const answer = await client.query({ type: 'get', key: key('k') })
    expect(answer).toMatchObject({ entry: { ttlMillis: 60_000 } })
    expect((await changesAfter(client, 0)).map(told)).toEqual(['put before 1', 'put k 2', 'put after 3'])
  })

  test('goes with a put that gives none', async () => {
    const client = await connectTo(await serve())
    await client.invoke(put('k', '1', 60_000))
    const mortal = await client.query({ type: 'get', key: key('k') })
    if (mortal.type !== 'get') throw new Error('Another answer.')
    expect(mortal.entry?.ttlMillis).toBeGreaterThan(50_000)
    await client.invoke(put('k', '2'))
    expect(await client.query({ type: 'get', key: key('k') })).toMatchObject({ entry: { ttlMillis: null } })
  })
})

test('watching is asking for changes: from a revision on, in order, by prefix, without a gap', async () => {
  const service = await serve()
  const client = await connectTo(service)
  const changed = client.call('wait', { slot: service.member.status().applied + 1, timeoutMillis: 10_000 })
  await client.invoke(put('a/1', 'x'))
  await changed
  await client.invoke(put('b/1', 'y'))
  await client.invoke({ type: 'delete', key: key('a/1') })
  expect((await changesAfter(client, 1)).map(told)).toEqual(['put b/1 y', 'delete a/1'])
  expect(await client.query({ type: 'changes', prefix: key('a/'), after: 0 })).toMatchObject({
    changes: [
      { type: 'put', revision: 1 },
      { type: 'delete', revision: 3 },
    ],
    compacted: false,
    more: false,
  })
})
