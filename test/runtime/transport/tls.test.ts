// TLS: who is let in with a certificate or a token, and who is not.

import { describe, expect, test } from 'vitest'
import type { TransportOptions } from '../../../src/runtime/index.js'
import { makeAuthority } from '../../support/certificates.js'
import { client, closed, member, reach, stranger } from './sides.js'

const authority = makeAuthority('ours')
const other = makeAuthority('theirs')
const ca = authority.cert

const withCertificate = (): Partial<TransportOptions> => ({ tls: { ...authority.issue(), ca } })

describe('mutual TLS', () => {
  test('members with certificates talk, clients too, in both directions and all sizes', async () => {
    const [a, b] = [await member(1, withCertificate()), await member(2, withCertificate())]
    const user = client(withCertificate())
    await reach(a, b)
    await reach(b, a)
    await reach(user, a)
    a.say(2, 'secret')
    a.transport.send(2, new Uint8Array(3_000_000))
    a.say(2, 'last')
    user.say(1, 'question')
    await b.until(() => b.messages.length === 3)
    await a.until(() => a.messages.length === 1)
    a.say(a.messages[0]?.from ?? 0, 'answer')
    await user.until(() => user.messages.length === 1)
    expect([b.texts, b.receivedBytes, a.texts, user.texts]).toEqual([
      ['secret', '', 'last'],
      3_000_010,
      ['question'],
      ['answer'],
    ])
  })

  test('nobody without a certificate is let in where there is no token', async () => {
    const a = await member(1, withCertificate())
    const user = client({ tls: { ca }, token: 'guess' })
    user.transport.know(1, a.endpoint)
    await user.problem('unauthenticated')
    expect(user.problems).toMatchObject([{ told: true, detail: 'This member wants to see a certificate.' }])
  })

  test('a certificate of another authority does not count', async () => {
    const a = await member(1, withCertificate())
    const user = client({ tls: { ...other.issue(), ca } })
    user.transport.know(1, a.endpoint)
    await user.problem('unauthenticated')
  })

  test('the token does in place of the certificate, and a wrong one does not', async () => {
    const a = await member(1, { ...withCertificate(), token: 'right' })
    await reach(client({ tls: { ca }, token: 'right' }), a)
    await reach(client(withCertificate()), a)
    const user = client({ tls: { ca }, token: 'wrong' })
    user.transport.know(1, a.endpoint)
    await user.problem('unauthenticated')
    expect(user.problems[0]?.detail).toBe('This member wants to see the right token or a certificate.')
  })
})

describe('the one who dials', () => {
  test('does not trust a member whose certificate is of another authority', async () => {
    const a = await member(1, { tls: { ...other.issue() }, token: 'secret' })
    const user = client({ tls: { ca }, token: 'secret' })
    user.transport.know(1, a.endpoint)
    await user.problem('untrusted')
    expect(user.problems[0]?.detail).toMatch(/TLS failed/)
    expect(a.transport.counts.receivedBytes).toBe(0)
  })

  test('finds members by name, and holds them to it', async () => {
    const a = await member(1, { ...withCertificate(), listen: { host: '127.0.0.1', port: 0 } })
    const user = client(withCertificate())
    user.transport.know(1, a.endpoint.replace('127.0.0.1', 'localhost'))
    await user.until(() => user.reachable.has(1))
    const elsewhere = await member(1, { tls: { ...authority.issue('elsewhere'), ca } })
    const strict = client(withCertificate())
    strict.transport.know(1, elsewhere.endpoint)
    await strict.problem('untrusted')
    expect(strict.reachable.size).toBe(0)
    expect(strict.problems[0]?.detail).toMatch(/^TLS failed: .* 127\.0\.0\.1 is not in the cert's list\.$/)
  })

  test('is told where only plain TCP is spoken', async () => {
    const a = await member(1)
    const user = client({ tls: { ca } })
    user.transport.know(1, a.endpoint)
    await a.problem('oversized')
    await user.until(() => user.problems.length > 0)
    expect(user.problems[0]).toMatchObject({
      reason: 'untrusted',
      detail: 'TLS failed: the other side does not speak it.',
    })
  })
})

describe('a side that wants TLS', () => {
  test('cuts off who speaks none', async () => {
    const a = await member(1, withCertificate())
    const socket = await stranger(a)
    socket.write('hello, is there anybody?')
    await closed(socket)
    await reach(client(withCertificate()), a)
    expect(a.transport.counts.problems.untrusted).toBe(1)
  })

  test('cuts off who says nothing, in time and in number', async () => {
    const silent = await member(1, { ...withCertificate(), limits: { handshakeMillis: 50 } })
    await closed(await stranger(silent))
    const crowded = await member(2, { ...withCertificate(), limits: { handshakes: 2 } })
    const first = await stranger(crowded)
    await stranger(crowded)
    await stranger(crowded)
    await closed(first)
    await reach(client(withCertificate()), crowded)
  })
})
