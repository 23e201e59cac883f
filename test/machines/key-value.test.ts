import { describe, expect, it } from 'vitest'
import { type KeyValueCommand, keyValue } from '../../src/machines/index.js'

const context = { timeMicros: 0, slot: 1, version: 1 }

describe('the key-value machine', () => {
  it('gives with every command what was there before', () => {
    const state = keyValue.initial()
    const give = (command: KeyValueCommand): unknown => keyValue.apply(state, command, context)[1]
    expect(give({ type: 'set', key: 'A', value: 1 })).toBeNull()
    expect(give({ type: 'compareAndSet', key: 'A', from: 1, value: 'one' })).toBe(1)
    expect(give({ type: 'get', key: 'A' })).toBe('one')
    expect(give({ type: 'delete', key: 'A' })).toBe('one')
    expect(give({ type: 'compareAndSet', key: 'A', from: null, value: 2 })).toBeNull()
    expect([...state]).toEqual([['A', 2]])
  })

  it('leaves everything as it is when the key holds something else', () => {
    const state = new Map([['A', 1]])
    const command = { type: 'compareAndSet', key: 'A', from: 2, value: 3 } as const
    expect(() => keyValue.apply(state, command, context)).toThrow('A holds 1, not 2.')
    expect([...state]).toEqual([['A', 1]])
  })

  it('has codecs that give every command back', () => {
    const commands: KeyValueCommand[] = [
      { type: 'get', key: '' },
      { type: 'set', key: 'A', value: '' },
      { type: 'set', key: 'A', value: null },
      { type: 'delete', key: 'ä' },
      { type: 'compareAndSet', key: 'A', from: null, value: true },
      { type: 'compareAndSet', key: 'A', from: '', value: 1.5 },
    ]
    for (const command of commands) {
      expect(keyValue.commands?.decode(keyValue.commands.encode(command))).toEqual(command)
    }
  })
})
