/**
 * What a member consists of: its store, its node, and the transport, wired together. Types of the machine do not matter
 * here; what users see is in `member.ts`.
 */

import { randomInt } from 'node:crypto'
import {
  type AnyMachine,
  type ClientRequest,
  MachineOutdated,
  type MemberId,
  type Message,
  type NodeId,
  type Observation,
  type RefusedStore,
  type Settings,
} from '../../paxos/index.js'
import { Recorder } from '../black-box/recorder.js'
import { typeOfMessage } from '../encoding/messages.js'
import { realFiles } from '../store/files.js'
import { Store } from '../store/store.js'
import {
  checkDoor,
  commandBytesOf,
  completeLimits,
  FIRST_CLIENT,
  formatEndpoint,
  Transport,
} from '../transport/index.js'
import { readAbout, writeAbout } from './about.js'
import { askAround } from './asking-around.js'
import { CALL_BYTES, decodeCall, encodeCall, isCall } from './calls.js'
import { type Clock, SYSTEM_CLOCK } from './clock.js'
import type { Decisions } from './decisions.js'
import { Desk } from './desk.js'
import { Driver } from './driver.js'
import { Closed, DecisionsMissed, StoreRefused } from './errors.js'
import { makeMemberFolder, storeIn } from './folder.js'
import { checkFromClient } from './from-clients.js'
import { Neighbours } from './neighbours.js'
import {
  isEverywhere,
  type Logger,
  listenAddress,
  MEMBER_SETTINGS,
  type MemberOptions,
  type Owner,
  ownerOf,
  type Plan,
  planOf,
  QUIET,
} from './options.js'
import { ProblemLog } from './problem-log.js'
import { Promises } from './promises.js'
import { SessionOwners } from './sessions.js'

const HOW_TO_REPLACE =
  'To replace it, start a member with an empty folder and `join`, and admit that one in its place.'

export class MemberCore {
  readonly name: string
  readonly promises: Promises
  readonly logger: Logger
  readonly desk: Desk
  readonly #sessionOwners: SessionOwners = new SessionOwners(
    (session) => this.node.roles.replica?.replicated.sessions.live.get(session)?.opener,
  )
  readonly #decisions: Set<Decisions<unknown>> = new Set()
  readonly #folder: string
  readonly #plan: Plan
  readonly #store: Store
  readonly #recorder: Recorder | null
  readonly #clock: Clock
  readonly #driver: Driver
  #transport: Transport | null = null
  /** Where others find it; null if nobody can. */
  #endpoint: string | null = null
  #neighbours: Neighbours | null = null
  readonly #problems: ProblemLog
  /** Who waits until a slot is applied. */
  #waiting: { readonly slot: number; readonly resolve: () => void }[] = []
  readonly #commandBytes: number
  #onAwake: (() => void) | null = null
  #onChange: (() => void)[] = []
  #end: ((error: Error | null) => void) | null = null
  #isClosing = false
  /** What is said to whoever asks afterwards. */
  #closed: Closed | null = null
  readonly ended: Promise<Error | null>

  static async start(options: MemberOptions<AnyMachine>, machine: AnyMachine): Promise<MemberCore> {
    const { signal } = options
    signal?.throwIfAborted()
    checkDoorOf(options)
    await makeMemberFolder(options.data)
    const files = options.between?.files?.(realFiles)
    const store = await Store.open({ directory: storeIn(options.data), ...(files && { files }) })
    try {
      const about = await readAbout(options.data)
      const owner = ownerOf(store.records)
      const isNewcomer = options.join !== undefined && owner.member === null
      const found = isNewcomer ? await askAround(options.join ?? [], options, signal) : null
      const plan = planOf(options, owner, about, randomInt(1, 2 ** 48 - 1), found)
      sayWhatIsOutranked(options, owner, plan)
      await writeAbout(options.data, { name: options.id, member: plan.member, endpoints: plan.endpoints })
      const { blackBox, id, logger = QUIET } = options
      const recorder = blackBox === undefined ? null : await Recorder.open(blackBox, id, logger)
      const core = new MemberCore(options, machine, plan, store, recorder)
      await core.#beginUnless(signal, options).catch((error: Error) => core.#abandon(error))
      return core
    } catch (error) {
      await store.close()
      throw error
    }
  }

  /** Rejects with the reason of the signal as soon as that fires. */
  async #beginUnless(signal: AbortSignal | undefined, options: MemberOptions<AnyMachine>): Promise<void> {
    if (signal === undefined) return this.#begin(options)
    signal.throwIfAborted()
    let abort = (): void => {}
    const aborted = new Promise<never>((_, reject) => {
      abort = () => reject(signal.reason as Error) // whatever its owner gave
      signal.addEventListener('abort', abort)
    })
    await Promise.race([this.#begin(options), aborted]).finally(() =>
      signal.removeEventListener('abort', abort),
    )
  }

  /** The start has failed: nothing goes on. */
  async #abandon(error: Error): Promise<never> {
    if (!this.#isClosing) {
      this.#isClosing = true
      await this.#stop(error)
    }
    throw error
  }

  private constructor(
    options: MemberOptions<AnyMachine>,
    machine: AnyMachine,
    plan: Plan,
    store: Store,
    recorder: Recorder | null,
  ) {
    const { id, data, logger = QUIET, clock = SYSTEM_CLOCK, settings, limits } = options
    this.name = id
    this.#commandBytes = commandBytesOf(completeLimits(limits))
    this.logger = logger
    this.#problems = new ProblemLog(logger)
    this.desk = new Desk(id, (to, answer) => this.#sendCall(to, answer))
    this.#folder = data
    this.#plan = plan
    this.#store = store
    this.#recorder = recorder
    this.#clock = clock
    this.ended = new Promise((resolve) => {
      this.#end = resolve
    })
    this.promises = new Promises((request) => this.#driver.request(request), this.#commandBytes)
    this.#driver = this.#makeDriver(machine, settings)
    store.forget()
    store.onFailure = (error) => void this.#fail(error)
  }

  #makeDriver(machine: AnyMachine, settings: Partial<Settings> = {}): Driver {
    const { member: self, purpose } = this.#plan
    return new Driver({
      node: { self, machine, purpose, settings: { ...MEMBER_SETTINGS, ...settings } },
      store: this.#store,
      links: {
        send: (to, payload) => this.#transport?.send(to, payload),
        flush: () => this.#transport?.flush(),
      },
      clock: this.#clock,
      draw: (low, high) => randomInt(low, high + 1),
      recorder: this.#recorder,
      onObservation: (observation) => this.#observe(observation),
      onLeader: (leader) => this.#led(leader),
      onFailure: (error) => void this.#fail(error instanceof Error ? error : new Error(String(error))),
      onMalformed: (from, error) => this.#problems.malformed(from, error),
    })
  }

  /** Resolves when the incarnation is durable and the port listens. */
  async #begin(options: MemberOptions<AnyMachine>): Promise<void> {
    const awake = new Promise<void>((resolve) => {
      this.#onAwake = resolve
    })
    this.#driver.boot()
    const failure = await Promise.race([awake.then(() => null), this.ended])
    if (failure !== null) throw failure
    if (this.#plan.listen !== null && !this.#isClosing) await this.#listen(options, this.#plan.listen)
  }

  async #listen(options: MemberOptions<AnyMachine>, listen: NonNullable<Plan['listen']>): Promise<void> {
    const { tls, token, limits, advertise, between } = options
    const transport = new Transport({
      identity: () => ({
        cluster: this.node.founding?.cluster ?? null,
        member: this.node.self,
        store: this.node.store,
        endpoint: this.#endpoint,
      }),
      listen,
      ...(tls && { tls }),
      ...(token !== undefined && { token }),
      ...(limits && { limits }),
      ...(between?.route && { route: between.route }),
      ...(between?.versions && { versions: between.versions }),
      onMessages: (from, store, payloads) => this.#receive(from, store, payloads),
      onBook: (book) => this.#learnBook(book),
      onReachable: (node, reachable) => this.#reach(node, reachable),
      onProblem: (problem) => this.#problems.problem(problem),
    })
    this.#transport = transport
    this.#neighbours = new Neighbours(transport, (member) => this.#isRemoved(member))
    this.#endpoint = advertise ?? (isEverywhere(listen.host) ? (options.cluster?.[this.name] ?? null) : null)
    const address = await transport.listen()
    this.#endpoint ??= formatEndpoint(address)
    if (this.#isClosing) return // its start was given up meanwhile
    const { endpoints, alternatives } = this.#plan
    // The first is noted in the address book, and tried in turns with the second.
    for (const [member, endpoint] of [...endpoints, ...alternatives]) transport.know(member, endpoint)
  }

  // ---- what is asked of it

  get node(): Driver['node'] {
    return this.#driver.node
  }

  get leader(): MemberId | null {
    return this.#driver.leader
  }

  get endpoint(): string | null {
    return this.#endpoint
  }

  /** Where the members are, this one included. */
  get endpoints(): ReadonlyMap<MemberId, string> {
    const known = new Map(this.#transport?.book ?? [])
    if (this.#endpoint !== null) known.set(this.node.self, this.#endpoint)
    return known
  }

  get transport(): Transport | null {
    return this.#transport
  }

  get clients(): number {
    return this.#neighbours?.clients.size ?? 0
  }

  request(request: ClientRequest): void {
    this.#driver.request(request)
  }

  transfer(to: MemberId | null): void {
    this.#driver.transfer(to)
  }

  snapshot(): void {
    this.#driver.snapshot()
  }

  /** Resolves when this slot is applied here, or when the time is over. */
  async applied(slot: number, timeoutMillis: number): Promise<void> {
    if ((this.node.roles.replica?.applied ?? 0) >= slot) return
    await new Promise<void>((resolve) => {
      const waiting = {
        slot,
        resolve: (): void => {
          clearTimeout(timer)
          resolve()
        },
      }
      const timer = setTimeout(() => {
        this.#waiting = this.#waiting.filter((each) => each !== waiting)
        resolve()
      }, timeoutMillis)
      this.#waiting.push(waiting)
    })
  }

  /** Tells what is decided from now on, until it has enough. */
  follow(decisions: Decisions<unknown>): void {
    if (this.#closed === null) this.#decisions.add(decisions)
    else decisions.end(this.#closed.cause === undefined ? null : this.#closed)
  }

  unfollow(decisions: Decisions<unknown>): void {
    this.#decisions.delete(decisions)
  }

  // ---- what happens

  #observe(observation: Observation): void {
    switch (observation.type) {
      case 'answered':
        this.promises.answered(observation.reference, observation.outcome)
        return
      case 'applied':
        for (const decisions of this.#decisions) decisions.applied(observation.slot, observation.decree)
        if (this.#waiting.length > 0) this.#wake(observation.slot)
        return
      case 'installed': {
        const missed = new DecisionsMissed(
          `The decisions up to slot ${observation.slot} came as a snapshot: begin again.`,
        )
        for (const decisions of this.#decisions) decisions.end(missed)
        this.#wake(observation.slot)
        this.logger.info({ slot: observation.slot }, 'A snapshot of another member was installed.')
        return
      }
      case 'began':
        if (observation.role === 'requester') this.#onAwake?.()
        return
      case 'refused':
        void this.#fail(this.#refusal(observation.reason, observation.detail))
        return
      case 'outdated':
        void this.#fail(new MachineOutdated(observation.version, observation.known))
        return
      case 'retired':
        this.logger.info({}, 'This member was removed, and the others have all that it knew: it stops.')
        void this.close()
        return
      case 'snapshotFailed':
        this.logger.error(
          { slot: observation.slot, detail: observation.detail },
          'No snapshot could be taken.',
        )
        return
      case 'configured':
        this.#neighbours?.forget()
        return
      case 'ended':
        return
    }
  }

  #refusal(reason: RefusedStore, detail: string): StoreRefused {
    return new StoreRefused(reason, `${detail} ${HOW_TO_REPLACE}`)
  }

  /** Whether it would found a cluster as soon as all others have asked to join. */
  get #isSeed(): boolean {
    return this.node.roles.seed !== undefined
  }

  /**
   * Its store is blank, but others speak as members do, who only ask to join before the founding: they belong to a
   * cluster already. It would wait for ever for them to join.
   */
  #checkSeed(payloads: readonly Uint8Array[]): void {
    if (payloads.every((payload) => typeOfMessage(payload) === 'join')) return
    const detail = `The others belong to a cluster already, and the store of member ${this.name} is empty: was its folder removed, or its disk replaced? If there is its folder, start it with that.`
    void this.#fail(this.#refusal('turned-away', detail))
  }

  #wake(slot: number): void {
    const due = this.#waiting.filter((waiting) => waiting.slot <= slot)
    if (due.length === 0) return
    this.#waiting = this.#waiting.filter((waiting) => waiting.slot > slot)
    for (const { resolve } of due) resolve()
  }

  /** Whether the number is that of a member that is one no more. */
  #isRemoved(member: MemberId): boolean {
    const { members, founding, membership } = this.node
    return founding !== null && member <= membership.highestMember && !members.includes(member)
  }

  #learnBook(book: ReadonlyMap<MemberId, string>): void {
    for (const [member, endpoint] of book) this.#transport?.know(member, endpoint)
    void this.#note()
  }

  #noting: Promise<void> = Promise.resolve()

  /** Notes where the others are. Nothing depends on it but how soon it finds them the next time. */
  #note(): Promise<void> {
    const { name } = this
    const { self: member } = this.node
    this.#noting = this.#noting.then(async () => {
      if (this.#isClosing) return
      await writeAbout(this.#folder, { name, member, endpoints: this.#transport?.book ?? new Map() }).catch(
        (error: unknown) => this.logger.warn({ error }, 'Where the other members are could not be noted.'),
      )
    })
    return this.#noting
  }

  #reach(node: NodeId, reachable: boolean): void {
    this.#neighbours?.reach(node, reachable)
    if (node < FIRST_CLIENT) {
      const message = reachable ? 'A member is connected.' : 'A connection has ended.'
      this.logger.debug({ member: node, reachable }, message)
      if (!reachable) this.#driver.lost(node)
      this.#tellWaiting()
    } else if (reachable) this.#sendCall(node, { leader: this.leader })
    else this.#sessionOwners.forget(node)
  }

  #led(leader: MemberId | null): void {
    this.logger.info({ leader }, leader === null ? 'No member is known to lead.' : `Member ${leader} leads.`)
    for (const client of this.#neighbours?.clients ?? []) this.#sendCall(client, { leader })
    this.#tellWaiting()
  }

  /** Whoever waits for the leader, or for a connection, to be another looks again. */
  #tellWaiting(): void {
    for (const tell of this.#onChange.splice(0)) tell()
  }

  // ---- messages and calls

  #receive(from: number, store: number, payloads: readonly Uint8Array[]): void {
    if (!payloads.some(isCall)) {
      this.#take(from, store, payloads)
      return
    }
    for (const payload of payloads) if (isCall(payload) && from >= FIRST_CLIENT) this.#hear(from, payload)
    this.#take(
      from,
      store,
      payloads.filter((payload) => !isCall(payload)),
    )
  }

  #hear(client: number, payload: Uint8Array): void {
    const said = payload.length > CALL_BYTES ? null : decodeCall(payload)
    if (said?.opens !== undefined) this.#sessionOwners.introduce(client, said.opens)
    else this.desk.take(client, said)
  }

  #take(from: number, store: number, payloads: readonly Uint8Array[]): void {
    if (from >= FIRST_CLIENT) {
      this.#driver.receive(from, store, payloads, (message) => this.#checkClient(from, message))
      return
    }
    this.#neighbours?.heard(from)
    if (this.#isSeed) this.#checkSeed(payloads)
    this.#driver.receive(from, store, payloads)
  }

  #checkClient(client: number, message: Message): void {
    checkFromClient(message, this.#commandBytes)
    if (message.type === 'request') this.#sessionOwners.check(client, message.request.session)
  }

  #sendCall(to: number, value: Parameters<typeof encodeCall>[0]): void {
    this.#transport?.send(to, encodeCall(value))
    this.#driver.flushSoon()
  }

  // ---- the end

  /** Hands leadership over, and stops. What is asked has no answer; asking anything more is refused. */
  async close(): Promise<void> {
    if (!this.#isClosing) {
      this.#isClosing = true
      await this.#handOver()
      await this.#stop(null)
    }
    await this.ended
  }

  /** Waits until another member leads, or none is left that could, but not for long. */
  async #handOver(): Promise<void> {
    const { node } = this
    if (this.leader !== node.self || !this.#hasOthers) return
    const handedOver = new Promise<void>((resolve) => {
      const look = (): void => {
        if (this.leader !== node.self || !this.#hasOthers) resolve()
        else this.#onChange.push(look)
      }
      look()
    })
    this.#driver.transfer(null)
    const { electionTimeoutMicros } = node.settings
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, electionTimeoutMicros / 1_000)
    })
    await Promise.race([handedOver, late])
    clearTimeout(timer)
  }

  /** Whether there is a member that could lead in its place. */
  get #hasOthers(): boolean {
    return this.node.members.some((member) => this.#neighbours?.connected.has(member))
  }

  async #fail(error: Error): Promise<void> {
    if (this.#isClosing) return
    this.#isClosing = true
    this.logger.error({ error }, error.message)
    await this.#stop(error)
  }

  async #stop(error: Error | null): Promise<void> {
    this.#driver.stop()
    const closed = new Closed(
      error === null ? `Member ${this.name} is closed.` : `Member ${this.name} has failed: ${error.message}`,
      error === null ? undefined : { cause: error },
    )
    this.#closed = closed
    this.promises.end(closed)
    for (const decisions of this.#decisions) decisions.end(error === null ? null : closed)
    for (const { resolve } of this.#waiting.splice(0)) resolve()
    await this.#transport?.close()
    await this.#noting
    await this.#store.close()
    await this.#recorder?.close(this.#clock.wallMicros())
    this.#end?.(error)
  }
}

/** Throws a `CannotListen`, before anything is founded that would outrank what is said the next time. */
function checkDoorOf({ id, listen, cluster, tls, token = '' }: MemberOptions<AnyMachine>): void {
  const address = listen ?? cluster?.[id]
  if (address !== undefined) checkDoor({ address: listenAddress(address), tls, token })
}

/** The folder belongs to a cluster: what the options say of another, or of joining, has no say any more. */
function sayWhatIsOutranked(options: MemberOptions<AnyMachine>, owner: Owner, plan: Plan): void {
  const { cluster, join, data, logger = QUIET } = options
  if (owner.cluster === null || (cluster ?? join) === undefined) return
  const isTheSame = cluster !== undefined && owner.founders === Object.keys(cluster).length
  if (isTheSame && plan.alternatives.size === 0) return
  logger.warn(
    { data, cluster: owner.cluster, member: owner.member },
    `The folder ${data} belongs to member ${owner.member} of the cluster ${owner.cluster}, which outranks \`${cluster === undefined ? 'join' : 'cluster'}\`: the member goes on there. If another cluster is meant, give it an empty folder.`,
  )
}
