/**
 * Diaries of nodes: everything that went into a node, kept while a run goes on, so that the node as it was at any moment
 * can be had again by doing its turns once more. Nothing of the world around it is needed for that.
 *
 * So that few turns have to be done, a node is frozen every so often while nobody waits.
 */
import {
  type AnyMachine,
  type FrozenNode,
  Node,
  type NodeEvent,
  type NodeOptions,
  type StoreRecord,
} from 'synod/paxos'
import { placeUpTo } from './columns.js'

/** Turns from one frozen node to the next. */
const INTERVAL = 256

/** A node as it was after so many turns. */
interface Frozen {
  readonly turns: number
  readonly node: FrozenNode
}

/** A node that is doing its turns once more: how many it has done, and the number of its next draw. */
interface Current {
  turns: number
  readonly node: Node
  readonly draws: { next: number }
}

/** One life of a node: from a start to a crash. */
export class Life {
  /** How many events had happened when the node was made, and when each of its turns began. */
  readonly fromEvent: number
  readonly options: NodeOptions
  /** What the disk held. */
  readonly records: readonly StoreRecord[]
  readonly turns: NodeEvent[] = []
  readonly #turnEvents: number[] = []
  readonly #draws: number[] = []
  /** Where the draws of each turn begin. */
  readonly #firstDraws: number[] = []
  /** After so many turns, ascending: the first of them is frozen before its first turn. */
  readonly #frozen: Frozen[] = []
  /** The node that was asked for last: the next moment is often the next event. */
  #current: Current | null = null

  constructor(fromEvent: number, options: NodeOptions) {
    this.fromEvent = fromEvent
    this.options = options
    this.records = [...(options.records ?? [])]
  }

  noteTurn(event: NodeEvent, events: number): void {
    this.turns.push(event)
    this.#turnEvents.push(events)
    this.#firstDraws.push(this.#draws.length)
  }

  noteDraw(drawn: number): void {
    this.#draws.push(drawn)
  }

  /** The turn that the node had had right after an event; null if it had none yet. */
  lastTurn(event: number): NodeEvent | null {
    return this.turns[placeUpTo(this.#turnEvents, event)] ?? null
  }

  /** The node as it was right after an event. To be read, and before the next call. */
  nodeAt(event: number, machine: AnyMachine): Node {
    return this.#nodeAfter(placeUpTo(this.#turnEvents, event) + 1, machine)
  }

  #nodeAfter(turns: number, machine: AnyMachine): Node {
    const frozen = this.#frozen.findLast((each) => each.turns <= turns)
    let current = this.#current
    if (current === null || current.turns > turns || current.turns < (frozen?.turns ?? 0))
      current = this.#begin(frozen ?? null, machine)
    this.#current = current
    while (current.turns < turns) this.#turn(current)
    return current.node
  }

  #begin(frozen: Frozen | null, machine: AnyMachine): Current {
    const turns = frozen?.turns ?? 0
    const draws = { next: this.#firstDraws[turns] ?? this.#draws.length }
    const draw = (low: number): number => this.#draws[draws.next++] ?? low
    const options: NodeOptions = { ...this.options, machine, records: this.records, draw }
    return { turns, draws, node: frozen === null ? new Node(options) : Node.thaw(frozen.node, options) }
  }

  #turn(current: Current): void {
    const turn = this.turns[current.turns]
    if (turn !== undefined) current.node.step(turn)
    current.turns += 1
  }

  /** Freezes the node after the next interval. Says whether there is more to be frozen. */
  freezeNext(machine: AnyMachine): boolean {
    const turns = (this.#frozen.at(-1)?.turns ?? 0) + INTERVAL
    if (turns >= this.turns.length) return false
    this.#frozen.push({ turns, node: this.#nodeAfter(turns, machine).freeze() })
    return true
  }
}

/** The diaries of all nodes of a run. */
export class Diary {
  /** By node, in their order. */
  readonly #lives: Map<number, Life[]> = new Map()
  readonly #events: () => number

  /** `events`: how many have happened. */
  constructor(events: () => number) {
    this.#events = events
  }

  /** Makes a node that is noted. */
  readonly makeNode = (options: NodeOptions): Node => {
    const life = new Life(this.#events(), options)
    const lives = this.#lives.get(options.self)
    if (lives === undefined) this.#lives.set(options.self, [life])
    else lives.push(life)
    const draw = (low: number, high: number, what: string): number => {
      const drawn = options.draw(low, high, what)
      life.noteDraw(drawn)
      return drawn
    }
    return new NotedNode({ ...options, draw }, (event) => life.noteTurn(event, this.#events()))
  }

  /** The life of a node that an event falls into, if it has begun; it may have ended since. */
  lifeAt(node: number, event: number): Life | null {
    return this.#lives.get(node)?.findLast(({ fromEvent }) => fromEvent < event) ?? null
  }

  get lives(): readonly Life[] {
    return [...this.#lives.values()].flat()
  }
}

class NotedNode extends Node {
  readonly #note: (event: NodeEvent) => void

  constructor(options: NodeOptions, note: (event: NodeEvent) => void) {
    super(options)
    this.#note = note
  }

  override step(event: NodeEvent): ReturnType<Node['step']> {
    this.#note(event)
    return super.step(event)
  }
}
