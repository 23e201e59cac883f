import { describe, expect, it } from 'vitest'
import type { KeyspaceClient } from '../../../src/cli/service/client.js'
import { Load } from '../../../src/cli/service/load.js'

/** A cluster that answers a little later, and counts how many ask at the same time. */
function makeCluster(): { readonly client: KeyspaceClient; readonly written: string[]; peak: number } {
  let outstanding = 0
  const cluster = { client: undefined as unknown as KeyspaceClient, written: [] as string[], peak: 0 }
  const invoke = async ({ key }: { readonly key: Uint8Array }): Promise<void> => {
    cluster.written.push(Buffer.from(key).toString())
    outstanding++
    cluster.peak = Math.max(cluster.peak, outstanding)
    await new Promise((resolve) => setImmediate(resolve))
    outstanding--
  }
  cluster.client = { session: () => ({ invoke }) } as unknown as KeyspaceClient
  return cluster
}

const options = {
  kind: 'get',
  clients: 1,
  keys: 1_000,
  keyBytes: 4,
  valueBytes: 1,
  timeoutMillis: 1_000,
} as const

describe('the keys of a load', () => {
  it('are written once each, by many also where few ask later', async () => {
    const cluster = makeCluster()
    const load = new Load([cluster.client], options)
    await load.fill()
    expect(cluster.written.sort()).toEqual(
      Array.from({ length: 1_000 }, (_, key) => String(key).padStart(4, '0')),
    )
    expect([cluster.peak, load.operations]).toEqual([256, 1_000])
  })

  it('are written by all who ask, where they are more', async () => {
    const cluster = makeCluster()
    await new Load([cluster.client], { ...options, clients: 500 }).fill()
    expect(cluster.peak).toBe(500)
  })
})
