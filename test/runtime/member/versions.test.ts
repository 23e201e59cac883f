// Two neighbouring versions of Synod run together: members are restarted with the next one, one after the other. The next
// version of the wire is injected, since there is none yet.

import { expect, test } from 'vitest'
import { VERSIONS } from '../../../src/runtime/transport/handshake.js'
import { type CounterMember, connect, Notes, startCluster } from './started.js'

const next = { versions: { lowest: VERSIONS.lowest, highest: VERSIONS.highest + 1 } }
const afterNext = { versions: { lowest: VERSIONS.highest + 1, highest: VERSIONS.highest + 2 } }

/** The versions that it speaks with the others. */
function spoken({ core }: CounterMember): readonly number[] {
  const members = (core.transport?.connections ?? []).filter(({ store }) => store !== 0)
  return [...new Set(members.map(({ version }) => version))].sort()
}

test('members are upgraded one after the other, and a client counts exactly all the while', async () => {
  const cluster = await startCluster()
  const client = await connect(cluster.addresses)
  let sum = 0
  const count = async (): Promise<void> => {
    for (let at = 0; at < 20; at++) expect(await client.invoke(1)).toBe(++sum)
  }
  await count()
  for (const id of ['a', 'b', 'c']) {
    await cluster.get(id).close()
    const member = await cluster.start(id, { between: next })
    await count()
    expect(await member.query((seen) => seen)).toBe(sum)
  }
  for (const member of cluster.all) expect(spoken(member)).toEqual([VERSIONS.highest + 1])
})

test('an old member and a new one speak the version of the old one', async () => {
  const cluster = await startCluster()
  await cluster.get('a').invoke(1)
  await cluster.get('c').close()
  const newer = await cluster.start('c', { between: next })
  expect(await newer.invoke(1)).toBe(2)
  expect(spoken(newer)).toEqual([VERSIONS.highest])
})

test('a member that is too new for the others says so, and they go on', async () => {
  const cluster = await startCluster()
  await cluster.get('a').invoke(1)
  await cluster.get('c').close()
  const logger = new Notes()
  const tooNew = await cluster.start('c', { between: afterNext, logger })
  expect(await logger.line(/speaks versions/)).toMatch(/upgrade the older one\.$/)
  expect(await cluster.get('a').invoke(1)).toBe(2)
  expect(spoken(tooNew)).toEqual([])
})
