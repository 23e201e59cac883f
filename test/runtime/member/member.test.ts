// One member on its own: what it is asked, what it answers, and what is there after a restart.

import { readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { CommandFailed, defineMachine } from '../../../src/paxos/index.js'
import { Member } from '../../../src/runtime/index.js'
import { counter, freeAddress, Notes, newFolder, QUICK, rejection, start } from './started.js'

function failWith(message: string): never {
  throw new Error(message)
}

describe('a member', () => {
  test('executes commands, and answers with their output', async () => {
    const member = await start()
    expect(await member.invoke(2)).toBe(2)
    expect(await member.invoke(3)).toBe(5)
    expect(member).toMatchObject({ id: 'a', number: 0, leader: 0, endpoint: null })
  })

  test('executes thousands that come at once, each once', async () => {
    const member = await start()
    const outputs = await Promise.all(Array.from({ length: 3_000 }, () => member.invoke(1)))
    expect(new Set(outputs).size).toBe(3_000)
    expect(await member.query((sum) => sum)).toBe(3_000)
  })

  test('answers queries of its machine, and functions of its state', async () => {
    const member = await start()
    await member.invoke(7)
    for (const consistency of ['linearizable', 'stale'] as const) {
      expect(await member.query(3, { consistency })).toBe(21)
      expect(await member.query((sum) => ({ sum }), { consistency })).toEqual({ sum: 7 })
    }
  })

  test('has all that was acknowledged when it starts again', async () => {
    const data = newFolder()
    const first = await start({ data })
    await first.invoke(5)
    await first.close()
    const second = await start({ data })
    expect(await second.query((sum) => sum)).toBe(5)
    expect(await second.invoke(1)).toBe(6)
    expect(second.status()).toMatchObject({ name: 'a', member: 0, store: first.status().store })
  })

  test('that was just started takes requests before it leads', async () => {
    const member = await start()
    expect(member.leader).toBeNull()
    expect(await member.invoke(1)).toBe(1)
  })

  test('tells the message of a CommandFailed, and goes on', async () => {
    const member = await start()
    const error = await rejection(member.invoke(0.5))
    expect(error).toBeInstanceOf(CommandFailed)
    expect(error.message).toBe('0.5 is no whole number.')
    expect(await member.invoke(1)).toBe(1)
  })

  test('tells the message of any error that a machine throws, of a query as well', async () => {
    const machine = defineMachine({
      initial: () => 0,
      apply: (): readonly [number, number] => {
        throw new Error('out of stock')
      },
      query: (): number => {
        throw new Error('nothing to see')
      },
    })
    const member = await Member.start({ id: 'a', data: newFolder(), machine, settings: QUICK })
    onTestFinished(() => member.close())
    const asking: readonly [() => Promise<number>, string][] = [
      [() => member.invoke(null as never), 'out of stock'],
      [() => member.query(null as never), 'nothing to see'],
      [() => member.query((): number => failWith('no function')), 'no function'],
    ]
    for (const [ask, message] of asking) {
      const error = await rejection(ask())
      expect(error).toBeInstanceOf(CommandFailed)
      expect(error.message).toBe(message)
    }
  })

  test('gives a copy of what a function of its state gives: who changes it changes nothing', async () => {
    const machine = defineMachine({
      initial: (): string[] => [],
      apply: (words, word: string) => [[...words, word], words.length + 1],
    })
    const member = await Member.start({ id: 'a', data: newFolder(), machine, settings: QUICK })
    onTestFinished(() => member.close())
    await member.invoke('one')
    const seen = await member.query((words) => words)
    seen.push('two')
    expect(await member.query((words) => words)).toEqual(['one'])
  })

  test('whose function gives what cannot be copied says so', async () => {
    const member = await start()
    const error = await rejection(member.query(() => () => 1))
    expect(error).toBeInstanceOf(CommandFailed)
    expect(error.message).toContain('could not be cloned')
  })

  test('whose machine has no queries takes functions, and says that it takes nothing else', async () => {
    const machine = defineMachine({ initial: () => 0, apply: (sum, by: number) => [sum + by, sum + by] })
    const member = await Member.start({ id: 'a', data: newFolder(), machine, settings: QUICK })
    onTestFinished(() => member.close())
    expect(await member.query((sum) => sum)).toBe(0)
    const error = await rejection(member.query('sum' as never))
    expect(error.message).toBe('This machine answers no queries but functions of a member that is asked.')
  })

  test('is closed by `await using`', async () => {
    const data = newFolder()
    let closed: Member<number, number, number, number, number>
    {
      await using member = await Member.start({ id: 'a', data, machine: counter, settings: QUICK })
      await member.invoke(1)
      closed = member
    }
    expect(await closed.ended).toBeNull()
    const again = await start({ data })
    expect(await again.query((sum) => sum)).toBe(1)
  })

  test('is closed once, however often it is asked to', async () => {
    const member = await start()
    await Promise.all([member.close(), member.close()])
    await member.close()
    expect(await member.ended).toBeNull()
  })

  test('takes snapshots as its log grows, and starts again from one', async () => {
    const data = newFolder()
    const settings = { logBytes: 2_000 }
    const member = await start({ data, settings })
    for (let count = 0; count < 300; count++) await member.invoke(1)
    const { snapshotSlot } = member.status()
    expect(snapshotSlot).toBeGreaterThan(100)
    await member.close()
    const again = await start({ data, settings })
    expect(await again.query((sum) => sum)).toBe(300)
    expect(again.status().snapshotSlot).toBeGreaterThanOrEqual(snapshotSlot)
  })

  test('whose machine cannot begin does not start, and leaves the folder free', async () => {
    const data = newFolder()
    const machine = defineMachine({ initial: (): number => failWith('no state'), apply: (sum) => [sum, sum] })
    const error = await rejection(Member.start({ id: 'a', data, machine, settings: QUICK }))
    expect(error.message).toBe('no state')
    await start({ data })
  })

  test('goes on when no snapshot can be taken, and says so', async () => {
    const logger = new Notes()
    const machine = defineMachine({
      initial: () => 0,
      apply: (sum, by: number) => [sum + by, sum + by],
      snapshots: { encode: (): Uint8Array => failWith('too large'), decode: () => 0 },
    })
    const member = await Member.start({ id: 'a', data: newFolder(), machine, settings: QUICK, logger })
    onTestFinished(() => member.close())
    await member.invoke(1)
    member.snapshot()
    await logger.line(/No snapshot could be taken/)
    expect(await member.invoke(1)).toBe(2)
  })

  test('takes a snapshot when it is told to', async () => {
    const member = await start()
    await member.invoke(1)
    member.snapshot()
    expect(member.status().snapshotSlot).toBe(member.status().applied)
  })
})

describe('a folder', () => {
  test.runIf(process.platform === 'linux')(
    'that the system does not let be made is a StoreError',
    async () => {
      const error = await rejection(start({ data: '/proc/synod/a' }))
      expect(error).toMatchObject({ name: 'StoreError', reason: 'failed' })
      expect(error.message).toMatch(/ENOENT/)
    },
  )

  test.runIf(process.platform !== 'win32')(
    'that is made, and that of a black box, are for nobody else to read',
    async () => {
      const folder = newFolder()
      const [data, box] = [join(folder, 'data'), join(folder, 'box')]
      await start({ data, blackBox: { folder: box } })
      for (const made of [data, box]) expect(statSync(made).mode & 0o077).toBe(0)
    },
  )

  test('serves one member at a time', async () => {
    const data = newFolder()
    const member = await start({ data })
    const error = await rejection(start({ data }))
    expect(error).toMatchObject({ name: 'StoreError', reason: 'locked' })
    expect(await member.invoke(1)).toBe(1)
  })

  test('belongs to the member that it was made for', async () => {
    const data = newFolder()
    await (await start({ data })).close()
    const error = await rejection(start({ id: 'b', data }))
    expect(error.name).toBe('BadOptions')
    expect(error.message).toMatch(/belongs to member a, and this is b/)
    await (await start({ data })).close()
  })

  test('that was copied without its note is not taken for that of another member', async () => {
    const cluster = { a: await freeAddress(), b: await freeAddress(), c: await freeAddress() }
    const data = newFolder()
    await (await start({ data, cluster })).close()
    rmSync(join(data, 'member.json'))
    const error = await rejection(start({ id: 'b', data, cluster }))
    expect(error.name).toBe('BadOptions')
    expect(error.message).toMatch(/belongs to member a, and this is b/)
    const again = await start({ data, cluster })
    expect(again.number).toBe(0)
  })

  test('whose note cannot be read says what to do, and is free afterwards', async () => {
    const data = newFolder()
    await (await start({ data })).close()
    const note = join(data, 'member.json')
    for (const text of ['', 'null', '{"name":1}', readFileSync(note, 'utf8').replace('{}', '{"x":"y"}')]) {
      writeFileSync(note, text)
      const error = await rejection(start({ data }))
      expect(error.name).toBe('BadOptions')
      expect(error.message).toMatch(/member\.json cannot be read: remove it/)
    }
    rmSync(note)
    await start({ data })
  })

  test('is free again when the port is taken', async () => {
    const data = newFolder()
    const listen = await freeAddress()
    const server = createServer()
    await new Promise<void>((resolve) =>
      server.listen({ host: '127.0.0.1', port: Number(listen.split(':')[1]) }, resolve),
    )
    const error = await rejection(start({ data, listen }))
    expect(error).toMatchObject({ name: 'CannotListen' })
    expect(error.message).toContain(listen)
    await new Promise((resolve) => server.close(resolve))
    const member = await start({ data, listen })
    expect(member.endpoint).toBe(listen)
    expect(await member.invoke(1)).toBe(1)
  })

  test('is free again when the settings are none', async () => {
    const data = newFolder()
    const error = await rejection(start({ data, settings: { alpha: 0 } }))
    expect(error).toBeInstanceOf(RangeError)
    await start({ data })
  })
})
