/** The desk of a member: takes the calls of clients, has them worked at, so many at a time, and answers them. */
import { Overloaded } from '../../paxos/index.js'
import type { Call, CallAnswer } from './calls.js'

/** Answers a call of a client. What it gives travels as JSON; what it throws is told by name and message. */
export type CallHandler = (options: unknown) => unknown

/** The calls of one kind, of all clients, that are worked at, at the same time. */
export const MOST_CALLS: number = 1_000

export class Desk {
  readonly handlers: Map<string, CallHandler> = new Map()
  readonly #name: string
  readonly #send: (to: number, answer: CallAnswer) => void
  /** By the kind of call: who waits for a slot must not keep the operator out. */
  readonly #working: Map<string, number> = new Map()

  /** `name`: whose desk it is. */
  constructor(name: string, send: (to: number, answer: CallAnswer) => void) {
    this.#name = name
    this.#send = send
  }

  /** Takes what a client said; what is no call is not heard. */
  take(from: number, said: Partial<Call> | null): void {
    if (typeof said?.call !== 'string' || typeof said.reference !== 'number') return
    void this.#answer(from, { call: said.call, reference: said.reference, options: said.options })
  }

  async #answer(from: number, { call, reference, options }: Call): Promise<void> {
    try {
      this.#send(from, { reference, result: (await this.#work(call, options)) ?? null })
    } catch (error) {
      const { name, message } = error instanceof Error ? error : new Error(String(error))
      this.#send(from, { reference, error: { name, message } })
    }
  }

  async #work(call: string, options: unknown): Promise<unknown> {
    const handler = this.handlers.get(call)
    if (handler === undefined)
      throw new RangeError(`Member ${this.#name} knows no call ${call}: is it of another version?`)
    const working = this.#working.get(call) ?? 0
    if (working >= MOST_CALLS)
      throw new Overloaded(`Member ${this.#name} works at ${MOST_CALLS} such calls already; try again later.`)
    this.#working.set(call, working + 1)
    try {
      return await handler(options)
    } finally {
      this.#working.set(call, (this.#working.get(call) ?? 1) - 1)
    }
  }
}
