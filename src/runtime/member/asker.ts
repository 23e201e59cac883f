/** What can be asked of a cluster, with the types of its machine: the same of a member and of a client. */
import { type AnyMachine, type Codecs, type Consistency, codecsOf } from '../../paxos/index.js'
import type { AskOptions, Promises } from './promises.js'

export interface QueryOptions extends AskOptions {
  /**
   * `linearizable` sees everything that was answered before it was asked; `stale` may be behind, but never behind what
   * was answered to the same session. Default: `linearizable`.
   */
  readonly consistency?: Consistency
}

/**
 * One client of the cluster: its commands are executed exactly once each, in any order, and its stale reads see what its
 * commands did.
 */
export class Session<Command, Output, Query, Answer> {
  readonly #promises: Promises
  readonly #codecs: Codecs
  readonly #client: number
  // By its own codecs.
  readonly #output = (bytes: Uint8Array): Output => this.#codecs.outputs.decode(bytes) as Output
  readonly #answer = (bytes: Uint8Array): Answer => this.#codecs.answers.decode(bytes) as Answer

  /** @internal Ask a member or a client for one. */
  constructor(promises: Promises, machine: AnyMachine, client: number) {
    this.#promises = promises
    this.#codecs = codecsOf(machine)
    this.#client = client
  }

  /**
   * Has a command executed, exactly once, and gives its output. Rejects with a `CommandFailed` if the machine throws, with
   * an `OutcomeUnknown` if no answer came in time, with an `Overloaded` if too many wait already: then it is not executed.
   */
  invoke(command: Command, options?: AskOptions): Promise<Output> {
    const { commands } = this.#codecs
    try {
      const asked = { type: 'command', command: commands.encode(command) } as const
      return this.#promises.ask(this.#client, asked, this.#output, options)
    } catch (error) {
      return Promise.reject(error)
    }
  }

  /** Reads, without a decree. Rejects like `invoke`. */
  query(query: Query, options: QueryOptions = {}): Promise<Answer> {
    const { queries } = this.#codecs
    const { consistency = 'linearizable' } = options
    try {
      const asked = { type: 'query', query: queries.encode(query), consistency } as const
      return this.#promises.ask(this.#client, asked, this.#answer, options)
    } catch (error) {
      return Promise.reject(error)
    }
  }
}

/** A client of the cluster within a member: it can ask with functions as well, because they need not travel. */
export class MemberSession<State, Command, Output, Query, Answer> extends Session<
  Command,
  Output,
  Query,
  Answer
> {
  /**
   * Reads, without a decree: a query of the machine, or a function of the state, which gets this member's state when it is
   * fresh enough, must not change it, and whose answer is copied by `structuredClone`.
   */
  override query(query: Query, options?: QueryOptions): Promise<Answer>
  override query<Seen>(query: (state: State) => Seen, options?: QueryOptions): Promise<Seen>
  override query(query: Query | ((state: State) => unknown), options?: QueryOptions): Promise<unknown> {
    return super.query(query as Query, options) // the machine was made to take functions as well
  }
}
