// Members for tests, in this process: real folders, real ports of 127.0.0.1. All is closed and removed when the test ends.

import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { CommandFailed, defineMachine, type Settings } from '../../../src/paxos/index.js'
import {
  Client,
  type ClientOptions,
  type Logger,
  Member,
  type MemberOptions,
} from '../../../src/runtime/index.js'

/** Adds, and tells the sum; also as a query of the machine. It takes nothing but whole numbers. */
export const counter = defineMachine({
  initial: () => 0,
  apply: (sum, by: number) => {
    if (!Number.isInteger(by)) throw new CommandFailed(`${by} is no whole number.`)
    return [sum + by, sum + by]
  },
  query: (sum, factor: number) => sum * factor,
})

/** A machine of {@link counter}'s types, whatever else it does. */
export type Counter = typeof counter
export type CounterMember = Member<number, number, number, number, number>

/** Times that fit members in one process. */
export const QUICK: Partial<Settings> = {
  heartbeatMicros: 50_000,
  electionTimeoutMicros: 300_000,
  joinMicros: 20_000,
  requestResendMicros: 200_000,
}

export function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'synod-member-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

/** Ports that nobody listens on. They are below those that systems give to whoever dials. */
export async function freeAddress(): Promise<string> {
  for (;;) {
    const port = 10_000 + Math.floor(Math.random() * 20_000)
    if (given.has(port) || !(await canListen(port))) continue
    given.add(port)
    return `127.0.0.1:${port}`
  }
}

/** The ports that were given: whoever was given one does not listen there at once. */
const given: Set<number> = new Set()

function canListen(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', () => resolve(false))
    server.listen({ host: '127.0.0.1', port }, () => server.close(() => resolve(true)))
  })
}

export async function start(options: Partial<MemberOptions<Counter>> = {}): Promise<CounterMember> {
  const { settings, ...others } = options
  const member = await Member.start({
    id: 'a',
    data: others.data ?? newFolder(),
    machine: counter,
    settings: { ...QUICK, ...settings },
    ...others,
  })
  onTestFinished(() => member.close())
  return member
}

/** The members of a cluster by their names, and how to start each of them again. */
export class Cluster {
  readonly endpoints: Readonly<Record<string, string>>
  readonly folder: string = newFolder()
  readonly members: Map<string, CounterMember> = new Map()
  readonly #options: Partial<MemberOptions<Counter>>

  constructor(endpoints: Readonly<Record<string, string>>, options: Partial<MemberOptions<Counter>>) {
    this.endpoints = endpoints
    this.#options = options
  }

  data(id: string): string {
    return join(this.folder, id)
  }

  /** Starts a founder, or starts it again. */
  async start(id: string, options: Partial<MemberOptions<Counter>> = {}): Promise<CounterMember> {
    const member = await start({
      id,
      data: this.data(id),
      cluster: this.endpoints,
      ...this.#options,
      ...options,
    })
    this.members.set(id, member)
    return member
  }

  get(id: string): CounterMember {
    const member = this.members.get(id)
    if (member === undefined) throw new Error(`Member ${id} was not started.`)
    return member
  }

  get all(): readonly CounterMember[] {
    return [...this.members.values()]
  }

  get addresses(): readonly string[] {
    return Object.values(this.endpoints)
  }

  /** Whoever leads; waits until somebody does, as all of them see it. */
  async leader(): Promise<CounterMember> {
    for (;;) {
      await Promise.all(this.all.map((member) => member.query((sum) => sum)))
      const [first] = this.all
      const leader = this.all.find((member) => member.number === first?.leader)
      if (leader !== undefined && this.all.every((member) => member.leader === leader.number)) return leader
    }
  }
}

/** Three members, started, in this order. */
export async function startCluster(
  options: Partial<MemberOptions<Counter>> = {},
  order: readonly string[] = ['a', 'b', 'c'],
): Promise<Cluster> {
  const names = [...order].sort()
  const endpoints: Record<string, string> = {}
  for (const name of names) endpoints[name] = await freeAddress()
  const cluster = new Cluster(endpoints, options)
  for (const name of order) await cluster.start(name)
  return cluster
}

export async function connect(
  endpoints: readonly string[],
  options: Partial<ClientOptions<number, number, number, number, number>> = {},
): Promise<Client<number, number, number, number>> {
  const client = await Client.connect({ endpoints, machine: counter, settings: QUICK, ...options })
  onTestFinished(() => client.close())
  return client
}

/** Notes what is logged, and tells when something was. */
export class Notes implements Logger {
  readonly lines: { readonly level: keyof Logger; readonly fields: object; readonly message: string }[] = []
  #waiting: (() => void)[] = []

  debug = (fields: object, message: string): void => this.#note('debug', fields, message)
  info = (fields: object, message: string): void => this.#note('info', fields, message)
  warn = (fields: object, message: string): void => this.#note('warn', fields, message)
  error = (fields: object, message: string): void => this.#note('error', fields, message)

  /** The first line like this, as soon as there is one. */
  async line(pattern: RegExp): Promise<string> {
    for (;;) {
      const found = this.lines.find(({ message }) => pattern.test(message))
      if (found !== undefined) return found.message
      await new Promise<void>((resolve) => this.#waiting.push(resolve))
    }
  }

  #note(level: keyof Logger, fields: object, message: string): void {
    this.lines.push({ level, fields, message })
    for (const resolve of this.#waiting.splice(0)) resolve()
  }
}

/** What a promise rejects with; fails if it does not. */
export async function rejection(promise: Promise<unknown>): Promise<Error> {
  try {
    await promise
  } catch (error) {
    if (error instanceof Error) return error
    throw error
  }
  throw new Error('It did not reject.')
}
