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
  type Codecs,
  codecsOf,
  type Decree,
  decodeDecree,
  formatBallot,
  isNoOp,
  MalformedBytes,
  type Message,
  type NodeId,
  type Request,
  ROUTES,
  type StoreRecord,
} from '../paxos/index.js'
import { type AnyApplication, describe, type Operation } from './application.js'
import { nameOfEdit } from './edits.js'
import type { WorldEvent } from './events.js'
import type { Head } from './head.js'
import { formatNodes, nameOf } from './names.js'
import { contentOfRequest, jsonOf, readableOutcome } from './values.js'

export type Paint = (text: string) => string

/** How the parts of a line are coloured; leave it out for plain text. */
export interface Palette {
  readonly time: Paint
  readonly node: (text: string, node: NodeId) => string
  readonly role: Paint
  readonly verb: (text: string, event: WorldEvent['type']) => string
  readonly message: Paint
}

const TIME_WIDTH = 11
const NODE_WIDTH = 8
const ROLE_WIDTH = 11
const VERB_WIDTH = 9

export class TranscriptFormatter {
  readonly #application: AnyApplication
  readonly #codecs: Codecs
  readonly #palette: Palette | undefined
  /** A message is formatted once, however many receive it. */
  readonly #messages: WeakMap<Message, string> = new WeakMap()
  readonly #decrees: WeakMap<Decree, string> = new WeakMap()
  /** Columns that come again and again. */
  readonly #nodes: string[] = []
  #timeMicros = -1
  #time = ''

  constructor(application: AnyApplication, palette?: Palette) {
    this.#application = application
    this.#codecs = codecsOf(application.machine)
    this.#palette = palette
  }

  /** The first line, a comment. */
  head({ formatVersion, seed, options }: Head): string {
    const { faults, omitted, edits, ...others } = options
    const fields = {
      formatVersion,
      seed,
      ...others,
      faults: list(Object.entries(faults).map(([name, strength]) => `${name}:${strength}`)),
      omitted: list([
        ...omitted.faults.map((fault) => `${fault.class}.${fault.number}`),
        ...omitted.clients.map((client) => `client.${client}`),
      ]),
      ...(edits && { edits: list(edits.map(nameOfEdit)) }),
    }
    const words = Object.entries(fields).map(([name, value]) => `${name}=${tokenOf(String(value))}`)
    return `# synod transcript ${words.join(' ')}`
  }

  /** The line of an event, without its line feed. */
  line(event: WorldEvent, timeMicros: number): string {
    const time = this.#timeColumn(timeMicros)
    const node = this.#nodeColumn(event.node)
    const role = (roleOf(event) ?? '-').padEnd(ROLE_WIDTH)
    const verb = event.type.padEnd(VERB_WIDTH)
    const rest = this.#rest(event)
    const palette = this.#palette
    if (palette === undefined) return `${time}  ${node} ${role} ${verb} ${rest}`
    const painted = [palette.time(time), '', palette.node(node, event.node), palette.role(role)]
    return [...painted, palette.verb(verb, event.type), palette.message(rest)].join(' ')
  }

  #timeColumn(timeMicros: number): string {
    if (timeMicros !== this.#timeMicros) {
      this.#timeMicros = timeMicros
      this.#time = formatSeconds(timeMicros).padStart(TIME_WIDTH)
    }
    return this.#time
  }

  #nodeColumn(node: NodeId): string {
    this.#nodes[node] ??= nameOf(node).padEnd(NODE_WIDTH)
    return this.#nodes[node]
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
        return this.#sent(event.message, event.node, event.to)
      case 'loses':
      case 'doubles':
        return `${this.message(event.message)} -> ${nameOf(event.to)}`
      case 'delays':
        return `${this.message(event.message)} -> ${nameOf(event.to)} by ${event.lateMicros} us (${event.fault})`
      case 'receives':
      case 'misses':
        return `${this.message(event.message)} <- ${nameOf(event.from)}`
      case 'writes':
        return this.#typed(event.record)
      case 'syncs':
        return event.records === 1 ? '1 record' : `${event.records} records`
      case 'wakes':
        return event.timer
      case 'applies':
        return `slot=${event.slot} decree=${this.decree(event.decree)}`
      case 'invokes':
        return `client ${event.client}: ${this.operation(event.operation)}`
      case 'completes': {
        const { client, operation, completion } = event
        const result = completion.type === 'ok' ? jsonOf(completion.output) : oneLine(completion.error)
        return `client ${client}: ${this.operation(operation)} = ${completion.type} ${result}`
      }
      case 'suffers':
        return `${event.fault}.${event.number}: ${event.what}`
      case 'refuses':
        return `${event.reason}: ${event.detail}`
      case 'recovers':
        return `${event.fault}.${event.number}`
    }
  }

  #sent(message: Message, from: NodeId, to: readonly NodeId[]): string {
    if (to.length === 1 && to[0] === from) return `${this.#typed(message)} -> ${nameOf(from)}` // nobody else will have it
    return `${this.message(message)} -> ${formatNodes(to)}`
  }

  /** A message with its fields. */
  message(message: Message): string {
    const known = this.#messages.get(message)
    if (known !== undefined) return known
    const text = this.#typed(message)
    this.#messages.set(message, text)
    return text
  }

  /** A record of a store with its fields. */
  record(record: StoreRecord): string {
    return this.#typed(record)
  }

  /** A message or a record: its type, and its fields. */
  #typed(value: Message | StoreRecord): string {
    let text: string = value.type
    for (const [name, field] of Object.entries(value)) {
      if (name === 'type') continue
      text += ` ${name}=`
      text += 'outcome' in value && name === 'outcome' ? this.#outcome(value) : this.field(name, field)
    }
    return text
  }

  #outcome(message: Extract<Message, { outcome: unknown }>): string {
    const outcome = readableOutcome(message, this.#codecs)
    if (!outcome.ok) return `{${outcome.error} ${tokenOf(outcome.detail)}}`
    return 'session' in message && message.session === 0
      ? `session ${outcome.output}`
      : jsonOf(outcome.output)
  }

  /** A field of a message or of a record, by its name. */
  field(name: string, value: unknown): string {
    if (typeof value === 'number' || typeof value === 'boolean') return String(value)
    if (value === null) return 'none'
    if (typeof value === 'string') return tokenOf(value)
    switch (name) {
      case 'ballot':
      case 'promised':
      case 'leader':
        return formatBallot(value as Ballot) // the fields of these names are ballots
      case 'decree':
        return this.decree(value as Decree) // and so on
      case 'request':
        return this.#request(value as Request)
      case 'query':
        return this.operation({ type: 'query', query: this.#codecs.queries.decode(value as Uint8Array) })
    }
    if (Array.isArray(value)) return `[${value.map((each) => this.#element(name, each)).join(', ')}]`
    return `{${this.#fields(value as object)}}` // nothing else is left
  }

  #element(name: string, value: unknown): string {
    if (name === 'decrees') return this.decree(value as Decree) // the elements of `decrees` are decrees
    return typeof value === 'object' && value !== null ? `{${this.#fields(value)}}` : String(value)
  }

  #fields(value: object): string {
    return Object.entries(value)
      .map(([name, field]) => `${name}=${this.field(name, field)}`)
      .join(' ')
  }

  /** What was decided: `no-op`, or its requests. */
  decree(decree: Decree): string {
    const known = this.#decrees.get(decree)
    if (known !== undefined) return known
    const text = isNoOp(decree) ? 'no-op' : `(${this.#requests(decree)})`
    this.#decrees.set(decree, text)
    return text
  }

  /** A recording may have left out what was decided long ago. */
  #requests(decree: Decree): string {
    try {
      const { requests } = decodeDecree(decree)
      return requests.map((request) => this.#request(request)).join(', ')
    } catch (error) {
      if (error instanceof MalformedBytes) return `${decree.length} bytes`
      throw error
    }
  }

  #request(request: Request): string {
    const content = contentOfRequest(request, this.#codecs.commands)
    if ('opener' in content) return `open ${tokenOf(content.opener)}`
    if ('change' in content) {
      const { name, version, voters } = content.change
      return `change ${tokenOf(name)} version=${version} members=[${voters.map(({ member }) => member).join(', ')}]`
    }
    if ('upgrade' in content) {
      const { name, from, to } = content.upgrade
      return `upgrade ${tokenOf(name)} from=${from} to=${to}`
    }
    const operation = this.operation({ type: 'command', command: content.command })
    return `${request.session}.${request.sequence} ${operation}`
  }

  /** What a client does: `set A 9`. */
  operation(operation: Operation): string {
    const { f, key, value } = describe(this.#application, operation)
    const parts = [oneLine(f)]
    if (key !== null) parts.push(oneLine(key))
    if (value !== null) parts.push(jsonOf(value))
    return parts.join(' ')
  }
}

/** `1.000250` */
export function formatSeconds(micros: number): string {
  const rest = micros % 1_000_000
  return `${(micros - rest) / 1_000_000}.${String(rest).padStart(6, '0')}`
}

function list(words: readonly string[]): string {
  return words.length === 0 ? 'none' : words.join(',')
}

/** A text of which something else follows: quoted if it has a space in it, or nothing at all. */
function tokenOf(text: string): string {
  if (text === '') return '-'
  return text.includes(' ') ? JSON.stringify(text) : oneLine(text)
}

/** A text as it is, or quoted if it would not stay on its line. */
function oneLine(text: string): string {
  const quoted = JSON.stringify(text)
  return quoted.length === text.length + 2 ? text : quoted
}

/** The role that an event is about; null when it is about none. */
export function roleOf(event: WorldEvent): string | null {
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
    case 'delays':
      return 'network'
    case 'starts':
    case 'crashes':
    case 'begins':
    case 'ends':
    case 'misses':
    case 'suffers':
    case 'refuses':
    case 'recovers':
      return null
  }
}
