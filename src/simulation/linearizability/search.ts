/**
 * The search for an order in which the operations of one key could have happened one after the other: the algorithm of
 * Wing and Gong (1993) as Lowe improved it (2017, "Testing for linearizability", section 4), with a linked list of what
 * is not placed yet, and a memory of the configurations that led nowhere.
 *
 * Five things make it faster, and none of them changes a verdict:
 * - Values that are written and that nothing asks for count as one, see models.ts: writes of them do the same.
 * - An operation that is possible and changes nothing in any state is placed at once, and for good: whatever order there
 *   is, it can be moved to here.
 * - Operations that stay open come after all others, and only where they change the state: they need not happen.
 * - Of two open operations that do the same, the one that began later comes after the other.
 * - What would make another operation impossible is not tried, see outlook.ts.
 */
import { Configurations } from './configurations.js'
import { at, type Problem } from './models.js'
import type { HistoryOperation } from './operations.js'
import { Outlook } from './outlook.js'

/** What is found about one key. */
export interface Finding {
  /** `undecided`: the search has not come to its end. */
  readonly verdict: 'linearizable' | 'not linearizable' | 'undecided'
  /** The order, or the longest one that is legal as far as it goes. */
  readonly order: readonly HistoryOperation[]
  /** Where that order cannot go on: the operation that ended before any that could come next had begun. */
  readonly blocked: HistoryOperation | null
}

/** The two lists begin at these: of completed operations, with beginnings and ends; and of the open ones. */
const HEAD = 0
const OPEN = 1
const FIRST = 2

export class Search {
  readonly #problem: Problem
  readonly #configurations: Configurations
  readonly #outlook: Outlook
  /** The lists: entries are numbered in real-time order, so that their numbers can be compared. */
  readonly #next: Int32Array
  readonly #previous: Int32Array
  readonly #operationOf: Int32Array
  readonly #beginningOf: Int32Array
  /** 0 for an open operation. */
  readonly #endOf: Int32Array
  /** For each open operation the one before that does the same; -1 if there is none. */
  readonly #twins: Int32Array

  /** The operations placed so far, and the state before each. */
  readonly #order: Int32Array
  readonly #states: Int32Array
  #depth = 0
  #state = 0
  /** Completed operations without a place. */
  #left: number
  /** The longest order so far. */
  readonly #longest: Int32Array
  #longestDepth = 0
  /** How many completed operations it has. */
  #longestPlaced = -1
  #blocked = -1
  /** As far as this, the longest order and the present one are the same. */
  #common = 0
  /** A new configuration was reached; otherwise `entry` is the next that may be tried in this one. */
  #entered = true
  #entry = HEAD
  #verdict: Finding['verdict'] = 'undecided'
  #steps = 0

  constructor(problem: Problem) {
    const { operations, completed } = problem
    const count = operations.length
    this.#problem = problem
    this.#left = completed
    this.#outlook = new Outlook(problem)
    this.#configurations = new Configurations(completed, count - completed)
    const entries = FIRST + count + completed
    this.#next = new Int32Array(entries)
    this.#previous = new Int32Array(entries)
    this.#operationOf = new Int32Array(entries)
    this.#beginningOf = new Int32Array(count)
    this.#endOf = new Int32Array(count)
    this.#order = new Int32Array(count)
    this.#states = new Int32Array(count)
    this.#longest = new Int32Array(count)
    this.#twins = twinsOf(problem)
    this.#link()
    if (this.#outlook.isHopeless) this.#verdict = 'not linearizable'
  }

  get verdict(): Finding['verdict'] {
    return this.#verdict
  }

  /** How many operations were tried at some place. */
  get steps(): number {
    return this.#steps
  }

  /** Goes on for about this many steps. Gives whether there is more to do. */
  advance(steps: number): boolean {
    const end = this.#steps + steps
    while (this.#verdict === 'undecided' && this.#steps < end) this.#turn()
    return this.#verdict === 'undecided'
  }

  get finding(): Finding {
    const { operations } = this.#problem
    const order = Array.from(this.#longest.subarray(0, this.#longestDepth), (each) => operations[each])
    return {
      verdict: this.#verdict,
      order: order.filter((operation) => operation !== undefined),
      blocked: (this.#verdict === 'linearizable' ? undefined : operations[this.#blocked]) ?? null,
    }
  }

  /** Puts the beginnings and ends into the lists, by their lines. */
  #link(): void {
    const { operations, completed } = this.#problem
    const events: [line: number, operation: number, isEnd: boolean][] = []
    for (const [operation, { line, endLine }] of operations.entries()) {
      events.push([line, operation, false])
      if (operation < completed) events.push([endLine ?? 0, operation, true]) // completed: it has one
    }
    events.sort(([one], [other]) => one - other)
    const last = [HEAD, OPEN] as [number, number]
    this.#next[OPEN] = OPEN
    this.#previous[OPEN] = OPEN
    for (const [position, [, operation, isEnd]] of events.entries()) {
      const entry = FIRST + position
      const list = operation < completed ? HEAD : OPEN
      this.#operationOf[entry] = operation
      ;(isEnd ? this.#endOf : this.#beginningOf)[operation] = entry
      this.#previous[entry] = last[list]
      this.#next[entry] = list
      this.#next[last[list]] = entry
      this.#previous[list] = entry
      last[list] = entry
    }
  }

  #turn(): void {
    if (this.#entered) this.#enter()
    else if (!this.#tryMore()) this.#goBack()
  }

  /** Places what can be placed for good; then goes back at once if this configuration is known. */
  #enter(): void {
    this.#entered = false
    this.#placePure()
    if (this.#left === 0) {
      this.#note(-1)
      this.#verdict = 'linearizable'
    } else if (this.#configurations.isNew(this.#state)) {
      this.#entry = at(this.#next, HEAD)
    } else {
      this.#goBack()
    }
  }

  #placePure(): void {
    const { steps } = this.#problem
    let entry = at(this.#next, HEAD)
    while (entry !== HEAD && !this.#isEnd(entry)) {
      const operation = at(this.#operationOf, entry)
      if (steps.isPure(operation)) {
        this.#steps += 1
        if (steps.after(this.#state, operation) >= 0) {
          this.#place(operation, this.#state)
          // What came next may have been the end of this very operation, which is gone with it.
          entry = at(this.#previous, entry)
        }
      }
      entry = at(this.#next, entry)
    }
  }

  /** Tries what changes the state and has not been tried here, and places the first that is possible. */
  #tryMore(): boolean {
    // Whatever ends first has to come before all that begins after its end.
    const end = this.#firstEnd()
    let entry = this.#entry
    if (!this.#isOpen(entry)) {
      for (; entry !== end; entry = at(this.#next, entry)) if (this.#try(entry)) return true
      entry = at(this.#next, OPEN)
    }
    for (; entry !== OPEN && entry < end; entry = at(this.#next, entry)) if (this.#try(entry)) return true
    this.#note(at(this.#operationOf, end))
    return false
  }

  #try(entry: number): boolean {
    const { steps, completed } = this.#problem
    const operation = at(this.#operationOf, entry)
    if (steps.isPure(operation)) return false
    this.#steps += 1
    const after = steps.after(this.#state, operation)
    if (after < 0 || this.#outlook.isDoomed(operation, this.#state, after)) return false
    if (operation >= completed) {
      const twin = at(this.#twins, operation)
      if (after === this.#state || (twin >= 0 && !this.#configurations.has(twin))) return false
    }
    this.#place(operation, after)
    this.#entered = true
    return true
  }

  #place(operation: number, after: number): void {
    this.#order[this.#depth] = operation
    this.#states[this.#depth] = this.#state
    this.#depth += 1
    this.#state = after
    this.#configurations.add(operation)
    this.#outlook.place(operation)
    this.#unlink(at(this.#beginningOf, operation))
    if (operation >= this.#problem.completed) return
    this.#unlink(at(this.#endOf, operation))
    this.#left -= 1
  }

  /** Takes back the last choice, and what was placed for good because of it. What was not tried instead comes next. */
  #goBack(): void {
    const { steps, completed } = this.#problem
    while (this.#depth > 0) {
      this.#depth -= 1
      const operation = at(this.#order, this.#depth)
      this.#state = at(this.#states, this.#depth)
      this.#configurations.remove(operation)
      this.#outlook.takeBack(operation)
      if (operation < completed) {
        this.#relink(at(this.#endOf, operation))
        this.#left += 1
      }
      this.#relink(at(this.#beginningOf, operation))
      if (steps.isPure(operation)) continue
      this.#common = Math.min(this.#common, this.#depth)
      this.#entry = at(this.#next, at(this.#beginningOf, operation))
      return
    }
    this.#verdict = 'not linearizable'
  }

  /** Notes the present order if it has more completed operations than any before. */
  #note(blocked: number): void {
    const placed = this.#problem.completed - this.#left
    if (placed <= this.#longestPlaced) return
    for (let depth = this.#common; depth < this.#depth; depth++) {
      this.#longest[depth] = at(this.#order, depth)
    }
    this.#common = this.#depth
    this.#longestDepth = this.#depth
    this.#longestPlaced = placed
    this.#blocked = blocked
  }

  #firstEnd(): number {
    let entry = at(this.#next, HEAD)
    while (!this.#isEnd(entry)) entry = at(this.#next, entry)
    return entry
  }

  #isEnd(entry: number): boolean {
    return at(this.#endOf, at(this.#operationOf, entry)) === entry
  }

  /** Whether an entry, or the beginning of a list, belongs to the open operations. */
  #isOpen(entry: number): boolean {
    if (entry < FIRST) return entry === OPEN
    return at(this.#operationOf, entry) >= this.#problem.completed
  }

  #unlink(entry: number): void {
    const [previous, next] = [at(this.#previous, entry), at(this.#next, entry)]
    this.#next[previous] = next
    this.#previous[next] = previous
  }

  /** Undoes `unlink`; what was unlinked last has to be undone first. */
  #relink(entry: number): void {
    this.#next[at(this.#previous, entry)] = entry
    this.#previous[at(this.#next, entry)] = entry
  }
}

function twinsOf({ operations, completed, steps }: Problem): Int32Array {
  const twins = new Int32Array(operations.length).fill(-1)
  /** The last operation of each kind. */
  const last = new Map<string, number>()
  for (let operation = completed; operation < operations.length; operation++) {
    const kind = steps.kindOf(operation)
    twins[operation] = last.get(kind) ?? -1
    last.set(kind, operation)
  }
  return twins
}
