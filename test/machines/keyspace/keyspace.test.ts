// The keyspace, command by command.

import { expect, test } from 'vitest'
import { keyspace } from '../../../src/machines/index.js'
import { encodeText, joinBytes } from '../../../src/paxos/index.js'

const at = (timeMicros: number) => ({ timeMicros, slot: 1, version: 1 })
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
  const bytes = keyspace.snapshots?.encode(state, 1) ?? new Uint8Array(0)
  const again = keyspace.snapshots?.decode(bytes, 1) ?? keyspace.initial()
  expect(keyspace.snapshots?.encode(again, 1)).toEqual(bytes)
  expect(joinBytes(keyspace.snapshots?.parts?.(again, 1) ?? [])).toEqual(bytes)
  const scan = { type: 'scan', prefix: new Uint8Array(0) } as const
  expect(keyspace.query?.(again, scan, { version: 1 })).toEqual(keyspace.query?.(state, scan, { version: 1 }))
})
