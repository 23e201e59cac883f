// Metrics in a registry that the program gives: several members share one, and who has ended is in it no more.

import { Registry } from 'prom-client'
import { expect, test } from 'vitest'
import { start } from './member/started.js'

async function valuesOf(registry: Registry, name: string): Promise<readonly (readonly [unknown, number])[]> {
  const metric = (await registry.getMetricsAsJSON()).find((each) => each.name === name)
  return metric?.values.map(({ labels, value }) => [labels['member'], value] as const) ?? []
}

test('members that share a registry are told apart, for as long as they live', async () => {
  const metrics = new Registry()
  const [a, b] = [await start({ metrics }), await start({ id: 'b', metrics })]
  await a.invoke(1)
  await b.invoke(1)
  expect(await valuesOf(metrics, 'synod_ready')).toEqual([
    ['a', 1],
    ['b', 1],
  ])
  await a.close()
  expect(await valuesOf(metrics, 'synod_ready')).toEqual([['b', 1]])
})

test('a registry that was cleared gets the metrics again with the next member', async () => {
  const metrics = new Registry()
  const member = await start({ metrics })
  metrics.clear()
  await member.close()
  const next = await start({ metrics })
  await next.invoke(1)
  expect(await valuesOf(metrics, 'synod_leading')).toEqual([['a', 1]])
})
