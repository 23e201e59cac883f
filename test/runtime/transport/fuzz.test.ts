// Whatever bytes come to the port: no crash, bounded memory, and those who are connected go on.

import fc from 'fast-check'
import { beforeEach, describe, expect, test } from 'vitest'
import { BOOK, encodeFrame, HELLO, MESSAGE, REFUSAL } from '../../../src/runtime/transport/frames.js'
import { encodeHello, type Hello, VERSIONS } from '../../../src/runtime/transport/handshake.js'
import { closed, member, reach, type Side, stranger } from './sides.js'

const hello: Hello = {
  versions: VERSIONS,
  cluster: null,
  member: null,
  store: 0,
  endpoint: null,
  sinceMillis: 0,
  token: '',
  wanted: null,
}
const greeting = encodeFrame(HELLO, encodeHello(hello))
const lying = (length: number, kind: number, ...rest: number[]): Buffer => {
  const header = Buffer.alloc(5, kind)
  header.writeUInt32LE(length)
  return Buffer.concat([header, Buffer.from(rest)])
}

/** What others have sent to ports, and what is most likely to hurt this one. */
const CORPUS: readonly Buffer[] = [
  Buffer.of(),
  Buffer.of(0),
  Buffer.of(0, 0, 0, 0, 0),
  Buffer.alloc(100_000),
  Buffer.alloc(100_000, 0xff),
  Buffer.from('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n'),
  Buffer.from('SSH-2.0-OpenSSH_9.2\r\n'),
  Buffer.of(0x16, 3, 1, 2, 0, 1, 0, 1, 0xfc, 3, 3),
  lying(4_096, HELLO, 1, 2, 3),
  lying(0xffffffff, HELLO),
  lying(0xffffffff, MESSAGE),
  lying(0, HELLO),
  encodeFrame(HELLO, Buffer.alloc(4_096, 0xff)),
  // A text of 2^53 bytes.
  encodeFrame(HELLO, Buffer.of(255, 255, 255, 255, 255, 255, 255, 15)),
  greeting.subarray(0, 12),
  Buffer.concat([greeting, greeting]),
  Buffer.concat([greeting, lying(16 * 1024 * 1024, MESSAGE, 1)]),
  Buffer.concat([greeting, lying(16 * 1024 * 1024 + 1, MESSAGE, 1)]),
  Buffer.concat([greeting, encodeFrame(BOOK, Buffer.alloc(1_000, 0x80))]),
  Buffer.concat([greeting, encodeFrame(REFUSAL, Buffer.of(0, 0))]),
  Buffer.concat([greeting, ...Array.from({ length: 20_000 }, () => encodeFrame(MESSAGE, Buffer.of()))]),
]

let target: Side
let peer: Side

beforeEach(async () => {
  target = await member(1, { limits: { handshakes: 50, connections: 50, handshakeMillis: 200 } })
  peer = await member(2)
  await reach(peer, target)
})

/** Who is connected all along is heard, on the same connection. */
async function expectUnhurt(): Promise<void> {
  const before = target.messages.length
  peer.say(1, 'still here')
  await target.until(() => target.messages.slice(before).some(({ from }) => from === 2))
  expect(peer.reached).toEqual([1])
}

/** Sends it, in pieces, and ends; gives when the other side has done with it. */
async function attack(bytes: Uint8Array, pieces: number): Promise<void> {
  const socket = await stranger(target)
  socket.setNoDelay(true)
  const size = Math.max(1, Math.ceil(bytes.length / pieces))
  for (let at = 0; at < bytes.length && socket.writable; at += size) {
    const piece = bytes.subarray(at, at + size)
    await new Promise((resolve) => socket.write(piece, resolve))
  }
  socket.end()
  await closed(socket)
}

describe('the port survives', () => {
  test('the corpus, whole and in pieces', async () => {
    for (const bytes of CORPUS) for (const pieces of [1, 3, 40]) await attack(bytes, pieces)
    await expectUnhurt()
  })

  test('random bytes', async () => {
    const property = fc.asyncProperty(
      fc.uint8Array({ maxLength: 2_000 }),
      fc.integer({ min: 1, max: 5 }),
      attack,
    )
    await fc.assert(property, { numRuns: 100 })
    await expectUnhurt()
  })

  test('frames of any kind with anything in them, after a hello and before', async () => {
    const frame = fc.tuple(fc.integer({ min: 0, max: 6 }), fc.uint8Array({ maxLength: 200 }))
    const frames = fc.array(frame, { maxLength: 8 })
    const property = fc.asyncProperty(fc.boolean(), frames, async (greets, all) => {
      const bytes = all.map(([kind, payload]) => encodeFrame(kind, payload))
      await attack(Buffer.concat([greets ? greeting : Buffer.of(), ...bytes]), 2)
    })
    await fc.assert(property, { numRuns: 100 })
    await expectUnhurt()
  })

  test('hellos with any byte changed', async () => {
    const property = fc.asyncProperty(
      fc.nat(greeting.length - 1),
      fc.integer({ min: 0, max: 255 }),
      (at, byte) => {
        const changed = Buffer.from(greeting)
        changed[at] = byte
        return attack(changed, 1)
      },
    )
    await fc.assert(property, { numRuns: 100 })
    await expectUnhurt()
  })

  test('connections that are left half open, as many as anybody likes, in bounded memory', async () => {
    const before = process.memoryUsage().arrayBuffers
    const all = []
    for (let count = 0; count < 300; count++) {
      const socket = await stranger(target)
      socket.write(lying(4_096, HELLO, 1, 2, 3))
      all.push(closed(socket))
    }
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(64 * 1024 * 1024)
    await expectUnhurt()
    await Promise.all(all) // each is cut: the oldest because of the others, the last because it is slow
    expect(target.transport.counts.problems['slow-handshake']).toBeGreaterThanOrEqual(300)
  })
})
