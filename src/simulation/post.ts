/** The post of a world: carries what nodes send, as the network lets it, and those who edit the past. */
import type { Envelope, Message, Micros, NodeId, RoleName } from '../paxos/index.js'
import type { Host } from './host.js'
import type { Hosts } from './hosts.js'
import type { Network } from './network.js'
import type { Timeline } from './timeline.js'

export interface MessageCounts {
  sent: number
  delivered: number
  dropped: number
}

/** How much later an event's message to a node arrives than it would; Infinity: it never does. */
export type Lateness = (event: number, from: NodeId, to: NodeId) => Micros

export class Post {
  /** What became of the messages; who delivers them counts that. */
  readonly counts: MessageCounts = { sent: 0, delivered: 0, dropped: 0 }
  readonly #timeline: Timeline
  readonly #network: Network
  readonly #hosts: Hosts
  readonly #lateMicros: Lateness | null

  /** `lateMicros` is there only where somebody edits the past. */
  constructor(timeline: Timeline, network: Network, hosts: Hosts, lateMicros: Lateness | null = null) {
    this.#timeline = timeline
    this.#network = network
    this.#hosts = hosts
    this.#lateMicros = lateMicros
  }

  send(host: Host, role: RoleName, to: NodeId | readonly NodeId[], message: Message): void {
    const timeline = this.#timeline
    if (timeline.happens())
      timeline.tell({
        type: 'sends',
        node: host.id,
        role,
        message,
        to: typeof to === 'number' ? [to] : to,
      })
    const event = timeline.events
    const envelopes = [{ from: host.id, store: host.node?.store ?? 0, message }] as const
    if (typeof to === 'number') this.#transmit(event, to, envelopes)
    else for (const recipient of to) this.#transmit(event, recipient, envelopes)
  }

  #transmit(event: number, to: NodeId, envelopes: readonly [Envelope]): void {
    const { from, message } = envelopes[0]
    if (from === to) return // the node has had it already
    const timeline = this.#timeline
    const { nowMicros } = timeline
    const network = this.#network
    const host = this.#hosts.get(to)
    const link = network.link(from, to)
    const fate = network.next(link)
    this.counts.sent += 1
    const editedMicros = this.#lateMicros?.(event, from, to) ?? 0
    if (network.isLost(link, fate) || editedMicros === Number.POSITIVE_INFINITY) {
      this.counts.dropped += 1
      if (timeline.happens()) timeline.tell({ type: 'loses', node: from, message, to })
      return
    }
    const holdup = network.holdup(fate)
    const lateMicros = holdup === null ? 0 : network.holdupMicros(holdup, fate)
    if (holdup !== null && timeline.happens())
      timeline.tell({ type: 'delays', node: from, message, to, fault: holdup, lateMicros })
    const arrivalMicros = network.arrivalMicros(link, fate, nowMicros) + lateMicros + editedMicros
    timeline.push(arrivalMicros, { type: 'message', host, envelopes })
    if (!network.isDoubled(fate)) return
    if (timeline.happens()) timeline.tell({ type: 'doubles', node: from, message, to })
    const secondMicros = network.secondArrivalMicros(link, fate, nowMicros) + editedMicros
    timeline.push(secondMicros, { type: 'message', host, envelopes })
  }
}
