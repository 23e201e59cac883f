// The parts of a member, each alone: its timers, what waits for an answer, decisions, options, and what it notes.

import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { encodeDecree, NO_OP, type StoreRecord } from '../../../src/paxos/index.js'
import { readAbout, writeAbout } from '../../../src/runtime/member/about.js'
import { decodeCall, encodeCall, isCall } from '../../../src/runtime/member/calls.js'
import { Decisions } from '../../../src/runtime/member/decisions.js'
import { checkOptions, ownerOf, planOf } from '../../../src/runtime/member/options.js'
import { Promises } from '../../../src/runtime/member/promises.js'
import { Timers } from '../../../src/runtime/member/timers.js'
import { makeAuthority } from '../../support/certificates.js'
import { counter, newFolder, rejection } from './started.js'

const clock = {
  nowMicros: (): number => Math.floor(performance.now() * 1_000),
  wallMicros: (): number => Date.now() * 1_000,
}

describe('timers', () => {
  /** Rings in this order. */
  function ringing(count: number): { readonly timers: Timers; readonly rang: Promise<readonly string[]> } {
    const names: string[] = []
    let done: (names: readonly string[]) => void = () => {}
    const rang = new Promise<readonly string[]>((resolve) => {
      done = resolve
    })
    const timers = new Timers(clock, (role, timer, deadlineMicros) => {
      expect(clock.nowMicros()).toBeGreaterThanOrEqual(deadlineMicros)
      names.push(`${role} ${timer}`)
      if (names.length === count) done(names)
    })
    return { timers, rang }
  }

  test('ring in the order of their deadlines, none too early', async () => {
    const { timers, rang } = ringing(3)
    const now = clock.nowMicros()
    timers.set('leader', 'late', now + 30_000)
    timers.set('replica', 'soon', now + 5_000)
    timers.set('requester', 'past', now - 5_000)
    expect(await rang).toEqual(['requester past', 'replica soon', 'leader late'])
  })

  test('that are set again ring at the later time only', async () => {
    const { timers, rang } = ringing(2)
    const now = clock.nowMicros()
    timers.set('leader', 'beat', now + 1_000)
    timers.set('leader', 'beat', now + 20_000)
    timers.set('replica', 'fetch', now + 10_000)
    expect(await rang).toEqual(['replica fetch', 'leader beat'])
  })

  test('centuries away do not ring now', async () => {
    const { timers, rang } = ringing(1)
    timers.set('leader', 'never', Number.MAX_SAFE_INTEGER)
    await new Promise((resolve) => setImmediate(resolve)) // a wait that is too long for the host rings after 1 ms
    timers.set('replica', 'fetch', clock.nowMicros() + 10_000)
    expect(await rang).toEqual(['replica fetch'])
    timers.stop()
  })
})

describe('promises', () => {
  const ok = { ok: true, output: new Uint8Array() } as const

  test('are answered by their own name, once, in any order', async () => {
    const references: number[] = []
    const promises = new Promises(({ reference }) => references.push(reference), 100)
    const asked = [1, 2].map((client) =>
      promises.ask(client, { type: 'command', command: Uint8Array.of(client) }, (bytes) => bytes),
    )
    const [first = 0, second = 0] = references
    promises.answered(second, { ok: true, output: Uint8Array.of(20) })
    promises.answered(second, { ok: true, output: Uint8Array.of(30) })
    promises.answered(first, { ok: true, output: Uint8Array.of(10) })
    promises.answered(99, ok)
    expect(await Promise.all(asked)).toEqual([Uint8Array.of(10), Uint8Array.of(20)])
    expect(promises.size).toBe(0)
  })

  test.for([
    ['command-failed', 'CommandFailed'],
    ['overloaded', 'Overloaded'],
    ['session-unknown', 'SessionExpired'],
    ['session-limit', 'TooManySessions'],
    ['change-refused', 'ChangeRefused'],
    ['session-window', 'OutcomeUnknown'],
    ['already-acknowledged', 'OutcomeUnknown'],
  ] as const)('that come to %s reject with %s', async ([error, name]) => {
    const promises = new Promises(
      ({ reference }) => promises.answered(reference, { ok: false, error, detail: 'so it is' }),
      100,
    )
    const asked = promises.ask(0, { type: 'change', version: 0, voters: [] }, () => {})
    expect(await rejection(asked)).toMatchObject({ name, message: 'so it is' })
  })
})

describe('decisions', () => {
  const decode = (bytes: Uint8Array): number => bytes[0] ?? 0
  const decree = (command: number): Uint8Array =>
    encodeDecree(5, [
      { session: 0, sequence: 0, acknowledged: 0, command: Uint8Array.of(1) },
      { session: 3, sequence: 1, acknowledged: 0, command: Uint8Array.of(command) },
    ])

  test('tell the commands of sessions, and nothing else that a decree holds', async () => {
    const decisions = new Decisions(decode, () => {})
    decisions.applied(1, NO_OP)
    decisions.applied(2, decree(9))
    decisions.applied(3, Uint8Array.of(255))
    expect((await decisions.next()).value).toEqual({ slot: 1, stampMicros: 0, commands: [] })
    const commands = [{ session: 3, sequence: 1, command: 9 }]
    expect((await decisions.next()).value).toEqual({ slot: 2, stampMicros: 5, commands })
    expect((await decisions.next()).value).toEqual({ slot: 3, stampMicros: 0, commands: [] })
  })

  test.for([
    ['10,000 in number', decree(1), 10_000],
    ['64 MiB in bytes', new Uint8Array(1024 * 1024), 65],
  ] as const)('that wait, %s, are all that wait: then it says so, once', async ([, each, count]) => {
    const ended: unknown[] = []
    const decisions = new Decisions(decode, (which) => ended.push(which))
    for (let slot = 1; slot <= count + 10; slot++) decisions.applied(slot, each)
    expect(ended).toEqual([decisions])
    for (let slot = 1; slot <= count; slot++) expect((await decisions.next()).value?.slot).toBe(slot)
    expect(await rejection(decisions.next())).toMatchObject({ name: 'DecisionsMissed' })
    expect((await decisions.next()).done).toBe(true)
  })
})

describe('options', () => {
  const good = { id: 'a', data: 'x', machine: counter }

  test.for([
    [{ id: 'a b' }, '"a b" is no name of a member'],
    [{ id: '' }, '"" is no name of a member'],
    [{ id: undefined }, 'undefined is no name of a member'],
    [{ data: undefined }, 'needs a folder'],
    [{ machine: undefined }, 'needs a `machine`'],
    [{ machine: { initial: 0 } }, 'needs a `machine`'],
    [{ blackBox: {} }, 'needs a `folder`'],
    [{ token: 'x'.repeat(1_025) }, 'A token has at most 1024 bytes, and this one 1025'],
    [{ tls: { key: 'key' } }, 'The private key for TLS cannot be read: it must be in PEM'],
    [{ tls: { cert: 'cert' } }, 'The certificate for TLS cannot be read: it must be in PEM'],
    [{ tls: { ca: 'ca' } }, 'The certificate of the authority for TLS cannot be read: it must be in PEM'],
    [{ tls: { ...makeAuthority('one'), key: makeAuthority('two').key } }, 'not that of the certificate'],
    [{ cluster: { a: '127.0.0.1:1' }, join: ['127.0.0.1:1'] }, 'give `cluster` or `join`'],
    [{ cluster: { b: '127.0.0.1:1' } }, 'Member a is not among those that found the cluster (b)'],
    [{ cluster: { a: '127.0.0.1:1', 'b/c': '127.0.0.1:2' } }, '"b/c" is no name of a member'],
    [{ cluster: { a: '127.0.0.1:1', b: '127.0.0.1:1' } }, 'have the same address'],
    [{ cluster: { a: 'here' } }, '"here" is no address: it must have the form host:port'],
    [{ join: [] }, '`join` names nobody'],
    [{ join: ['127.0.0.1:1'] }, 'say with `listen` where'],
    [{ listen: '127.0.0.1' }, '"127.0.0.1" is no address'],
    [{ listen: '127.0.0.1:99999' }, '"127.0.0.1:99999" is no address'],
    [{ advertise: 'x' }, '"x" is no address'],
    [
      { listen: '0.0.0.0:7400' },
      'which stands for every address of this machine: say with `advertise` where',
    ],
    [{ listen: '[::]:7400' }, 'which stands for every address'],
    [{ listen: '[::]:7400', cluster: { b: 'b:1' } }, 'which stands for every address'],
  ] as const)('%j: %s', ([options, detail]) => {
    expect(() => checkOptions({ ...good, ...options } as never)).toThrow(detail)
  })

  const endpoints = { c: '127.0.0.1:3', a: '127.0.0.1:1', b: '127.0.0.1:2' }
  const blank = { member: null, cluster: null, founders: 0 }
  const plan = (
    id: string,
    owner = blank as Parameters<typeof planOf>[1],
    about: Parameters<typeof planOf>[2] = null,
  ): ReturnType<typeof planOf> => planOf({ ...good, id, cluster: endpoints } as never, owner, about, 77, null)

  test('number the founders by their names: the first founds, the others ask it first', () => {
    expect(plan('a')).toMatchObject({ member: 0, purpose: { type: 'seed', cluster: 77, voters: [0, 1, 2] } })
    expect(plan('b')).toMatchObject({ member: 1, purpose: { type: 'join', contacts: [0, 2] } })
    expect(plan('c').listen).toEqual({ host: '127.0.0.1', port: 3 })
    expect([...plan('c').endpoints]).toEqual([
      [0, '127.0.0.1:1'],
      [1, '127.0.0.1:2'],
    ])
  })

  test('are outranked by what the folder says', () => {
    const about = { name: 'a', member: 0, endpoints: new Map([[5, '127.0.0.1:5']]) }
    const founded = plan('a', { member: 0, cluster: 77, founders: 3 }, about)
    expect(founded.purpose.type).toBe('join')
    expect(founded.endpoints.get(5)).toBe('127.0.0.1:5')
    expect(() => plan('b', { member: 0, cluster: 77, founders: 3 }, about)).toThrow(
      'belongs to member a, and this is b',
    )
    expect(() => plan('b', { member: 0, cluster: 77, founders: 3 })).toThrow(
      'belongs to member a, and this is b',
    )
  })

  test('take the number that who joins was told', () => {
    const found = { free: 9, cluster: 77, endpoints: new Map([[4, '127.0.0.1:4']]) }
    const options = { ...good, join: ['127.0.0.1:4'], listen: '127.0.0.1:0' }
    expect(planOf(options as never, blank, null, 77, found)).toMatchObject({
      member: 9,
      purpose: { type: 'join', contacts: [4] },
      listen: { host: '127.0.0.1', port: 0 },
    })
  })

  test('read whose store it is from its records', () => {
    const created: StoreRecord = { type: 'created', store: 5, member: 3 }
    expect(ownerOf([])).toEqual(blank)
    expect(ownerOf([created])).toEqual({ member: 3, cluster: null, founders: 0 })
  })
})

describe('the note beside the store', () => {
  test('is what was written, whole, and leaves nothing else behind', async () => {
    const folder = join(newFolder(), 'new', 'folder')
    expect(await readAbout(folder)).toBeNull()
    const about = { name: 'a', member: 3, endpoints: new Map([[1, '[::1]:80']]) }
    await writeAbout(folder, about)
    expect(await readAbout(folder)).toEqual(about)
    expect(existsSync(join(folder, 'member.json.new'))).toBe(false)
  })

  test('is refused if an address in it is none', async () => {
    const folder = newFolder()
    await writeAbout(folder, { name: 'a', member: 0, endpoints: new Map([[1, 'x:80']]) })
    const path = join(folder, 'member.json')
    writeFileSync(path, readFileSync(path, 'utf8').replace('x:80', 'x:0'))
    expect((await rejection(readAbout(folder))).message).toContain('cannot be read: remove it')
  })
})

describe('calls', () => {
  test('are told from messages by their first byte, and come back as they were', () => {
    const call = { call: 'status', reference: 1, options: { deep: [null] } }
    const bytes = encodeCall(call)
    expect(isCall(bytes)).toBe(true)
    expect(decodeCall(bytes)).toEqual(call)
  })

  test.for(['', '{', '5', '"x"', 'null', '\u0000'])('%j is no call', (text) => {
    expect(decodeCall(Buffer.from(`\u00ff${text}`, 'latin1'))).toBeNull()
  })

  test('may be nested as deeply as they are long', () => {
    const text = '['.repeat(30_000) + ']'.repeat(30_000)
    expect(
      decodeCall(Buffer.from(`\u00ff{"call":"change","reference":1,"options":${text}}`, 'latin1')),
    ).not.toBeNull()
  })
})
