// `synod up`, and the commands that ask it: what a person does in the first minute.

import { readFileSync, rmSync } from 'node:fs'
import { beforeAll, describe, expect, it } from 'vitest'
import { REFUSED } from '../../../src/cli/errors.js'
import { linesOf, shell, synod } from '../command.js'
import { Asker, freePorts, type Running, Surroundings } from './running.js'

const surroundings = new Surroundings()
const data = surroundings.path('data')
let port: number
let up: Running
let asker: Asker

beforeAll(async () => {
  port = await freePorts(3)
  up = surroundings.start('up', '--data', data, '--port', `${port}`)
  asker = new Asker('--endpoints', `127.0.0.1:${port}`)
  await up.says(/The cluster serves\. From another terminal: synod put greeting hello\n/)
})

describe('synod up', () => {
  it('says where the members are, and how each of them is', async () => {
    expect(up.said).toContain(`3 members in ${data}. Ctrl-C stops the cluster.\n`)
    for (const [at, name] of ['a', 'b', 'c'].entries())
      expect(up.said).toMatch(new RegExp(`^${name}  127\\.0\\.0\\.1:${port + at}  (serves|leads)$`, 'm'))
    expect(up.said.match(/ leads$/gm)).toHaveLength(1)
  })

  it('does not start where another one runs', async () => {
    const other = await synod(['up', '--data', surroundings.path('other'), '--port', `${port}`])
    expect(other).toMatchObject({
      code: 2,
      stderr: `synod: port ${port} is taken: does another synod up run? Name other ports with --port.\n`,
    })
  })
})

describe('keys and values', () => {
  it('are put, got and deleted', async () => {
    expect(await asker.run('put', 'greeting', 'hello')).toMatchObject({ code: 0, stdout: '', stderr: '' })
    expect(await asker.run('get', 'greeting')).toMatchObject({ code: 0, stdout: 'hello', stderr: '' })
    expect(await asker.run('delete', 'greeting')).toMatchObject({ code: 0, stdout: '', stderr: '' })
    for (const command of ['get', 'delete'])
      expect(await asker.run(command, 'greeting')).toMatchObject({
        code: 1,
        stdout: '',
        stderr: 'synod: there is no key greeting.\n',
      })
  })

  it('are those of the cluster that the variable names', async () => {
    await asker.ask('put', 'named', 'by a variable')
    const env = { SYNOD_ENDPOINTS: `127.0.0.1:1,127.0.0.1:${port + 2}` }
    expect(await synod(['get', 'named'], { env })).toMatchObject({ code: 0, stdout: 'by a variable' })
    const other = { SYNOD_ENDPOINTS: '127.0.0.1:1' }
    expect(await synod(['get', 'named', '--endpoints', `127.0.0.1:${port}`], { env: other })).toMatchObject({
      code: 0,
    })
  })

  it('may be any bytes, from standard input', async () => {
    const endpoints = `--endpoints 127.0.0.1:${port}`
    await shell(`printf '\\000\\377\\n' | synod put bytes - ${endpoints}`)
    expect((await shell(`synod get bytes ${endpoints} | od -An -tx1`)).stdout.trim()).toBe('00 ff 0a')
    expect(JSON.parse(await asker.ask('get', 'bytes', '--json'))).toMatchObject({
      key: 'bytes',
      valueBase64: 'AP8K',
      ttlMillis: null,
    })
  })

  it('are compared and set in one step', async () => {
    expect(await asker.run('cas', 'k', '--to', '1')).toMatchObject({ code: 0 })
    expect(await asker.run('cas', 'k', '--to', '2')).toMatchObject({ code: 1, stderr: 'synod: k holds 1.\n' })
    expect(await asker.run('cas', 'k', '--from', '1', '--to', '2')).toMatchObject({ code: 0 })
    expect(await asker.run('cas', 'k', '--from', '2')).toMatchObject({ code: 0 })
    expect(await asker.run('cas', 'k', '--from', '2', '--to', '3')).toMatchObject({
      code: 1,
      stderr: 'synod: k holds nothing.\n',
    })
  })

  it('are scanned by prefix, in the order of their bytes', async () => {
    for (const key of ['s/2', 's/1', 't']) await asker.ask('put', key, `value of ${key}`)
    expect(await asker.ask('scan', 's/')).toBe('s/1  value of s/1\ns/2  value of s/2\n')
    expect(await asker.ask('scan', 's/', '--keys', '--limit', '1')).toBe('s/1\n')
    const told = linesOf(await asker.ask('scan', 's/', '--json')).map((line) => JSON.parse(line))
    expect(told).toMatchObject([{ key: 's/1', value: 'value of s/1' }, { key: 's/2' }])
  })

  it('are watched: every change, until Ctrl-C; keys go when their time is over', async () => {
    const watch = surroundings.start('watch', 'w/', '--endpoints', `127.0.0.1:${port}`)
    const [, revision = ''] = await watch.says(/watching from revision (\d+) on/)
    await asker.ask('put', 'w/1', 'stays')
    await asker.ask('put', 'elsewhere', 'is not told')
    await asker.ask('put', 'w/2', 'goes', '--ttl', '1ms')
    await watch.says(/expire {2}w\/2\n/)
    await asker.ask('delete', 'w/1')
    await watch.says(/delete {2}w\/1\n/)
    expect(await watch.stop('SIGINT')).toMatchObject({
      code: 0,
      stdout: 'put  w/1  stays\nput  w/2  goes\nexpire  w/2\ndelete  w/1\n',
    })
    const again = surroundings.start(
      'watch',
      'w/',
      '--after',
      revision,
      '--json',
      '--endpoints',
      `127.0.0.1:${port}`,
    )
    await again.says(/"delete"/)
    const { stdout } = await again.stop('SIGTERM')
    expect(linesOf(stdout).map((line) => JSON.parse(line).type)).toEqual(['put', 'put', 'expire', 'delete'])
  })
})

describe('synod bench', () => {
  it('measures the cluster, and tells it as JSON', async () => {
    const told = JSON.parse(
      await asker.ask('bench', 'mixed', '--seconds', '1', '--keys', '50', '--clients', '4', '--json'),
    )
    expect(told).toMatchObject({ failed: 0, seconds: expect.closeTo(1, 0) })
    expect(told.operations).toBeGreaterThan(0)
    const { mean, p50, p90, p99, p999, max } = told.latencyMillis
    expect([mean > 0, p50 <= p90, p90 <= p99, p99 <= p999, p999 <= max]).toEqual(Array(5).fill(true))
    expect((await asker.ask('scan', '00000000000000', '--keys')).split('\n')).toHaveLength(51)
  })
})

describe('the operator', () => {
  it('sees how every member is', async () => {
    const rows = linesOf(await asker.ask('status')).map((line) => line.split(/ {2,}/))
    expect(rows.map(([name, number, address]) => [name, number, address])).toEqual([
      ['name', 'number', 'address'],
      ['a', '0', `127.0.0.1:${port}`],
      ['b', '1', `127.0.0.1:${port + 1}`],
      ['c', '2', `127.0.0.1:${port + 2}`],
    ])
    const { members } = JSON.parse(await asker.ask('status', '--json'))
    expect(members.map(({ trouble }: { trouble: unknown }) => trouble)).toEqual([null, null, null])
  })

  it('has another member lead, by name, by number, or whoever', async () => {
    expect(await asker.tell('transfer', 'c')).toBe('synod: c leads\n')
    expect(await asker.tell('transfer', '1')).toBe('synod: b leads\n')
    expect(await asker.tell('transfer')).toMatch(/^synod: [ac] leads\n$/)
    expect(await asker.run('transfer', 'z')).toMatchObject({
      code: 1,
      stderr:
        'synod: there is no member z: there are a (0), b (1), c (2); one that does not answer is known by its number.\n',
    })
  })

  it('saves a backup, and restores it as another cluster', async () => {
    await asker.ask('put', 'kept', 'in the backup')
    const file = surroundings.path('backup')
    expect(await asker.tell('snapshot', 'save', file)).toMatch(/backup holds \d+ keys, as of revision \d+\n$/)
    const { cluster } = JSON.parse(readFileSync(file, 'utf8').split('\n', 1)[0] ?? '')

    const folder = surroundings.path('restored')
    const restore = ['snapshot', 'restore', file, '--id', 'r', '--data', folder]
    const restored = await synod(restore)
    expect(restored).toMatchObject({ code: 0, stdout: `synod serve --id r --data ${folder}\n` })
    const [, founded] = /in a new cluster with the identity (\d+)\n$/.exec(restored.stderr) ?? []
    expect(founded).not.toBe(String(cluster))
    expect(await synod(restore)).toMatchObject({ code: 2 }) // never over a folder that is there

    const address = `127.0.0.1:${await freePorts(1)}`
    const serve = surroundings.start(
      'serve',
      '--id',
      'r',
      '--data',
      folder,
      '--listen',
      address,
      '--log-level',
      'info',
    )
    await serve.says(/The member listens/)
    expect(await new Asker('--endpoints', address).ask('get', 'kept')).toBe('in the backup')
    expect(await serve.stop()).toMatchObject({ code: 0 })
  })

  it('cannot check the store of a member that runs', async () => {
    expect(await synod(['store', 'check', `${data}/a`])).toMatchObject({
      code: 2,
      stdout: '',
      stderr: expect.stringMatching(/^synod: Another process has the store .* open: stop it/),
    })
  })
})

describe('synod up, when a member dies', () => {
  it.runIf(process.platform === 'linux')('starts it again, and it serves', async () => {
    const { pid } = up.child
    const [member = ''] = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ')
    const from = up.said.length
    process.kill(Number(member), 'SIGKILL')
    const [, name] = await up.says(/^(\w) .* killed by SIGKILL, starts again in 0\.5 s$/m, from)
    await up.says(new RegExp(`starts again[\\s\\S]*^${name} .* (serves|leads)$`, 'm'), from)
  })
})

describe('synod up, when the folder of a member is lost', () => {
  it.runIf(process.platform === 'linux')('does not start it again and again: the others go on', async () => {
    const folder = surroundings.path('lost')
    const first = await freePorts(3)
    const cluster = surroundings.start('up', '--data', folder, '--port', `${first}`)
    await cluster.says(/The cluster serves/)
    const { pid } = cluster.child
    const members = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ')
    const lost = members.find((member) =>
      readFileSync(`/proc/${member}/cmdline`, 'utf8').includes('--id\0c\0'),
    )
    process.kill(Number(lost), 'SIGKILL')
    rmSync(`${folder}/c`, { recursive: true })
    await cluster.says(new RegExp(`^c .* ended with exit code ${REFUSED}$`, 'm'))
    await new Asker('--endpoints', `127.0.0.1:${first}`).ask('put', 'still', 'there')
    expect(await cluster.stop('SIGINT')).toMatchObject({ code: 0 })
  })
})

describe('Ctrl-C while the members start', () => {
  it('stops them as well', async () => {
    const folder = surroundings.path('early')
    const ports = ['--port', `${await freePorts(1)}`]
    const early = surroundings.start('up', '--data', folder, '--members', '1', ...ports)
    await early.says(/^a .* starts$/m)
    const { code, stdout } = await early.stop('SIGINT')
    expect(code).toBe(0)
    expect(stdout).toMatch(/^a .* stopped$/m)
  })
})

describe('kill -9 of synod up', () => {
  it('leaves no member behind: each stops in good order', async () => {
    const folder = surroundings.path('abandoned')
    const ports = ['--port', `${await freePorts(1)}`]
    const abandoned = surroundings.start('up', '--data', folder, '--members', '1', ...ports)
    await abandoned.says(/The cluster serves/)
    await abandoned.stop('SIGKILL')
    const check = () => synod(['store', 'check', `${folder}/a`])
    const inUse = 2
    while ((await check()).code === inUse);
    expect(await check()).toMatchObject({ code: 0 })
  })
})

describe('Ctrl-C', () => {
  it('stops every member in good order, and the stores are whole and as they were', async () => {
    await asker.ask('put', 'last', 'words')
    const { code, stdout, stderr } = await up.stop('SIGINT')
    expect([code, stderr]).toEqual([0, ''])
    for (const name of ['a', 'b', 'c']) expect(stdout).toMatch(new RegExp(`^${name} .* stopped$`, 'm'))
    const check = await synod(['store', 'check', `${data}/b`])
    expect(check).toMatchObject({ code: 0, stderr: '' })
    expect(check.stdout).toMatch(/b\/store: whole\n {2}member {4}1, with the store \d+\n {2}cluster {3}\d+\n/)
    expect(await asker.run('get', 'last', '--timeout', '100ms')).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(
        /^synod: No member could be reached at .* within 100 ms .*: is the cluster up\?\n$/,
      ),
    })
  })

  it('is not the end: the next synod up goes on from there, on other ports if need be', async () => {
    const other = await freePorts(3)
    up = surroundings.start('up', '--data', data, '--port', `${other}`)
    await up.says(/The cluster serves/)
    expect(await new Asker('--endpoints', `127.0.0.1:${other + 1}`).ask('get', 'last')).toBe('words')
    expect(await up.stop('SIGTERM')).toMatchObject({ code: 0 })
  })

  it('is refused with other members than there are', async () => {
    expect(await synod(['up', '--data', data, '--members', '5'])).toMatchObject({
      code: 2,
      stderr: `synod: ${data} holds 3 members, and not 5: leave --members away, or name another folder with --data.\n`,
    })
  })
})
