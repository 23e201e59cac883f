/** A stand-in for the engine, in the page's own thread: it runs a seed of the classic scenario, and has no minds. */
import { formatNodes, nameOf, Simulation } from 'synod/simulation'
import { type Address, type Engine, EVENT_TYPES, type Moment, type Run } from './engine/contract.js'

export function standIn(): Engine {
  let run: Run | null = null
  const texts: string[] = []
  return {
    async open(address: Address) {
      run = runOf(address, texts)
      return { handle: 1, run }
    },
    openFile: async () => {
      throw new Error('Files cannot be opened yet.')
    },
    close: async () => {},
    moment: async (_handle, event) => momentOf(run as Run, event, texts),
    lines: async (_handle, from, to) => texts.slice(from, to + 1),
    slotLife: async (_handle, slot) => ({ slot, steps: [] }),
    order: async (_handle, key) => ({ key, order: [], breaks: null }),
    parting: async () => null,
  }
}

function momentOf(run: Run, event: number, texts: readonly string[]): Moment {
  return {
    event,
    micros: run.timeline.micros[event - 1] ?? 0,
    line: texts[event] ?? '',
    members: run.nodes.map((_, node) => ({
      node,
      state: 'up',
      role: 'following',
      ballot: null,
      believes: 0,
    })),
    flights: new Uint32Array(),
    ledger: { fromSlot: 1, slots: [] },
    minds: null,
  }
}

function runOf(address: Address, texts: string[]): Run {
  texts.length = 0
  const micros: number[] = []
  const node: number[] = []
  const type: number[] = []
  const flights: { sent: number; ended: number; from: number; to: number; kind: number; fate: number }[] = []
  const open = new Map<unknown, Map<number, number>>()
  const kinds: string[] = []
  const simulation = new Simulation({
    seed: Number(address.run),
    onLine: (line) => texts.push(line),
    onEvent: (event, number, timeMicros) => {
      micros.push(timeMicros)
      node.push(event.node)
      type.push(EVENT_TYPES.indexOf(event.type))
      if (event.type === 'sends') {
        if (!kinds.includes(event.message.type)) kinds.push(event.message.type)
        const kind = kinds.indexOf(event.message.type)
        const to = new Map<number, number>()
        for (const each of event.to) {
          if (each === event.node) continue
          to.set(
            each,
            flights.push({ sent: number, ended: 0, from: event.node, to: each, kind, fate: 3 }) - 1,
          )
        }
        open.set(event.message, to)
      }
      if (event.type === 'receives' || event.type === 'loses') {
        const to = event.type === 'loses' ? event.to : event.node
        const flight = flights[open.get(event.message)?.get(to) ?? -1]
        if (!flight) return
        flight.ended = number
        flight.fate = event.type === 'loses' ? 2 : 0
      }
    },
  })
  while (simulation.advance(10_000)) {
    // until it is over
  }
  const last = micros.at(-1) ?? 0
  const at = (event: number) => (event === 0 ? last : (micros[event - 1] ?? 0))
  void formatNodes
  return {
    title: `seed ${address.run}`,
    address,
    replayable: true,
    whyNot: null,
    hash: '7f9cab1a5ddf5fdd9471501ca0c94b328f66854d3cfa2d4996d12b920043375f',
    eventCount: micros.length,
    lengthMicros: last,
    nodes: simulation.world.hosts.map((_, id) => ({ id, name: nameOf(id), isMember: true })),
    timeline: {
      micros: Float64Array.from(micros),
      node: Uint16Array.from(node),
      type: Uint8Array.from(type),
    },
    flights: {
      sent: Uint32Array.from(flights, (f) => f.sent),
      ended: Uint32Array.from(flights, (f) => f.ended),
      sentMicros: Float64Array.from(flights, (f) => at(f.sent)),
      endedMicros: Float64Array.from(flights, (f) => at(f.ended)),
      from: Uint16Array.from(flights, (f) => f.from),
      to: Uint16Array.from(flights, (f) => f.to),
      kind: Uint8Array.from(flights, (f) => f.kind),
      fate: Uint8Array.from(flights, (f) => f.fate),
      kinds,
    },
    faults: [],
    marks: [],
    operations: [],
    verdicts: [],
    settings: {},
  }
}
