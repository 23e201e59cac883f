/**
 * What a black box has recorded, as the events of a world: so a transcript of what a real member did reads like that of a
 * simulated one. Of the others there is only what it sent to them and heard from them.
 */
import {
  type Action,
  type ClientRequest,
  type Codec,
  codecsOf,
  type Message,
  type Node,
  type NodeEvent,
  type Observation,
  type StoreRecord,
} from '../paxos/index.js'
import { type AnyApplication, completionOf, contentOf, describe, type Operation } from './application.js'
import type { WorldEvent } from './events.js'

export class RecordedEvents {
  readonly #node: Node
  readonly #application: AnyApplication
  /** What clients of the node have asked and were not answered yet, by client and reference. */
  readonly #asked: Map<string, Operation> = new Map()

  /** The application as {@link readableApplication} makes it. */
  constructor(node: Node, application: AnyApplication) {
    this.#node = node
    this.#application = application
    this.#rememberAsked()
  }

  #rememberAsked(): void {
    const { requester } = this.#node.roles
    for (const [number, { outstanding, backlog }] of requester?.clients ?? [])
      for (const { reference, command } of [...outstanding.values(), ...backlog])
        this.#ask({ type: 'command', client: number, reference, command })
    for (const read of requester?.reads.values() ?? []) this.#ask({ type: 'query', ...read })
  }

  /** What happens to the node: before its turn. */
  before(event: NodeEvent): readonly WorldEvent[] {
    const node = this.#node.self
    switch (event.type) {
      case 'boot':
        return [{ type: 'starts', node, records: this.#node.recordsWritten }]
      case 'messages':
        return event.envelopes.map(({ from, message }) => ({
          type: 'receives',
          node,
          message: shortMessage(message),
          from,
        }))
      case 'timer': {
        const { role, timer, deadlineMicros } = event
        const isSet = this.#node.deadline(role, timer) === deadlineMicros
        return isSet ? [{ type: 'wakes', node, role, timer }] : []
      }
      case 'durable': {
        const { durable } = this.#node.plain.fields
        return [{ type: 'syncs', node, records: event.count - durable }]
      }
      case 'requests':
        return event.requests.flatMap((request) => {
          const operation = this.#ask(request)
          return operation === null ? [] : [{ type: 'invokes', node, client: request.client, operation }]
        })
      case 'contacts':
      case 'transfer':
      case 'lost':
      case 'kept':
      case 'snapshot':
        return []
    }
  }

  /** What the node did in its turn. */
  after(actions: readonly Action[]): readonly WorldEvent[] {
    return actions.flatMap((action) => this.#did(action) ?? [])
  }

  #did(action: Action): WorldEvent | null {
    const node = this.#node.self
    switch (action.type) {
      case 'send': {
        const { role, to } = action
        const message = shortMessage(action.message)
        return { type: 'sends', node, role, message, to: typeof to === 'number' ? [to] : to }
      }
      case 'persist':
        return { type: 'writes', node, record: shortRecord(action.record) }
      case 'keep':
      case 'timer':
        return null
      case 'observe':
        return this.#observed(action.observation)
    }
  }

  #observed(observation: Observation): WorldEvent | null {
    const node = this.#node.self
    switch (observation.type) {
      case 'applied':
        return { type: 'applies', node, slot: observation.slot, decree: observation.decree }
      case 'answered':
        return this.#answered(observation)
      case 'began':
        return { type: 'begins', node, role: observation.role }
      case 'ended':
        return { type: 'ends', node, role: observation.role }
      case 'refused':
        return { type: 'refuses', node, reason: observation.reason, detail: observation.detail }
      case 'installed':
      case 'snapshotFailed':
      case 'configured':
      case 'outdated':
      case 'retired':
        return null
    }
  }

  /** Null for what is asked of the cluster itself: the messages tell that. */
  #ask(request: ClientRequest): Operation | null {
    const { commands, queries } = codecsOf(this.#application.machine)
    let operation: Operation
    if (request.type === 'command') operation = { type: 'command', command: commands.decode(request.command) }
    else if (request.type === 'query') {
      const { query, consistency } = request
      operation = { type: 'query', query: queries.decode(query), consistency }
    } else return null
    this.#asked.set(`${request.client} ${request.reference}`, operation)
    return operation
  }

  #answered({ client, reference, outcome }: Extract<Observation, { type: 'answered' }>): WorldEvent | null {
    const name = `${client} ${reference}`
    const operation = this.#asked.get(name)
    if (operation === undefined) return null
    this.#asked.delete(name)
    const { outputs, answers } = codecsOf(this.#application.machine)
    const codec = operation.type === 'command' ? outputs : answers
    const completion = completionOf(outcome, (bytes) => codec.decode(bytes))
    return { type: 'completes', node: this.#node.self, client, operation, completion }
  }
}

/** Nobody reads a snapshot in a transcript, and those of real machines are long. */
function shortMessage(message: Message): Message {
  if (message.type !== 'snapshotChunk') return message
  return { ...message, chunk: lengthOf(message.chunk) as never } // a transcript shows any field
}

function shortRecord(record: StoreRecord): StoreRecord {
  return record.type === 'snapshot' ? { ...record, data: lengthOf(record.data) as never } : record // as above
}

function lengthOf({ length }: Uint8Array): string {
  return length === 1 ? '1 byte' : `${length} bytes`
}

// ---- payloads that cannot be read --------------------------------------------------------------------------------

/** Bytes that were redacted, or that the machine does not know. */
class Unread {
  readonly text: string

  constructor(bytes: Uint8Array) {
    // Where a member's own program asks with a function, the function is all there is, and it has no bytes.
    this.text = bytes.length === 0 ? 'by its program' : lengthOf(bytes)
  }

  toJSON(): string {
    return this.text
  }
}

/** The application for transcripts of a recording: of payloads that it cannot read it says how long they are. */
export function readableApplication(application: AnyApplication, redacted: boolean): AnyApplication {
  const { commands, outputs, queries, answers } = codecsOf(application.machine)
  const readable = (codec: Codec<unknown>): Codec<unknown> => ({
    encode: (value) => codec.encode(value),
    decode: (bytes) => {
      if (redacted) return new Unread(bytes)
      try {
        return codec.decode(bytes)
      } catch {
        return new Unread(bytes) // the machine is another one, and says so by other outputs
      }
    },
  })
  const codecs = { commands: readable(commands), outputs: readable(outputs) }
  const reading = { queries: readable(queries), answers: readable(answers) }
  return {
    ...application,
    machine: { ...application.machine, ...codecs, ...reading },
    describe: (operation, completion) => {
      const content = contentOf(operation)
      if (content instanceof Unread) return { f: content.text, key: null, value: null }
      return describe(application, operation, completion)
    },
  }
}
