// Linearizability: the histories of real systems, small ones made by hand, and random ones against brute force.

import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  checkLinearizability,
  HistoryError,
  type HistoryOperation,
  LinearizabilityCheck,
  type LinearizabilityResult,
  type ModelName,
  modelsFor,
  operationsOfHistory,
  operationsOfText,
  simulate,
} from '../../src/simulation/index.js'
import { faultOf, historyOf, isLinearizableByBruteForce } from '../support/histories.js'

const FOLDER = new URL('histories/', import.meta.url)
const readHistory = (name: string): string => readFileSync(new URL(name, FOLDER), 'utf8')

interface Known {
  readonly machine: ModelName
  readonly linearizable: boolean
  readonly events: number
}

const KNOWN = Object.entries(JSON.parse(readHistory('verdicts.json')) as Record<string, Known>)

function judge(machine: ModelName, words: string): LinearizabilityResult {
  return checkLinearizability(machine, operationsOfText(historyOf(words)))
}

describe('the histories of real systems', () => {
  it('are 55', () => {
    expect(KNOWN).toHaveLength(55)
  })

  it.each(KNOWN)('%s: %o', (name, { machine, linearizable, events }) => {
    const text = readHistory(name)
    expect(text.trim().split('\n')).toHaveLength(events)
    const operations = operationsOfText(text)
    expect(modelsFor(operations)).toEqual([machine])
    const { verdict, keys } = checkLinearizability(machine, operations)
    expect(verdict).toBe(linearizable ? 'linearizable' : 'not linearizable')
    for (const { order, blocked, verdict: ofKey } of keys) {
      expect(faultOf(machine, order)).toBeNull()
      expect(blocked === null).toBe(ofKey === 'linearizable')
    }
  })
})

/** Small histories of a register, the claim that each of them is about, and whether it is linearizable. */
const REGISTERS: readonly (readonly [claim: string, words: string, linearizable: boolean])[] = [
  ['nothing happened', '1:read 1:ok=null', true],
  ['a read gives what was written before it', '1:write=1 1:ok 2:read 2:ok=1', true],
  [
    'a stale read gives what was overwritten before it began',
    '1:write=1 1:ok 1:write=2 1:ok 2:read 2:ok=1',
    false,
  ],
  ['nobody reads what nobody wrote', '1:write=1 1:ok 2:read 2:ok=7', false],
  ['nobody reads what is written only later', '2:read 2:ok=1 1:write=1 1:ok', false],
  ['a read during a write may see it', '1:write=1 2:read 2:ok=1 1:ok', true],
  ['a read during a write need not see it', '1:write=1 2:read 2:ok=null 1:ok', true],
  [
    'two reads during a write do not see it and then not',
    '1:write=1 2:read 2:ok=1 3:read 3:ok=null 1:ok',
    false,
  ],
  ['overlapping writes take effect in one order', '1:write=1 2:write=2 1:ok 2:ok 3:read 3:ok=1', true],
  ['overlapping writes take effect in the other order', '1:write=1 2:write=2 1:ok 2:ok 3:read 3:ok=2', true],
  [
    'overlapping writes take effect in one order for all',
    '1:write=1 2:write=2 1:ok 2:ok 3:read 3:ok=1 3:read 3:ok=2',
    false,
  ],
  ['a lost update: two swaps from one value', '1:cas=[null,1] 1:ok 2:cas=[null,2] 2:ok', false],
  ['a swap that fails found something else', '1:write=1 1:ok 2:cas=[2,3] 2:fail', true],
  ['a swap does not fail that found what it wanted', '1:write=1 1:ok 2:cas=[1,3] 2:fail', false],
  ['a write that failed did not take effect', '1:write=1 1:fail 2:read 2:ok=1', false],
  ['a read that failed says nothing', '1:read 1:fail 2:read 2:ok=null', true],
  ['a read whose answer is unknown says nothing', '1:write=1 1:ok 2:read 2:info', true],
  ['an unknown outcome may be that it took effect', '1:write=1 1:info 2:read 2:ok=1', true],
  ['an unknown outcome may be that it never did', '1:write=1 1:info 2:read 2:ok=null', true],
  [
    'what has an unknown outcome may take effect late, after other operations',
    '1:write=1 1:info 2:write=2 2:ok 3:read 3:ok=2 3:read 3:ok=1',
    true,
  ],
  [
    'what has an unknown outcome does not take effect twice',
    '1:write=1 1:info 2:read 2:ok=1 2:write=2 2:ok 2:read 2:ok=1',
    false,
  ],
  [
    'what has an unknown outcome does not take effect before it begins',
    '2:read 2:ok=1 1:write=1 1:info',
    false,
  ],
  ['an operation without an end is as good as unknown', '1:write=1 2:read 2:ok=null 2:read 2:ok=1', true],
  [
    'two unknown operations that do the same are two',
    '1:write=1 1:info 2:write=1 2:info 3:read 3:ok=1 3:write=2 3:ok 3:read 3:ok=1',
    true,
  ],
  ['a swap of unknown outcome happens only where it can', '1:cas=[5,6] 1:info 2:read 2:ok=6', false],
  ['values are compared as values', '1:write={"a":[1],"b":2} 1:ok 2:read 2:ok={"b":2,"a":[1]}', true],
  ['a text is not a number', '1:write=1 1:ok 2:read 2:ok="1"', false],
]

describe('of a register', () => {
  it.each(REGISTERS)('%s', (_claim, words, linearizable) => {
    expect(judge('register', words).verdict).toBe(linearizable ? 'linearizable' : 'not linearizable')
  })
})

describe('a key that is missing', () => {
  it('reads null in key-value', () => {
    expect(judge('key-value', '1:get 1:ok=null').verdict).toBe('linearizable')
    expect(judge('key-value', '1:get 1:ok=""').verdict).toBe('not linearizable')
    expect(judge('key-value', '1:set=1 1:ok 1:delete 1:ok 1:get 1:ok=null').verdict).toBe('linearizable')
  })

  it('reads "" in append-kv', () => {
    expect(judge('append-kv', '1:get 1:ok=""').verdict).toBe('linearizable')
    expect(judge('append-kv', '1:get 1:ok=null').verdict).toBe('not linearizable')
  })
})

describe('the explanation', () => {
  it('has the longest legal order, what the key then holds, and the operation that has no place', () => {
    const { keys } = judge('register', '1:write=1 1:ok 1:write=2 1:ok 2:read 2:ok=1 2:read 2:ok=2')
    expect(keys).toEqual([
      expect.objectContaining({
        verdict: 'not linearizable',
        operations: 4,
        order: [expect.objectContaining({ input: 1 }), expect.objectContaining({ input: 2 })],
        blocked: expect.objectContaining({ f: 'read', output: 1, line: 5, endLine: 6 }),
        state: 2,
      }),
    ])
  })

  it('blames the read that came too late for its value, and not the write that took it away', () => {
    const { keys } = judge(
      'append-kv',
      '1:append="a" 1:ok 2:append="b" 2:ok 1:append="c" 1:ok 2:get 2:ok="abc" 3:get 3:ok="ab"',
    )
    expect(keys[0]).toMatchObject({ state: 'abc', blocked: { f: 'get', output: 'ab' } })
    expect(keys[0]?.order).toHaveLength(4)
  })

  it('blames nobody where it takes too long to tell who it is', () => {
    const numbers = Array.from({ length: 60 }, (_, number) => number)
    const words = [
      ...numbers.map((number) => `${number}:write=${number}`),
      ...numbers.map((number) => `${100 + number}:cas=[${number},${(number * 7) % 60}]`),
      ...numbers.map((number) => `${number}:ok`),
      ...numbers.map((number) => `${100 + number}:ok`),
      '1:read 1:ok=12345',
    ]
    const { verdict, keys } = judge('register', words.join(' '))
    expect(verdict).toBe('not linearizable')
    expect(keys[0]?.blocked).toBeNull()
    expect(keys[0]?.order.length).toBeGreaterThan(0)
  })

  it('names the key: each is judged by itself', () => {
    const good = historyOf('1:set=1 1:ok 1:get 1:ok=1')
    const bad = historyOf('2:set=1 2:ok 2:get 2:ok=2').replaceAll('"x"', '"y"')
    const text = `${good}\n${bad}`.replaceAll(/,"time":\d+/g, '')
    const { verdict, keys } = checkLinearizability('key-value', operationsOfText(text))
    expect(verdict).toBe('not linearizable')
    expect(keys.map(({ key, verdict: ofKey }) => [key, ofKey])).toEqual([
      ['x', 'linearizable'],
      ['y', 'not linearizable'],
    ])
  })
})

/** Writes that all overlap, of few values, and reads after them that do not fit: there are 2^40 sets of writes. */
function hardHistory(): string {
  const processes = Array.from({ length: 40 }, (_, process) => process)
  const begin = processes.map((process) => `${process}:write=${process % 3}`)
  const end = processes.map((process) => `${process}:ok`)
  return historyOf([...begin, ...end, '1:read 1:ok=1 1:read 1:ok=2'].join(' '))
}

describe('writes of which nobody knows whether they took effect', () => {
  it('are not told apart where nobody asked for what they write, however many there are', () => {
    const writers = Array.from({ length: 40 }, (_, number) => 100 + number)
    const open = writers.map((writer) => `${writer}:write=${writer}`).join(' ')
    // A compare-and-swap that failed says that there was something, and may be true because of any of them.
    const words = `${open} 1:write=1 1:ok 2:cas=[null,2] 2:fail 1:read 1:ok=1 1:write=2 1:ok 1:read 1:ok=1`
    const { verdict, steps } = checkLinearizability('register', operationsOfText(historyOf(words)), 100_000)
    expect(verdict).toBe('not linearizable')
    expect(steps).toBeLessThan(1_000)
  })
})

describe('a search that is cut off', () => {
  it('says undecided, and gives what it has', () => {
    const { verdict, keys } = checkLinearizability('register', operationsOfText(hardHistory()), 10_000)
    expect(verdict).toBe('undecided')
    expect(keys[0]?.order.length).toBeGreaterThan(20)
  })

  it('still finds another key that is not linearizable: every key has its turn', () => {
    const bad = historyOf('1:read 1:ok=7').replaceAll('"x"', '"y"')
    const text = `${hardHistory()}\n${bad}`.replaceAll(/,"time":\d+/g, '')
    const { verdict } = checkLinearizability('register', operationsOfText(text), 200_000)
    expect(verdict).toBe('not linearizable')
  })

  it('goes on where it was: in slices it finds the same in as many steps', () => {
    const operations = operationsOfText(readHistory('register-000.jsonl'))
    const whole = checkLinearizability('register', operations)
    const sliced = new LinearizabilityCheck('register', operations)
    while (sliced.advance(7)) {
      // until it is over
    }
    expect(sliced.result).toEqual(whole)
  })
})

/** What a client of the property below does, and how it ends: what it gives is drawn as well, and mostly wrong. */
interface Drawn {
  readonly f: number
  readonly input: number
  readonly output: number
  readonly type: 'ok' | 'fail' | 'info' | null
}

const TEXTS = ['', 'a', 'b', 'ab', 'ba']
const NUMBERS = [null, 0, 1, 2]

function drawnInput(machine: ModelName, f: string, { input, output }: Drawn): unknown {
  if (f === 'read' || f === 'get' || f === 'delete') return null
  if (f === 'cas') return [NUMBERS[input % 4], NUMBERS[output % 4]]
  return machine === 'append-kv' ? TEXTS[input % 3] : NUMBERS[1 + (input % 3)]
}

const FUNCTIONS: Readonly<Record<ModelName, readonly string[]>> = {
  register: ['read', 'write', 'cas'],
  'append-kv': ['get', 'append', 'put'],
  'key-value': ['get', 'set', 'delete'],
}

/** Operations that begin and end as `schedule` says. */
function drawnHistory(machine: ModelName, drawn: readonly Drawn[], schedule: readonly number[]): string {
  const lines: object[] = []
  const open: [number, Drawn][] = []
  let begun = 0
  for (let turn = 0; begun < drawn.length || open.length > 0; turn++) {
    const choice = schedule[turn % schedule.length] ?? 0
    const next = drawn[begun]
    const begins = next !== undefined && (open.length === 0 || choice % 2 === 0)
    const [process, operation] = begins
      ? [begun, next]
      : (open.splice(choice % open.length, 1)[0] ?? [0, next])
    if (operation === undefined) continue
    const f = FUNCTIONS[machine][operation.f % 3] ?? ''
    const value = drawnInput(machine, f, operation)
    if (begins) {
      open.push([begun++, operation])
      lines.push({ process, type: 'invoke', f, key: 'x', value })
    } else if (operation.type !== null) {
      const results: readonly unknown[] = machine === 'append-kv' ? TEXTS : NUMBERS
      const output = f === 'read' || f === 'get' ? results[operation.output % results.length] : value
      lines.push({ process, type: operation.type, f, key: 'x', value: output })
    }
  }
  return lines.map((line) => JSON.stringify(line)).join('\n')
}

const operation = fc.record<Drawn>({
  f: fc.nat(2),
  input: fc.nat(11),
  output: fc.nat(19),
  type: fc.constantFrom('ok', 'ok', 'ok', 'fail', 'info', null),
})

describe.each(['register', 'append-kv', 'key-value'] as const)('random histories of %s', (machine) => {
  it('are judged as by trying every order', () => {
    let linearizable = 0
    fc.assert(
      fc.property(
        fc.array(operation, { minLength: 1, maxLength: 7 }),
        fc.array(fc.nat(11), { minLength: 1, maxLength: 14 }),
        (drawn, schedule) => {
          const operations = operationsOfText(drawnHistory(machine, drawn, schedule))
          const { verdict, keys } = checkLinearizability(machine, operations)
          const expected = isLinearizableByBruteForce(machine, operations)
          linearizable += expected ? 1 : 0
          expect(verdict).toBe(expected ? 'linearizable' : 'not linearizable')
          for (const { order } of keys) expect(faultOf(machine, order)).toBeNull()
        },
      ),
      { numRuns: 3_000 },
    )
    expect(linearizable, 'both verdicts occur').toBeGreaterThan(300)
    expect(linearizable, 'both verdicts occur').toBeLessThan(2_900)
  })
})

describe('the history of a simulated run', () => {
  const scenario = {
    members: 5,
    clients: 6,
    requests: 30,
    faults: { loss: 50_000, crash: 8 },
    quietMicros: 4_000_000,
  }

  it.each(['decree', 'linearizable'] as const)('is linearizable: reads %s, with crashes', (reads) => {
    for (let seed = 1; seed <= 5; seed++) {
      const { history, summary } = simulate({ seed, scenario: { ...scenario, reads } })
      expect(summary.verdicts).toMatchObject({ answers: { ok: true } })
      const { verdict } = checkLinearizability('key-value', operationsOfHistory(history))
      expect(verdict, `seed ${seed}`).toBe('linearizable')
    }
  })

  it('is not once an answer was tampered with', () => {
    const { history } = simulate({ seed: 1, scenario })
    const victim = history.findLastIndex(({ f, type, value }) => f === 'get' && type === 'ok' && value === 77)
    const tampered = history.map((entry, at) => (at === victim ? { ...entry, value: 66 } : entry))
    expect(victim).toBeGreaterThan(0)
    const { verdict, keys } = checkLinearizability('key-value', operationsOfHistory(tampered))
    expect(verdict).toBe('not linearizable')
    expect(keys.find(({ blocked }) => blocked !== null)?.blocked).toMatchObject({ endLine: victim + 1 })
  })
})

/** What is wrong in the last line of a history, and the sentence for it. */
const MALFORMED: readonly (readonly [text: string, sentence: string])[] = [
  ['{', 'line 1: it is not JSON; a history has one JSON object a line'],
  ['[1]', 'line 1: it must be a JSON object with process, type, f, key and value, and [1] is not'],
  ['{"process":null}', 'line 1: process must be a number or a text, and null is not'],
  ['{"process":1,"type":"begin"}', 'line 1: type must be invoke, ok, fail or info, and "begin" is not'],
  ['{"process":1,"type":"ok"}', 'line 1: f must be a text, the name of what is done, and nothing is not'],
  [
    '{"process":1,"type":"ok","f":"get","key":[]}',
    'line 1: key must be a text, a number or null, and [] is not',
  ],
  ['{"process":1,"type":"ok","f":"get","time":"1"}', 'line 1: time must be a number, and "1" is not'],
  [
    historyOf('1:read').replace('invoke', 'ok'),
    'line 1: process 1 ends an operation (read, ok) that it never began',
  ],
  [
    historyOf('1:read 1:read'),
    'line 2: process 1 begins an operation while its read of line 1 has no end; after an unknown outcome write an info, or go on under another number',
  ],
  [
    `${historyOf('1:read')}\n{"process":1,"type":"ok","f":"read","key":"y"}`,
    'line 2: process 1 ends read y, and what it began in line 1 is read x',
  ],
  [
    '{"process":1,"type":"invoke","f":"read","time":5}\n\n{"process":1,"type":"ok","f":"read","time":4}',
    'line 3: its time, 4, is before that of a line above; sort the lines by time',
  ],
  [historyOf('1:write=1 1:ok 1:get'), "line 3: register has no operation 'get', only read, write, cas"],
  [historyOf('1:toString'), "line 1: register has no operation 'toString', only read, write, cas"],
  [historyOf('1:cas=1'), 'line 1: the value of cas must be [from, to]'],
]

describe('a malformed history', () => {
  it.each(MALFORMED)('%j: %s', (text, sentence) => {
    const read = (): readonly HistoryOperation[] => operationsOfText(text)
    expect(() => checkLinearizability('register', read())).toThrow(HistoryError)
    expect(() => checkLinearizability('register', read())).toThrow(sentence)
  })

  it('puts and appends only texts', () => {
    const operations = operationsOfText(historyOf('1:append=1'))
    expect(() => checkLinearizability('append-kv', operations)).toThrow(
      'line 1: the value of append must be a text',
    )
  })

  it('may have blank lines and any line ends', () => {
    expect(operationsOfText('\r\n{"process":"a","type":"invoke","f":"read"}\r\n\n')).toMatchObject([
      { process: 'a', key: null, outcome: 'info', line: 2, endLine: null },
    ])
  })
})
