// `synod init` and `synod serve`: a cluster as operators run it, through changes of its members and the end of each.

import { readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { beforeAll, describe, expect, it } from 'vitest'
import { REFUSED } from '../../../src/cli/errors.js'
import { synod } from '../command.js'
import { Asker, freePorts, type Running, Surroundings } from './running.js'

const surroundings = new Surroundings()
const config = surroundings.path('synod.json')
const joining = surroundings.path('joining.json')
const data = (name: string): string => surroundings.path('data', name)
const members = new Map<string, Running>()
const asker = new Asker('--config', config)
let port: number

const addressOf = (name: string): string => `127.0.0.1:${port + 'abcdef'.indexOf(name)}`

function serve(name: string, ...more: readonly string[]): Running {
  const place = ['--id', name, '--data', data(name), '--log-level', 'info']
  const member = surroundings.start('serve', ...place, ...more)
  members.set(name, member)
  return member
}

function running(name: string): Running {
  const member = members.get(name)
  if (member === undefined) throw new Error(`Member ${name} was not started.`)
  return member
}

interface Told {
  readonly member: number
  readonly status: { readonly name: string; readonly leader: number } | null
  readonly trouble: string | null
}

async function statusOf(asked = asker): Promise<readonly Told[]> {
  return JSON.parse((await asked.run('status', '--json')).stdout).members
}

async function leaderOf(): Promise<string> {
  const told = await statusOf()
  const number = told.find(({ status }) => status !== null)?.status?.leader
  const leader = told.find(({ member }) => member === number)?.status?.name
  return leader ?? leaderOf()
}

beforeAll(async () => {
  port = await freePorts(6)
  const cluster = ['a', 'b', 'c'].map((name) => `${name}=${addressOf(name)}`).join(',')
  const { stdout } = await synod(['init', '--cluster', cluster, '--file', config])
  expect(stdout).toBe(['a', 'b', 'c'].map((name) => `synod serve --config ${config} --id ${name}\n`).join(''))
  const { token, identity } = JSON.parse(readFileSync(config, 'utf8'))
  writeFileSync(joining, JSON.stringify({ token, identity, endpoints: [addressOf('a')] }))
  for (const name of ['a', 'b', 'c']) serve(name, '--config', config)
  await asker.ask('put', 'x', '1')
})

describe('synod init', () => {
  it('makes a file that its owner alone can read, and makes it once', async () => {
    if (process.platform !== 'win32') expect(statSync(config).mode & 0o777).toBe(0o600)
    expect(await synod(['init', '--cluster', 'a=127.0.0.1:1', '--file', config])).toMatchObject({
      code: 2,
      stderr: `synod: ${config} is there already: a cluster is made once; give another name with --file.\n`,
    })
  })

  it('makes the identity that the members found the cluster with', async () => {
    const { members } = JSON.parse(await asker.ask('status', '--json'))
    const { identity } = JSON.parse(readFileSync(config, 'utf8'))
    for (const { status } of members) expect(status.cluster).toBe(identity)
  })
})

describe('an idle cluster', () => {
  it('logs nothing, even of what is only worth knowing', async () => {
    await leaderOf()
    const said = (): readonly number[] => [...members.values()].map((member) => member.said.length)
    const before = said()
    const received = async (): Promise<number> => {
      const text = await (await fetch(`http://127.0.0.1:${port + 101}/metrics`)).text()
      return Number(/^synod_received_frames_total\{member="b"\} (\d+)$/m.exec(text)?.[1])
    }
    // Heartbeats, and what answers them.
    for (const first = await received(); (await received()) < first + 20; );
    expect(said()).toEqual(before)
  })

  it('said where it listens, and logged what it came to, as JSON, when it was asked to', () => {
    const lines = running('a')
      .said.split('\n')
      .filter((line) => line !== '')
    const said = `member a listens at ${addressOf('a')}, and answers HTTP at 127.0.0.1:${port + 100}`
    expect(lines).toContain(said)
    const logged = lines.filter((line) => line !== said).map((line) => JSON.parse(line))
    expect(logged).toContainEqual(
      expect.objectContaining({ level: 30, name: 'a', msg: 'The member listens.', endpoint: addressOf('a') }),
    )
    expect(logged.some(({ msg }) => /^Member \d leads\.$/.test(msg))).toBe(true)
  })
})

describe('SIGTERM', () => {
  it('has a leader hand over before it stops, and it goes on from its folder', async () => {
    const name = await leaderOf()
    const leader = running(name)
    const from = leader.said.length
    const others = [...members].filter(([other]) => other !== name).map(([, member]) => member)
    const before = others.map(({ said }) => said.length)
    const { code } = await leader.stop('SIGTERM')
    expect(code).toBe(0)
    // It has heard of a higher ballot, and mostly, but not always, also whose that is.
    expect(leader.said.slice(from)).toMatch(/No member is known to lead\.|Member \d leads\./)
    const led = await Promise.all(others.map((other, at) => other.says(/Member (\d) leads/, before[at])))
    for (const [, next] of led) expect(next).not.toBe(String('abc'.indexOf(name)))
    await asker.ask('put', 'x', '2')
    const again = serve(name, '--config', config)
    await again.says(/Member \d leads/)
    expect(again.said).not.toContain('outranks') // its file says what its folder does
  })
})

describe('synod serve --join', () => {
  it('starts a member that waits to be added; it votes when it was', async () => {
    const newcomer = serve('d', '--config', joining, '--join', addressOf('a'), '--listen', addressOf('d'))
    await newcomer.says(/The member listens/)
    const waiting = await fetch(`http://127.0.0.1:${port + 103}/readyz`)
    expect([waiting.status, await waiting.text()]).toEqual([
      503,
      expect.stringMatching(/^The member does not serve: it (does not vote|belongs to no cluster yet)/),
    ])
    expect(await asker.tell('member', 'add', addressOf('d'))).toBe(
      'synod: d was added as member 3: it fetches what was decided before\nsynod: d votes: there are 4 members\n',
    )
    expect(await asker.run('member', 'add', addressOf('d'))).toMatchObject({
      code: 1,
      stderr: `synod: d at ${addressOf('d')} is a member already, with the number 3.\n`,
    })
  })

  it('says that a folder which belongs to a cluster outranks it', async () => {
    await running('d').stop()
    const place = ['--config', joining, '--join', '127.0.0.1:1', '--listen', addressOf('d'), '--http', 'off']
    const again = serve('d', ...place)
    await again.says(
      /belongs to member 3 of the cluster \d+, which outranks `join`: the member goes on there\. If another cluster is meant, give it an empty folder\./,
    )
    await again.says(/Member \d leads/)
  })

  it('is not needed any more once it was added: the file of the founders will do', async () => {
    await running('d').stop()
    const again = serve('d', '--config', config, '--listen', addressOf('d'))
    await again.says(/Member \d leads/)
    expect(await synod(['serve', '--id', 'd', '--data', data('d'), '--config', config])).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/^synod: Member d is not among .* say with --listen where it is\.\n$/),
    })
    expect(await synod(['serve', '--id', 'n', '--data', data('n'), '--join', addressOf('a')])).toMatchObject({
      code: 2,
      stderr: 'synod: Who joins must be found by the others: say with --listen where.\n',
    })
  })

  it('fails with a sentence where the folder is of another member or cluster', async () => {
    await running('d').stop()
    const start = (...args: readonly string[]) => synod(['serve', '--data', data('d'), ...args])
    expect(await start('--id', 'e')).toMatchObject({
      code: 2,
      stderr: `synod: The folder ${data('d')} belongs to member d, and this is e: give each member its own, and never copy one.\n`,
    })
    expect(await start('--id', 'd', '--identity', '5')).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/^synod: The folder .* to the cluster \d+, and not to 5: give .*\.\n$/),
    })
  })
})

describe('synod member', () => {
  it('replaces one that is gone, by its number', async () => {
    const places = (name: string) => ['--join', addressOf('a'), '--listen', addressOf(name)]
    // It asks first, and gets the lower number.
    const late = serve('f', '--config', joining, ...places('f'))
    await late.says(/The member listens/)
    const newcomer = serve('e', '--config', joining, ...places('e'))
    await newcomer.says(/The member listens/)
    expect((await statusOf()).find(({ member }) => member === 3)).toMatchObject({
      trouble: 'it does not answer',
    })
    expect(await asker.run('status')).toMatchObject({ code: 1 })
    expect(await asker.tell('member', 'replace', '3', addressOf('e'))).toBe(
      'synod: member 3 was removed\nsynod: e was added as member 5: it fetches what was decided before\nsynod: e votes: there are 4 members\n',
    )
    expect(await new Asker('--config', joining, '--endpoints', addressOf('e')).ask('get', 'x')).toBe('2')
    // Its number is used up: numbers are given to nobody twice, and not to who comes after a higher one.
    expect(await late.ended).toMatchObject({ code: 0, stderr: expect.stringMatching(/member f was removed/) })
  })

  it('removes one by its name: it stops by itself, in good order, and says why', async () => {
    expect(await asker.tell('member', 'remove', 'e')).toBe('synod: e was removed: 3 are left\n')
    expect(await running('e').ended).toMatchObject({
      code: 0,
      stderr: expect.stringMatching(/\nsynod: member e was removed from the cluster, and has stopped\n$/),
    })
    expect(await asker.run('member', 'remove', 'e')).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/^synod: there is no member e: there are a \(0\), b \(1\), c \(2\)/),
    })
  })
})

describe('a cluster without a quorum', () => {
  it('answers no writes: what becomes of them is not known, exit code 3; and says what is wrong', async () => {
    await Promise.all([running('b').stop('SIGKILL'), running('c').stop('SIGKILL')])
    expect(await asker.run('put', 'x', '3', '--timeout', '300ms')).toMatchObject({
      code: 3,
      stdout: '',
      stderr: expect.stringMatching(
        /^synod: No answer came within \d+ ms: is a quorum of the members up, and reachable\?\n$/,
      ),
    })
    // Who led may take half a second to find that nobody hears it any more.
    const left = `http://127.0.0.1:${port + 100}/readyz`
    while ((await fetch(left)).status === 200);
    expect(await (await fetch(left)).text()).toBe(
      'The member does not serve: no member is known to lead: is a quorum of the members up, and connected?\n',
    )
    expect(await asker.run('transfer')).toMatchObject({
      code: 1,
      stderr: 'synod: no member is known to lead: is a quorum of the members up?\n',
    })
    serve('b', '--config', config)
    await asker.ask('put', 'x', '4')
    expect(await asker.ask('get', 'x')).toBe('4')
  })
})

describe('a member whose folder is lost', () => {
  it('is refused by the others, and ends with an exit code that says not to start it again', async () => {
    rmSync(data('c'), { recursive: true })
    expect(await serve('c', '--config', config).ended).toMatchObject({
      code: REFUSED,
      stderr: expect.stringMatching(
        /\nsynod: .* To replace it, start a member with an empty folder and --join, and admit that one in its place\.\n$/,
      ),
    })
    expect(await asker.ask('get', 'x')).toBe('4')
  })
})
