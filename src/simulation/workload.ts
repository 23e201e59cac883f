/**
 * The clients at work: what each does goes to the requester of its node, what comes back goes to the client and to the
 * court. Clients whose node stops are told nothing; when it stops for good, they move to another.
 */
import { type ClientRequest, codecsOf, type Observation } from '../paxos/index.js'
import type { AnyApplication, Operation } from './application.js'
import type { Client, Clients } from './clients.js'
import type { Host } from './host.js'
import type { Site } from './site.js'

/** The requester's names of operators, and of clients that share a session: no client's own. */
export const OPERATOR = -1
const SHARED = -2

export class Workload {
  readonly #site: Site
  readonly #clients: Clients
  readonly #codecs: ReturnType<typeof codecsOf>
  readonly #sharedSessions: boolean

  constructor(site: Site, clients: Clients, { machine, sharedSessions }: AnyApplication) {
    this.#site = site
    this.#clients = clients
    this.#codecs = codecsOf(machine)
    this.#sharedSessions = sharedSessions === true
  }

  /** Every client that is not done begins. */
  begin(): void {
    const { nowMicros } = this.#site.timeline
    for (const client of this.#clients.all) if (!client.done) this.#invokeAt(nowMicros, client)
  }

  #invokeAt(timeMicros: number, client: Client): void {
    this.#site.timeline.at(timeMicros, () => this.#invoke(client))
  }

  #invoke(client: Client): void {
    const { hosts, timeline, court } = this.#site
    const host = hosts.get(client.place)
    if (host.node === null || client.done || client.current !== null) return
    const operation = this.#clients.invoke(client, timeline.nowMicros)
    if (operation === null) return
    timeline.announce({ type: 'invokes', node: host.id, client: client.number, operation })
    court.invoked(timeline.events, client.number, client.place, operation, this.#clients.lastEntry)
    this.#site.submit(host, this.#requestOf(client, operation))
  }

  #requestOf({ number, position }: Client, operation: Operation): ClientRequest {
    const reference = position * this.#clients.all.length + number
    const client = this.#sharedSessions ? SHARED : number
    const { commands, queries } = this.#codecs
    if (operation.type === 'command') {
      return { type: 'command', client, reference, command: commands.encode(operation.command) }
    }
    const consistency = operation.consistency ?? 'linearizable'
    return { type: 'query', client, reference, query: queries.encode(operation.query), consistency }
  }

  /** A requester has an answer. It may be one that nobody waits for any more, or an operator's. */
  answered(answer: Extract<Observation, { type: 'answered' }>): void {
    const clients = this.#clients
    const { timeline, court } = this.#site
    const client = clients.all[answer.reference % clients.all.length]
    if (answer.client === OPERATOR || client === undefined || client.current === null) return
    if (client.position !== Math.floor(answer.reference / clients.all.length)) return
    const { number, place, current: operation } = client
    const [completion, impossible] = clients.answer(client, operation, answer.outcome, timeline.nowMicros)
    timeline.announce({ type: 'completes', node: place, client: number, operation, completion })
    court.answered(timeline.events, number, answer, clients.lastEntry)
    if (impossible !== null) court.answers.judged(timeline.events, impossible)
    if (!client.done) this.#invokeAt(clients.nextMicros(client, timeline.nowMicros), client)
  }

  /** The node of these clients is gone, and with it what they asked. */
  abandon({ id }: Host): void {
    const { timeline, court } = this.#site
    for (const client of this.#clients.all) {
      if (client.place !== id) continue
      const { number, current: operation } = client
      court.abandoned(number)
      if (operation === null) continue
      const completion = this.#clients.abandon(client, operation, timeline.nowMicros)
      timeline.announce({ type: 'completes', node: id, client: number, operation, completion })
    }
  }

  /** The node of these clients is there again. */
  resume({ id }: Host): void {
    for (const client of this.#clients.all) {
      if (client.place === id && !client.done) this.#invokeAt(this.#site.timeline.nowMicros, client)
    }
  }

  /** The member of these clients will never serve again: they go to another; and who knew only lost ones learns more. */
  move(host: Host): void {
    const { hosts, court } = this.#site
    this.abandon(host)
    const heir = court.membership.latest.members.find((id) => !hosts.get(id).isOut && id !== host.id)
    if (heir === undefined) return
    this.#clients.move(host.id, heir)
    this.resume(hosts.get(heir))
    for (const node of hosts.ofClients.values()) {
      this.abandon(node)
      this.#site.start(node)
    }
  }
}
