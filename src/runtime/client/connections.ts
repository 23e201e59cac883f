/**
 * The connections of somebody who is no member: to every member that can be found, starting from some addresses. It knows
 * who leads, and can call each member.
 */
import {
  ChangeRefused,
  type MemberId,
  OutcomeUnknown,
  Overloaded,
  SessionExpired,
} from '../../paxos/index.js'
import { type CallAnswer, decodeCall, encodeCall, isCall } from '../member/calls.js'
import { BadOptions, Closed } from '../member/errors.js'
import { checkSecurity, type Security } from '../member/security.js'
import { type Problem, type ProblemReason, parseEndpoint, Transport } from '../transport/index.js'

export interface ConnectionsOptions {
  /** `host:port`; the other members are found from there. */
  readonly endpoints: readonly string[]
  readonly security: Security
  /** What the names of its sessions begin with, if it opens any: each member is told. */
  readonly opens?: string
  /** Messages of the protocol. */
  readonly onMessages?: (from: MemberId, store: number, payloads: readonly Uint8Array[]) => void
  /** Whom to turn to has changed: the leader first, if it is known and connected. */
  readonly onContacts?: (contacts: readonly MemberId[]) => void
  /** Something is wrong with a member, or at an address. */
  readonly onProblem?: (problem: Problem) => void
}

/** Why a member lets nobody in who does not come with something else: to wait would change nothing. */
const TURNED_AWAY: ReadonlySet<ProblemReason> = new Set([
  'unauthenticated',
  'untrusted',
  'token-in-clear',
  'no-common-version',
])

/** No member could be reached in time, or lets it in. The message says what went wrong with each. */
export class Unreachable extends Error {
  override readonly name = 'Unreachable'
}

interface Calling {
  readonly release: () => void
  readonly member: MemberId
  readonly resolve: (result: unknown) => void
  readonly reject: (error: unknown) => void
  readonly timer: NodeJS.Timeout
}

export class Connections {
  readonly transport: Transport
  readonly #options: ConnectionsOptions
  readonly #reachable: Set<MemberId> = new Set()
  #leader: MemberId | null = null
  /** The last problem of each peer. */
  readonly #problems: Map<string, Problem> = new Map()
  readonly #calling: Map<number, Calling> = new Map()
  #calls = 0
  /** Who waits until a member is reachable. */
  #waiting: (() => void)[] = []
  #isClosed = false

  /** Throws a `BadOptions`. */
  constructor(options: ConnectionsOptions) {
    const { tls, token, limits } = options.security
    checkEndpoints(options.endpoints)
    checkSecurity(options.security)
    this.#options = options
    this.transport = new Transport({
      identity: () => ({ cluster: null, member: null, store: 0, endpoint: null }),
      ...(tls && { tls }),
      ...(token !== undefined && { token }),
      ...(limits && { limits }),
      onMessages: (from, store, payloads) => this.#receive(from, store, payloads),
      onBook: (book) => {
        for (const [member, endpoint] of book) this.transport.know(member, endpoint)
      },
      onReachable: (member, reachable) => this.#reach(member, reachable),
      onProblem: (problem) => this.#note(problem),
    })
    for (const endpoint of options.endpoints) this.transport.meet(endpoint)
  }

  /** The members that are connected, the leader first. */
  get contacts(): readonly MemberId[] {
    const others = [...this.#reachable].filter((member) => member !== this.#leader)
    if (this.#leader === null || !this.#reachable.has(this.#leader)) return others
    return [this.#leader, ...others]
  }

  get leader(): MemberId | null {
    return this.#leader
  }

  /** Resolves when a member is connected. Rejects with an {@link Unreachable} if none is in time, or lets it in. */
  async reached(timeoutMillis: number, signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted()
    if (this.#isClosed) throw new Closed('It is closed.')
    if (this.#reachable.size > 0) return
    if (this.#isTurnedAway) throw this.#unreachable(timeoutMillis)
    await new Promise<void>((resolve, reject) => {
      const timer = setTimeout(() => reject(this.#unreachable(timeoutMillis)), timerOf(timeoutMillis))
      const release = onAbort(signal, (reason) => {
        clearTimeout(timer)
        reject(reason)
      })
      this.#waiting.push(() => {
        clearTimeout(timer)
        release()
        if (this.#isClosed) reject(new Closed('It was closed before a member was reached.'))
        else if (this.#isTurnedAway) reject(this.#unreachable(timeoutMillis))
        else resolve()
      })
    })
  }

  #note(problem: Problem): void {
    this.#problems.set(problem.peer, problem)
    this.#options.onProblem?.(problem)
    if (this.#isTurnedAway) this.#wake()
  }

  #wake(): void {
    for (const wake of this.#waiting.splice(0)) wake()
  }

  /** Something is wrong at each address, and one of those who answer says that it lets nobody in who comes like this. */
  get #isTurnedAway(): boolean {
    if (this.#reachable.size > 0) return false
    const problems = this.#options.endpoints.map((endpoint) => this.#problems.get(endpoint))
    return (
      problems.every((problem) => problem !== undefined) &&
      problems.some((problem) => problem !== undefined && TURNED_AWAY.has(problem.reason))
    )
  }

  #unreachable(timeoutMillis: number): Unreachable {
    const { endpoints } = this.#options
    const details = [...this.#problems.values()].map(({ peer, detail }) => `${peer}: ${detail}`)
    const detail = details.length === 0 ? 'nothing answers' : details.join('; ').replace(/\.$/, '')
    if (this.#isTurnedAway)
      return new Unreachable(
        `No member lets this client in (${detail}): give the token, the key and certificate, or the authority that the members have.`,
      )
    return new Unreachable(
      `No member could be reached at ${endpoints.join(', ')} within ${timeoutMillis} ms (${detail}): is the cluster up?`,
    )
  }

  /** Calls a member: this one, or who leads, or anybody. Rejects with what the member says, or an {@link Unreachable}. */
  async call(
    call: string,
    options: unknown,
    timeoutMillis: number,
    member?: MemberId,
    signal?: AbortSignal,
  ): Promise<unknown> {
    await this.reached(timeoutMillis, signal)
    signal?.throwIfAborted() // it may have fired meanwhile
    const to = member ?? this.contacts[0]
    if (to === undefined || !this.#reachable.has(to)) throw new Unreachable(`Member ${to} is not connected.`)
    const reference = ++this.#calls
    return new Promise((resolve, reject) => {
      const late = (): void => {
        this.#take(reference)?.reject(
          new Unreachable(`Member ${to} gave no answer within ${timeoutMillis} ms.`),
        )
      }
      const timer = setTimeout(late, timerOf(timeoutMillis))
      const release = onAbort(signal, (reason) => this.#take(reference)?.reject(reason))
      this.#calling.set(reference, { member: to, resolve, reject, timer, release })
      this.transport.send(to, encodeCall({ call, reference, options }))
      this.transport.flush()
    })
  }

  async close(): Promise<void> {
    this.#isClosed = true
    for (const reference of [...this.#calling.keys()])
      this.#take(reference)?.reject(new Closed('It was closed before an answer came.'))
    this.#wake()
    await this.transport.close()
  }

  #take(reference: number): Calling | undefined {
    const calling = this.#calling.get(reference)
    this.#calling.delete(reference)
    clearTimeout(calling?.timer)
    calling?.release()
    return calling
  }

  #receive(from: MemberId, store: number, payloads: readonly Uint8Array[]): void {
    for (const payload of payloads) if (isCall(payload)) this.#hear(from, payload)
    const messages = payloads.some(isCall) ? payloads.filter((payload) => !isCall(payload)) : payloads
    if (messages.length > 0) this.#options.onMessages?.(from, store, messages)
  }

  #hear(from: MemberId, payload: Uint8Array): void {
    const said = decodeCall(payload)
    if (said === null) return
    if (said.reference !== undefined) this.#answered(said.reference, said)
    else if (said.leader !== undefined) this.#led(from, said.leader)
  }

  #answered(reference: number, answer: Partial<CallAnswer & { readonly result: unknown }>): void {
    const calling = this.#take(reference)
    if (calling === undefined) return
    if ('error' in answer) calling.reject(errorOf(answer.error ?? {}))
    else calling.resolve(answer.result)
  }

  /** A member said who leads. That it knows nobody says little: another may. */
  #led(from: MemberId, leader: MemberId | null): void {
    if (leader === null && this.#leader !== from) return
    if (leader === this.#leader) return
    this.#leader = leader
    this.#tell()
  }

  #reach(member: MemberId, reachable: boolean): void {
    if (reachable) {
      this.#reachable.add(member)
      this.#introduce(member)
    } else {
      this.#reachable.delete(member)
      for (const [reference, calling] of this.#calling)
        if (calling.member === member)
          this.#take(reference)?.reject(
            new Unreachable(`The connection to member ${member} ended before it answered.`),
          )
    }
    if (reachable) this.#wake()
    this.#tell()
  }

  /** Before anything else is said to it. */
  #introduce(member: MemberId): void {
    const { opens } = this.#options
    if (opens !== undefined) this.transport.send(member, encodeCall({ opens }))
  }

  #tell(): void {
    if (!this.#isClosed && this.#reachable.size > 0) this.#options.onContacts?.(this.contacts)
  }
}

/** Calls this with the signal's reason when it fires. Gives a function that stops listening. */
function onAbort(signal: AbortSignal | undefined, aborted: (reason: unknown) => void): () => void {
  const listener = (): void => aborted(signal?.reason)
  signal?.addEventListener('abort', listener, { once: true })
  return () => signal?.removeEventListener('abort', listener)
}

/** What a member may tell by name, as what it is. */
const TOLD = {
  ChangeRefused,
  Closed,
  OutcomeUnknown,
  Overloaded,
  RangeError,
  SessionExpired,
  TypeError,
} as const

function errorOf({
  name = 'Error',
  message = '',
}: {
  readonly name?: string
  readonly message?: string
}): Error {
  const known = Object.hasOwn(TOLD, name) ? TOLD[name as keyof typeof TOLD] : null // it is one of them
  return known === null ? Object.assign(new Error(message), { name }) : new known(message)
}

function checkEndpoints(endpoints: readonly string[]): void {
  if (!Array.isArray(endpoints) || endpoints.length === 0)
    throw new BadOptions('`endpoints` names nobody: give the address of a member, host:port.')
  for (const endpoint of endpoints) {
    if (parseEndpoint(endpoint) === null)
      throw new BadOptions(`${JSON.stringify(endpoint)} is no address: it must have the form host:port.`)
  }
}

/** Timers end here, in milliseconds: who is given longer, or for ever, waits some weeks. */
const LONGEST_TIMER = 2 ** 31 - 1

function timerOf(millis: number): number {
  return Math.min(millis, LONGEST_TIMER)
}
