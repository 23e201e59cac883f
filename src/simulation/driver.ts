/**
 * The driver of all nodes of a world: gives each what happens to its machine, carries out what it wants done, starts and
 * stops it. ARCHITECTURE.md says what a driver must do.
 */
import type {
  Action,
  ClientRequest,
  Decree,
  Micros,
  Node,
  NodeEvent,
  NodeOptions,
  Observation,
  Settings,
  Slot,
  StoreRecord,
} from '../paxos/index.js'
import type { AnyApplication } from './application.js'
import type { Clients } from './clients.js'
import type { Host } from './host.js'
import type { Hosts } from './hosts.js'
import type { Occurrence, Pending } from './occurrences.js'
import { Operators } from './operators.js'
import { FIRST_CLIENT_NODE } from './placement.js'
import type { Post } from './post.js'
import { DRAW, hash, prefix, within } from './random.js'
import type { Site } from './site.js'
import type { Timeline } from './timeline.js'
import type { Court } from './verdicts/court.js'
import { Workload } from './workload.js'

/** A sync takes from this long … */
const SYNC_LOW_MICROS = 200
/** … to this long. */
const SYNC_HIGH_MICROS = 1_200

/** What a driver works with. */
export interface DriverParts {
  readonly seed: number
  readonly application: AnyApplication
  readonly settings: Settings
  readonly makeNode: (options: NodeOptions) => Node
  readonly hosts: Hosts
  readonly timeline: Timeline
  readonly court: Court
  readonly post: Post
  readonly clients: Clients
  /** The store of this host was found to be none to vote with, and nobody knew that before. */
  readonly onLoss: (host: Host) => void
}

export class Driver implements Site {
  readonly hosts: Hosts
  readonly timeline: Timeline
  readonly court: Court
  readonly workload: Workload
  readonly operators: Operators
  /** How many stores were refused, by what is wrong with them. */
  readonly refused: Record<string, number> = {}
  readonly #parts: DriverParts
  readonly #post: Post
  readonly #syncs: number

  constructor(parts: DriverParts) {
    const { seed, application, hosts, timeline, court, post, clients } = parts
    this.hosts = hosts
    this.timeline = timeline
    this.court = court
    this.workload = new Workload(this, clients, application)
    this.operators = new Operators(this, this.workload)
    this.#parts = parts
    this.#post = post
    this.#syncs = prefix(seed, DRAW.sync)
  }

  // ---- the lives of a machine ------------------------------------------------------------------------------------

  start(host: Host): void {
    host.renew(null)
    const { application, settings, makeNode } = this.#parts
    const records = host.disk.read()
    const options = {
      self: host.id,
      machine:
        host.id < FIRST_CLIENT_NODE
          ? this.court.started(host.id, () => this.timeline.events)
          : application.machine,
      purpose: this.hosts.purposeOf(host, this.court.membership.latest.members),
      draw: (low: number, high: number, what: string) => host.draw(low, high, what),
      records,
      settings,
    }
    host.node = makeNode(options)
    this.timeline.announce({ type: 'starts', node: host.id, records: records.length })
    this.#turn(host, { type: 'boot', ...this.#clock(host) })
    if (host.isForgetful) this.court.forgot(host.id)
    if (host.isOut) this.workload.move(host)
    else if (host.life > 1) this.workload.resume(host)
  }

  /** Stops a machine dead, if it is up. `part` says how much of a sync in flight survives. */
  crash(host: Host, part: number): void {
    if (host.node === null) return
    host.renew(null)
    const { survived, lost, forgotten } = host.disk.crash(within(part, 0, host.disk.inFlight))
    this.timeline.announce({ type: 'crashes', node: host.id, lostRecords: lost })
    this.court.synced(this.timeline.events, host.id, survived)
    this.#forgets(host, forgotten)
    this.workload.abandon(host)
  }

  /** Puts the store of a machine that is down back to what it once was. */
  putBack(host: Host, records: readonly StoreRecord[]): void {
    this.#forgets(host, host.disk.putBack(records))
  }

  /** So many records are gone that the store had called durable. */
  #forgets(host: Host, records: number): void {
    if (records === 0) return
    host.isForgetful = true
    this.court.lost(this.timeline.events, host.id, records)
  }

  /** Starts a machine that is down again at this time, unless it was started by then. */
  restart(host: Host, timeMicros: Micros): void {
    if (host.isRetired) return
    if (timeMicros <= this.timeline.nowMicros) {
      if (host.node === null) this.start(host)
      return
    }
    const { life } = host
    this.timeline.at(timeMicros, () => {
      if (host.node === null && host.life === life && !host.isRetired) this.start(host)
    })
  }

  // ---- what happens --------------------------------------------------------------------------------------------

  happen(pending: Pending): void {
    if (pending.type === 'other') pending.happen()
    else if (pending.type === 'late') this.#occur(pending.occurrence)
    else if (pending.host.isBusy(this.timeline.nowMicros)) this.#postpone(pending)
    else this.#occur(pending)
  }

  submit(host: Host, request: ClientRequest): void {
    this.happen({ type: 'requests', host, life: host.life, requests: [request] })
  }

  /** A machine that is busy sees to everything later, in the same order. */
  #postpone(occurrence: Occurrence): void {
    const { host } = occurrence
    host.freeMicros = Math.max(host.freeMicros, this.timeline.nowMicros + host.slowMicros)
    this.timeline.push(host.freeMicros, { type: 'late', occurrence })
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
      case 'request':
        this.#ask(occurrence)
        return
    }
  }

  /** What a process was asked and did not see to is gone with it. */
  #ask(asked: Extract<Pending, { type: 'requests' | 'request' }>): void {
    const { host, life } = asked
    if (life !== host.life) return
    if (asked.type === 'request') this.#turn(host, { ...this.#clock(host), ...asked.request })
    else this.#turn(host, { type: 'requests', ...this.#clock(host), requests: asked.requests })
  }

  #deliver({ host, envelopes }: Extract<Pending, { type: 'message' }>): void {
    const [{ from, message }] = envelopes
    if (host.node === null) {
      this.#post.counts.dropped += 1
      if (this.timeline.happens()) this.timeline.tell({ type: 'misses', node: host.id, message, from })
      return
    }
    this.#post.counts.delivered += 1
    if (this.timeline.happens()) this.timeline.tell({ type: 'receives', node: host.id, message, from })
    this.court.delivered(host.node, from, message)
    const { nowMicros, wallMicros } = this.#clock(host)
    this.#turn(host, { type: 'messages', nowMicros, wallMicros, envelopes })
  }

  #wake({ host, life, role, timer, deadlineMicros }: Extract<Pending, { type: 'timer' }>): void {
    if (life !== host.life || host.node?.deadline(role, timer) !== deadlineMicros) return
    if (this.timeline.happens()) this.timeline.tell({ type: 'wakes', node: host.id, role, timer })
    const { nowMicros, wallMicros } = this.#clock(host)
    this.#turn(host, { type: 'timer', nowMicros, wallMicros, role, timer, deadlineMicros })
  }

  #sync(occurrence: Extract<Pending, { type: 'sync' }>): void {
    const { host } = occurrence
    const { disk } = host
    if (this.timeline.nowMicros < disk.stalledUntilMicros) {
      this.timeline.push(disk.stalledUntilMicros, occurrence)
      return
    }
    if (this.timeline.nowMicros < disk.fullUntilMicros) {
      this.crash(host, 0) // a sync that fails ends the process
      this.restart(host, disk.fullUntilMicros)
      return
    }
    const records = disk.endSync()
    this.timeline.announce({ type: 'syncs', node: host.id, records: records.length })
    this.court.synced(this.timeline.events, host.id, records)
    if (host.node) this.court.vouched(host.node, records)
    const { nowMicros, wallMicros } = this.#clock(host)
    this.#turn(host, { type: 'durable', nowMicros, wallMicros, count: disk.durable })
    this.#beginSync(host)
  }

  // ---- driving a node ------------------------------------------------------------------------------------------

  #turn(host: Host, event: NodeEvent): void {
    const { node } = host
    if (node === null) return
    for (const action of node.step(event)) this.#carryOut(host, action)
    this.court.turned(this.timeline.events, node)
    this.#beginSync(host)
  }

  #carryOut(host: Host, action: Action): void {
    switch (action.type) {
      case 'send':
        this.#post.send(host, action.role, action.to, action.message)
        if (host.node) this.court.sent(this.timeline.events, host.node, action.message)
        return
      case 'persist':
        host.disk.write(action.record)
        if (this.timeline.happens())
          this.timeline.tell({ type: 'writes', node: host.id, record: action.record })
        return
      case 'timer': {
        const { role, timer, deadlineMicros } = action
        this.timeline.push(host.clock.when(deadlineMicros), {
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

  #observe(host: Host, observation: Observation): void {
    switch (observation.type) {
      case 'applied':
        this.#applied(host, observation.slot, observation.decree)
        return
      case 'answered':
        this.workload.answered(observation)
        return
      case 'installed':
        this.court.installed(this.timeline.events, host.id, observation.slot, host.node?.roles.replica)
        return
      case 'refused':
        this.timeline.announce({
          type: 'refuses',
          node: host.id,
          reason: observation.reason,
          detail: observation.detail,
        })
        if (!host.isRefused) this.refused[observation.reason] = (this.refused[observation.reason] ?? 0) + 1
        host.isRefused = true
        this.court.refused(host.id)
        this.#loses(host)
        return
      case 'configured':
        this.court.configured(this.timeline.events, host.id, observation.applied, observation.membership)
        return
      case 'snapshotFailed':
      case 'outdated': // nobody upgrades a machine here
        return
      case 'retired':
        this.timeline.at(this.timeline.nowMicros, () => this.operators.retire(host))
        return
      case 'began':
        this.timeline.announce({ type: 'begins', node: host.id, role: observation.role })
        if (observation.role === 'scout' && host.node) this.court.scouted(this.timeline.events, host.node)
        return
      case 'ended':
        this.timeline.announce({ type: 'ends', node: host.id, role: observation.role })
        return
    }
  }

  /** Nobody counts on it any more, and its clients go elsewhere. */
  #loses(host: Host): void {
    const isNews = !host.isOut
    host.isOut = true
    this.workload.move(host)
    if (isNews) this.#parts.onLoss(host)
  }

  #applied(host: Host, slot: Slot, decree: Decree): void {
    if (this.timeline.happens()) this.timeline.tell({ type: 'applies', node: host.id, slot, decree })
    this.court.applied(this.timeline.events, host.id, slot, decree)
  }

  #beginSync(host: Host): void {
    const { disk } = host
    if (!disk.beginSync()) return
    const bits = hash(this.#syncs, host.id, host.life, host.syncs++)
    const atMicros =
      this.timeline.nowMicros + disk.slowMicros + within(bits, SYNC_LOW_MICROS, SYNC_HIGH_MICROS)
    this.timeline.push(atMicros, { type: 'sync', host, life: host.life })
  }

  // ---- small things --------------------------------------------------------------------------------------------

  /** What the clocks of a machine show. */
  #clock({ clock }: Host): { readonly nowMicros: Micros; readonly wallMicros: Micros } {
    const nowMicros = clock.since(this.timeline.nowMicros)
    return { nowMicros, wallMicros: clock.wall(nowMicros) }
  }
}
