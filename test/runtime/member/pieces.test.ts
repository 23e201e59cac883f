// What a driver sends to one node in a row travels in one piece; what is large travels alone.

import { expect, test } from 'vitest'
import type { Message } from '../../../src/paxos/index.js'
import { decodeMessages, MessageWriter } from '../../../src/runtime/encoding/messages.js'
import { Driver } from '../../../src/runtime/member/driver.js'
import { counter } from './started.js'

const CLIENT = 2 ** 48

interface Piece {
  readonly to: number
  readonly bytes: Uint8Array
}

/** The driver of a client's node that has a session, and the pieces that it sent since. */
async function seated(): Promise<{ readonly driver: Driver; readonly pieces: Piece[] }> {
  const pieces: Piece[] = []
  const driver = new Driver({
    node: {
      self: CLIENT,
      machine: counter,
      purpose: { type: 'request', contacts: [1], incarnation: 1 },
    },
    store: null,
    links: { send: (to, bytes) => pieces.push({ to, bytes }), flush: () => {} },
    clock: { nowMicros: () => 0, wallMicros: () => 0 },
    draw: (low) => low,
    onObservation: () => {},
    onLeader: () => {},
    onFailure: (error) => {
      throw error
    },
    onMalformed: () => {},
  })
  driver.boot()
  driver.request({ type: 'command', client: 0, reference: 0, command: new Uint8Array(1) })
  await flushed()
  const [open] = requestsOf(pieces)
  receive(driver, {
    type: 'answer',
    session: 0,
    sequence: 0,
    name: String.fromCharCode(...(open?.command ?? [])),
    outcome: { ok: true, output: Uint8Array.of(7) },
    slot: 1,
  })
  await flushed()
  pieces.length = 0
  return { driver, pieces }
}

/** The driver flushes at the end of a round of the event loop. */
async function flushed(): Promise<void> {
  await new Promise((resolve) => setImmediate(() => setImmediate(resolve)))
}

function receive(driver: Driver, message: Message): void {
  const writer = new MessageWriter()
  writer.write(message)
  driver.receive(1, 0, [writer.take()])
}

function requestsOf(pieces: readonly Piece[]): { readonly sequence: number; readonly command: Uint8Array }[] {
  const messages = pieces.flatMap(({ bytes }) => decodeMessages(bytes))
  return messages.flatMap((message) => (message.type === 'request' ? [message.request] : []))
}

function ask(driver: Driver, lengths: readonly number[]): void {
  for (const length of lengths)
    driver.request({ type: 'command', client: 0, reference: length, command: new Uint8Array(length) })
}

test('a hundred requests of one round are one piece', async () => {
  const { driver, pieces } = await seated()
  ask(driver, Array(100).fill(10))
  await flushed()
  expect(pieces.map(({ to }) => to)).toEqual([1])
  expect(requestsOf(pieces).map(({ sequence }) => sequence)).toEqual(
    Array.from({ length: 100 }, (_, at) => at + 2),
  )
  driver.stop()
})

test('a large one is a piece of its own, and the order stays', async () => {
  const { driver, pieces } = await seated()
  ask(driver, [10, 20, 100_000, 30])
  await flushed()
  const lengths = pieces.map((piece) => requestsOf([piece]).map(({ command }) => command.length))
  expect(lengths).toEqual([[10, 20], [100_000], [30]])
  driver.stop()
})
