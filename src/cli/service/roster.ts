/** The members of a cluster, each of which can be asked how it is. */
import { Connections, type MemberStatus, type Security } from '../../runtime/index.js'
import type { Found } from './client.js'

/** How long is waited for a connection to a member, once there is one to another. */
const GRACE_MILLIS = 1_000

/** A member, and what it said; null if it does not answer. */
export interface Report {
  readonly member: number
  readonly endpoint: string | null
  readonly status: MemberStatus | null
}

export class Roster {
  readonly #connections: Connections
  /** Who waits for other members to be connected. */
  #waiting: (() => void)[] = []
  /** Members, and addresses, where nobody answers. */
  readonly #silent: Set<number | string> = new Set()

  constructor(endpoints: readonly string[], security: Security) {
    this.#connections = new Connections({
      endpoints,
      security,
      onContacts: () => this.#wake(),
      onProblem: ({ reason, member, peer }) => {
        if (reason !== 'unreachable') return
        this.#silent.add(member ?? peer)
        this.#wake()
      },
    })
  }

  #wake(): void {
    for (const wake of this.#waiting.splice(0)) wake()
  }

  /** Rejects with an `Unreachable` if nobody answers in time. */
  static async open({ endpoints, security, timeoutMillis }: Found): Promise<Roster> {
    const roster = new Roster(endpoints, security)
    try {
      await roster.#connections.reached(timeoutMillis)
    } catch (error) {
      await roster.close()
      throw error
    }
    return roster
  }

  /** The members that are connected, the leader first. */
  get contacts(): readonly number[] {
    return this.#connections.contacts
  }

  call(call: string, options: unknown, timeoutMillis: number, member?: number): Promise<unknown> {
    return this.#connections.call(call, options, timeoutMillis, member)
  }

  /** How one member is: this one, or who leads as far as is known. */
  async status(timeoutMillis: number, member?: number): Promise<MemberStatus> {
    return (await this.call('status', {}, timeoutMillis, member)) as MemberStatus // what members answer
  }

  /** How every member is, by number; and those that are no voters, if they answer. */
  async reports(timeoutMillis: number): Promise<readonly Report[]> {
    const { latest, endpoints } = await this.status(timeoutMillis)
    const voters = latest?.voters.map(({ member }) => member) ?? []
    const numbers = [...new Set([...voters, ...Object.keys(endpoints).map(Number)])].sort((a, b) => a - b)
    const asked = numbers.map(async (member) => {
      const endpoint = endpoints[member] ?? null
      const isConnected = await this.isConnected(member, Math.min(timeoutMillis, GRACE_MILLIS), endpoint)
      const status = isConnected ? await this.#statusIfAny(member, timeoutMillis) : null
      return { member, endpoint, status }
    })
    return (await Promise.all(asked)).filter(
      ({ member, status }) => status !== null || voters.includes(member),
    )
  }

  async #statusIfAny(member: number, timeoutMillis: number): Promise<MemberStatus | null> {
    return await this.status(Math.min(timeoutMillis, GRACE_MILLIS), member).catch(() => null)
  }

  /** Waits for a connection to the member, unless nobody answers where it is, and says whether there is one. */
  async isConnected(member: number, timeoutMillis: number, endpoint: string | null = null): Promise<boolean> {
    const endMillis = performance.now() + timeoutMillis
    while (!this.contacts.includes(member)) {
      const leftMillis = endMillis - performance.now()
      const isSilent = this.#silent.has(member) || (endpoint !== null && this.#silent.has(endpoint))
      if (isSilent || leftMillis <= 0) return false
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, leftMillis)
        this.#waiting.push(() => {
          clearTimeout(timer)
          resolve()
        })
      })
    }
    return true
  }

  async close(): Promise<void> {
    await this.#connections.close()
  }
}

/** Opens a roster, asks, and closes it. */
export async function withRoster<Result>(
  found: Found,
  ask: (roster: Roster) => Promise<Result>,
): Promise<Result> {
  const roster = await Roster.open(found)
  try {
    return await ask(roster)
  } finally {
    await roster.close()
  }
}
