// What a real member records comes out the same when it is done once more, whatever happened to it.

import { existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { type AnyMachine, CommandFailed, defineMachine, type NodeEvent } from '../../../src/paxos/index.js'
import { decodeText, encodeText } from '../../../src/paxos/text.js'
import { Recorder } from '../../../src/runtime/black-box/recorder.js'
import { type BlackBoxOptions, Member } from '../../../src/runtime/index.js'
import { counter, Notes, newFolder, QUICK, rejection, start, startCluster } from '../member/started.js'
import { filesOf, partsOf, replayAll, turnsOf } from './recorded.js'

const COUNTER = counter as unknown as AnyMachine
const FIVE = encodeText('5')

type Untimed<Event = NodeEvent> = Event extends NodeEvent ? Omit<Event, 'nowMicros' | 'wallMicros'> : never

/** Keeps texts, and fails for an empty one with words of its own. */
const notes = defineMachine({
  initial: (): string[] => [],
  apply: (texts, text: string) => {
    if (text.startsWith('!')) throw new CommandFailed(`not ${text}`)
    return [[...texts, text], text.toUpperCase()]
  },
  query: (texts, at: number) => texts[at] ?? '',
})

async function startNotes(blackBox?: BlackBoxOptions, data: string = newFolder(), logBytes = 1_000_000) {
  const settings = { ...QUICK, logBytes }
  const recording = blackBox === undefined ? {} : { blackBox }
  const member = await Member.start({ id: 'a', data, machine: notes, settings, ...recording })
  onTestFinished(() => member.close())
  return member
}

describe('a black box', () => {
  test('has all that a member did: it does the same once more, and its machine gives the same', async () => {
    const folder = newFolder()
    const member = await start({ blackBox: { folder } })
    for (let by = 1; by <= 20; by++) await member.invoke(by)
    await rejection(member.invoke(0.5))
    expect(await member.query(2)).toBe(420)
    expect(await member.query((sum) => sum + 1)).toBe(211)
    member.snapshot()
    await member.invoke(1)
    const { applied } = member.status()
    await member.close()

    const replay = replayAll(folder, COUNTER)
    expect(replay.isMachineRun).toBe(true)
    expect(replay.node.roles.replica?.applied).toBe(applied)
    expect(replay.node.roles.replica?.state).toBe(211)
  })

  test('has all that each member of a cluster did, through a change of the leader', async () => {
    const boxes = { a: newFolder(), b: newFolder(), c: newFolder() }
    const cluster = await startCluster()
    for (const member of cluster.all) await member.close()
    for (const [id, folder] of Object.entries(boxes)) await cluster.start(id, { blackBox: { folder } })
    for (const member of cluster.all) await member.invoke(1)
    const leader = await cluster.leader()
    leader.transfer()
    for (const member of cluster.all) await member.invoke(1)
    await Promise.all(cluster.all.map((member) => member.close()))
    for (const folder of Object.values(boxes)) expect(replayAll(folder, COUNTER).isMachineRun).toBe(true)
  })

  test('begins anew in the middle of a life, from the node without the state of its machine', async () => {
    const folder = newFolder()
    const member = await startNotes({ folder, limitBytes: 262_144 }, newFolder(), 4_000)
    for (let count = 0; count < 300; count++) await member.invoke(`${count} ${'long '.repeat(20)}`)
    await member.close()
    const parts = partsOf(folder)
    expect(parts.length).toBeGreaterThan(1)
    expect(parts.every(({ beginning }) => beginning.reason !== 'behind')).toBe(true)
    expect(parts.at(-1)?.beginning).toMatchObject({ reason: 'full', node: { whole: true } })
    expect(replayAll(folder, notes as unknown as AnyMachine).node.roles.replica?.applied).toBe(
      member.status().applied,
    )
  })

  test('is bounded: the oldest files go', async () => {
    const folder = newFolder()
    const logger = new Notes()
    const settings = { logBytes: 1_000 }
    const member = await start({ blackBox: { folder, limitBytes: 65_536 }, settings, logger })
    for (let count = 0; count < 1_000; count++) {
      await member.invoke(1)
      expect(sizeOf(folder)).toBeLessThanOrEqual(65_536)
    }
    await member.close()
    expect(logger.lines.filter(({ message }) => message.includes('black box'))).toEqual([])
    expect(sizeOf(folder)).toBeLessThanOrEqual(65_536)
    expect(filesOf(folder)[0]).not.toMatch(/0000000001/)
    expect(replayAll(folder, COUNTER).node.roles.replica?.state).toBe(1_000)
  })

  test('knows the snapshot that the member sends, also where the machine is not run', async () => {
    const folder = newFolder()
    const recorder = await Recorder.open({ folder, redact: true }, 'a', new Notes())
    const purpose = { type: 'seed', cluster: 7, voters: [0] } as const
    const node = recorder.makeNode({ self: 0, purpose, machine: COUNTER, draw: (low) => low })
    let [nowMicros, written] = [0, 0]
    const step = (event: Untimed): void => {
      nowMicros += 1_000
      const timed = { ...event, nowMicros, wallMicros: nowMicros }
      const actions = node.step(timed)
      written += actions.filter(({ type }) => type === 'persist').length
      recorder.turn(timed, actions)
    }
    step({ type: 'boot' })
    for (let reference = 1; reference <= 6; reference++) {
      step({ type: 'durable', count: written })
      step({ type: 'requests', requests: [{ type: 'command', client: 1, reference, command: FIVE }] })
    }
    step({ type: 'durable', count: written })
    step({ type: 'snapshot' })
    const message = { type: 'fetch', fromSlot: 0 } as const
    step({ type: 'messages', envelopes: [{ from: 1, store: 1, message }] })
    const outgoing = node.roles.replica?.outgoing
    expect(outgoing?.data.length).toBeGreaterThan(0)
    await recorder.close(nowMicros)

    const again = replayAll(folder, null).node.roles.replica?.outgoing
    expect(again).toMatchObject({ slot: outgoing?.slot, checksum: outgoing?.checksum })
    expect(again?.data.length).toBe(outgoing?.data.length)
    expect(again?.data).not.toEqual(outgoing?.data)
  })

  test('leaves a state out that takes too much: the member does the same once more, without its machine', async () => {
    const data = newFolder()
    const folder = newFolder()
    const before = await startNotes(undefined, data)
    for (let count = 0; count < 40; count++) await before.invoke('long '.repeat(200))
    await before.close()
    const member = await startNotes({ folder, limitBytes: 65_536 }, data)
    for (let count = 0; count < 100; count++) await member.invoke('short')
    const { applied } = member.status()
    await member.close()
    const parts = partsOf(folder)
    expect(parts.at(-1)?.beginning).toMatchObject({ reason: 'full', node: { whole: false } })
    const replay = replayAll(folder, notes as unknown as AnyMachine)
    expect([replay.isMachineRun, replay.node.roles.replica?.applied]).toEqual([false, applied])
  })

  test('keeps the recordings of earlier lives', async () => {
    const folder = newFolder()
    const data = newFolder()
    for (let life = 1; life <= 3; life++) {
      const member = await start({ data, blackBox: { folder } })
      await member.invoke(life)
      member.snapshot()
      await member.close()
    }
    expect(partsOf(folder).map(({ beginning }) => beginning.reason)).toEqual(['start', 'start', 'start'])
    expect(replayAll(folder, COUNTER).node.roles.replica?.state).toBe(6)
  })

  test('says which machine is another one', async () => {
    const folder = newFolder()
    const member = await start({ blackBox: { folder } })
    await member.invoke(5)
    await member.close()
    const doubling = defineMachine({
      initial: () => 0,
      apply: (sum, by: number) => [sum + 2 * by, sum + 2 * by],
    })
    expect(() => replayAll(folder, doubling as unknown as AnyMachine)).toThrow(
      /the machine: in slot 2 it gives another output/,
    )
  })

  test('says which machine makes other states, though its outputs are the same', async () => {
    const folder = newFolder()
    let extra = 0
    const forgetful = defineMachine({ initial: () => [0], apply: (_, by: number) => [[by + extra], 'done'] })
    const member = await Member.start({
      id: 'a',
      data: newFolder(),
      machine: forgetful,
      settings: QUICK,
      blackBox: { folder },
    })
    onTestFinished(() => member.close())
    await member.invoke(5)
    member.snapshot()
    await member.invoke(6)
    await member.close()
    extra = 1
    expect(() => replayAll(folder, forgetful as unknown as AnyMachine)).toThrow(/its state after slot 2/)
  })

  test('tells the turn that threw', async () => {
    const folder = newFolder()
    const machine = defineMachine({
      initial: (): number => {
        throw new Error('no state')
      },
      apply: (sum) => [sum, sum],
    })
    const blackBox = { folder }
    await rejection(Member.start({ id: 'a', data: newFolder(), machine, settings: QUICK, blackBox }))
    const [part] = partsOf(folder)
    if (part === undefined) throw new Error('Nothing was recorded.')
    expect(turnsOf(part).at(-1)).toMatchObject({ digest: null, error: 'no state' })
    expect(part.end).toMatchObject({ type: 'ended', end: { reason: 'no state' } })
    replayAll(folder, null)
  })

  test('says where something is missing, and goes on', async () => {
    const folder = newFolder()
    const machine = defineMachine({
      initial: () => 0,
      apply: (sum, by: number) => [sum + by, sum + by],
      query: (sum, _padding: string) => sum,
    })
    const blackBox = { folder, limitBytes: 65_536 }
    const member = await Member.start({ id: 'a', data: newFolder(), machine, settings: QUICK, blackBox })
    onTestFinished(() => member.close())
    await member.invoke(1)
    await member.query('more than a file may hold'.repeat(2_000))
    for (let count = 0; count < 10; count++) await member.invoke(1)
    await member.close()
    expect(partsOf(folder).map(({ beginning }) => beginning.reason)).toEqual(['start', 'behind'])
    expect(replayAll(folder, machine as unknown as AnyMachine).node.roles.replica?.state).toBe(11)
  })

  test('is not there unless it is asked for', async () => {
    const data = newFolder()
    const member = await start({ data })
    await member.invoke(1)
    await member.close()
    expect(readdirSync(data).sort()).toEqual(['member.json', 'store'])
  })
})

describe('a black box that is redacted', () => {
  const secret = 'the combination is 12-34-56'

  test('has no bytes of commands, outputs, queries, answers, errors, states or snapshots', async () => {
    const folder = newFolder()
    const data = newFolder()
    for (let life = 1; life <= 2; life++) {
      const member = await startNotes({ folder, redact: true, limitBytes: 262_144 }, data, 2_000)
      for (let count = 0; count < 30; count++) await member.invoke(`${secret} ${count}`)
      await rejection(member.invoke(`!${secret}`))
      expect(await member.query(0)).toContain(secret)
      member.snapshot()
      await member.close()
    }
    expect(partsOf(folder).length).toBeGreaterThan(1)
    for (const file of filesOf(folder)) {
      const bytes = readFileSync(file, 'latin1')
      expect(bytes).not.toContain('combination')
      expect(bytes).not.toContain('COMBINATION')
      expect(bytes).not.toContain('12-34')
    }
    expect(replayAll(folder, notes as unknown as AnyMachine).isMachineRun).toBe(false)
  })

  test('goes on where a member installs a snapshot of another one', async () => {
    const settings = { logBytes: 600 }
    const cluster = await startCluster({ settings })
    const [, , last] = cluster.all
    await cluster.leader()
    await last?.close()
    for (let count = 0; count < 100; count++) await cluster.get('a').invoke(1)
    cluster.get('a').snapshot()
    cluster.get('b').snapshot()
    const folder = newFolder()
    const again = await cluster.start('c', { blackBox: { folder, redact: true } })
    expect(await again.query((sum) => sum)).toBe(100)
    await again.invoke(1)
    await again.close()
    expect(partsOf(folder).map(({ beginning }) => beginning.reason)).toContain('installed')
    expect(replayAll(folder, null).node.roles.replica?.applied).toBe(again.status().applied)
  })
})

describe('a black box whose file is full while a large snapshot comes from another member', () => {
  /** A counter whose state takes 40,000 bytes. */
  const large = {
    ...counter,
    snapshots: {
      encode: (sum: number) => encodeText(String(sum).padEnd(40_000)),
      decode: (bytes: Uint8Array) => Number(decodeText(bytes)),
    },
  }

  test('goes on behind it', async () => {
    const cluster = await startCluster({ machine: large, settings: { logBytes: 600, chunkBytes: 2_000 } })
    const [, , last] = cluster.all
    await cluster.leader()
    await last?.close()
    for (let count = 0; count < 100; count++) await cluster.get('a').invoke(1)
    cluster.get('a').snapshot()
    cluster.get('b').snapshot()
    const folder = newFolder()
    const again = await cluster.start('c', { blackBox: { folder, limitBytes: 65_536 } })
    expect(await again.query((sum) => sum)).toBe(100)
    await again.invoke(1)
    await again.close()
    expect(partsOf(folder).map(({ beginning }) => beginning.reason)).toEqual(
      expect.arrayContaining(['full', 'installed']),
    )
    expect(replayAll(folder, large as unknown as AnyMachine).node.roles.replica?.applied).toBe(
      again.status().applied,
    )
  })
})

describe('a black box that cannot be written', () => {
  test('because its folder is gone is logged once, and the member goes on', async () => {
    const folder = newFolder()
    const logger = new Notes()
    const member = await start({ blackBox: { folder, limitBytes: 65_536 }, logger })
    await member.invoke(1)
    rmSync(folder, { recursive: true })
    for (let count = 0; count < 500; count++) await member.invoke(1)
    expect(await member.query((sum) => sum)).toBe(501)
    await member.close()
    expect(logger.lines.filter(({ message }) => message.includes('black box'))).toHaveLength(1)
  })

  test('is logged once, and the member goes on', async () => {
    const folder = join(newFolder(), 'file')
    writeFileSync(folder, '')
    const logger = new Notes()
    const member = await start({ blackBox: { folder: join(folder, 'box') }, logger })
    expect(await member.invoke(1)).toBe(1)
    await member.close()
    expect(logger.lines.filter(({ message }) => message.includes('black box'))).toHaveLength(1)
  })

  test('because its limit is too small for the node says how large it has to be', async () => {
    const data = newFolder()
    const member = await start({ data })
    for (let count = 0; count < 600; count++) await member.invoke(count)
    await member.close()
    const logger = new Notes()
    const folder = newFolder()
    const again = await start({ data, blackBox: { folder, limitBytes: 65_536 }, logger })
    await again.invoke(1)
    await again.close()
    expect(await logger.line(/black box/)).toMatch(/quarter of the limit: raise that above \d+/)
    expect(readdirSync(folder)).toEqual([])
  })

  test('has limits: a smaller one is refused', async () => {
    const error = await rejection(start({ blackBox: { folder: newFolder(), limitBytes: 1_000 } }))
    expect(error).toMatchObject({ name: 'BadOptions' })
    expect(error.message).toContain('65536 bytes or more')
  })
})

function sizeOf(folder: string): number {
  if (!existsSync(folder)) return 0
  let bytes = 0
  for (const file of filesOf(folder)) bytes += statSync(file, { throwIfNoEntry: false })?.size ?? 0
  return bytes
}
