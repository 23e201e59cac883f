/** A run as it is heard, event by event: kept whole, and in the columns that the page draws. */
import { FIRST_CLIENT_NODE, nameOf, type WorldEvent } from 'synod/simulation'
import { EVENT_TYPES, type NodeInfo, type Timeline } from './contract.js'
import { FaultRecorder } from './faults.js'
import { FlightRecorder, type Identity } from './flights.js'
import { LedgerRecorder } from './ledger.js'
import { OperationRecorder } from './operations.js'
import { StandingRecorder } from './standing.js'

const TYPE_PLACES: ReadonlyMap<string, number> = new Map(EVENT_TYPES.map((type, place) => [type, place]))

export class Recording {
  /** Event n is at place n − 1. */
  readonly events: WorldEvent[] = []
  readonly micros: number[] = []
  readonly flights: FlightRecorder
  readonly faults: FaultRecorder = new FaultRecorder()
  readonly operations: OperationRecorder = new OperationRecorder()
  readonly standing: StandingRecorder = new StandingRecorder()
  readonly ledger: LedgerRecorder = new LedgerRecorder()
  /** By node: the events in which its disk is written to or synced. */
  readonly disks: Map<number, number[]> = new Map()
  readonly #nodes: Set<number> = new Set()

  /** `oneSided`: only one end of each message is known. */
  constructor(identity: Identity = (message) => message, oneSided = false) {
    this.flights = new FlightRecorder(identity, oneSided)
  }

  hear(event: WorldEvent, micros: number): void {
    const number = this.events.push(event)
    this.micros.push(micros)
    this.#nodes.add(event.node)
    this.flights.hear(event, number, micros)
    this.faults.hear(event, number, micros)
    this.operations.hear(event, number, micros)
    this.standing.hear(event, number)
    this.ledger.hear(event, number)
    if (event.type === 'writes' || event.type === 'syncs') this.#noteDisk(event.node, number)
    if (event.type === 'sends') for (const to of event.to) this.#nodes.add(to)
  }

  #noteDisk(node: number, event: number): void {
    const events = this.disks.get(node)
    if (events === undefined) this.disks.set(node, [event])
    else events.push(event)
  }

  /** Members first, then machines of clients. */
  nodes(): readonly NodeInfo[] {
    const ids = [...this.#nodes].sort((one, other) => one - other)
    return ids.map((id) => ({ id, name: nameOf(id), isMember: id < FIRST_CLIENT_NODE }))
  }

  timeline(placeOf: (node: number) => number): Timeline {
    const { events } = this
    const node = new Uint16Array(events.length)
    const type = new Uint8Array(events.length)
    for (const [place, event] of events.entries()) {
      node[place] = placeOf(event.node)
      type[place] = TYPE_PLACES.get(event.type) ?? 0
    }
    return { micros: Float64Array.from(this.micros), node, type }
  }
}
