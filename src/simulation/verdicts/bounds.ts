/**
 * Bounds: queues, windows and tables of a node stay within its settings. Looked at every so often; what is over a bound
 * has no way back but by being used up, so it is seen sooner or later.
 */
import type { Node, Settings } from '../../paxos/index.js'
import { nameOf } from '../names.js'
import { Verdict } from './verdict.js'

/** A log keeps this many times its bytes at most: those since the last snapshot, and as many before it. */
const LOGS = 2
/** What a decision weighs in it at least. */
const DECISION_BYTES = 16

export class Bounds extends Verdict {
  readonly #settings: Settings
  readonly #mostDecisions: number
  /** As much before the last snapshot as since, and the decrees of one turn. */
  readonly #mostLogBytes: number

  constructor(settings: Settings) {
    super()
    this.#settings = settings
    this.#mostDecisions = Math.floor((LOGS * settings.logBytes) / DECISION_BYTES)
    const { logBytes, windowBytes, chunkBytes, decreeBytes } = settings
    this.#mostLogBytes = 2 * logBytes + windowBytes + chunkBytes + decreeBytes
  }

  check(event: number, node: Node): void {
    const { leader, replica, requester } = node.roles
    this.#most(event, node, 'messages that wait for its disk', node.held, this.#settings.heldLimit)
    if (leader !== undefined) this.#leader(event, node, leader)
    if (replica !== undefined) this.#replica(event, node, replica)
    if (requester !== undefined) this.#requester(event, node, requester)
  }

  #leader(event: number, node: Node, leader: NonNullable<Node['roles']['leader']>): void {
    const { queueLimit, alpha, windowBytes } = this.#settings
    const bytes =
      leader.flightBytes.reduce((sum, length) => sum + length, 0) - (leader.flightBytes.at(-1) ?? 0)
    // A change of the members goes before all that wait, however many.
    this.#most(event, node, 'requests in its queue', leader.queue.length, queueLimit + 1)
    this.#most(event, node, 'slots in flight', leader.flightBytes.length, alpha)
    this.#most(event, node, 'bytes in flight before the last decree', bytes, windowBytes)
  }

  #replica(event: number, node: Node, replica: NonNullable<Node['roles']['replica']>): void {
    const { queueLimit, parkedLimit, sessionLimit } = this.#settings
    this.#most(event, node, 'requests that somebody waits for', replica.waiting.size, queueLimit)
    this.#most(event, node, 'requests parked', replica.parked.length, parkedLimit)
    this.#most(event, node, 'reads', replica.reads.size, queueLimit)
    this.#most(event, node, 'reads not asked for', replica.unasked.size, queueLimit)
    this.#most(event, node, 'reads asked for', replica.asked.size, queueLimit)
    this.#most(event, node, 'sessions', replica.replicated.sessions.live.size, sessionLimit)
    const { applied, trimmed } = replica
    // A member that is sending its snapshot takes the next one when it is through.
    if (replica.sentMicros !== null && replica.sinceSnapshotBytes > this.#settings.logBytes) return
    this.#most(event, node, 'applied decisions in its log', applied - trimmed, this.#mostDecisions)
    this.#most(event, node, 'bytes of decrees in its log', replica.logBytes, this.#mostLogBytes)
  }

  #requester(event: number, node: Node, requester: NonNullable<Node['roles']['requester']>): void {
    const { queueLimit, sessionWindow } = this.#settings
    this.#most(event, node, 'reads of its clients', requester.reads.size, queueLimit)
    this.#most(event, node, 'changes that were asked for', requester.changes.size, queueLimit)
    for (const { outstanding, backlog } of requester.clients.values()) {
      this.#most(event, node, 'unanswered requests of a client', outstanding.size, sessionWindow)
      this.#most(event, node, 'requests of a client not sent', backlog.length, queueLimit)
    }
  }

  #most(event: number, node: Node, what: string, count: number, most: number): void {
    if (count > most) this.fail(event, `${nameOf(node.self)} has ${count} ${what}, and may have ${most}`)
  }
}
