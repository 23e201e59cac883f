/** A run that is open: what the page is told of it as a whole, and any moment of it. */
import type { AnyModel, Edit } from 'synod/simulation'
import { Sentence } from './address.js'
import type { Address, Ledger, Mark, MemberMoment, Moment, NodeInfo, Run, VerdictInfo } from './contract.js'
import { underwayAt } from './flights.js'
import { type MindSource, mindAt } from './minds.js'
import type { Recording } from './recording.js'
import type { Teller } from './teller.js'
import type { ToldRun } from './told.js'

/** How many slots a moment shows: the last ones that anything is known of. */
const LEDGER_SLOTS = 32

export interface OpenedParts {
  readonly title: string
  readonly address: Address | null
  readonly whyNot: string | null
  readonly recording: Recording
  readonly teller: Teller
  /** The first line of the transcript; null if it has none. */
  readonly head: string | null
  readonly lengthMicros: number
  readonly verdicts: readonly VerdictInfo[]
  /** What histories are judged by; null: by nothing. */
  readonly model: AnyModel | null
  /** What is run again to find causes; null if it cannot be. */
  readonly told: ToldRun | null
  readonly edits: readonly Edit[]
  readonly settings: Readonly<Record<string, string>>
  /** Null: there are no minds. */
  readonly minds: MindSource | null
}

export class OpenedRun {
  readonly run: Run
  readonly parts: OpenedParts
  readonly #members: readonly NodeInfo[]
  readonly #placeOf: (node: number) => number

  constructor(parts: OpenedParts) {
    const { recording, teller, lengthMicros, verdicts } = parts
    const nodes = recording.nodes()
    const places = new Map(nodes.map(({ id }, place) => [id, place]))
    const placeOf = (node: number): number => places.get(node) ?? 0
    this.parts = parts
    this.#members = nodes.filter(({ isMember }) => isMember)
    this.#placeOf = placeOf
    this.run = {
      title: parts.title,
      address: parts.address,
      replayable: parts.minds !== null,
      whyNot: parts.whyNot,
      eventCount: recording.events.length,
      lengthMicros,
      nodes,
      timeline: recording.timeline(placeOf),
      flights: recording.flights.finish(lengthMicros, placeOf),
      faults: recording.faults.finish(lengthMicros, placeOf),
      marks: marksOf(recording, verdicts, teller),
      operations: recording.operations.finish(lengthMicros, placeOf, teller),
      verdicts,
      settings: parts.settings,
    }
  }

  /** `asked`: the places of the nodes whose minds are wanted; of all unless it is given. */
  moment(event: number, asked?: readonly number[]): Moment {
    const { minds, recording } = this.parts
    const { nodes, eventCount, flights } = this.run
    if (!Number.isInteger(event) || event < 1 || event > eventCount)
      throw new Sentence(`There is no event ${event}: this run has ${eventCount}.`)
    const micros = recording.micros[event - 1] ?? 0
    return {
      event,
      micros,
      line: this.line(event),
      members: this.#members.map(({ id }) => this.#memberAt(id, event)),
      flights: underwayAt(flights, event),
      ledger: this.ledger(
        event,
        Math.max(1, recording.ledger.lastSlot(event) - LEDGER_SLOTS + 1),
        LEDGER_SLOTS,
      ),
      minds:
        minds === null
          ? null
          : nodes.map(({ id }, place) => {
              const isAsked = asked === undefined || asked.includes(place)
              return isAsked && this.#isUp(id, event) ? mindAt(minds, id, event, micros) : null
            }),
    }
  }

  #memberAt(id: number, event: number): MemberMoment {
    const { believes, ...standing } = this.parts.recording.standing.at(id, event)
    return {
      node: this.#placeOf(id),
      ...standing,
      believes: believes === null ? null : this.#placeOf(believes),
    }
  }

  #isUp(id: number, event: number): boolean {
    const { state } = this.parts.recording.standing.at(id, event)
    return state === 'up' || state === 'paused' || state === 'refused'
  }

  ledger(event: number, fromSlot: number, count: number): Ledger {
    const { recording, teller } = this.parts
    const members = this.#members.map(({ id }) => id)
    return recording.ledger.at(event, fromSlot, count, members, (decree) => teller.decree(decree))
  }

  line(event: number): string {
    const { recording, teller } = this.parts
    const told = recording.events[event - 1]
    return told === undefined ? '' : teller.line(told, recording.micros[event - 1] ?? 0)
  }

  lines(from: number, to: number): readonly string[] {
    const lines: string[] = []
    for (let event = Math.max(1, from); event <= Math.min(to, this.run.eventCount); event++)
      lines.push(this.line(event))
    return lines
  }
}

function marksOf(recording: Recording, verdicts: readonly VerdictInfo[], teller: Teller): readonly Mark[] {
  const changes = [...recording.ledger.applied].flatMap(({ event, decree }): Mark[] => {
    const label = teller.change(decree)
    return label === null
      ? []
      : [{ event, micros: recording.micros[event - 1] ?? 0, kind: 'membership', label }]
  })
  const broken = verdicts.flatMap(({ name, detail, event }): Mark[] =>
    event === null
      ? []
      : [{ event, micros: recording.micros[event - 1] ?? 0, kind: 'verdict', label: `${name}: ${detail}` }],
  )
  return [...recording.faults.marks, ...changes, ...broken].sort((one, other) => one.event - other.event)
}
