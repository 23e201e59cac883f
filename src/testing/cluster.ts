/**
 * A cluster for the tests of an application: one member or several in one process, in virtual time, without files and
 * ports. The same program with the same seed does the same in every run.
 */
/// <reference lib="esnext.disposable" preserve="true" />
import {
  clonePlain,
  completeSettings,
  decodeNumber,
  type Machine,
  type MemberId,
  type Micros,
  type Settings,
} from '../paxos/index.js'
import { samePlain } from '../simulation/same-plain.js'
import { LAST_SEED } from '../simulation/scenario.js'
import { Driver } from './driver.js'
import { MemberDown, StatesDiffer } from './errors.js'
import { Asker, TestMember } from './member.js'
import { Promises } from './promises.js'

export interface TestClusterOptions<State, Command, Output, Query = never, Answer = never> {
  readonly machine: Machine<State, Command, Output, Query, Answer>
  /** From 1 to 99. Default: 1. */
  readonly members?: number
  /** Decides how long each message takes, and who stands for election when; up to 2^32 - 1. Default: 0. */
  readonly seed?: number
  /** A message takes at most this long, and at least half of it; up to 50 ms. Default: 1 ms. */
  readonly latencyMicros?: Micros
  /** How long an answer, or `settled`, is waited for; in virtual time, up to an hour. Default: one minute. */
  readonly timeoutMicros?: Micros
  /** Those of a real cluster by default. */
  readonly settings?: Partial<Settings>
}

/**
 * Invokes and queries go to the cluster as a whole: they find their way past members that are down or cut off. While
 * a promise is pending virtual time goes on, as fast as it can; while none is, it stands still.
 */
export class TestCluster<State, Command, Output, Query = never, Answer = never> extends Asker<
  Command,
  Output,
  Query,
  Answer
> {
  readonly members: readonly TestMember<Command, Output, Query, Answer>[]
  readonly #driver: Driver
  readonly #promises: Promises

  /** Founds the cluster; when this returns, a member leads. Throws a RangeError on an option out of its bounds. */
  constructor(options: TestClusterOptions<State, Command, Output, Query, Answer>) {
    const { machine, members = 1, seed = 0, latencyMicros = 1_000, timeoutMicros = 60_000_000 } = options
    check('members', members, 1, 99)
    check('seed', seed, 0, LAST_SEED)
    check('latencyMicros', latencyMicros, 1, 50_000)
    check('timeoutMicros', timeoutMicros, 1, 3_600_000_000)
    const settings = completeSettings(options.settings)
    const driver: Driver = new Driver(
      { machine, members, seed, latencyMicros, settings },
      (reference, outcome) => promises.answered(reference, outcome),
      (host) => promises.crashed(host),
    )
    const promises = new Promises(driver, timeoutMicros)
    super(promises, machine, driver.client)
    this.#driver = driver
    this.#promises = promises
    this.members = driver.members.map((host) => new TestMember(driver, promises, machine, host))
  }

  /** The virtual time since the cluster was made. */
  get nowMicros(): Micros {
    return this.#driver.nowMicros
  }

  /** Who leads; null during an election. A leader that is cut off takes some time to notice. */
  get leader(): TestMember<Command, Output, Query, Answer> | null {
    const { leader } = this.#driver
    return leader && this.member(leader.id)
  }

  /** Throws a RangeError if there is none of this number; they are counted from 0. */
  member(id: MemberId): TestMember<Command, Output, Query, Answer> {
    const member = this.members[id]
    if (member === undefined) throw new RangeError(`There is no member ${id} among ${this.members.length}.`)
    return member
  }

  /** A copy of the machine's state on a member, as far as it has applied the decrees. Throws a `MemberDown`. */
  state(id: MemberId): State {
    const host = this.#driver.members[this.member(id).id]
    const replica = host?.node?.roles.replica
    if (replica === undefined) throw new MemberDown(id)
    return clonePlain(replica.state) as State // the machine of the options made it
  }

  // ---- upgrades ------------------------------------------------------------------------------------------------

  /** The version of the machine that is active, as far as a member that is up has applied the decrees. */
  get version(): number {
    const versions = this.#driver.members.map(
      ({ node }) => node?.roles.replica?.replicated.machineVersion ?? 1,
    )
    return Math.max(...versions)
  }

  /**
   * Has a decree activate this version of the machine, or the next, on every member in the same slot, and gives it. Rejects
   * with an `UpgradeRefused` if it cannot be. A member that runs a machine that does not know it stops there.
   */
  async upgrade(to: number = this.version + 1): Promise<number> {
    const request = { type: 'upgrade', from: this.version, to } as const
    return decodeNumber(await this.#promises.ask(this.#driver.client, request))
  }

  // ---- faults --------------------------------------------------------------------------------------------------

  /**
   * Parts the members: from now on a message arrives only within a group, and a member in no group is alone. What is
   * asked of the cluster reaches every member all the same.
   */
  partition(...groups: readonly (readonly MemberId[])[]): void {
    for (const id of groups.flat()) this.member(id)
    this.#driver.part(groups)
  }

  /** Ends the partition. */
  heal(): void {
    this.#driver.part(null)
  }

  // ---- time ----------------------------------------------------------------------------------------------------

  /** Lets this much virtual time go by. The wall clocks of the members go on with it. */
  async advance(micros: Micros): Promise<void> {
    check('micros', micros, 0, Number.MAX_SAFE_INTEGER)
    await this.#promises.advance(micros)
  }

  /**
   * Waits until all that was asked has its answer, and every member that is up has applied all that was decided.
   * Rejects with a `NotSettled` if that does not come about, and with a `StatesDiffer` if the members then hold
   * different states.
   */
  async settled(): Promise<void> {
    await this.#promises.settled()
    const [first, ...others] = this.#driver.members.filter(({ node }) => node !== null)
    const state = first?.node?.roles.replica?.state
    const other = others.find(({ node }) => !samePlain(state, node?.roles.replica?.state))
    if (first !== undefined && other !== undefined) throw new StatesDiffer(first.id, other.id)
  }

  /** Waits until what was asked has come to its end; nothing can be asked any more. */
  async close(): Promise<void> {
    await this.#promises.close()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }
}

function check(name: string, value: number, low: number, high: number): void {
  if (Number.isSafeInteger(value) && value >= low && value <= high) return
  throw new RangeError(`${name} must be a whole number from ${low} to ${high}, and ${value} is not.`)
}
