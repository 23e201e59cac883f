/**
 * A client: a program that is no member, and asks the cluster over the network. It finds the leader, connects again when a
 * connection ends, and asks again within its sessions, so that every command is executed exactly once.
 */
/// <reference lib="esnext.disposable" preserve="true" />
import { randomInt } from 'node:crypto'
import type { AnyMachine, Machine, MemberId, Settings } from '../../paxos/index.js'
import { Session } from '../member/asker.js'
import { type Clock, SYSTEM_CLOCK } from '../member/clock.js'
import { Driver } from '../member/driver.js'
import { Closed } from '../member/errors.js'
import { type Logger, QUIET } from '../member/options.js'
import { ProblemLog } from '../member/problem-log.js'
import { Promises } from '../member/promises.js'
import type { Security } from '../member/security.js'
import { type ClientLife, newClientLife } from '../member/sessions.js'
import { commandBytesOf, completeLimits, FIRST_CLIENT } from '../transport/index.js'
import { Connections } from './connections.js'

export interface ClientOptions<State, Command, Output, Query, Answer> extends Security {
  /** `host:port` of members; one that answers is enough, it knows the others. */
  readonly endpoints: readonly string[]
  /** That of the members: its codecs say how commands and answers travel. */
  readonly machine: Machine<State, Command, Output, Query, Answer>
  /** How long it may take until a member answers. Default: 10,000. */
  readonly connectTimeoutMillis?: number
  readonly settings?: Partial<Settings>
  /** Gets what is wrong with members and addresses, once each. Default: nothing is logged. */
  readonly logger?: Logger
  /** When it fires before a member is connected, `connect` rejects with its reason. */
  readonly signal?: AbortSignal
}

/** How a member is called. */
export interface CallOptions {
  /** Default: 10,000. */
  readonly timeoutMillis?: number
  /** When it fires, nobody waits any longer. The call may have been heard all the same. */
  readonly signal?: AbortSignal
  /** Which member. Default: who leads, or anybody. */
  readonly member?: MemberId
}

const CALL_MILLIS = 10_000

/** How often it looks whether it still talks to the leader. */
const LOOK_MILLIS = 1_000

export class Client<Command, Output, Query, Answer> extends Session<Command, Output, Query, Answer> {
  readonly #machine: AnyMachine
  readonly #promises: Promises
  readonly #connections: Connections
  readonly #driver: Driver
  readonly #look: NodeJS.Timeout
  #sessions = 0
  #isClosed = false

  /**
   * Resolves when a member is connected. Rejects with an `Unreachable` that says why none is, or with a `BadOptions`.
   */
  static async connect<State, Command, Output, Query, Answer>(
    options: ClientOptions<State, Command, Output, Query, Answer>,
  ): Promise<Client<Command, Output, Query, Answer>> {
    const { endpoints, connectTimeoutMillis = 10_000, logger = QUIET, signal } = options
    signal?.throwIfAborted()
    const problems = new ProblemLog(logger)
    const life = newClientLife()
    let client: Client<Command, Output, Query, Answer> | null = null
    const connections = new Connections({
      endpoints,
      security: options,
      opens: life.opens,
      onMessages: (from, store, payloads) => client?.driver.receive(from, store, payloads),
      onContacts: (contacts) => client?.driver.turnTo(contacts),
      onProblem: (problem) => problems.problem(problem),
    })
    try {
      await connections.reached(connectTimeoutMillis, signal)
    } catch (error) {
      await connections.close()
      throw error
    }
    client = new Client(options, connections, SYSTEM_CLOCK, problems, life)
    return client
  }

  private constructor(
    options:
      | ClientOptions<unknown, unknown, unknown, unknown, unknown>
      | ClientOptions<never, never, never, never, never>,
    connections: Connections,
    clock: Clock,
    problems: ProblemLog,
    { incarnation }: ClientLife,
  ) {
    const machine = options.machine as unknown as AnyMachine // only its codecs are used
    const commandBytes = commandBytesOf(completeLimits(options.limits))
    const promises = new Promises((request) => this.#driver.request(request), commandBytes)
    super(promises, machine, 0)
    this.#machine = machine
    this.#promises = promises
    this.#connections = connections
    this.#driver = new Driver({
      node: {
        self: FIRST_CLIENT,
        machine,
        purpose: { type: 'request', contacts: connections.contacts, incarnation },
        settings: options.settings ?? {},
      },
      store: null,
      links: {
        send: (to, payload) => connections.transport.send(to, payload),
        flush: () => connections.transport.flush(),
      },
      clock,
      draw: (low, high) => randomInt(low, high + 1),
      onObservation: (observation) => {
        if (observation.type === 'answered') promises.answered(observation.reference, observation.outcome)
      },
      onLeader: () => {},
      onFailure: (error) => promises.end(new Closed('The client has failed.', { cause: error })),
      onMalformed: (from, error) => problems.malformed(from, error),
    })
    this.#driver.boot()
    this.#look = setInterval(() => this.#lookForLeader(), LOOK_MILLIS)
    this.#look.unref()
  }

  /** @internal */
  get driver(): Driver {
    return this.#driver
  }

  /** Who leads, as far as it was told. */
  get leader(): MemberId | null {
    return this.#connections.leader
  }

  /** The members that are connected. */
  get members(): readonly MemberId[] {
    return this.#connections.contacts
  }

  /** A session of its own: its commands need not wait for those of others. */
  session(): Session<Command, Output, Query, Answer> {
    return new Session(this.#promises, this.#machine, ++this.#sessions)
  }

  /** Asks one member itself. Rejects with what it says, or with an `Unreachable`. */
  call(
    call: string,
    options: unknown = {},
    { timeoutMillis = CALL_MILLIS, member, signal }: CallOptions = {},
  ): Promise<unknown> {
    return this.#connections.call(call, options, timeoutMillis, member, signal)
  }

  /** Whoever waits for an answer gets an `OutcomeUnknown`. */
  async close(): Promise<void> {
    if (this.#isClosed) return
    this.#isClosed = true
    clearInterval(this.#look)
    this.#driver.stop()
    this.#promises.end(new Closed('The client is closed.'))
    await this.#connections.close()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  /** Where the leader did not answer in time, others were asked: back to it. */
  #lookForLeader(): void {
    const { requester } = this.#driver.node.roles
    const [first] = this.#connections.contacts
    if (requester === undefined || first === undefined) return
    const turnedTo = requester.contacts[requester.contact % requester.contacts.length]
    if (turnedTo !== first) this.#driver.turnTo(this.#connections.contacts)
  }
}
