/**
 * The state machine that a cluster replicates, as its author writes it.
 *
 * Every replica applies the same commands in the same order, so `apply` must be deterministic: its answer and the
 * next state may depend on nothing but its arguments. A command that throws leaves the state untouched and gives
 * the same error on every member; a machine that changes its state in place must therefore check before it changes.
 * Throw a `CommandFailed`, or any `Error`: its message goes to the requester. Of a TypeError, RangeError and the like
 * only the name does, because every engine words them in its own way.
 *
 * A program that is to replace a running one gives its machine a higher version, and still knows the one before: it goes
 * on as that until a decree, the upgrade, activates the new version on all members in the same slot.
 */
import type { Slot } from './decree.js'
import { clonePlain } from './plain.js'
import { decodePlain, encodePlain } from './plain-bytes.js'
import type { Micros } from './settings.js'
import { decodeText, encodeText } from './text.js'

/** Turns values into bytes and back. `decode(encode(value))` must equal `value`. */
export interface Codec<Value> {
  /** Nobody writes into the bytes that this gives: they may be kept and shared. */
  encode(value: Value): Uint8Array
  decode(bytes: Uint8Array): Value
}

/** A codec of states, which differ from version to version: it is told of which version the state is. */
export interface StateCodec<State> {
  encode(state: State, version: number): Uint8Array
  /**
   * What `encode` gives, in parts that may share the memory of the state: they are copied before the next command. For
   * large states, so that they are copied once and no more. If there is none, `encode` is asked.
   */
  parts?(state: State, version: number): readonly Uint8Array[]
  /**
   * What `encode` gives, made bit by bit while the machine goes on, for states so large that to copy them at once would
   * hold the member up: `place` is asked once, for room for so many bytes, and there they will be. The machine sees to it
   * that they are those of this moment. It has to hold one state at a time. If there is none, `parts` is asked.
   */
  freeze?(state: State, version: number, place: (bytes: number) => Uint8Array): FrozenState
  decode(bytes: Uint8Array, version: number): State
}

/** A state on its way into bytes. */
export interface FrozenState {
  /** Copies about so many bytes more. Gives whether all are there: then nothing is held any more. */
  copy(bytes: number): boolean
  /** The bytes are not needed after all. */
  release(): void
}

/** What a query is answered in. */
export interface QueryContext {
  /** The version of the machine that is active, and that the state is of. The same on every member after a slot. */
  readonly version: number
}

/** The decree that a command belongs to. */
export interface DecreeContext extends QueryContext {
  /** Decree time: never goes back, and is the same on every member. */
  readonly timeMicros: Micros
  readonly slot: Slot
}

export interface Machine<State, Command, Output, Query = unknown, Answer = unknown> {
  /**
   * The newest version that this machine knows; it knows all before it that are still active somewhere. From 1 on, which
   * is the default.
   */
  readonly version?: number
  /** The state before the first decree, as version 1 has it: plain data, see `clonePlain`. */
  initial(): State
  /**
   * Makes a state of version `from` one of the next: for an upgrade, and where a cluster begins with a later version than
   * 1. Depends on nothing but its arguments. If it throws, the upgrade is refused.
   */
  migrate?(state: State, from: number): State
  /** The next state, plain data again, and what the requester is told. */
  apply(state: State, command: Command, context: DecreeContext): readonly [State, Output]
  /**
   * @internal Told of the requests of a decree before the first of their commands is applied. A machine whose state is
   * larger than the caches of the processor fetches from memory what they will touch, all at once in place of one after
   * the other. It changes nothing, does not throw, and need not be called.
   */
  prefetch?(state: State, requests: readonly { readonly command: Uint8Array }[]): void
  /** Answers a read; must not change the state. */
  query?(state: State, query: Query, context: QueryContext): Answer
  /**
   * How values travel and are stored. Default: JSON in UTF-8. They cross from program to program, so one that changes has
   * to tell by the bytes what it reads.
   */
  readonly commands?: Codec<Command>
  readonly outputs?: Codec<Output>
  readonly queries?: Codec<Query>
  readonly answers?: Codec<Answer>
  /** How a whole state is stored and sent. Default: plain data, whatever there is of it. */
  readonly snapshots?: StateCodec<State>
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
  readonly snapshots: StateCodec<unknown>
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

// ---- versions ------------------------------------------------------------------------------------------------

/** The newest version that a machine knows. Throws a RangeError or a TypeError if it cannot have that one. */
export function versionOf({ version = 1, migrate }: AnyMachine): number {
  if (!Number.isSafeInteger(version) || version < 1)
    throw new RangeError(`The version of a machine is a whole number from 1 on, and ${version} is not.`)
  if (version > 1 && typeof migrate !== 'function')
    throw new TypeError(`A machine of version ${version} needs a \`migrate\`, from each version to the next.`)
  return version
}

/** The state before the first decree of a cluster that begins with this version. Shared with nobody. */
export function initialState(machine: AnyMachine, version: number): unknown {
  // A copy, so that members in one process share no state even if the machine always gives the same object.
  return migrateState(machine, clonePlain(machine.initial()), 1, version)
}

/** A state of one version as a later one has it. Throws what the machine throws. */
export function migrateState(machine: AnyMachine, state: unknown, from: number, to: number): unknown {
  let migrated = state
  for (let version = from; version < to; version++) migrated = machine.migrate?.(migrated, version)
  return migrated
}
