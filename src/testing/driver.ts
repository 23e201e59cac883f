/**
 * The driver of a cluster in virtual time: members, and one node of a client, in one process. It is synchronous, and
 * nothing happens but by {@link Driver.step}. The network delivers every message unless the cluster is parted; a disk
 * loses only what a crash makes it lose.
 */
import {
  type Action,
  type AnyMachine,
  type ClientRequest,
  type Envelope,
  MachineOutdated,
  type Micros,
  Node,
  type NodeEvent,
  type NodeId,
  type Outcome,
  type Settings,
  type Slot,
} from '../paxos/index.js'
import { Clock } from '../simulation/clock.js'
import { Disk } from '../simulation/disk.js'
import { Host, leaderOf } from '../simulation/host.js'
import { FIRST_CLIENT_NODE } from '../simulation/placement.js'
import { EventQueue } from '../simulation/queue.js'
import { DRAW, hash, prefix, within } from '../simulation/random.js'

/** How long a sync takes. */
const SYNC_MICROS = 200

/** The first election takes far fewer steps, however many members; unless the settings make it impossible. */
const ELECTION_STEPS = 20_000
const NO_LEADER =
  'No member comes to lead: the setting electionTimeoutMicros must exceed a round trip together with a sync.'

export interface DriverOptions {
  /** What every member runs unless it was started with another. */
  readonly machine: AnyMachine
  readonly members: number
  readonly seed: number
  /** A message takes this long at most, and half of it at least. */
  readonly latencyMicros: Micros
  readonly settings: Settings
}

export class Driver {
  nowMicros: Micros = 0
  readonly members: readonly Host[]
  /** The node by way of which clients ask who care for no particular member. It never crashes, and reaches everybody. */
  readonly client: Host
  readonly #options: DriverOptions
  readonly #answered: (reference: number, outcome: Outcome) => void
  readonly #stopped: (host: Host) => void
  /** What a member was last started with, and why it stopped by itself. */
  readonly #machines: Map<NodeId, AnyMachine> = new Map()
  readonly #failures: Map<NodeId, Error> = new Map()
  readonly #queue: EventQueue<() => void> = new EventQueue()
  readonly #delays: number
  readonly #crashes: number
  #sent = 0
  /** Who is together with whom; null as long as everybody is. */
  #groups: readonly (readonly NodeId[])[] | null = null

  /**
   * Founds the cluster. `answered` is told every answer, and `stopped` who stops by itself; they must not make anything
   * happen there and then.
   */
  constructor(
    options: DriverOptions,
    answered: (reference: number, outcome: Outcome) => void,
    stopped: (host: Host) => void,
  ) {
    const { seed, members } = options
    this.#options = options
    this.#answered = answered
    this.#stopped = stopped
    this.#delays = prefix(seed, DRAW.message)
    this.#crashes = prefix(seed, DRAW.fault)
    const timers = prefix(seed, DRAW.timer)
    const makeHost = (id: NodeId) => new Host(id, new Disk(), new Clock(0), timers)
    this.members = Array.from({ length: members }, (_, id) => makeHost(id))
    this.client = makeHost(FIRST_CLIENT_NODE)
    for (const host of [...this.members, this.client]) this.start(host)
    this.#elect()
  }

  #elect(): void {
    for (let steps = 0; this.leader === null; steps++) {
      if (steps === ELECTION_STEPS) throw new RangeError(NO_LEADER)
      this.step()
    }
  }

  /** Who leads, as far as it knows itself. */
  get leader(): Host | null {
    return leaderOf(this.members)
  }

  /** Lets the next thing happen. */
  step(): void {
    if (this.#queue.size === 0) return
    this.nowMicros = this.#queue.nextMicros
    this.#queue.pop()?.()
  }

  after(micros: Micros, happen: () => void): void {
    this.#queue.push(this.nowMicros + micros, happen)
  }

  request(host: Host, request: ClientRequest): void {
    this.#turn(host, { type: 'requests', ...this.#now, requests: [request] })
  }

  /** A member takes a snapshot. */
  snapshot(host: Host): void {
    this.#turn(host, { type: 'snapshot', ...this.#now })
  }

  /** With the machine that it ran before, unless it is to be another from now on. */
  start(host: Host, machine: AnyMachine = this.#machines.get(host.id) ?? this.#options.machine): void {
    if (host.node !== null) return
    const { settings } = this.#options
    this.#machines.set(host.id, machine)
    this.#failures.delete(host.id)
    host.renew(null)
    host.node = new Node({
      self: host.id,
      machine,
      purpose: this.#purpose(host),
      draw: (low, high, what) => host.draw(low, high, what),
      records: host.disk.read(),
      settings,
    })
    this.#turn(host, { type: 'boot', ...this.#now })
  }

  /** A member stops dead. Any part of the sync in flight may have reached the disk. */
  crash(host: Host): void {
    if (host.node === null) return
    host.renew(null)
    host.disk.crash(within(hash(this.#crashes, host.id, host.life, 0), 0, host.disk.inFlight))
  }

  /** Why a member stopped by itself; null if it did not. */
  failureOf({ id }: Host): Error | null {
    return this.#failures.get(id) ?? null
  }

  /** Parts the members: a message arrives only within a group. Null: everybody is together again. */
  part(groups: readonly (readonly NodeId[])[] | null): void {
    this.#groups = groups
  }

  /** What keeps the cluster from being at rest, in a sentence; null if it is. */
  get unrest(): string | null {
    const { leader } = this
    if (leader === null) return 'No member leads.'
    if (leader.node?.roles.commander?.flights.size !== 0) return `Member ${leader.id} waits for a quorum.`
    const decided = Math.max(...this.members.map(decidedFor))
    const behind = this.members.find(({ node, disk }) => {
      return node !== null && (node.roles.replica?.applied !== decided || !disk.isIdle)
    })
    return behind === undefined ? null : `Member ${behind.id} has not applied all ${decided} slots.`
  }

  // ---- driving a node ------------------------------------------------------------------------------------------

  get #now(): { readonly nowMicros: Micros; readonly wallMicros: Micros } {
    return { nowMicros: this.nowMicros, wallMicros: this.client.clock.wall(this.nowMicros) }
  }

  #purpose({ id, life, disk }: Host): ConstructorParameters<typeof Node>[0]['purpose'] {
    const everybody = this.members.map((member) => member.id)
    if (id === FIRST_CLIENT_NODE) return { type: 'request', contacts: everybody, incarnation: life }
    const isFounded = disk.synced.some(({ type }) => type === 'founded')
    if (id !== 0 || isFounded) return { type: 'join', contacts: everybody }
    return { type: 'seed', cluster: this.#options.seed, voters: everybody }
  }

  #turn(host: Host, event: NodeEvent): void {
    if (host.node === null) return
    for (const action of this.#step(host, host.node, event)) this.#carryOut(host, action)
    if (this.#failures.has(host.id)) this.#stop(host)
    else this.#beginSync(host)
  }

  #stop(host: Host): void {
    this.crash(host)
    this.#stopped(host)
  }

  /** A node that throws ends there and then: what the turn had done is lost. */
  #step(host: Host, node: Node, event: NodeEvent): readonly Action[] {
    try {
      return node.step(event)
    } catch (error) {
      this.crash(host)
      throw error
    }
  }

  #carryOut(host: Host, action: Action): void {
    switch (action.type) {
      case 'send': {
        const envelopes = [{ from: host.id, store: host.node?.store ?? 0, message: action.message }]
        for (const to of [action.to].flat()) this.#transmit(host.id, to, envelopes)
        return
      }
      case 'persist':
        host.disk.write(action.record)
        return
      case 'timer':
        this.#setTimer(host, action)
        return
      case 'observe':
        this.#observe(host, action.observation)
        return
    }
  }

  #observe({ id }: Host, observation: Extract<Action, { type: 'observe' }>['observation']): void {
    if (observation.type === 'answered') this.#answered(observation.reference, observation.outcome)
    else if (observation.type === 'outdated')
      this.#failures.set(id, new MachineOutdated(observation.version, observation.known))
  }

  #setTimer(host: Host, { role, timer, deadlineMicros }: Extract<Action, { type: 'timer' }>): void {
    const { life } = host
    this.after(deadlineMicros - this.nowMicros, () => {
      if (life !== host.life || host.node?.deadline(role, timer) !== deadlineMicros) return
      this.#turn(host, { type: 'timer', ...this.#now, role, timer, deadlineMicros })
    })
  }

  #beginSync(host: Host): void {
    if (!host.disk.beginSync()) return
    const { life, disk } = host
    this.after(SYNC_MICROS, () => {
      if (life !== host.life) return
      disk.endSync()
      this.#turn(host, { type: 'durable', ...this.#now, count: disk.durable })
      this.#beginSync(host)
    })
  }

  // ---- the network ---------------------------------------------------------------------------------------------

  #transmit(from: NodeId, to: NodeId, envelopes: readonly Envelope[]): void {
    const host = to === FIRST_CLIENT_NODE ? this.client : this.members[to]
    if (host === undefined || from === to || this.#areApart(from, to)) return
    const { latencyMicros } = this.#options
    const bits = hash(this.#delays, from, to, this.#sent++)
    this.after(within(bits, Math.floor(latencyMicros / 2), latencyMicros), () => {
      if (!this.#areApart(from, to)) this.#turn(host, { type: 'messages', ...this.#now, envelopes })
    })
  }

  #areApart(from: NodeId, to: NodeId): boolean {
    if (this.#groups === null || from === FIRST_CLIENT_NODE || to === FIRST_CLIENT_NODE) return false
    return !this.#groups.some((group) => group.includes(from) && group.includes(to))
  }
}

/** The last slot that a member knows to be decided. */
function decidedFor({ node }: Host): Slot {
  const replica = node?.roles.replica
  return replica === undefined ? 0 : Math.max(replica.applied, replica.decidedSomewhere)
}
