// An application that does not do what it must gets a sentence, before the run or as soon as it shows.

import { describe, expect, it } from 'vitest'
import { defineMachine } from '../../src/paxos/index.js'
import {
  type AnyApplication,
  ApplicationError,
  applicationFrom,
  defineApplication,
  simulate,
} from '../../src/simulation/index.js'

const right = {
  machine: {
    initial: (): unknown => 0,
    apply: (n: unknown): unknown => [n, n],
    query: (n: unknown): unknown => n,
  },
  operation: (): unknown => ({ type: 'command', command: 1 }),
}

/** The sentence that an application gets: the right one, but for these parts. */
function sentenceFor(parts: object, machine: object = {}): string | null {
  try {
    const application = applicationFrom(
      { ...right, machine: { ...right.machine, ...machine }, ...parts },
      'mine',
    )
    simulate({
      seed: 1,
      application,
      scenario: { members: 3, clients: 2, requests: 2, logBytes: 1 },
      onLine: () => {},
    })
    return null
  } catch (error) {
    if (error instanceof ApplicationError) return error.message
    throw error
  }
}

describe('the shape of an application', () => {
  it('is right with a machine and operations; the rest has defaults', () => {
    expect(sentenceFor({})).toBeNull()
    expect(applicationFrom(right, 'mine')).toMatchObject({ name: 'mine', requests: 10 })
    expect(applicationFrom({ ...right, name: 'theirs', requests: 3 }, 'mine')).toMatchObject({
      name: 'theirs',
      requests: 3,
    })
  })

  it.each([
    [{ machine: undefined }, '`machine` is undefined and must be an object'],
    [
      { machine: { initial: right.machine.initial } },
      '`apply` of `machine` is undefined and must be a function',
    ],
    [
      { machine: { ...right.machine, query: 7 } },
      '`query` of `machine` is the number 7 and must be a function',
    ],
    [
      { machine: { ...right.machine, version: 0, migrate: () => 0 } },
      '`machine.version` cannot be: The version of a machine is a whole number from 1 on, and 0 is not.',
    ],
    [
      { machine: { ...right.machine, version: 2 } },
      '`machine.version` cannot be: A machine of version 2 needs a `migrate`, from each version to the next.',
    ],
    [
      { machine: { ...right.machine, outputs: { encode: () => new Uint8Array() } } },
      '`decode` of `machine.outputs` is undefined and must be a function',
    ],
    [{ operation: [] }, '`operation` of the application is an array of 0 and must be a function'],
    [{ judge: 'Salomon' }, '`judge` of the application is the string Salomon and must be a function'],
    [
      { thinkMicros: [3, 2] },
      'its `thinkMicros` must be two whole numbers below 2^32, the lower one first: [low, high]',
    ],
    [
      { model: 'bank' },
      'its `model` must be one of register, append-kv, key-value, or an object with `initial` and `step`',
    ],
    [{ model: { initial: 0 } }, '`step` of `model` is undefined and must be a function'],
    [{ name: 7 }, 'its `name` is the number 7 and must be a text'],
    [{ requests: 0.5 }, 'its `requests` must be a whole number from 0 to 1000000'],
  ])('is wrong with %o', (parts, sentence) => {
    expect(sentenceFor(parts)).toBe(sentence)
  })

  it('is an object', () => {
    for (const value of [null, undefined, 7, () => right]) {
      expect(() => applicationFrom(value, 'mine')).toThrow(ApplicationError)
    }
  })
})

describe('a machine', () => {
  const fail = (): never => {
    throw new Error('not today')
  }
  const text = { encode: () => 'text', decode: (bytes: unknown) => bytes }

  it.each([
    [{ initial: fail }, '`machine.initial` threw: not today'],
    [{ version: 2, migrate: fail }, '`machine.migrate` threw: not today'],
    [
      { initial: () => new Date(0) },
      '`machine.initial` gave a state that is not plain data: An instance of Date is not plain data, so it cannot be frozen.',
    ],
    [
      { apply: async () => [0, 0] },
      '`machine.apply` gave a promise (nothing here may be asynchronous) where it must give [state, output]',
    ],
    [{ apply: () => {} }, '`machine.apply` gave undefined where it must give [state, output]'],
    [{ apply: () => [1] }, '`machine.apply` gave an array of 1 where it must give [state, output]'],
    [
      { apply: (n: unknown) => [n, 1n] },
      "one of the machine's outputs cannot be encoded: Do not know how to serialize a BigInt",
    ],
    [
      { commands: { encode: () => new Uint8Array(1), decode: fail } },
      "one of the machine's commands cannot be decoded: not today",
    ],
    [{ commands: text }, '`machine.commands.encode` gave the string text where it must give a Uint8Array'],
    [{ snapshots: text }, '`machine.snapshots.encode` gave the string text where it must give a Uint8Array'],
    [
      { apply: () => [new Date(0), 0] },
      "one of the machine's snapshots cannot be encoded: An instance of Date is not plain data, so it cannot be stored.",
    ],
    [{ outputs: text }, '`machine.outputs.encode` gave the string text where it must give a Uint8Array'],
  ])('%o is told what is wrong', (machine, sentence) => {
    expect(sentenceFor({}, machine)).toBe(sentence)
  })

  it('may throw in apply: that is how a command fails', () => {
    expect(sentenceFor({}, { apply: fail })).toBeNull()
  })

  it('may throw in query: that is how a read fails', () => {
    const operation = () => ({ type: 'query', query: 1 })
    expect(sentenceFor({ operation }, { query: fail })).toBeNull()
    expect(sentenceFor({ operation }, { query: undefined })).toBe(
      '`operation` gave a query, and `machine` has no `query` to answer it',
    )
  })

  it('gives each member a state of its own, though its author has only one', () => {
    const shared = { count: 0 }
    const apply = (state: typeof shared) => {
      state.count += 1
      return [state, state.count]
    }
    expect(sentenceFor({}, { initial: () => shared, apply })).toBeNull()
    expect(shared.count).toBe(0)
  })

  it('that fails for good reasons fails in the world, not in the guard', () => {
    const application: AnyApplication = applicationFrom(
      { ...right, machine: { initial: () => 0, apply: () => [Math.random(), 0] } },
      'random',
    )
    const { summary } = simulate({ seed: 1, application, scenario: { members: 3, clients: 1 } })
    expect(summary.verdicts['agreement']?.reason).toMatch(/^the machine is not deterministic/)
  })
})

describe('the other functions', () => {
  it.each([
    [{ operation: () => null }, '`operation` gave null where it must give { type: '],
    [{ operation: () => ({ type: 'get' }) }, '`operation` gave an object where it must give { type: '],
    [{ operation: () => JSON.parse('{') }, '`operation` threw: '],
    [{ describe: () => 'set A' }, '`describe` gave the string set A where it must give { f, key, value }'],
    [{ describe: () => ({ f: 1 }) }, '`describe` gave an object where it must give { f, key, value }'],
    [{ judge: () => 1 }, '`judge` gave the number 1 where it must give a function'],
    [{ judge: () => () => false }, '`judge` gave the boolean false where it must give a sentence, or null'],
    [{ invariant: () => true }, '`invariant` gave the boolean true where it must give a sentence, or null'],
  ])('%o are told what is wrong', (parts, beginning) => {
    expect(sentenceFor(parts)).toContain(beginning)
  })

  it('may give undefined for null', () => {
    expect(
      sentenceFor({ judge: () => () => {}, invariant: () => {}, describe: () => ({ f: 'x' }) }),
    ).toBeNull()
  })
})

describe('what an application draws', () => {
  it.each([
    [5, 4],
    [0.5, 2],
    [0, 2 ** 32],
    [Number.NaN, 1],
  ])('draw(%d, %d) is refused with a sentence', (low, high) => {
    const operation = (_client: number, _position: number, draw: (low: number, high: number) => number) => ({
      type: 'command',
      command: draw(low, high),
    })
    expect(sentenceFor({ operation })).toMatch(/draw\(.*\): it takes two whole numbers, the lower one first/)
  })
})

describe('a state that is not plain data', () => {
  class Stack {}
  const circle: unknown[] = []
  circle.push(circle)
  it.each([
    ['an instance of a class', new Stack()],
    ['a function', { run: () => 0 }],
    ['a circle', circle],
  ])('fails the verdict of agreement, and says why: %s', (_what, state) => {
    const machine = { ...right.machine, apply: () => [state, 0] }
    const application = applicationFrom({ ...right, machine }, 'mine')
    const { summary } = simulate({ seed: 1, application, scenario: { members: 3, clients: 1, requests: 2 } })
    expect(summary.verdicts['agreement']).toMatchObject({ ok: false })
    expect(summary.verdicts['agreement']?.reason).toMatch(/^the state of the machine is not plain data: /)
  })
})

describe('a machine of a later version', () => {
  it('begins with what its migrations make, and is told its version everywhere', () => {
    const check = (state: number, version: number): number => {
      if (version !== 3 || state < 220) throw new TypeError(`${state} in version ${version}`)
      return state
    }
    const application = defineApplication({
      machine: defineMachine({
        version: 3,
        initial: () => 1,
        migrate: (state: number, from: number) => state * 10 + 10 * from,
        apply: (state: number, _command: 'add', { version }) => [check(state, version) + 100, state],
        query: (state: number, _query: 'look', { version }) => check(state, version),
        snapshots: {
          encode: (state, version) => Uint8Array.of(version, (check(state, version) - 220) / 100),
          decode: ([written = 0, hundreds = 0], version) => check(220 + hundreds * 100, written && version),
        },
      }),
      operation: (_client, position) =>
        position % 2 === 0
          ? { type: 'command', command: 'add' as const }
          : { type: 'query', query: 'look' as const },
    })
    const { summary } = simulate({
      seed: 1,
      application,
      scenario: { members: 3, clients: 2, requests: 10, logBytes: 1, faults: { crash: 3 } },
    })
    expect(Object.values(summary.verdicts).filter(({ ok }) => !ok)).toEqual([])
    expect(summary.requests.answered).toBe(20)
  })
})

describe('a slip in a machine', () => {
  it('is not taken for a command that fails', () => {
    const apply = (n: unknown): unknown => [(n as { konkat: () => number }).konkat(), 0]
    expect(sentenceFor({}, { apply })).toMatch(
      /^`machine.apply` threw a TypeError in slot \d+: .*konkat is not a function; a command that is to fail throws an Error$/,
    )
  })
})

describe('an application in TypeScript', () => {
  it('has the types of its machine, and runs without a name', () => {
    const application = defineApplication({
      machine: defineMachine({
        initial: (): string[] => [],
        apply: (queue: string[], command: { push: string }) => [[...queue, command.push], queue.length + 1],
      }),
      operation: (client, position) => ({ type: 'command', command: { push: `${client}.${position}` } }),
      judge: () => (operation, completion) =>
        operation.type === 'command' && operation.command.push !== '' && completion.type === 'ok'
          ? null
          : 'not ok',
      invariant: (queue) => (queue.length <= 4 ? null : 'too long'),
    })
    const { summary } = simulate({
      seed: 1,
      application,
      scenario: { members: 3, clients: 2, requests: 2, logBytes: 1 },
    })
    expect(summary.verdicts).toMatchObject({ answers: { ok: true }, conservation: { ok: true } })
  })

  it('may begin with a state that it always gives again: members do not share it', () => {
    const start: number[] = []
    const machine = {
      initial: () => start,
      apply: (state: number[], n: number) => {
        state.push(n)
        return [state, state.length] as const
      },
    }
    const application = applicationFrom({ ...right, machine }, 'mine')
    const { summary } = simulate({
      seed: 1,
      application,
      scenario: { members: 3, clients: 2, requests: 2, logBytes: 1 },
    })
    expect(summary.ok).toBe(true)
    expect(start).toEqual([])
  })
})
