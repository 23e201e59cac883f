// Whatever comes to the port for HTTP: the member serves, and who asks properly is answered.

import { connect, type Socket } from 'node:net'
import fc from 'fast-check'
import { expect, onTestFinished, test } from 'vitest'
import { CONNECTIONS, HEADER_BYTES } from '../../src/service/http.js'
import type { Service } from '../../src/service/index.js'
import { ask, put, serve } from './served.js'

async function socketTo({ httpEndpoint }: Service): Promise<Socket> {
  const [host = '', port] = httpEndpoint?.split(':') ?? []
  const socket = connect({ host, port: Number(port) })
  socket.on('error', () => {}) // it is cut off; that is what the test is about
  socket.resume()
  onTestFinished(() => {
    socket.destroy()
  })
  await new Promise((resolve) => socket.once('connect', resolve))
  return socket
}

/** Sends this, and nothing more; resolves when the other side has closed. */
async function attack(service: Service, bytes: Uint8Array): Promise<void> {
  const socket = await socketTo(service)
  const closed = new Promise((resolve) => socket.once('close', resolve))
  socket.end(bytes)
  await closed
}

async function expectUnhurt(service: Service): Promise<void> {
  expect((await ask(service, '/readyz')).status).toBe(200)
  expect((await ask(service, '/metrics')).status).toBe(200)
  expect(await service.member.invoke(put('k', 'v'))).toMatchObject({ type: 'put' })
}

const CORPUS: readonly string[] = [
  '',
  '\r\n\r\n',
  'GET',
  'GET / HTTP/9.9\r\n\r\n',
  'GET /metrics HTTP/1.1\r\nContent-Length: 99999999999999999999\r\n\r\n',
  'POST /metrics HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\nshort',
  'POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nffffffff\r\n',
  'GET /%ff%00/../../etc/passwd HTTP/1.1\r\nHost: x\r\n\r\n',
  'CONNECT x:1 HTTP/1.1\r\nHost: x\r\n\r\n',
  'GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n',
  `GET / HTTP/1.1\r\nHost: x\r\nLong: ${'x'.repeat(2 * HEADER_BYTES)}\r\n\r\n`,
  `GET /${'x'.repeat(2 * HEADER_BYTES)} HTTP/1.1\r\nHost: x\r\n\r\n`,
  `${'GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n'.repeat(50)}`,
]

test('a corpus of broken requests', async () => {
  const service = await serve()
  for (const each of CORPUS) await attack(service, Buffer.from(each, 'latin1'))
  await expectUnhurt(service)
})

test('random bytes, and requests with some of them changed', async () => {
  const service = await serve()
  const request = fc
    .record({ at: fc.nat(40), bytes: fc.uint8Array({ maxLength: 20 }) })
    .map(({ at, bytes }) => {
      const whole = Buffer.from('GET /metrics HTTP/1.1\r\nHost: there\r\n\r\n')
      return Buffer.concat([whole.subarray(0, at), bytes, whole.subarray(at)])
    })
  const anything = fc.oneof(fc.uint8Array({ maxLength: 300 }), request)
  await fc.assert(
    fc.asyncProperty(anything, (bytes) => attack(service, bytes)),
    { numRuns: 100 },
  )
  await expectUnhurt(service)
})

test('half-open connections, as many as may be: the next is cut off, and the member serves', async () => {
  const service = await serve()
  const open = await Promise.all(Array.from({ length: CONNECTIONS }, () => socketTo(service)))
  for (const socket of open) socket.write('GET /metrics HTTP/1.1\r\nHost:')
  const next = await socketTo(service)
  await new Promise((resolve) => next.once('close', resolve))
  expect(await service.member.invoke(put('k', 'v'))).toMatchObject({ type: 'put' })
  for (const socket of open) socket.destroy()
  // The server hears of each end in its own time.
  while ((await ask(service, '/healthz').catch(() => null)) === null);
  await expectUnhurt(service)
})
