// Who may come in: nobody from elsewhere without TLS, and nobody without the token or a certificate where there is one.

import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { CannotListen } from '../../src/runtime/index.js'
import { rejection } from '../runtime/member/started.js'
import { makeAuthority } from '../support/certificates.js'
import { connectTo, newFolder, put, serve } from './served.js'

const ELSEWHERE = '0.0.0.0:0'

describe('an address that others can reach', () => {
  test('is refused without TLS, token or not', async () => {
    for (const options of [{}, { token: 'secret' }]) {
      const error = await rejection(serve({ listen: ELSEWHERE, ...options }))
      expect(error).toBeInstanceOf(CannotListen)
      expect(error.message).toBe(
        '0.0.0.0:0 can be reached from other machines: turn TLS on, or listen at 127.0.0.1 or ::1.',
      )
    }
  })

  test('is refused with TLS that lets everybody in', async () => {
    const folder = newFolder()
    const { key, cert } = makeAuthority('ours').issue()
    const file = (name: string, text: string): string => {
      writeFileSync(join(folder, name), text)
      return join(folder, name)
    }
    const tls = { tlsKey: file('key', key), tlsCert: file('cert', cert) }
    expect((await rejection(serve({ listen: ELSEWHERE, ...tls }))).message).toMatch(
      /give a token, or a ca that certificates are checked against\.$/,
    )
    const service = await serve({ listen: ELSEWHERE, ...tls, token: 'secret' })
    expect(service.member.endpoint).toMatch(/^0\.0\.0\.0:\d+$/)
    // What it tells over HTTP stays on this machine all the same, unless it is said otherwise.
    expect(service.httpEndpoint).toMatch(/^127\.0\.0\.1:/)
  })
})

test('a client without the token is told at once, and not heard', async () => {
  const service = await serve({ token: 'secret' })
  const begunMillis = performance.now()
  expect((await rejection(connectTo(service))).message).toMatch(
    /^No member lets this client in \(.*: This member wants to see the right token\): give the token/,
  )
  expect(performance.now() - begunMillis).toBeLessThan(5_000) // of the ten seconds that it would wait
  await service.member.invoke(put('k', 'v'))
  expect(service.member.status().clients).toBe(0)
})
