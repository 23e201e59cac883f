/**
 * The machines that a history can be judged by. Each gives the operations of a history a meaning in a few steps
 * that all of them share; states and values are small integers, the same one for equal values.
 */
import { HistoryError, type HistoryOperation } from './operations.js'

/** What an operation asks of the state, and makes of it. */
enum Step {
  /** The state is `first`, and stays. */
  Is = 0,
  /** The state is not `first`, and stays. */
  IsNot = 1,
  /** The state becomes `first`. */
  Set = 2,
  /** The state is `first`, and becomes `second`. */
  Swap = 3,
  /** The state, a text, gets `first` at its end. */
  Append = 4,
  /** A model of the user's own says what becomes of the state. */
  Own = 5,
}

/** What an operation means. Null: it says nothing and changes nothing, and so needs no place in the order. */
type Meaning = { readonly step: Step; readonly first: unknown; readonly second?: unknown } | null

interface Model {
  /** What a key holds that nobody has written to. */
  readonly initial: unknown
  readonly operations: Readonly<Record<string, (operation: HistoryOperation) => Meaning>>
}

/** A read whose answer nobody knows says nothing. */
const read = ({ outcome, output }: HistoryOperation): Meaning =>
  outcome === 'ok' ? { step: Step.Is, first: output } : null

const write = ({ outcome, input }: HistoryOperation): Meaning =>
  outcome === 'fail' ? null : { step: Step.Set, first: input }

const remove = ({ outcome }: HistoryOperation): Meaning =>
  outcome === 'fail' ? null : { step: Step.Set, first: null }

/** A read that may give an earlier state: whatever it gives, the order of the others need not change for it. */
const anything = (): Meaning => null

/** A compare-and-swap that fails is a fact as well: what was there was something else. */
function compareAndSwap({ f, input, outcome, line }: HistoryOperation): Meaning {
  if (!Array.isArray(input) || input.length !== 2) {
    throw new HistoryError(line, `the value of ${f} must be [from, to]`)
  }
  const [first, second] = input as readonly unknown[] // an array, as was seen above
  return outcome === 'fail' ? { step: Step.IsNot, first } : { step: Step.Swap, first, second }
}

const text =
  (step: Step) =>
  ({ f, input, outcome, line }: HistoryOperation): Meaning => {
    if (typeof input !== 'string') throw new HistoryError(line, `the value of ${f} must be a text`)
    return outcome === 'fail' ? null : { step, first: input }
  }

export type ModelName = 'register' | 'append-kv' | 'key-value'

/** An operation of a history, as a model of one's own sees it. */
export type ModelOperation = Pick<HistoryOperation, 'f' | 'key' | 'input' | 'output' | 'outcome'>

/** A model of one's own: what a key is when operations happen one after the other. States are plain data. */
export interface SequentialModel<State = unknown> {
  /** What a key holds in the beginning. */
  readonly initial: State
  /**
   * What a key holds after an operation, which leaves `state` as it was; undefined where it cannot have happened like
   * that in this state. Of an operation whose outcome is `info` nobody knows the output.
   */
  step(state: State, operation: ModelOperation): State | undefined
}

/** What a history is judged by. */
export type AnyModel = ModelName | SequentialModel

export function nameOfModel(model: AnyModel): string {
  return typeof model === 'string' ? model : 'custom'
}

const MODELS: Readonly<Record<ModelName, Model>> = {
  register: { initial: null, operations: { read, write, cas: compareAndSwap } },
  'append-kv': { initial: '', operations: { get: read, put: text(Step.Set), append: text(Step.Append) } },
  'key-value': {
    initial: null,
    operations: { get: read, set: write, delete: remove, cas: compareAndSwap, 'stale-get': anything },
  },
}

export const MODEL_NAMES: readonly ModelName[] = ['register', 'append-kv', 'key-value']

/** The machines that know every operation of a history: of an empty one all of them. */
export function modelsFor(operations: readonly HistoryOperation[]): ModelName[] {
  const names = new Set(operations.map(({ f }) => f))
  return MODEL_NAMES.filter((model) =>
    [...names].every((name) => Object.hasOwn(MODELS[model].operations, name)),
  )
}

/** The operations of one key that need a place in the order, ready for the search. */
export interface Problem {
  /** Those that are completed, in the order of their beginning; then those that stay open for ever. */
  readonly operations: readonly HistoryOperation[]
  readonly completed: number
  readonly steps: Steps
}

/**
 * Throws a HistoryError if the machine does not know one of the operations. `exact`: none is left out, and all states
 * are told apart, even where that makes no difference to the verdict.
 */
export function problemOf(model: AnyModel, operations: readonly HistoryOperation[], exact = false): Problem {
  return typeof model === 'string' ? knownProblem(model, operations, exact) : ownProblem(model, operations)
}

/** All that is known of a model of one's own is what it says, one operation after the other. */
function ownProblem(model: SequentialModel, operations: readonly HistoryOperation[]): Problem {
  const completed = operations.filter(({ outcome }) => outcome !== 'info')
  const all = [...completed, ...operations.filter(({ outcome }) => outcome === 'info')]
  const meanings = all.map(({ f, key, input, output, outcome }) => {
    return { step: Step.Own, first: { f, key, input, output, outcome } }
  })
  const steps = new Steps(model.initial, meanings, true, model)
  return { operations: all, completed: completed.length, steps }
}

function knownProblem(name: ModelName, operations: readonly HistoryOperation[], exact: boolean): Problem {
  const model = MODELS[name]
  const completed: [HistoryOperation, NonNullable<Meaning>][] = []
  const open: typeof completed = []
  for (const operation of operations) {
    const meaningOf = Object.hasOwn(model.operations, operation.f) ? model.operations[operation.f] : undefined
    if (meaningOf === undefined) {
      const known = Object.keys(model.operations).join(', ')
      throw new HistoryError(operation.line, `${name} has no operation '${operation.f}', only ${known}`)
    }
    const meaning = meaningOf(operation)
    if (meaning !== null) (operation.outcome === 'info' ? open : completed).push([operation, meaning])
  }
  const all = [...completed, ...(exact ? open : withEffect(open, completed))]
  const meanings = exact
    ? all.map(([, meaning]) => meaning)
    : alike(
        model.initial,
        all.map(([, meaning]) => meaning),
      )
  return {
    operations: all.map(([operation]) => operation),
    completed: completed.length,
    steps: new Steps(model.initial, meanings, exact),
  }
}

/**
 * Leaves out the open operations that write what nobody ever saw: where one of them takes effect, the next thing that
 * happens is another write, so that it may as well never happen.
 */
function withEffect<Each extends readonly [HistoryOperation, NonNullable<Meaning>]>(
  open: readonly Each[],
  completed: readonly Each[],
): readonly Each[] {
  const meanings = [...completed, ...open].map(([, meaning]) => meaning)
  if (meanings.some(({ step }) => step === Step.IsNot || step === Step.Append)) return open
  const seen = new Set(meanings.filter(({ step }) => step !== Step.Set).map(({ first }) => textOf(first)))
  return open.filter(([, { step, first, second }]) => seen.has(textOf(step === Step.Swap ? second : first)))
}

/** Stands for every value that is written and that nothing asks for. */
const UNASKED = Symbol('unasked')

/** Makes one value of all that are written and that nothing asks for: which of them is there makes no difference. */
function alike(initial: unknown, meanings: readonly NonNullable<Meaning>[]): readonly NonNullable<Meaning>[] {
  if (meanings.some(({ step }) => step === Step.Append)) return meanings
  const asked = new Set(meanings.filter(({ step }) => step !== Step.Set).map(({ first }) => textOf(first)))
  asked.add(textOf(initial))
  const known = (value: unknown): unknown => (asked.has(textOf(value)) ? value : UNASKED)
  return meanings.map((meaning) => {
    const { step, first, second } = meaning
    if (step === Step.Set) return { step, first: known(first) }
    return step === Step.Swap ? { step, first, second: known(second) } : meaning
  })
}

/** State 0 is the first one. */
export class Steps {
  /** Stands for every text that no read gave the beginning of; -1 if texts are told apart. */
  readonly useless: number
  /** Whether some operation appends. */
  readonly appends: boolean
  readonly #steps: Uint8Array
  readonly #firsts: Int32Array
  readonly #seconds: Int32Array
  readonly #values: Values = new Values()
  /** What was read, sorted. */
  readonly #reads: readonly string[]
  /** What appending came to, or a model of one's own: the state after, by operation and state before. */
  readonly #known: Map<number, number> = new Map()
  readonly #own: SequentialModel | null

  constructor(
    initial: unknown,
    meanings: readonly NonNullable<Meaning>[],
    exact: boolean,
    own: SequentialModel | null = null,
  ) {
    this.#own = own
    this.#values.numberOf(initial)
    this.#steps = Uint8Array.from(meanings, ({ step }) => step)
    this.#firsts = Int32Array.from(meanings, ({ first }) => this.#values.numberOf(first))
    this.#seconds = Int32Array.from(meanings, ({ second = null }) => this.#values.numberOf(second))
    this.appends = meanings.some(({ step }) => step === Step.Append)
    this.useless = this.appends && !exact ? this.#values.numberOf(USELESS) : -1
    const reads = meanings.filter(({ step }) => step === Step.Is).map(({ first }) => textOfState(first))
    this.#reads = this.useless < 0 ? [] : reads.sort()
  }

  /** The state after an operation; -1 if it is not possible in this state. */
  after(state: number, operation: number): number {
    const first = at(this.#firsts, operation)
    // They are stored as such.
    switch (at(this.#steps, operation) as Step) {
      case Step.Is:
        return state === first ? state : -1
      case Step.IsNot:
        return state === first ? -1 : state
      case Step.Set:
        return first
      case Step.Swap:
        return state === first ? at(this.#seconds, operation) : -1
      case Step.Append:
        return this.#append(state, operation, first)
      case Step.Own:
        return this.#step(state, operation, first)
    }
  }

  /** Whether an operation leaves every state as it is. */
  isPure(operation: number): boolean {
    return at(this.#steps, operation) <= Step.IsNot
  }

  isSet(operation: number): boolean {
    return at(this.#steps, operation) === Step.Set
  }

  /** The only state in which an operation is possible; -1 if it is possible in several. */
  neededBy(operation: number): number {
    const step = at(this.#steps, operation)
    return step === Step.Is || step === Step.Swap ? at(this.#firsts, operation) : -1
  }

  /** The state to which an operation leads from wherever it is possible; -1 if that depends. */
  broughtBy(operation: number): number {
    const step = at(this.#steps, operation)
    if (step === Step.Set) return at(this.#firsts, operation)
    return step === Step.Swap ? at(this.#seconds, operation) : -1
  }

  /** The same text for operations that ask and do the same. */
  kindOf(operation: number): string {
    return [this.#steps, this.#firsts, this.#seconds].map((part) => at(part, operation)).join()
  }

  /** How many values there are so far. */
  get values(): number {
    return this.#values.count
  }

  valueOf(state: number): unknown {
    return this.#values.valueOf(state)
  }

  textOf(state: number): string {
    return textOfState(this.valueOf(state))
  }

  #append(state: number, operation: number, piece: number): number {
    if (state === this.useless) return state
    const place = state * this.#steps.length + operation
    const known = this.#known.get(place)
    if (known !== undefined) return known
    const text = this.textOf(state) + this.textOf(piece)
    const isUseful = this.useless < 0 || this.#reads[positionOf(this.#reads, text)]?.startsWith(text) === true
    const after = isUseful ? this.#values.numberOf(text) : this.useless
    this.#known.set(place, after)
    return after
  }

  #step(state: number, operation: number, asked: number): number {
    const place = state * this.#steps.length + operation
    const known = this.#known.get(place)
    if (known !== undefined) return known
    const next = this.#own?.step(this.valueOf(state), this.valueOf(asked) as ModelOperation) // made by ownProblem
    const after = next === undefined ? -1 : this.#values.numberOf(next)
    this.#known.set(place, after)
    return after
  }
}

const USELESS = Symbol('useless')

/** A read may have given anything; what was put and appended are texts. */
function textOfState(value: unknown): string {
  return typeof value === 'string' ? value : ''
}

/** The position of the first of some sorted texts that is not before another one. */
export function positionOf(sorted: readonly string[], text: string): number {
  let low = 0
  let high = sorted.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((sorted[middle] ?? '') < text) low = middle + 1
    else high = middle
  }
  return low
}

/** Numbers for values, the same one for equal values. */
class Values {
  readonly #values: unknown[] = []
  readonly #numbers: Map<unknown, number> = new Map()

  numberOf(value: unknown): number {
    const name = textOf(value)
    const known = this.#numbers.get(name)
    if (known !== undefined) return known
    this.#numbers.set(name, this.#values.length)
    return this.#values.push(value) - 1
  }

  get count(): number {
    return this.#values.length
  }

  valueOf(number: number): unknown {
    return this.#values[number]
  }
}

/** What tells one value from others in a map: itself, or the text of an array or an object, its fields sorted. */
function textOf(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value
  // No text of a history begins with this character and is JSON as well.
  return `\u0000${JSON.stringify(value, (_, part: unknown) => unordered(part))}`
}

/** The same value in an order that does not depend on how it was made; JSON alone would lose what a map holds. */
function unordered(part: unknown): unknown {
  if (part instanceof Map) return { map: [...part].map(textOfEntry).sort() }
  if (part instanceof Set) return { set: [...part].map(textOfEntry).sort() }
  return isRecord(part) ? sorted(part) : part
}

function textOfEntry(entry: unknown): string {
  return String(textOf([entry]))
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function sorted(record: Record<string, unknown>): Record<string, unknown> {
  const names = Object.keys(record).sort()
  return Object.fromEntries(names.map((name) => [name, record[name]]))
}

/** An element of a typed array, at an index that is known to be within it. */
export function at(array: Int32Array | Uint32Array | Uint8Array, index: number): number {
  return array[index] as number // within it
}
