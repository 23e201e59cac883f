/**
 * The state machine that a cluster replicates, as its author writes it.
 *
 * Every replica applies the same commands in the same order, so `apply` must be deterministic: its answer and the
 * next state may depend on nothing but its arguments. A command that throws leaves the state untouched and gives
 * the same error on every member; a machine that changes its state in place must therefore check before it changes.
 * Throw a `CommandFailed`, or any `Error`: its message goes to the requester. Of a TypeError, RangeError and the like
 * only the name does, because every engine words them in its own way.
 */
import type { Slot } from './decree.js'
import { decodePlain, encodePlain } from './plain-bytes.js'
import type { Micros } from './settings.js'
import { decodeText, encodeText } from './text.js'

/** Turns values into bytes and back. `decode(encode(value))` must equal `value`. */
export interface Codec<Value> {
  /** Nobody writes into the bytes that this gives: they may be kept and shared. */
  encode(value: Value): Uint8Array
  decode(bytes: Uint8Array): Value
}

/** The decree that a command belongs to. */
export interface DecreeContext {
  /** Decree time: never goes back, and is the same on every member. */
  readonly timeMicros: Micros
  readonly slot: Slot
}

export interface Machine<State, Command, Output, Query = unknown, Answer = unknown> {
  /** The state before the first decree: plain data, see `clonePlain`. */
  initial(): State
  /** The next state, plain data again, and what the requester is told. */
  apply(state: State, command: Command, context: DecreeContext): readonly [State, Output]
  /** Answers a read; must not change the state. */
  query?(state: State, query: Query): Answer
  /** How values travel and are stored. Default: JSON in UTF-8. */
  readonly commands?: Codec<Command>
  readonly outputs?: Codec<Output>
  readonly queries?: Codec<Query>
  readonly answers?: Codec<Answer>
  /** How a whole state is stored and sent. Default: plain data, whatever there is of it. */
  readonly snapshots?: Codec<State>
}

/** Any machine, where its types do not matter. */
export type AnyMachine = Machine<unknown, unknown, unknown>

/**
 * What a machine may throw when a command cannot be executed and that is an answer, not a mistake: an `Error` without a
 * stack, because recording the stack takes longer than all the rest of a command.
 */
export class CommandFailed implements Error {
  readonly name = 'CommandFailed'
  readonly message: string

  constructor(message: string) {
    this.message = message
  }
}
Object.setPrototypeOf(CommandFailed.prototype, Error.prototype)

/** Infers the types of a machine from its functions. */
export function defineMachine<State, Command, Output, Query = never, Answer = never>(
  machine: Machine<State, Command, Output, Query, Answer>,
): Machine<State, Command, Output, Query, Answer> {
  return machine
}

/** JSON in UTF-8; `undefined` travels as `null`. */
export const json: Codec<unknown> = {
  encode: (value) => encodeText(JSON.stringify(value ?? null)),
  decode: (bytes) => JSON.parse(decodeText(bytes)),
}

const plain: Codec<unknown> = { encode: encodePlain, decode: decodePlain }

/** The codecs of a machine, with the default in place of those that it leaves out. */
export interface Codecs {
  readonly commands: Codec<unknown>
  readonly outputs: Codec<unknown>
  readonly queries: Codec<unknown>
  readonly answers: Codec<unknown>
  readonly snapshots: Codec<unknown>
}

export function codecsOf(machine: AnyMachine): Codecs {
  return {
    commands: machine.commands ?? json,
    outputs: machine.outputs ?? json,
    queries: machine.queries ?? json,
    answers: machine.answers ?? json,
    snapshots: machine.snapshots ?? plain,
  }
}
