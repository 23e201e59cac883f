// What a process sees: importing does nothing, and what was closed, or never started, keeps no process alive. It runs dist.

import { spawnSync } from 'node:child_process'
import { readFileSync, truncateSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { freeAddress, newFolder, rejection, start } from './started.js'

const ROOT = fileURLToPath(new URL('../../..', import.meta.url))

/** Runs a module in a process of its own, which has to end by itself; gives what it prints. */
function run(code: string): string {
  const { status, signal, stdout, stderr } = spawnSync(
    process.execPath,
    ['--input-type=module', '--eval', code],
    { cwd: ROOT, encoding: 'utf8', timeout: 60_000 },
  )
  if (signal !== null) throw new Error(`It did not end by itself: ${stdout}${stderr}`)
  if (status !== 0) throw new Error(stderr)
  return stdout + stderr
}

describe.for(['synod', 'synod/client'])('import %s', (entry) => {
  test('prints nothing, starts nothing, and leaves signals alone', () => {
    const code = `
      const listeners = () => process.eventNames().map(String).join()
      const before = listeners()
      await import('${entry}')
      if (listeners() !== before) console.log('listeners')
      const started = process.getActiveResourcesInfo().filter((what) => !/Wrap$|Req/.test(what))
      if (started.length > 0) console.log(started)`
    expect(run(code)).toBe('')
  })

  test('loads nothing of the command line or of the simulated world, and no package', () => {
    // Modules are noted by a hook as they are resolved.
    const hook = `
      import { writeSync } from 'node:fs'
      export const resolve = async (name, context, next) => {
        const found = await next(name, context)
        writeSync(1, found.url + '\\n')
        return found
      }`
    const code = `
      import { register } from 'node:module'
      register('data:text/javascript,' + encodeURIComponent(${JSON.stringify(hook)}))
      await import('${entry}')`
    const loaded = run(code).trim().split('\n')
    expect(loaded.some((url) => url.includes('/dist/runtime/member/core.js'))).toBe(true)
    expect(loaded.filter((url) => /\/dist\/(cli|simulation|testing)\//.test(url))).toEqual([])
    expect(loaded.filter((url) => url.includes('/node_modules/') && !url.includes('@noble/hashes'))).toEqual(
      [],
    )
  })
})

describe('a process ends by itself', () => {
  const counter = `{ initial: () => 0, apply: (sum, by) => [sum + by, sum + by] }`

  test('when its members and clients are closed', async () => {
    const endpoints = { a: await freeAddress(), b: await freeAddress() }
    const folder = newFolder()
    const code = `
      import { Member } from 'synod'
      import { Client } from 'synod/client'
      const machine = ${counter}
      const cluster = ${JSON.stringify(endpoints)}
      const start = (id) => Member.start({ id, data: ${JSON.stringify(folder)} + '/' + id, machine, cluster })
      const members = await Promise.all(Object.keys(cluster).map(start))
      const client = await Client.connect({ endpoints: [cluster.b], machine })
      console.log(await client.invoke(1))
      await client.close()
      await Promise.all(members.map((member) => member.close()))`
    expect(run(code)).toBe('1\n')
  })

  test('when a member or a client could not be started', async () => {
    const listen = await freeAddress()
    const server = createServer()
    await new Promise<void>((resolve) => {
      server.listen({ host: '127.0.0.1', port: Number(listen.split(':')[1]) }, resolve)
    })
    const code = `
      import { Member } from 'synod'
      import { Client } from 'synod/client'
      const machine = ${counter}
      const data = ${JSON.stringify(newFolder())}
      const told = (error) => console.log(error.name)
      await Member.start({ id: 'a', data, machine, listen: '${listen}' }).catch(told)
      await Member.start({ id: 'a', data, machine, settings: { alpha: -1 } }).catch(told)
      await Client.connect({ endpoints: ['${await freeAddress()}'], machine, connectTimeoutMillis: 50 }).catch(told)`
    expect(run(code)).toBe('CannotListen\nRangeError\nUnreachable\n')
    await new Promise((resolve) => server.close(resolve))
  })
})

describe('a store that is damaged', () => {
  /** A folder that a member was in, and the file of its log. */
  async function used(): Promise<{ readonly data: string; readonly log: string }> {
    const data = newFolder()
    const member = await start({ data })
    for (let count = 0; count < 20; count++) await member.invoke(1)
    await member.close()
    return { data, log: join(data, 'store', '0000000001.votes') }
  }

  test('in the middle: the member does not vote with it, and says what to do', async () => {
    const { data, log } = await used()
    const bytes = readFileSync(log)
    const half = bytes.subarray(0, bytes.length / 2) // at the end there is another header
    const end = half.findLastIndex((byte) => byte !== 0)
    bytes.fill(0xaa, end - 1_000, end - 900) // some votes before the last
    writeFileSync(log, bytes)
    const error = await rejection(start({ data }))
    expect(error).toMatchObject({ name: 'StoreRefused', reason: 'damaged' })
    expect(error.message).toMatch(/To replace it, start a member with an empty folder and `join`/)
    // It says the same again, and the folder is not locked.
    expect(await rejection(start({ data }))).toMatchObject({ reason: 'damaged' })
  })

  test('at its very beginning: it is no store, and says so', async () => {
    const { data, log } = await used()
    truncateSync(log, 10)
    const error = await rejection(start({ data }))
    expect(['StoreRefused', 'StoreError']).toContain(error.name)
    expect(error.message.length).toBeGreaterThan(40)
  })
})
