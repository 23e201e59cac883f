/** Messages on their way: what was sent, matched with what became of it. */
import type { WorldEvent } from 'synod/simulation'
import { FLIGHT_FATES, type Flights } from './contract.js'

const RECEIVED = FLIGHT_FATES.indexOf('received')
const MISSED = FLIGHT_FATES.indexOf('missed')
const LOST = FLIGHT_FATES.indexOf('lost')
const UNDERWAY = FLIGHT_FATES.indexOf('underway')

/** How long a message is drawn of which one end is known. */
const NOMINAL_MICROS = 1_000

/** Tells messages apart. In a run it is the message itself, in a file what is equal in it. */
export type Identity = (message: object) => object | string

export class FlightRecorder {
  readonly #sent: number[] = []
  readonly #ended: number[] = []
  readonly #sentMicros: number[] = []
  readonly #endedMicros: number[] = []
  readonly #from: number[] = []
  readonly #to: number[] = []
  readonly #kind: number[] = []
  readonly #fate: number[] = []
  readonly #kinds: string[] = []
  readonly #identity: Identity
  /** By message, and then in the order of sending: those under way. */
  readonly #underway: Map<object | string, number[]> = new Map()

  readonly #oneSided: boolean

  constructor(identity: Identity, oneSided = false) {
    this.#identity = identity
    this.#oneSided = oneSided
  }

  hear(event: WorldEvent, number: number, micros: number): void {
    switch (event.type) {
      case 'sends':
        for (const to of event.to)
          if (to !== event.node) this.#depart(event.message, event.node, to, number, micros)
        return
      case 'doubles':
        this.#double(event.message, event.node, event.to, number, micros)
        return
      case 'loses':
        this.#end(event.message, event.node, event.to, number, micros, LOST)
        return
      case 'receives':
        this.#end(event.message, event.from, event.node, number, micros, RECEIVED)
        return
      case 'misses':
        this.#end(event.message, event.from, event.node, number, micros, MISSED)
    }
  }

  #depart(message: { readonly type: string }, from: number, to: number, event: number, micros: number): void {
    const identity = this.#identity(message)
    const underway = this.#underway.get(identity)
    if (underway === undefined) this.#underway.set(identity, [this.#sent.length])
    else underway.push(this.#sent.length)
    let kind = this.#kinds.indexOf(message.type)
    if (kind < 0) kind = this.#kinds.push(message.type) - 1
    this.#sent.push(event)
    this.#ended.push(0)
    this.#sentMicros.push(micros)
    this.#endedMicros.push(-1)
    this.#from.push(from)
    this.#to.push(to)
    this.#kind.push(kind)
    this.#fate.push(UNDERWAY)
  }

  /** Nobody knows what became of what is still under way. */
  #leave(): void {
    for (const [flight, ended] of this.#ended.entries()) {
      if (ended !== 0) continue
      this.#ended[flight] = this.#sent[flight] ?? 0
      this.#endedMicros[flight] = (this.#sentMicros[flight] ?? 0) + NOMINAL_MICROS
    }
  }

  /** The second copy sets out where the first did. */
  #double(message: { readonly type: string }, from: number, to: number, event: number, micros: number): void {
    const first = this.#findLast(message, from, to)
    const at = first < 0 ? event : (this.#sent[first] ?? event)
    this.#depart(message, from, to, at, first < 0 ? micros : (this.#sentMicros[first] ?? micros))
  }

  #end(
    message: { readonly type: string },
    from: number,
    to: number,
    event: number,
    micros: number,
    fate: number,
  ): void {
    // What is lost is so as soon as it is sent; what arrives was sent first, as far as anybody can tell.
    let flight = fate === LOST ? this.#findLast(message, from, to) : this.#find(message, from, to)
    if (flight < 0) {
      if (!this.#oneSided) return // sent before the recording began
      this.#depart(message, from, to, event, Math.max(0, micros - NOMINAL_MICROS))
      flight = this.#sent.length - 1
    }
    const identity = this.#identity(message)
    const underway = this.#underway.get(identity) ?? []
    underway.splice(underway.indexOf(flight), 1)
    if (underway.length === 0) this.#underway.delete(identity)
    this.#ended[flight] = event
    this.#endedMicros[flight] = micros
    this.#fate[flight] = fate
  }

  /** The first of those under way that are this message, on this link. */
  #find(message: object, from: number, to: number): number {
    const underway = this.#underway.get(this.#identity(message)) ?? []
    return underway.find((flight) => this.#from[flight] === from && this.#to[flight] === to) ?? -1
  }

  #findLast(message: object, from: number, to: number): number {
    const underway = this.#underway.get(this.#identity(message)) ?? []
    return underway.findLast((flight) => this.#from[flight] === from && this.#to[flight] === to) ?? -1
  }

  /** All of them, sorted by the events that sent them. */
  finish(lengthMicros: number, placeOf: (node: number) => number): Flights {
    if (this.#oneSided) this.#leave()
    const order = Array.from(this.#sent.keys())
    const sent = this.#sent
    order.sort((one, other) => (sent[one] ?? 0) - (sent[other] ?? 0) || one - other)
    const sorted = (column: readonly number[]): number[] => order.map((flight) => column[flight] ?? 0)
    return {
      sent: Uint32Array.from(sorted(sent)),
      ended: Uint32Array.from(sorted(this.#ended)),
      sentMicros: Float64Array.from(sorted(this.#sentMicros)),
      endedMicros: Float64Array.from(sorted(this.#endedMicros), (micros) =>
        micros < 0 ? lengthMicros : micros,
      ),
      from: Uint16Array.from(sorted(this.#from), placeOf),
      to: Uint16Array.from(sorted(this.#to), placeOf),
      kind: Uint8Array.from(sorted(this.#kind)),
      fate: Uint8Array.from(sorted(this.#fate)),
      kinds: this.#kinds,
    }
  }
}

/** Places of what is on its way right after an event. */
export function underwayAt(flights: Flights, event: number): Uint32Array {
  const places: number[] = []
  for (let flight = 0; flight < flights.sent.length; flight++) {
    if ((flights.sent[flight] ?? 0) > event) break
    const ended = flights.ended[flight] ?? 0
    if (ended === 0 || ended > event) places.push(flight)
  }
  return Uint32Array.from(places)
}
