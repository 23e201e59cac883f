/**
 * Whether a history is linearizable: for each operation there is a moment between its beginning and its end at which it
 * took effect, all at once. Keys are independent of each other, so each is judged by itself (P-compositionality: Horn
 * and Kroening 2015, "Faster linearizability checking via P-compositionality").
 */
import { type AnyModel, nameOfModel, problemOf } from './models.js'
import type { HistoryOperation } from './operations.js'
import { type Finding, Search } from './search.js'

export interface KeyFinding extends Finding {
  readonly key: HistoryOperation['key']
  /** How many operations the history has of this key. */
  readonly operations: number
  /** What the key holds after `order`. */
  readonly state: unknown
}

export interface LinearizabilityResult {
  /** Not linearizable as soon as one key is not; linearizable when every key is. */
  readonly verdict: Finding['verdict']
  /** The name of what it was judged by; `custom` for a model of one's own. */
  readonly machine: string
  /** How many operations the history has. */
  readonly operations: number
  /** How many operations were tried at some place. */
  readonly steps: number
  /** In the order in which the keys appear. */
  readonly keys: readonly KeyFinding[]
}

/** How many steps the search for a key takes before the others have their turn; four times as many in the next turn. */
const FIRST_TURN = 10_000

/** How many steps may go into each question of an explanation. */
const EXPLANATION = 1_000_000

interface Key {
  readonly key: HistoryOperation['key']
  readonly operations: readonly HistoryOperation[]
  readonly search: Search
}

export class LinearizabilityCheck {
  readonly #machine: AnyModel
  readonly #operations: number
  readonly #keys: readonly Key[]
  /** The keys that are not decided yet, those first that have not had their turn. */
  #waiting: Key[]
  #position = 0
  #turnSteps = FIRST_TURN
  /** What is left of the turn of the key at `position`. */
  #left = FIRST_TURN

  /** Throws a HistoryError if the machine does not know one of the operations. */
  constructor(machine: AnyModel, operations: readonly HistoryOperation[]) {
    this.#machine = machine
    this.#operations = operations.length
    this.#keys = [...byKey(operations)].map(([key, own]) => {
      return { key, operations: own, search: new Search(problemOf(machine, own)) }
    })
    this.#waiting = [...this.#keys]
  }

  /** Goes on for about this many steps. Gives whether there is more to do. */
  advance(steps: number): boolean {
    let left = steps
    while (left > 0) {
      const key = this.#waiting[this.#position]
      if (key === undefined) return false
      const before = key.search.steps
      key.search.advance(Math.min(left, this.#left))
      const taken = Math.max(key.search.steps - before, 1)
      left -= taken
      this.#left -= taken
      if (this.#left <= 0 || key.search.verdict !== 'undecided') this.#turnToNext()
    }
    return this.#waiting.length > 0
  }

  get verdict(): Finding['verdict'] {
    const verdicts = this.#keys.map(({ search }) => search.verdict)
    if (verdicts.includes('not linearizable')) return 'not linearizable'
    return verdicts.includes('undecided') ? 'undecided' : 'linearizable'
  }

  get result(): LinearizabilityResult {
    return {
      verdict: this.verdict,
      machine: nameOfModel(this.#machine),
      operations: this.#operations,
      steps: this.#keys.reduce((sum, { search }) => sum + search.steps, 0),
      keys: this.#keys.map((key) => this.#findingOf(key)),
    }
  }

  #findingOf({ key, operations, search }: Key): KeyFinding {
    const explained =
      search.verdict === 'not linearizable' ? explanationOf(this.#machine, operations) : search.finding
    const { order, blocked } = explained
    const state = stateAfter(this.#machine, operations, order)
    return { key, operations: operations.length, verdict: search.verdict, order, blocked, state }
  }

  #turnToNext(): void {
    this.#position += 1
    if (this.#position === this.#waiting.length) {
      this.#waiting = this.#waiting.filter(({ search }) => search.verdict === 'undecided')
      this.#position = 0
      this.#turnSteps *= 4
    }
    this.#left = this.#turnSteps
  }
}

/** Judges a history. After `mostSteps` steps, if that is given, what is not decided stays undecided. */
export function checkLinearizability(
  machine: AnyModel,
  operations: readonly HistoryOperation[],
  mostSteps: number = Number.POSITIVE_INFINITY,
): LinearizabilityResult {
  const check = new LinearizabilityCheck(machine, operations)
  check.advance(mostSteps)
  return check.result
}

type Explanation = Pick<Finding, 'order' | 'blocked'>

/**
 * Whatever a linearizable history begins with is linearizable, too. So there is one end of an operation up to which a
 * history is not linearizable, and before which it is: that operation breaks it. It is found by halving. Where that takes
 * too long nobody is blamed.
 */
function explanationOf(machine: AnyModel, operations: readonly HistoryOperation[]): Explanation {
  const ends = operations.filter(({ endLine }) => endLine !== null).sort((a, b) => endOf(a) - endOf(b))
  let order: readonly HistoryOperation[] = []
  let low = 0
  let high = ends.length
  let isCertain = true
  while (high - low > 1) {
    const middle = (low + high) >>> 1
    const search = new Search(problemOf(machine, beginningOf(operations, endOf(ends[middle - 1]))))
    search.advance(EXPLANATION)
    if (search.verdict === 'linearizable') {
      order = search.finding.order
      low = middle
    } else {
      high = middle
      isCertain = search.verdict === 'not linearizable'
    }
  }
  const originals = new Map(operations.map((operation) => [operation.line, operation]))
  const blocked = isCertain ? (ends[high - 1] ?? null) : null
  return { order: order.map((each) => originals.get(each.line) ?? each), blocked }
}

function endOf(operation: HistoryOperation | undefined): number {
  return operation?.endLine ?? Number.POSITIVE_INFINITY
}

/** What a history looks like up to a line: what has not ended yet may have taken effect, unless it is going to fail. */
function beginningOf(operations: readonly HistoryOperation[], line: number): HistoryOperation[] {
  return operations
    .filter((each) => each.line < line && (endOf(each) <= line || each.outcome !== 'fail'))
    .map((each) => (endOf(each) <= line ? each : { ...each, outcome: 'info', output: null, endLine: null }))
}

function stateAfter(
  machine: AnyModel,
  operations: readonly HistoryOperation[],
  order: readonly HistoryOperation[],
): unknown {
  const { operations: all, steps } = problemOf(machine, operations, true)
  const numbers = new Map(all.map((operation, number) => [operation, number]))
  let state = 0
  for (const operation of order) state = steps.after(state, numbers.get(operation) ?? -1)
  return steps.valueOf(state)
}

/** In the order in which the keys appear. */
function byKey(
  operations: readonly HistoryOperation[],
): ReadonlyMap<HistoryOperation['key'], readonly HistoryOperation[]> {
  const keys = new Map<HistoryOperation['key'], HistoryOperation[]>()
  for (const operation of operations) {
    const own = keys.get(operation.key)
    if (own === undefined) keys.set(operation.key, [operation])
    else own.push(operation)
  }
  return keys
}
