// Three members: founding, restarts, leaders that go, members that are exchanged, stores that are not what they were.

import { cpSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { OutcomeUnknown } from '../../../src/paxos/index.js'
import { StoreRefused } from '../../../src/runtime/index.js'
import { Cluster, freeAddress, Notes, newFolder, rejection, start, startCluster } from './started.js'

describe('three members', () => {
  test.for([[['a', 'b', 'c']], [['c', 'b', 'a']], [['b', 'a', 'c']]] as const)(
    'found a cluster, started in the order %j',
    async ([order]) => {
      const { all } = await startCluster({}, order)
      const outputs = await Promise.all(all.map((member) => member.invoke(1)))
      expect([...outputs].sort()).toEqual([1, 2, 3])
      for (const member of all) expect(await member.query((sum) => sum)).toBe(3)
      const clusters = new Set(all.map((member) => member.status().cluster))
      expect(clusters.size).toBe(1)
    },
  )

  test('go on when one is closed, and it catches up when it is back', async () => {
    const cluster = await startCluster()
    await cluster.get('b').invoke(1)
    await cluster.get('c').close()
    expect(await cluster.get('b').invoke(1)).toBe(2)
    const again = await cluster.start('c')
    expect(await again.query((sum) => sum)).toBe(2)
    expect(await again.invoke(1)).toBe(3)
  })

  test('have another leader at once when theirs is closed', async () => {
    const cluster = await startCluster({ settings: { electionTimeoutMicros: 10_000_000 } })
    const leader = await cluster.leader()
    const others = cluster.all.filter((member) => member !== leader)
    await leader.close() // had it not handed over, nobody would lead for ten seconds
    const [other] = others
    expect(await other?.invoke(1)).toBe(1)
    expect(others.map((member) => member.number)).toContain(other?.leader)
  })

  test('have the leader that they are told to have', async () => {
    const cluster = await startCluster()
    const leader = await cluster.leader()
    const next = cluster.all.find((member) => member !== leader)
    leader.transfer(next?.number)
    for (;;) {
      const now = await cluster.leader()
      if (now === next) break
    }
    expect(await leader.invoke(1)).toBe(1)
  })

  test('are all restarted at once, and have all that was acknowledged', async () => {
    const cluster = await startCluster()
    await Promise.all(Array.from({ length: 100 }, () => cluster.get('a').invoke(1)))
    await Promise.all(cluster.all.map((member) => member.close()))
    await Promise.all(['a', 'b', 'c'].map((id) => cluster.start(id)))
    for (const member of cluster.all) expect(await member.query((sum) => sum)).toBe(100)
  })

  test('trim their logs, and who was away for long gets a snapshot and misses decisions', async () => {
    const cluster = await startCluster({ settings: { logBytes: 2_000 } })
    await cluster.get('a').invoke(1)
    await cluster.get('c').close()
    for (let count = 0; count < 200; count++) await cluster.get('a').invoke(1)
    const again = await cluster.start('c')
    const decisions = again.decisions()
    expect(await again.query((sum) => sum)).toBe(201)
    const error = await rejection(
      (async () => {
        for await (const _ of decisions);
      })(),
    )
    expect(error).toMatchObject({ name: 'DecisionsMissed' })
  })

  test('let functions of the state run where they are asked, on a state that is fresh', async () => {
    const cluster = await startCluster()
    for (const [at, member] of cluster.all.entries()) {
      await member.invoke(1)
      const other = cluster.all[(at + 1) % 3]
      expect(await other?.query((sum) => [sum])).toEqual([at + 1])
    }
  })
})

describe('a change', () => {
  test('admits a member that joins, and removes one, which ends by itself', async () => {
    const cluster = await startCluster()
    await cluster.get('a').invoke(1)
    const joining = await start({ id: 'd', join: cluster.addresses, listen: await freeAddress() })
    expect(joining.number).toBe(3)
    const { version, voters } = latestOf(cluster.get('a'))
    const newcomer = { member: joining.number, store: joining.status().store }
    expect(await cluster.get('a').change(version, [...voters, newcomer])).toBe(version + 1)
    expect(await joining.query((sum) => sum)).toBe(1)

    const left = [...voters, newcomer].filter(({ member }) => member !== cluster.get('b').number)
    expect(await joining.change(version + 1, left)).toBe(version + 2)
    expect(await cluster.get('b').ended).toBeNull()
    expect(await joining.invoke(1)).toBe(2)
  })

  test('admits two that asked to join at the same time: each was given a number of its own', async () => {
    const cluster = await startCluster()
    await cluster.get('a').invoke(1)
    const join = [cluster.endpoints['a'] ?? '']
    const places = [await freeAddress(), await freeAddress()]
    const newcomers = await Promise.all(places.map((listen, at) => start({ id: `new-${at}`, join, listen })))
    const joining = newcomers.map((newcomer) => ({ member: newcomer.number, store: newcomer.status().store }))
    expect(joining.map(({ member }) => member).sort()).toEqual([3, 4])
    const { version, voters } = latestOf(cluster.get('a'))
    await cluster.get('a').change(version, [...voters, ...joining])
    for (const newcomer of newcomers) expect(await newcomer.query((sum) => sum)).toBe(1)
  })

  test('removes a member that is away: it ends when it is back', async () => {
    const cluster = await startCluster()
    await cluster.get('a').invoke(1)
    await cluster.get('c').close()
    const { version, voters } = latestOf(cluster.get('a'))
    const left = voters.filter(({ member }) => member !== 2)
    expect(await cluster.get('b').change(version, left)).toBe(version + 1)
    expect(await cluster.get('a').invoke(1)).toBe(2)
    const back = await cluster.start('c')
    expect(await back.ended).toBeNull()
    expect(cluster.get('a').status().endpoints).not.toHaveProperty('2')
  })

  test('replaces a member in one step; the new one works when all that was there at first is restarted', async () => {
    const cluster = await startCluster()
    const data = newFolder()
    const listen = await freeAddress()
    await cluster.get('a').invoke(1)
    await cluster.get('c').close()
    const joining = await start({ id: 'd', data, join: cluster.addresses, listen })
    const { version, voters } = latestOf(cluster.get('a'))
    const others = voters.filter(({ member }) => member !== 2)
    await cluster.get('b').change(version, [...others, { member: 3, store: joining.status().store }])
    await joining.close()
    expect(await cluster.get('a').invoke(1)).toBe(2)
    const again = await start({ id: 'd', data, join: cluster.addresses, listen })
    await cluster.get('a').close()
    expect(await again.invoke(1)).toBe(3)
  })

  test('of an old version is refused, and says which it is', async () => {
    const cluster = await startCluster()
    const { version, voters } = latestOf(await cluster.leader())
    const error = await rejection(cluster.get('b').change(version + 5, voters))
    expect(error).toMatchObject({ name: 'ChangeRefused' })
    expect(error.message).not.toBe('')
  })
})

describe('a store that is not what it was', () => {
  test('under the name of a member: blank, it ends, and says how it is replaced', async () => {
    const cluster = await startCluster()
    await cluster.get('a').invoke(1)
    await cluster.get('b').close()
    rmSync(cluster.data('b'), { recursive: true })
    const logger = new Notes()
    const blank = await cluster.start('b', { logger })
    const asked = rejection(blank.invoke(1))
    const error = await blank.ended
    expect(error).toBeInstanceOf(StoreRefused)
    expect(error).toMatchObject({ reason: 'turned-away' })
    expect(error?.message).toMatch(/start a member with an empty folder and `join`/)
    expect(await asked).toBeInstanceOf(OutcomeUnknown)
    await logger.line(/with another store/)
    expect(await cluster.get('a').invoke(1)).toBe(2)
  })

  test('under the name of the member that founds: blank, it ends, and says how it is replaced', async () => {
    const cluster = await startCluster()
    await cluster.get('c').invoke(1)
    await cluster.get('a').close()
    rmSync(cluster.data('a'), { recursive: true })
    const blank = await cluster.start('a')
    const error = await blank.ended
    expect(error).toBeInstanceOf(StoreRefused)
    expect(error?.message).toMatch(/belong to a cluster already, and the store of member a is empty/)
    expect(error?.message).toMatch(/start a member with an empty folder and `join`/)
    expect(await cluster.get('c').invoke(1)).toBe(2)
  })

  test('put back to an earlier state, it ends, at every start', async () => {
    const cluster = await startCluster()
    const copy = newFolder()
    await cluster.get('b').invoke(1)
    await cluster.get('b').close()
    cpSync(cluster.data('b'), copy, { recursive: true })
    await voteAgain(await cluster.start('b'))
    const sum = await cluster.get('b').query((all) => all)
    await cluster.get('b').close()
    rmSync(cluster.data('b'), { recursive: true })
    cpSync(copy, cluster.data('b'), { recursive: true })
    const rolled = await cluster.start('b')
    // It passes on what it is asked until the others have told it.
    const asking = async (): Promise<never> => {
      for (;;) await rolled.invoke(0)
    }
    const asked = rejection(asking())
    const error = await rolled.ended
    expect(error).toMatchObject({ name: 'StoreRefused', reason: 'rolled-back' })
    expect(error?.message).toMatch(/put back to an earlier state.*`join`/)
    expect(['OutcomeUnknown', 'Closed']).toContain((await asked).name)
    expect(await rejection(cluster.start('b'))).toMatchObject({ name: 'StoreRefused', reason: 'rolled-back' })
    expect(await cluster.get('a').invoke(1)).toBe(sum + 1)
  })

  test('of another cluster: neither side takes the other for its own, and both say so', async () => {
    const logger = new Notes()
    const ours = await startCluster({ logger })
    const theirs = await startCluster()
    await Promise.all([ours, theirs].map((cluster) => cluster.get('a').invoke(1)))
    await ours.get('b').close()
    await theirs.get('b').close()
    rmSync(ours.data('b'), { recursive: true })
    cpSync(theirs.data('b'), ours.data('b'), { recursive: true })
    rmSync(join(ours.data('b'), 'member.json')) // it names the addresses of the others
    const own = new Notes()
    const swapped = await ours.start('b', { logger: own })
    const asked = rejection(swapped.invoke(1, { timeoutMillis: 200 }))
    await own.line(/cluster/)
    await logger.line(/cluster/)
    expect(await asked).toBeInstanceOf(OutcomeUnknown)
    expect(await ours.get('a').invoke(1)).toBe(2)
  })

  test('of another member, without a note: it ends, or never starts', async () => {
    const cluster = await startCluster()
    await cluster.get('a').invoke(1)
    await cluster.get('b').close()
    await cluster.get('c').close()
    rmSync(cluster.data('b'), { recursive: true })
    cpSync(cluster.data('c'), cluster.data('b'), { recursive: true })
    const error = await rejection(cluster.start('b'))
    expect(error.message).toMatch(/belongs to member c, and this is b/)
  })
})

/** Waits until the member votes, and others know that its store has vouched for more than before. */
async function voteAgain(member: Awaited<ReturnType<typeof start>>): Promise<void> {
  while (!member.status().voting) await member.invoke(1)
  const { recordsDurable } = member.core.node
  while (member.core.node.recordsDurable < recordsDurable + 5) await member.invoke(1)
}

function latestOf(member: Awaited<ReturnType<typeof start>>): {
  readonly version: number
  readonly voters: readonly { readonly member: number; readonly store: number }[]
} {
  const { latest } = member.status()
  if (latest === null) throw new Error('It knows no configuration.')
  return latest
}

test('an address that somebody else has is told, and the others found the cluster when it is free', async () => {
  const endpoints = { a: await freeAddress(), b: await freeAddress() }
  const cluster = new Cluster(endpoints, {})
  const taken = await start({ listen: endpoints.b })
  await cluster.start('a')
  expect(await rejection(cluster.start('b'))).toMatchObject({ name: 'CannotListen' })
  await taken.close()
  const b = await cluster.start('b')
  expect(await b.invoke(1)).toBe(1)
})
