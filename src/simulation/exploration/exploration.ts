/**
 * Exhaustive exploration, breadth first: every state that a small cluster can get into, in any order of events within
 * some bounds. The roles are those that run everywhere else.
 *
 * A state of the cluster is a row of numbers: for each member a *seat* (its own state, and what is in flight to it),
 * what has come to be known for ever, and how much of the bounds is spent. A step is one move of one member.
 */
import { type MemberId, quorumOf, type RoleFactories } from '../../paxos/index.js'
import { type AnyApplication, keyValueApplication } from '../application.js'
import { type ApplicationError, applicationFrom, guard } from '../guard.js'
import { checkBounds, DEFAULT_BOUNDS, type ExplorationBounds } from './bounds.js'
import { DeadLetters } from './dead-letters.js'
import { Facts } from './facts.js'
import { commandOf, Members, type Outcome } from './members.js'
import { type Step, storyOf, type ToldEvent } from './story.js'
import { Interner, PairTable, StateTable, UNKNOWN } from './tables.js'

export interface ExplorationOptions {
  readonly bounds?: Partial<ExplorationBounds>
  /** What the clients ask for; key-value unless said otherwise. */
  readonly application?: AnyApplication
  /** Roles to put in place of the real ones. */
  readonly roles?: Partial<RoleFactories>
  /** Whether a turn is taken once and then remembered. On unless said otherwise; it makes no difference but in time. */
  readonly memoised?: boolean
}

export interface ExplorationResult {
  /** `holds`: in every state. `undecided`: there are more states than it was allowed to look at, or had time for. */
  readonly verdict: 'holds' | 'violated' | 'undecided'
  readonly bounds: ExplorationBounds
  /** States that some step led to, counted as often as one did. */
  readonly generated: number
  /** Different ones among them, and the first state. */
  readonly unique: number
  /** The most steps that it takes to get to any of them. */
  readonly depth: number
  /** Turns of nodes that were really taken. */
  readonly turns: number
  readonly violation: Violation | null
}

export interface Violation {
  readonly reason: string
  /** How many steps lead to it: no fewer do. */
  readonly steps: number
  /** Everything that happens on the way, with the number of the step. */
  readonly story: readonly ToldEvent[]
}

/** A member's state and the messages in flight to it. */
interface Seat {
  readonly state: number
  readonly inbox: number
}

/** What a member may do next, and the seat that it has afterwards. */
interface Choice {
  readonly outcome: Outcome
  readonly seat: number
}

const CRASH = 1 << 8

export class Exploration {
  readonly bounds: ExplorationBounds
  readonly #members: Members
  readonly #facts: Facts
  readonly #deadLetters: DeadLetters
  #seats: Interner<Seat> = new Interner()
  #choices: (readonly Choice[])[] = []
  /** A seat and messages that are sent to it, to the seat afterwards. */
  #receiving: PairTable = new PairTable()
  #settled: PairTable = new PairTable()
  #table: StateTable
  readonly #known: number
  readonly #spent: number

  readonly #row: Int32Array
  readonly #next: Int32Array
  /** The state to be expanded next, and the first one of the next depth. */
  #at = 0
  #horizon = 1
  #depth = 0
  #generated = 0
  #violation: Violation | null = null
  #fault: ApplicationError | null = null

  constructor({
    bounds = {},
    application: given = keyValueApplication('decree'),
    roles,
    memoised,
  }: ExplorationOptions = {}) {
    const application = guard(applicationFrom(given, 'application'), (fault) => {
      this.#fault ??= fault
    })
    const asked = { ...DEFAULT_BOUNDS, ...bounds }
    checkBounds(asked)
    // Clients that only read ask for nothing that takes a slot; elections are left to be explored.
    this.bounds = asksFor(application, asked.requests) ? asked : { ...asked, requests: 0 }
    const { members } = this.bounds
    this.#facts = new Facts(quorumOf(Array.from({ length: members }, (_, id) => id)))
    this.#members = new Members(this.bounds, application, this.#facts, { roles, memoised })
    this.#deadLetters = new DeadLetters(this.#members)
    this.#known = members
    this.#spent = members + 1
    this.#row = new Int32Array(members + 2)
    this.#next = new Int32Array(members + 2)
    this.#table = new StateTable(members + 2)
    this.#begin()
  }

  /**
   * Expands up to so many states. Says false when it is over. Throws an {@link ApplicationError} when the application
   * does not do what it must.
   */
  advance(states: number): boolean {
    for (let left = states; left > 0; left--) {
      if (this.#isOver()) return this.#beginsAgain()
      this.#expand(this.#at++)
      if (this.#fault !== null) throw this.#fault
    }
    return true
  }

  /** When all is explored. Says whether it has to be explored again, see {@link DeadLetters}. */
  #beginsAgain(): boolean {
    if (this.result.verdict !== 'holds' || !this.#deadLetters.wereNotAllDead()) return false
    this.#seats = new Interner()
    this.#choices = []
    this.#receiving = new PairTable()
    this.#settled = new PairTable()
    this.#table = new StateTable(this.#row.length)
    this.#at = 0
    this.#horizon = 1
    this.#depth = 0
    this.#generated = 0
    this.#begin()
    return true
  }

  get result(): ExplorationResult {
    const isThrough = this.#at === this.#table.size && this.#depth < this.bounds.depth
    const verdict = this.#violation ? 'violated' : isThrough ? 'holds' : 'undecided'
    return {
      verdict,
      bounds: this.bounds,
      generated: this.#generated,
      unique: this.#table.size,
      depth: this.#depth,
      turns: this.#members.turns,
      violation: this.#violation,
    }
  }

  #begin(): void {
    for (const id of this.#members.ids) this.#row[id] = this.#seat(this.#members.begin(id), [])
    this.#row[this.#known] = this.#facts.listOf(this.#members.given)
    this.#row[this.#spent] = 0
    this.#table.add(this.#row, 0)
  }

  #isOver(): boolean {
    if (this.#violation !== null || this.#at === this.#table.size) return true
    if (this.#table.size >= this.bounds.states) return true
    if (this.#at < this.#horizon) return false
    this.#horizon = this.#table.size
    this.#depth += 1
    return this.#depth >= this.bounds.depth
  }

  // ---- steps ---------------------------------------------------------------------------------------------------

  #expand(number: number): void {
    this.#table.read(number, this.#row)
    for (const id of this.#members.ids) {
      for (const choice of this.#choicesOf(this.#row[id] ?? 0)) {
        if (!this.#isAllowed(choice.outcome)) continue
        const breach = this.#take(id, choice)
        if (breach !== null) {
          this.#violation = this.#tell(number, { id, choice }, breach)
          return
        }
        if (this.#isSame()) continue
        this.#generated += 1
        this.#table.add(this.#next, number)
      }
    }
  }

  #isAllowed({ request, isCrash }: Outcome): boolean {
    const spent = this.#row[this.#spent] ?? 0
    if (request >= 0) return (spent & (1 << request)) === 0
    return !isCrash || Math.floor(spent / CRASH) < this.bounds.crashes
  }

  /** Makes `#next` of `#row`. Gives a sentence if something is wrong with it. */
  #take(id: MemberId, { outcome, seat }: Choice): string | null {
    const { letters, facts, breach, request, isCrash } = outcome
    const next = this.#next
    next.set(this.#row)
    if (breach !== null) return breach
    if (facts !== 0) {
      const known = this.#facts.after(next[this.#known] ?? 0, facts)
      if (known < 0) return this.#facts.breach(known)
      next[this.#known] = known
    }
    next[id] = seat
    for (let other = 0; other < letters.length; other++) {
      const sent = letters[other] ?? 0
      if (sent !== 0) next[other] = this.#seatWith(next[other] ?? 0, sent)
    }
    if (request >= 0) next[this.#spent] = (next[this.#spent] ?? 0) | (1 << request)
    if (isCrash) this.#countCrash()
    return null
  }

  /** After the last crash nobody need know any longer what is durable. */
  #countCrash(): void {
    const next = this.#next
    const spent = (next[this.#spent] ?? 0) + CRASH
    next[this.#spent] = spent
    if (Math.floor(spent / CRASH) < this.bounds.crashes) return
    for (const id of this.#members.ids) next[id] = this.#seatSettled(next[id] ?? 0)
  }

  #isSame(): boolean {
    for (let column = 0; column < this.#row.length; column++) {
      if (this.#row[column] !== this.#next[column]) return false
    }
    return true
  }

  // ---- seats ---------------------------------------------------------------------------------------------------

  #seat(state: number, letters: readonly number[]): number {
    const inbox = this.#members.listOf(letters.filter((letter) => !this.#deadLetters.isDead(state, letter)))
    return this.#seats.intern(`${state} ${inbox}`, () => ({ state, inbox }))
  }

  #choicesOf(seat: number): readonly Choice[] {
    const known = this.#choices[seat]
    if (known !== undefined) return known
    const { state, inbox } = this.#seats.get(seat)
    const letters = this.#members.lists.get(inbox)
    const choices: Choice[] = []
    for (const move of [...letters, ...this.#members.movesOf(state)]) {
      const outcome = this.#members.isInert(state, move) ? null : this.#members.outcome(state, move)
      if (outcome === null) continue
      const left = this.bounds.duplication ? letters : letters.filter((letter) => letter !== move)
      choices.push({ outcome, seat: this.#seat(outcome.state, left) })
    }
    this.#choices[seat] = choices
    return choices
  }

  /** The seat after these messages were sent to it. A message that is in flight already is not counted twice. */
  #seatWith(seat: number, sent: number): number {
    const known = this.#receiving.get(seat, sent)
    if (known !== UNKNOWN) return known
    const { state, inbox } = this.#seats.get(seat)
    const { lists } = this.#members
    const after = this.#seat(state, [...lists.get(inbox), ...lists.get(sent)])
    this.#receiving.add(seat, sent, after)
    return after
  }

  #seatSettled(seat: number): number {
    const known = this.#settled.get(seat, 0)
    if (known !== UNKNOWN) return known
    const { state, inbox } = this.#seats.get(seat)
    const after = this.#seat(this.#members.settled(state), this.#members.lists.get(inbox))
    this.#settled.add(seat, 0, after)
    return after
  }

  // ---- counterexamples -----------------------------------------------------------------------------------------

  /** The story of a step that broke something: every step from the beginning on. */
  #tell(number: number, last: { readonly id: MemberId; readonly choice: Choice }, reason: string): Violation {
    const steps: Step[] = [{ state: this.#stateOf(this.#row[last.id] ?? 0), move: last.choice.outcome.move }]
    for (let child = number; child !== 0; child = this.#table.parentOf(child))
      steps.unshift(this.#stepTo(child))
    return { reason, steps: steps.length, story: storyOf(this.#members, steps) }
  }

  #stateOf(seat: number): number {
    return this.#seats.get(seat).state
  }

  /** The step by which a state was first reached, found by taking all those of its parent once more. */
  #stepTo(child: number): Step {
    const reached = new Int32Array(this.#row.length)
    this.#table.read(child, reached)
    this.#table.read(this.#table.parentOf(child), this.#row)
    for (const id of this.#members.ids) {
      const seat = this.#row[id] ?? 0
      for (const choice of this.#choicesOf(seat)) {
        const isIt =
          this.#isAllowed(choice.outcome) &&
          this.#take(id, choice) === null &&
          this.#next.every((column, at) => column === reached[at])
        if (isIt) return { state: this.#stateOf(seat), move: choice.outcome.move }
      }
    }
    throw new Error(`No step leads to state ${child}.`)
  }
}

/** Whether any of so many requests can be made. */
function asksFor(application: AnyApplication, requests: number): boolean {
  return Array.from({ length: requests }, (_, request) => commandOf(application, request)).some(Boolean)
}
