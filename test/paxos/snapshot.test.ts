// Snapshots: what every slot up to one made, as bytes, and those bytes in chunks (Paxos Made Live, section 5.5).

import fc from 'fast-check'
import { describe, expect, it, test } from 'vitest'
import {
  type AnyMachine,
  applyDecree,
  checksumOf,
  completeSettings,
  completeSnapshot,
  encodeChange,
  executionOf,
  type IncomingSnapshot,
  initialReplicated,
  MalformedBytes,
  type OutgoingSnapshot,
  readSnapshot,
  type StateCodec,
  takeSnapshot,
} from '../../src/paxos/index.js'
import { anyLedger, encoded } from '../support/ledger.js'
import { decree, founding, opening, request, storeOf } from '../support/words.js'

const execution = executionOf(anyLedger, completeSettings())
const CHANGE = encodeChange({ name: 'c', version: 1, voters: [{ member: 0, store: storeOf(0) }] })

/** What a ledger with two entries, an open session and a change to come adds up to. */
function replicated() {
  const made = initialReplicated(anyLedger, founding())
  const apply = (...requests: readonly ReturnType<typeof request>[]) =>
    applyDecree(made, decree(requests), execution, () => {})
  apply(opening('1.1.1'))
  apply(request(1, 1, 'a'), request(1, 2, 'b'))
  apply({ session: 0, sequence: 1, acknowledged: 0, command: CHANGE })
  return made
}

describe('a snapshot', () => {
  it('holds everything that the decrees made: state, sessions, time, slots, and who votes', () => {
    const original = replicated()
    const snapshot = takeSnapshot(original, anyLedger)
    expect(snapshot.slot).toBe(3)
    expect(readSnapshot(snapshot, anyLedger)).toStrictEqual(original)
    expect(original.membership.configurations).toHaveLength(2)
  })

  it('goes on as its original would: the same decrees make the same of both', () => {
    const original = replicated()
    const copy = readSnapshot(takeSnapshot(original, anyLedger), anyLedger)
    const next = decree([request(1, 2, 'b'), request(1, 3, 'c'), opening('2.1.1')])
    for (const each of [original, copy]) applyDecree(each, next, execution, () => {})
    expect(copy).toStrictEqual(original)
    expect(copy.state).toEqual(['a', 'b', 'c'])
  })

  it('of the same state has the same bytes, whoever takes it', () => {
    const [first, second] = [replicated(), replicated()].map((each) => takeSnapshot(each, anyLedger))
    expect(first).toEqual(second)
  })

  it('shares nothing with the state that it was taken of', () => {
    const original = replicated()
    const snapshot = takeSnapshot(original, anyLedger)
    original.sessions.live.clear()
    expect(readSnapshot(snapshot, anyLedger).sessions.live.size).toBe(1)
  })

  it('has its state in the words of the machine, if it has any', () => {
    const snapshots = { encode: () => encoded('short'), decode: () => ['long'] }
    const machine: AnyMachine = { ...anyLedger, snapshots }
    expect(readSnapshot(takeSnapshot(replicated(), machine), machine).state).toEqual(['long'])
  })

  it('cut short anywhere is malformed', () => {
    const { data, ...rest } = takeSnapshot(replicated(), anyLedger)
    for (let length = 0; length < data.length; length++) {
      expect(() => readSnapshot({ ...rest, data: data.subarray(0, length) }, anyLedger)).toThrow(
        MalformedBytes,
      )
    }
  })
})

/** Numbers, four bytes each. */
const numbers: StateCodec<unknown> = {
  encode: (state) => new Uint8Array(Uint32Array.from(state as number[]).buffer),
  decode: (bytes) => [...new Uint32Array(bytes.slice().buffer)],
}

test('a snapshot is whole also where it is large', () => {
  const state = Array.from({ length: 300_000 }, (_, each) => each)
  const machine: AnyMachine = { ...anyLedger, initial: () => state, snapshots: numbers }
  const snapshot = takeSnapshot(initialReplicated(machine, founding()), machine)
  expect(snapshot.data.length).toBeGreaterThan(1_200_000)
  expect(readSnapshot(snapshot, machine).state).toEqual(state)
})

describe('a snapshot in chunks', () => {
  const snapshot = takeSnapshot(replicated(), anyLedger)
  const outgoing = { ...snapshot, checksum: checksumOf(snapshot.data) }

  function incoming({ slot, checksum, data }: OutgoingSnapshot, size: number): IncomingSnapshot {
    const chunks: Uint8Array[] = []
    for (let at = 0; at < data.length; at += size) chunks.push(data.subarray(at, at + size))
    return { slot, checksum, total: data.length, chunks, received: data.length }
  }

  it('is whole again, whatever their size', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1000 }), (size) => {
        expect(completeSnapshot(incoming(outgoing, size))).toEqual(snapshot)
      }),
    )
  })

  it.each(snapshot.data.length > 3 ? [0, 3, snapshot.data.length - 1] : [])(
    'of which byte %i is another is none',
    (at) => {
      const data = snapshot.data.slice()
      data[at] = (data[at] ?? 0) ^ 1
      expect(completeSnapshot(incoming({ ...outgoing, data }, 10))).toBeNull()
    },
  )

  it('is told from every other that differs in one byte, wherever it lies in memory', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 1 }),
        fc.nat(),
        fc.integer({ min: 1, max: 255 }),
        (bytes, place, bits) => {
          const other = new Uint8Array(bytes.length + 3).subarray(3)
          other.set(bytes)
          expect(checksumOf(other)).toBe(checksumOf(bytes))
          const at = place % bytes.length
          other[at] = (other[at] ?? 0) ^ bits
          expect(checksumOf(other)).not.toBe(checksumOf(bytes))
        },
      ),
    )
  })

  it('is told from one that has a zero more', () => {
    expect(checksumOf(new Uint8Array(8))).not.toBe(checksumOf(new Uint8Array(12)))
  })
})
