// The cluster that an application's own tests run against: what it answers, what may befall it, and that time is
// nobody's but its own.

import { describe, expect, it, vi } from 'vitest'
import { defineMachine } from '../../src/paxos/index.js'
import {
  ClusterClosed,
  CommandFailed,
  MemberDown,
  NotSettled,
  OutcomeUnknown,
  Overloaded,
  StatesDiffer,
  TestCluster,
} from '../../src/testing/index.js'
import { counter, lock } from './machines.js'

const SECOND = 1_000_000

const THREE = { machine: counter, members: 3 }

const add = (cluster: Pick<TestCluster<number, { add: number }, number>, 'invoke'>, amount: number) =>
  cluster.invoke({ add: amount })

describe.each([1, 3, 5])('a cluster of %i', (members) => {
  it('executes commands one after the other, and answers queries', async () => {
    const cluster = new TestCluster({ machine: counter, members })
    expect(await add(cluster, 1)).toBe(1)
    expect(await add(cluster, 2)).toBe(3)
    expect(await cluster.query('count')).toBe(3)
  })

  it('comes to the same state on every member', async () => {
    const cluster = new TestCluster({ machine: counter, members })
    await add(cluster, 5)
    await cluster.settled()
    expect(cluster.members.map(({ id }) => cluster.state(id))).toEqual(Array(members).fill(5))
  })

  it('executes what is asked in one tick together: each once', async () => {
    const cluster = new TestCluster({ machine: counter, members })
    const totals = await Promise.all(Array.from({ length: 400 }, () => add(cluster, 1)))
    expect(totals.sort((a, b) => a - b)).toEqual(Array.from({ length: 400 }, (_, at) => at + 1))
    expect(cluster.nowMicros).toBeLessThan(SECOND)
  })

  it('tells what the machine threw, and keeps the state', async () => {
    const cluster = new TestCluster({ machine: counter, members })
    await add(cluster, 1)
    await expect(add(cluster, -1)).rejects.toThrow(new CommandFailed('cannot add -1'))
    expect(await cluster.query('count')).toBe(1)
  })

  it('goes on where it was when all its members have crashed and started again', async () => {
    const cluster = new TestCluster({ machine: counter, members })
    await add(cluster, 1)
    for (const member of cluster.members) member.crash()
    for (const member of cluster.members) member.restart()
    expect(await add(cluster, 1)).toBe(2)
  })

  it('starts again from a snapshot, by the codec of the machine', async () => {
    let decoded = 0
    const snapshots = {
      encode: (count: number) => Uint8Array.of(count),
      decode: (bytes: Uint8Array) => {
        decoded += 1
        return bytes[0] ?? 0
      },
    }
    const cluster = new TestCluster({ machine: { ...counter, snapshots }, members })
    await add(cluster, 7)
    await cluster.settled()
    for (const member of cluster.members) member.snapshot()
    await cluster.advance(SECOND)
    for (const member of cluster.members) member.crash()
    for (const member of cluster.members) member.restart()
    expect(await add(cluster, 1)).toBe(8)
    await cluster.settled()
    expect(decoded).toBe(members)
  })
})

describe('a lock with a time to live', () => {
  it('is free again when virtual time is over it', async () => {
    const cluster = new TestCluster({ machine: lock, members: 3 })
    const acquire = (who: string) => cluster.invoke({ who, forMicros: 10 * SECOND })
    expect(await acquire('Ada')).toBe('Ada')
    expect(await acquire('Bob')).toBe('Ada')
    await cluster.advance(9 * SECOND)
    expect(await acquire('Bob')).toBe('Ada')
    await cluster.advance(SECOND)
    expect(await acquire('Bob')).toBe('Bob')
  })

  it('keeps its time when the leader changes', async () => {
    const cluster = new TestCluster({ machine: lock, members: 3 })
    const acquire = (who: string) => cluster.invoke({ who, forMicros: 10 * SECOND })
    await acquire('Ada')
    cluster.leader?.crash()
    expect(await acquire('Bob')).toBe('Ada')
    await cluster.advance(10 * SECOND)
    expect(await acquire('Bob')).toBe('Bob')
  })
})

describe('when the leader crashes', () => {
  it('what was asked of the cluster is executed once all the same, at any moment of the crash', async () => {
    for (let micros = 0; micros < 6_000; micros += 250) {
      const cluster = new TestCluster({ ...THREE, seed: micros })
      await add(cluster, 1)
      const total = add(cluster, 1)
      await cluster.advance(micros)
      cluster.leader?.crash()
      expect(await total).toBe(2)
      expect(await add(cluster, 1)).toBe(3)
    }
  })

  it('another leads, and the one that comes back catches up', async () => {
    const cluster = new TestCluster(THREE)
    const first = cluster.leader
    first?.crash()
    expect(first?.isUp).toBe(false)
    await add(cluster, 1)
    expect(cluster.leader?.isUp).toBe(true)
    expect(cluster.leader).not.toBe(first)
    first?.restart()
    await cluster.settled()
    expect(cluster.state(first?.id ?? -1)).toBe(1)
  })

  it('who asked it and nobody else does not know the outcome', async () => {
    const cluster = new TestCluster(THREE)
    const { leader } = cluster
    const asked = leader?.invoke({ add: 1 })
    leader?.crash()
    const crashed = new OutcomeUnknown(`Member ${leader?.id} crashed before the answer came.`)
    await expect(asked).rejects.toThrow(crashed)
    await expect(leader?.invoke({ add: 1 })).rejects.toThrow(MemberDown)
    await expect(leader?.query('count')).rejects.toThrow(MemberDown)
    expect(() => cluster.state(leader?.id ?? -1)).toThrow(MemberDown)
  })

  it('a second crash or start of the same member does nothing', async () => {
    const cluster = new TestCluster(THREE)
    const member = cluster.member(2)
    member.crash()
    member.crash()
    member.restart()
    const asked = member.invoke({ add: 1 })
    member.restart()
    expect(await asked).toBe(1)
  })
})

describe('a partition', () => {
  it('leaves the cluster working as long as most members are together', async () => {
    const cluster = new TestCluster(THREE)
    const old = cluster.leader?.id ?? -1
    const others = [0, 1, 2].filter((id) => id !== old)
    cluster.partition([old], others)
    expect(await add(cluster, 1)).toBe(1)
    expect(others).toContain(cluster.leader?.id)
    await expect(cluster.member(old).query('count', { consistency: 'stale' })).resolves.toBe(0)
    cluster.heal()
    await cluster.settled()
    expect(cluster.state(old)).toBe(1)
  })

  it('keeps a member alone from answering; a linearizable read too', async () => {
    const cluster = new TestCluster({ ...THREE, timeoutMicros: SECOND })
    cluster.partition([0, 1]) // and 2 alone
    await expect(cluster.member(2).invoke({ add: 1 })).rejects.toThrow(OutcomeUnknown)
    await expect(cluster.member(2).query('count')).rejects.toThrow(
      'No answer came within 1000000 microseconds.',
    )
    expect(await cluster.query('count')).toBe(0)
  })

  it('of everybody from everybody ends every wait, and what was asked may be executed later', async () => {
    const cluster = new TestCluster(THREE)
    cluster.partition()
    const before = cluster.nowMicros
    await expect(add(cluster, 1)).rejects.toThrow(OutcomeUnknown)
    expect(cluster.nowMicros - before).toBe(60 * SECOND)
    await expect(cluster.settled()).rejects.toThrow(NotSettled)
    cluster.heal()
    await cluster.settled()
    expect(await add(cluster, 1)).toBe(2)
  })

  const slow = async () => {
    const cluster = new TestCluster({ ...THREE, latencyMicros: 50_000 })
    const { leader } = cluster
    if (leader === null) throw new Error('Nobody leads.')
    await leader.invoke({ add: 1 })
    await cluster.settled()
    return { cluster, leader }
  }

  it('loses what is on its way when it begins', async () => {
    const { cluster, leader } = await slow()
    const asked = leader.invoke({ add: 1 })
    await cluster.advance(50_150) // the votes are on their way back
    cluster.partition()
    await cluster.advance(60_000)
    expect(cluster.state(leader.id)).toBe(1)
    cluster.heal()
    expect(await asked).toBe(2)
  })

  it('loses what is sent before it ends', async () => {
    const { cluster, leader } = await slow()
    cluster.partition()
    const asked = leader.invoke({ add: 1 })
    await cluster.advance(1)
    cluster.heal()
    await cluster.advance(120_000) // nothing is sent again so soon
    expect(cluster.state(leader.id)).toBe(1)
    expect(await asked).toBe(2)
  })
})

describe('virtual time', () => {
  it('goes on by exactly as much as it is told', async () => {
    const cluster = new TestCluster(THREE)
    const before = cluster.nowMicros
    await cluster.advance(123_456_789)
    expect(cluster.nowMicros - before).toBe(123_456_789)
  })

  it('does not go on to settle what is settled', async () => {
    const cluster = new TestCluster(THREE)
    await add(cluster, 1)
    await cluster.settled()
    const before = cluster.nowMicros
    await cluster.settled()
    expect(cluster.nowMicros).toBe(before)
  })

  it('stands still while nobody waits', async () => {
    const cluster = new TestCluster(THREE)
    await add(cluster, 1)
    const before = cluster.nowMicros
    for (let turn = 0; turn < 1_000; turn++) await null
    expect(cluster.nowMicros).toBe(before)
  })

  it('is the same, and so is every answer, for the same program and seed', async () => {
    const play = async (seed: number) => {
      const cluster = new TestCluster({ ...THREE, seed })
      const story: unknown[] = []
      const tell = async (what: Promise<unknown>) => {
        const told = await what.catch(String)
        story.push([told, cluster.nowMicros, cluster.leader?.id])
      }
      await Promise.all(Array.from({ length: 20 }, (_, at) => tell(add(cluster, at - 1))))
      cluster.leader?.crash()
      await Promise.all([tell(add(cluster, 100)), tell(cluster.query('count')), tell(cluster.advance(5_000))])
      await tell(cluster.settled())
      return story
    }
    expect(await play(1)).toEqual(await play(1))
    expect(await play(1)).not.toEqual(await play(2))
  })

  it('is not that of the host, whose timers a test may fake', async () => {
    vi.useFakeTimers({
      toFake: ['setTimeout', 'setInterval', 'setImmediate', 'queueMicrotask', 'Date'],
    })
    try {
      const cluster = new TestCluster(THREE)
      expect(await add(cluster, 1)).toBe(1)
      await cluster.advance(SECOND)
    } finally {
      vi.useRealTimers()
    }
  })

  it('leaves no timer, no handle and no listener behind', async () => {
    const before = [process.getActiveResourcesInfo().length, process.eventNames().length]
    const cluster = new TestCluster(THREE)
    await add(cluster, 1)
    const asked = add(cluster, 1)
    expect([process.getActiveResourcesInfo().length, process.eventNames().length]).toEqual(before)
    await asked
  })
})

describe('the end', () => {
  it('waits for what was asked, and lets nothing more be asked', async () => {
    const cluster = new TestCluster(THREE)
    const asked = add(cluster, 1)
    const closed = cluster.close()
    await expect(add(cluster, 1)).rejects.toThrow(ClusterClosed)
    await closed
    const after = cluster.nowMicros
    expect(await asked).toBe(1)
    expect(cluster.nowMicros).toBe(after)
    await expect(cluster.query('count')).rejects.toThrow(ClusterClosed)
    await expect(cluster.advance(1)).rejects.toThrow(ClusterClosed)
    await cluster.close()
  })

  it('comes by itself with `await using`', async () => {
    let cluster: TestCluster<number, { add: number }, number, 'count', number>
    {
      await using used = new TestCluster(THREE)
      cluster = used
      expect(await add(used, 1)).toBe(1)
    }
    await expect(add(cluster, 1)).rejects.toThrow(ClusterClosed)
  })
})

describe('mistakes', () => {
  it('a machine that keeps something outside its state is found out', async () => {
    let calls = 0
    const machine = defineMachine({ initial: () => 0, apply: () => [++calls, null] as const })
    const cluster = new TestCluster({ machine, members: 3 })
    await cluster.invoke(null)
    await expect(cluster.settled()).rejects.toThrow(StatesDiffer)
  })

  it('a state that was handed out is a copy', async () => {
    const machine = defineMachine({
      initial: (): string[] => [],
      apply: (names: string[], name: string) => {
        names.push(name)
        return [names, names.length] as const
      },
    })
    const cluster = new TestCluster({ machine })
    await cluster.invoke('Ada')
    cluster.state(0).push('Bob')
    expect(cluster.state(0)).toEqual(['Ada'])
  })

  it('a codec that throws fails what was asked, and nothing hangs', async () => {
    const commands = {
      encode: () => {
        throw new Error('cannot write it')
      },
      decode: () => null,
    }
    const answers = {
      encode: () => new Uint8Array(),
      decode: () => {
        throw new Error('cannot read it')
      },
    }
    const machine = { ...counter, commands, answers }
    const cluster = new TestCluster({ machine })
    await expect(cluster.invoke(null)).rejects.toThrow('cannot write it')
    await expect(cluster.query('count')).rejects.toThrow('cannot read it')
  })

  it('a snapshot that cannot be taken stops nobody: the log is kept instead', async () => {
    const snapshots = {
      encode: (): Uint8Array => {
        throw new Error('cannot take it')
      },
      decode: () => 0,
    }
    const cluster = new TestCluster({ machine: { ...counter, snapshots }, settings: { logBytes: 1 } })
    for (const total of [1, 2, 3]) expect(await add(cluster, 1)).toBe(total)
    expect(cluster.member(0)).toMatchObject({ isUp: true })
  })

  it('an answer that comes at once keeps nobody else from theirs', async () => {
    const cluster = new TestCluster(THREE)
    expect(await cluster.member(0).query('count', { consistency: 'stale' })).toBe(0)
    expect(await add(cluster, 1)).toBe(1)
  })

  it('more than may wait is refused, and never executed', async () => {
    const cluster = new TestCluster({ machine: counter, settings: { queueLimit: 10 } })
    const asked = await Promise.allSettled(Array.from({ length: 15 }, () => add(cluster, 1)))
    const refused = asked.filter(({ status }) => status === 'rejected')
    expect(refused).toHaveLength(5)
    for (const one of refused) expect(one).toMatchObject({ reason: expect.any(Overloaded) })
    expect(await cluster.query('count')).toBe(10)
  })

  it.each([
    [{ members: 0 }, 'members must be a whole number from 1 to 99, and 0 is not.'],
    [{ members: 1.5 }, 'members must be a whole number from 1 to 99, and 1.5 is not.'],
    [{ seed: -1 }, 'seed must be'],
    [{ latencyMicros: 0 }, 'latencyMicros must be'],
    [{ timeoutMicros: Number.NaN }, 'timeoutMicros must be'],
    [{ settings: { alpha: 0 } }, 'The setting alpha must be'],
  ])('%j is refused with a sentence', (options, sentence) => {
    expect(() => new TestCluster({ machine: counter, ...options })).toThrow(sentence)
  })

  it('settings under which nobody can ever lead are refused', () => {
    const settings = { electionTimeoutMicros: 20_000 }
    expect(() => new TestCluster({ ...THREE, latencyMicros: 50_000, settings })).toThrow('comes to lead')
  })

  it('members that are not there are refused', async () => {
    const cluster = new TestCluster(THREE)
    expect(() => cluster.member(3)).toThrow('There is no member 3 among 3.')
    expect(() => cluster.partition([0, 7])).toThrow(RangeError)
    expect(() => cluster.state(-1)).toThrow(RangeError)
    await expect(cluster.advance(-1)).rejects.toThrow(RangeError)
  })
})

describe('types', () => {
  it('are those of the machine', async () => {
    const cluster = new TestCluster(THREE)
    const total: number = await cluster.invoke({ add: 1 })
    const count: number = await cluster.member(0).query('count', { consistency: 'linearizable' })
    const state: number = cluster.state(0)
    expect([total, count, state]).toEqual([1, 1, 1])
    // @ts-expect-error: no command of the machine
    await cluster.invoke({ subtract: 1 }).catch(() => {})
    // @ts-expect-error: no output of the machine
    const text: string = await cluster.invoke({ add: 1 })
    expect(text).not.toBe('1')
    // @ts-expect-error: no query of the machine
    await cluster.query('sum')
    // @ts-expect-error: no consistency
    const weak = { consistency: 'eventual' } satisfies Parameters<typeof cluster.query>[1]
    expect(weak).toBeDefined()
  })

  it('a machine without queries has none to ask', async () => {
    const cluster = new TestCluster({ machine: lock })
    // @ts-expect-error: a lock answers no queries
    await cluster.query('who').catch((error: unknown) => expect(error).toBeInstanceOf(CommandFailed))
  })
})
