// What a served member tells over HTTP: whether it works, whether it serves, and what is measured.

import { createServer } from 'node:net'
import { describe, expect, onTestFinished, test } from 'vitest'
import { CannotListen } from '../../src/runtime/index.js'
import { rejection } from '../runtime/member/started.js'
import { ask, connectTo, put, serve } from './served.js'

/** What the metrics say, by name and labels. */
function figuresOf(text: string): ReadonlyMap<string, number> {
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'))
  return new Map(lines.map((line) => [line.replace(/ \S+$/, ''), Number(line.split(' ').at(-1))]))
}

describe('a member that serves', () => {
  test('says so, and its metrics follow what it does', async () => {
    const service = await serve()
    const client = await connectTo(service)
    await client.invoke(put('k', 'v'))
    const ready = await ask(service, '/readyz')
    expect([ready.status, await ready.text()]).toEqual([200, 'The member serves.\n'])
    const health = await ask(service, '/healthz')
    expect([health.status, await health.text()]).toEqual([200, 'The process works.\n'])

    const metrics = await ask(service, '/metrics?all')
    expect(metrics.headers.get('content-type')).toMatch(/^text\/plain; version=0\.0\.4/)
    const figures = figuresOf(await metrics.text())
    const { applied } = service.member.status()
    for (const [name, value] of [
      ['synod_ready{member="a"}', 1],
      ['synod_voting{member="a"}', 1],
      ['synod_leading{member="a"}', 1],
      ['synod_applied_slot{member="a"}', applied],
      ['synod_decided_slot{member="a"}', applied],
      ['synod_members{member="a"}', 1],
      ['synod_clients{member="a"}', 1],
      ['synod_sessions{member="a"}', 1],
      ['synod_dropped_messages_total{member="a",reason="full"}', 0],
      ['synod_connection_problems_total{member="a",reason="unauthenticated"}', 0],
    ] as const)
      expect(figures.get(name), name).toBe(value)
    expect(figures.get('synod_received_frames_total{member="a"}')).toBeGreaterThan(0)
    expect(figures.get('process_resident_memory_bytes')).toBeGreaterThan(0)
  })

  test('answers GET and HEAD, of three paths, and nothing else', async () => {
    const service = await serve()
    expect((await ask(service, '/')).status).toBe(404)
    expect((await ask(service, '/readyz/')).status).toBe(404)
    expect((await ask(service, '/healthz', 'POST')).status).toBe(405)
    const head = await ask(service, '/healthz', 'HEAD')
    expect([head.status, await head.text()]).toEqual([200, ''])
  })

  test('counts what it refused', async () => {
    const service = await serve({ token: 'secret' })
    expect((await rejection(connectTo(service))).name).toBe('Unreachable')
    const figures = figuresOf(await (await ask(service, '/metrics')).text())
    expect(figures.get('synod_connection_problems_total{member="a",reason="unauthenticated"}')).toBe(1)
  })
})

test('a member that does not serve works, and says why it does not', async () => {
  const service = await serve({ cluster: { a: '127.0.0.1:1', b: '127.0.0.1:2' } })
  expect((await ask(service, '/healthz')).status).toBe(200)
  const ready = await ask(service, '/readyz')
  expect([ready.status, await ready.text()]).toEqual([
    503,
    'The member does not serve: it belongs to no cluster yet: are enough of the founding members up, or was it never added?\n',
  ])
  expect(figuresOf(await (await ask(service, '/metrics')).text()).get('synod_ready{member="a"}')).toBe(0)
})

test('an address that is taken is a CannotListen, and the member is closed', async () => {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen({ host: '127.0.0.1', port: 0 }, resolve))
  onTestFinished(() => {
    server.close()
  })
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('The server has no port.')
  const error = await rejection(serve({ http: `127.0.0.1:${address.port}` }))
  expect(error).toBeInstanceOf(CannotListen)
  expect(error.message).toBe(
    `HTTP cannot be served at 127.0.0.1:${address.port}: another process listens there; name another address with --http, or --http off.`,
  )
})

test('off, nothing is told', async () => {
  expect((await serve({ http: 'off' })).httpEndpoint).toBeNull()
})
