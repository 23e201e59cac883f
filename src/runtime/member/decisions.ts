/** What was decided, slot by slot, for whoever iterates over it. */
import {
  type Decree,
  decodeDecree,
  isNoOp,
  MalformedBytes,
  type Micros,
  type Slot,
} from '../../paxos/index.js'
import { DecisionsMissed } from './errors.js'

export interface Decision<Command> {
  readonly slot: Slot
  /** What the leader's clock showed; decree time never goes back, this may. */
  readonly stampMicros: Micros
  /** In the order of execution. A command that was sent again may be there again, and is executed once all the same. */
  readonly commands: readonly {
    readonly session: number
    readonly sequence: number
    readonly command: Command
  }[]
}

/** An iterator that is this far behind is cut off. */
export const MOST_WAITING: number = 10_000
export const MOST_WAITING_BYTES: number = 64 * 1024 * 1024

/** One iteration over the decisions, from the next one on. */
export class Decisions<Command> implements AsyncIterableIterator<Decision<Command>> {
  readonly #decode: (command: Uint8Array) => Command
  readonly #ended: (decisions: Decisions<Command>) => void
  #waiting: { readonly slot: Slot; readonly decree: Decree }[] = []
  #waitingBytes = 0
  #wake: (() => void)[] = []
  #error: unknown = null
  #isOver = false

  constructor(decode: (command: Uint8Array) => Command, ended: (decisions: Decisions<Command>) => void) {
    this.#decode = decode
    this.#ended = ended
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  /** Rejects with a `DecisionsMissed` when there is a gap. */
  async next(): Promise<IteratorResult<Decision<Command>>> {
    while (this.#waiting.length === 0) {
      const error = this.#error
      this.#error = null // told once
      if (error !== null) throw error
      if (this.#isOver) return { done: true, value: undefined }
      await new Promise<void>((resolve) => this.#wake.push(resolve))
    }
    const [first] = this.#waiting.splice(0, 1)
    if (first === undefined) return { done: true, value: undefined }
    this.#waitingBytes -= first.decree.length
    return { done: false, value: this.#read(first.slot, first.decree) }
  }

  /** Nobody wants them any more: what waits is not given, and this thrown. */
  abort(reason: unknown): void {
    this.#waiting = []
    this.end(reason)
  }

  async return(): Promise<IteratorResult<Decision<Command>>> {
    this.end(null)
    this.#waiting = []
    this.#error = null
    return { done: true, value: undefined }
  }

  applied(slot: Slot, decree: Decree): void {
    const { length } = this.#waiting
    if (length >= MOST_WAITING || this.#waitingBytes > MOST_WAITING_BYTES) {
      const detail = `${length} decisions of ${this.#waitingBytes} bytes wait: take them faster, and begin again.`
      this.end(new DecisionsMissed(detail))
      return
    }
    this.#waiting.push({ slot, decree })
    this.#waitingBytes += decree.length
    this.#tell()
  }

  /** There are no more. What waits is still given, and then this error thrown. */
  end(error: unknown): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#error = error
    this.#ended(this)
    this.#tell()
  }

  /** Whoever waits looks again. */
  #tell(): void {
    if (this.#wake.length > 0) for (const wake of this.#wake.splice(0)) wake()
  }

  #read(slot: Slot, decree: Decree): Decision<Command> {
    const content = contentOf(decree)
    if (content === null) return { slot, stampMicros: 0, commands: [] }
    const commands = content.requests
      .filter(({ session }) => session !== 0) // the others open sessions, or change the members
      .map(({ session, sequence, command }) => ({ session, sequence, command: this.#decode(command) }))
    return { slot, stampMicros: content.stampMicros, commands }
  }
}

function contentOf(decree: Decree): ReturnType<typeof decodeDecree> | null {
  if (isNoOp(decree)) return null
  try {
    return decodeDecree(decree)
  } catch (error) {
    if (error instanceof MalformedBytes) return null
    throw error
  }
}
