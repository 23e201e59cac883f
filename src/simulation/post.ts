/** The post of a world: carries what nodes send, as the network lets it. */
import type { Envelope, Message, NodeId, RoleName } from '../paxos/index.js'
import type { Host } from './host.js'
import type { Hosts } from './hosts.js'
import type { Network } from './network.js'
import type { Timeline } from './timeline.js'

export interface MessageCounts {
  sent: number
  delivered: number
  dropped: number
}

export class Post {
  /** What became of the messages; who delivers them counts that. */
  readonly counts: MessageCounts = { sent: 0, delivered: 0, dropped: 0 }
  readonly #timeline: Timeline
  readonly #network: Network
  readonly #hosts: Hosts

  constructor(timeline: Timeline, network: Network, hosts: Hosts) {
    this.#timeline = timeline
    this.#network = network
    this.#hosts = hosts
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
    const envelopes = [{ from: host.id, store: host.node?.store ?? 0, message }] as const
    if (typeof to === 'number') this.#transmit(to, envelopes)
    else for (const recipient of to) this.#transmit(recipient, envelopes)
  }

  #transmit(to: NodeId, envelopes: readonly [Envelope]): void {
    const { from, message } = envelopes[0]
    if (from === to) return // the node has had it already
    const timeline = this.#timeline
    const { nowMicros } = timeline
    const network = this.#network
    const host = this.#hosts.get(to)
    const link = network.link(from, to)
    const fate = network.next(link)
    this.counts.sent += 1
    if (network.isLost(link, fate)) {
      this.counts.dropped += 1
      if (timeline.happens()) timeline.tell({ type: 'loses', node: from, message, to })
      return
    }
    const holdup = network.holdup(fate)
    const lateMicros = holdup === null ? 0 : network.holdupMicros(holdup, fate)
    if (holdup !== null && timeline.happens())
      timeline.tell({ type: 'delays', node: from, message, to, fault: holdup, lateMicros })
    const arrivalMicros = network.arrivalMicros(link, fate, nowMicros) + lateMicros
    timeline.push(arrivalMicros, { type: 'message', host, envelopes })
    if (!network.isDoubled(fate)) return
    if (timeline.happens()) timeline.tell({ type: 'doubles', node: from, message, to })
    const secondMicros = network.secondArrivalMicros(link, fate, nowMicros)
    timeline.push(secondMicros, { type: 'message', host, envelopes })
  }
}
