/**
 * The model: the machine as it would run without any cluster. It executes each request once, where it is decided
 * first, and so knows what every answer has to be. It keeps sessions as docs/PROTOCOL.md describes them, in a way of its
 * own: what the members do is measured against it. Nobody upgrades a machine here: its newest version is active.
 */
import {
  type AnyMachine,
  type Change,
  changeOf,
  codecsOf,
  type Decree,
  decodeDecree,
  detailOf,
  initialState,
  isNoOp,
  type Micros,
  nameOfRequest,
  type Request,
  requestKey,
  type SessionId,
  type Settings,
  type Slot,
  versionOf,
} from '../../paxos/index.js'
import type { AnyApplication } from '../application.js'

/** What a request gave: the bytes of its output, or what its error says. */
export type ModelOutcome =
  | { readonly ok: true; readonly output: Uint8Array }
  | { readonly ok: false; readonly detail: string }

/** A command that was executed. */
export interface Execution {
  /** The event at which its slot was applied first. */
  readonly event: number
  readonly slot: Slot
  readonly timeMicros: Micros
  /** Executions are counted from 1. */
  readonly number: number
  readonly command: Uint8Array
  readonly outcome: ModelOutcome
}

/** Who wants to know what is in the decrees. */
export interface ModelListener {
  /** Somebody asks for other members. */
  changes(slot: Slot, change: Change): void
}

export class Model {
  state: unknown
  /** In their order: that of number n at n − 1. */
  readonly executions: Execution[] = []
  readonly #byRequest: Map<string, Execution> = new Map()
  /** How many executions there were up to a slot: at slot − 1. */
  readonly #counts: number[] = []
  readonly #machine: AnyMachine
  readonly #hears: ModelListener
  readonly #settings: Settings
  readonly #codecs: ReturnType<typeof codecsOf>
  #timeMicros: Micros
  /** When each live session was used last, in decree time; and what opened which. */
  readonly #sessions: Map<SessionId, Micros> = new Map()
  readonly #openers: Map<string, SessionId> = new Map()
  #nextSession: SessionId = 1
  #sweepAtMicros: Micros = 0
  /** Whether there was no room for a session that somebody wanted to open. */
  hasRefused = false

  constructor(application: AnyApplication, settings: Settings, timeMicros: Micros, hears: ModelListener) {
    this.#hears = hears
    this.#machine = application.machine
    this.#settings = settings
    this.#codecs = codecsOf(application.machine)
    this.#timeMicros = timeMicros
    this.state = initialState(application.machine, versionOf(application.machine))
  }

  /** It is on a disk how the cluster was founded: that is where decree time begins. */
  founded(timeMicros: Micros): void {
    if (this.applied === 0) this.#timeMicros = timeMicros
  }

  /** Every slot up to this one is applied. */
  get applied(): Slot {
    return this.#counts.length
  }

  /** How many commands are executed up to a slot. */
  executedThrough(slot: Slot): number {
    return this.#counts[slot - 1] ?? 0
  }

  /** The execution of a request, by its key. */
  executionOf(request: string): Execution | undefined {
    return this.#byRequest.get(request)
  }

  /** Whether this session was opened and has expired since. None that has comes back. */
  hasExpired(session: SessionId): boolean {
    return session > 0 && session < this.#nextSession && !this.#sessions.has(session)
  }

  /** Applies the decree of the next slot. */
  apply(event: number, decree: Decree): void {
    const slot = this.applied + 1
    if (!isNoOp(decree)) {
      const { stampMicros, requests } = decodeDecree(decree)
      const stamp = Math.min(stampMicros, this.#timeMicros + this.#settings.stampAdvanceMicros)
      this.#timeMicros = Math.max(this.#timeMicros, stamp)
      for (const request of requests) this.#take(event, slot, request)
    }
    this.#counts.push(this.executions.length)
  }

  #take(event: number, slot: Slot, request: Request): void {
    const { session, sequence, command } = request
    if (session === 0 && sequence === 0) this.#open(nameOfRequest(request))
    else if (session === 0) this.#change(slot, changeOf(request))
    else if (this.#sessions.has(session)) {
      this.#sessions.set(session, this.#timeMicros)
      const key = requestKey(session, sequence, '')
      if (!this.#byRequest.has(key)) this.#byRequest.set(key, this.#execute(event, slot, command))
    }
  }

  #execute(event: number, slot: Slot, command: Uint8Array): Execution {
    const timeMicros = this.#timeMicros
    const [state, outcome] = runCommand(this.#machine, this.#codecs, this.state, command, {
      timeMicros,
      slot,
    })
    this.state = state
    const execution = { event, slot, timeMicros, number: this.executions.length + 1, command, outcome }
    this.executions.push(execution)
    return execution
  }

  #change(slot: Slot, change: Change | null): void {
    if (change !== null) this.#hears.changes(slot, change)
  }

  #open(opener: string): void {
    if (this.#openers.has(opener)) return
    if (this.#sessions.size >= this.#settings.sessionLimit) this.#expireSessions()
    if (this.#sessions.size >= this.#settings.sessionLimit) {
      this.hasRefused = true
      return
    }
    this.#openers.set(opener, this.#nextSession)
    this.#sessions.set(this.#nextSession, this.#timeMicros)
    this.#nextSession += 1
  }

  #expireSessions(): void {
    if (this.#timeMicros < this.#sweepAtMicros) return
    const { sessionIdleMicros } = this.#settings
    this.#sweepAtMicros = this.#timeMicros + Math.floor(sessionIdleMicros / 4)
    for (const [session, usedMicros] of this.#sessions) {
      if (usedMicros + sessionIdleMicros <= this.#timeMicros) this.#sessions.delete(session)
    }
    for (const [opener, session] of this.#openers) {
      if (!this.#sessions.has(session)) this.#openers.delete(opener)
    }
  }
}

/** The state after a command, and what the command gave. */
export function runCommand(
  machine: AnyMachine,
  codecs: ReturnType<typeof codecsOf>,
  state: unknown,
  command: Uint8Array,
  context: { readonly timeMicros: Micros; readonly slot: Slot },
): [unknown, ModelOutcome] {
  try {
    const { timeMicros, slot } = context
    const version = versionOf(machine)
    const [next, output] = machine.apply(state, codecs.commands.decode(command), {
      timeMicros,
      slot,
      version,
    })
    return [next, { ok: true, output: codecs.outputs.encode(output) }]
  } catch (error) {
    return [state, { ok: false, detail: detailOf(error) }]
  }
}

/** The bytes of the answer to a query; null if it fails. */
export function runQuery(
  machine: AnyMachine,
  codecs: ReturnType<typeof codecsOf>,
  state: unknown,
  query: Uint8Array,
): Uint8Array | null {
  try {
    return machine.query === undefined
      ? null
      : codecs.answers.encode(
          machine.query(state, codecs.queries.decode(query), { version: versionOf(machine) }),
        )
  } catch {
    return null
  }
}
