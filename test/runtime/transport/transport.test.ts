// Members and clients over TCP: what is sent arrives, and what is wrong with one peer is nothing to the others.

import { createServer } from 'node:net'
import { describe, expect, onTestFinished, test } from 'vitest'
import { CannotListen, FIRST_CLIENT, formatEndpoint, Transport } from '../../../src/runtime/index.js'
import { encodeBook } from '../../../src/runtime/transport/book.js'
import { BOOK, encodeFrame, HELLO, MESSAGE, REFUSAL } from '../../../src/runtime/transport/frames.js'
import { encodeHello, type Hello, VERSIONS } from '../../../src/runtime/transport/handshake.js'
import { client, closed, LOCAL, member, reach, Side, stranger } from './sides.js'

const HELLO_OF_9: Hello = {
  versions: VERSIONS,
  cluster: 7,
  member: 9,
  store: 109,
  endpoint: null,
  sinceMillis: 0,
  token: '',
  wanted: null,
}

const helloFrame = (hello: Partial<Hello> = {}, more = ''): Buffer =>
  encodeFrame(HELLO, Buffer.concat([encodeHello({ ...HELLO_OF_9, ...hello }), Buffer.from(more)]))

/** Says hello as the member that it is asked for, and perhaps now and then that it is there; and never reads again. */
async function deaf(number: number, isAlive = false): Promise<string> {
  const server = createServer((socket) => {
    socket.on('error', () => {})
    let signs: NodeJS.Timeout | undefined
    socket.once('data', () => {
      socket.pause()
      socket.write(helloFrame({ member: number, store: 100 + number }))
      if (isAlive) signs = setInterval(() => socket.write(encodeFrame(BOOK, encodeBook([]))), 5)
    })
    socket.on('close', () => clearInterval(signs))
    onTestFinished(() => {
      socket.destroy()
    })
  })
  onTestFinished(() => {
    server.close()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  return typeof address === 'object' ? `127.0.0.1:${address?.port}` : ''
}

describe('messages', () => {
  test('go to the member that was dialled, in order, with number and store of the sender', async () => {
    const [a, b] = [await member(1), await member(2)]
    await reach(a, b)
    a.say(2, 'one', 'two', '', 'four')
    await b.until(() => b.messages.length === 4)
    expect(b.texts).toEqual(['one', 'two', '', 'four'])
    expect(b.messages[0]).toEqual({ from: 1, store: 101, text: 'one' })
  })

  test('of one turn arrive in one call', async () => {
    const [a, b] = [await member(1), await member(2)]
    await reach(a, b)
    a.say(2, ...Array.from({ length: 100 }, (_, at) => `${at}`))
    await b.until(() => b.messages.length === 100)
    expect(b.batches).toEqual([100])
  })

  test('go to several at once', async () => {
    const [a, b, c] = [await member(1), await member(2), await member(3)]
    await reach(a, b)
    await reach(a, c)
    a.say([2, 3], 'all')
    await b.until(() => b.messages.length === 1)
    await c.until(() => c.messages.length === 1)
    expect([b.texts, c.texts]).toEqual([['all'], ['all']])
  })

  test('of every size arrive whole, the shared and the copied ones in the order in which they were sent', async () => {
    const [a, b] = [await member(1), await member(2)]
    const whole: Buffer[] = []
    await reach(a, b)
    const kept = new Side(
      { member: 3, store: 103 },
      {
        listen: LOCAL,
        onMessages: (_from, _store, payloads) => {
          for (const payload of payloads) whole.push(Buffer.from(payload))
          if (whole.length === sizes.length) b.transport.know(9, '127.0.0.1:1')
        },
      },
    )
    const sizes = [0, 1, 1019, 1024, 16_383, 16_384, 65_531, 300_000, 5, 5_000_000, 7]
    kept.identity = { ...kept.identity, endpoint: formatEndpoint(await kept.transport.listen()) }
    await reach(a, kept)
    const sent = sizes.map((size, at) => Buffer.alloc(size, at + 1))
    for (const payload of sent) a.transport.send(3, payload)
    a.transport.flush()
    await b.problem('unreachable') // all have arrived
    expect(whole.map((payload, at) => payload.equals(sent[at] ?? Buffer.alloc(0)))).toEqual(
      sizes.map(() => true),
    )
  })

  test('to nobody, and those that are too large, are dropped and counted', async () => {
    const a = await member(1, { limits: { frameBytes: 10 } })
    a.say([2, 3], 'hello')
    a.say(2, 'hello, world')
    expect(a.transport.counts).toMatchObject({ droppedUnreachable: 2, droppedLarge: 1 })
    expect(a.problems).toMatchObject([{ reason: 'too-large' }])
  })

  test('do not come back on the connection that they came on: each side sends on what it dialled', async () => {
    const [a, b] = [await member(1), await member(2)]
    await reach(a, b)
    b.say(1, 'no way')
    expect(b.transport.counts.droppedUnreachable).toBe(1)
    await reach(b, a)
    b.say(1, 'dialled')
    await a.until(() => a.messages.length === 1)
    expect(a.texts).toEqual(['dialled'])
  })
})

describe('clients', () => {
  test('have numbers of their own, and are answered on their connection', async () => {
    const a = await member(1)
    const [one, two] = [client(), client()]
    await reach(one, a)
    await reach(two, a)
    one.say(1, 'from one')
    await a.until(() => a.messages.length === 1)
    two.say(1, 'from two')
    await a.until(() => a.messages.length === 2)
    const [first = 0, second = 0] = a.messages.map(({ from }) => from)
    expect(first).toBeGreaterThanOrEqual(FIRST_CLIENT)
    expect(second).not.toBe(first)
    a.say(first, 'to one')
    a.say(second, 'to two')
    await one.until(() => one.messages.length === 1)
    await two.until(() => two.messages.length === 1)
    expect([one.messages, two.texts]).toEqual([[{ from: 1, store: 101, text: 'to one' }], ['to two']])
  })

  test('get a new number when they come back', async () => {
    const a = await member(1)
    const first = client()
    await reach(first, a)
    await a.until(() => a.reachable.size === 1)
    await first.transport.close()
    await a.until(() => a.reachable.size === 0)
    await reach(client(), a)
    await a.until(() => a.reached.length === 2)
    expect(new Set(a.reached).size).toBe(2)
  })

  test('are refused when there are too many, and members still find room', async () => {
    const a = await member(1, { limits: { connections: 1 } })
    await reach(client(), a)
    const second = client()
    second.transport.meet(a.endpoint)
    await second.problem('too-many-connections')
    await reach(await member(2), a)
    expect(a.transport.counts).toMatchObject({ clients: 1, members: 1 })
  })
})

describe('connections', () => {
  test('are dialled again when they are gone, without end', async () => {
    const [a, b] = [await member(1, { limits: { backoffLimitMillis: 60 } }), await member(2)]
    await reach(a, b)
    const [host = '', port] = b.endpoint.split(':')
    await b.transport.close()
    await a.until(() => a.problems.filter(({ reason }) => reason === 'unreachable').length === 3)
    const again = await member(2, { listen: { host, port: Number(port) } })
    await a.until(() => a.reachable.has(2))
    a.say(2, 'back')
    await again.until(() => again.messages.length === 1)
    expect(again.texts).toEqual(['back'])
  })

  test('to one that dials by itself are dialled at once, where it says that it is', async () => {
    const never = 2 ** 31 - 1
    const patient = { limits: { backoffMillis: never, backoffLimitMillis: never } }
    const [a, b] = [await member(1, patient), await member(2)]
    a.transport.know(2, '127.0.0.1:1')
    await a.problem('unreachable')
    await reach(b, a)
    await a.until(() => a.reachable.has(2))
  })

  test('to one that says nothing any more are given up and dialled again; to one that only has nothing to say they last', async () => {
    const limits = { stallMillis: 80, backoffMillis: 1 }
    const [a, b] = [await member(1, { limits }), await member(2, { limits })]
    await reach(a, b)
    a.transport.know(9, await deaf(9))
    await a.until(() => a.reached.filter((number) => number === 9).length === 4)
    expect(a.problems.filter(({ reason }) => reason !== 'silent')).toEqual([])
    expect(a.problems.map(({ member }) => member)).toEqual([9, 9, 9])
    expect(a.reached.filter((number) => number === 2)).toHaveLength(1)
  })

  test('of those who are forgotten end, and are not dialled again', async () => {
    const [a, b] = [await member(1), await member(2)]
    await reach(a, b)
    a.transport.forget(2)
    expect(a.reachable.size).toBe(0)
    expect(a.transport.counts.dialled).toBe(0)
    await reach(b, a) // would make it dial at once
    expect(a.transport.connections.filter(({ dialled }) => dialled)).toEqual([])
  })

  test('a new one of the same member and store replaces the old', async () => {
    const a = await member(1)
    const first = await stranger(a)
    first.write(helloFrame())
    first.write(encodeFrame(MESSAGE, Buffer.from('first')))
    await a.until(() => a.texts.includes('first'))
    const second = await stranger(a)
    second.write(helloFrame())
    await closed(first)
    second.write(encodeFrame(MESSAGE, Buffer.from('second')))
    await a.until(() => a.texts.includes('second'))
    expect(a.transport.counts.members).toBe(1)
  })

  test('of the same member with another store stand beside each other: the protocol tells them apart', async () => {
    const a = await member(1)
    for (const store of [5, 6]) {
      const socket = await stranger(a)
      socket.write(Buffer.concat([helloFrame({ store }), encodeFrame(MESSAGE, Buffer.from('hello'))]))
      await a.until(() => a.messages.some((message) => message.store === store))
    }
    expect(a.transport.counts.members).toBe(2)
  })
})

describe('a peer that does not read', () => {
  test('has what exceeds its queue dropped, told once, and nobody else is slowed', async () => {
    const queueBytes = 1024 * 1024
    const [a, b] = [await member(1, { limits: { queueBytes } }), await member(2)]
    await reach(a, b)
    a.transport.know(9, await deaf(9))
    await a.until(() => a.reachable.has(9))
    const payload = new Uint8Array(50_000)
    for (let turn = 0; a.transport.counts.droppedFull < 100; turn++) {
      a.transport.send(9, payload)
      a.transport.flush()
      expect(turn).toBeLessThan(10_000)
    }
    const waiting = a.transport.connections.find(({ node }) => node === 9)?.waitingBytes ?? 0
    expect(waiting).toBeGreaterThan(queueBytes)
    expect(waiting).toBeLessThan(queueBytes + 2 * payload.length)
    expect(a.problems.filter(({ reason }) => reason === 'full')).toMatchObject([{ member: 9 }])
    a.say(2, 'unhurt')
    await b.until(() => b.texts.includes('unhurt'))
  })

  test('is cut off', async () => {
    const a = await member(1, { limits: { stallMillis: 40 } })
    a.transport.know(9, await deaf(9, true))
    await a.until(() => a.reachable.has(9))
    for (let turn = 0; turn < 400; turn++) a.transport.send(9, new Uint8Array(50_000))
    a.transport.flush()
    await a.problem('stalled')
    expect(a.reachable.has(9)).toBe(false)
  })

  test('a queue that is drained late loses nothing that was taken', async () => {
    const [a, b] = [await member(1), await member(2)]
    await reach(a, b)
    const bytes = Array.from({ length: 3_000 }, (_, at) => (at % 7) * 999)
    for (const size of bytes) {
      a.transport.send(2, new Uint8Array(size))
      a.transport.flush()
    }
    await b.until(() => b.messages.length === bytes.length)
    expect(b.receivedBytes).toBe(bytes.reduce((sum, size) => sum + size))
    expect(a.transport.connections.map(({ waitingBytes }) => waitingBytes)).toEqual([0])
  })
})

describe('the handshake', () => {
  test('finds the highest common version of two neighbours', async () => {
    const [old, next] = [await member(1), await member(2, { versions: { lowest: 1, highest: 2 } })]
    await reach(old, next)
    await reach(next, old)
    const latest = await member(3, { versions: { lowest: 1, highest: 2 } })
    await reach(latest, next)
    old.say(2, 'hello')
    next.say(1, 'hello')
    await old.until(() => old.messages.length === 1)
    await next.until(() => next.messages.length === 1)
    const versions = next.transport.connections.map(({ node, version }) => [node, version])
    expect(versions.sort()).toEqual([
      [1, 1],
      [1, 1],
      [3, 2],
    ])
  })

  test('takes the hello of a later version, which says more', async () => {
    const a = await member(1)
    const socket = await stranger(a)
    const hello = helloFrame({ versions: { lowest: 1, highest: 2 } }, 'and more')
    socket.write(Buffer.concat([hello, encodeFrame(MESSAGE, Buffer.from('later'))]))
    await a.until(() => a.texts.includes('later'))
  })

  test('matches a side that knows its cluster with one that does not', async () => {
    const [a, b] = [await member(1), await member(2)]
    b.identity = { ...b.identity, cluster: null }
    await reach(a, b)
    await reach(b, a)
  })

  const strangers = [
    ['of another cluster', { cluster: 8 }, 'other-cluster', /cluster 7.*to 8/],
    ['of a later version', { versions: { lowest: 2, highest: 3 } }, 'no-common-version', /1 to 1.*2 to 3/],
    ['who wants another member', { wanted: 4 }, 'wrong-number', /Member 4 was dialled.*member 1/],
    ['with the same number and store', { member: 1, store: 101 }, 'self', /dialled itself/],
    ['with the same number', { member: 1, store: 5 }, 'self', /member 1, with different stores/],
    ['without the token', { token: '' }, 'unauthenticated', /the right token/],
    ['with another token', { token: 'Secret' }, 'unauthenticated', /the right token/],
  ] as const

  test.for(strangers)('refuses one %s, and says why', async ([, hello, reason, sentence]) => {
    const a = await member(1, { token: 'secret' })
    const socket = await stranger(a)
    const chunks: Buffer[] = []
    socket.on('data', (chunk) => chunks.push(chunk))
    socket.write(helloFrame({ token: 'secret', ...hello }))
    await a.problem(reason)
    await closed(socket)
    const answer = Buffer.concat(chunks)
    expect(answer[4]).toBe(REFUSAL)
    expect(answer.toString('latin1')).toMatch(sentence)
    expect(a.transport.counts.problems[reason]).toBe(1)
  })

  test('tells the one who dialled, in the words of the other side', async () => {
    const [a, b] = [await member(1, { token: 'right' }), await member(2, { token: 'wrong' })]
    b.transport.know(1, a.endpoint)
    await b.problem('unauthenticated')
    expect(b.problems).toMatchObject([
      { told: true, member: 1, peer: a.endpoint, detail: 'This member wants to see the right token.' },
    ])
  })

  test('takes the right token', async () => {
    const a = await member(1, { token: 'right' })
    await reach(client({ token: 'right' }), a)
  })

  test('notices when another member answers than was dialled', async () => {
    const [a, b] = [await member(1), await member(2)]
    a.transport.know(3, b.endpoint)
    await a.problem('wrong-number')
    expect(a.problems).toMatchObject([{ told: true, member: 3 }])
  })

  test('notices that too when the other side does not', async () => {
    const a = await member(1)
    a.transport.know(3, await deaf(9))
    await a.problem('wrong-number')
    expect(a.problems).toMatchObject([
      { told: false, member: 3, detail: expect.stringContaining('member 9 answered') },
    ])
    expect(a.reachable.size).toBe(0)
  })

  test('does not send a token to another machine in the clear', async () => {
    const a = client({ token: 'secret' })
    a.transport.know(3, '192.0.2.1:4000')
    expect(a.problems).toMatchObject([{ reason: 'token-in-clear', member: 3, peer: '192.0.2.1:4000' }])
    await a.transport.close()
  })

  test('is over in time, or the connection is', async () => {
    const a = await member(1, { limits: { handshakeMillis: 30 } })
    const socket = await stranger(a)
    socket.write(helloFrame().subarray(0, 20))
    await a.problem('slow-handshake')
    await closed(socket)
  })

  test('is waited for in a bounded number: the oldest stranger goes first', async () => {
    const a = await member(1, { limits: { handshakes: 2 } })
    const first = await stranger(a)
    const others = [await stranger(a), await stranger(a)]
    await closed(first)
    for (const [at, socket] of others.entries()) {
      const hello = helloFrame({ store: at + 1 })
      socket.write(Buffer.concat([hello, encodeFrame(MESSAGE, Buffer.from(`${at}`))]))
      await a.until(() => a.texts.includes(`${at}`))
    }
  })

  test('is not waited for any more once it is over, by members and clients alike', async () => {
    const a = await member(1, { limits: { handshakes: 2 } })
    const sides = [await member(2), client(), client()]
    for (const side of sides) await reach(side, a)
    const crowd = [await stranger(a), await stranger(a), await stranger(a)]
    await closed(crowd[0] ?? (await stranger(a)))
    for (const side of sides) side.say(1, 'still here')
    await a.until(() => a.texts.length === 3)
  })

  test('leaves the dialling side unhurt if nobody says hello', async () => {
    const server = createServer((socket) => socket.on('error', () => {}))
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    onTestFinished(() => {
      server.close()
    })
    const address = server.address()
    const a = client({ limits: { handshakeMillis: 30 } })
    a.transport.know(3, `127.0.0.1:${typeof address === 'object' ? address?.port : ''}`)
    await a.problem('slow-handshake')
    expect(a.problems[0]).toMatchObject({ member: 3, told: false })
  })
})

describe('what has no business on a connection ends it', () => {
  const frames = [
    ['a message before the hello', [encodeFrame(MESSAGE, Buffer.from('x'))], 'out-of-order'],
    ['a second hello', [helloFrame(), helloFrame()], 'out-of-order'],
    ['a book from one who dialled', [helloFrame(), encodeFrame(BOOK, Buffer.of(0))], 'out-of-order'],
    ['a refusal from one who dialled', [encodeFrame(REFUSAL, Buffer.of(0, 0))], 'out-of-order'],
    ['an unknown kind', [helloFrame(), encodeFrame(77, Buffer.of(0))], 'malformed'],
    ['a hello that is none', [encodeFrame(HELLO, Buffer.from('\x05tulip'))], 'malformed'],
    ['a hello that ends early', [encodeFrame(HELLO, encodeHello(HELLO_OF_9).subarray(0, 9))], 'malformed'],
    ['a member with the number of a client', [helloFrame({ member: FIRST_CLIENT })], 'malformed'],
    ['an address that is none', [helloFrame({ endpoint: 'nowhere' })], 'malformed'],
    ['a request of the web', [Buffer.from('GET / HTTP/1.1\r\n\r\n')], 'oversized'],
    ['a frame that is too large', [helloFrame(), Buffer.of(255, 255, 255, 255, MESSAGE)], 'oversized'],
  ] as const

  test.for(frames)('%s', async ([, chunks, reason]) => {
    const [a, b] = [await member(1), await member(2)]
    await reach(b, a)
    const socket = await stranger(a)
    socket.write(Buffer.concat(chunks))
    await a.problem(reason)
    await closed(socket)
    expect(a.problems).toHaveLength(1)
    expect(a.transport.counts.problems[reason]).toBe(1)
    b.say(1, 'unhurt')
    await a.until(() => a.texts.includes('unhurt'))
  })

  test('and what came before it in the same chunk is taken', async () => {
    const a = await member(1)
    const socket = await stranger(a)
    const message = encodeFrame(MESSAGE, Buffer.from('before'))
    socket.write(Buffer.concat([helloFrame(), message, encodeFrame(77, Buffer.of())]))
    await a.problem('malformed')
    expect(a.texts).toEqual(['before'])
  })
})

describe('the address book', () => {
  /** Knows whoever is in its book. */
  const follow = (side: Side): void => {
    for (const [number, endpoint] of side.book) side.transport.know(number, endpoint)
  }

  test('leads a newcomer that knows one member to all', async () => {
    const [a, b, c] = [await member(1), await member(2), await member(3)]
    await reach(a, b)
    await reach(a, c)
    const newcomer = await member(4)
    newcomer.transport.meet(a.endpoint)
    await newcomer.until(() => newcomer.book.size === 3)
    follow(newcomer)
    await newcomer.until(() => newcomer.reachable.size === 3)
    await c.until(() => c.book.get(4) === newcomer.endpoint)
    expect([...newcomer.book.keys()].sort()).toEqual([1, 2, 3])
  })

  test('tells those who are connected when it changes, clients too', async () => {
    const [a, b] = [await member(1), await member(2)]
    const user = client()
    await reach(user, a)
    await reach(b, a)
    await user.until(() => user.book.get(2) === b.endpoint)
  })

  test('a member that comes back elsewhere is found there, however it was known before', async () => {
    const [a, b] = [await member(1), await member(2, { limits: { backoffLimitMillis: 60 } })]
    const user = client()
    await reach(user, b)
    await reach(b, a)
    await a.transport.close()
    await b.until(() => !b.reachable.has(1))
    const moved = await member(1)
    await reach(moved, b) // says where it is
    await b.until(() => b.reachable.has(1))
    await user.until(() => user.book.get(1) === moved.endpoint)
    expect(b.book.get(1)).toBe(moved.endpoint)
  })

  test("a member's own word wins over hearsay that claims to be later", async () => {
    const [a, b] = [await member(1), await member(2)]
    const liar = await stranger(b)
    const later = Date.now() + 1_000_000
    liar.write(helloFrame({ member: 1, store: 5, endpoint: '127.0.0.1:1', sinceMillis: later }))
    await b.until(() => b.book.get(1) === '127.0.0.1:1')
    await reach(b, a) // by the address that was given
    await reach(a, b) // hears what is told of it, and says where it really is
    await b.until(() => b.book.get(1) === a.endpoint)
  })

  test('holds no more members than it may', async () => {
    const a = await member(1, { limits: { bookEntries: 2 } })
    for (const number of [2, 3, 4]) a.transport.know(number, '127.0.0.1:1')
    expect([...a.transport.book.keys()]).toEqual([2, 3])
  })

  test('takes no word about those who are forgotten, until they are known again', async () => {
    const [a, b] = [await member(1), await member(2)]
    b.transport.know(3, '127.0.0.1:1')
    a.transport.forget(3)
    await reach(a, b)
    b.transport.know(4, '127.0.0.1:1')
    await a.until(() => a.book.has(4))
    expect(a.book.has(3)).toBe(false)
    a.transport.know(3, '127.0.0.1:2')
    expect(a.transport.book.get(3)).toBe('127.0.0.1:2')
  })
})

describe('to listen', () => {
  const open = { host: '0.0.0.0', port: 0 }
  const rest = { identity: () => ({ cluster: null, member: 1, store: 2, endpoint: null }) }
  const deafEars = { onMessages: () => {}, onBook: () => {}, onProblem: () => {} }
  const made = (options: object) => () => new Transport({ ...rest, ...deafEars, ...options })

  test('where other machines are needs TLS, and somebody to vouch for those who come', () => {
    const tls = { key: 'k', cert: 'c' }
    expect(made({ listen: open })).toThrow(CannotListen)
    expect(made({ listen: open, token: 'secret' })).toThrow(/turn TLS on/)
    expect(made({ listen: open, tls })).toThrow(/give a token, or a ca/)
    expect(made({ listen: open, tls: { ca: 'ca' }, token: 'secret' })).toThrow(
      /needs a key and a certificate/,
    )
  })

  test('at a port that is taken fails with a sentence', async () => {
    const a = await member(1)
    const [host = '', port] = a.endpoint.split(':')
    const second = new Side({ member: 2 }, { listen: { host, port: Number(port) } })
    await expect(second.transport.listen()).rejects.toThrow(/Cannot listen at 127.0.0.1:\d+: .*EADDRINUSE/)
  })

  test('limits must be whole numbers that are known', () => {
    expect(made({ limits: { queueBytes: 0 } })).toThrow(/queueBytes/)
    expect(made({ limits: { queBytes: 5 } })).toThrow(/There is no limit queBytes/)
    expect(made({ token: 'x'.repeat(1025) })).toThrow(/at most 1024/)
  })
})
