/**
 * The events of a run as data: one JSON record a line, the head first. docs/TRANSCRIPT.md describes every field.
 *
 * A record has the fields of its event, numbered and timed; bytes are decoded into what the application put in.
 */
import {
  type Codecs,
  codecsOf,
  type Decree,
  decodeDecree,
  isNoOp,
  type Message,
  type Request,
} from '../paxos/index.js'
import type { AnyApplication } from './application.js'
import type { WorldEvent } from './events.js'
import type { Head } from './head.js'
import { roleOf } from './transcript.js'
import { contentOfRequest, jsonable, readableOutcome } from './values.js'

export class NdjsonFormatter {
  readonly #codecs: Codecs
  /** A message is written once, however many receive it. */
  readonly #messages: WeakMap<Message, string> = new WeakMap()

  constructor(application: AnyApplication) {
    this.#codecs = codecsOf(application.machine)
  }

  head(head: Head): string {
    return JSON.stringify(head)
  }

  /** The record of an event, without its line feed. */
  line(event: WorldEvent, timeMicros: number, number: number): string {
    const { node, type, ...fields } = event
    const role = 'role' in event ? event.role : roleOf(event)
    // Piece by piece, which is twice as fast as one object; none of these texts needs escaping.
    let text = `{"event":${number},"time":${timeMicros},"node":${node},"type":"${type}"`
    text += `,"role":${role === null ? 'null' : `"${role}"`}`
    for (const [name, value] of Object.entries(fields)) {
      if (name !== 'role') text += `,"${name}":${this.#json(name, value)}`
    }
    return `${text}}`
  }

  #json(name: string, value: unknown): string {
    if (typeof value === 'number') return name === 'to' ? `[${value}]` : String(value)
    if (name === 'message') return this.#message(value as Message) // no other field has this name
    return JSON.stringify(this.#field(name, value))
  }

  #fields(fields: object): Record<string, unknown> {
    const readable: Record<string, unknown> = {}
    for (const [name, value] of Object.entries(fields)) readable[name] = this.#field(name, value)
    return readable
  }

  #field(name: string, value: unknown): unknown {
    if (typeof value !== 'object' || value === null) return value
    switch (name) {
      case 'decree':
        return this.#decree(value as Decree) // the fields of these names hold these types
      case 'decrees':
        return (value as readonly Decree[]).map((decree) => this.#decree(decree))
      case 'request':
        return this.#request(value as Request)
      case 'query':
        return jsonable(this.#codecs.queries.decode(value as Uint8Array))
      case 'outcome': // see #message
        return value
      case 'operation': // the application's own values
      case 'completion':
        return jsonable(value)
    }
    if (Array.isArray(value)) return value.map((element) => this.#field('', element))
    return this.#fields(value)
  }

  #message(message: Message): string {
    const known = this.#messages.get(message)
    if (known !== undefined) return known
    const readable = this.#fields(message)
    if ('outcome' in message) readable['outcome'] = jsonable(readableOutcome(message, this.#codecs))
    const text = JSON.stringify(readable)
    this.#messages.set(message, text)
    return text
  }

  /** The no-op, which holds nothing, is null. */
  #decree(decree: Decree): unknown {
    if (isNoOp(decree)) return null
    const { stampMicros, requests } = decodeDecree(decree)
    return { stampMicros, requests: requests.map((request) => this.#request(request)) }
  }

  #request(request: Request): unknown {
    const { session, sequence, acknowledged } = request
    const content = contentOfRequest(request, this.#codecs.commands)
    return { session, sequence, acknowledged, ...(jsonable(content) as object) } // an object, as it was
  }
}
