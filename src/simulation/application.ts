/**
 * What the simulated clients do: a machine, and the operations they ask of it. `key-value`, `shared` and `bank` are here; a
 * user's own module default-exports one.
 */
import {
  type BankCommand,
  bank,
  type KeyValueCommand,
  type KeyValueQuery,
  keyValue,
} from '../machines/index.js'
import type { AnyMachine, Consistency, Machine, Micros, Outcome } from '../paxos/index.js'
import type { AnyModel } from './linearizability/models.js'

/** A command, or a read that takes no slot. */
export type Operation<Command = unknown, Query = unknown> =
  | { readonly type: 'command'; readonly command: Command }
  /** Linearizable unless it says otherwise. */
  | { readonly type: 'query'; readonly query: Query; readonly consistency?: Consistency }

/** How an operation is written into transcripts and histories. */
export interface Description {
  /** What it does: `get`, `set`, `transfer`. */
  readonly f: string
  readonly key: string | null
  readonly value: unknown
}

/** What became of an operation. `info`: it may have been executed or not, now or later. */
export type Completion =
  | { readonly type: 'ok'; readonly output: unknown }
  | { readonly type: 'fail'; readonly error: string }
  | { readonly type: 'info'; readonly error: string }

/**
 * Gives a sentence when what a client was told cannot be right; it is told of one client's operations, in order.
 * (Taken from a method, so that the judge of a particular machine counts as a judge of any.)
 */
export type Judge<Command = unknown, Query = unknown> = {
  judge(operation: Operation<Command, Query>, completion: Completion): string | null
}['judge']

/** What the simulated clients do: see each part. {@link defineApplication} infers the types. */
export interface Application<
  State = unknown,
  Command = unknown,
  Output = unknown,
  Query = unknown,
  Answer = unknown,
> {
  readonly name: string
  readonly machine: Machine<State, Command, Output, Query, Answer>
  /** How many operations a client does unless told otherwise. */
  readonly requests: number
  /**
   * How long a client thinks between two operations, from and to. By default it does not, or up to 100 ms where clients
   * work until some time, as in the swarm.
   */
  readonly thinkMicros?: readonly [low: Micros, high: Micros]
  /** Whether the clients of a node share one session, so that it has several requests in flight. Default false. */
  readonly sharedSessions?: boolean
  /**
   * What the clients' history is judged by, key by key, when the run is over: one of those of `synod check`, or a model of
   * one's own. By default it is not; that the decrees are in real-time order is judged either way.
   */
  readonly model?: AnyModel
  /**
   * The operation that a client does at this position, both counted from 0. `draw` gives a whole number from low to
   * high, both included, that depends on the seed, the client, the position and how often it was called.
   */
  operation(
    client: number,
    position: number,
    draw: (low: number, high: number) => number,
  ): Operation<Command, Query>
  /**
   * For transcripts, and for histories; there also with what became of the operation, so that the value may tell what
   * it gave. A null value is replaced by the output of an operation that succeeded. Default: the operation's own
   * fields, and its output.
   */
  describe?(operation: Operation<Command, Query>, completion?: Completion): Description
  /**
   * A fresh judge of one client's answers, which come in the order of its operations: it gives a sentence when an
   * answer cannot be right.
   */
  judge?(client: number): Judge<Command, Query>
  /** A sentence when a state breaks a rule that every state must keep. */
  invariant?(state: State): string | null
}

/** Any application, where its types do not matter. */
export type AnyApplication = Application

/** An application whose name and number of requests may be left out: `application`, and 10. */
export type ApplicationDefinition<
  State = unknown,
  Command = unknown,
  Output = unknown,
  Query = unknown,
  Answer = unknown,
> = Omit<Application<State, Command, Output, Query, Answer>, 'name' | 'requests'> &
  Partial<Pick<Application, 'name' | 'requests'>>

/** Infers the types of an application from its machine. */
export function defineApplication<State, Command, Output, Query = never, Answer = never>(
  application: ApplicationDefinition<State, Command, Output, Query, Answer>,
): ApplicationDefinition<State, Command, Output, Query, Answer> {
  return application
}

/** The reads of `key-value`: as decrees, as in the ancestor, or as linearizable reads. */
export type Reads = 'decree' | 'linearizable'

/** A client's letters: A to Z, then AA, AB, … */
export function lettersOf(client: number): string {
  const letter = String.fromCharCode(65 + (client % 26))
  return client < 26 ? letter : lettersOf(Math.floor(client / 26) - 1) + letter
}

/** What the clients of `key-value` set, one after the other; in between and around them they get. */
const SET_SEQUENCE: readonly (number | null)[] = [null, 9, null, 6, 32, null, 39, null, 66, 77, null]

/** Each client gets and sets a key of its own, so every answer to a get is known beforehand. */
export function keyValueApplication(reads: Reads): AnyApplication {
  const get = (key: string): Operation =>
    reads === 'decree'
      ? { type: 'command', command: { type: 'get', key } satisfies KeyValueCommand }
      : { type: 'query', query: { type: 'get', key } }
  return {
    name: 'key-value',
    machine: keyValue as AnyMachine, // the operations below are its commands and queries
    requests: SET_SEQUENCE.length,
    operation: (client, position) => {
      const key = lettersOf(client)
      const value = SET_SEQUENCE[position % SET_SEQUENCE.length] ?? null
      if (value === null) return get(key)
      return { type: 'command', command: { type: 'set', key, value } satisfies KeyValueCommand }
    },
    model: 'key-value',
    describe: describeKeyValue,
    judge: () => judgeRegister(),
  }
}

function describeKeyValue(operation: Operation): Description {
  const command = contentOf(operation) as KeyValueCommand // of the machine keyValue
  const { type, key } = command
  if (type === 'set') return { f: type, key, value: command.value }
  if (type === 'compareAndSet') return { f: 'cas', key, value: [command.from, command.value] }
  return { f: isStale(operation) ? `stale-${type}` : type, key, value: null }
}

/** Whether it is a read that may give an earlier state. */
export function isStale(operation: Operation): boolean {
  return operation.type === 'query' && operation.consistency === 'stale'
}

/** A register that one client uses alone: a get gives what was set last, or what may have been set. */
function judgeRegister(): (operation: Operation, completion: Completion) => string | null {
  let current: unknown = null
  /** Sets whose outcome is unknown: each may take effect at any later time. */
  const unknown: unknown[] = []
  return (operation, completion) => {
    const command = contentOf(operation) as KeyValueCommand // made by keyValueApplication
    if (command.type === 'set') {
      if (completion.type === 'ok') current = command.value
      else if (completion.type === 'info') unknown.push(command.value)
      return null
    }
    if (completion.type !== 'ok') return null
    const value = completion.output
    if (value !== current && !unknown.includes(value)) {
      const expected = [current, ...unknown].map((each) => JSON.stringify(each)).join(' or ')
      return `get ${command.key} gave ${JSON.stringify(value)} instead of ${expected}`
    }
    current = value
    return null
  }
}

const SHARED_KEYS: readonly string[] = ['A', 'B', 'C']

/** How often out of a hundred a client of `shared` does what; the rest are stale reads. */
const SHARED_MIX = { set: 40, compareAndSet: 5, delete: 5, get: 15, query: 20 } as const
/** Of these, the queries and the stale reads, which come last. */
const SHARED_READS = 35

/** One client in so many only reads without a slot: it is not held up where nothing can be decided. */
const READERS = 2

/** What clients set differs by client, and by position. */
const POSITION_STEP = 10_000

/**
 * Clients of a key-value store who are in each other's way: all of them use three keys, in every way there is. They
 * think in between, so that they go on for a while, and are fit for long runs with many faults.
 */
export function sharedApplication(): AnyApplication {
  return {
    name: 'shared',
    machine: keyValue as AnyMachine, // the operations below are its commands and queries
    requests: 100,
    thinkMicros: [0, 100_000],
    sharedSessions: true,
    model: 'key-value',
    operation: (client, position, draw) => {
      const key = SHARED_KEYS[draw(0, SHARED_KEYS.length - 1)] ?? 'A'
      const percent = draw(client % READERS === READERS - 1 ? 100 - SHARED_READS : 0, 99)
      return sharedOperation(percent, key, client + position * POSITION_STEP)
    },
    describe: describeKeyValue,
  }
}

function sharedOperation(
  percent: number,
  key: string,
  value: number,
): Operation<KeyValueCommand, KeyValueQuery> {
  let rest = percent - SHARED_MIX.set
  if (rest < 0) return { type: 'command', command: { type: 'set', key, value } }
  rest -= SHARED_MIX.compareAndSet
  if (rest < 0) return { type: 'command', command: { type: 'compareAndSet', key, from: null, value } }
  rest -= SHARED_MIX.delete
  if (rest < 0) return { type: 'command', command: { type: 'delete', key } }
  rest -= SHARED_MIX.get
  if (rest < 0) return { type: 'command', command: { type: 'get', key } }
  rest -= SHARED_MIX.query
  const query = { type: 'get', key } as const
  return { type: 'query', query, consistency: rest < 0 ? 'linearizable' : 'stale' }
}

const ACCOUNTS: readonly string[] = ['A', 'B', 'C', 'D', 'E', 'F', 'G', 'H']
const BALANCE = 100

/** Clients transfer money between eight accounts; some transfers fail for want of funds. */
export function bankApplication(): AnyApplication {
  return {
    name: 'bank',
    machine: bank(ACCOUNTS, BALANCE) as AnyMachine, // the operations below are its commands
    requests: 13,
    operation: (_client, _position, draw) => {
      const from = ACCOUNTS[draw(0, ACCOUNTS.length - 1)] ?? 'A'
      const to = ACCOUNTS[draw(0, ACCOUNTS.length - 1)] ?? 'A'
      return {
        type: 'command',
        command: { type: 'transfer', from, to, amount: draw(1, 90) } satisfies BankCommand,
      }
    },
    describe: (operation, completion) => {
      const { from, to, amount } = contentOf(operation) as BankCommand // made above
      const balances = completion?.type === 'ok' ? { balances: completion.output } : {}
      return { f: 'transfer', key: null, value: { from, to, amount, ...balances } }
    },
    invariant: (state) => {
      let total = 0
      for (const balance of (state as Map<string, number>).values()) total += balance
      const expected = ACCOUNTS.length * BALANCE
      return total === expected ? null : `the accounts hold ${total} together instead of ${expected}`
    },
  }
}

export const DEFAULT_MACHINE = 'key-value'

/** The machine of a run that names none: in the swarm, one whose clients are in each other's way all along. */
export function usualMachine(scenario: 'classic' | 'swarm' | undefined): string {
  return scenario === 'swarm' ? 'shared' : DEFAULT_MACHINE
}

/** The ready-made application of this name; null if there is none. */
export function readyApplication(name: string, reads: Reads): AnyApplication | null {
  switch (name) {
    case DEFAULT_MACHINE:
      return keyValueApplication(reads)
    case 'shared':
      return sharedApplication()
    case 'bank':
      return bankApplication()
    default:
      return null
  }
}

export function contentOf(operation: Operation): unknown {
  return operation.type === 'command' ? operation.command : operation.query
}

/** How an application describes an operation. By default `f` and `key` are its own fields `type` and `key`. */
export function describe(
  application: AnyApplication,
  operation: Operation,
  completion?: Completion,
): Description {
  const described = application.describe?.(operation, completion) ?? describeFields(operation, completion)
  if (described.value !== null || completion?.type !== 'ok') return described
  return { ...described, value: completion.output }
}

function describeFields(operation: Operation, completion?: Completion): Description {
  const content = contentOf(operation)
  if (typeof content !== 'object' || content === null) return { f: operation.type, key: null, value: content }
  const { type, key, ...rest } = content as Record<string, unknown> // any object has string keys
  const output = completion?.type === 'ok' ? { output: completion.output } : {}
  const name = typeof type === 'string' ? type : operation.type
  return {
    f: isStale(operation) ? `stale-${name}` : name,
    key: typeof key === 'string' ? key : null,
    value: Object.keys(rest).length === 0 ? null : { ...rest, ...output },
  }
}

/**
 * What an outcome means to the client. What failed was executed, and changed nothing: of a compare-and-set that says
 * what was not there. Refusals say no such thing, not even of what was never sent.
 */
export function completionOf(outcome: Outcome, decode: (bytes: Uint8Array) => unknown): Completion {
  if (outcome.ok) return { type: 'ok', output: decode(outcome.output) }
  return { type: outcome.error === 'command-failed' ? 'fail' : 'info', error: outcome.detail }
}
