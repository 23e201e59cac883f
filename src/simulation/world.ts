/**
 * A world made from one integer. Messages, timers, syncs, crashes and clients' requests are events in one queue, ordered
 * by time; nothing else makes anything happen. Here a world is put together, goes from one event to the next, and ends.
 */
import {
  completeSettings,
  type Micros,
  Node,
  type NodeId,
  type NodeOptions,
  type Settings,
} from '../paxos/index.js'
import type { AnyApplication } from './application.js'
import { Clients } from './clients.js'
import { START_WALL_MICROS } from './clock.js'
import { Driver } from './driver.js'
import { type Edit, type EditSite, Edits } from './edits.js'
import type { Observer } from './events.js'
import { repair } from './faults/changes.js'
import { handOver } from './faults/operations.js'
import { planOf, RATES } from './faults/plan.js'
import type { PartitionShape, Stage } from './faults/stage.js'
import { Trouble } from './faults/trouble.js'
import { type Host, leaderOf } from './host.js'
import { Hosts } from './hosts.js'
import { nameOf } from './names.js'
import { Network } from './network.js'
import { type MessageCounts, Post } from './post.js'
import { DRAW, prefix } from './random.js'
import { checkScenario, type Scenario, tightSettings } from './scenario.js'
import { Timeline } from './timeline.js'
import { Court } from './verdicts/court.js'
import type { VerdictResult } from './verdicts/verdict.js'

/** The court looks at a node once in so many steps. */
const INSPECTION_STEPS = 64

/** So long after the last fault somebody leads whom the others hear. */
const SETTLED_MICROS = 1_000_000
/** So long after that an operator tries to have another member lead. */
const HAND_OVER_MICROS = 1_500_000

/** Where the parts of a world come from; replace one to see what happens. */
export interface WorldOptions {
  readonly seed: number
  readonly scenario: Scenario
  readonly application: AnyApplication
  readonly settings?: Partial<Settings>
  /** Makes the node of a member; the default makes one with the real roles. */
  readonly makeNode?: (options: NodeOptions) => Node
  readonly observer?: Observer
  /** What is changed in the past, in the order of events. Default: nothing. */
  readonly edits?: readonly Edit[]
  /**
   * From this event on nothing goes wrong any more: what was wrong is over, and who was down starts again. Default: the
   * quiet time of the scenario.
   */
  readonly calmAfter?: number
}

export class World {
  readonly options: WorldOptions
  readonly clients: Clients
  readonly court: Court
  readonly #timeline: Timeline
  readonly #hosts: Hosts
  readonly #network: Network
  readonly #post: Post
  readonly #driver: Driver
  readonly #trouble: Trouble
  readonly #edits: Edits
  readonly #editSite: EditSite
  #lengthMicros: Micros
  #calmed = false
  #finished = false
  #steps = 0

  constructor(options: WorldOptions) {
    const { seed, scenario, application, makeNode = (each) => new Node(each) } = options
    checkScenario(seed, scenario)
    const { alpha, logBytes, chunkBytes, queueLimit, quietMicros, overBudget } = scenario
    this.options = options
    this.#lengthMicros = scenario.lengthMicros
    this.clients = new Clients(application, scenario, prefix(seed, DRAW.workload))
    const tight = queueLimit === null ? {} : tightSettings(queueLimit, this.clients.sessions)
    const settings = completeSettings({ alpha, logBytes, chunkBytes, ...tight, ...options.settings })
    this.#timeline = new Timeline(options.observer)
    this.#hosts = new Hosts(seed, scenario, this.clients)
    this.#network = new Network(seed, scenario)
    this.#edits = new Edits(options.edits ?? [])
    this.#post = new Post(
      this.#timeline,
      this.#network,
      this.#hosts,
      options.edits?.length ? (...sent) => this.#lateMicros(...sent) : null,
    )
    this.court = new Court({
      members: this.#hosts.founders,
      application,
      settings,
      startWallMicros: START_WALL_MICROS,
      // Where nothing goes wrong at all it is quiet from the beginning: 0 would say that nobody knows.
      quietMicros: overBudget ? 0 : Math.max(1, quietMicros),
      isOverBudget: overBudget,
    })
    this.#driver = new Driver({
      seed,
      application,
      settings,
      makeNode,
      hosts: this.#hosts,
      timeline: this.#timeline,
      court: this.court,
      post: this.#post,
      clients: this.clients,
      onLoss: ({ id }) => this.#replaces(id),
    })
    this.#editSite = this.#siteOfEdits
    this.#begin()
    this.#trouble = new Trouble(
      this.#stageOfTrouble,
      (event) => this.#timeline.announce(event),
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
    const isOver = (this.#calmed || this.#trouble.isOver) && this.clients.done && this.#areSettled()
    if (isOver && !this.#goesOn()) return this.#finish(null)
    const pending = this.#timeline.next(this.#lengthMicros)
    if (pending === undefined) return this.#finish(this.#unfinishedBusiness())
    this.#driver.happen(pending)
    this.#steps += 1
    if (!this.#calmed) this.#edits.happen(this.#editSite)
    if (this.events >= this.#calmAfter) this.#calmAtOnce()
    if (this.#steps % INSPECTION_STEPS === 0) this.#inspect()
    return true
  }

  /** Whether clients that have asked too little for a run that ends now go on. */
  #goesOn(): boolean {
    if (!this.clients.owe(this.nowMicros) || !this.clients.goOn()) return false
    this.#driver.workload.begin()
    return true
  }

  #inspect(): void {
    const host = this.#hosts.atTurn(this.#steps / INSPECTION_STEPS)
    if (host?.node) {
      const isWhole = host.disk.isIdle && !host.isForgetful
      this.court.inspect(this.events, host.node, this.hosts.length, isWhole ? host.disk.synced : null)
    }
    this.court.misses(this.events, this.nowMicros, this.#driver.operators.missed)
    this.court.watch(this.events, this.nowMicros)
    this.court.leads(leaderOf(this.hosts)?.id ?? null, this.events, this.nowMicros)
  }

  get nowMicros(): Micros {
    return this.#timeline.nowMicros
  }

  /** How many events have happened. */
  get events(): number {
    return this.#timeline.events
  }

  /** The machines that run members, or did, each at the place of its number. */
  get hosts(): readonly Host[] {
    return this.#hosts.members
  }

  get messages(): Readonly<MessageCounts> {
    return this.#post.counts
  }

  /** How many stores were refused, by what is wrong with them. */
  get refused(): Readonly<Record<string, number>> {
    return this.#driver.refused
  }

  get finished(): boolean {
    return this.#finished
  }

  get verdicts(): Readonly<Record<string, VerdictResult>> {
    return this.court.verdicts
  }

  /** How many times each class of faults has happened; and how many records were `torn`, which comes of crashes. */
  get faults(): Readonly<Record<string, number>> {
    const drifting = this.hosts.filter(({ clock }) => clock.driftPerMillion !== 0).length
    const torn = this.hosts.reduce((sum, { disk }) => sum + disk.torn, 0)
    const counts = this.#trouble.counts({ ...this.#network.befallen, drift: drifting })
    return torn === 0 ? counts : { ...counts, torn }
  }

  /** The edits that have changed nothing: their events never came, or there was nothing to change. */
  get unmetEdits(): readonly Edit[] {
    return this.#edits.unmet
  }

  // ---- beginning and end ---------------------------------------------------------------------------------------

  #begin(): void {
    const { members, ofClients } = this.#hosts
    for (const host of [...members, ...ofClients.values()])
      this.#timeline.at(0, () => this.#driver.start(host))
    this.#driver.workload.begin()
    const { quietMicros } = this.options.scenario
    if (quietMicros < this.#lengthMicros) this.#timeline.at(quietMicros, () => this.#calm())
  }

  #calm(): void {
    this.#network.calm()
    repair(this.#stage)
    this.#driver.operators.tidy()
    if ((this.options.scenario.faults.transfer ?? 0) > 0) this.#handOverAfter(SETTLED_MICROS)
  }

  /** Has another member lead, when all has settled, and nothing is wrong any more. */
  #handOverAfter(micros: Micros): void {
    const settledMicros = this.nowMicros + micros
    this.#timeline.at(settledMicros, () =>
      handOver(this.#stage, settledMicros + HAND_OVER_MICROS, (leader) => {
        if (!this.#edits.haveBegun) this.court.handsOver(leader, this.nowMicros)
      }),
    )
  }

  /** Whoever is found to be lost when the operators have repaired what was lost until then is replaced as well. */
  #replaces(id: NodeId): void {
    const stage = this.#stage
    if (stage.isQuiet && stage.members.includes(id)) repair(stage)
  }

  get #calmAfter(): number {
    return this.#calmed ? Number.POSITIVE_INFINITY : (this.options.calmAfter ?? Number.POSITIVE_INFINITY)
  }

  /** Whatever is wrong is over, though its time has not come. */
  #calmAtOnce(): void {
    this.#calmed = true
    this.#holds(null)
    this.#network.open()
    const { members, ofClients } = this.#hosts
    for (const host of [...members, ...ofClients.values()]) {
      host.recover()
      if (host.life > 0) this.#driver.restart(host, this.nowMicros) // the others are about to start
    }
    this.#calm()
  }

  /** Nothing that is decided is left to do for any member. */
  #areSettled(): boolean {
    const { latest } = this.court.membership
    if (latest.fromSlot > this.court.decided + 1) return false
    for (const id of latest.members) if (this.#isBehind(id)) return false
    return true
  }

  /** Whether a voter has not applied and synced all that is decided, or has lost its store. */
  #isBehind(id: NodeId): boolean {
    const { node, disk, isOut } = this.#hosts.get(id)
    return isOut || node?.roles.replica?.applied !== this.court.decided || !disk.isIdle
  }

  #unfinishedBusiness(): string {
    const waiting = this.clients.all.filter(({ done }) => !done).length
    const { members } = this.court.membership.latest
    const behind = members.filter((id) => this.#isBehind(id)).map(nameOf)
    const where = behind.length === 0 ? 'no member is behind' : `behind: ${behind.join(', ')}`
    return `after ${this.#lengthMicros / 1_000_000} simulated seconds ${waiting} clients are not done; ${where}`
  }

  #finish(cutOff: string | null): false {
    this.#finished = true
    const voters = this.court.membership.latest.members.map((id) => this.#hosts.get(id))
    const witnesses = voters.map(({ id, node, disk }) => ({
      id,
      replica: node?.roles.replica,
      records: disk.read(),
    }))
    this.court.misses(this.events, this.nowMicros, this.#driver.operators.missed)
    this.court.close(this.events, this.nowMicros, cutOff, witnesses)
    return false
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
        return world.#driver.operators.configurations
      },
      get nowMicros() {
        return world.nowMicros
      },
      get isQuiet() {
        return world.#calmed || world.nowMicros >= world.options.scenario.quietMicros
      },
      clientNodes: [...this.#hosts.ofClients.keys()],
      network: this.#network,
      isOverBudget: this.options.scenario.overBudget,
      get leader() {
        return leaderOf(world.hosts)
      },
      at: (timeMicros, happen) => this.#timeline.at(timeMicros, happen),
      ask: (host, request) => this.#driver.happen({ type: 'request', host, life: host.life, request }),
      crash: (host, part) => this.#driver.crash(host, part),
      putBack: (host, records) => this.#driver.putBack(host, records),
      restart: (host, timeMicros) => this.#driver.restart(host, timeMicros),
      admit: () => this.#driver.operators.admit(),
      dismiss: (host) => this.#driver.operators.retire(host),
      change: (host, version, voters) => this.#driver.operators.change(host, version, voters),
    }
  }

  /** The same; once it is calm, what faults have still to do is left undone. */
  get #stageOfTrouble(): Stage {
    const stage = this.#stage
    const unlessCalm = (happen: () => void) => (): void => {
      if (!this.#calmed) happen()
    }
    // Not spread: most of what it has is asked anew each time.
    return Object.assign(stage, {
      at: (time: Micros, happen: () => void) => this.#timeline.at(time, unlessCalm(happen)),
    })
  }

  get #siteOfEdits(): EditSite {
    return {
      timeline: this.#timeline,
      network: this.#network,
      host: (id) => this.#hosts.find(id),
      crash: (host) => this.#driver.crash(host, 0),
      restart: (host, timeMicros) => this.#driver.restart(host, timeMicros),
      disturbs: (untilMicros) => this.#disturb(untilMicros),
    }
  }

  #lateMicros(event: number, from: NodeId, to: NodeId): Micros {
    return this.#calmed ? 0 : this.#edits.lateMicros(this.#editSite, event, from, to)
  }

  /**
   * An edit is a fault, and perhaps the last one: what is asked of a quiet run is asked from its end on, and the run may
   * take as much longer.
   */
  #disturb(untilMicros: Micros): void {
    this.#holds(null)
    const { liveness } = this.court
    const later = untilMicros - liveness.quietMicros
    if (liveness.quietMicros === 0 || later <= 0) return
    liveness.quietMicros = untilMicros
    this.#lengthMicros += later
  }

  /** Tells the court when a partition begins to be all that is wrong, and who can go on; and, with null, when no longer. */
  #holds(shape: PartitionShape | null): void {
    const { nowMicros } = this
    const { operators } = this.#driver
    // Runs that lose or delay messages throughout are never so calm.
    const isCalm =
      !this.#edits.haveBegun &&
      !this.#calmed &&
      RATES.every((rate) => (this.options.scenario.faults[rate] ?? 0) === 0)
    if (shape === null || !isCalm) this.court.holds(null, this.events, nowMicros)
    else {
      const fromMicros = Math.max(shape.fromMicros, nowMicros)
      const { class: name, stalled } = shape
      const lull = {
        fromMicros,
        linked: operators.linked(shape),
        shape: name,
        ...(stalled !== undefined && { stalled }),
      }
      this.court.holds(lull, this.events, nowMicros)
    }
  }
}
