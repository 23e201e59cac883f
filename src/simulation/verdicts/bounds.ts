/**
 * Bounds: queues, windows and tables of a node stay within its settings. Queues come and go, and are looked at after each
 * turn; all the rest every so often.
 *
 * No slot beyond the last decided one and α more can have been voted on. So whatever has one entry a slot has a bound,
 * even where a node lags behind and no setting bounds it: how far it lags.
 */
import type { Node, Settings, Slot } from '../../paxos/index.js'
import { nameOf } from '../names.js'
import { Verdict } from './verdict.js'

/** A log keeps this many times its bytes at most: those since the last snapshot, and a quarter as many before it. */
const LOGS = 1.25
/** What a decision weighs in it at least. */
const DECISION_BYTES = 16

export class Bounds extends Verdict {
  readonly #settings: Settings
  readonly #mostDecisions: number
  /** The same in bytes, and the decrees of one turn. */
  readonly #mostLogBytes: number

  constructor(settings: Settings) {
    super()
    this.#settings = settings
    this.#mostDecisions = Math.floor((LOGS * settings.logBytes) / DECISION_BYTES)
    const { logBytes, windowBytes, chunkBytes, decreeBytes } = settings
    this.#mostLogBytes = LOGS * logBytes + windowBytes + chunkBytes + decreeBytes
  }

  /** A node has had its turn: looks at what is soon used up. */
  glance(event: number, node: Node): void {
    const { leader, replica } = node.roles
    if (leader !== undefined) this.#queue(event, node, leader.queue.length)
    if (node.held > 0) this.#held(event, node)
    if (replica !== undefined)
      this.#most(event, node, 'requests parked', replica.parked.length, this.#settings.parkedLimit)
  }

  /** A change of the members goes before all that wait, however many. */
  #queue(event: number, node: Node, length: number): void {
    this.#most(event, node, 'requests in its queue', length, this.#settings.queueLimit + 1)
  }

  #held(event: number, node: Node): void {
    this.#most(event, node, 'messages that wait for its disk', node.held, this.#settings.heldLimit)
  }

  /** `decided` slots are applied somewhere, and so many `machines` ever ran a member. */
  check(event: number, node: Node, decided: Slot, machines: number): void {
    const { leader, replica, requester } = node.roles
    this.#slots(event, node, decided + this.#settings.alpha)
    this.#members(event, node, machines)
    this.#held(event, node)
    if (leader !== undefined) this.#leader(event, node, leader)
    if (replica !== undefined) this.#replica(event, node, replica)
    if (requester !== undefined) this.#requester(event, node, requester)
  }

  /** What has one entry a slot, up to the last slot that can have been voted on. */
  #slots(event: number, node: Node, last: Slot): void {
    const { acceptor, commander, scout, replica, leader } = node.roles
    if (acceptor !== undefined && replica !== undefined) {
      const most = this.#mostDecisions + Math.max(0, last - replica.applied)
      const isSending = replica.catchingUp.size > 0 && replica.sinceSnapshotBytes > this.#settings.logBytes
      if (!isSending) this.#most(event, node, 'votes', acceptor.votes.size, most)
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
    const { scout, initializer, leader } = node.roles
    this.#most(event, node, 'stores that vouched', initializer?.vouched.size ?? 0, machines)
    this.#most(event, node, 'members that recognise it', initializer?.recognisedBy.size ?? 0, machines)
    this.#most(event, node, 'members that promised', scout?.promised.length ?? 0, machines)
    this.#most(event, node, 'members that answer its heartbeats', leader?.acknowledged.size ?? 0, machines)
    this.#most(event, node, 'newcomers that learn', leader?.newcomers.size ?? 0, machines)
  }

  #leader(event: number, node: Node, leader: NonNullable<Node['roles']['leader']>): void {
    const { alpha, windowBytes } = this.#settings
    const bytes =
      leader.flightBytes.reduce((sum, length) => sum + length, 0) - (leader.flightBytes.at(-1) ?? 0)
    this.#queue(event, node, leader.queue.length)
    this.#most(event, node, 'slots in flight', leader.flightBytes.length, alpha)
    this.#most(event, node, 'bytes in flight before the last decree', bytes, windowBytes)
  }

  #replica(event: number, node: Node, replica: NonNullable<Node['roles']['replica']>): void {
    const { queueLimit, parkedLimit, sessionLimit, sessionWindow } = this.#settings
    for (const { outcomes } of replica.replicated.sessions.live.values())
      this.#most(event, node, 'outcomes in a session', outcomes.size, sessionWindow)
    this.#most(event, node, 'requests that somebody waits for', replica.waiting.size, queueLimit)
    this.#most(event, node, 'requests parked', replica.parked.length, parkedLimit)
    this.#most(event, node, 'reads', replica.reads.size, queueLimit)
    this.#most(event, node, 'reads not asked for', replica.unasked.size, queueLimit)
    this.#most(event, node, 'reads asked for', replica.asked.size, queueLimit)
    this.#most(event, node, 'sessions', replica.replicated.sessions.live.size, sessionLimit)
    const { applied, trimmed } = replica
    // A member that is sending its snapshot takes the next one when it is through.
    if (replica.catchingUp.size > 0 && replica.sinceSnapshotBytes > this.#settings.logBytes) return
    this.#most(event, node, 'applied decisions in its log', applied - trimmed, this.#mostDecisions)
    this.#most(event, node, 'bytes of decrees in its log', replica.logBytes, this.#mostLogBytes)
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
