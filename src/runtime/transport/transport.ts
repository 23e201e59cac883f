/**
 * The transport: carries opaque messages between members, and between members and clients, over TCP or TLS.
 *
 * A member dials every member that it knows, and sends on what it dialled; on what it accepted it only receives. So a
 * link that fails one way fails one way. A client dials members, and its connections carry both ways.
 *
 * It never sends anything twice: the protocol does, where it matters. What has no connection, or finds too much waiting
 * before it, is dropped and counted.
 */
import type { MemberId, NodeId } from '../../paxos/index.js'
import { AddressBook, type BookEntry, decodeBook, encodeBook, FIRST_CLIENT } from './book.js'
import type { Admitted, Connection } from './connection.js'
import { Dialler, type DiallerOwner } from './dialler.js'
import { parseEndpoint } from './endpoint.js'
import { BOOK, HELLO } from './frames.js'
import {
  commonVersion,
  encodeHello,
  type Hello,
  type Identity,
  judge,
  judgeNumber,
  TOKEN_BYTES,
  VERSIONS,
  type Versions,
} from './handshake.js'
import { completeLimits, type TransportLimits } from './limits.js'
import { CannotListen, type ListenAddress, Listener } from './listener.js'
import { noCounts, type Problem, type ProblemReason, type TransportCounts } from './problems.js'
import type { TransportTls } from './tls.js'

export interface TransportOptions {
  /** Who this side is. Asked at each handshake: the cluster is not known before the founding. */
  readonly identity: () => Identity
  /** Where to listen. A client does not. Only loopback addresses, unless TLS is on. */
  readonly listen?: ListenAddress
  readonly tls?: TransportTls
  /** What whoever dials must know, unless a certificate vouches for it. It is sent to this machine, or over TLS. */
  readonly token?: string
  readonly limits?: Partial<TransportLimits>
  /** The versions of the wire that this side speaks, if not all that it can. */
  readonly versions?: Versions
  /** @internal Where to dial what the address book, or the owner, has at an address: a way through something between. */
  readonly route?: (endpoint: string) => string
  /**
   * Messages came: all that were in one chunk off the network. `store` is the identity of the sender's store, 0 for a
   * client's. The payloads are views of a buffer that is never used again: they may be kept. Who keeps little of them for
   * long copies that, because a view keeps its whole chunk alive, up to 64 KiB.
   */
  onMessages(from: NodeId, store: number, payloads: readonly Uint8Array[]): void
  /** The address book has changed. It never names this member itself. */
  onBook(book: ReadonlyMap<MemberId, string>): void
  /** From now on what is sent to the node has a connection, or has none. A client that is gone never comes back. */
  onReachable?(node: NodeId, reachable: boolean): void
  /** Told each time. Whoever logs it logs each reason once a peer. */
  onProblem(problem: Problem): void
}

/** A connection that is open. */
export interface ConnectionStatus {
  readonly node: NodeId
  readonly store: number
  readonly peer: string
  readonly dialled: boolean
  readonly version: number
  readonly waitingBytes: number
}

/** How often a connection is looked at, in the time after which it counts as stalled, or silent. */
const LOOKS = 4

/**
 * What whoever was dialled says at each look, so that a link which is dead without a word is noticed: TCP alone tries for a
 * quarter of an hour, and after a minute of silence takes another to come back.
 */
const SIGN_OF_LIFE = encodeBook([])

const FROM_MEMBER: Admitted = { messages: false, book: true }
const FROM_MEMBER_TO_CLIENT: Admitted = { messages: true, book: true }
const FROM_DIALLER: Admitted = { messages: true, book: false }

export class Transport {
  readonly counts: TransportCounts = noCounts()
  readonly #options: TransportOptions
  readonly #limits: TransportLimits
  readonly #versions: Versions
  readonly #book: AddressBook
  readonly #listener: Listener | null
  readonly #diallers: Map<MemberId, Dialler> = new Map()
  /** Those that dial an address, whoever is there, by the address. */
  readonly #seekers: Map<string, Dialler> = new Map()
  /** Who dialled a connection. */
  readonly #origins: Map<Connection, Dialler> = new Map()
  /** What is sent to whom goes where. */
  readonly #routes: Map<NodeId, Connection> = new Map()
  /** Connections that were told they are too slow. */
  readonly #full: WeakSet<Connection> = new WeakSet()
  #dirty: Connection[] = []
  /** Since when this member is where it is, as it tells others. */
  #sinceMillis: number = Date.now()
  #bookTimer: NodeJS.Immediate | null = null
  readonly #sweep: NodeJS.Timeout
  #closed = false

  /** Throws {@link CannotListen}, and a RangeError for limits and tokens that are none. */
  constructor(options: TransportOptions) {
    const { listen: address, tls, token = '' } = options
    if (Buffer.byteLength(token) > TOKEN_BYTES) {
      throw new RangeError(
        `A token has at most ${TOKEN_BYTES} bytes, and this one ${Buffer.byteLength(token)}.`,
      )
    }
    this.#options = options
    this.#limits = completeLimits(options.limits)
    this.#versions = options.versions ?? VERSIONS
    this.#book = new AddressBook(this.#limits.bookEntries)
    this.#listener = address === undefined ? null : new Listener(this.#owner, { address, tls, token })
    this.#sweep = setInterval(() => this.#look(), this.#limits.stallMillis / LOOKS)
    this.#sweep.unref()
  }

  /** Gives the address, with the port that was found. Rejects with {@link CannotListen}. */
  async listen(): Promise<ListenAddress> {
    if (this.#listener === null) throw new CannotListen('This transport was given no address to listen at.')
    return this.#listener.listen()
  }

  /** Flushes, and cuts all connections. Resolves when they are gone. */
  async close(): Promise<void> {
    if (!this.#closed) this.flush()
    this.#closed = true
    clearInterval(this.#sweep)
    if (this.#bookTimer !== null) clearImmediate(this.#bookTimer)
    for (const dialler of [...this.#diallers.values(), ...this.#seekers.values()]) dialler.close()
    await this.#listener?.close()
  }

  // ---- whom it knows

  /** Dials the member, and keeps doing so. Where the address book has a later address, that is tried first. */
  know(member: MemberId, endpoint: string): void {
    checkEndpoint(endpoint)
    if (this.#closed || member === this.#options.identity().member) return
    this.#book.remember(member)
    if (this.#book.learn({ member, endpoint, sinceMillis: 0 })) this.#tellBook()
    const known = this.#diallers.get(member)
    if (known !== undefined) {
      known.given = endpoint
      return
    }
    const dialler = new Dialler(this.#owner, member, endpoint)
    this.#diallers.set(member, dialler)
    dialler.dial()
  }

  /** Dials the address, and keeps doing so; the member that answers is known from then on. */
  meet(endpoint: string): void {
    checkEndpoint(endpoint)
    if (this.#closed || this.#seekers.has(endpoint)) return
    const dialler = new Dialler(this.#owner, null, endpoint)
    this.#seekers.set(endpoint, dialler)
    dialler.dial()
  }

  /** Dials the member no more, and notes nothing that others say about it, until it is known again. */
  forget(member: MemberId): void {
    this.#book.forget(member)
    const dialler = this.#diallers.get(member)
    this.#diallers.delete(member)
    dialler?.close()
  }

  /** Where members are, as far as that is known. */
  get book(): ReadonlyMap<MemberId, string> {
    return this.#book.endpoints
  }

  get connections(): readonly ConnectionStatus[] {
    const dialled = [...this.#diallers.values()].flatMap(({ connection }) => connection ?? [])
    const open = dialled.filter((connection) => connection.isOpen)
    const accepted = this.#listener?.connections ?? []
    return [...open.map((each) => statusOf(each, true)), ...accepted.map((each) => statusOf(each, false))]
  }

  // ---- sending

  /**
   * Appends a message to what goes to a node, or to several: {@link flush} sends it. The payload must not change
   * afterwards: a large one is not copied.
   */
  send(to: NodeId | readonly NodeId[], payload: Uint8Array): void {
    if (payload.length > this.#limits.frameBytes) this.#dropLarge(payload)
    else if (typeof to === 'number') this.#sendTo(to, payload)
    else for (const node of to) this.#sendTo(node, payload)
  }

  #sendTo(to: NodeId, payload: Uint8Array): void {
    const connection = this.#routes.get(to)
    if (connection === undefined) {
      this.counts.droppedUnreachable++
      return
    }
    const { outgoing } = connection
    if (!outgoing.append(payload)) this.#tellFull(connection)
    else if (!outgoing.dirty) {
      outgoing.dirty = true
      this.#dirty.push(connection)
    }
  }

  /** Writes what was sent: one write a peer, if the system takes it. Called at the end of each turn. */
  flush(): void {
    const dirty = this.#dirty
    if (dirty.length === 0) return
    this.#dirty = []
    for (const { outgoing } of dirty) outgoing.flush()
  }

  #dropLarge({ length }: Uint8Array): void {
    this.counts.droppedLarge++
    const { frameBytes } = this.#limits
    const detail = `A message of ${length} bytes was not sent: the limit frameBytes is ${frameBytes}.`
    this.#tell('too-large', 'this side', this.#options.identity().member, detail, false)
  }

  #tellFull(connection: Connection): void {
    if (this.#full.has(connection)) return
    this.#full.add(connection)
    const detail = `${connection.outgoing.waitingBytes} bytes wait to be written: what else is sent there is dropped.`
    this.#owner.troubled(connection, 'full', detail, false)
  }

  // ---- what connections tell

  readonly #owner: DiallerOwner = this.#makeOwner()

  /** This transport as its parts see it. */
  #makeOwner(): DiallerOwner {
    // They are not known before the constructor has run.
    const limits = () => this.#limits
    const options = () => this.#options
    return {
      counts: this.counts,
      get limits() {
        return limits()
      },
      get tls() {
        return options().tls
      },
      get token() {
        return options().token ?? ''
      },
      endpointOf: (member) => this.#book.endpointOf(member),
      route: (endpoint) => options().route?.(endpoint) ?? endpoint,
      makeHello: (wanted, token) => this.#makeHello(wanted, token),
      dialled: (dialler, connection) => this.#origins.set(connection, dialler),
      warn: (peer, member, detail) => this.#tell('token-in-clear', peer, member, detail, false),
      greeted: (connection, hello) => this.#greeted(connection, hello),
      received: ({ node, hello }, payloads) => this.#options.onMessages(node, hello?.store ?? 0, payloads),
      informed: (_, payload) => this.#informed(decodeBook(payload, this.#limits.bookEntries + 1)),
      ended: (connection) => this.#ended(connection),
      troubled: (connection, reason, detail, told) => {
        const member = this.#origins.get(connection)?.member ?? connection.hello?.member ?? null
        this.#tell(reason, connection.peer, member, detail, told)
      },
    }
  }

  #makeHello(wanted: MemberId | null, token: string): Hello {
    const { cluster, member, store, endpoint } = this.#options.identity()
    const versions = this.#versions
    return { versions, cluster, member, store, endpoint, sinceMillis: this.#sinceMillis, token, wanted }
  }

  #greeted(connection: Connection, hello: Hello): void {
    const version = commonVersion(this.#versions, hello.versions)
    const mine = this.#options.identity()
    const dialler = this.#origins.get(connection)
    if (dialler !== undefined) this.#opened(dialler, connection, mine, hello, version)
    else if (this.#listener !== null) this.#accepted(this.#listener, connection, mine, hello, version)
    if (connection.isOpen && hello.member !== null && hello.endpoint !== null) {
      const { member, endpoint, sinceMillis } = hello
      this.#informed([{ member, endpoint, sinceMillis }])
    }
    // Who dials is up, and has said where: there is no need to wait any longer before it is dialled.
    if (connection.isOpen && dialler === undefined) this.#diallers.get(connection.node)?.dialAtOnce()
  }

  /** The one that was dialled has answered. */
  #opened(dialler: Dialler, connection: Connection, mine: Identity, hello: Hello, version: number): void {
    judge(mine, hello)
    judgeNumber(dialler.member, hello.member)
    const member = hello.member ?? 0 // judged not to be null
    if (dialler.member === null && !this.#adopt(dialler, member)) return
    dialler.answered()
    const admitted = mine.member === null ? FROM_MEMBER_TO_CLIENT : FROM_MEMBER
    connection.open(member, hello, version, admitted)
    this.counts.dialled++
    this.#addRoute(connection)
  }

  /** An address has turned out to be this member's; gives whether that is dialled there from now on. */
  #adopt(seeker: Dialler, member: MemberId): boolean {
    this.#seekers.delete(seeker.given)
    if (this.#diallers.has(member)) {
      seeker.close()
      return false
    }
    seeker.member = member
    this.#diallers.set(member, seeker)
    this.#book.remember(member)
    if (this.#book.learn({ member, endpoint: seeker.given, sinceMillis: 0 })) this.#tellBook()
    return true
  }

  #accepted(listener: Listener, connection: Connection, mine: Identity, hello: Hello, version: number): void {
    const node = listener.admit(connection, mine, hello)
    connection.open(node, hello, version, FROM_DIALLER)
    connection.sendFrame(HELLO, encodeHello(this.#makeHello(hello.member, '')))
    connection.sendFrame(BOOK, encodeBook(this.#entries()))
    if (node >= FIRST_CLIENT) this.#addRoute(connection)
  }

  #addRoute(connection: Connection): void {
    this.#routes.set(connection.node, connection)
    this.#options.onReachable?.(connection.node, true)
  }

  #ended(connection: Connection): void {
    this.#listener?.dismiss(connection)
    if (this.#routes.get(connection.node) === connection) {
      this.#routes.delete(connection.node)
      this.#options.onReachable?.(connection.node, false)
    }
    const dialler = this.#origins.get(connection)
    if (dialler === undefined) return
    this.#origins.delete(connection)
    if (connection.hello !== null) this.counts.dialled--
    dialler.lost()
  }

  #tell(reason: ProblemReason, peer: string, member: MemberId | null, detail: string, told: boolean): void {
    this.counts.problems[reason]++
    this.#options.onProblem({ reason, told, peer, member, detail })
  }

  #look(): void {
    const sinceMillis = performance.now() - this.#limits.stallMillis
    for (const connection of [...this.#routes.values()]) {
      connection.cutIfStalled(sinceMillis)
      if (this.#origins.has(connection)) connection.cutIfSilent(LOOKS)
    }
    for (const connection of this.#listener?.connections ?? []) {
      connection.cutIfStalled(sinceMillis)
      if (!connection.hasEnded) connection.sendFrame(BOOK, SIGN_OF_LIFE)
    }
  }

  // ---- the address book

  /** Addresses were heard. */
  #informed(entries: readonly BookEntry[]): void {
    const { member: self, endpoint: mine } = this.#options.identity()
    let news = false
    let contradicted = false
    for (const entry of entries) {
      if (entry.member !== self) news = this.#book.learn(entry) || news
      else if (mine !== null && entry.endpoint !== mine && entry.sinceMillis >= this.#sinceMillis) {
        this.#sinceMillis = entry.sinceMillis + 1
        contradicted = true
      }
    }
    if (news) this.#options.onBook(this.#book.endpoints)
    if (news || contradicted) this.#tellBook()
  }

  /** What it knows, itself included. */
  #entries(): readonly BookEntry[] {
    const { member, endpoint } = this.#options.identity()
    const others = this.#book.entries
    if (member === null || endpoint === null) return others
    return [...others, { member, endpoint, sinceMillis: this.#sinceMillis }]
  }

  /** Tells everybody who dialled what has changed, after all else that this turn may bring. */
  #tellBook(): void {
    if (this.#listener === null || this.#bookTimer !== null || this.#closed) return
    this.#bookTimer = setImmediate(() => {
      this.#bookTimer = null
      const book = encodeBook(this.#entries())
      for (const connection of this.#listener?.connections ?? []) connection.sendFrame(BOOK, book)
    })
  }
}

function statusOf(connection: Connection, dialled: boolean): ConnectionStatus {
  const { node, hello, peer, version, outgoing } = connection
  return { node, store: hello?.store ?? 0, peer, dialled, version, waitingBytes: outgoing.waitingBytes }
}

function checkEndpoint(endpoint: string): void {
  if (parseEndpoint(endpoint) !== null) return
  throw new RangeError(`${endpoint} is no address: it must have the form host:port.`)
}
