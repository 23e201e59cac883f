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
  quorumOf,
  type RoleName,
  recover,
  type Settings,
  type Slot,
  type Voter,
} from '../paxos/index.js'
import type { AnyApplication } from './application.js'
import { type Client, Clients } from './clients.js'
import { Clock, START_WALL_MICROS } from './clock.js'
import { Disk } from './disk.js'
import type { Observer, WorldEvent } from './events.js'
import { repair } from './faults/changes.js'
import { driftOf, planOf, RATES } from './faults/plan.js'
import type { PartitionShape, Stage } from './faults/stage.js'
import { Trouble } from './faults/trouble.js'
import { Host, leaderOf } from './host.js'
import { nameOf } from './names.js'
import { Network } from './network.js'
import type { Occurrence, Pending } from './occurrences.js'
import { FIRST_CLIENT_NODE } from './placement.js'
import { EventQueue } from './queue.js'
import { DRAW, hash, prefix, within } from './random.js'
import { checkScenario, type Scenario } from './scenario.js'
import { Court } from './verdicts/court.js'
import type { VerdictResult } from './verdicts/verdict.js'

/** A sync takes from this long … */
const SYNC_LOW_MICROS = 200
/** … to this long. */
const SYNC_HIGH_MICROS = 1_200

/** The requester's names of operators, and of clients that share a session: no client's own. */
const OPERATOR = -1
const SHARED = -2

/** How often operators look after the last fault whether a removed member still runs. */
const TIDYING_MICROS = 500_000

/** The court looks at a node once in so many steps. */
const INSPECTION_STEPS = 64

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

export interface MessageCounts {
  sent: number
  delivered: number
  dropped: number
}

export class World {
  readonly options: WorldOptions
  /** The machines that run members, or did, each at the place of its number. */
  readonly hosts: Host[]
  readonly clients: Clients
  readonly messages: MessageCounts = { sent: 0, delivered: 0, dropped: 0 }
  readonly court: Court
  /** How many stores were refused, by what is wrong with them. */
  readonly refused: Record<string, number> = {}
  nowMicros: Micros = 0
  /** How many events have happened. */
  events = 0

  /** The nodes that clients have of their own; they never crash. */
  readonly #clientHosts: Map<NodeId, Host> = new Map()
  readonly #queue: EventQueue<Pending> = new EventQueue()
  readonly #founders: readonly NodeId[]
  readonly #makeHost: (id: NodeId) => Host
  /** The voters that operators have asked for, and the version that they are to replace. */
  readonly #asked: { readonly version: number; readonly members: readonly NodeId[] }[] = []
  readonly #network: Network
  readonly #syncs: number
  readonly #trouble: Trouble
  readonly #codecs: ReturnType<typeof codecsOf>
  readonly #observer: Observer | undefined
  #finished = false
  #steps = 0

  constructor(options: WorldOptions) {
    const { seed, scenario, application } = options
    checkScenario(seed, scenario)
    this.options = options
    this.#founders = Array.from({ length: scenario.members }, (_, id) => id)
    const timers = prefix(seed, DRAW.timer)
    this.#makeHost = (id) => new Host(id, new Disk(), new Clock(driftOf(seed, scenario, id)), timers)
    this.hosts = this.#founders.map(this.#makeHost)
    this.clients = new Clients(application, scenario, prefix(seed, DRAW.workload))
    for (const { place } of this.clients.all) {
      if (place >= FIRST_CLIENT_NODE) this.#clientHosts.set(place, this.#makeHost(place))
    }
    this.court = new Court({
      members: this.#founders,
      application,
      settings: this.#settings,
      startWallMicros: START_WALL_MICROS,
      quietMicros: scenario.overBudget ? 0 : scenario.quietMicros,
    })
    this.#network = new Network(seed, scenario)
    this.#syncs = prefix(seed, DRAW.sync)
    this.#codecs = codecsOf(application.machine)
    this.#observer = options.observer
    this.#begin()
    this.#trouble = new Trouble(
      this.#stage,
      (event) => this.#announce(event),
      (shape) => this.#holds(shape),
      planOf(seed, scenario),
    )
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

  /** The court looks at one node, another one each time. */
  #inspect(): void {
    const turn = this.#steps / INSPECTION_STEPS
    const own = [...this.#clientHosts.values()]
    const at = turn % (this.hosts.length + own.length)
    const node = (this.hosts[at] ?? own[at - this.hosts.length])?.node
    if (node) this.court.inspect(this.events, node)
  }

  get finished(): boolean {
    return this.#finished
  }

  get verdicts(): Readonly<Record<string, VerdictResult>> {
    return this.court.verdicts
  }

  /** How many times each class of faults has happened. */
  get faults(): Readonly<Record<string, number>> {
    const drifting = this.hosts.filter(({ clock }) => clock.driftPerMillion !== 0).length
    return this.#trouble.counts({ ...this.#network.befallen, drift: drifting })
  }

  // ---- beginning and end ---------------------------------------------------------------------------------------

  #begin(): void {
    for (const host of this.hosts) this.#at(0, () => this.#start(host))
    for (const host of this.#clientHosts.values()) this.#at(0, () => this.#start(host))
    for (const client of this.clients.all) {
      if (!client.done) this.#at(0, () => this.#invoke(client))
    }
    const { quietMicros, lengthMicros } = this.options.scenario
    if (quietMicros < lengthMicros) this.#at(quietMicros, () => this.#calm())
  }

  #calm(): void {
    this.#network.calm()
    repair(this.#stage)
    this.#tidy()
  }

  /** Operators switch off whoever was removed, did not hear of it, and is needed no more. */
  #tidy(): void {
    const counting = this.#configurations.flat()
    for (const { members } of this.court.membership.configurations) {
      for (const id of members) {
        const host = this.#host(id)
        if (!counting.includes(id) && !host.isRetired) this.#retire(host)
      }
    }
    this.#at(this.nowMicros + TIDYING_MICROS, () => this.#tidy())
  }

  get #settings(): Settings {
    const { alpha, logBytes, chunkBytes } = this.options.scenario
    return completeSettings({ alpha, logBytes, chunkBytes, ...this.options.settings })
  }

  /** Nothing is left to do, and every member has done it. */
  #atRest(): boolean {
    if (!this.clients.done || !this.#trouble.isOver) return false
    const { latest } = this.court.membership
    if (latest.fromSlot > this.court.decided + 1) return false
    for (const id of latest.members) if (this.#isBehind(id)) return false
    return true
  }

  /** Whether a voter has not applied and synced all that is decided, or has lost its store. */
  #isBehind(id: NodeId): boolean {
    const { node, disk, isOut } = this.#host(id)
    return isOut || node?.roles.replica?.applied !== this.court.decided || !disk.isIdle
  }

  #unfinishedBusiness(): string {
    const { lengthMicros } = this.options.scenario
    const waiting = this.clients.all.filter(({ done }) => !done).length
    const { members } = this.court.membership.latest
    const behind = members.filter((id) => this.#isBehind(id)).map(nameOf)
    const where = behind.length === 0 ? 'no member is behind' : `behind: ${behind.join(', ')}`
    return `after ${lengthMicros / 1_000_000} simulated seconds ${waiting} clients are not done; ${where}`
  }

  #finish(cutOff: string | null): false {
    this.#finished = true
    const voters = this.court.membership.latest.members.map((id) => this.#host(id))
    const witnesses = voters.map(({ id, node, disk }) => ({
      id,
      replica: node?.roles.replica,
      records: disk.read(),
    }))
    const { overBudget } = this.options.scenario
    this.court.close(this.events, this.nowMicros, overBudget ? null : cutOff, witnesses, overBudget)
    return false
  }

  // ---- what happens --------------------------------------------------------------------------------------------

  #happen(pending: Pending): void {
    if (pending.type === 'other') pending.happen()
    else if (pending.type === 'late') this.#occur(pending.occurrence)
    else if (pending.host.isBusy(this.nowMicros)) this.#postpone(pending)
    else this.#occur(pending)
  }

  /** A machine that is busy sees to everything later, in the same order. */
  #postpone(occurrence: Occurrence): void {
    const { host } = occurrence
    host.freeMicros = Math.max(host.freeMicros, this.nowMicros + host.slowMicros)
    this.#queue.push(host.freeMicros, { type: 'late', occurrence })
  }

  #occur(occurrence: Occurrence): void {
    switch (occurrence.type) {
      case 'message':
        this.#deliver(occurrence)
        return
      case 'timer':
        this.#wake(occurrence)
        return
      case 'sync':
        if (occurrence.life === occurrence.host.life) this.#sync(occurrence)
        return
      case 'requests':
        this.#turn(occurrence.host, {
          type: 'requests',
          ...this.#clock(occurrence.host),
          requests: occurrence.requests,
        })
        return
      case 'request':
        this.#turn(occurrence.host, { ...this.#clock(occurrence.host), ...occurrence.request })
        return
    }
  }

  #at(timeMicros: Micros, happen: () => void): void {
    this.#queue.push(timeMicros, { type: 'other', happen })
  }

  #deliver({ host, envelopes }: Extract<Pending, { type: 'message' }>): void {
    if (host.node === null) {
      this.messages.dropped += 1
      if (this.#happens()) this.#tell({ type: 'misses', node: host.id, ...envelopes[0] })
      return
    }
    this.messages.delivered += 1
    if (this.#happens()) this.#tell({ type: 'receives', node: host.id, ...envelopes[0] })
    const { nowMicros, wallMicros } = this.#clock(host)
    this.#turn(host, { type: 'messages', nowMicros, wallMicros, envelopes })
  }

  #wake({ host, life, role, timer, deadlineMicros }: Extract<Pending, { type: 'timer' }>): void {
    if (life !== host.life || host.node?.deadline(role, timer) !== deadlineMicros) return
    if (this.#happens()) this.#tell({ type: 'wakes', node: host.id, role, timer })
    const { nowMicros, wallMicros } = this.#clock(host)
    this.#turn(host, { type: 'timer', nowMicros, wallMicros, role, timer, deadlineMicros })
  }

  #sync(occurrence: Extract<Pending, { type: 'sync' }>): void {
    const { host } = occurrence
    const { disk } = host
    if (this.nowMicros < disk.stalledUntilMicros) {
      this.#queue.push(disk.stalledUntilMicros, occurrence)
      return
    }
    if (this.nowMicros < disk.fullUntilMicros) {
      this.#crash(host, 0) // a sync that fails ends the process
      this.#restart(host, disk.fullUntilMicros)
      return
    }
    const records = disk.endSync()
    if (this.#happens()) this.#tell({ type: 'syncs', node: host.id, records: records.length })
    this.court.synced(this.events, host.id, records)
    const { nowMicros, wallMicros } = this.#clock(host)
    this.#turn(host, { type: 'durable', nowMicros, wallMicros, count: disk.durable })
    this.#beginSync(host)
  }

  #start(host: Host): void {
    host.renew(null)
    const { application, makeNode } = this.options
    const records = host.disk.read()
    const options = {
      self: host.id,
      machine:
        host.id < FIRST_CLIENT_NODE ? this.court.started(host.id, () => this.events) : application.machine,
      purpose: this.#purpose(host),
      draw: (low: number, high: number, what: string) => host.draw(low, high, what),
      records,
      settings: this.#settings,
    }
    host.node = makeNode?.(options) ?? new Node(options)
    if (this.#happens()) this.#tell({ type: 'starts', node: host.id, records: records.length })
    this.#turn(host, { type: 'boot', ...this.#clock(host) })
    if (host.isOut || host.isForgetful) this.court.forgot(host.id)
    if (host.isOut) this.#moveClients(host)
    else if (host.life > 1) this.#resumeClients(host)
  }

  #purpose({ id, life, isOut, disk }: Host): ConstructorParameters<typeof Node>[0]['purpose'] {
    const { members } = this.court.membership.latest
    if (id >= FIRST_CLIENT_NODE) {
      const first = id % members.length
      const contacts = [...members.slice(first), ...members.slice(0, first)]
      return { type: 'request', contacts, incarnation: life }
    }
    const isFounded = disk.synced.some(({ type }) => type === 'founded')
    if (id !== 0 || isOut || isFounded) return { type: 'join', contacts: members }
    return { type: 'seed', cluster: this.options.seed, voters: this.#founders }
  }

  #crash(host: Host, part: number): void {
    if (host.node === null) return
    host.renew(null)
    const { survived, lost } = host.disk.crash(within(part, 0, host.disk.inFlight))
    if (this.#happens()) this.#tell({ type: 'crashes', node: host.id, lostRecords: lost })
    this.court.synced(this.events, host.id, survived)
    this.#abandonClients(host)
  }

  #restart(host: Host, timeMicros: Micros): void {
    if (host.isRetired) return
    if (timeMicros <= this.nowMicros) {
      if (host.node === null) this.#start(host)
      return
    }
    const { life } = host
    this.#at(timeMicros, () => {
      if (host.node === null && host.life === life && !host.isRetired) this.#start(host)
    })
  }

  // ---- faults --------------------------------------------------------------------------------------------------

  /** What faults may do here. */
  get #stage(): Stage {
    const world = this
    return {
      get members() {
        return world.court.membership.latest.members
      },
      hosts: this.hosts,
      get configurations() {
        return world.#configurations
      },
      get nowMicros() {
        return world.nowMicros
      },
      get isQuiet() {
        return world.nowMicros >= world.options.scenario.quietMicros
      },
      clientNodes: [...this.#clientHosts.keys()],
      network: this.#network,
      isOverBudget: this.options.scenario.overBudget,
      get leader() {
        return leaderOf(world.hosts)
      },
      at: (timeMicros, happen) => this.#at(timeMicros, happen),
      ask: (host, request) => this.#happen({ type: 'request', host, request }),
      crash: (host, part) => this.#crash(host, part),
      restart: (host, timeMicros) => this.#restart(host, timeMicros),
      admit: () => this.#admit(),
      dismiss: (host) => this.#retire(host),
      change: (host, version, voters) => this.#change(host, version, voters),
    }
  }

  /** A partition is all that is wrong, or no longer. Runs that lose or delay messages throughout are never so calm. */
  #holds(shape: PartitionShape | null): void {
    if (shape === null || RATES.some((rate) => (this.options.scenario.faults[rate] ?? 0) > 0)) {
      this.court.holds(null, 0, this.nowMicros)
      return
    }
    // Who is not a member yet, because the cluster is not founded, waits for everybody.
    const isUp = (id: NodeId): boolean => {
      const { node, isOut } = this.#host(id)
      return node?.roles.replica !== undefined && !isOut
    }
    const isLinked = (id: NodeId): boolean =>
      this.#configurations.every((members) => {
        const linked = members.filter((other) => isUp(other) && (other === id || shape.hears(id, other)))
        return linked.length >= quorumOf(members)
      })
    const linked = this.court.membership.latest.members.filter(isLinked)
    this.court.holds(linked, Math.max(shape.fromMicros, this.nowMicros), this.nowMicros)
  }

  #admit(): Host {
    const host = this.#makeHost(this.hosts.length)
    this.hosts.push(host)
    this.#at(this.nowMicros, () => this.#start(host))
    return host
  }

  #change(host: Host, version: number, voters: readonly Voter[]): void {
    this.#asked.push({ version, members: voters.map(({ member }) => member) })
    const reference = this.#asked.length
    const request: ClientRequest = { type: 'change', client: OPERATOR, reference, version, voters }
    this.#happen({ type: 'requests', host, requests: [request] })
  }

  /**
   * The configurations that count: the latest, and those before it whose slots it may still need them for; and those
   * that were asked for and may still be decided.
   */
  get #configurations(): readonly (readonly NodeId[])[] {
    const { configurations, latest } = this.court.membership
    const counting = configurations.filter((_, index) => !this.#isSuperseded(index))
    const asked = this.#asked.filter(({ version }) => version >= latest.version)
    return [...counting, ...asked].map(({ members }) => members)
  }

  /** Whether a quorum of a later configuration knows durably what this one has decided. */
  #isSuperseded(index: number): boolean {
    const { configurations } = this.court.membership
    const next = configurations[index + 1]
    if (next === undefined) return false
    return configurations.slice(index + 1).some(({ members }) => {
      const holders = members.filter((id) => {
        const { isOut, disk } = this.#host(id)
        return !isOut && recover(disk.synced).learned >= next.fromSlot - 1
      })
      return holders.length >= quorumOf(members)
    })
  }

  // ---- clients -------------------------------------------------------------------------------------------------

  #invoke(client: Client): void {
    const host = this.#host(client.place)
    if (host.node === null || client.done || client.current !== null) return
    const { nowMicros } = this
    const operation = this.clients.invoke(client, nowMicros)
    if (operation === null) return
    if (this.#happens()) this.#tell({ type: 'invokes', node: host.id, client: client.number, operation })
    this.court.invoked(this.events, client.number, client.place, operation, this.clients.lastEntry)
    const reference = client.position * this.clients.all.length + client.number
    const { commands, queries } = this.#codecs
    const { application } = this.options
    const number = application.sharedSessions === true ? SHARED : client.number
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
    this.#happen({ type: 'requests', host, requests: [request] })
  }

  #answered(answer: Extract<Observed, { type: 'answered' }>): void {
    const client = this.clients.all[answer.reference % this.clients.all.length]
    if (answer.client === OPERATOR || client === undefined || client.current === null) return
    if (client.position !== Math.floor(answer.reference / this.clients.all.length)) return
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

  /** The member of these clients will never serve again: they go to another; and who knew only lost ones learns more. */
  #moveClients(host: Host): void {
    this.#abandonClients(host)
    const heir = this.court.membership.latest.members.find((id) => !this.#host(id).isOut && id !== host.id)
    if (heir === undefined) return
    this.clients.move(host.id, heir)
    this.#resumeClients(this.#host(heir))
    for (const node of this.#clientHosts.values()) {
      this.#abandonClients(node)
      this.#start(node)
    }
  }

  /** A member that was removed and is needed no more is switched off. */
  #retire(host: Host): void {
    host.isRetired = true
    this.#crash(host, 0)
    this.#moveClients(host)
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
        this.#queue.push(host.clock.when(deadlineMicros), {
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
        this.court.installed(this.events, host.id, observation.slot, host.node?.roles.replica)
        return
      case 'refused':
        if (this.#happens())
          this.#tell({
            type: 'refuses',
            node: host.id,
            reason: observation.reason,
            detail: observation.detail,
          })
        this.refused[observation.reason] = (this.refused[observation.reason] ?? 0) + 1
        host.isOut = true
        this.#moveClients(host)
        return
      case 'configured':
        this.court.configured(this.events, host.id, observation.applied, observation.membership)
        return
      case 'snapshotFailed':
        return
      case 'retired':
        this.#at(this.nowMicros, () => this.#retire(host))
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
    const { disk } = host
    if (!disk.beginSync()) return
    const bits = hash(this.#syncs, host.id, host.life, host.syncs++)
    const atMicros = this.nowMicros + disk.slowMicros + within(bits, SYNC_LOW_MICROS, SYNC_HIGH_MICROS)
    this.#queue.push(atMicros, { type: 'sync', host, life: host.life })
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
    const { nowMicros } = this
    const network = this.#network
    const host = this.#host(to)
    const link = network.link(from, to)
    const fate = network.next(link)
    this.messages.sent += 1
    if (network.isLost(link, fate)) {
      this.messages.dropped += 1
      if (this.#happens()) this.#tell({ type: 'loses', node: from, message, to })
      return
    }
    const holdup = network.holdup(fate)
    const lateMicros = holdup === null ? 0 : network.holdupMicros(holdup, fate)
    if (holdup !== null && this.#happens())
      this.#tell({ type: 'delays', node: from, message, to, fault: holdup, lateMicros })
    const arrivalMicros = network.arrivalMicros(link, fate, nowMicros) + lateMicros
    this.#queue.push(arrivalMicros, { type: 'message', host, envelopes })
    if (!network.isDoubled(fate)) return
    if (this.#happens()) this.#tell({ type: 'doubles', node: from, message, to })
    const secondMicros = network.secondArrivalMicros(link, fate, nowMicros)
    this.#queue.push(secondMicros, { type: 'message', host, envelopes })
  }

  // ---- small things --------------------------------------------------------------------------------------------

  #host(id: NodeId): Host {
    const host = id < FIRST_CLIENT_NODE ? this.hosts[id] : this.#clientHosts.get(id)
    if (host === undefined) throw new RangeError(`There is no node ${id}.`)
    return host
  }

  /** What the clocks of a machine show. */
  #clock({ clock }: Host): { readonly nowMicros: Micros; readonly wallMicros: Micros } {
    return { nowMicros: clock.since(this.nowMicros), wallMicros: clock.wall(this.nowMicros) }
  }

  /** Counts an event. Says whether anybody wants to hear of it: if not, it need not even be made. */
  #happens(): boolean {
    this.events += 1
    return this.#observer !== undefined
  }

  /** The same for what is rare. */
  #announce(event: WorldEvent): void {
    if (this.#happens()) this.#tell(event)
  }

  #tell(event: WorldEvent): void {
    this.#observer?.(event, this.events, this.nowMicros)
  }
}

type Observed = Extract<Action, { type: 'observe' }>['observation']
