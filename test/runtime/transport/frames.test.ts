// Frames, however they are cut; what a hello and a book are as bytes; the book comes to be the same everywhere.

import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { formatEndpoint, isLoopback, parseEndpoint } from '../../../src/runtime/index.js'
import { AddressBook, decodeBook, encodeBook } from '../../../src/runtime/transport/book.js'
import { encodeFrame, FrameReader, MESSAGE } from '../../../src/runtime/transport/frames.js'
import { decodeHello, encodeHello } from '../../../src/runtime/transport/handshake.js'

interface Taken {
  readonly kind: number
  readonly payload: Uint8Array
}

/** What a reader makes of these chunks. */
function read(chunks: Iterable<Uint8Array>, frameBytes = 1_000_000): readonly Taken[] {
  const taken: Taken[] = []
  const reader = new FrameReader({ frameBytes, takeFrame: (kind, payload) => taken.push({ kind, payload }) })
  for (const chunk of chunks) reader.push(chunk)
  return taken
}

function* cut(bytes: Buffer, sizes: readonly number[]): Generator<Uint8Array> {
  for (let at = 0, turn = 0; at < bytes.length; turn++) {
    const size = sizes[turn % sizes.length] ?? 1
    yield Uint8Array.from(bytes.subarray(at, at + size))
    at += size
  }
}

describe('frames', () => {
  test('come out as they went in, wherever the chunks are cut', () => {
    const frames = fc.array(fc.tuple(fc.integer({ min: 0, max: 255 }), fc.uint8Array({ maxLength: 300 })))
    const sizes = fc.array(fc.integer({ min: 1, max: 700 }), { minLength: 1, maxLength: 9 })
    fc.assert(
      fc.property(frames, sizes, (sent, cuts) => {
        const bytes = Buffer.concat(sent.map(([kind, payload]) => encodeFrame(kind, payload)))
        const taken = read(cut(bytes, cuts)).map(({ kind, payload }) => [kind, [...payload]])
        expect(taken).toEqual(sent.map(([kind, payload]) => [kind, [...payload]]))
      }),
    )
  })

  test('that are whole in a chunk are not copied', () => {
    const chunk = encodeFrame(MESSAGE, Buffer.from('hello'))
    expect(read([chunk])[0]?.payload.buffer).toBe(chunk.buffer)
  })

  test('that are announced take no more memory than what of them has come, twice over', () => {
    const before = process.memoryUsage().arrayBuffers
    const sink = { frameBytes: 2 ** 30, takeFrame: () => {} }
    const readers = Array.from({ length: 1_000 }, () => new FrameReader(sink))
    for (const reader of readers) reader.push(Buffer.of(0, 0, 0, 0x20, MESSAGE, 1, 2, 3)) // half a GiB each
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(100 * 1024 * 1024)
    expect(readers).toHaveLength(1_000)
  })

  test('that come byte by byte are copied a few times, not each time', () => {
    const bytes = encodeFrame(MESSAGE, new Uint8Array(1_000_000).fill(7))
    const [taken] = read(cut(bytes, [1]))
    expect(Buffer.from(taken?.payload ?? []).equals(bytes.subarray(5))).toBe(true)
  })

  test('over the limit are refused as soon as they are announced', () => {
    expect(() => read([Buffer.of(11, 0, 0, 0, MESSAGE)], 10)).toThrow(
      /11 bytes was announced, and at most 10/,
    )
    expect(() => read([Buffer.of(11, 0), Buffer.of(0, 0, MESSAGE)], 10)).toThrow(/at most 10/)
    expect(() => read([Buffer.of(0, 0, 0, 255, MESSAGE)], 2 ** 31)).toThrow(/4278190080 bytes/)
  })
})

const number = fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER })
const memberNumber = fc.integer({ min: 0, max: 2 ** 40 - 1 })
const optional = <Value>(value: fc.Arbitrary<Value>): fc.Arbitrary<Value | null> => fc.option(value)
const endpoint = fc.constantFrom('a.example:1', '[::1]:65535', '10.0.0.1:7000', 'x-1.y:80')

describe('bytes', () => {
  test('a hello is read as it was written', () => {
    const hellos = fc.record({
      versions: fc.record({ lowest: number, highest: number }),
      cluster: optional(number),
      member: optional(memberNumber),
      store: number,
      endpoint: optional(endpoint),
      sinceMillis: number,
      token: fc.string(),
      wanted: optional(memberNumber),
    })
    fc.assert(
      fc.property(hellos, (hello) => {
        expect(decodeHello(encodeHello(hello))).toEqual(hello)
      }),
    )
  })

  const entries = fc.array(fc.record({ member: memberNumber, endpoint, sinceMillis: number }), {
    maxLength: 20,
  })

  test('a book is read as it was written, and no more of it than the limit', () => {
    fc.assert(
      fc.property(entries, (book) => {
        expect(decodeBook(encodeBook(book), 20)).toEqual(book)
      }),
    )
    const two = [2, 3].map((member) => ({ member, endpoint: 'a:1', sinceMillis: 1 }))
    expect(() => decodeBook(encodeBook(two), 1)).toThrow(/A book of 2 members/)
    expect(() => decodeBook(Buffer.concat([encodeBook(two), Buffer.of(0)]), 2)).toThrow(/goes on/)
  })

  test('books that heard the same are the same, in whatever order it came', () => {
    const few = fc.array(
      fc.record({
        member: fc.integer({ min: 1, max: 3 }),
        endpoint,
        sinceMillis: fc.integer({ min: 0, max: 3 }),
      }),
    )
    const shuffled = few.chain((all) =>
      fc.tuple(fc.constant(all), fc.shuffledSubarray(all, { minLength: all.length })),
    )
    fc.assert(
      fc.property(shuffled, ([one, two]) => {
        const books = [one, two].map((heard) => {
          const book = new AddressBook(10)
          for (const entry of heard) book.learn(entry)
          return [...book.endpoints].sort()
        })
        expect(books[0]).toEqual(books[1])
      }),
    )
  })
})

describe('endpoints', () => {
  test.for([
    ['127.0.0.1:80', '127.0.0.1', 80],
    ['a.example:65535', 'a.example', 65_535],
    ['[::1]:1', '::1', 1],
    ['[fe80::1%eth0]:7', 'fe80::1%eth0', 7],
  ] as const)('%s', ([text, host, port]) => {
    expect(parseEndpoint(text)).toEqual({ host, port })
    expect(formatEndpoint({ host, port })).toBe(text)
  })

  test.for([
    '',
    ':1',
    'a',
    'a:',
    'a:0',
    'a:65536',
    'a:1x',
    '::1:1',
    'a b:1',
    'a/b:1',
    `${'a'.repeat(300)}:1`,
  ])('%s is none', (text) => {
    expect(parseEndpoint(text)).toBeNull()
  })

  test('of this machine are told from others', () => {
    const local = ['localhost', '127.0.0.1', '127.1.2.3', '::1', '::ffff:127.0.0.1'].map(isLoopback)
    const remote = ['0.0.0.0', '::', '10.0.0.1', '127.example', '128.0.0.1', '127.0.0.1.example'].map(
      isLoopback,
    )
    expect([local, remote]).toEqual([local.map(() => true), remote.map(() => false)])
  })
})
