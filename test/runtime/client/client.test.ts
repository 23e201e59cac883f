// A client: finds the members from one address, follows the leader, and is answered exactly once, whoever restarts.

import { describe, expect, onTestFinished, test } from 'vitest'
import { ChangeRefused, CommandFailed, OutcomeUnknown } from '../../../src/paxos/index.js'
import {
  BadOptions,
  Client,
  Closed,
  Member,
  type TransportTls,
  Unreachable,
} from '../../../src/runtime/index.js'
import { makeAuthority } from '../../support/certificates.js'
import {
  connect,
  counter,
  freeAddress,
  Notes,
  newFolder,
  QUICK,
  rejection,
  start,
  startCluster,
} from '../member/started.js'

describe('a client', () => {
  test('finds every member and the leader from one address', async () => {
    const cluster = await startCluster()
    const leader = await cluster.leader()
    for (const endpoint of cluster.addresses) {
      const client = await connect([endpoint])
      expect(await client.invoke(0)).toBe(0)
      while (client.members.length < 3) await client.invoke(0)
      expect(client.leader).toBe(leader.number)
      expect(client.members[0]).toBe(leader.number)
    }
  })

  test('is answered like a member', async () => {
    const cluster = await startCluster()
    const client = await connect(cluster.addresses)
    expect(await client.invoke(4)).toBe(4)
    expect(await client.query(2)).toBe(8)
    expect(await client.query(2, { consistency: 'stale' })).toBe(8)
    const error = await rejection(client.invoke(0.5))
    expect(error).toBeInstanceOf(CommandFailed)
    expect(error.message).toBe('0.5 is no whole number.')
    expect(await cluster.get('b').query((sum) => sum)).toBe(4)
  })

  test('counts exactly, while the members restart one after the other', async () => {
    const cluster = await startCluster()
    const client = await connect(cluster.addresses.slice(0, 1))
    let counting = true
    let counted = 0
    const count = async (): Promise<void> => {
      const session = client.session()
      while (counting) {
        await session.invoke(1)
        counted += 1
      }
    }
    const counters = Array.from({ length: 8 }, count)
    for (const id of ['a', 'b', 'c', 'a']) {
      const before = counted
      await cluster.get(id).close()
      await cluster.start(id)
      while (counted < before + 20) await client.session().query(1)
    }
    counting = false
    await Promise.all(counters)
    expect(await client.query(1)).toBe(counted)
  })

  test('follows the leader when it changes', async () => {
    const cluster = await startCluster()
    const client = await connect(cluster.addresses)
    const leader = await cluster.leader()
    expect(await client.invoke(1)).toBe(1)
    await leader.close()
    expect(await client.invoke(1)).toBe(2)
    while (client.leader === leader.number || client.leader === null) await client.invoke(0)
    expect(client.members).not.toContain(leader.number)
  })

  test('of which there are many has sessions that wait for nobody else', async () => {
    const cluster = await startCluster()
    const client = await connect(cluster.addresses)
    const sessions = Array.from({ length: 50 }, () => client.session())
    await Promise.all(sessions.map((session) => session.invoke(1)))
    expect(await client.query(1)).toBe(50)
  })

  test('gives up with a signal, and after its time', async () => {
    const endpoints = { a: await freeAddress(), b: await freeAddress() }
    await start({ id: 'a', cluster: endpoints }) // without b there is no cluster
    const client = await connect([endpoints.a])
    const late = await rejection(client.invoke(1, { timeoutMillis: 20 }))
    expect(late).toBeInstanceOf(OutcomeUnknown)
    const controller = new AbortController()
    const aborted = rejection(client.query(1, { signal: controller.signal }))
    controller.abort('enough')
    expect(await aborted).toMatchObject({ name: 'OutcomeUnknown', cause: 'enough' })
  })

  test('that is closed says so; what it waited for has no known outcome', async () => {
    const endpoints = { a: await freeAddress(), b: await freeAddress() }
    await start({ id: 'a', cluster: endpoints })
    const client = await connect([endpoints.a])
    const asked = rejection(client.invoke(1))
    await Promise.all([client.close(), client.close()])
    expect(await asked).toBeInstanceOf(OutcomeUnknown)
    for (const ask of [() => client.invoke(1), () => client.query(1), () => client.call('status')])
      expect(await rejection(ask())).toBeInstanceOf(Closed)
  })

  test('is closed by `await using`', async () => {
    const member = await start({ listen: '127.0.0.1:0' })
    const endpoint = member.endpoint ?? ''
    let used: Client<number, number, number, number>
    {
      await using client = await Client.connect({ endpoints: [endpoint], machine: counter, settings: QUICK })
      expect(await client.invoke(1)).toBe(1)
      used = client
    }
    expect(await rejection(used.invoke(1))).toBeInstanceOf(Closed)
  })

  test('that reaches nobody says whom it tried, and what went wrong', async () => {
    const nobody = await freeAddress()
    const error = await rejection(
      Client.connect({ endpoints: [nobody], machine: counter, connectTimeoutMillis: 50 }),
    )
    expect(error).toBeInstanceOf(Unreachable)
    expect(error.message).toContain(nobody)
    expect(error.message).toContain('ECONNREFUSED')
  })

  test.for([
    [{ endpoints: [] }, '`endpoints` names nobody'],
    [{ endpoints: ['here'] }, '"here" is no address: it must have the form host:port'],
    [{ token: 'x'.repeat(1_025) }, 'A token has at most 1024 bytes'],
    [{ tls: { ca: 'none' } }, 'The certificate of the authority for TLS cannot be read'],
  ] as const)('whose options cannot be says so: %j', async ([options, detail]) => {
    const error = await rejection(
      Client.connect({ endpoints: ['127.0.0.1:1'], machine: counter, ...options }),
    )
    expect(error).toBeInstanceOf(BadOptions)
    expect(error.message).toContain(detail)
  })

  test('that waits for a member gives up with a signal', async () => {
    const over = new AbortController()
    const options = { endpoints: [await freeAddress()], machine: counter, signal: over.signal }
    const connecting = Client.connect(options)
    over.abort(new Error('enough'))
    expect((await rejection(connecting)).message).toBe('enough')
    expect((await rejection(Client.connect(options))).message).toBe('enough')
  })

  test('logs what is wrong with an address, once, to the logger that it was given', async () => {
    const logger = new Notes()
    const endpoint = await freeAddress()
    const connecting = connect([endpoint], { logger })
    await logger.line(/Nobody answers/)
    await start({ listen: endpoint })
    expect(await (await connecting).invoke(1)).toBe(1)
    expect(logger.lines.filter(({ message }) => message.startsWith('Nobody answers'))).toHaveLength(1)
  })

  test('that may wait for ever waits, until it is reached', async () => {
    const listen = await freeAddress()
    const connecting = connect([listen], { connectTimeoutMillis: Number.POSITIVE_INFINITY })
    await start({ listen })
    expect(await (await connecting).invoke(1)).toBe(1)
  })

  test('goes on when all members were away for a while', async () => {
    const data = newFolder()
    const listen = await freeAddress()
    const first = await start({ data, listen })
    const client = await connect([listen])
    expect(await client.invoke(1)).toBe(1)
    await first.close()
    const asked = client.invoke(1)
    await start({ data, listen })
    expect(await asked).toBe(2)
  })
})

describe('calls', () => {
  test('tell how a member is, each of them', async () => {
    const cluster = await startCluster()
    const client = await connect(cluster.addresses)
    while (client.members.length < 3) await client.invoke(0)
    for (const member of cluster.all) {
      const status = await client.call('status', {}, { member: member.number })
      expect(status).toMatchObject({ name: member.id, member: member.number })
    }
  })

  test('that no member knows, or that fail, reject with what it says', async () => {
    const cluster = await startCluster()
    const client = await connect(cluster.addresses)
    expect((await rejection(client.call('dance'))).message).toMatch(/knows no call dance/)
    for (const options of [
      null,
      5,
      {},
      { version: 0, voters: [5] },
      { version: 0, voters: [{ member: -1 }] },
    ])
      expect((await rejection(client.call('change', options))).name).toBe('TypeError')
    const refused = await rejection(client.call('change', { version: 7, voters: [] }))
    expect(refused).toBeInstanceOf(ChangeRefused)
  })

  test('are given up with a signal, and the client goes on', async () => {
    const client = await connect((await startCluster()).addresses)
    const over = new AbortController()
    const waiting = client.call('wait', { slot: 1_000, timeoutMillis: 30_000 }, { signal: over.signal })
    over.abort(new Error('enough'))
    expect((await rejection(waiting)).message).toBe('enough')
    expect((await rejection(client.call('status', {}, { signal: over.signal }))).message).toBe('enough')
    expect(await client.invoke(1)).toBe(1)
  })

  test('wait until a slot is applied, but not longer than they say', async () => {
    const cluster = await startCluster()
    const client = await connect(cluster.addresses)
    await client.invoke(1)
    expect(await client.call('wait', { slot: 1, timeoutMillis: 5_000 })).toBeGreaterThanOrEqual(1)
    expect(await client.call('wait', { slot: 2 ** 53 - 1, timeoutMillis: 1 })).toBeLessThan(100)
  })

  test('have bounds: too many at a time are refused, too long ones are not heard', async () => {
    const cluster = await startCluster()
    const client = await connect(cluster.addresses)
    await client.invoke(1)
    const waiting = Array.from({ length: 1_100 }, () =>
      client.call('wait', { slot: 2 ** 53 - 1, timeoutMillis: 200 }).catch((error: Error) => error.name),
    )
    // They do not keep anybody out who asks for something else.
    expect(await client.call('status')).toMatchObject({ ready: true })
    const answers = await Promise.all(waiting)
    expect(answers.filter((answer) => answer === 'Overloaded')).toHaveLength(100)
    const long = client.call('status', 'x'.repeat(100_000), { timeoutMillis: 100 })
    expect((await rejection(long)).message).toMatch(/gave no answer within 100 ms/)
    expect(await client.invoke(1)).toBe(2)
  })
})

describe('members that want to see', () => {
  test('a token let in who knows it, and tell the others', async () => {
    const notes = new Notes()
    const cluster = await startCluster({ token: 'secret', logger: notes })
    const client = await connect(cluster.addresses, { token: 'secret' })
    expect(await client.invoke(1)).toBe(1)
    for (const token of ['wrong', '']) {
      const refused = Client.connect({
        endpoints: cluster.addresses,
        machine: counter,
        token,
        connectTimeoutMillis: 200,
      })
      expect((await rejection(refused)).message).toMatch(/wants to see the right token/)
    }
    await notes.line(/wants to see the right token/)
    expect(await client.invoke(1)).toBe(2)
  })

  test('a certificate, over TLS, found a cluster, and let in a client that has one', async () => {
    const authority = makeAuthority('ours')
    const tls = (): TransportTls => ({ ...authority.issue(), ca: authority.cert })
    const cluster = await startCluster({ tls: tls() })
    const client = await connect(cluster.addresses, { tls: tls() })
    expect(await client.invoke(1)).toBe(1)
    const stranger = Client.connect({
      endpoints: cluster.addresses,
      machine: counter,
      tls: { ca: authority.cert },
      connectTimeoutMillis: 300,
    })
    expect((await rejection(stranger)).message).toMatch(/wants to see a certificate/)
  })

  test('a token, over TLS, at an address that others could reach, or they do not start', async () => {
    const data = newFolder()
    const open = Member.start({ id: 'a', data, machine: counter, listen: '0.0.0.0:0' })
    expect(await rejection(open)).toMatchObject({ name: 'CannotListen' })
    const authority = makeAuthority('ours')
    const member = await Member.start({
      id: 'a',
      data,
      machine: counter,
      settings: QUICK,
      listen: '0.0.0.0:0',
      token: 'secret',
      tls: authority.issue(),
    })
    onTestFinished(() => member.close())
    const port = member.endpoint?.split(':').at(-1) ?? ''
    const client = await connect([`127.0.0.1:${port}`], { token: 'secret', tls: { ca: authority.cert } })
    expect(await client.invoke(1)).toBe(1)
  })
})
