/**
 * Bounds: queues, windows and tables of a node, its log, and what its store keeps, stay within its settings. Queues come
 * and go, and are looked at after each turn; all the rest every so often.
 *
 * While somebody catches up by a snapshot of a node, that node trims nothing. Then its log may grow by what is decided
 * meanwhile: only in turns in which it does wait for somebody, and by no more than what it counts since its snapshot.
 *
 * No slot beyond the last decided one and α more can have been voted on. So whatever has one entry a slot has a bound,
 * even where a node lags behind and no setting bounds it: how far it lags.
 */
import type { Node, NodeId, Settings, Slot, StoreRecord } from '../../paxos/index.js'
import { nameOf } from '../names.js'
import { weigh } from './stored.js'
import { Verdict } from './verdict.js'

/** A log keeps so much of what it may hold since its last snapshot also of what was before that. */
const KEPT = 0.25
/** What a decision weighs in it at least. */
const DECISION_BYTES = 16
/** A store is weighed again when it has so many times the records, or fewer. */
const GROWTH = 1.25
/** Nobody is waited for who has not asked for so many election timeouts. */
const WAITING_TIMEOUTS = 10

type Replica = NonNullable<Node['roles']['replica']>

export class Bounds extends Verdict {
  readonly #settings: Settings
  /** How far nodes had applied when their logs had grown beyond what is trimmed. */
  readonly #overgrown: Map<NodeId, Slot> = new Map()
  /** How many records were in each store when it was weighed. */
  readonly #weighed: Map<NodeId, number> = new Map()

  constructor(settings: Settings) {
    super()
    this.#settings = settings
  }

  /** A node has had its turn: looks at what is soon used up. */
  glance(event: number, node: Node): void {
    const { leader, replica } = node.roles
    if (leader !== undefined) this.#queue(event, node, leader.queue.length)
    if (node.held > 0) this.#held(event, node)
    if (replica === undefined) return
    this.#most(event, node, 'requests parked', replica.parked.length, this.#settings.parkedLimit)
    if (replica.sinceSnapshotBytes > this.#settings.logBytes) this.#overgrows(event, node, replica)
  }

  /** A log that ought to be trimmed grows only while somebody is waited for. */
  #overgrows(event: number, node: Node, replica: Replica): void {
    const { applied, catchingUp, sinceSnapshotBytes } = replica
    const before = this.#overgrown.get(node.self)
    this.#overgrown.set(node.self, applied)
    const isWaiting = [...catchingUp.values()].some((untilMicros) => untilMicros >= node.nowMicros)
    if (applied === before || isWaiting) return
    const what = 'bytes of decrees since its snapshot, and waits for nobody who catches up'
    this.#most(event, node, what, sinceSnapshotBytes, this.#settings.logBytes)
  }

  /** A change of the members goes before all that wait, however many. */
  #queue(event: number, node: Node, length: number): void {
    this.#most(event, node, 'requests in its queue', length, this.#settings.queueLimit + 1)
  }

  #held(event: number, node: Node): void {
    this.#most(event, node, 'messages that wait for its disk', node.held, this.#settings.heldLimit)
  }

  /**
   * `decided` slots are applied somewhere, and so many `machines` ever ran a member. What the store of the node holds are
   * the records, or null as long as the node has written more than that.
   */
  check(
    event: number,
    node: Node,
    decided: Slot,
    machines: number,
    records: readonly StoreRecord[] | null,
  ): void {
    const { leader, replica, requester } = node.roles
    this.#slots(event, node, decided + this.#settings.alpha)
    this.#members(event, node, machines)
    this.#held(event, node)
    if (leader !== undefined) this.#leader(event, node, leader)
    if (replica !== undefined) this.#replica(event, node, replica)
    if (replica !== undefined) this.#log(event, node, replica)
    if (replica !== undefined && records !== null) this.#store(event, node, replica, decided, records)
    if (requester !== undefined) this.#requester(event, node, requester)
  }

  /** What has one entry a slot, up to the last slot that can have been voted on. */
  #slots(event: number, node: Node, last: Slot): void {
    const { acceptor, commander, scout, replica, leader } = node.roles
    if (acceptor !== undefined && replica !== undefined) {
      const most = this.#mostDecisions(replica) + Math.max(0, last - replica.applied)
      this.#most(event, node, 'votes', acceptor.votes.size, most)
    }
    if (replica !== undefined) {
      const unapplied = replica.decisions.size - (replica.applied - replica.trimmed)
      this.#most(event, node, 'decisions not applied', unapplied, Math.max(0, last - replica.applied))
    }
    if (scout !== undefined) {
      const most = Math.max(0, last - scout.fromSlot + 1)
      this.#most(event, node, 'votes collected by its scout', scout.votes.size, most)
      this.#most(event, node, 'early chunks of promises', scout.early.size, most * scout.expected.size)
    }
    if (commander !== undefined)
      this.#most(event, node, 'slots of its commander', commander.flights.size, this.#settings.alpha)
    if (leader !== undefined) {
      const most = Math.max(0, last - leader.adoptedThrough)
      this.#most(event, node, 'slots to propose again', leader.inherited.length, most)
    }
  }

  /** What has one entry a member. */
  #members(event: number, node: Node, machines: number): void {
    const { scout, initializer, leader, replica } = node.roles
    this.#most(event, node, 'stores that vouched', initializer?.vouched.size ?? 0, machines)
    this.#most(event, node, 'members that recognise it', initializer?.recognisedBy.size ?? 0, machines)
    this.#most(event, node, 'members that promised', scout?.promised.length ?? 0, machines)
    this.#most(event, node, 'members that answer its heartbeats', leader?.acknowledged.size ?? 0, machines)
    this.#most(event, node, 'newcomers that learn', leader?.newcomers.size ?? 0, machines)
    this.#most(event, node, 'members that catch up from it', replica?.catchingUp.size ?? 0, machines)
  }

  #leader(event: number, node: Node, leader: NonNullable<Node['roles']['leader']>): void {
    const { alpha, windowBytes } = this.#settings
    const bytes =
      leader.flightBytes.reduce((sum, length) => sum + length, 0) - (leader.flightBytes.at(-1) ?? 0)
    this.#queue(event, node, leader.queue.length)
    this.#most(event, node, 'slots in flight', leader.flightBytes.length, alpha)
    this.#most(event, node, 'bytes in flight before the last decree', bytes, windowBytes)
  }

  #replica(event: number, node: Node, replica: Replica): void {
    const { queueLimit, parkedLimit, sessionLimit, sessionWindow } = this.#settings
    for (const { outcomes } of replica.replicated.sessions.live.values())
      this.#most(event, node, 'outcomes in a session', outcomes.size, sessionWindow)
    this.#most(event, node, 'requests that somebody waits for', replica.waiting.size, queueLimit)
    this.#most(event, node, 'requests parked', replica.parked.length, parkedLimit)
    this.#most(event, node, 'reads', replica.reads.size, queueLimit)
    this.#most(event, node, 'reads not asked for', replica.unasked.size, queueLimit)
    this.#most(event, node, 'reads asked for', replica.asked.size, queueLimit)
    this.#most(event, node, 'sessions', replica.replicated.sessions.live.size, sessionLimit)
  }

  /** What a log may hold: what is before its snapshot, and what is since. */
  #mostLogBytes({ sinceSnapshotBytes }: Replica): number {
    const { logBytes } = this.#settings
    return KEPT * logBytes + Math.max(logBytes, sinceSnapshotBytes)
  }

  #mostDecisions(replica: Replica): number {
    return Math.floor(this.#mostLogBytes(replica) / DECISION_BYTES)
  }

  #log(event: number, node: Node, replica: Replica): void {
    const { applied, trimmed, logBytes, catchingUp } = replica
    this.#most(event, node, 'applied decisions in its log', applied - trimmed, this.#mostDecisions(replica))
    this.#most(event, node, 'bytes of decrees in its log', logBytes, this.#mostLogBytes(replica))
    const waits = [...catchingUp.values()].map((untilMicros) => untilMicros - node.nowMicros)
    const mostMicros = WAITING_TIMEOUTS * this.#settings.electionTimeoutMicros
    this.#most(event, node, 'µs to wait for who catches up', Math.max(0, ...waits), mostMicros)
  }

  /** What is on a disk is no more than what its node knows. Weighing takes long, so not before there is some more, or less. */
  #store(event: number, node: Node, replica: Replica, decided: Slot, records: readonly StoreRecord[]): void {
    const weighed = this.#weighed.get(node.self) ?? 0
    if (records.length >= weighed && records.length < GROWTH * weighed) return
    this.#weighed.set(node.self, records.length)
    const { snapshots, needless, repeated, appliedBytes, unapplied } = weigh(records, replica, DECISION_BYTES)
    const ahead = Math.max(0, decided + this.#settings.alpha - replica.applied)
    this.#most(event, node, 'snapshots on its disk', snapshots, 1)
    this.#most(event, node, 'records on its disk that its snapshot makes needless', needless, 0)
    this.#most(event, node, 'votes and decisions on its disk that are there twice', repeated, 0)
    this.#most(event, node, 'bytes of applied decrees on its disk', appliedBytes, this.#mostLogBytes(replica))
    this.#most(event, node, 'slots on its disk that are not applied', unapplied, ahead)
  }

  #requester(event: number, node: Node, requester: NonNullable<Node['roles']['requester']>): void {
    const { queueLimit, sessionWindow } = this.#settings
    this.#most(event, node, 'reads of its clients', requester.reads.size, queueLimit)
    this.#most(event, node, 'changes that were asked for', requester.changes.size, queueLimit)
    this.#most(event, node, 'open sessions', requester.bySession.size, requester.clients.size)
    this.#most(event, node, 'sessions being opened', requester.byOpener.size, requester.clients.size)
    for (const { outstanding, backlog } of requester.clients.values()) {
      this.#most(event, node, 'unanswered requests of a client', outstanding.size, sessionWindow)
      this.#most(event, node, 'requests of a client not sent', backlog.length, queueLimit)
    }
  }

  #most(event: number, node: Node, what: string, count: number, most: number): void {
    if (count > most) this.fail(event, `${nameOf(node.self)} has ${count} ${what}, and may have ${most}`)
  }
}
