// What may become of what is asked: answered, given up, too much, too late.

import { existsSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { OutcomeUnknown, Overloaded } from '../../../src/paxos/index.js'
import { Closed, Member } from '../../../src/runtime/index.js'
import {
  Cluster,
  type CounterMember,
  counter,
  freeAddress,
  newFolder,
  QUICK,
  rejection,
  start,
} from './started.js'

/** One of three founders; the others never come, so nothing is ever decided. */
async function alone(): Promise<Awaited<ReturnType<typeof start>>> {
  const endpoints = { a: await freeAddress(), b: await freeAddress(), c: await freeAddress() }
  return new Cluster(endpoints, {}).start('a')
}

describe('who asks', () => {
  test('waits no longer than it said: the outcome is unknown', async () => {
    const member = await alone()
    const asked = [member.invoke(1, { timeoutMillis: 20 }), member.query(1, { timeoutMillis: 20 })]
    for (const error of await Promise.all(asked.map(rejection))) {
      expect(error).toBeInstanceOf(OutcomeUnknown)
      expect(error.message).toMatch(/within 20 ms: is a quorum of the members up/)
    }
    expect(member.status().waiting).toBe(0)
  })

  test('gives up with a signal: the outcome is unknown, and the cause is the reason', async () => {
    const member = await alone()
    const controller = new AbortController()
    const asked = member.invoke(1, { signal: controller.signal })
    controller.abort(new Error('enough'))
    const error = await rejection(asked)
    expect(error).toBeInstanceOf(OutcomeUnknown)
    expect(error.cause).toEqual(new Error('enough'))
    expect(member.status().waiting).toBe(0)
  })

  test('with a signal that has fired sends nothing, and gets its reason', async () => {
    const member = await start()
    const signal = AbortSignal.abort(new Error('never mind'))
    expect(await rejection(member.invoke(1, { signal }))).toEqual(new Error('never mind'))
    expect(await member.query((sum) => sum)).toBe(0)
  })

  test('leaves a signal alone when it is answered', async () => {
    const member = await start()
    const controller = new AbortController()
    expect(await member.invoke(1, { signal: controller.signal })).toBe(1)
    controller.abort()
    expect(await member.invoke(1)).toBe(2)
  })

  test('too much is refused, and is not executed', async () => {
    const member = await start({ settings: { queueLimit: 10, sessionWindow: 1 } })
    const asked = await Promise.allSettled(Array.from({ length: 50 }, () => member.invoke(1)))
    const executed = asked.filter(({ status }) => status === 'fulfilled').length
    const refused = asked.flatMap((each) => (each.status === 'rejected' ? [each.reason as unknown] : []))
    expect(refused.length).toBeGreaterThan(0)
    for (const error of refused) expect(error).toBeInstanceOf(Overloaded)
    expect(await member.query((sum) => sum)).toBe(executed)
  })

  test('more than fits a frame is told how much does', async () => {
    const member = await start({ limits: { frameBytes: 100_000 } })
    const error = await rejection(member.invoke('x'.repeat(60_000) as never))
    expect(error).toBeInstanceOf(RangeError)
    expect(error.message).toBe('A command of 60002 bytes is too large: at most 50000 travel.')
    expect(await member.invoke(1)).toBe(1)
  })

  test.for([
    ['a change to no voters', (member) => member.change('x' as never, [5] as never)],
    ['a voter that is none', (member) => member.change(1, [{ member: -1, store: 1 }])],
    ['an upgrade to no version', (member) => member.upgrade('next' as never)],
    ['a query of no consistency', (member) => member.query(1, { consistency: 'eventual' as never })],
  ] as readonly [string, (member: CounterMember) => Promise<unknown>][])(
    '%s is a TypeError, and the member goes on',
    async ([, ask]) => {
      const member = await start()
      expect(await rejection(ask(member))).toBeInstanceOf(TypeError)
      expect(await member.invoke(1)).toBe(1)
    },
  )

  test('bytes that are none, of a codec, is a TypeError, and the member goes on', async () => {
    const commands = {
      encode: (by: number) => (by === 0 ? 'zero' : Uint8Array.of(by)) as Uint8Array,
      decode: ([by = 0]: Uint8Array) => by,
    }
    const machine = { ...counter, commands }
    const member = await start({ machine })
    expect(await rejection(member.invoke(0))).toBeInstanceOf(TypeError)
    expect(await member.invoke(1)).toBe(1)
  })

  test('when the member closes does not know the outcome; who asks later is told that it is closed', async () => {
    const member = await alone()
    const asked = [member.invoke(1), member.query(1), member.change(0, [])].map(rejection)
    await member.close()
    for (const error of await Promise.all(asked)) {
      expect(error).toBeInstanceOf(OutcomeUnknown)
      expect(error.message).toBe('No answer came: Member a is closed.')
    }
    for (const error of [await rejection(member.invoke(1)), await rejection(member.query((sum) => sum))])
      expect(error).toBeInstanceOf(Closed)
  })
})

describe('sessions', () => {
  test('each have their own turn: one that is full does not hold up another', async () => {
    const member = await start({ settings: { queueLimit: 5, sessionWindow: 1 } })
    const full = Promise.allSettled(Array.from({ length: 20 }, () => member.invoke(1)))
    expect(await member.session().invoke(0)).toBeGreaterThanOrEqual(0)
    await full
  })

  test('see in a stale read what their own commands did', async () => {
    const member = await start()
    const session = member.session()
    for (let sum = 1; sum <= 50; sum++) {
      await session.invoke(1)
      expect(await session.query(1, { consistency: 'stale' })).toBe(sum)
      expect(await session.query((seen) => [seen], { consistency: 'stale' })).toEqual([sum])
    }
  })
})

describe('decisions', () => {
  test('come in order, each with its commands, from when they are asked for', async () => {
    const member = await start()
    await member.invoke(100)
    const decisions = member.decisions()
    await Promise.all([member.invoke(1), member.invoke(2)])
    await member.invoke(3)
    const commands: number[] = []
    const slots: number[] = []
    for await (const decision of decisions) {
      slots.push(decision.slot)
      commands.push(...decision.commands.map(({ command }) => command))
      expect(decision.stampMicros).toBeGreaterThan(1e15)
      if (commands.length === 3) break
    }
    expect(commands).toEqual([1, 2, 3])
    expect(slots).toEqual(slots.map((_, at) => (slots[0] ?? 0) + at))
  })

  test('are no more after a signal, and its reason is thrown', async () => {
    const member = await start()
    const over = new AbortController()
    const decisions = member.decisions({ signal: over.signal })
    await member.invoke(1)
    const first = decisions.next()
    expect((await first).value?.commands).toEqual([])
    const rest = (async () => {
      for await (const { commands } of decisions) if (commands.length > 0) over.abort(new Error('enough'))
    })()
    expect((await rejection(rest)).message).toBe('enough')
    expect((await decisions.next()).done).toBe(true)
    expect(() => member.decisions({ signal: over.signal })).toThrow('enough')
  })

  test('are no more after a break', async () => {
    const member = await start()
    const decisions = member.decisions()
    await member.invoke(1)
    for await (const _ of decisions) break
    await member.invoke(1)
    expect(await decisions.next()).toEqual({ done: true, value: undefined })
  })

  test('wake everybody who waits when they are given up', async () => {
    const member = await start()
    const decisions = member.decisions()
    const waiting = [decisions.next(), decisions.next()]
    await decisions.return?.()
    for (const result of await Promise.all(waiting)) expect(result.done).toBe(true)
  })

  test('end when the member closes, after those that were made', async () => {
    const member = await start()
    const decisions = member.decisions()
    await member.invoke(1)
    await member.close()
    const sums: number[] = []
    for await (const { commands } of decisions) sums.push(...commands.map(({ command }) => command))
    expect(sums).toEqual([1])
  })

  test('of a member that is closed are none', async () => {
    const member = await start()
    await member.close()
    for await (const _ of member.decisions()) throw new Error('There is one.')
    expect(await member.ended).toBeNull()
  })
})

describe('a start', () => {
  test('with a signal that has fired touches nothing', async () => {
    const data = join(newFolder(), 'a')
    const signal = AbortSignal.abort(new Error('never mind'))
    expect(await rejection(Member.start({ id: 'a', data, machine: counter, signal }))).toEqual(
      new Error('never mind'),
    )
    expect(existsSync(data)).toBe(false)
  })

  test('is given up at any moment: it gets the reason, and leaves the folder and the port free', async () => {
    const data = newFolder()
    const address = await freeAddress()
    const options = { id: 'a', data, machine: counter, cluster: { a: address }, settings: QUICK }
    for (let turns = 0; turns < 40; turns++) {
      const over = new AbortController()
      const starting = Member.start({ ...options, signal: over.signal })
      for (let turn = 0; turn < turns; turn++) await new Promise((resolve) => setImmediate(resolve))
      over.abort(new Error('enough'))
      const ended = await starting.then(
        (member) => member.close(),
        (error: Error) => error.message,
      )
      expect([undefined, 'enough']).toContain(ended)
    }
    const member = await start(options)
    expect(await member.invoke(5)).toBe(5)
  })

  test('that waits for a member that says nothing is given up', async () => {
    const dumb = createServer()
    onTestFinished(() => void dumb.close())
    const connected = new Promise<void>((resolve) => dumb.once('connection', () => resolve()))
    await new Promise<void>((resolve) => dumb.listen(0, '127.0.0.1', resolve))
    const { port } = dumb.address() as AddressInfo // it listens on a port
    const over = new AbortController()
    const starting = Member.start({
      id: 'b',
      data: newFolder(),
      machine: counter,
      join: [`127.0.0.1:${port}`],
      listen: '127.0.0.1:0',
      signal: over.signal,
    })
    await connected
    over.abort(new Error('enough'))
    expect(await rejection(starting)).toEqual(new Error('enough'))
  })
})
