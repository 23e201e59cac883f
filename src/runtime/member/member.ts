/**
 * A member of a cluster, in this process: the smallest way to make a state machine replicated and durable.
 *
 *     const counter = defineMachine({ initial: () => 0, apply: (n, by: number) => [n + by, n + by] })
 *     const member = await Member.start({ id: 'a', data: './a', machine: counter })
 *     await member.invoke(1)
 */
/// <reference lib="esnext.disposable" preserve="true" />
import { type AnyMachine, codecsOf, type Machine, type MemberId, type Voter } from '../../paxos/index.js'
import type { MetricsRegistry } from '../metrics.js'
import { MemberSession } from './asker.js'
import { MemberCore } from './core.js'
import { type Decision, Decisions } from './decisions.js'
import { withLocalQueries } from './local-queries.js'
import { checkOptions, type MemberOptions } from './options.js'
import type { AskOptions } from './promises.js'
import { type MemberStatus, statusOf } from './status.js'

/** How long a call waits for a slot at most. */
const LONGEST_WAIT_MILLIS = 30_000

export class Member<State, Command, Output, Query = never, Answer = never> extends MemberSession<
  State,
  Command,
  Output,
  Query,
  Answer
> {
  readonly #core: MemberCore
  readonly #machine: AnyMachine
  #sessions = 0
  /** The highest number that a newcomer was told to take. */
  #told = 0

  /**
   * Starts a member: resolves when it has read its store, and listens. Whether there is a leader yet, is another matter:
   * what is asked waits for one. Rejects with a `StoreError` if the folder cannot be used, with a `StoreRefused` if the
   * store may not vote, with a `BadOptions`, or with a `CannotListen`; each says what to do. Or with the reason of
   * `signal`, when that fires before.
   */
  static async start<State, Command, Output, Query = never, Answer = never>(
    options: MemberOptions<Machine<State, Command, Output, Query, Answer>>,
  ): Promise<Member<State, Command, Output, Query, Answer>> {
    checkOptions(options as unknown as MemberOptions<AnyMachine>) // its types do not matter there
    const machine = withLocalQueries(options.machine as unknown as AnyMachine) // its values are made by its own functions
    const core = await MemberCore.start({ ...options, machine }, machine)
    if (options.metrics !== undefined) await measure(core, options.metrics)
    return new Member(core, machine)
  }

  private constructor(core: MemberCore, machine: AnyMachine) {
    super(core.promises, machine, 0)
    this.#core = core
    this.#machine = machine
    core.desk.handlers.set('status', () => this.status())
    core.desk.handlers.set('number', () => this.#numberForNewcomer())
    core.desk.handlers.set('change', (options) => this.#changeFor(options))
    core.desk.handlers.set('transfer', (options) => this.transfer(optionalMember(options)))
    core.desk.handlers.set('snapshot', () => this.snapshot())
    core.desk.handlers.set('wait', (options) => this.#wait(options))
  }

  /** Its name. */
  get id(): string {
    return this.#core.name
  }

  /** Its number. */
  get number(): MemberId {
    return this.#core.node.self
  }

  /** Where others find it; null if it listens nowhere. */
  get endpoint(): string | null {
    return this.#core.endpoint
  }

  /** Who leads, as far as it knows. */
  get leader(): MemberId | null {
    return this.#core.leader
  }

  /** Resolves when it has ended: with null after `close`, or when it was removed; with the error that ended it. */
  get ended(): Promise<Error | null> {
    return this.#core.ended
  }

  status(): MemberStatus {
    return statusOf(this.#core)
  }

  /** A session of its own: exactly once for a client of yours, and its commands need not wait for those of others. */
  session(): MemberSession<State, Command, Output, Query, Answer> {
    return new MemberSession(this.#core.promises, this.#machine, ++this.#sessions)
  }

  /**
   * What is decided from now on, in order. Throws a `DecisionsMissed` where there is a gap, `Closed` on a failure, and the
   * reason of the signal when that fires.
   */
  decisions({ signal }: { readonly signal?: AbortSignal } = {}): AsyncIterableIterator<Decision<Command>> {
    signal?.throwIfAborted()
    const { commands } = codecsOf(this.#machine)
    const decisions = new Decisions<Command>(
      (bytes) => commands.decode(bytes) as Command, // by its own codec
      (ended) => {
        signal?.removeEventListener('abort', abort)
        this.#core.unfollow(ended as Decisions<unknown>) // as that it was given
      },
    )
    const abort = (): void => decisions.abort(signal?.reason)
    signal?.addEventListener('abort', abort)
    this.#core.follow(decisions as Decisions<unknown>) // it only ever gives them
    return decisions
  }

  /**
   * Makes these the voters, in place of those of the configuration `version`. Gives the new version. Rejects with a
   * `ChangeRefused` that says why, or with a `TypeError` for what names no voters.
   */
  async change(version: number, voters: readonly Voter[], options?: AskOptions): Promise<number> {
    checkChange(version, voters)
    await this.#core.promises.ask(0, { type: 'change', version, voters }, () => {}, options)
    return version + 1
  }

  /** The version of the machine that is active, as far as this member has applied the decrees. */
  get version(): number {
    return this.#core.node.roles.replica?.replicated.machineVersion ?? 1
  }

  /**
   * Activates this version of the machine, or the next, on every member in the same slot, and gives it: see
   * docs/UPGRADING.md. Rejects with an `UpgradeRefused` that says why.
   */
  async upgrade(to: number = this.version + 1, options?: AskOptions): Promise<number> {
    if (!isCount(to)) throw new TypeError('A version of a machine is a whole number.')
    await this.#core.promises.ask(0, { type: 'upgrade', from: this.version, to }, () => {}, options)
    return to
  }

  /** Has another member lead: this one, or, if it is null, whoever was heard last. Does nothing unless a member leads. */
  transfer(to: MemberId | null = null): void {
    this.#core.transfer(to)
  }

  /** Takes a snapshot now, and trims the log. A large one, of a machine that can `freeze`, is complete a while later. */
  snapshot(): void {
    this.#core.snapshot()
  }

  /**
   * Hands leadership over, writes what is to be written, and stops. Whoever waits for an answer gets an `OutcomeUnknown`,
   * whoever asks afterwards a `Closed`.
   */
  async close(): Promise<void> {
    await this.#core.close()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  /** @internal */
  get core(): MemberCore {
    return this.#core
  }

  // ---- calls ---------------------------------------------------------------------------------------------------

  /** A number that no member has, as far as is known here, and that nobody was told before: two may come at once. */
  #numberForNewcomer(): MemberId {
    const known = [...this.#core.endpoints.keys(), this.#core.node.membership.highestMember]
    this.#told = Math.max(this.#told, ...known) + 1
    return this.#told
  }

  async #changeFor(options: unknown): Promise<number> {
    const { version, voters } = fields(options)
    return this.change(version as number, voters as readonly Voter[]) // it looks at them itself
  }

  async #wait(options: unknown): Promise<number> {
    const { slot, timeoutMillis } = fields(options)
    if (!isCount(slot) || !isCount(timeoutMillis))
      throw new TypeError('Wait for a slot, and for so many milliseconds.')
    await this.#core.applied(slot, Math.min(timeoutMillis, LONGEST_WAIT_MILLIS))
    return this.status().applied
  }
}

/** What comes from elsewhere, or from a program that no compiler has seen, must not get as far as the node. */
function checkChange(version: unknown, voters: unknown): void {
  if (!isCount(version) || !Array.isArray(voters)) throw new TypeError('A change names a version and voters.')
  for (const voter of voters) {
    const { member, store } = fields(voter)
    if (!isCount(member) || !isCount(store))
      throw new TypeError('A voter has the number of a member, and of its store.')
  }
}

/** Until it ends. Only who wants metrics loads what makes them. */
async function measure(core: MemberCore, registry: MetricsRegistry): Promise<void> {
  const { measureIn } = await import('../metrics.js')
  const { name } = core
  const end = measureIn(registry, {
    name,
    status: () => statusOf(core),
    counts: () => core.transport?.counts ?? null,
  })
  void core.ended.then(end)
}

function fields(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0
}

function optionalMember(options: unknown): MemberId | null {
  const { to } = fields(options)
  return isCount(to) ? to : null
}
