// Upgrades of a machine, from end to end: new programs come to the members one by one, and one request has all of them
// go on with the next version from the same slot on. Whoever was forgotten stops there, and comes back.

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { MachineOutdated, OutcomeUnknown, TestCluster, UpgradeRefused } from '../../src/testing/index.js'
import { type Journal, journal } from './machines.js'

const SECOND = 1_000_000

type Cluster = TestCluster<Journal, string, string, 'entries', readonly string[]>

const found = (options: { logBytes?: number; seed?: number; version?: number } = {}): Cluster => {
  const { logBytes, seed = 0, version = 1 } = options
  const settings = logBytes === undefined ? {} : { logBytes }
  return new TestCluster({ machine: journal(version), members: 3, seed, settings })
}

/** One member after the other starts again with a newer program. */
async function rollOut(cluster: Cluster, version: number, members: readonly number[] = [0, 1, 2]) {
  for (const id of members) {
    cluster.member(id).crash()
    cluster.member(id).restart({ machine: journal(version) })
    await cluster.settled()
  }
}

/** Keeps a member that leads from being one of those that are to be behind. */
async function lead(cluster: Cluster, behind: number): Promise<void> {
  cluster.member(behind).crash()
  await cluster.advance(3 * SECOND)
  expect(cluster.leader?.id).not.toBe(behind)
  cluster.member(behind).restart()
  await cluster.settled()
}

const states = (cluster: Cluster) => cluster.members.map(({ id }) => cluster.state(id))

describe('a cluster whose members were all given the new program', () => {
  it('goes on as before until it is upgraded, and then with the next version, on every member', async () => {
    const cluster = found()
    expect(await cluster.invoke('a')).toBe('a/1')
    await rollOut(cluster, 2)
    expect(await cluster.invoke('b')).toBe('b/1')
    expect(cluster.version).toBe(1)
    expect(await cluster.upgrade()).toBe(2)
    expect(await cluster.invoke('c')).toBe('c/2')
    await cluster.settled()
    expect(states(cluster)).toEqual(Array(3).fill({ form: 2, entries: ['a/1', 'b/1', 'c/2'] }))
    expect(await cluster.query('entries')).toEqual(['a/1', 'b/1', 'c/2'])
    expect(cluster.version).toBe(2)
  })

  it('is upgraded again, and over several versions at once', async () => {
    const cluster = found()
    await rollOut(cluster, 2)
    await cluster.upgrade()
    await rollOut(cluster, 5)
    expect(await cluster.upgrade()).toBe(3)
    expect(await cluster.upgrade(5)).toBe(5)
    expect(await cluster.invoke('a')).toBe('a/5')
    await cluster.settled()
    expect(states(cluster)).toEqual(Array(3).fill({ form: 5, entries: ['a/5'] }))
  })

  it('comes back with the version that was active, from its log and from a snapshot', async () => {
    const cluster = found()
    await rollOut(cluster, 2)
    await cluster.invoke('a')
    await cluster.upgrade()
    await cluster.invoke('b')
    await cluster.settled()
    cluster.member(0).snapshot()
    await cluster.advance(SECOND)
    for (const member of cluster.members) member.crash()
    for (const member of cluster.members) member.restart()
    expect(await cluster.invoke('c')).toBe('c/2')
    await cluster.settled()
    expect(states(cluster)).toEqual(Array(3).fill({ form: 2, entries: ['a/1', 'b/2', 'c/2'] }))
  })

  it('executes each command once, whatever crashes meanwhile', async () => {
    const cluster = found({ seed: 3 })
    await rollOut(cluster, 2)
    const entries = Array.from({ length: 40 }, (_, at) => `${at}`)
    const written = entries.slice(0, 20).map((entry) => cluster.invoke(entry))
    const upgraded = cluster.upgrade()
    written.push(...entries.slice(20).map((entry) => cluster.invoke(entry)))
    await cluster.advance(1_000)
    cluster.leader?.crash()
    expect(await upgraded).toBe(2)
    const outputs = await Promise.all(written)
    for (const member of cluster.members) member.restart()
    await cluster.settled()
    expect([...(await cluster.query('entries'))].sort()).toEqual(outputs.sort())
    expect(outputs.map((output) => output.split('/')[0])).toEqual(entries.sort())
  })

  it('tells a codec of states which version it has before it', async () => {
    const seen: string[] = []
    const snapshots = {
      encode: (state: Journal, version: number) => {
        seen.push(`encodes ${version}`)
        return new TextEncoder().encode(JSON.stringify(state))
      },
      decode: (bytes: Uint8Array, version: number): Journal => {
        seen.push(`decodes ${version}`)
        return JSON.parse(new TextDecoder().decode(bytes))
      },
    }
    const cluster = new TestCluster({ machine: { ...journal(1), snapshots } })
    const member = cluster.member(0)
    const again = async (version?: number) => {
      await cluster.settled()
      member.snapshot()
      await cluster.settled()
      member.crash()
      member.restart(version === undefined ? {} : { machine: { ...journal(version), snapshots } })
    }
    await cluster.invoke('a')
    await again(2)
    await cluster.invoke('b')
    await cluster.upgrade()
    await again()
    expect(await cluster.query('entries')).toEqual(['a/1', 'b/1'])
    expect(seen).toEqual(['encodes 1', 'decodes 1', 'encodes 2', 'decodes 2'])
  })
})

describe('a cluster that begins with a later version', () => {
  it('has it active at once, with the state that the migrations make', async () => {
    const cluster = found({ version: 3 })
    expect(cluster.version).toBe(3)
    expect(await cluster.invoke('a')).toBe('a/3')
    await cluster.settled()
    expect(states(cluster)).toEqual(Array(3).fill({ form: 3, entries: ['a/3'] }))
  })

  it('has no place for a member with an older program', async () => {
    const cluster = found({ version: 3 })
    cluster.member(1).crash()
    cluster.member(1).restart({ machine: journal(2) })
    await cluster.advance(SECOND)
    expect(cluster.member(1).isUp).toBe(false)
    expect(cluster.member(1).failure).toEqual(new MachineOutdated(3, 2))
  })
})

describe('an upgrade', () => {
  const refused = (cluster: Cluster, to: number) =>
    cluster.upgrade(to).then(
      () => 'upgraded',
      (error: unknown) => (error instanceof UpgradeRefused ? error.message : error),
    )

  it('to a version that is active, or was, is refused', async () => {
    const cluster = found({ version: 2 })
    expect(await refused(cluster, 2)).toBe(
      'An upgrade goes to a higher version of the machine, and 2 is not above 2.',
    )
    expect(await refused(cluster, 1)).toContain('1 is not above 2')
    expect(await cluster.invoke('a')).toBe('a/2')
  })

  it('to a version that the leader does not know is refused, whoever else does', async () => {
    const cluster = found()
    await lead(cluster, 2)
    await rollOut(cluster, 2, [2])
    expect(await refused(cluster, 2)).toMatch(
      /^Member \d leads, and its program knows no version of the machine above 1: start every member/,
    )
    expect(await cluster.invoke('a')).toBe('a/1')
  })

  it('is carried out once when two ask for it', async () => {
    const cluster = found()
    await rollOut(cluster, 3)
    const asked = await Promise.allSettled([cluster.upgrade(2), cluster.upgrade(2), cluster.upgrade(3)])
    expect(asked.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected', 'rejected'])
    expect(await refused(cluster, 1)).toContain('is not above')
  })

  it('whose migration throws is refused, and nothing has changed', async () => {
    const cluster = found()
    await cluster.invoke('a')
    const migrate = () => {
      throw new Error('there is no room')
    }
    for (const id of [0, 1, 2]) {
      cluster.member(id).crash()
      cluster.member(id).restart({ machine: { ...journal(2), migrate } })
      await cluster.settled()
    }
    expect(await refused(cluster, 2)).toBe(
      'The state cannot be migrated from version 1 to 2: there is no room',
    )
    expect(await cluster.invoke('b')).toBe('b/1')
    await cluster.settled()
    expect(states(cluster)).toEqual(Array(3).fill(['a/1', 'b/1']))
  })
})

describe('a member with the old program', () => {
  /** Members 0 and 1 have version 2, and it is active; member 2 has not heard of it. */
  async function forgetting(options: { logBytes?: number } = {}) {
    const cluster = found(options)
    await cluster.invoke('a')
    await lead(cluster, 2)
    await rollOut(cluster, 2, [0, 1])
    await lead(cluster, 2)
    return cluster
  }

  const SENTENCE =
    'Version 2 of the machine is active, and this program knows none above 1: start this member again with a program that knows version 2.'

  it('stops before the upgrade, and says what it needs; the others go on', async () => {
    const cluster = await forgetting()
    await cluster.upgrade()
    expect(await cluster.invoke('b')).toBe('b/2')
    await cluster.settled()
    expect(cluster.members.map(({ isUp }) => isUp)).toEqual([true, true, false])
    expect(cluster.member(2).failure).toBeInstanceOf(MachineOutdated)
    expect(cluster.member(2).failure?.message).toBe(SENTENCE)
    expect(cluster.member(0).failure).toBeNull()
  })

  it('leaves whoever asked it without an answer', async () => {
    const cluster = await forgetting()
    cluster.partition([0, 1], [2])
    await cluster.upgrade()
    const asked = cluster.member(2).invoke('b')
    cluster.heal()
    await expect(asked).rejects.toThrow(new OutcomeUnknown('Member 2 stopped before the answer came.'))
  })

  it('stops in every start, until it is given the new program', async () => {
    const cluster = await forgetting()
    await cluster.upgrade()
    await cluster.invoke('b')
    await cluster.settled()
    for (const _ of [1, 2]) {
      cluster.member(2).restart()
      await cluster.advance(SECOND)
      expect(cluster.member(2).failure?.message).toBe(SENTENCE)
    }
    cluster.member(2).restart({ machine: journal(2) })
    await cluster.settled()
    expect(cluster.member(2).failure).toBeNull()
    expect(states(cluster)).toEqual(Array(3).fill({ form: 2, entries: ['a/1', 'b/2'] }))
  })

  it.each([
    ['the log', 100_000],
    ['a snapshot', 100],
  ])('that was away catches up by %s, once it has the new program', async (_, logBytes) => {
    const cluster = await forgetting({ logBytes })
    cluster.partition([0, 1], [2])
    await cluster.upgrade()
    for (let at = 0; at < 30; at++) await cluster.invoke(`${at}`)
    cluster.heal()
    await cluster.advance(3 * SECOND)
    expect(cluster.member(2).failure?.message).toBe(SENTENCE)
    cluster.member(2).restart({ machine: journal(2) })
    await cluster.settled()
    const entries = ['a/1', ...Array.from({ length: 30 }, (_, at) => `${at}/2`)]
    expect(states(cluster)).toEqual(Array(3).fill({ form: 2, entries }))
  })

  it('that starts from a snapshot of a newer version than it knows stops, and loses nothing', async () => {
    const cluster = found()
    await rollOut(cluster, 2)
    await cluster.upgrade()
    await cluster.invoke('a')
    await cluster.settled()
    const member = cluster.member(1)
    member.snapshot()
    await cluster.settled()
    member.crash()
    member.restart({ machine: journal(1) })
    await cluster.advance(SECOND)
    expect(member.failure?.message).toBe(SENTENCE)
    member.restart({ machine: journal(2) })
    expect(await member.invoke('b')).toBe('b/2')
    await cluster.settled()
    expect(states(cluster)).toEqual(Array(3).fill({ form: 2, entries: ['a/2', 'b/2'] }))
  })

  it('stops with the others where most were forgotten; all go on when they are given the new program', async () => {
    const cluster = found()
    await cluster.invoke('a')
    const leader = cluster.leader?.id ?? 0
    cluster.member(leader).crash()
    cluster.member(leader).restart({ machine: journal(2) })
    await cluster.settled()
    for (const other of [0, 1, 2].filter((id) => id !== leader)) {
      if (cluster.leader?.id === leader) break
      cluster.member(other).crash()
      await cluster.advance(3 * SECOND)
      cluster.member(other).restart()
      await cluster.settled()
    }
    expect(cluster.leader?.id).toBe(leader)
    const upgraded = cluster.upgrade()
    await cluster.advance(10 * SECOND)
    const stopped = cluster.members.filter(({ failure }) => failure !== null)
    expect(stopped).toHaveLength(2)
    for (const member of stopped) member.restart({ machine: journal(2) })
    expect(await upgraded).toBe(2)
    expect(await cluster.invoke('b')).toBe('b/2')
    await cluster.settled()
    expect(states(cluster)).toEqual(Array(3).fill({ form: 2, entries: ['a/1', 'b/2'] }))
  })
})

describe('commands, upgrades, crashes and new programs in any order', () => {
  const NEWEST = 3
  const member = fc.nat(2)
  const act = fc.oneof(
    { weight: 6, arbitrary: fc.record({ type: fc.constant('invoke' as const) }) },
    { weight: 3, arbitrary: fc.record({ type: fc.constant('upgrade' as const) }) },
    {
      weight: 3,
      arbitrary: fc.record({
        type: fc.constant('renew' as const),
        member,
        version: fc.integer({ min: 1, max: NEWEST }),
      }),
    },
    { weight: 1, arbitrary: fc.record({ type: fc.constant('snapshot' as const), member }) },
    {
      weight: 4,
      arbitrary: fc.record({
        type: fc.constant('wait' as const),
        micros: fc.integer({ min: 0, max: 2_000_000 }),
      }),
    },
  )

  it('leave every member with the same state, in which each command is once, under one version everywhere', async () => {
    const everySeed = fc.record({
      seed: fc.nat(1_000),
      logBytes: fc.constantFrom(60, 100_000),
      acts: fc.array(act, { minLength: 5, maxLength: 40 }),
    })
    let upgrades = 0
    let stops = 0
    await fc.assert(
      fc.asyncProperty(everySeed, async ({ seed, logBytes, acts }) => {
        /** Under which version an entry was written, on any member in any life. */
        const under = new Map<string, number>()
        const watched = (version: number) => {
          const machine = journal(version)
          const apply: typeof machine.apply = (state, entry, context) => {
            const before = under.get(entry) ?? context.version
            if (before !== context.version)
              throw new TypeError(`${entry} in ${before} and in ${context.version}`)
            under.set(entry, context.version)
            return machine.apply(state, entry, context)
          }
          return { ...machine, apply }
        }
        const cluster = new TestCluster({ machine: watched(1), members: 3, seed, settings: { logBytes } })
        const invoked: Promise<string>[] = []
        const asked: Promise<number | null>[] = []
        for (const each of acts) {
          if (each.type === 'invoke') invoked.push(cluster.invoke(`${invoked.length}`))
          else if (each.type === 'upgrade') asked.push(cluster.upgrade().catch(() => null))
          else if (each.type === 'wait') await cluster.advance(each.micros)
          else if (each.type === 'snapshot') cluster.member(each.member).snapshot()
          else {
            cluster.member(each.member).crash()
            cluster.member(each.member).restart({ machine: watched(each.version) })
          }
          for (const { failure, id } of cluster.members) {
            if (failure === null) continue
            stops += 1
            if (id !== 0) cluster.member(id).restart({ machine: watched(NEWEST) })
          }
        }
        for (const each of cluster.members) {
          each.crash()
          each.restart({ machine: watched(NEWEST) })
        }
        const outputs = await Promise.all(invoked)
        for (const version of await Promise.all(asked)) if (version !== null) upgrades += 1
        await cluster.settled()
        const entries = await cluster.query('entries')
        expect([...entries].sort()).toEqual(outputs.sort())
        expect(outputs).toHaveLength(invoked.length)
        const versions = entries.map((entry) => Number(entry.split('/')[1]))
        expect(versions).toEqual(versions.toSorted((a, b) => a - b))
      }),
      { numRuns: 60 },
    )
    expect(upgrades).toBeGreaterThan(0)
    expect(stops).toBeGreaterThan(0)
  })
})
