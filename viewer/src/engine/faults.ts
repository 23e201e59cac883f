/** What went wrong, and the marks on the slider: elections, faults, changes of the members, snapshots. */
import { formatBallot } from 'synod/paxos'
import { nameOf, type WorldEvent } from 'synod/simulation'
import type { FaultSpan, Mark } from './contract.js'

/** Faults that are over as soon as they have begun; of any other the end is told, unless the run ends before. */
const MOMENTARY: readonly string[] = ['jump', 'change', 'snapshot', 'transfer', 'edit-drop', 'edit-delay']

interface Begun {
  readonly fault: string
  readonly nodes: readonly number[]
  readonly fromMicros: number
  readonly event: number
  readonly what: string
  toMicros: number | null
}

export class FaultRecorder {
  readonly marks: Mark[] = []
  readonly #faults: Begun[] = []
  /** What lasts, by its name, or the node that is down. */
  readonly #lasting: Map<string, Begun> = new Map()

  hear(event: WorldEvent, number: number, micros: number): void {
    switch (event.type) {
      case 'suffers': {
        const { fault, nodes, what } = event
        this.#begin(`${fault}.${event.number}`, fault, nodes, what, number, micros)
        const label = `${fault}: ${what}`
        this.marks.push({ event: number, micros, kind: isEdit(fault) ? 'edit' : 'fault', label })
        return
      }
      case 'recovers':
        this.#end(`${event.fault}.${event.number}`, micros)
        return
      case 'crashes':
        this.#begin(
          `down ${event.node}`,
          'down',
          [event.node],
          `${nameOf(event.node)} is down`,
          number,
          micros,
        )
        return
      case 'starts':
        this.#end(`down ${event.node}`, micros)
        return
      case 'sends':
        if (event.message.type === 'adopted') {
          const label = `${nameOf(event.node)} leads under ${formatBallot(event.message.ballot)}`
          this.marks.push({ event: number, micros, kind: 'election', label })
        }
        return
      case 'writes':
        if (event.record.type === 'snapshot') {
          const label = `${nameOf(event.node)} has a snapshot of slot ${event.record.slot}`
          this.marks.push({ event: number, micros, kind: 'snapshot', label })
        }
    }
  }

  #begin(
    name: string,
    fault: string,
    nodes: readonly number[],
    what: string,
    event: number,
    fromMicros: number,
  ): void {
    const begun: Begun = { fault, nodes, what, event, fromMicros, toMicros: null }
    this.#faults.push(begun)
    if (MOMENTARY.includes(fault)) begun.toMicros = fromMicros
    else this.#lasting.set(name, begun)
  }

  #end(name: string, micros: number): void {
    const begun = this.#lasting.get(name)
    if (begun === undefined) return
    this.#lasting.delete(name)
    begun.toMicros = micros
  }

  finish(lengthMicros: number, placeOf: (node: number) => number): readonly FaultSpan[] {
    return this.#faults.map(({ nodes, toMicros, ...begun }) => ({
      ...begun,
      nodes: nodes.map(placeOf),
      toMicros: toMicros ?? lengthMicros,
    }))
  }
}

function isEdit(fault: string): boolean {
  return fault.startsWith('edit-')
}
