/**
 * A world made from one integer: the simulated driver of the nodes. Messages, timers, syncs, crashes and clients'
 * requests are events in one queue, ordered by time; nothing else makes anything happen.
 */
import {
  type Action,
  type ClientRequest,
  codecsOf,
  completeSettings,
  type Decree,
  type Envelope,
  type Message,
  type Micros,
  Node,
  type NodeEvent,
  type NodeId,
  type RoleName,
  type Settings,
  type Slot,
} from '../paxos/index.js'
import type { AnyApplication } from './application.js'
import { type Client, Clients } from './clients.js'
import { Disk } from './disk.js'
import type { Observer, WorldEvent } from './events.js'
import { nameOf } from './names.js'
import { Network } from './network.js'
import { FIRST_CLIENT_NODE } from './placement.js'
import { EventQueue } from './queue.js'
import { DRAW, hash, mix, prefix, within } from './random.js'
import { CRASH_INTERVAL_MICROS, checkScenario, type Scenario } from './scenario.js'
import { Court } from './verdicts/court.js'
import type { VerdictResult } from './verdicts/verdict.js'

/** The wall clock of every node at the beginning of a run: 2021-01-01T00:00:00Z. */
export const START_WALL_MICROS = 1_609_459_200_000_000

/** A sync takes from this long … */
const SYNC_LOW_MICROS = 200
/** … to this long. */
const SYNC_HIGH_MICROS = 1_200
/** A node that has crashed starts again after this long at least … */
const DOWN_LOW_MICROS = 50_000
/** … and this long at most. */
const DOWN_HIGH_MICROS = 2_000_000

/** The court looks at all nodes once in so many steps. */
const INSPECTION_STEPS = 256

/** Where the parts of a world come from; replace one to see what happens. */
export interface WorldOptions {
  readonly seed: number
  readonly scenario: Scenario
  readonly application: AnyApplication
  readonly settings?: Partial<Settings>
  /** Makes the node of a member; the default makes one with the real roles. */
  readonly makeNode?: (options: ConstructorParameters<typeof Node>[0]) => Node
  readonly observer?: Observer
}

/** What the queue holds. */
type Pending =
  | { readonly type: 'message'; readonly to: NodeId; readonly envelopes: readonly [Envelope] }
  | {
      readonly type: 'timer'
      readonly host: Host
      readonly life: number
      readonly role: RoleName
      readonly timer: string
      readonly deadlineMicros: Micros
    }
  | { readonly type: 'sync'; readonly host: Host; readonly life: number }
  /** Whatever is rare: a start, a crash, a client that goes on. */
  | { readonly type: 'other'; readonly happen: () => void }

/** A machine on which a member runs, or is down. */
export interface Host {
  readonly id: NodeId
  readonly disk: Disk
  node: Node | null
  /** Counts starts and crashes: what belongs to another life is void. */
  life: number
  timerDraws: number
  syncs: number
}

function hostOf(id: NodeId): Host {
  return { id, disk: new Disk(), node: null, life: 0, timerDraws: 0, syncs: 0 }
}

export interface MessageCounts {
  sent: number
  delivered: number
  dropped: number
}

export class World {
  readonly options: WorldOptions
  /** The members. */
  readonly hosts: readonly Host[]
  readonly clients: Clients
  readonly messages: MessageCounts = { sent: 0, delivered: 0, dropped: 0 }
  readonly court: Court
  nowMicros: Micros = 0
  /** How many events have happened. */
  events = 0

  /** The nodes that clients have of their own; they never crash. */
  readonly #clientHosts: Map<NodeId, Host> = new Map()
  readonly #queue: EventQueue<Pending> = new EventQueue()
  readonly #members: readonly NodeId[]
  readonly #network: Network
  readonly #draws: {
    readonly timer: number
    readonly sync: number
    readonly crash: number
  }
  readonly #codecs: ReturnType<typeof codecsOf>
  readonly #observer: Observer | undefined
  /** Crashes that have not come yet, and hosts that are down. */
  #troubles: number
  #finished = false
  #steps = 0

  constructor(options: WorldOptions) {
    const { seed, scenario, application } = options
    checkScenario(seed, scenario)
    this.options = options
    this.#members = Array.from({ length: scenario.members }, (_, id) => id)
    this.hosts = this.#members.map(hostOf)
    this.clients = new Clients(application, scenario, prefix(seed, DRAW.workload))
    for (const { place } of this.clients.all) {
      if (place >= FIRST_CLIENT_NODE) this.#clientHosts.set(place, hostOf(place))
    }
    this.court = new Court({
      members: this.#members,
      application,
      settings: completeSettings(options.settings),
      startWallMicros: START_WALL_MICROS,
    })
    this.#network = new Network(seed, scenario)
    this.#draws = {
      timer: prefix(seed, DRAW.timer),
      sync: prefix(seed, DRAW.sync),
      crash: prefix(seed, DRAW.crash),
    }
    this.#codecs = codecsOf(application.machine)
    this.#observer = options.observer
    this.#troubles = scenario.crashes
    this.#begin()
  }

  /** Runs until the world comes to rest, or its length is over. */
  run(): void {
    while (this.step()) {
      // each step is one event of the queue
    }
  }

  /** Lets the next thing happen. Says false when the run is over. */
  step(): boolean {
    if (this.#finished) return false
    if (this.#atRest()) return this.#finish(null)
    const { lengthMicros } = this.options.scenario
    if (this.#queue.nextMicros > lengthMicros) {
      this.nowMicros = lengthMicros
      return this.#finish(this.#unfinishedBusiness())
    }
    this.nowMicros = this.#queue.nextMicros
    const pending = this.#queue.pop()
    if (pending !== undefined) this.#happen(pending)
    this.#steps += 1
    if (this.#steps % INSPECTION_STEPS === 0) this.#inspect()
    return true
  }

  #inspect(): void {
    for (const { node } of this.hosts) if (node !== null) this.court.inspect(this.events, node)
    for (const { node } of this.#clientHosts.values())
      if (node !== null) this.court.inspect(this.events, node)
  }

  get finished(): boolean {
    return this.#finished
  }

  get verdicts(): Readonly<Record<string, VerdictResult>> {
    return this.court.verdicts
  }

  // ---- beginning and end ---------------------------------------------------------------------------------------

  #begin(): void {
    for (const host of this.hosts) this.#at(0, () => this.#start(host))
    for (const host of this.#clientHosts.values()) this.#at(0, () => this.#start(host))
    for (const client of this.clients.all) {
      if (!client.done) this.#at(0, () => this.#invoke(client))
    }
    for (let number = 0; number < this.options.scenario.crashes; number++) {
      const bits = hash(this.#draws.crash, number, 0, 0)
      const from = number * CRASH_INTERVAL_MICROS
      this.#at(within(bits, from, from + CRASH_INTERVAL_MICROS - 1), () => this.#crash(number))
    }
  }

  /** Nothing is left to do, and every member has done it. */
  #atRest(): boolean {
    if (this.#troubles > 0 || !this.clients.done) return false
    const last = this.court.decided
    return this.hosts.every(({ node }) => node?.roles.replica?.applied === last)
  }

  #unfinishedBusiness(): string {
    const { lengthMicros } = this.options.scenario
    const waiting = this.clients.all.filter(({ done }) => !done).length
    const last = this.court.decided
    const behind = this.hosts
      .filter(({ node }) => node?.roles.replica?.applied !== last)
      .map(({ id }) => nameOf(id))
    const where = behind.length === 0 ? 'no member is behind' : `behind: ${behind.join(', ')}`
    return `after ${lengthMicros / 1_000_000} simulated seconds ${waiting} clients are not done; ${where}`
  }

  #finish(cutOff: string | null): false {
    this.#finished = true
    const witnesses = this.hosts.map(({ id, node, disk }) => ({
      id,
      replica: node?.roles.replica,
      records: disk.synced,
    }))
    this.court.close(this.events, this.nowMicros, cutOff, witnesses)
    return false
  }

  // ---- what happens --------------------------------------------------------------------------------------------

  #happen(pending: Pending): void {
    switch (pending.type) {
      case 'message':
        this.#deliver(pending)
        return
      case 'timer':
        this.#wake(pending)
        return
      case 'sync':
        if (pending.life === pending.host.life) this.#sync(pending.host)
        return
      case 'other':
        pending.happen()
        return
    }
  }

  #at(timeMicros: Micros, happen: () => void): void {
    this.#queue.push(timeMicros, { type: 'other', happen })
  }

  #deliver({ to, envelopes }: Extract<Pending, { type: 'message' }>): void {
    const host = this.#host(to)
    if (host.node === null) {
      this.messages.dropped += 1
      if (this.#happens()) this.#tell({ type: 'misses', node: to, ...envelopes[0] })
      return
    }
    this.messages.delivered += 1
    if (this.#happens()) this.#tell({ type: 'receives', node: to, ...envelopes[0] })
    this.#turn(host, { type: 'messages', nowMicros: this.nowMicros, wallMicros: this.#wallMicros, envelopes })
  }

  #wake({ host, life, role, timer, deadlineMicros }: Extract<Pending, { type: 'timer' }>): void {
    if (life !== host.life || host.node?.deadline(role, timer) !== deadlineMicros) return
    if (this.#happens()) this.#tell({ type: 'wakes', node: host.id, role, timer })
    const { nowMicros } = this
    this.#turn(host, { type: 'timer', nowMicros, wallMicros: this.#wallMicros, role, timer, deadlineMicros })
  }

  #sync(host: Host): void {
    const records = host.disk.endSync()
    if (this.#happens()) this.#tell({ type: 'syncs', node: host.id, records: records.length })
    this.court.synced(this.events, host.id, records)
    const { nowMicros } = this
    this.#turn(host, { type: 'durable', nowMicros, wallMicros: this.#wallMicros, count: host.disk.durable })
    this.#beginSync(host)
  }

  #start(host: Host): void {
    host.life += 1
    if (host.life > 1) this.#troubles -= 1
    const { application, settings, makeNode } = this.options
    const options = {
      self: host.id,
      machine:
        host.id < FIRST_CLIENT_NODE ? this.court.started(host.id, () => this.events) : application.machine,
      purpose: this.#purpose(host),
      draw: (low: number, high: number) => this.#drawTimer(host, low, high),
      records: host.disk.synced,
      ...(settings === undefined ? {} : { settings }),
    }
    host.node = makeNode?.(options) ?? new Node(options)
    if (this.#happens()) this.#tell({ type: 'starts', node: host.id, records: host.disk.synced.length })
    this.#turn(host, { type: 'boot', nowMicros: this.nowMicros, wallMicros: this.#wallMicros })
    if (host.life > 1) this.#resumeClients(host)
  }

  #purpose({ id, life }: Host): ConstructorParameters<typeof Node>[0]['purpose'] {
    if (id >= FIRST_CLIENT_NODE) {
      const first = id % this.#members.length
      const contacts = [...this.#members.slice(first), ...this.#members.slice(0, first)]
      return { type: 'request', contacts, incarnation: life }
    }
    if (id !== 0) return { type: 'join', contacts: this.#members }
    return { type: 'seed', cluster: this.options.seed, voters: this.#members }
  }

  #crash(number: number): void {
    const bits = mix(hash(this.#draws.crash, number, 1, 0))
    const up = this.hosts.filter(({ node }) => node !== null)
    const host = up[bits % up.length]
    if (host === undefined) {
      this.#troubles -= 1 // everybody is down already
      return
    }
    host.node = null
    host.life += 1
    const { survived, lost } = host.disk.crash(within(mix(bits), 0, host.disk.inFlight))
    if (this.#happens()) this.#tell({ type: 'crashes', node: host.id, lostRecords: lost })
    this.court.synced(this.events, host.id, survived)
    this.#abandonClients(host)
    const down = within(mix(mix(bits)), DOWN_LOW_MICROS, DOWN_HIGH_MICROS)
    this.#at(this.nowMicros + down, () => this.#start(host))
  }

  // ---- clients -------------------------------------------------------------------------------------------------

  #invoke(client: Client): void {
    const host = this.#host(client.place)
    if (host.node === null || client.done || client.current !== null) return
    const { nowMicros } = this
    const operation = this.clients.invoke(client, nowMicros)
    if (operation === null) return
    if (this.#happens()) this.#tell({ type: 'invokes', node: host.id, client: client.number, operation })
    this.court.invoked(this.events, client.number, operation, this.clients.lastEntry)
    const reference = client.position
    const { commands, queries } = this.#codecs
    const number = client.number
    const request: ClientRequest =
      operation.type === 'command'
        ? { type: 'command', client: number, reference, command: commands.encode(operation.command) }
        : {
            type: 'query',
            client: number,
            reference,
            query: queries.encode(operation.query),
            consistency: operation.consistency ?? 'linearizable',
          }
    this.#turn(host, { type: 'requests', nowMicros, wallMicros: this.#wallMicros, requests: [request] })
  }

  #answered(answer: Extract<Observed, { type: 'answered' }>): void {
    const client = this.clients.all[answer.client]
    if (client === undefined || client.current === null || client.position !== answer.reference) return
    const operation = client.current
    const [completion, impossible] = this.clients.answer(client, operation, answer.outcome, this.nowMicros)
    const node = client.place
    if (this.#happens()) this.#tell({ type: 'completes', node, client: client.number, operation, completion })
    this.court.answered(this.events, client.number, answer, this.clients.lastEntry)
    if (impossible !== null) this.court.answers.judged(this.events, impossible)
    if (!client.done) this.#at(this.nowMicros + this.clients.thinkMicros(client), () => this.#invoke(client))
  }

  #abandonClients({ id }: Host): void {
    for (const client of this.clients.all) {
      if (client.place !== id) continue
      this.court.abandoned(client.number)
      const operation = client.current
      if (operation === null) continue
      const completion = this.clients.abandon(client, operation, this.nowMicros)
      if (this.#happens())
        this.#tell({
          type: 'completes',
          node: id,
          client: client.number,
          operation,
          completion,
        })
    }
  }

  #resumeClients({ id }: Host): void {
    for (const client of this.clients.all) {
      if (client.place === id && !client.done) this.#at(this.nowMicros, () => this.#invoke(client))
    }
  }

  // ---- driving a node ------------------------------------------------------------------------------------------

  #turn(host: Host, event: NodeEvent): void {
    const { node } = host
    if (node === null) return
    for (const action of node.step(event)) this.#carryOut(host, action)
    this.#beginSync(host)
  }

  #carryOut(host: Host, action: Action): void {
    switch (action.type) {
      case 'send':
        this.#send(host, action.role, action.to, action.message)
        return
      case 'persist':
        host.disk.write(action.record)
        if (this.#happens()) this.#tell({ type: 'writes', node: host.id, record: action.record })
        return
      case 'timer': {
        const { role, timer, deadlineMicros } = action
        this.#queue.push(deadlineMicros, {
          type: 'timer',
          host,
          life: host.life,
          role,
          timer,
          deadlineMicros,
        })
        return
      }
      case 'observe':
        this.#observe(host, action.observation)
        return
    }
  }

  #observe(host: Host, observation: Observed): void {
    switch (observation.type) {
      case 'applied':
        this.#applied(host, observation.slot, observation.decree)
        return
      case 'answered':
        this.#answered(observation)
        return
      case 'installed':
        this.court.installed(this.events, host.id, observation.slot, host.node?.roles.replica?.state)
        return
      case 'refused':
      case 'configured':
      case 'retired':
        return
      case 'began':
        if (this.#happens()) this.#tell({ type: 'begins', node: host.id, role: observation.role })
        return
      case 'ended':
        if (this.#happens()) this.#tell({ type: 'ends', node: host.id, role: observation.role })
        return
    }
  }

  #applied(host: Host, slot: Slot, decree: Decree): void {
    if (this.#happens()) this.#tell({ type: 'applies', node: host.id, slot, decree })
    this.court.applied(this.events, host.id, slot, decree)
  }

  #beginSync(host: Host): void {
    if (!host.disk.beginSync()) return
    const bits = hash(this.#draws.sync, host.id, host.syncs++, 0)
    const atMicros = this.nowMicros + within(bits, SYNC_LOW_MICROS, SYNC_HIGH_MICROS)
    this.#queue.push(atMicros, { type: 'sync', host, life: host.life })
  }

  #drawTimer(host: Host, low: number, high: number): number {
    return within(hash(this.#draws.timer, host.id, host.timerDraws++, 0), low, high)
  }

  // ---- the network ---------------------------------------------------------------------------------------------

  #send(host: Host, role: RoleName, to: NodeId | readonly NodeId[], message: Message): void {
    if (this.#happens())
      this.#tell({ type: 'sends', node: host.id, role, message, to: typeof to === 'number' ? [to] : to })
    const envelopes = [{ from: host.id, message }] as const
    if (typeof to === 'number') this.#transmit(to, envelopes)
    else for (const recipient of to) this.#transmit(recipient, envelopes)
  }

  #transmit(to: NodeId, envelopes: readonly [Envelope]): void {
    const { from, message } = envelopes[0]
    if (from === to) return // the node has had it already
    const network = this.#network
    const fate = network.next(from, to)
    this.messages.sent += 1
    if (network.isLost(fate)) {
      this.messages.dropped += 1
      if (this.#happens()) this.#tell({ type: 'loses', node: from, message, to })
      return
    }
    this.#queue.push(this.nowMicros + network.delayMicros(fate), { type: 'message', to, envelopes })
    if (!network.isDoubled(fate)) return
    if (this.#happens()) this.#tell({ type: 'doubles', node: from, message, to })
    this.#queue.push(this.nowMicros + network.secondDelayMicros(fate), { type: 'message', to, envelopes })
  }

  // ---- small things --------------------------------------------------------------------------------------------

  #host(id: NodeId): Host {
    const host = id < FIRST_CLIENT_NODE ? this.hosts[id] : this.#clientHosts.get(id)
    if (host === undefined) throw new RangeError(`There is no node ${id}.`)
    return host
  }

  get #wallMicros(): Micros {
    return START_WALL_MICROS + this.nowMicros
  }

  /** Counts an event. Says whether anybody wants to hear of it: if not, it need not even be made. */
  #happens(): boolean {
    this.events += 1
    return this.#observer !== undefined
  }

  #tell(event: WorldEvent): void {
    this.#observer?.(event, this.events, this.nowMicros)
  }
}

type Observed = Extract<Action, { type: 'observe' }>['observation']
