/**
 * One move of one member: its node is made from its state, takes in what happens, and becomes plain data again.
 *
 * Time stands still, so that it does not tell states apart; but a timer fires long after everything else, so that
 * what waits for time to pass does pass. Any real run in which that much time went by between the two is like this.
 */
import {
  type Action,
  type Ballot,
  compareBallots,
  type FrozenNode,
  type MemberId,
  type Message,
  type MessageType,
  NO_BALLOT,
  Node,
  type NodeEvent,
  type NodeId,
  type NodeOptions,
  quorumOf,
  type RoleName,
  type StoreRecord,
} from '../../paxos/index.js'
import type { WorldEvent } from '../events.js'
import { encodePlain } from './encode.js'
import type { Fact } from './facts.js'

export type Move =
  | { readonly type: 'receives'; readonly to: MemberId; readonly from: NodeId; readonly message: Message }
  | { readonly type: 'wakes'; readonly role: RoleName; readonly timer: string }
  /** Everything that it wrote becomes durable. */
  | { readonly type: 'syncs' }
  /** It stops, and starts again with what was durable and so many of the records that were not. */
  | { readonly type: 'crashes'; readonly survivors: number }
  /** A client submits this request. */
  | { readonly type: 'asks'; readonly request: number; readonly from: NodeId; readonly message: Message }

/** What a member is, as plain data. */
export interface Member {
  readonly id: MemberId
  readonly frozen: FrozenNode
  readonly synced: readonly StoreRecord[]
  readonly unsynced: readonly StoreRecord[]
}

export interface Letter {
  readonly to: MemberId
  readonly message: Message
}

export interface TurnOptions {
  readonly node: NodeOptions
  readonly members: readonly MemberId[]
  readonly syncs: 'instant' | 'delayed'
  /** Hears what happens in the turn. */
  readonly tell?: (event: WorldEvent) => void
}

/** Later than every wait, and larger than every other number in a node. */
const LATER_MICROS = 2 ** 45

/**
 * Questions that are answered at once, by as many as it takes: nobody hears a leader, and every store is known for what
 * it is. Neither the questions nor the answers are ever in flight.
 */
const ASKED: readonly MessageType[] = ['prescout', 'prescoutAnswer', 'returning', 'recognised', 'rolledBack']

/** Nobody waits for these: who misses a leader scouts whenever its election timer fires. As if they were all lost. */
const SIGNS_OF_LIFE: readonly MessageType[] = ['heartbeat', 'heartbeatAck', 'heartbeatRejected']

export class Turn {
  readonly letters: Letter[] = []
  readonly facts: Fact[] = []
  /** The highest round that it scouted in. */
  scoutedRound = 0

  readonly #options: TurnOptions
  readonly #id: MemberId
  /** What this life of the member was before the turn. */
  #before: FrozenNode | null
  #node: Node
  #synced: readonly StoreRecord[]
  #unsynced: StoreRecord[]
  /** How many records it has written and not synced, as the node counts them: from the beginning of the turn. */
  #written: number
  #hasWritten = false
  #nowMicros = 0
  /** What the others would answer to the question that it has just asked. */
  #answer: Message | null = null

  constructor(
    member: Member | { readonly id: MemberId; readonly synced: readonly StoreRecord[] },
    options: TurnOptions,
  ) {
    this.#options = options
    this.#id = member.id
    this.#synced = member.synced
    this.#unsynced = 'unsynced' in member ? [...member.unsynced] : []
    this.#written = this.#unsynced.length
    this.#before = 'frozen' in member ? member.frozen : null
    this.#node = this.#before === null ? this.#newNode() : Node.thaw(this.#before, options.node)
  }

  /** The first start of a member. */
  boot(): void {
    this.#start()
    this.#end()
  }

  make(move: Move): void {
    switch (move.type) {
      case 'receives':
      case 'asks': {
        const { from, message } = move
        this.#tell({ type: 'receives', node: this.#id, message, from })
        this.#receive([{ from, message }])
        break
      }
      case 'wakes':
        this.#wake(move.role, move.timer)
        break
      case 'syncs':
        this.#sync()
        break
      case 'crashes':
        this.#crash(move.survivors)
        break
    }
    this.#end()
  }

  /** What the member is after the turn. */
  get member(): Member {
    const frozen = this.#node.freeze()
    if (this.#nowMicros > 0) setBack(frozen)
    settle(frozen)
    return { id: this.#id, frozen, synced: this.#synced, unsynced: this.#unsynced }
  }

  /** Nothing left the member, and nothing was written: at most it matters when the next thing happens. */
  get isQuiet(): boolean {
    return this.letters.length === 0 && !this.#hasWritten
  }

  /** A sentence if the acceptor went back on a promise. */
  get breach(): string | null {
    const promised = this.#node.roles.acceptor?.promised
    if (promised === undefined) return null
    for (const earlier of [promisedIn(this.#before), ...this.#synced.map(promisedBy)]) {
      if (compareBallots(promised, earlier) < 0) return 'the promise of an acceptor went down'
    }
    return null
  }

  /** The state of its machine. */
  get machineState(): unknown {
    return this.#node.roles.replica?.state
  }

  #end(): void {
    while (this.#options.syncs === 'instant' && this.#unsynced.length > 0) this.#sync()
  }

  #start(): void {
    this.#tell({ type: 'starts', node: this.#id, records: this.#synced.length })
    this.#step({ type: 'boot', nowMicros: 0, wallMicros: 0 })
  }

  #crash(survivors: number): void {
    const survived = this.#unsynced.slice(0, survivors)
    this.#tell({ type: 'crashes', node: this.#id, lostRecords: this.#unsynced.length - survivors })
    this.#keep(survived)
    this.#unsynced = []
    this.#written = 0
    this.#before = null
    this.#node = this.#newNode()
    this.#start()
  }

  #newNode(): Node {
    return new Node({ ...this.#options.node, records: this.#synced })
  }

  #sync(): void {
    const records = this.#unsynced
    this.#unsynced = []
    this.#tell({ type: 'syncs', node: this.#id, records: records.length })
    this.#keep(records)
    const { nowMicros } = this.#at
    this.#step({ type: 'durable', nowMicros, wallMicros: 0, count: this.#written })
  }

  /** These records are durable. */
  #keep(records: readonly StoreRecord[]): void {
    this.#synced = [...this.#synced, ...records]
    for (const record of records) {
      if (record.type !== 'accepted') continue
      const { slot, ballot, decree } = record
      this.facts.push({ type: 'voted', member: this.#id, slot, ballot, decree })
    }
  }

  #wake(role: RoleName, timer: string): void {
    const deadlineMicros = this.#node.deadline(role, timer)
    if (deadlineMicros === undefined) return
    this.#nowMicros = LATER_MICROS
    this.#tell({ type: 'wakes', node: this.#id, role, timer })
    this.#step({ ...this.#at, type: 'timer', role, timer, deadlineMicros })
  }

  #receive(envelopes: Extract<NodeEvent, { type: 'messages' }>['envelopes']): void {
    this.#step({ ...this.#at, type: 'messages', envelopes })
  }

  get #at(): { nowMicros: number; wallMicros: number } {
    return { nowMicros: this.#nowMicros, wallMicros: 0 }
  }

  #step(event: NodeEvent): void {
    for (const action of this.#node.step(event)) this.#carryOut(action)
    if (this.#answer !== null) this.#hearOthers(this.#answer)
  }

  #hearOthers(message: Message): void {
    this.#answer = null
    const { members } = this.#options
    const others = members.filter((member) => member !== this.#id).slice(0, quorumOf(members) - 1)
    for (const from of others) {
      this.#tell({ type: 'receives', node: this.#id, message, from })
      this.#receive([{ from, message }])
    }
  }

  #carryOut(action: Action): void {
    switch (action.type) {
      case 'persist':
        this.#unsynced.push(action.record)
        this.#written += 1
        this.#hasWritten = true
        this.#tell({ type: 'writes', node: this.#id, record: action.record })
        return
      case 'send':
        this.#send(action.role, action.to, action.message)
        return
      case 'observe':
        this.#observe(action.observation)
        return
      case 'timer':
        return // the node knows which timers are set
    }
  }

  #send(role: RoleName, to: NodeId | readonly NodeId[], sent: Message): void {
    const recipients = typeof to === 'number' ? [to] : to
    const message = uncounted(sent)
    this.#tell({ type: 'sends', node: this.#id, role, message, to: recipients })
    this.#note(message)
    if (ASKED.includes(message.type) || SIGNS_OF_LIFE.includes(message.type)) return
    for (const recipient of recipients) {
      if (recipient !== this.#id && this.#options.members.includes(recipient))
        this.letters.push({ to: recipient, message })
    }
  }

  #note(message: Message): void {
    switch (message.type) {
      case 'prescout':
        this.#answer = { type: 'prescoutAnswer', question: message.question, leader: null, decided: 0 }
        return
      case 'returning':
        this.#answer = { type: 'recognised', life: message.life, leader: null }
        return
      case 'prepare':
        this.scoutedRound = message.ballot.round
        return
      case 'accept': {
        const { slot, ballot, decree } = message
        this.facts.push({ type: 'proposed', slot, ballot, decree })
      }
    }
  }

  #observe(observation: Extract<Action, { type: 'observe' }>['observation']): void {
    if (observation.type === 'applied') {
      this.#tell({ ...observation, type: 'applies', node: this.#id })
      this.facts.push(observation)
    } else if (observation.type === 'began') {
      this.#tell({ type: 'begins', node: this.#id, role: observation.role })
    } else if (observation.type === 'ended') {
      this.#tell({ type: 'ends', node: this.#id, role: observation.role })
    }
  }

  #tell(event: WorldEvent): void {
    this.#options.tell?.(event)
  }
}

// ---- what does not tell states apart ---------------------------------------------------------------------------

/** Time stands still: what was set long after everything else was set now. */
function setBack(value: unknown): void {
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return
  if (value instanceof Map) {
    for (const [key, each] of value) {
      if (isLate(each)) value.set(key, each - LATER_MICROS)
      else setBack(each)
    }
    return
  }
  const fields = value as Record<string, unknown> // an array or an object; a set holds no times
  for (const [key, each] of Object.entries(fields)) {
    if (isLate(each)) fields[key] = each - LATER_MICROS
    else setBack(each)
  }
}

function isLate(value: unknown): value is number {
  return typeof value === 'number' && value >= LATER_MICROS && value < 2 * LATER_MICROS
}

/**
 * Counters that only spread timers, tell questions apart that are answered at once, or choose whom to fetch from; and
 * what is known of the stores of others, none of which ever goes back here.
 */
const SETTLED: { readonly [Name in RoleName]?: Readonly<Record<string, unknown>> } = {
  leader: { failures: 0, questions: 0 },
  replica: { fetches: 0 },
  initializer: { vouched: new Map() },
}

/** The same message, whatever the number of records that a store has vouched for. */
function uncounted(message: Message): Message {
  return message.type === 'promise' || message.type === 'accepted' ? { ...message, written: 0 } : message
}

/** Gives what never matters, or only by its difference to something else, always the same value. */
function settle({ fields, roles }: FrozenNode): void {
  const { durable } = fields
  fields.durable = 0
  fields.written -= durable
  fields.writtenBefore = 0
  fields.held = oneOfEach(fields.held, durable)
  fields.timers = new Map([...fields.timers].sort(([a], [b]) => (a < b ? -1 : 1)))
  for (const [name, values] of Object.entries(SETTLED)) Object.assign(roles[name as RoleName] ?? {}, values) // role names
}

/** What is sent twice before the disk lets it go is in flight once: the first copy goes first. */
function oneOfEach(held: FrozenNode['fields']['held'], durable: number): FrozenNode['fields']['held'] {
  const first = new Map<string, (typeof held)[number]>()
  for (const { written, send } of held) {
    const uncountedSend = { ...send, message: uncounted(send.message) }
    const key = encodePlain(uncountedSend)
    if (!first.has(key)) first.set(key, { written: written - durable, send: uncountedSend })
  }
  return [...first.values()]
}

function promisedIn(frozen: FrozenNode | null): Ballot {
  const promised = frozen?.roles.acceptor?.['promised']
  return (promised as Ballot | undefined) ?? NO_BALLOT // the acceptor's field
}

/** What a record promises. */
function promisedBy(record: StoreRecord): Ballot {
  return record.type === 'promised' || record.type === 'accepted' ? record.ballot : NO_BALLOT
}
