// A small cluster driven by hand. The test is the network, the disks and the clock: it chooses which letter is
// delivered, lost or doubled, whose sync ends, who crashes and starts again from what was synced, and which alarm
// rings. `run` plays on by itself, as a perfect world would. A judge watches, and a transcript says what happened.

import {
  type Action,
  type ClientRequest,
  type Consistency,
  type MemberId,
  type Message,
  type MessageType,
  type Micros,
  Node,
  type NodeEvent,
  type NodeId,
  type NodeOptions,
  type Outcome,
  type RefusedStore,
  type RoleFactories,
  type RoleName,
  type Settings,
} from '../../src/paxos/index.js'
import { Disk } from '../../src/simulation/disk.js'
import type { WorldEvent } from '../../src/simulation/events.js'
import { TranscriptFormatter } from '../../src/simulation/transcript.js'
import { Judge } from './judge.js'
import { anyLedger, decoded, encoded, ledgerApplication } from './ledger.js'
import { founding, storeOf, WALL_MICROS } from './words.js'

/** A message to one recipient, on its way. */
export interface Letter {
  readonly from: NodeId
  /** The identity of the sender's store. */
  readonly store?: number
  readonly to: NodeId
  readonly message: Message
  readonly sentMicros: Micros
}

/** Picks letters; what is left out may be anything. */
export interface Which {
  readonly from?: NodeId
  readonly to?: NodeId
  readonly type?: MessageType
}

export interface Alarm {
  readonly actor: Actor
  readonly role: RoleName
  readonly timer: string
  readonly deadlineMicros: Micros
}

export interface Actor {
  readonly id: NodeId
  readonly disk: Disk
  node: Node | null
  lives: number
  /** By `role timer`; some may be cancelled. */
  readonly alarms: Map<string, Alarm>
  /** The last slot that the judge has seen this life apply. */
  applied: number
}

export interface TheatreOptions {
  /** How many members; 3 unless said otherwise. */
  readonly members?: number
  /** Begin without a founding: member 0 seeds the cluster and the others join. Otherwise every store holds it. */
  readonly blank?: boolean
  /** Nodes that are no members and only request. */
  readonly guests?: readonly NodeId[]
  /** Nodes with blank stores that join later, when they are started, and are members once they are admitted. */
  readonly newcomers?: readonly NodeId[]
  readonly settings?: Partial<Settings>
  readonly roles?: Partial<RoleFactories>
  /** Draws a timer; unless said otherwise member 0 draws the shortest and the last member the longest. */
  readonly draw?: (id: NodeId, low: number, high: number) => number
  /** Leave out the transcript. */
  readonly silent?: boolean
}

export interface RunOptions {
  /** How long a letter takes. */
  readonly latencyMicros?: Micros
  /** Gives up after this much time. */
  readonly limitMicros?: Micros
}

export class Theatre {
  readonly members: readonly MemberId[]
  readonly newcomers: readonly NodeId[]
  readonly actors: readonly Actor[]
  readonly judge: Judge
  /** The transcript. */
  readonly lines: string[] = []
  /** What is on its way, oldest first. */
  readonly letters: Letter[] = []
  readonly answers: Map<number, Outcome> = new Map()
  /** The members that were removed and may be stopped for good. */
  readonly retired: Set<NodeId> = new Set()
  /** Why which stores may not vote. */
  readonly refused: Map<NodeId, RefusedStore> = new Map()
  /** Members whose disks stall in `run`. */
  readonly stalled: Set<NodeId> = new Set()
  /** Whether letters from one node to another are lost for now. */
  apart: (from: NodeId, to: NodeId) => boolean = () => false
  nowMicros: Micros = 0
  readonly #options: TheatreOptions
  readonly #formatter: TranscriptFormatter | null
  #references = 0

  constructor(options: TheatreOptions = {}) {
    const { members = 3, blank = false, guests = [], newcomers = [], silent = false } = options
    this.#options = options
    this.#formatter = silent ? null : new TranscriptFormatter(ledgerApplication)
    this.newcomers = newcomers
    this.members = Array.from({ length: members }, (_, id) => id)
    this.judge = new Judge(this.members)
    this.actors = [...this.members, ...guests, ...newcomers].map((id) => {
      const disk = new Disk()
      if (!blank && id < members) {
        disk.write({ type: 'created', store: storeOf(id), member: id })
        disk.write({ type: 'incarnation', incarnation: 1 })
        disk.write({ type: 'founded', founding: founding(this.members) })
        disk.beginSync()
        disk.endSync()
        disk.crash(0) // its next life counts its own records
      }
      return { id, disk, node: null, lives: 0, alarms: new Map(), applied: 0 }
    })
  }

  /** Starts every node, lets the members' incarnations become durable, and has the members recognise each other. */
  open(): this {
    for (const { id } of this.actors) if (!this.newcomers.includes(id)) this.start(id)
    for (const id of this.members) this.sync(id)
    this.recognise()
    return this
  }

  /** Delivers all by which members that started again are recognised, there and back. */
  recognise(): void {
    for (const type of ['returning', 'recognised'] as const) {
      for (const letter of this.pending({ type })) this.deliverLetter(letter)
    }
  }

  actor(id: NodeId): Actor {
    const actor = this.actors.find((each) => each.id === id)
    if (actor === undefined) throw new Error(`There is no node ${id}.`)
    return actor
  }

  /** The node of this number, which must be up. */
  node(id: NodeId): Node {
    const { node } = this.actor(id)
    if (node === null) throw new Error(`Node ${id} is down.`)
    return node
  }

  /** The entries in the ledger of a member. */
  entries(id: NodeId): readonly string[] {
    return (this.node(id).roles.replica?.state ?? []) as readonly string[] // the ledger's state
  }

  /** The members that lead, as they believe. */
  get leaders(): readonly MemberId[] {
    return this.actors.filter(({ node }) => node?.roles.leader?.phase === 'leading').map(({ id }) => id)
  }

  // ---- nodes -----------------------------------------------------------------------------------------------------

  start(id: NodeId): void {
    const actor = this.actor(id)
    actor.lives += 1
    actor.applied = 0
    actor.node = new Node(this.#nodeOptions(actor))
    this.judge.started(id)
    this.#show({ type: 'starts', node: id, records: actor.disk.synced.length })
    this.#turn(actor, { ...this.#now(), type: 'boot' })
  }

  /** A node stops dead. Of what was not synced, `survivors` records reached the disk all the same. */
  crash(id: NodeId, survivors = 0): void {
    const actor = this.actor(id)
    actor.node = null
    actor.alarms.clear()
    actor.disk.beginSync()
    const { survived, lost } = actor.disk.crash(survivors)
    this.#show({ type: 'crashes', node: id, lostRecords: lost })
    for (const record of survived) this.judge.synced(id, record)
  }

  /** A sync ends: all that a member wrote is durable. */
  sync(id: NodeId): void {
    const actor = this.actor(id)
    if (!actor.disk.beginSync()) return
    const records = actor.disk.endSync()
    this.#show({ type: 'syncs', node: id, records: records.length })
    for (const record of records) this.judge.synced(id, record)
    this.#turn(actor, { ...this.#now(), type: 'durable', count: actor.disk.durable })
  }

  /** Puts a thawed copy in place of a node. */
  replaceByThawed(id: NodeId): void {
    const actor = this.actor(id)
    actor.node = Node.thaw(this.node(id).freeze(), this.#nodeOptions(actor))
  }

  // ---- requests --------------------------------------------------------------------------------------------------

  /** A client at this node enters something into the ledger. Gives the reference of its answer. */
  enter(id: NodeId, entry: string, client = 0): number {
    const reference = ++this.#references
    this.judge.entered(reference, entry)
    const operation = { type: 'command', command: entry } as const
    this.#show({ type: 'invokes', node: id, client, operation })
    return this.#request(id, { type: 'command', client, reference, command: encoded(entry) })
  }

  /** A client at this node reads the ledger. */
  read(id: NodeId, consistency: Consistency = 'linearizable', client = 0): number {
    const reference = ++this.#references
    if (consistency === 'linearizable') this.judge.read(reference)
    this.#show({ type: 'invokes', node: id, client, operation: { type: 'query', query: null } })
    return this.#request(id, { type: 'query', client, reference, query: encoded(null), consistency })
  }

  /** A client at this node asks for other voters. Gives the reference of its answer. */
  change(id: NodeId, members: readonly MemberId[], client = 0): number {
    const reference = ++this.#references
    const version = this.node(id).membership.configurations.at(-1)?.version ?? 0
    const voters = members.map((member) => ({ member, store: this.#storeOf(member) }))
    return this.#request(id, { type: 'change', client, reference, version, voters })
  }

  #storeOf(id: NodeId): number {
    const created = this.actor(id).disk.synced.find(({ type }) => type === 'created')
    return created?.type === 'created' ? created.store : storeOf(id)
  }

  /** Whoever runs this node wants another leader. */
  transfer(id: NodeId, to: MemberId | null): void {
    this.#turn(this.actor(id), { ...this.#now(), type: 'transfer', to })
  }

  /** Whoever runs this node wants a snapshot. */
  snapshot(id: NodeId): void {
    this.#turn(this.actor(id), { ...this.#now(), type: 'snapshot' })
  }

  #request(id: NodeId, request: ClientRequest): number {
    this.#turn(this.actor(id), { ...this.#now(), type: 'requests', requests: [request] })
    return request.reference
  }

  /** What a client was told: a value, the name of a refusal, or undefined as long as there is no answer. */
  answer(reference: number): unknown {
    const outcome = this.answers.get(reference)
    return outcome?.ok ? decoded(outcome.output) : outcome?.error
  }

  // ---- the network -------------------------------------------------------------------------------------------------

  /** The letters on their way that fit. */
  pending({ from, to, type }: Which): readonly Letter[] {
    return this.letters.filter(
      (letter) =>
        (from === undefined || letter.from === from) &&
        (to === undefined || letter.to === to) &&
        (type === undefined || letter.message.type === type),
    )
  }

  /** Delivers the letters that fit and are on their way by now, not what they bring about. */
  deliver(which: Which): void {
    for (const letter of this.#some(which)) this.deliverLetter(letter)
  }

  lose(which: Which): void {
    for (const letter of this.#some(which)) this.loseLetter(letter)
  }

  deliverLetter(letter: Letter): void {
    this.#remove(letter)
    const { from, to, message, store } = letter
    const actor = this.actor(to)
    this.#show({ type: actor.node === null ? 'misses' : 'receives', node: to, message, from })
    this.#turn(actor, {
      ...this.#now(),
      type: 'messages',
      envelopes: [{ from, message, ...(store !== undefined && { store }) }],
    })
  }

  loseLetter(letter: Letter): void {
    this.#remove(letter)
    this.#show({ type: 'loses', node: letter.from, message: letter.message, to: letter.to })
  }

  doubleLetter(letter: Letter): void {
    this.#show({ type: 'doubles', node: letter.from, message: letter.message, to: letter.to })
    this.letters.push(letter)
  }

  #some(which: Which): readonly Letter[] {
    const letters = this.pending(which)
    if (letters.length === 0) throw new Error(`No letter on its way is ${JSON.stringify(which)}.`)
    return letters
  }

  #remove(letter: Letter): void {
    this.letters.splice(this.letters.indexOf(letter), 1)
  }

  // ---- time --------------------------------------------------------------------------------------------------------

  /** The alarms that are set, in the order in which they ring. */
  get alarms(): readonly Alarm[] {
    const alarms: Alarm[] = []
    for (const actor of this.actors) {
      for (const alarm of actor.alarms.values()) {
        if (actor.node?.deadline(alarm.role, alarm.timer) === alarm.deadlineMicros) alarms.push(alarm)
      }
    }
    return alarms.sort((a, b) => a.deadlineMicros - b.deadlineMicros)
  }

  /** An alarm rings; until then nothing else happens, so others may be overdue afterwards. */
  ring({ actor, role, timer, deadlineMicros }: Alarm): void {
    this.nowMicros = Math.max(this.nowMicros, deadlineMicros)
    this.#show({ type: 'wakes', node: actor.id, role, timer })
    this.#turn(actor, { ...this.#now(), type: 'timer', role, timer, deadlineMicros })
  }

  /** The alarm of this name rings. */
  fire(id: NodeId, role: RoleName, timer: string): void {
    const alarm = this.alarms.find(
      (each) => each.actor.id === id && each.role === role && each.timer === timer,
    )
    if (alarm === undefined) throw new Error(`Node ${id} has no alarm ${role} ${timer}.`)
    this.ring(alarm)
  }

  /** Plays on until `until` holds: syncs end at once, letters arrive in order, alarms ring when they are due. */
  run(until: () => boolean, { latencyMicros = 0, limitMicros = 60_000_000 }: RunOptions = {}): void {
    const endMicros = this.nowMicros + limitMicros
    while (!until()) {
      if (this.#syncAll()) continue
      const [letter] = this.letters
      const [alarm] = this.alarms
      const arrival = letter === undefined ? Number.POSITIVE_INFINITY : letter.sentMicros + latencyMicros
      const next = Math.min(arrival, alarm?.deadlineMicros ?? Number.POSITIVE_INFINITY)
      if (next > endMicros) throw new Error(this.explain(`It did not happen in ${limitMicros} microseconds.`))
      this.nowMicros = Math.max(this.nowMicros, next)
      if (letter !== undefined && arrival <= next) this.deliverLetter(letter)
      else if (alarm !== undefined) this.ring(alarm)
    }
  }

  /** Plays on for some time. */
  runFor(micros: Micros, options: RunOptions = {}): void {
    const end = this.nowMicros + micros
    const rest = () => this.letters.every(({ sentMicros }) => sentMicros + (options.latencyMicros ?? 0) > end)
    this.run(() => (this.alarms[0]?.deadlineMicros ?? end + 1) > end && rest() && !this.#unsynced, options)
    this.nowMicros = end
  }

  /** Plays on until a member leads, and every other that is up hears it. */
  elect(options: RunOptions = {}): MemberId {
    const follows = ({ node }: Actor) =>
      node?.roles.replica === undefined || node.roles.replica.towards === this.leaders[0]
    this.run(() => this.leaders.length === 1 && this.actors.every(follows), options)
    return this.leaders[0] ?? -1
  }

  get #unsynced(): boolean {
    return this.actors.some(
      ({ id, node }) => node?.writing === true && !this.stalled.has(id) && !this.#isGuest(id),
    )
  }

  #syncAll(): boolean {
    if (!this.#unsynced) return false
    for (const { id, node } of this.actors) if (node !== null && !this.stalled.has(id)) this.sync(id)
    return true
  }

  // ---- driving a node ----------------------------------------------------------------------------------------------

  #nodeOptions(actor: Actor): NodeOptions {
    const { settings = {}, roles = {}, draw } = this.#options
    const { id } = actor
    const spread = Math.max(1, this.members.length - 1)
    return {
      self: id,
      machine: anyLedger,
      purpose: this.#purpose(actor),
      draw: (low, high, what) =>
        draw?.(id, low, high) ??
        this.#name(actor, what) ??
        low + Math.floor(((high - low) * Math.min(id, spread)) / spread),
      records: actor.disk.synced,
      settings,
      roles,
    }
  }

  /** What names a store or a life must differ from every other. */
  #name({ id, lives }: Actor, what: string): number | undefined {
    return what === 'life' || what === 'store' ? storeOf(id) * 100 + lives : undefined
  }

  #purpose({ id, lives }: Actor): NodeOptions['purpose'] {
    if (this.#isGuest(id)) return { type: 'request', contacts: this.members, incarnation: lives }
    if (this.newcomers.includes(id)) return { type: 'join', contacts: this.#contacts(id) }
    if (id === 0) return { type: 'seed', cluster: 7, voters: this.members }
    return { type: 'join', contacts: this.members }
  }

  #isGuest(id: NodeId): boolean {
    return this.#options.guests?.includes(id) === true
  }

  /** Whoever starts a newcomer names the founders, and the others that are up. */
  #contacts(id: NodeId): readonly MemberId[] {
    const known = this.actors.filter((each) => each.node !== null || this.members.includes(each.id))
    return known.map((each) => each.id).filter((each) => each !== id && !this.#isGuest(each))
  }

  #turn(actor: Actor, event: NodeEvent): void {
    const { node, id } = actor
    if (node === null) return
    const actions = node.step(event)
    const { replica } = node.roles
    if (replica !== undefined && replica.applied > actor.applied) {
      actor.applied = replica.applied
      this.judge.holds(id, this.entries(id))
    }
    for (const action of actions) this.#carryOut(actor, action)
  }

  #carryOut(actor: Actor, action: Action): void {
    const { id } = actor
    switch (action.type) {
      case 'send': {
        const { role, message } = action
        const store = actor.node?.store ?? 0
        const to = typeof action.to === 'number' ? [action.to] : action.to
        this.#show({ type: 'sends', node: id, role, message, to })
        for (const recipient of to)
          this.#post({ from: id, store, to: recipient, message, sentMicros: this.nowMicros })
        return
      }
      case 'persist':
        this.#show({ type: 'writes', node: id, record: action.record })
        actor.disk.write(action.record)
        return
      case 'timer':
        actor.alarms.set(`${action.role} ${action.timer}`, { ...action, actor })
        return
      case 'observe':
        this.#observe(id, action.observation)
        return
    }
  }

  #post(letter: Letter): void {
    if (letter.from === letter.to) return // it has been there already
    this.letters.push(letter)
    if (this.apart(letter.from, letter.to)) this.loseLetter(letter)
  }

  #observe(id: NodeId, observation: Extract<Action, { type: 'observe' }>['observation']): void {
    switch (observation.type) {
      case 'applied':
        this.#show({ ...observation, type: 'applies', node: id })
        this.judge.applied(id, observation.slot, observation.decree)
        return
      case 'installed':
        this.judge.installed(id, observation.slot)
        return
      case 'configured':
        this.judge.configured(id, observation.membership.configurations)
        return
      case 'retired':
        this.retired.add(id)
        return
      case 'refused':
        this.refused.set(id, observation.reason)
        return
      case 'answered':
        this.answers.set(observation.reference, observation.outcome)
        this.judge.answered(observation.reference, observation.outcome)
        return
      case 'began':
        this.#show({ type: 'begins', node: id, role: observation.role })
        return
      case 'ended':
        this.#show({ type: 'ends', node: id, role: observation.role })
        return
    }
  }

  #now(): { readonly nowMicros: Micros; readonly wallMicros: Micros } {
    return { nowMicros: this.nowMicros, wallMicros: WALL_MICROS + this.nowMicros }
  }

  #show(event: WorldEvent): void {
    if (this.#formatter !== null) this.lines.push(this.#formatter.line(event, this.nowMicros))
  }

  /** A sentence with the end of the transcript below it. */
  explain(sentence: string): string {
    return [sentence, ...this.judge.broken, ...this.lines.slice(-40)].join('\n')
  }
}
