// Sides of the transport for tests: each notes what it was told, and a test waits until something is noted.

import { connect, type Socket } from 'node:net'
import { onTestFinished } from 'vitest'
import {
  formatEndpoint,
  type Identity,
  type ListenAddress,
  type Problem,
  Transport,
  type TransportOptions,
} from '../../../src/runtime/index.js'

export interface Received {
  readonly from: number
  readonly store: number
  readonly text: string
}

export class Side {
  readonly messages: Received[] = []
  /** How many payloads came in each call. */
  readonly batches: number[] = []
  readonly problems: Problem[] = []
  readonly reachable: Set<number> = new Set()
  /** Everybody who was reachable, one after the other. */
  readonly reached: number[] = []
  receivedBytes = 0
  book: ReadonlyMap<number, string> = new Map()
  identity: Identity
  readonly transport: Transport
  #waiting: (() => void)[] = []

  constructor(identity: Partial<Identity>, options: Partial<TransportOptions> = {}) {
    this.identity = { cluster: 7, member: null, store: 0, endpoint: null, ...identity }
    this.transport = new Transport({
      identity: () => this.identity,
      onMessages: (from, store, payloads) => {
        this.batches.push(payloads.length)
        for (const payload of payloads) {
          this.receivedBytes += payload.length
          const text = payload.length > 100 ? '' : Buffer.from(payload).toString()
          this.messages.push({ from, store, text })
        }
        this.#noted()
      },
      onBook: (book) => {
        this.book = book
        this.#noted()
      },
      onReachable: (node, reachable) => {
        if (reachable) this.reachable.add(node)
        else this.reachable.delete(node)
        if (reachable) this.reached.push(node)
        this.#noted()
      },
      onProblem: (problem) => {
        this.problems.push(problem)
        this.#noted()
      },
      ...options,
    })
    onTestFinished(() => this.transport.close())
  }

  get texts(): readonly string[] {
    return this.messages.map(({ text }) => text)
  }

  get endpoint(): string {
    return this.identity.endpoint ?? ''
  }

  say(to: number | readonly number[], ...texts: readonly string[]): void {
    for (const text of texts) this.transport.send(to, Buffer.from(text))
    this.transport.flush()
  }

  /** Resolves when it is so; looked at whenever something was noted. */
  async until(isSo: () => boolean): Promise<void> {
    while (!isSo()) await new Promise<void>((resolve) => this.#waiting.push(resolve))
  }

  problem(reason: Problem['reason']): Promise<void> {
    return this.until(() => this.problems.some((problem) => problem.reason === reason))
  }

  #noted(): void {
    const waiting = this.#waiting
    this.#waiting = []
    for (const resolve of waiting) resolve()
  }
}

export const LOCAL: ListenAddress = { host: '127.0.0.1', port: 0 }

/** A member that listens. Its store has the number 100 + member. */
export async function member(number: number, options: Partial<TransportOptions> = {}): Promise<Side> {
  const side = new Side({ member: number, store: 100 + number }, { listen: LOCAL, ...options })
  const address = await side.transport.listen()
  side.identity = { ...side.identity, endpoint: formatEndpoint(address) }
  return side
}

export function client(options: Partial<TransportOptions> = {}): Side {
  return new Side({}, options)
}

/** One dials the other, and reaches it. */
export async function reach(one: Side, other: Side): Promise<void> {
  const number = other.identity.member ?? -1
  one.transport.know(number, other.endpoint)
  await one.until(() => one.reachable.has(number))
}

/** A socket that says what it likes. */
export async function stranger(to: Side): Promise<Socket> {
  const [host = '', port] = to.endpoint.split(':')
  const socket = connect({ host, port: Number(port) })
  socket.on('error', () => {}) // it is cut off; that is what the tests are about
  onTestFinished(() => {
    socket.destroy()
  })
  await new Promise((resolve) => socket.once('connect', resolve))
  return socket
}

export function closed(socket: Socket): Promise<void> {
  socket.resume()
  return new Promise((resolve) => {
    if (socket.closed) resolve()
    else socket.once('close', () => resolve())
  })
}
