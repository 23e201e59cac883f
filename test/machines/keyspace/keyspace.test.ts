// The keyspace, command by command.

import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type KeyspaceCommand, keyspace } from '../../../src/machines/index.js'
import { finderOf } from '../../../src/machines/keyspace/state.js'
import { hashOf } from '../../../src/machines/keyspace/table.js'
import { encodeText, joinBytes, sameBytes } from '../../../src/paxos/index.js'
import { samePlain } from '../../../src/simulation/same-plain.js'

const at = (timeMicros: number) => ({ timeMicros, slot: 1, version: 1 })
const NO_BYTES = new Uint8Array(0)
const [key, one, two] = [encodeText('key'), encodeText('one'), encodeText('two')]

test('a key holds what was put last, under the revision of that change', () => {
  const state = keyspace.initial()
  keyspace.apply(state, { type: 'put', key, value: one }, at(1))
  keyspace.apply(state, { type: 'put', key, value: two }, at(2))
  const answer = keyspace.query?.(state, { type: 'get', key }, { version: 1 })
  expect(answer).toMatchObject({ type: 'get', entry: { revision: 2, ttlMillis: null } })
})

test('a comparison that fails says what was there, and changes nothing', () => {
  const state = keyspace.initial()
  keyspace.apply(state, { type: 'put', key, value: one }, at(1))
  const [, output] = keyspace.apply(state, { type: 'compareAndSet', key, expected: two, value: two }, at(2))
  expect(output).toMatchObject({ succeeded: false, revision: 1 })
})

test('a key with a time to live is gone with the first command after it', () => {
  const state = keyspace.initial()
  keyspace.apply(state, { type: 'put', key, value: one, ttlMillis: 1 }, at(1_000))
  keyspace.apply(state, { type: 'delete', key: two }, at(3_000))
  expect(keyspace.query?.(state, { type: 'get', key }, { version: 1 })).toEqual({ type: 'get', entry: null })
})

test('a snapshot gives the same state again', () => {
  const state = keyspace.initial()
  for (let value = 0; value < 100; value++)
    keyspace.apply(
      state,
      { type: 'put', key: encodeText(`${value % 7}`), value: encodeText(`${value}`) },
      at(1),
    )
  const bytes = keyspace.snapshots?.encode(state, 1) ?? NO_BYTES
  const again = keyspace.snapshots?.decode(bytes, 1) ?? keyspace.initial()
  expect(keyspace.snapshots?.encode(again, 1)).toEqual(bytes)
  expect(joinBytes(keyspace.snapshots?.parts?.(again, 1) ?? [])).toEqual(bytes)
  const scan = { type: 'scan', prefix: new Uint8Array(0) } as const
  expect(keyspace.query?.(again, scan, { version: 1 })).toEqual(keyspace.query?.(state, scan, { version: 1 }))
})

/** Some commands on a few hundred keys, drawn from these numbers. */
function commandOf(draw: number): KeyspaceCommand {
  const key = encodeText(`key ${draw % 300}`)
  const value = new Uint8Array(draw % 7_001).fill(draw)
  if (draw % 11 === 0) return { type: 'delete', key }
  return draw % 5 === 0
    ? { type: 'put', key, value, ttlMillis: 1 + (draw % 1_000) }
    : { type: 'put', key, value }
}

test('a state that goes on from a snapshot does as the one that it was taken of, and leaves the snapshot as it is', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(), { minLength: 40, maxLength: 120 }), fc.nat(), (draws, salt) => {
      const state = keyspace.initial()
      for (let each = 0; each < 400; each++) keyspace.apply(state, commandOf(salt + each * 7_919), at(each))
      const bytes = keyspace.snapshots?.encode(state, 1) ?? NO_BYTES
      const before = bytes.slice()
      const again = keyspace.snapshots?.decode(bytes, 1) ?? keyspace.initial()
      for (const [each, draw] of draws.entries()) {
        const time = at(1_000 + each * 20_000)
        const [, output] = keyspace.apply(again, commandOf(draw), time)
        expect(output).toEqual(keyspace.apply(state, commandOf(draw), time)[1])
      }
      const encoded = keyspace.snapshots?.encode(state, 1) ?? NO_BYTES
      expect(sameBytes(keyspace.snapshots?.encode(again, 1) ?? NO_BYTES, encoded)).toBe(true)
      expect(samePlain(again, state)).toBe(true)
      expect(sameBytes(bytes, before)).toBe(true)
    }),
    { numRuns: 20 },
  )
})

test('a state that is held while commands go on is copied as it was, however little at a time', () => {
  const step = fc.record({ draw: fc.nat(), copied: fc.nat({ max: 200_000 }) })
  fc.assert(
    fc.property(
      fc.array(step, { minLength: 40, maxLength: 120 }),
      fc.nat(),
      fc.boolean(),
      (steps, salt, isAgain) => {
        let state = keyspace.initial()
        for (let each = 0; each < 400; each++) keyspace.apply(state, commandOf(salt + each * 7_919), at(each))
        const before = keyspace.snapshots?.encode(state, 1) ?? NO_BYTES
        if (isAgain) state = keyspace.snapshots?.decode(before.slice(), 1) ?? state
        const bytes = new Uint8Array(before.length)
        const frozen = keyspace.snapshots?.freeze?.(state, 1, (length) => bytes.subarray(0, length))
        let isDone = false
        for (const [each, { draw, copied }] of steps.entries()) {
          keyspace.apply(state, commandOf(draw), at(1_000 + each * 20_000))
          isDone ||= frozen?.copy(copied) === true
        }
        while (!isDone) isDone = frozen?.copy(50_000) === true
        for (const { draw } of steps) keyspace.apply(state, commandOf(draw + 1), at(9_000_000))
        expect(sameBytes(bytes, before)).toBe(true)
      },
    ),
    { numRuns: 30 },
  )
})

test('a state that is held is copied as it was, though its whole history is forgotten meanwhile', () => {
  const state = keyspace.initial()
  const value = new Uint8Array(8_192)
  const putAll = (fill: number): void => {
    value.fill(fill)
    for (let each = 0; each < 700; each++) keyspace.apply(state, { type: 'put', key, value }, at(each))
  }
  putAll(1)
  const before = keyspace.snapshots?.encode(state, 1) ?? NO_BYTES
  const bytes = new Uint8Array(before.length)
  const frozen = keyspace.snapshots?.freeze?.(state, 1, (length) => bytes.subarray(0, length))
  const { history } = state
  const [oldest] = history
  putAll(2)
  expect(history).not.toContain(oldest)
  expect(frozen?.copy(before.length)).toBe(false)
  expect(frozen?.copy(before.length)).toBe(true)
  expect(sameBytes(bytes, before)).toBe(true)
  putAll(3) // and what is forgotten now may be used again
  expect(sameBytes(bytes, before)).toBe(true)
})

test('a state is held once at a time, until it is copied or not needed any more', () => {
  const state = keyspace.initial()
  keyspace.apply(state, { type: 'put', key, value: one }, at(1))
  const hold = () => keyspace.snapshots?.freeze?.(state, 1, (length) => new Uint8Array(length))
  const first = hold()
  expect(hold).toThrow('is being copied already')
  first?.release()
  expect(hold()?.copy(1_000_000)).toBe(true)
  expect(hold()?.copy(1_000_000)).toBe(true)
})

test('the memory of a snapshot is free when half of the segments were written to', () => {
  const state = keyspace.initial()
  for (let each = 0; each < 2_000; each++)
    keyspace.apply(
      state,
      { type: 'put', key: encodeText(`key ${each}`), value: new Uint8Array(1_000) },
      at(1),
    )
  const bytes = keyspace.snapshots?.encode(state, 1) ?? NO_BYTES
  const again = keyspace.snapshots?.decode(bytes, 1) ?? keyspace.initial()
  const shared = (): number => again.segments.filter(({ buffer }) => buffer === bytes.buffer).length
  expect(shared()).toBe(7) // all but the head
  for (const [number, left] of [
    [0, 5],
    [300, 5],
    [600, 3],
    [1_100, 1],
  ] as const) {
    keyspace.apply(
      again,
      { type: 'put', key: encodeText(`key ${number}`), value: new Uint8Array(1_000).fill(1) },
      at(2),
    )
    expect(shared(), `after key ${number}`).toBe(left)
  }
})

test('a vacant segment keeps no memory of a snapshot', () => {
  const state = keyspace.initial()
  const large = { type: 'put', key, value: new Uint8Array(100_000) } as const
  keyspace.apply(state, large, at(1))
  keyspace.apply(state, { type: 'delete', key }, at(2))
  expect(state.vacant).toHaveLength(1)
  const bytes = keyspace.snapshots?.encode(state, 1) ?? NO_BYTES
  const again = keyspace.snapshots?.decode(bytes, 1) ?? keyspace.initial()
  expect(again.segments.every(({ buffer }) => buffer !== bytes.buffer)).toBe(true)
})

test('what is prefetched changes nothing, whatever the requests are', () => {
  const requestsOf = (draws: readonly number[], garbage: Uint8Array): readonly { command: Uint8Array }[] =>
    [...draws.map((draw) => keyspace.commands?.encode(commandOf(draw)) ?? NO_BYTES), garbage].map(
      (command) => ({ command }),
    )
  fc.assert(
    fc.property(fc.array(fc.nat(), { minLength: 3, maxLength: 60 }), fc.uint8Array(), (draws, garbage) => {
      const state = keyspace.initial()
      keyspace.prefetch?.(state, requestsOf(draws, garbage))
      expect(samePlain(state, keyspace.initial())).toBe(true)
      for (const [each, draw] of draws.entries()) keyspace.apply(state, commandOf(draw), at(each))
      const before = keyspace.snapshots?.encode(state, 1) ?? NO_BYTES
      for (const first of [1, garbage[0] ?? 0]) {
        keyspace.prefetch?.(state, requestsOf(draws, Uint8Array.of(first, ...garbage)))
        expect(sameBytes(keyspace.snapshots?.encode(state, 1) ?? NO_BYTES, before)).toBe(true)
      }
    }),
    { numRuns: 50 },
  )
})

test('the keys whose records are prefetched are those that are put', () => {
  const state = keyspace.initial()
  for (let draw = 0; draw < 300; draw++)
    keyspace.apply(state, { type: 'put', key: encodeText(`${draw}`), value: one }, at(1))
  const { table } = finderOf(state)
  const puts = ['7', '8', '9', '10'].map(
    (name) => ({ type: 'put', key: encodeText(name), value: two }) as const,
  )
  keyspace.prefetch?.(
    state,
    puts.map((put) => ({ command: keyspace.commands?.encode(put) ?? NO_BYTES })),
  )
  const { prefetched } = table
  table.prefetch(
    state.segments,
    puts.map(({ key: name }) => hashOf(name, 0, name.length)),
  )
  expect(table.prefetched).toBe(prefetched)
  expect(prefetched).not.toBe(0)
})

test('what cannot be encoded leaves nothing behind in what is encoded next', () => {
  const nothing = null as unknown as Uint8Array // as a program may give it that no compiler has seen
  const put = { type: 'put', key, value: one } as const
  const get = { type: 'get', key } as const
  const [putBytes, getBytes] = [keyspace.commands?.encode(put), keyspace.queries?.encode(get)].map((bytes) =>
    bytes?.slice(),
  )
  expect(() => keyspace.commands?.encode({ ...put, value: nothing })).toThrow(TypeError)
  expect(keyspace.commands?.encode(put)).toEqual(putBytes)
  expect(() => keyspace.queries?.encode({ ...get, key: nothing })).toThrow(TypeError)
  expect(keyspace.queries?.encode(get)).toEqual(getBytes)
})
