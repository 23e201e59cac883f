// `--history`: what an outside checker is given.

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { linesOf, synod, temporaryFolder } from './command.js'

interface Entry {
  readonly process: number
  readonly type: 'invoke' | 'ok' | 'fail' | 'info'
  readonly f: string
  readonly key: string | null
  readonly value: unknown
  readonly time: number
}

async function historyOf(...args: string[]): Promise<Entry[]> {
  const file = join(temporaryFolder(), 'history.jsonl')
  const { code } = await synod(['simulate', ...args, '--summary', 'json', '--history', file])
  expect(code).toBe(0)
  return linesOf(readFileSync(file, 'utf8')).map((line) => JSON.parse(line))
}

/** The operations: an invocation, and its completion if there is one. */
function operationsOf(history: readonly Entry[]): [Entry, Entry | undefined][] {
  return history.flatMap((entry, at) => {
    if (entry.type !== 'invoke') return []
    return [[entry, history.slice(at + 1).find(({ process }) => process === entry.process)]]
  })
}

/** What every history must be like, so that a checker can read it. */
function expectWellFormed(history: readonly Entry[]): void {
  const busy = new Map<number, Entry>()
  const over = new Set<number>()
  let time = 0
  for (const entry of history) {
    expect(Object.keys(entry)).toEqual(['process', 'type', 'f', 'key', 'value', 'time'])
    expect(entry.time).toBeGreaterThanOrEqual(time)
    time = entry.time
    expect(over.has(entry.process), 'a process whose operation ended in info does no more').toBe(false)
    const current = busy.get(entry.process)
    if (entry.type === 'invoke') {
      expect(current, 'a process does one operation at a time').toBeUndefined()
      busy.set(entry.process, entry)
    } else {
      expect(current).toMatchObject({ f: entry.f, key: entry.key })
      busy.delete(entry.process)
      if (entry.type === 'info') over.add(entry.process)
    }
  }
}

describe.concurrent('a history', () => {
  it('has every operation of classic, with the values that were set and got, in real-time order', async () => {
    const history = await historyOf('6')
    expectWellFormed(history)
    expect(history).toHaveLength(2 * 121)
    const ofK = operationsOf(history).filter(([{ key }]) => key === 'K')
    expect(ofK.map(([invoked, ended]) => [invoked.f, invoked.value, ended?.type, ended?.value])).toEqual([
      ['get', null, 'ok', null],
      ['set', 9, 'ok', 9],
      ['get', null, 'ok', 9],
      ['set', 6, 'ok', 6],
      ['set', 32, 'ok', 32],
      ['get', null, 'ok', 32],
      ['set', 39, 'ok', 39],
      ['get', null, 'ok', 39],
      ['set', 66, 'ok', 66],
      ['set', 77, 'ok', 77],
      ['get', null, 'ok', 77],
    ])
  })

  it('says info where the client’s node crashed, and the client goes on as another process', async () => {
    const crashing = ['--members', '3', '--clients', '3', '--crashes', '20', '--reads', 'linearizable']
    const history = await historyOf('2', ...crashing)
    expectWellFormed(history)
    const unknown = history.filter(({ type }) => type === 'info')
    expect(unknown.length).toBeGreaterThan(0)
    expect(Math.max(...history.map(({ process }) => process))).toBeGreaterThan(2)
  })

  it('has the balances that each transfer of the bank gave, and says fail where it failed', async () => {
    const history = await historyOf('3', '--members', '3', '--clients', '5', '--machine', 'bank')
    expectWellFormed(history)
    const [first] = history.filter(({ type }) => type === 'ok')
    expect(first).toMatchObject({
      f: 'transfer',
      key: null,
      value: {
        from: expect.stringMatching(/^[A-H]$/),
        to: expect.stringMatching(/^[A-H]$/),
        amount: expect.any(Number),
        balances: { from: expect.any(Number), to: expect.any(Number) },
      },
    })
    expect(history.some(({ type }) => type === 'fail')).toBe(true)
  })
})
