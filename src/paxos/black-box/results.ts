/**
 * What a machine gave to a node, in the order in which it was asked: to a replay that is an input like any other. So the
 * node can be run again without the machine, or from the middle of its life without the state; and where there are both,
 * one can tell whether the machine still gives the same.
 */
import { joinBytes, MalformedBytes, sameBytes } from '../bytes.js'
import {
  type AnyMachine,
  type Codec,
  type Codecs,
  CommandFailed,
  codecsOf,
  type Machine,
  migrateState,
  versionOf,
} from '../machine.js'
import { detailOf } from '../replicated.js'
import { blank, blankText } from './redaction.js'

export type MachineResult =
  /** The output of a command, or the answer to a query. */
  | { readonly type: 'gave'; readonly bytes: Uint8Array }
  /** It encoded its state, in so many bytes. */
  | { readonly type: 'encoded'; readonly length: number }
  /** It made a state: the first one, a migrated one, or one from bytes. */
  | { readonly type: 'made' }
  | { readonly type: 'threw'; readonly detail: string; readonly isMalformed: boolean }

/** A machine whose commands, outputs, queries and answers are bytes. */
type ByteMachine = Machine<unknown, Uint8Array, Uint8Array, Uint8Array, Uint8Array>

const BYTES: Codec<Uint8Array> = { encode: (bytes) => bytes, decode: (bytes) => bytes }

export function redactResult(result: MachineResult): MachineResult {
  if (result.type === 'gave') return { type: 'gave', bytes: blank(result.bytes.length) }
  return result.type === 'threw' ? { ...result, detail: blankText(result.detail) } : result
}

/** The same machine, for a node alone; what it gives is told. */
export function overhear(machine: AnyMachine, hear: (result: MachineResult) => void): AnyMachine {
  const codecs = codecsOf(machine)
  const told = <Value>(call: () => Value, result: (value: Value) => MachineResult): Value => {
    let value: Value
    try {
      value = call()
    } catch (error) {
      hear(thrown(error))
      throw error
    }
    hear(result(value))
    return value
  }
  const { snapshots } = codecs
  const parts = (state: unknown, version: number): readonly Uint8Array[] =>
    told(() => snapshots.parts?.(state, version) ?? [snapshots.encode(state, version)], encoded)
  const overheard: ByteMachine = {
    version: versionOf(machine),
    initial: () => told(() => machine.initial(), made),
    migrate: (state, from) => told(() => migrateState(machine, state, from, from + 1), made),
    apply: (state, command, context) =>
      told(
        () => applyBytes(machine, codecs, state, command, context),
        ([, bytes]) => ({ type: 'gave', bytes }),
      ),
    query: (state, query, context) =>
      told(
        () => queryBytes(machine, codecs, state, query, context),
        (bytes) => ({ type: 'gave', bytes }),
      ),
    commands: BYTES,
    outputs: BYTES,
    queries: BYTES,
    answers: BYTES,
    snapshots: {
      encode: (state, version) => joinBytes(parts(state, version)),
      parts,
      decode: (bytes, version) => told(() => codecs.snapshots.decode(bytes, version), made),
    },
  }
  return overheard as unknown as AnyMachine // a node gives it bytes, and takes bytes from it
}

type Apply = ByteMachine['apply']
type Query = NonNullable<ByteMachine['query']>

function applyBytes(
  machine: AnyMachine,
  codecs: Codecs,
  ...[state, command, context]: Parameters<Apply>
): ReturnType<Apply> {
  const [next, output] = machine.apply(state, codecs.commands.decode(command), context)
  return [next, codecs.outputs.encode(output)]
}

function queryBytes(
  machine: AnyMachine,
  codecs: Codecs,
  ...[state, query, context]: Parameters<Query>
): Uint8Array {
  if (machine.query === undefined) throw new CommandFailed('This machine answers no queries.')
  return codecs.answers.encode(machine.query(state, codecs.queries.decode(query), context))
}

function made(): MachineResult {
  return { type: 'made' }
}

function encoded(parts: readonly Uint8Array[]): MachineResult {
  return { type: 'encoded', length: parts.reduce((sum, { length }) => sum + length, 0) }
}

function thrown(error: unknown): MachineResult {
  return { type: 'threw', detail: detailOf(error), isMalformed: error instanceof MalformedBytes }
}

// ---- once more -------------------------------------------------------------------------------------------------

/** Gives a node what the machine gave before. The machine itself, if there is one, runs beside, and is compared. */
export class Retelling {
  /** For the node. */
  readonly machine: AnyMachine
  /** What the machine gave otherwise, in a sentence; null as long as it gave the same. */
  flaw: string | null = null
  #beside: { readonly machine: AnyMachine; readonly codecs: Codecs } | null = null
  /** What is still to be given; null between turns. */
  #results: MachineResult[] | null = null
  /** The node asked for more than was recorded. */
  #isShort = false

  constructor(version: number) {
    const retold: ByteMachine = {
      version,
      initial: () => this.#make((machine) => machine.initial()),
      migrate: (state, from) => this.#make((machine) => migrateState(machine, state, from, from + 1)),
      apply: (state, command, context) => this.#apply(state, command, context),
      query: (state, query, context) => this.#query(state, query, context),
      commands: BYTES,
      outputs: BYTES,
      queries: BYTES,
      answers: BYTES,
      snapshots: {
        encode: (state, of) => this.#encode(state, of),
        decode: (bytes, of) => this.#make((_, { snapshots }) => snapshots.decode(bytes, of)),
      },
    }
    this.machine = retold as unknown as AnyMachine // a node gives it bytes, and takes bytes from it
  }

  /** From now on this machine runs beside: what the node has for its state must be that of this machine. */
  runBeside(machine: AnyMachine): void {
    this.#beside = { machine, codecs: codecsOf(machine) }
  }

  get isCompared(): boolean {
    return this.#beside !== null
  }

  begin(results: readonly MachineResult[]): void {
    this.#results = [...results]
    this.#isShort = false
  }

  /** Whether the node asked for exactly what was recorded. */
  end(): boolean {
    const isOver = this.#results?.length === 0 && !this.#isShort
    this.#results = null
    return isOver
  }

  /** From the first difference on the machine is not run any more: what follows would only follow from that. */
  differ(flaw: string): void {
    if (this.#beside === null) return
    this.flaw = flaw
    this.#beside = null
  }

  #next(): MachineResult {
    const next = this.#results?.shift()
    if (next !== undefined) return next
    this.#isShort = true
    return {
      type: 'threw',
      detail: 'The recording has nothing that the machine gave here.',
      isMalformed: false,
    }
  }

  /** What the machine beside gives; null if none runs. */
  #run<Value>(
    call: (machine: AnyMachine, codecs: Codecs) => Value,
  ): { readonly value: Value } | { readonly error: unknown } | null {
    if (this.#beside === null) return null
    try {
      return { value: call(this.#beside.machine, this.#beside.codecs) }
    } catch (error) {
      return { error }
    }
  }

  #apply(...[state, command, context]: Parameters<Apply>): ReturnType<Apply> {
    const result = this.#next()
    const own = this.#run((machine, codecs) => applyBytes(machine, codecs, state, command, context))
    const bytes = own !== null && 'value' in own ? own.value[1] : null
    this.#compare(`in slot ${context.slot}`, result, own, bytes)
    return [own !== null && 'value' in own ? own.value[0] : state, bytesOf(result)]
  }

  /** A function of a member's own code is no query that could be asked again: its bytes are none. */
  #query(...[state, query, context]: Parameters<Query>): Uint8Array {
    const result = this.#next()
    if (query.length === 0) return bytesOf(result)
    const own = this.#run((machine, codecs) => queryBytes(machine, codecs, state, query, context))
    this.#compare('to a query', result, own, own !== null && 'value' in own ? own.value : null)
    return bytesOf(result)
  }

  #encode(state: unknown, version: number): Uint8Array {
    const result = this.#next()
    const own = this.#run((_, { snapshots }) => snapshots.encode(state, version))
    if (result.type !== 'encoded') throw errorOf(result)
    if (own === null) return new Uint8Array(result.length)
    if ('value' in own && own.value.length === result.length) return own.value
    this.differ(
      `its state takes ${'value' in own ? own.value.length : 'no'} bytes, and took ${result.length}`,
    )
    return new Uint8Array(result.length)
  }

  /** A node that is thawed makes a state for a moment, and throws it away. */
  #make(call: (machine: AnyMachine, codecs: Codecs) => unknown): unknown {
    if (this.#results === null) return null
    const result = this.#next()
    const own = this.#run(call)
    if (result.type === 'threw') throw errorOf(result)
    if (own === null) return null
    if ('value' in own) return own.value
    this.differ(`it makes no state of this: ${detailOf(own.error)}`)
    return null
  }

  #compare(
    where: string,
    result: MachineResult,
    own: { readonly value: unknown } | { readonly error: unknown } | null,
    bytes: Uint8Array | null,
  ): void {
    if (own === null || this.#isShort) return
    if ('error' in own) {
      const detail = detailOf(own.error)
      if (result.type !== 'threw') this.differ(`${where} it fails (${detail}), and did not then`)
      else if (result.detail !== detail) this.differ(`${where} it fails otherwise (${detail})`)
    } else if (result.type !== 'gave') this.differ(`${where} it gives an output, and failed then`)
    else if (bytes === null || !sameBytes(bytes, result.bytes))
      this.differ(`${where} it gives another output`)
  }
}

function bytesOf(result: MachineResult): Uint8Array {
  if (result.type === 'gave') return result.bytes
  throw errorOf(result)
}

function errorOf(result: MachineResult): Error {
  if (result.type !== 'threw') return new Error(`The recording has another result here: ${result.type}.`)
  return result.isMalformed ? new MalformedBytes(result.detail) : new CommandFailed(result.detail)
}
