/**
 * Drives a node in the real world: gives it what arrives, with the time, and carries out what comes of it. The store and
 * the links come from outside; the driver knows neither files nor sockets.
 *
 * What is written and sent within one round of the event loop goes to the disk and to each peer in one piece.
 */
import {
  type Action,
  type ClientRequest,
  type MemberId,
  type Message,
  Node,
  type NodeEvent,
  type NodeId,
  type NodeOptions,
  type Observation,
  type StoreRecord,
} from '../../paxos/index.js'
import type { TurnRecorder } from '../black-box/recorder.js'
import { decodeMessages, MessageWriter } from '../encoding/messages.js'
import type { Clock } from './clock.js'
import { Timers } from './timers.js'
import { Incoming } from './watermarks.js'

/** Where records go. `flush` begins a sync unless one is in flight; `durable` is told, as often as one ends. */
export interface RecordStore {
  readonly records: Iterable<StoreRecord>
  write(record: StoreRecord): void
  /** Writes the data of a snapshot that is going to be written, and says when they are durable. */
  keep(data: Uint8Array, done: () => void): void
  flush(): void
  onDurable: (count: number) => void
}

/** Where messages go. What is sent may be lost; it goes out with the next flush. */
export interface Links {
  send(to: NodeId, payload: Uint8Array): void
  flush(): void
}

export interface DriverOptions {
  readonly node: Omit<NodeOptions, 'draw' | 'records'>
  /** Null: a client's node, which keeps nothing. */
  readonly store: RecordStore | null
  readonly links: Links
  readonly clock: Clock
  /** A whole number from `low` to `high`, at random. */
  readonly draw: (low: number, high: number) => number
  /** Writes down what goes into the node; null: nobody does. */
  readonly recorder?: TurnRecorder | null
  readonly onObservation: (observation: Observation) => void
  /** This node came to know another leader, or none. */
  readonly onLeader: (leader: MemberId | null) => void
  /** A turn threw: the node is no more. Start it again from its store. */
  readonly onFailure: (error: unknown) => void
  /** A message that cannot be read, or may not be sent, came from somebody. */
  readonly onMalformed: (from: NodeId, error: unknown) => void
}

/** No piece of several messages is longer; what is as large travels alone. */
const PIECE_BYTES = 8 * 1024

export class Driver {
  readonly node: Node
  readonly #options: DriverOptions
  readonly #writer: MessageWriter = new MessageWriter()
  /** To whom that goes which was written and not sent yet; null if there is nothing. */
  #recipient: NodeId | null = null
  readonly #timers: Timers
  readonly #recorder: TurnRecorder | null
  #requests: ClientRequest[] = []
  #isFlushing = false
  #leader: MemberId | null = null
  #isStopped = false

  constructor(options: DriverOptions) {
    const { node, store, clock, draw, recorder = null } = options
    this.#options = options
    this.#recorder = recorder
    this.#timers = new Timers(clock, (role, timer, deadlineMicros) => {
      this.#turn({ type: 'timer', ...this.#now, role, timer, deadlineMicros })
    })
    const made = { ...node, draw, ...(store && { records: store.records, keepsSnapshots: true }) }
    this.node = recorder === null ? new Node(made) : recorder.makeNode(made)
    if (store !== null) store.onDurable = (count) => this.#turn({ type: 'durable', ...this.#now, count })
  }

  /** Begins the life of the node. */
  boot(): void {
    this.#turn({ type: 'boot', ...this.#now })
  }

  /** The node takes part in nothing any more, and nothing is sent or written. */
  stop(): void {
    this.#isStopped = true
    this.#timers.stop()
  }

  /** Takes in what came from a node. With the first message that is none, or that `check` throws for, the rest is dropped. */
  receive(
    from: NodeId,
    store: number,
    payloads: readonly Uint8Array[],
    check: ((message: Message) => void) | null = null,
  ): void {
    const incoming = new Incoming(from, store)
    for (const payload of payloads) {
      try {
        for (const message of decodeMessages(payload)) {
          check?.(message)
          incoming.add(message)
        }
      } catch (error) {
        this.#options.onMalformed(from, error)
        return
      }
    }
    const { messages, watermarks } = incoming
    this.#turn({ type: 'messages', ...this.#now, envelopes: messages })
    if (watermarks.length === 0 || this.#isStopped) return
    this.#options.store?.flush() // the disk works while what was decided is applied
    this.#turn({ type: 'messages', ...this.#now, envelopes: watermarks })
  }

  /** Takes a request of a client in. All of one round of the event loop make one turn. */
  request(request: ClientRequest): void {
    this.#requests.push(request)
    this.flushSoon()
  }

  /** Who leads, as far as this node knows. */
  get leader(): MemberId | null {
    return this.#leader
  }

  /** The connection to a member has ended. */
  lost(member: MemberId): void {
    this.#turn({ type: 'lost', ...this.#now, member })
  }

  transfer(to: MemberId | null): void {
    this.#turn({ type: 'transfer', ...this.#now, to })
  }

  /** A client's node turns to these members, the first of them first. */
  turnTo(members: readonly MemberId[]): void {
    this.#turn({ type: 'contacts', ...this.#now, members })
  }

  snapshot(): void {
    this.#turn({ type: 'snapshot', ...this.#now })
  }

  get #now(): { readonly nowMicros: number; readonly wallMicros: number } {
    const { clock } = this.#options
    return { nowMicros: clock.nowMicros(), wallMicros: clock.wallMicros() }
  }

  #turn(event: NodeEvent): void {
    if (this.#isStopped) return
    try {
      const actions = this.node.step(event)
      if (this.#recorder !== null) this.#recorder.turn(event, actions)
      for (const action of actions) this.#carryOut(action)
    } catch (error) {
      this.#recorder?.threw(event, error)
      this.stop()
      this.#options.onFailure(error)
      return
    }
    this.flushSoon()
    const leader = this.node.roles.replica?.towards ?? null
    if (leader === this.#leader) return
    this.#leader = leader
    this.#options.onLeader(leader)
  }

  #carryOut(action: Action): void {
    switch (action.type) {
      case 'send':
        this.#send(action.to, action.message)
        return
      case 'persist':
        this.#options.store?.write(action.record)
        return
      case 'keep': {
        const { slot } = action
        this.#options.store?.keep(action.data, () => this.#turn({ type: 'kept', ...this.#now, slot }))
        return
      }
      case 'timer':
        this.#timers.set(action.role, action.timer, action.deadlineMicros)
        return
      case 'observe':
        this.#options.onObservation(action.observation)
        return
    }
  }

  /** The node itself has had it already. */
  #send(to: NodeId | readonly NodeId[], message: Message): void {
    const { self } = this.node
    if (typeof to === 'number') {
      if (to !== self) this.#sendTo(to, message)
      return
    }
    if (to.length === 0 || (to.length === 1 && to[0] === self)) return
    this.#sendWritten()
    this.#writer.write(message)
    const payload = this.#writer.take()
    for (const each of to) if (each !== self) this.#options.links.send(each, payload)
  }

  /** What one node is sent in a row, such as a hundred answers, travels in one piece. */
  #sendTo(to: NodeId, message: Message): void {
    if (to !== this.#recipient) this.#sendWritten()
    const before = this.#writer.length
    this.#recipient = to
    this.#writer.write(message)
    if (this.#writer.length <= PIECE_BYTES) return
    this.#recipient = null
    const written = this.#writer.take()
    if (before > 0) this.#options.links.send(to, written.subarray(0, before))
    this.#options.links.send(to, written.subarray(before))
  }

  #sendWritten(): void {
    const to = this.#recipient
    if (to === null) return
    this.#recipient = null
    this.#options.links.send(to, this.#writer.take())
  }

  /** At the end of this round of the event loop. */
  flushSoon(): void {
    if (this.#isFlushing) return
    this.#isFlushing = true
    setImmediate(() => this.#flush())
  }

  #flush(): void {
    if (this.#requests.length > 0) {
      const requests = this.#requests
      this.#requests = []
      this.#turn({ type: 'requests', ...this.#now, requests })
    }
    this.#isFlushing = false
    if (this.#isStopped) return
    this.#sendWritten()
    this.#options.store?.flush()
    this.#options.links.flush()
  }
}
