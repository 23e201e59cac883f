/** What can be asked of a cluster or of one of its members, with the types of the machine; and what befalls a member. */
import { type AnyMachine, type Codecs, type Consistency, codecsOf, type MemberId } from '../paxos/index.js'
import type { Host } from '../simulation/host.js'
import type { Driver } from './driver.js'
import type { Promises } from './promises.js'

export interface QueryOptions {
  /** `linearizable` sees everything that was answered before; `stale` may be behind. Default: `linearizable`. */
  readonly consistency?: Consistency
}

export interface RestartOptions {
  /** What it runs from now on. Default: what it ran before. */
  readonly machine?: AnyMachine
}

export abstract class Asker<Command, Output, Query, Answer> {
  readonly #promises: Promises
  readonly #codecs: Codecs
  readonly #host: Host

  constructor(promises: Promises, machine: AnyMachine, host: Host) {
    this.#promises = promises
    this.#codecs = codecsOf(machine)
    this.#host = host
  }

  /**
   * Has a command executed, exactly once, and gives its output. Rejects with a `CommandFailed` if the machine throws,
   * with an `OutcomeUnknown` if no answer comes, and with an `Overloaded` if too many wait already.
   */
  async invoke(command: Command): Promise<Output> {
    const { commands, outputs } = this.#codecs
    const bytes = await this.#promises.ask(this.#host, { type: 'command', command: commands.encode(command) })
    return outputs.decode(bytes) as Output // what the machine gave, by its own codec
  }

  /** Reads, without a decree. Rejects like `invoke`. */
  async query(query: Query, { consistency = 'linearizable' }: QueryOptions = {}): Promise<Answer> {
    const { queries, answers } = this.#codecs
    const request = { type: 'query', query: queries.encode(query), consistency } as const
    return answers.decode(await this.#promises.ask(this.#host, request)) as Answer // as above
  }
}

/** One member. What is asked of it goes by way of it alone: if it is cut off there is no answer. */
export class TestMember<Command, Output, Query, Answer> extends Asker<Command, Output, Query, Answer> {
  readonly id: MemberId
  readonly #driver: Driver
  readonly #promises: Promises
  readonly #host: Host

  /** @internal A cluster makes its members. */
  constructor(driver: Driver, promises: Promises, machine: AnyMachine, host: Host) {
    super(promises, machine, host)
    this.id = host.id
    this.#driver = driver
    this.#promises = promises
    this.#host = host
  }

  get isUp(): boolean {
    return this.#host.node !== null
  }

  /** Why it stopped by itself: a `MachineOutdated`. Null if it did not. */
  get failure(): Error | null {
    return this.#driver.failureOf(this.#host)
  }

  /**
   * It stops dead, and loses what no sync has finished. Who has asked it something and has no answer gets an
   * `OutcomeUnknown`. Does nothing if it is down.
   */
  crash(): void {
    this.#driver.crash(this.#host)
    this.#promises.crashed(this.#host)
  }

  /** It starts again from its disk, with a newer machine if it is given one. Does nothing if it is up. */
  restart({ machine }: RestartOptions = {}): void {
    this.#driver.start(this.#host, machine)
  }

  /** It takes a snapshot, from which its next start begins. */
  snapshot(): void {
    this.#driver.snapshot(this.#host)
  }
}
