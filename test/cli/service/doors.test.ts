// Who is let in, and what commands say that are not right: a sentence, and the exit code that the help promises.

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { join } from 'node:path'
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { REFUSED } from '../../../src/cli/errors.js'
import { ROOT } from '../../docs/markdown.js'
import { makeAuthority } from '../../support/certificates.js'
import { synod } from '../command.js'
import { freePorts, Surroundings } from './running.js'

const surroundings = new Surroundings()
const path = surroundings.path('file')
const nobody = '127.0.0.1:1'
writeFileSync(path, 'hello')
mkdirSync(surroundings.path('other'))
writeFileSync(surroundings.path('other', 'thing'), '')

/** Commands, their exit codes, and the sentence that each of them gets. */
const MISTAKES: readonly (readonly [command: string, code: number, sentence: string])[] = [
  ['put x', 2, "missing required argument 'value'."],
  ['put x y --ttl 5', 2, "--ttl must be a duration such as 500ms, 30s, 5m or 2h, and '5' is not."],
  ['put x y --ttl 999999999999d', 2, "--ttl must be at most 11574d, and '999999999999d' is more."],
  ['get x --endpoints here', 2, '--endpoints must have the form host:port, and "here" has not.'],
  ['cas x', 2, 'cas wants --from, --to or both.'],
  ['scan --limit 0', 2, "--limit must be a whole number above 0, and '0' is not."],
  ['watch --after -1', 2, "--after must be a whole number, and '-1' is not."],
  ['up --members 10', 2, "--members must be a whole number from 1 to 9, and '10' is not."],
  [
    'up --data NONE --port 65534',
    2,
    "--port must be a whole number from 1 to 65533, for the ports of 3 members begin there, and '65534' is not.",
  ],
  [
    'up --data OTHER',
    2,
    'OTHER holds "thing" and no member of synod up: name a folder that is empty or not there yet with --data.',
  ],
  ['up --data FILE', 2, 'FILE cannot be used: it is no folder; name another folder with --data.'],
  ['init', 2, "required option '--cluster <members>' not specified."],
  [
    'init --cluster a/b=h:1',
    2,
    '"a/b" is no name of a member: use letters, digits, ".", "_" and "-", at most 64.',
  ],
  [
    'init --cluster a=h:1,a=h:2',
    2,
    '--cluster must say where each member is, and each of them once: a=host:port,b=host:port,….',
  ],
  ['init --cluster a=h:1 --cluster b=h:2', 2, '--cluster is given twice: give it once.'],
  ['get x --endpoints h:1 --endpoints h:2', 2, '--endpoints is given twice: give it once.'],
  ['init --cluster a=h:1,b=h:1', 2, 'Two members of the cluster have the same address.'],
  ['member add here', 2, "an address must have the form host:port, and 'here' has not."],
  ['bench sing', 2, "there is no load 'sing': it is one of put, get, mixed."],
  ['serve', 2, 'A member has a name: give one with --id.'],
  [
    `serve --id a --data DATA --cluster b=${nobody}`,
    2,
    'Member a is not among those that found the cluster (b): name it there; or, if it came later, say with --listen where it is.',
  ],
  [
    'serve --id a --data DATA --listen 0.0.0.0:7400',
    2,
    'Nobody finds a member at 0.0.0.0:7400, which stands for every address of this machine: say with --advertise where it is.',
  ],
  [
    'serve --id a --data DATA --listen 0.0.0.0:7400 --advertise h:7400',
    2,
    '0.0.0.0:7400 can be reached from other machines: turn TLS on, or listen at 127.0.0.1 or ::1.',
  ],
  [
    'serve --id a --data FILE',
    2,
    'A member needs a folder, and FILE is none: name one that is empty or not there yet.',
  ],
  [
    'serve --id a --data OTHER',
    2,
    'The folder OTHER holds "thing" and no store of a member: name that of a member, or one that is empty or not there yet.',
  ],
  [
    'serve --id a --data DATA --listen 127.0.0.1:0 --tls-key FILE --tls-cert FILE',
    2,
    'The private key for TLS cannot be read: it must be in PEM, and not encrypted.',
  ],
  [
    `get x --endpoints ${nobody} --tls-ca FILE`,
    2,
    'The certificate of the authority for TLS cannot be read: it must be in PEM, and not encrypted.',
  ],
  [
    `get x --endpoints ${nobody} --token ${'x'.repeat(1_025)}`,
    2,
    'A token has at most 1024 bytes, and this one 1025.',
  ],
  ['store check NONE', 2, 'there is no folder NONE.'],
  [
    'store check OTHER',
    2,
    'OTHER holds "thing" and no store: choose the folder of a member, or one that is empty or not there yet.',
  ],
  ['snapshot restore FILE --id a', 2, "required option '--data <folder>' not specified."],
  ['snapshot restore FILE --id a --data NONE', 1, 'FILE is no backup of this version of Synod.'],
  ['member', 2, 'member wants to be told what; synod member --help lists it.'],
  [
    `status --endpoints ${nobody} --timeout 50ms`,
    1,
    `No member could be reached at ${nobody} within 50 ms (${nobody}: Nobody answers: connect ECONNREFUSED ${nobody}): is the cluster up?`,
  ],
  [
    'get x --endpoints 192.0.2.1:1 --token secret',
    1,
    'No member lets this client in (192.0.2.1:1: The token would leave this machine in the clear: turn TLS on): give the token, the key and certificate, or the authority that the members have.',
  ],
]

describe.concurrent('a mistake', () => {
  it.each(MISTAKES)('synod %s: %i, %s', async (command, code, sentence) => {
    const place = (text: string): string =>
      text
        .replaceAll('FILE', path)
        .replaceAll('DATA', surroundings.path('data'))
        .replaceAll('NONE', surroundings.path('none'))
        .replaceAll('OTHER', surroundings.path('other'))
    expect(await synod(place(command).split(' '))).toMatchObject({
      code,
      stdout: '',
      stderr: `synod: ${place(sentence)}\n`,
    })
  })
})

describe.concurrent('a member with TLS', () => {
  let address: string
  const authority = makeAuthority('ours')
  const file = (name: string, text: string): string => {
    writeFileSync(surroundings.path(name), text)
    return surroundings.path(name)
  }
  const ca = file('ca', authority.cert)

  beforeAll(async () => {
    address = `127.0.0.1:${await freePorts(1)}`
    const { key, cert } = authority.issue()
    const tls = ['--tls-key', file('key', key), '--tls-cert', file('cert', cert), '--tls-ca', ca]
    const place = ['--id', 'a', '--data', surroundings.path('secured'), '--listen', address, '--http', 'off']
    const member = surroundings.start('serve', ...place, ...tls, '--log-level', 'info')
    await member.says(/The member listens/)
  })

  it('lets in a client with a certificate of its authority', async () => {
    const { key, cert } = authority.issue()
    const tls = ['--tls-key', file('own.key', key), '--tls-cert', file('own.cert', cert), '--tls-ca', ca]
    expect(await synod(['put', 'k', 'v', '--endpoints', address, ...tls])).toMatchObject({
      code: 0,
      stderr: '',
    })
  })

  it('lets in nobody without one, or with that of somebody else; each is told at once', async () => {
    const without = await synod(['get', 'k', '--endpoints', address, '--tls-ca', ca])
    expect([without.code, without.stderr]).toEqual([
      1,
      expect.stringMatching(/^synod: No member lets this client in \(.*wants to see a certificate/),
    ])
    const { key, cert } = makeAuthority('theirs').issue()
    const tls = ['--tls-key', file('their.key', key), '--tls-cert', file('their.cert', cert), '--tls-ca', ca]
    const other = await synod(['get', 'k', '--endpoints', address, ...tls])
    expect([other.code, other.stderr]).toEqual([
      1,
      expect.stringMatching(/^synod: No member lets this client in/),
    ])
  })

  it('is not believed by a client that knows another authority', async () => {
    const stranger = file('stranger', makeAuthority('theirs').cert)
    const { code, stderr } = await synod(['get', 'k', '--endpoints', address, '--tls-ca', stranger])
    expect([code, stderr]).toEqual([1, expect.stringMatching(/^synod: No member lets this client in/)])
  })
})

describe('Ctrl-C while nobody is reached', () => {
  it('ends synod watch at once', async () => {
    const silent = createServer()
    onTestFinished(() => void silent.close())
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve))
    const { port } = silent.address() as AddressInfo // it listens
    const dialled = new Promise<Socket>((resolve) => silent.once('connection', resolve))
    const watch = surroundings.start('watch', '--endpoints', `127.0.0.1:${port}`, '--timeout', '1h')
    const socket = await dialled
    onTestFinished(() => void socket.destroy())
    expect(await watch.stop('SIGINT')).toMatchObject({ code: 130, stdout: '', stderr: '' })
  })
})

describe('the unit for systemd', () => {
  it('does not start again what no restart mends', () => {
    const unit = readFileSync(join(ROOT, 'examples', 'synod.service'), 'utf8')
    expect(unit).toContain('\nRestart=on-failure\n')
    expect(unit).toContain(`\nRestartPreventExitStatus=2 ${REFUSED}\n`)
  })
})

describe('a store that is damaged', () => {
  it('is found by synod store check, and its member does not start: exit code 4', async () => {
    const data = surroundings.path('rotten')
    const address = `127.0.0.1:${await freePorts(1)}`
    const place = ['--id', 'a', '--data', data, '--listen', address, '--http', 'off']
    const member = surroundings.start('serve', ...place, '--log-level', 'info')
    for (const value of ['a value that rots', 'another'])
      expect(await synod(['put', 'k', value, '--endpoints', address])).toMatchObject({ code: 0 })
    expect(await member.stop()).toMatchObject({ code: 0, stdout: `member a listens at ${address}\n` })
    const log = `${data}/store/0000000001.votes`
    const bytes = readFileSync(log)
    bytes.write('A', bytes.indexOf('a value that rots'))
    writeFileSync(log, bytes)
    const check = await synod(['store', 'check', data, '--json'])
    expect(check).toMatchObject({ code: 1, stderr: '' })
    expect(JSON.parse(check.stdout)).toMatchObject({ isWhole: false })
    expect((await synod(['store', 'check', data])).stdout).toMatch(
      /: damaged\n[\s\S]*\nReplace the member: start another with an empty folder, and synod member replace\.\n$/,
    )
    // To start it again mends nothing, so it is not to be.
    expect(await synod(['serve', ...place])).toMatchObject({
      code: REFUSED,
      stderr: expect.stringMatching(/To replace it, start a member with an empty folder/),
    })
  })
})
