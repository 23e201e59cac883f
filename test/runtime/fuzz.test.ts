// Whatever comes to the ports of three members: none of them ends, what waits is bounded, those who ask properly are
// served, and no client has a vote.
//
// What waits is measured where it waits: the queues of the roles, in number, the buffers of the connections, in bytes; and
// all array buffers of the process, because every payload is in one.

import { connect as dial, type Socket } from 'node:net'
import fc from 'fast-check'
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import type { Message } from '../../src/paxos/index.js'
import { MessageWriter } from '../../src/runtime/encoding/messages.js'
import { type Client, DEFAULT_TRANSPORT_LIMITS, Transport } from '../../src/runtime/index.js'
import { encodeCall } from '../../src/runtime/member/calls.js'
import { encodeFrame, HELLO, MESSAGE } from '../../src/runtime/transport/frames.js'
import { encodeHello, VERSIONS } from '../../src/runtime/transport/handshake.js'
import { type Cluster, connect, startCluster } from './member/started.js'
import { FROM_CLIENTS, messageOf, TYPES, wild } from './wild.js'

const MIB = 1024 * 1024
const QUEUE_LIMIT = 500

let cluster: Cluster
/** Asks properly. */
let client: Client<number, number, number, number>

beforeEach(async () => {
  // Members of one process that is kept busy hear each other late.
  const settings = { electionTimeoutMicros: 5_000_000, queueLimit: QUEUE_LIMIT, parkedLimit: QUEUE_LIMIT }
  cluster = await startCluster({ settings, limits: { handshakeMillis: 500 } })
  client = await connect(cluster.addresses)
  await client.invoke(1)
})

// ---- what must still be so

/** Members live, agree, and serve; and what waits for anything is bounded. */
async function expectUnhurt(): Promise<void> {
  const ended = Promise.race(cluster.all.map((member) => member.ended))
  const served = (async () => {
    const sums = [await client.invoke(1), await cluster.get('b').invoke(1), await client.query(1)]
    const seen = await Promise.all(cluster.all.map((member) => member.query((sum) => sum)))
    return [...sums, ...seen]
  })()
  const sums = await Promise.race([served, ended])
  if (!Array.isArray(sums)) throw new Error('A member has ended.', { cause: sums })
  const [first = 0] = sums
  expect(sums).toEqual([first, ...sums.slice(1).map(() => first + 1)])
  for (const { core } of cluster.all) {
    const { replica, leader } = core.node.roles
    const waiting = [
      replica?.parked.length,
      replica?.waiting.size,
      replica?.reads.size,
      replica?.unasked.size,
    ]
    for (const count of [...waiting, leader?.queue.length]) expect(count).toBeLessThanOrEqual(QUEUE_LIMIT)
    for (const { waitingBytes } of core.transport?.connections ?? [])
      expect(waitingBytes).toBeLessThanOrEqual(DEFAULT_TRANSPORT_LIMITS.queueBytes)
  }
}

/** What only members may change: who leads under which ballot, who votes, and what was promised. */
function protocolState(): readonly unknown[] {
  return cluster.all.map(({ core }) => {
    const { leader } = core.node.roles
    return [
      core.leader,
      leader?.phase,
      leader?.ballot,
      leader?.heardBallot,
      leader?.highestRound,
      core.node.promisedBallot,
      core.node.membership,
      core.node.founding,
      core.node.voting,
      [...(core.node.roles.initializer?.vouched.keys() ?? [])],
    ]
  })
}

// ---- who attacks

const hello = encodeFrame(
  HELLO,
  encodeHello({
    versions: VERSIONS,
    cluster: null,
    member: null,
    store: 0,
    endpoint: null,
    sinceMillis: 0,
    token: '',
    wanted: null,
  }),
)

async function rawSocket(id: string): Promise<Socket> {
  const [host = '', port] = cluster.endpoints[id]?.split(':') ?? []
  const socket = dial({ host, port: Number(port) })
  socket.on('error', () => {}) // it is cut off; that is what the tests are about
  onTestFinished(() => {
    socket.destroy()
  })
  await new Promise((resolve) => socket.once('connect', resolve))
  return socket
}

/** Sends these bytes and ends; resolves when the other side has done with it. */
async function attack(bytes: Uint8Array): Promise<void> {
  const socket = await rawSocket('a')
  socket.resume()
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()))
  socket.end(bytes)
  await closed
}

/** A client that sends what it likes to all members. */
class Attacker {
  readonly reached: Set<number> = new Set()
  readonly transport: Transport
  readonly #writer: MessageWriter = new MessageWriter()
  #answers: (() => void)[] = []

  constructor() {
    this.transport = new Transport({
      identity: () => ({ cluster: null, member: null, store: 0, endpoint: null }),
      onMessages: () => {
        for (const answer of this.#answers.splice(0)) answer()
      },
      onBook: () => {},
      onReachable: (member, reachable) => {
        if (reachable) this.reached.add(member)
        for (const answer of this.#answers.splice(0)) answer()
      },
      onProblem: () => {},
    })
    onTestFinished(() => this.transport.close())
    for (const [at, endpoint] of cluster.addresses.entries()) this.transport.know(at, endpoint)
  }

  async ready(): Promise<this> {
    while (this.reached.size < 3) await new Promise<void>((resolve) => this.#answers.push(resolve))
    return this
  }

  send(...messages: readonly Message[]): void {
    for (const message of messages) {
      this.#writer.write(message)
      this.transport.send([0, 1, 2], this.#writer.take())
    }
    this.transport.flush()
  }

  call(value: object): void {
    this.transport.send([0, 1, 2], encodeCall(value as never))
    this.transport.flush()
  }

  /** Resolves when all members have taken in what was sent before: what they are asked afterwards is answered. */
  async heard(): Promise<void> {
    for (const member of [0, 1, 2]) {
      const answered = new Promise<void>((resolve) => this.#answers.push(resolve))
      this.transport.send(member, encodeCall({ call: 'status', reference: 1, options: null }))
      this.transport.flush()
      await answered
    }
  }
}

describe('the ports of a cluster survive', () => {
  test('a corpus of broken frames, lies and half-open connections', async () => {
    const lying = Buffer.concat([hello, Buffer.of(0xff, 0xff, 0xff, 0, MESSAGE), Buffer.alloc(100)])
    const corpus = [
      Buffer.alloc(0),
      Buffer.alloc(100_000, 0xff),
      Buffer.from('GET / HTTP/1.1\r\n\r\n'),
      hello,
      hello.subarray(0, 10),
      lying,
      Buffer.concat([hello, encodeFrame(MESSAGE, Buffer.alloc(0))]),
      Buffer.concat([hello, encodeFrame(MESSAGE, Buffer.alloc(1_000, 0xff))]),
      Buffer.concat([hello, ...Array.from({ length: 5_000 }, () => encodeFrame(MESSAGE, Buffer.of(60)))]),
    ]
    const halfOpen = await Promise.all(Array.from({ length: 100 }, () => rawSocket('b')))
    for (const [at, socket] of halfOpen.entries()) socket.write(hello.subarray(0, at % hello.length))
    for (const each of corpus) await attack(each)
    await expectUnhurt()
  })

  test('random bytes as messages', async () => {
    const attacker = await new Attacker().ready()
    const property = fc.property(fc.array(fc.uint8Array({ maxLength: 200 }), { maxLength: 20 }), (all) => {
      for (const each of all) attacker.transport.send([0, 1, 2], each)
      attacker.transport.flush()
    })
    fc.assert(property, { numRuns: 300 })
    await attacker.heard()
    await expectUnhurt()
  })

  test('messages of a client that only members send: they change nothing', async () => {
    const attacker = await new Attacker().ready()
    await cluster.leader()
    const before = protocolState()
    const ours = cluster.all.map((member) => member.status())
    for (const { cluster: identity, store } of ours)
      attacker.send({ type: 'turnedAway', cluster: identity ?? 0, store })
    for (const type of TYPES.filter((each) => !FROM_CLIENTS.includes(each))) {
      for (const message of fc.sample(messageOf(type), 100)) attacker.send(message)
      await attacker.heard()
      expect(protocolState(), type).toEqual(before)
    }
    await expectUnhurt()
  })

  test('requests and reads of a client with any values', async () => {
    const attacker = await new Attacker().ready()
    const { membership } = cluster.get('a').core.node
    for (const type of FROM_CLIENTS)
      for (const message of fc.sample(messageOf(type), 1_000)) attacker.send(message)
    await attacker.heard()
    await expectUnhurt()
    expect(cluster.get('a').core.node.membership.configurations).toEqual(membership.configurations)
  })

  test('requests of a client under the session of another, whatever it says of itself', async () => {
    const other = await connect(cluster.addresses)
    const before = await other.invoke(0)
    await cluster.leader() // by now all know the session
    const { self, roles } = other.driver.node
    const { bySession, nextOpener } = roles.requester ?? expect.unreachable()
    const [session = 0] = bySession.keys()
    const command = Buffer.from('1000')
    // Each of the next ones of that client, so that it gets the answer to another command than its own.
    const steal = (): void => {
      for (let sequence = 2; sequence < 12; sequence++)
        attacker.send({
          type: 'request',
          request: { session, sequence, acknowledged: sequence - 1, command },
        })
    }
    const attacker = await new Attacker().ready()
    steal()
    const lies = [
      '',
      `${self}`,
      `${self}.0`,
      `${self}.0.1`,
      `${self}.0.1.${nextOpener - 1}`,
      'x'.repeat(65),
      5,
    ]
    for (const opens of [...lies, null, {}, []]) {
      attacker.call({ opens })
      steal()
    }
    await attacker.heard()
    for (let count = 1; count < 10; count++) expect(await other.invoke(1)).toBe(before + count)
    await expectUnhurt()
  })

  test('reads that wait for what never comes, more than may wait, and others are answered', async () => {
    const attacker = await new Attacker().ready()
    for (let count = 0; count < 3 * QUEUE_LIMIT; count++) {
      const name = `never ${count}`
      const atLeast = 2 ** 53 - 1
      attacker.send({ type: 'read', name, query: Buffer.of(49), consistency: 'stale', atLeast })
    }
    await attacker.heard()
    await Promise.all(Array.from({ length: 50 }, () => Promise.all([client.invoke(0), client.query(1)])))
    await expectUnhurt()
  })

  test('commands that fit no frame together with what is said about them', async () => {
    const attacker = await new Attacker().ready()
    const command = new Uint8Array(DEFAULT_TRANSPORT_LIMITS.frameBytes - 12)
    const name = 'x'.repeat(1_000)
    attacker.send({ type: 'request', request: { session: 12_345, sequence: 1, acknowledged: 0, command } })
    await attacker.heard()
    attacker.send({ type: 'read', name, query: Buffer.of(49), consistency: 'linearizable', atLeast: 0 })
    attacker.send({ type: 'read', name: '', query: command, consistency: 'linearizable', atLeast: 0 })
    await attacker.heard()
    await expectUnhurt()
  })

  test('calls with anything in them', async () => {
    const attacker = await new Attacker().ready()
    const names = fc.constantFrom('status', 'change', 'snapshot', 'wait', '__proto__', 'constructor', '')
    const voter = fc.record({ member: fc.oneof(wild, fc.anything()), store: fc.oneof(wild, fc.anything()) })
    const named = fc.record({
      version: fc.nat(2),
      voters: fc.array(voter),
      slot: wild,
      timeoutMillis: fc.nat(9),
    })
    const call = fc.record({
      call: fc.oneof(names, fc.jsonValue()),
      reference: fc.oneof(wild, fc.jsonValue()),
      options: fc.oneof(named, fc.jsonValue({ maxDepth: 8 })),
    })
    const configurations = cluster.get('a').status().latest
    for (const each of fc.sample(call, 500)) attacker.call(JSON.parse(safeJson(each)) as object)
    for (const each of [[], {}, { reference: 1 }, { leader: 5 }]) attacker.call(each)
    const deep = `\u00ff{"call":"change","reference":1,"options":${'['.repeat(30_000)}${']'.repeat(30_000)}}`
    attacker.transport.send([0, 1, 2], Buffer.from(deep, 'latin1'))
    await attacker.heard()
    await expectUnhurt()
    expect(cluster.get('a').status().latest).toEqual(configurations)
  })

  test('a client that asks and never reads, in bounded memory', async () => {
    const socket = await rawSocket('a') // nobody reads from it
    const ask = encodeFrame(MESSAGE, encodeCall({ call: 'status', reference: 1, options: null }))
    const before = process.memoryUsage().arrayBuffers
    const many = Buffer.concat(Array.from({ length: 1_000 }, () => ask))
    socket.write(hello)
    const { clientQueueBytes } = DEFAULT_TRANSPORT_LIMITS
    const { core } = cluster.get('a')
    for (let round = 0; round < 60; round++) {
      await new Promise((resolve) => socket.write(many, resolve))
      await client.query(1)
      for (const { node, waitingBytes } of core.transport?.connections ?? [])
        if (node >= 2 ** 40) expect(waitingBytes).toBeLessThan(clientQueueBytes + 64 * 1024)
    }
    expect(core.transport?.counts.droppedFull).toBeGreaterThan(0)
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(64 * MIB)
    await expectUnhurt()
  })

  test('a flood of requests, each as large as it may be, in memory that is bounded by their number', async () => {
    const attacker = await new Attacker().ready()
    const command = new Uint8Array(100_000)
    for (let sequence = 1; sequence <= 200; sequence++)
      attacker.send({ type: 'request', request: { session: 99_999, sequence, acknowledged: 0, command } })
    await attacker.heard()
    await expectUnhurt()
  })
})

/** Big numbers and the like have no JSON. */
function safeJson(value: unknown): string {
  return JSON.stringify(value, (_, each: unknown) => (typeof each === 'bigint' ? String(each) : each))
}
