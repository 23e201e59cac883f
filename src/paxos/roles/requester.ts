/**
 * The Requester: requests state transitions and reads on behalf of clients.
 *
 * A client is one session: opened by decree on its first command, with its commands numbered and each sent again until
 * it is answered, so that every command is executed exactly once. A read changes nothing and needs no session.
 */

import type { Observation } from '../actions.js'
import type { MemberId, NodeId } from '../ballot.js'
import { decodeNumber } from '../bytes.js'
import { encodeOpener, type Request, type SessionId, type Slot } from '../decree.js'
import { encodeChange, type Voter } from '../membership.js'
import type { Answer, Consistency, LeaderChanged, ReadAnswer } from '../messages.js'
import { Renewal } from '../renewal.js'
import { Role, type RoleContext } from '../role.js'
import type { Handles, RoleMessages } from '../routing.js'
import type { Outcome } from '../sessions.js'
import type { Micros } from '../settings.js'
import type { RequesterStart } from '../starts.js'
import { encodeUpgrade } from '../upgrade.js'

/** What a driver asks of a requester. `reference` is the driver's own name for it and comes back with the answer. */
export type ClientRequest =
  | {
      readonly type: 'command'
      readonly client: number
      readonly reference: number
      readonly command: Uint8Array
    }
  | {
      readonly type: 'query'
      readonly client: number
      readonly reference: number
      readonly query: Uint8Array
      readonly consistency: Consistency
    }
  /** Make these the voters, in place of those of this version. Its outcome gives the new version. */
  | {
      readonly type: 'change'
      readonly client: number
      readonly reference: number
      readonly version: number
      readonly voters: readonly Voter[]
    }
  /** Have this version of the machine be active, in place of that one. Its outcome gives the new version. */
  | {
      readonly type: 'upgrade'
      readonly client: number
      readonly reference: number
      readonly from: number
      readonly to: number
    }

/** Something that was sent and not yet answered. */
interface Waiting {
  sentMicros: Micros
  /** It is sent again after this many times the shortest wait. */
  patience: number
  /** How often it was sent. */
  attempts: number
  /** The count of contacts when it was sent: if that one does not answer, it is the next one's turn. */
  contact: number
}

interface Outstanding extends Waiting {
  readonly reference: number
  readonly command: Uint8Array
}

interface Opening extends Waiting {
  readonly opener: string
}

interface OutstandingRead extends Waiting {
  readonly client: number
  readonly reference: number
  readonly query: Uint8Array
  readonly consistency: Consistency
  readonly atLeast: Slot
}

/** A change of the membership or an upgrade of the machine. */
interface OutstandingChange extends Waiting {
  readonly client: number
  readonly reference: number
  readonly request: Request
}

interface Client {
  /** 0 until the session is open. */
  session: SessionId
  /** The attempt to open the session, while there is one. */
  opening: Opening | null
  /** The sequence of the next command. */
  next: number
  /** Every answer up to this sequence has arrived. */
  acknowledged: number
  /** Sent and not answered, by sequence. */
  outstanding: Map<number, Outstanding>
  /** Not yet sent: the session is not open, or has as many outstanding as it may. */
  readonly backlog: { readonly reference: number; readonly command: Uint8Array }[]
  /** The highest slot that an answer to this client told: its stale reads see at least that. */
  seen: Slot
}

/** The wait before a resend doubles up to this many times the first one. */
const MOST_PATIENCE = 4

export class Requester extends Role implements Handles<RoleMessages['requester']> {
  /** Every client that ever asked; the driver says how many that may be. */
  clients: Map<number, Client> = new Map()
  /** Which client an open session, or an attempt to open one, belongs to. */
  bySession: Map<SessionId, number> = new Map()
  byOpener: Map<string, number> = new Map()
  reads: Map<string, OutstandingRead> = new Map()
  readonly #renewal: Renewal = new Renewal()
  nextRead = 1
  changes: Map<string, OutstandingChange> = new Map()
  nextChange = 1
  nextOpener = 1
  /** Which contact to send to, counted on when it does not answer. */
  contact = 0
  armed = false

  contacts: readonly MemberId[]

  constructor(context: RoleContext, start: RequesterStart = {}) {
    super(context, 'requester')
    this.contacts = start.contacts ?? []
  }

  /** Takes a client's request. */
  take(request: ClientRequest): void {
    if (request.type === 'query') this.#beginRead(request)
    else if (request.type === 'command')
      this.#beginCommand(request.client, request.reference, request.command)
    else this.#beginChange(request)
    this.#arm()
  }

  /** What waits for another member than the first of these is sent again at once. */
  turnTo(members: readonly MemberId[]): void {
    if (members.length === 0) return
    const before = this.#target()
    this.contacts = members
    const rounds = Math.floor(this.contact / members.length) + 1
    this.contact = rounds * members.length // the first, and no contact that anything was sent to before
    if (this.#target() !== before) this.#resend(() => true)
  }

  answer(_from: NodeId, { session, sequence, name, outcome, slot }: Answer): void {
    if (!outcome.ok && outcome.error === 'overloaded') return // it is sent again, later each time
    if (session === 0 && sequence === 0) this.#opened(name, outcome)
    else if (session === 0) this.#changed(name, outcome, slot)
    else this.#answered(session, sequence, outcome, slot)
  }

  readAnswer(_from: NodeId, { name, outcome, slot }: ReadAnswer): void {
    const read = this.reads.get(name)
    if (read === undefined) return
    this.reads.delete(name)
    if (this.#renewal.isDue(this.reads.size)) this.reads = new Map(this.reads)
    const { client, reference } = read
    this.#client(client).seen = Math.max(this.#client(client).seen, slot)
    this.observe({ type: 'answered', client, reference, outcome, session: 0, sequence: 0, slot })
  }

  /** A leader was found: what an earlier one may have forgotten is sent again at once. */
  leaderChanged(_from: NodeId, { towards }: LeaderChanged): void {
    if (towards !== null) this.#resend(() => true)
  }

  override timer(): void {
    this.armed = false
    this.#resend((waiting) => this.#isDue(waiting))
    this.#arm()
  }

  #isDue({ sentMicros, patience }: Waiting): boolean {
    return this.nowMicros - sentMicros >= this.settings.requestResendMicros * patience
  }

  // ---- commands ------------------------------------------------------------------------------------------------

  #beginCommand(clientNumber: number, reference: number, command: Uint8Array): void {
    const client = this.#client(clientNumber)
    if (client.backlog.length >= this.settings.queueLimit) {
      this.observe(overloaded({ client: clientNumber, reference }, this.settings.queueLimit))
      return
    }
    client.backlog.push({ reference, command })
    if (client.session !== 0) this.#sendBacklog(client)
    else if (client.opening === null) this.#openSession(clientNumber, client)
  }

  #client(number: number): Client {
    const known = this.clients.get(number)
    if (known !== undefined) return known
    const client: Client = {
      session: 0,
      opening: null,
      next: 1,
      acknowledged: 0,
      outstanding: new Map(),
      backlog: [],
      seen: 0,
    }
    this.clients.set(number, client)
    return client
  }

  #openSession(number: number, client: Client): void {
    const opener = `${this.self}.${this.lifeName}.${this.nextOpener++}`
    this.byOpener.set(opener, number)
    client.opening = { opener, sentMicros: this.nowMicros, patience: 1, attempts: 1, contact: this.contact }
    this.#sendOpen(client.opening)
  }

  #sendOpen({ opener }: Opening): void {
    this.#send({ session: 0, sequence: 0, acknowledged: 0, command: encodeOpener(opener) })
  }

  #opened(opener: string, outcome: Outcome): void {
    const number = this.byOpener.get(opener)
    if (number === undefined) return
    const client = this.#client(number)
    this.byOpener.delete(opener)
    client.opening = null
    if (!outcome.ok) {
      for (const { reference } of client.backlog.splice(0)) {
        this.observe({
          type: 'answered',
          client: number,
          reference,
          outcome,
          session: 0,
          sequence: 0,
          slot: 0,
        })
      }
      return
    }
    client.session = decodeNumber(outcome.output)
    client.next = 1
    client.acknowledged = 0
    this.bySession.set(client.session, number)
    this.#sendBacklog(client)
  }

  #sendBacklog(client: Client): void {
    while (client.next <= client.acknowledged + this.settings.sessionWindow) {
      const waiting = client.backlog.shift()
      if (waiting === undefined) return
      const { reference, command } = waiting
      const sequence = client.next++
      client.outstanding.set(sequence, {
        reference,
        command,
        sentMicros: this.nowMicros,
        patience: 1,
        attempts: 1,
        contact: this.contact,
      })
      this.#sendCommand(client, sequence, command)
    }
  }

  #sendCommand(client: Client, sequence: number, command: Uint8Array): void {
    this.#send({ session: client.session, sequence, acknowledged: client.acknowledged, command })
  }

  #answered(session: SessionId, sequence: number, outcome: Outcome, slot: Slot): void {
    const number = this.bySession.get(session)
    if (number === undefined) return
    const client = this.#client(number)
    const outstanding = client.outstanding.get(sequence)
    if (outstanding === undefined) return
    // One that becomes empty would get another table: see renewal.ts.
    if (client.outstanding.size === 1) client.outstanding = new Map()
    else client.outstanding.delete(sequence)
    client.seen = Math.max(client.seen, slot)
    while (client.acknowledged + 1 < client.next && !client.outstanding.has(client.acknowledged + 1)) {
      client.acknowledged += 1
    }
    const { reference } = outstanding
    this.observe({ type: 'answered', client: number, reference, outcome, session, sequence, slot })
    if (!outcome.ok && outcome.error === 'session-unknown') this.#forget(number, client, outcome)
    else this.#sendBacklog(client)
  }

  /** The session is gone: what is outstanding may or may not have been executed; what was not sent opens another. */
  #forget(number: number, client: Client, outcome: Outcome): void {
    for (const [sequence, { reference }] of client.outstanding) {
      this.observe({
        type: 'answered',
        client: number,
        reference,
        outcome,
        session: client.session,
        sequence,
        slot: 0,
      })
    }
    client.outstanding.clear()
    this.bySession.delete(client.session)
    client.session = 0
    if (client.backlog.length > 0) this.#openSession(number, client)
  }

  // ---- reads ---------------------------------------------------------------------------------------------------

  #beginRead({ client, reference, query, consistency }: Extract<ClientRequest, { type: 'query' }>): void {
    if (this.reads.size >= this.settings.queueLimit) {
      this.observe(overloaded({ client, reference }, this.settings.queueLimit))
      return
    }
    const name = this.nameQuestion(this.nextRead++)
    const atLeast = this.#client(client).seen
    const read = {
      client,
      reference,
      query,
      consistency,
      atLeast,
      sentMicros: this.nowMicros,
      patience: 1,
      attempts: 1,
      contact: this.contact,
    }
    this.reads.set(name, read)
    this.#sendRead(name, read)
  }

  #sendRead(name: string, { query, consistency, atLeast }: OutstandingRead): void {
    this.send(this.#target(), { type: 'read', name, query, consistency, atLeast })
  }

  // ---- changes of the membership, and upgrades of the machine --------------------------------------------------

  #beginChange(asked: Extract<ClientRequest, { type: 'change' | 'upgrade' }>): void {
    const { client, reference } = asked
    if (this.changes.size >= this.settings.queueLimit) {
      this.observe(overloaded({ client, reference }, this.settings.queueLimit))
      return
    }
    const name = `${this.self}.${this.lifeName}.${this.nextChange++}`
    const request =
      asked.type === 'change'
        ? { session: 0, sequence: 1, acknowledged: 0, command: encodeChange({ name, ...asked }) }
        : { session: 0, sequence: 2, acknowledged: 0, command: encodeUpgrade({ name, ...asked }) }
    const { nowMicros: sentMicros, contact } = this
    this.changes.set(name, { client, reference, request, sentMicros, patience: 1, attempts: 1, contact })
    this.#send(request)
  }

  #changed(name: string, outcome: Outcome, slot: Slot): void {
    const change = this.changes.get(name)
    if (change === undefined) return
    this.changes.delete(name)
    const { client, reference } = change
    this.observe({ type: 'answered', client, reference, outcome, session: 0, sequence: 0, slot })
  }

  // ---- sending and sending again -------------------------------------------------------------------------------

  #send(request: Request): void {
    this.send(this.#target(), { type: 'request', request })
  }

  /** A member asks its own replica, which knows the way; another node tries its contacts in turn. */
  #target(): NodeId {
    return this.contacts[this.contact % this.contacts.length] ?? this.self
  }

  #resend(isDue: (waiting: Waiting) => boolean): void {
    for (const client of this.clients.values()) {
      if (client.opening !== null && isDue(client.opening)) {
        this.#waitAgain(client.opening)
        this.#sendOpen(client.opening)
      }
      for (const [sequence, outstanding] of client.outstanding) {
        if (!isDue(outstanding)) continue
        this.#waitAgain(outstanding)
        this.#sendCommand(client, sequence, outstanding.command)
      }
    }
    for (const change of this.changes.values()) {
      if (!isDue(change)) continue
      this.#waitAgain(change)
      this.#send(change.request)
    }
    for (const [name, read] of this.reads) {
      if (!isDue(read)) continue
      this.#waitAgain(read)
      this.#sendRead(name, read)
    }
  }

  #waitAgain(waiting: Waiting): void {
    if (waiting.contact === this.contact) this.contact += 1
    waiting.contact = this.contact
    waiting.sentMicros = this.nowMicros
    // A contact may be silent for ever: patience grows only when all of them have been asked.
    if (waiting.attempts % Math.max(1, this.contacts.length) === 0)
      waiting.patience = Math.min(waiting.patience * 2, MOST_PATIENCE)
    waiting.attempts += 1
  }

  /** One timer for all, while there is anything to wait for. */
  #arm(): void {
    if (this.armed || !this.#busy()) return
    this.armed = true
    const { requestResendMicros } = this.settings
    this.after('resend', Math.floor(requestResendMicros / 2), requestResendMicros)
  }

  #busy(): boolean {
    if (this.reads.size > 0 || this.changes.size > 0) return true
    for (const client of this.clients.values()) {
      if (client.opening !== null || client.outstanding.size > 0) return true
    }
    return false
  }
}

/** Too much waits already; this request was not sent to anybody. */
export function overloaded(
  { client, reference }: Pick<ClientRequest, 'client' | 'reference'>,
  queueLimit: number,
): Observation {
  const detail = `${queueLimit} requests wait already; try again later.`
  return {
    type: 'answered',
    client,
    reference,
    outcome: { ok: false, error: 'overloaded', detail },
    session: 0,
    sequence: 0,
    slot: 0,
  }
}
