/**
 * The members of an exploration: every state that one of them was ever in, every message that was ever sent, and what
 * comes of the one meeting the other. Each turn is taken once and then remembered; that makes exploring fast.
 */
import {
  clonePlain,
  codecsOf,
  encodeDecree,
  encodeOpener,
  type Founding,
  type FrozenNode,
  type MemberId,
  type Message,
  type MessageType,
  type NodeOptions,
  ROUTES,
  type RoleFactories,
  type RoleName,
  type StoreRecord,
} from '../../paxos/index.js'
import { type AnyApplication, lettersOf, type Operation } from '../application.js'
import type { WorldEvent } from '../events.js'
import { ApplicationError } from '../guard.js'
import type { ExplorationBounds } from './bounds.js'
import { encodePlain } from './encode.js'
import type { Fact, Facts } from './facts.js'
import { Interner, Lists, PairTable, UNKNOWN } from './tables.js'
import { type Member, type Move, Turn, type TurnOptions } from './turn.js'

/** What comes of a move. */
export interface Outcome {
  readonly move: number
  /** The state of the member afterwards. */
  readonly state: number
  /** For each member the list of messages that it is sent. */
  readonly letters: readonly number[]
  /** The list of facts. */
  readonly facts: number
  /** A sentence if the turn itself was wrong. */
  readonly breach: string | null
  /** The request that was submitted, or -1. */
  readonly request: number
  readonly isCrash: boolean
}

/** A state of a member, in parts that many states share. */
interface Parts {
  readonly id: MemberId
  readonly fields: number
  readonly roles: readonly (readonly [RoleName, number])[]
  readonly synced: readonly number[]
  readonly unsynced: readonly number[]
  /** It may crash yet, so it matters what is durable. */
  readonly mortal: boolean
  /** The moves that it may make besides receiving. */
  readonly moves: readonly number[]
}

/** A move that is left out: it would go beyond a bound, or change nothing but when things happen. */
const LEFT_OUT = -2

const NONE: ReadonlySet<number> = new Set()

export class Members {
  readonly ids: readonly MemberId[]
  readonly lists: Lists = new Lists()
  /** How many turns were really taken. */
  turns = 0
  readonly #bounds: ExplorationBounds
  readonly #application: AnyApplication
  readonly #facts: Facts
  readonly #memoised: boolean
  readonly #roles: Partial<RoleFactories>

  readonly #states: Interner<Parts> = new Interner()
  readonly #fields: Interner<FrozenNode['fields']> = new Interner()
  readonly #roleStates: Interner<Readonly<Record<string, unknown>>> = new Interner()
  readonly #records: Interner<StoreRecord> = new Interner()
  readonly #moves: Interner<Move> = new Interner()
  readonly #outcomes: Outcome[] = []
  readonly #known: PairTable = new PairTable()
  readonly #after: Map<number, Set<number>> = new Map()

  constructor(
    bounds: ExplorationBounds,
    application: AnyApplication,
    facts: Facts,
    {
      roles = {},
      memoised = true,
    }: { roles?: Partial<RoleFactories> | undefined; memoised?: boolean | undefined },
  ) {
    this.#bounds = bounds
    this.#application = application
    this.#facts = facts
    this.#roles = roles
    this.#memoised = memoised
    this.ids = Array.from({ length: bounds.members }, (_, id) => id)
  }

  // ---- the beginning -------------------------------------------------------------------------------------------

  /** The state of a member that has just started, in a cluster that is founded and whose clients have sessions. */
  begin(id: MemberId, tell?: (event: WorldEvent) => void): number {
    const turn = new Turn({ id, synced: this.#founded(id) }, this.#turnOptions(id, tell, 'instant'))
    turn.boot()
    return this.#intern(turn.member, this.#bounds.crashes > 0)
  }

  #founded(id: MemberId): StoreRecord[] {
    const founding: Founding = {
      cluster: 1,
      voters: this.ids.map((member) => ({ member, store: storeOf(member) })),
      timeMicros: 0,
    }
    return [
      { type: 'created', store: storeOf(id), member: id },
      { type: 'founded', founding },
      { type: 'decision', slot: 1, decree: this.#opening },
    ]
  }

  /** Slot 1: every client has its session. */
  get #opening(): Uint8Array {
    const requests = Array.from({ length: this.#bounds.requests }, (_, client) => ({
      session: 0,
      sequence: 0,
      acknowledged: 0,
      command: encodeOpener(lettersOf(client)),
    }))
    return encodeDecree(0, requests)
  }

  /** What is known in the beginning: everybody voted for slot 1. */
  get given(): readonly Fact[] {
    const ballot = { round: 0, member: 0, incarnation: 0 }
    return this.ids.map((member) => ({ type: 'voted', member, slot: 1, ballot, decree: this.#opening }))
  }

  #command(request: number): unknown {
    const operation = commandOf(this.#application, request)
    if (operation !== undefined) return operation.command
    throw new ApplicationError(`client ${request} does no command, as others do`)
  }

  // ---- moves ---------------------------------------------------------------------------------------------------

  /** The move of receiving a message. */
  #receiving(from: MemberId, to: MemberId, message: Message): number {
    const move: Move = { type: 'receives', from, to, message }
    return this.#moves.intern(encodePlain(move), () => move)
  }

  /** The message that is received in this move. */
  letter(move: number): Message {
    const made = this.#moves.get(move)
    if (made.type !== 'receives') throw new RangeError(`Move ${move} is no message.`)
    return made.message
  }

  /** The moves that a member in this state may make besides receiving. */
  movesOf(state: number): readonly number[] {
    return this.#states.get(state).moves
  }

  /** What comes of a move, or null if it is left out. */
  outcome(state: number, move: number): Outcome | null {
    const known = this.#memoised ? this.#known.get(state, move) : UNKNOWN
    if (known !== UNKNOWN) return this.#outcomes[known] ?? null
    const outcome = this.#perform(state, move)
    if (outcome !== null) this.#follows(state, outcome.state)
    if (this.#memoised)
      this.#known.add(state, move, outcome === null ? LEFT_OUT : this.#outcomes.push(outcome) - 1)
    return outcome
  }

  /** Whether a move changes nothing and tells nobody anything. */
  isInert(state: number, move: number): boolean {
    const made = this.#moves.get(move)
    if (made.type === 'receives' && !this.#isHeard(state, made.message.type)) return true
    const outcome = this.outcome(state, move)
    if (outcome === null) return true
    const { breach, facts, letters } = outcome
    return outcome.state === state && breach === null && facts === 0 && letters.every((sent) => sent === 0)
  }

  /** Whether a member in this state has a role that does something about such a message. */
  #isHeard(state: number, type: MessageType): boolean {
    const heardBy: readonly RoleName[] = ROUTES[type]
    return this.#states.get(state).roles.some(([role]) => role !== 'initializer' && heardBy.includes(role))
  }

  /** The states that any move leads to from this one, of those that were ever made. */
  statesAfter(state: number): ReadonlySet<number> {
    return this.#after.get(state) ?? NONE
  }

  #follows(state: number, next: number): void {
    const after = this.#after.get(state)
    if (after === undefined) this.#after.set(state, new Set([next]))
    else after.add(next)
  }

  /** Takes the turn again, for whoever wants to hear what happens in it. */
  replay(state: number, move: number, tell: (event: WorldEvent) => void): void {
    const member = this.#member(state)
    new Turn(member, this.#turnOptions(member.id, tell)).make(this.#moves.get(move))
  }

  /** The same state of a member that will not crash any more. */
  settled(state: number): number {
    const parts = this.#states.get(state)
    if (!parts.mortal) return state
    const settled = this.#intern(this.#member(state), false)
    this.#follows(state, settled)
    return settled
  }

  #perform(state: number, moveNumber: number): Outcome | null {
    this.turns += 1
    const move = this.#moves.get(moveNumber)
    const before = this.#member(state)
    const turn = new Turn(before, this.#turnOptions(before.id))
    turn.make(move)
    if (turn.scoutedRound > this.#bounds.rounds) return null
    const isQuiet = (move.type === 'wakes' || move.type === 'asks') && turn.isQuiet
    if (isQuiet) return null
    const breach = turn.breach ?? this.#judgeMachine(turn)
    const letters = this.ids.map((to) => {
      const sent = turn.letters.filter((letter) => letter.to === to)
      return this.listOf(sent.map(({ message }) => this.#receiving(before.id, to, message)))
    })
    return {
      move: moveNumber,
      state: this.#intern(turn.member, this.#states.get(state).mortal),
      letters,
      facts: this.#facts.listOf(turn.facts),
      breach,
      request: move.type === 'asks' ? move.request : -1,
      isCrash: move.type === 'crashes',
    }
  }

  /** The number of a set of messages. */
  listOf(letters: readonly number[]): number {
    return this.lists.of([...new Set(letters)].sort((a, b) => a - b))
  }

  /** What the application says of the state of its machine, after a turn in which it may have changed. */
  #judgeMachine({ facts, machineState }: Turn): string | null {
    if (facts.length === 0) return null
    try {
      clonePlain(machineState)
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error)
      throw new ApplicationError(`\`machine.apply\` gave a state that is not plain data: ${why}`)
    }
    return this.#application.invariant?.(machineState) ?? null
  }

  #turnOptions(id: MemberId, tell?: (event: WorldEvent) => void, syncs = this.#bounds.syncs): TurnOptions {
    const node: NodeOptions = {
      self: id,
      machine: this.#application.machine,
      purpose: { type: 'join', contacts: this.ids },
      draw: (low) => low,
      roles: this.#roles,
    }
    return { node, members: this.ids, syncs, ...(tell && { tell }) }
  }

  // ---- states --------------------------------------------------------------------------------------------------

  #member(state: number): Member {
    const { id, fields, roles, synced, unsynced } = this.#states.get(state)
    const frozen = {
      fields: this.#fields.get(fields),
      roles: Object.fromEntries(roles.map(([name, role]) => [name, this.#roleStates.get(role)])),
    }
    const recordOf = (number: number): StoreRecord => this.#records.get(number)
    return { id, frozen, synced: synced.map(recordOf), unsynced: unsynced.map(recordOf) }
  }

  /** What is durable matters to who may crash yet; and to who starts and has not read it all. */
  #intern({ id, frozen, synced, unsynced }: Member, mortal: boolean): number {
    const { fields } = frozen
    const fieldsNumber = this.#fields.intern(encodePlain(fields), () => fields)
    const roles = Object.entries(frozen.roles).map(
      ([name, role]) => [name as RoleName, this.#roleStates.intern(encodePlain(role), () => role)] as const,
    )
    const numberOf = (record: StoreRecord): number => this.#records.intern(encodePlain(record), () => record)
    const kept = mortal || !fields.awake ? synced.map(numberOf) : []
    const waiting = unsynced.map(numberOf)
    const key = `${id} ${mortal} ${fieldsNumber} ${roles.join(' ')} | ${kept.join(' ')} | ${waiting.join(' ')}`
    return this.#states.intern(key, () => ({
      id,
      fields: fieldsNumber,
      roles,
      synced: kept,
      unsynced: waiting,
      mortal,
      moves: this.#movesOf(id, [...fields.timers.keys()], waiting.length, mortal),
    }))
  }

  #movesOf(id: MemberId, timers: readonly string[], unsynced: number, mortal: boolean): number[] {
    const moves: Move[] = []
    for (const name of timers) {
      const [role, timer] = name.split(' ') as [RoleName, string] // the node puts them together so
      const mayLead = timer === 'election' && id < this.#bounds.leaders
      const fires = role === 'leader' ? mayLead : timer === 'fetch' && this.#bounds.fetches
      if (fires) moves.push({ type: 'wakes', role, timer })
    }
    if (unsynced > 0) moves.push({ type: 'syncs' })
    for (
      let request = id;
      id < this.#bounds.leaders && request < this.#bounds.requests;
      request += this.#bounds.leaders
    )
      moves.push(this.#asking(request))
    if (mortal) moves.push({ type: 'crashes', survivors: 0 })
    for (let survivors = 1; mortal && survivors < unsynced; survivors++)
      moves.push({ type: 'crashes', survivors })
    return moves.map((move) => this.#moves.intern(encodePlain(move), () => move))
  }

  /** Clients are no members: what they are told is told to nobody. */
  #asking(request: number): Move {
    const { commands } = codecsOf(this.#application.machine)
    const command = commands.encode(this.#command(request))
    const message: Message = {
      type: 'request',
      request: { session: request + 1, sequence: 1, acknowledged: 0, command },
    }
    return { type: 'asks', request, from: this.ids.length + request, message }
  }
}

/** The command of a request: the first command that the application has its client do, if there is one. */
export function commandOf(application: AnyApplication, request: number): Command | undefined {
  for (let position = 0; position < application.requests; position++) {
    const operation = application.operation(
      request,
      position,
      (low, high) => low + (request % (high - low + 1)),
    )
    if (operation.type === 'command') return operation
  }
  return undefined
}

type Command = Extract<Operation, { type: 'command' }>

function storeOf(member: MemberId): number {
  return member + 1
}
