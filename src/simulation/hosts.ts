/** The machines of a world: those of members, to which operators add, and those that clients have of their own. */
import type { NodeId, Purpose } from '../paxos/index.js'
import type { Clients } from './clients.js'
import { Clock } from './clock.js'
import { Disk } from './disk.js'
import { driftOf } from './faults/plan.js'
import { Host } from './host.js'
import { FIRST_CLIENT_NODE } from './placement.js'
import { DRAW, prefix } from './random.js'
import type { Scenario } from './scenario.js'

export class Hosts {
  /** Those that run members, or did, each at the place of its number. */
  readonly members: Host[]
  /** The nodes of clients that are no members; they never crash. */
  readonly ofClients: ReadonlyMap<NodeId, Host>
  /** The members that the cluster begins with. */
  readonly founders: readonly NodeId[]
  readonly #seed: number
  readonly #make: (id: NodeId) => Host

  constructor(seed: number, scenario: Scenario, clients: Clients) {
    const timers = prefix(seed, DRAW.timer)
    this.#seed = seed
    this.#make = (id) => new Host(id, new Disk(), new Clock(driftOf(seed, scenario, id)), timers)
    this.founders = Array.from({ length: scenario.members }, (_, id) => id)
    this.members = this.founders.map(this.#make)
    const places = clients.all.map(({ place }) => place).filter((place) => place >= FIRST_CLIENT_NODE)
    this.ofClients = new Map(places.map((place) => [place, this.#make(place)]))
  }

  /** Null: there is no such node. */
  find(id: NodeId): Host | null {
    return (id < FIRST_CLIENT_NODE ? this.members[id] : this.ofClients.get(id)) ?? null
  }

  get(id: NodeId): Host {
    const host = this.find(id)
    if (host === null) throw new RangeError(`There is no node ${id}.`)
    return host
  }

  /** One more, with a number that nobody had. */
  add(): Host {
    const host = this.#make(this.members.length)
    this.members.push(host)
    return host
  }

  /** One of all, another one each turn. */
  atTurn(turn: number): Host | undefined {
    const own = [...this.ofClients.values()]
    const at = turn % (this.members.length + own.length)
    return this.members[at] ?? own[at - this.members.length]
  }

  /** What a machine is told to be when its store is blank; `members` are those of now. */
  purposeOf({ id, life, isOut, disk }: Host, members: readonly NodeId[]): Purpose {
    if (id >= FIRST_CLIENT_NODE) {
      const first = id % members.length
      const contacts = [...members.slice(first), ...members.slice(0, first)]
      return { type: 'request', contacts, incarnation: life }
    }
    const isFounded = disk.synced.some(({ type }) => type === 'founded')
    if (id !== 0 || isOut || isFounded) return { type: 'join', contacts: members }
    return { type: 'seed', cluster: this.#seed, voters: this.founders }
  }
}
