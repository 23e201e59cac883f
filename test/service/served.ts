// Members that are served, in this process: real folders, real ports of 127.0.0.1. All is gone when the test ends.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import {
  type KeyspaceAnswer,
  type KeyspaceCommand,
  type KeyspaceOutput,
  type KeyspaceQuery,
  keyspace,
} from '../../src/machines/index.js'
import { Client } from '../../src/runtime/index.js'
import { Service, type Values } from '../../src/service/index.js'

export function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'synod-service-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

/** A member that is alone in its cluster, unless it is told otherwise. */
export async function serve(values: Values = {}): Promise<Service> {
  const service = await Service.start({
    id: 'a',
    data: values.data ?? join(newFolder(), 'a'),
    listen: '127.0.0.1:0',
    http: '127.0.0.1:0',
    logLevel: 'silent',
    ...values,
  })
  onTestFinished(() => service.close())
  return service
}

export type KeyspaceClient = Client<KeyspaceCommand, KeyspaceOutput, KeyspaceQuery, KeyspaceAnswer>

export async function connectTo({ member }: Service): Promise<KeyspaceClient> {
  const client = await Client.connect({ endpoints: [member.endpoint ?? ''], machine: keyspace })
  onTestFinished(() => client.close())
  return client
}

/** What a path says over HTTP. */
export async function ask({ httpEndpoint }: Service, path: string, method = 'GET'): Promise<Response> {
  return await fetch(`http://${httpEndpoint}${path}`, { method })
}

export const put = (key: string, value: string, ttlMillis?: number): KeyspaceCommand => ({
  type: 'put',
  key: Buffer.from(key),
  value: Buffer.from(value),
  ...(ttlMillis !== undefined && { ttlMillis }),
})
