/** Puts into words what a file tells: its decrees and requests are readable already. */
import { type Ballot, type Decree, formatBallot, isBallot } from 'synod/paxos'
import {
  type AnyApplication,
  type Completion,
  describe,
  formatNodes,
  formatSeconds,
  jsonOf,
  keyValueApplication,
  nameOf,
  type Operation,
  roleOf,
  type WorldEvent,
} from 'synod/simulation'
import type { Teller } from '../teller.js'

type Fields = Readonly<Record<string, unknown>>

/** `application` says how operations read; null: as they are. */
export function fileTeller(application: AnyApplication | null): Teller {
  const { describe: _, ...plain } = keyValueApplication('decree')
  const describing: AnyApplication = application ?? plain
  const operation = (asked: Operation): string => {
    const { f, key, value } = describe(describing, asked)
    return [f, ...(key === null ? [] : [key]), ...(value === null ? [] : [jsonOf(value)])].join(' ')
  }
  const words = new Words(operation)
  return {
    head: () => '',
    line: (event, micros) => words.line(event, micros),
    decree: (decree) => words.field('decree', decree),
    record: (record) => words.typed(record),
    field: (name, value) => words.field(name, value),
    requestsOf: (decree) => requestsIn(decree).map(nameOfRequest),
    requestName: (request) => nameOfRequest(request as unknown as Fields), // of a file it is readable already
    change: (decree) => {
      const [change] = requestsIn(decree).flatMap((request) => request['change'] ?? [])
      const voters = (change as { readonly voters?: readonly { readonly member: number }[] } | undefined)
        ?.voters
      return voters === undefined
        ? null
        : `members are to be ${formatNodes(voters.map(({ member }) => member))}`
    },
    operation: (asked, completion) => `${operation(asked)}${outcome(completion)}`,
    describe: (asked, completion) => describe(describing, asked, completion),
  }
}

function outcome(completion: Completion | undefined): string {
  if (completion === undefined) return ''
  if (completion.type === 'ok') return ` = ${jsonOf(completion.output)}`
  return `: ${completion.type === 'fail' ? 'failed' : 'outcome unknown'}, ${completion.error}`
}

function requestsIn(decree: Decree): readonly Fields[] {
  const readable = decree as unknown as { readonly requests?: readonly Fields[] } | null // of a file
  return readable?.requests ?? []
}

function nameOfRequest({ session, sequence, acknowledged: _, ...content }: Fields): string {
  return session === 0 ? `0.${String(sequence)} ${jsonOf(content)}` : `${String(session)}.${String(sequence)}`
}

class Words {
  readonly #operation: (operation: Operation) => string

  constructor(operation: (operation: Operation) => string) {
    this.#operation = operation
  }

  line(event: WorldEvent, micros: number): string {
    const columns = [
      formatSeconds(micros).padStart(11),
      '',
      nameOf(event.node).padEnd(8),
      (roleOf(event) ?? '-').padEnd(11),
      event.type.padEnd(9),
    ]
    return `${columns.join(' ')} ${this.#rest(event)}`
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
        return `${this.typed(event.message)} -> ${formatNodes(event.to)}`
      case 'loses':
      case 'doubles':
      case 'delays':
        return `${this.typed(event.message)} -> ${nameOf(event.to)}`
      case 'receives':
      case 'misses':
        return `${this.typed(event.message)} <- ${nameOf(event.from)}`
      case 'writes':
        return this.typed(event.record)
      case 'syncs':
        return event.records === 1 ? '1 record' : `${event.records} records`
      case 'wakes':
        return event.timer
      case 'applies':
        return `slot=${event.slot} decree=${this.field('decree', event.decree)}`
      case 'invokes':
        return `client ${event.client}: ${this.#operation(event.operation)}`
      case 'completes':
        return `client ${event.client}: ${this.#operation(event.operation)}${outcome(event.completion)}`
      case 'refuses':
        return `${event.reason}: ${event.detail}`
      case 'suffers':
        return `${event.fault}.${event.number}: ${event.what}`
      case 'recovers':
        return `${event.fault}.${event.number}`
    }
  }

  /** A message or a record. */
  typed({ type, ...fields }: { readonly type: string }): string {
    return [
      type,
      ...Object.entries(fields).map(([name, value]) => `${name}=${this.field(name, value)}`),
    ].join(' ')
  }

  field(name: string, value: unknown): string {
    if (name === 'decree') return this.#decree(value)
    if (name === 'request') return this.#request(value as Fields) // of this name
    if (value === null || value === undefined) return 'none'
    if (Array.isArray(value)) {
      const element = name.replace(/s$/, '')
      return `[${value.map((each) => this.field(element, each)).join(', ')}]`
    }
    if (typeof value !== 'object') return typeof value === 'string' ? value || '-' : String(value)
    if ('round' in value && isBallot(value as Ballot)) return formatBallot(value as Ballot) // it has these fields
    return `{${Object.entries(value)
      .map(([part, each]) => `${part}=${this.field(part, each)}`)
      .join(' ')}}`
  }

  #decree(decree: unknown): string {
    if (decree === null || decree === undefined) return 'no-op'
    return `(${requestsIn(decree as Decree)
      .map((request) => this.#request(request))
      .join(', ')})`
  }

  #request(request: Fields): string {
    const { session, sequence } = request
    if ('command' in request)
      return `${String(session)}.${String(sequence)} ${this.#operation({ type: 'command', command: request['command'] })}`
    if ('opener' in request) return `open ${String(request['opener'])}`
    return jsonOf(request['change'] ?? request['upgrade'] ?? request)
  }
}
