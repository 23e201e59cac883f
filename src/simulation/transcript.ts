/**
 * Transcripts: one line an event, made to be read and grepped.
 *
 *     0.041233  NODE_0   scout      sends     prepare ballot=1.0.1 fromSlot=1 -> NODE_0..NODE_13
 *
 * Simulated time in seconds, node, role, what it does, the message with its fields, the other nodes. The first line is
 * a comment that names the seed and the options; event n is line n + 1. Nothing but ASCII unless the application's
 * own values are not.
 */
import {
  type Ballot,
  type Codec,
  codecsOf,
  type Decree,
  decodeDecree,
  decodeNumber,
  formatBallot,
  isNoOp,
  type Message,
  type NodeId,
  openerOf,
  type Request,
  ROUTES,
  type StoreRecord,
} from '../paxos/index.js'
import { type AnyApplication, describe, type Operation } from './application.js'
import type { WorldEvent } from './events.js'

export type Paint = (text: string) => string

/** How the parts of a line are coloured; leave it out for plain text. */
export interface Palette {
  readonly time: Paint
  readonly node: (text: string, node: NodeId) => string
  readonly role: Paint
  readonly verb: (text: string, event: WorldEvent['type']) => string
  readonly message: Paint
}

const NODE_WIDTH = 8
const ROLE_WIDTH = 11
const VERB_WIDTH = 9

export class TranscriptFormatter {
  readonly #application: AnyApplication
  readonly #commands: Codec<unknown>
  readonly #queries: Codec<unknown>
  readonly #outputs: Codec<unknown>
  readonly #palette: Palette | undefined
  /** A message is formatted once, however many receive it. */
  readonly #messages: WeakMap<Message, string> = new WeakMap()
  readonly #decrees: WeakMap<Decree, string> = new WeakMap()

  constructor(application: AnyApplication, palette?: Palette) {
    const codecs = codecsOf(application.machine)
    this.#application = application
    this.#commands = codecs.commands
    this.#queries = codecs.queries
    this.#outputs = codecs.outputs
    this.#palette = palette
  }

  /** The line of an event, without its line feed. */
  line(event: WorldEvent, timeMicros: number): string {
    const time = formatSeconds(timeMicros).padStart(11)
    const node = nameOf(event.node).padEnd(NODE_WIDTH)
    const role = roleOf(event).padEnd(ROLE_WIDTH)
    const verb = event.type.padEnd(VERB_WIDTH)
    const rest = this.#rest(event)
    const palette = this.#palette
    if (palette === undefined) return `${time}  ${node} ${role} ${verb} ${rest}`
    const painted = [palette.time(time), '', palette.node(node, event.node), palette.role(role)]
    return [...painted, palette.verb(verb, event.type), palette.message(rest)].join(' ')
  }

  #rest(event: WorldEvent): string {
    switch (event.type) {
      case 'starts':
        return `with ${event.records} records on disk`
      case 'crashes':
        return `losing ${event.lostRecords} unsynced records`
      case 'begins':
      case 'ends':
        return event.role
      case 'sends':
        return `${this.message(event.message)} -> ${formatNodes(event.to)}`
      case 'loses':
      case 'doubles':
        return `${this.message(event.message)} -> ${nameOf(event.to)}`
      case 'receives':
      case 'misses':
        return `${this.message(event.message)} <- ${nameOf(event.from)}`
      case 'writes':
        return this.#record(event.record)
      case 'syncs':
        return event.records === 1 ? '1 record' : `${event.records} records`
      case 'wakes':
        return event.timer
      case 'applies':
        return `slot=${event.slot} decree=${this.#decree(event.decree)}`
      case 'invokes':
        return `client ${event.client}: ${this.#operation(event.operation)}`
      case 'completes': {
        const { client, operation, completion } = event
        const result = completion.type === 'ok' ? JSON.stringify(completion.output) : completion.error
        return `client ${client}: ${this.#operation(operation)} = ${completion.type} ${result}`
      }
    }
  }

  /** A message with its fields. */
  message(message: Message): string {
    const known = this.#messages.get(message)
    if (known !== undefined) return known
    const text = this.#formatMessage(message)
    this.#messages.set(message, text)
    return text
  }

  #formatMessage(message: Message): string {
    let text: string = message.type
    for (const [name, value] of Object.entries(message)) {
      if (name !== 'type') text += ` ${name}=${this.#field(name, value)}`
    }
    return text
  }

  /** A field of a message or of a record, by its name. */
  #field(name: string, value: unknown): string {
    if (typeof value === 'number' || typeof value === 'boolean') return String(value)
    if (value === null) return 'none'
    if (typeof value === 'string') return value === '' ? '-' : value
    switch (name) {
      case 'ballot':
      case 'promised':
      case 'leader':
        return formatBallot(value as Ballot) // the fields of these names are ballots
      case 'decree':
        return this.#decree(value as Decree) // and so on
      case 'request':
        return this.#request(value as Request)
      case 'query':
        return JSON.stringify(this.#queries.decode(value as Uint8Array))
      case 'output':
        return this.#output(value as Uint8Array)
    }
    if (Array.isArray(value)) return `[${value.map((each) => this.#element(name, each)).join(', ')}]`
    return `{${this.#fields(value as object)}}` // nothing else is left
  }

  #element(name: string, value: unknown): string {
    if (name === 'decrees') return this.#decree(value as Decree) // the elements of `decrees` are decrees
    return typeof value === 'object' && value !== null ? `{${this.#fields(value)}}` : String(value)
  }

  #fields(value: object): string {
    return Object.entries(value)
      .map(([name, field]) => `${name}=${this.#field(name, field)}`)
      .join(' ')
  }

  #decree(decree: Decree): string {
    const known = this.#decrees.get(decree)
    if (known !== undefined) return known
    const text = isNoOp(decree)
      ? 'no-op'
      : `(${decodeDecree(decree)
          .requests.map((request) => this.#request(request))
          .join(', ')})`
    this.#decrees.set(decree, text)
    return text
  }

  #request(request: Request): string {
    if (request.session === 0) return `open ${openerOf(request)}`
    const command = this.#commands.decode(request.command)
    return `${request.session}.${request.sequence} ${this.#operation({ type: 'command', command })}`
  }

  /** The output of a command, or the number that opening a session gives. */
  #output(output: Uint8Array): string {
    try {
      return JSON.stringify(this.#outputs.decode(output))
    } catch {
      return `session ${decodeNumber(output)}`
    }
  }

  #operation(operation: Operation): string {
    const { f, key, value } = describe(this.#application, operation)
    const parts = [f]
    if (key !== null) parts.push(key)
    if (value !== null) parts.push(JSON.stringify(value))
    return parts.join(' ')
  }

  #record(record: StoreRecord): string {
    const { type, ...fields } = record
    return `${type} ${this.#fields(fields)}`
  }
}

export function nameOf(node: NodeId): string {
  return `NODE_${node}`
}

/** `1.000250` */
export function formatSeconds(micros: number): string {
  const rest = micros % 1_000_000
  return `${(micros - rest) / 1_000_000}.${String(rest).padStart(6, '0')}`
}

/** `NODE_0..NODE_3 NODE_7`: runs of neighbours are joined. */
export function formatNodes(nodes: readonly NodeId[]): string {
  const parts: string[] = []
  for (let at = 0; at < nodes.length; ) {
    const first = nodes[at] ?? 0
    let last = first
    for (at += 1; nodes[at] === last + 1; at += 1) last += 1
    parts.push(last - first > 1 ? `${nameOf(first)}..${nameOf(last)}` : nameOf(first))
    if (last - first === 1) parts.push(nameOf(last))
  }
  return parts.join(' ')
}

function roleOf(event: WorldEvent): string {
  switch (event.type) {
    case 'sends':
    case 'wakes':
      return event.role
    case 'receives':
      return ROUTES[event.message.type].join('+')
    case 'writes':
    case 'syncs':
      return 'disk'
    case 'applies':
      return 'replica'
    case 'invokes':
    case 'completes':
      return 'requester'
    case 'loses':
    case 'doubles':
      return 'network'
    case 'starts':
    case 'crashes':
    case 'begins':
    case 'ends':
    case 'misses':
      return '-'
  }
}
