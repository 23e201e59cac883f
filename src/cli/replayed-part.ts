/** One part of a recording, done once more: its transcript, and what is to be said of it. */
import {
  type NodeEvent,
  type PartBeginning,
  type PartEnd,
  type PartReader,
  type PartReason,
  Replay,
} from '../paxos/index.js'
import {
  type AnyApplication,
  formatSeconds,
  nameOf,
  type Palette,
  RecordedEvents,
  readableApplication,
  TranscriptFormatter,
  type WorldEvent,
} from '../simulation/index.js'

const REASONS: { readonly [Reason in PartReason]: string } = {
  start: 'the member starts',
  full: 'goes on from the part before',
  behind: 'the disk was too slow: what comes before is missing',
  installed: 'goes on after a snapshot of another member was installed',
}

/** Where something came out otherwise. */
export interface Difference {
  readonly turn: number
  readonly event: NodeEvent
  readonly flaw: string
}

export class ReplayedPart {
  readonly beginning: PartBeginning
  /** How many turns were done, and the events of the first and the last of them. */
  turns = 0
  first: NodeEvent | null = null
  last: NodeEvent | null = null
  /** Where the node did something else; nothing is done after that. */
  difference: Difference | null = null
  /** Where the machine gave something else. */
  machineDifference: Difference | null = null
  /** The node threw, as it did then. */
  error: string | null = null
  readonly #reader: PartReader
  readonly #replay: Replay
  readonly #events: RecordedEvents
  readonly #formatter: TranscriptFormatter
  readonly #tell: (line: string) => void

  constructor(
    reader: PartReader,
    application: AnyApplication,
    palette: Palette | undefined,
    tell: (line: string) => void,
  ) {
    const { beginning } = reader
    const readable = readableApplication(application, beginning.redacted)
    this.beginning = beginning
    this.#reader = reader
    this.#replay = new Replay(beginning, application.machine)
    this.#events = new RecordedEvents(this.#replay.node, readable)
    this.#formatter = new TranscriptFormatter(readable, palette)
    this.#tell = tell
    const { part, name, self, reason, redacted } = beginning
    const fields = `part=${part} member=${name} node=${nameOf(self)} redacted=${redacted}`
    tell(`# synod recording ${fields}: ${REASONS[reason]}`)
  }

  /** Why it ends; null as long as there may be more. */
  get end(): PartEnd | null {
    return this.#reader.end
  }

  /** Whether the machine ran beside to the end. */
  get isMachineRun(): boolean {
    return this.#replay.isMachineRun
  }

  /** Does the next turn; false if there is none, or the node has done something else. */
  next(): boolean {
    if (this.difference !== null) return false
    const turn = this.#reader.next()
    if (turn === null) return false
    const { event } = turn
    this.turns += 1
    this.first ??= event
    this.last = event
    const comment = commentOn(event)
    if (comment !== null) this.#comment(event, comment)
    this.#tellAll(event, this.#events.before(event))
    const actions = this.#replay.turn(turn)
    this.#tellAll(event, this.#events.after(actions))
    this.error = turn.error
    if (turn.error !== null) this.#comment(event, `the turn throws: ${turn.error}`)
    this.#lookFor(event)
    return this.difference === null
  }

  #lookFor(event: NodeEvent): void {
    const { flaw, machineFlaw } = this.#replay
    if (flaw !== null) this.difference = { turn: this.turns, event, flaw }
    if (machineFlaw !== null) this.machineDifference ??= { turn: this.turns, event, flaw: machineFlaw }
  }

  #tellAll(event: NodeEvent, events: readonly WorldEvent[]): void {
    for (const each of events) this.#tell(this.#formatter.line(each, event.nowMicros))
  }

  #comment(event: NodeEvent, text: string): void {
    this.#tell(`# ${formatSeconds(event.nowMicros)}  ${text}`)
  }
}

/** What no line of a simulated world tells. */
function commentOn(event: NodeEvent): string | null {
  switch (event.type) {
    case 'transfer':
      return `an operator wants ${event.to === null ? 'another member' : nameOf(event.to)} to lead`
    case 'lost':
      return `the connection to ${nameOf(event.member)} has ended`
    case 'snapshot':
      return 'an operator wants a snapshot'
    case 'contacts':
      return `it turns to ${event.members.map(nameOf).join(' ')}`
    case 'boot':
    case 'messages':
    case 'timer':
    case 'durable':
    case 'kept':
    case 'requests':
      return null
  }
}
