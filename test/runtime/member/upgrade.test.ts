// Another version of the machine, on real members: each gets the new program in its turn, a decree activates the version
// on all of them in the same slot, and that outlasts restarts.

import { expect, test } from 'vitest'
import { MachineOutdated, UpgradeRefused } from '../../../src/paxos/index.js'
import { counter, rejection, startCluster } from './started.js'

/** From version 2 on, each command counts ten times as much. The state has another form. */
const tenfold = {
  ...counter,
  version: 2,
  initial: () => 0,
  migrate: (sum: number) => sum + 1_000,
  apply: (sum: number, by: number, { version }: { readonly version: number }): [number, number] => {
    const next = sum + (version === 1 ? by : 10 * by)
    return [next, next]
  },
}

test('a decree activates the next version on every member, after all have the program', async () => {
  const cluster = await startCluster()
  const [a] = cluster.all
  expect(await a?.invoke(1)).toBe(1)
  expect(await rejection(cluster.get('b').upgrade(2))).toBeInstanceOf(UpgradeRefused)

  for (const id of ['a', 'b', 'c']) {
    await cluster.get(id).close()
    const member = await cluster.start(id, { machine: tenfold })
    await member.invoke(1)
    expect(member.version).toBe(1)
  }
  expect(await cluster.get('b').upgrade()).toBe(2)
  expect(await cluster.get('b').invoke(1)).toBe(4 + 1_000 + 10)
  for (const member of cluster.all) {
    expect(await member.query((sum) => sum)).toBe(1_014)
    expect(member.version).toBe(2)
  }

  await cluster.get('c').close()
  const again = await cluster.start('c', { machine: tenfold })
  expect(await again.query((sum) => sum)).toBe(1_014)
  await again.close()
  const forgotten = await cluster.start('c').catch((error: unknown) => error)
  const error = forgotten instanceof Error ? forgotten : await cluster.get('c').ended
  expect(error).toBeInstanceOf(MachineOutdated)
  expect(await cluster.get('a').invoke(1)).toBe(1_024)
})
