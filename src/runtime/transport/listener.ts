/**
 * Listens, and holds what was accepted: first without a name, bounded in number and time; then as the connection of a
 * member, one for each store, or of a client.
 */
import { createServer, type Server, type Socket } from 'node:net'
import { createServer as createTlsServer } from 'node:tls'
import type { NodeId } from '../../paxos/index.js'
import { FIRST_CLIENT } from './book.js'
import { Connection, type ConnectionOwner } from './connection.js'
import { formatEndpoint, isLoopback } from './endpoint.js'
import { type Hello, type Identity, judge, sameToken } from './handshake.js'
import { Refused } from './problems.js'
import { hasCertificate, serverOptions, type TransportTls } from './tls.js'

export interface ListenAddress {
  readonly host: string
  /** 0 for any that is free. */
  readonly port: number
}

export interface ListenerOptions {
  readonly address: ListenAddress
  readonly tls: TransportTls | undefined
  readonly token: string
}

/** The transport cannot listen as it was told to. */
export class CannotListen extends Error {
  override readonly name = 'CannotListen'
}

/** The number of the next client, whichever transport of this process accepts it. */
let nextClient: NodeId = FIRST_CLIENT

export class Listener {
  readonly #owner: ConnectionOwner
  readonly #options: ListenerOptions
  readonly #server: Server
  /** Sockets whose owners have not said who they are, oldest first, by the address that they come from. */
  readonly #strangers: Map<string, Socket> = new Map()
  /** Every connection, by its name if it has one. */
  readonly #members: Map<string, Connection> = new Map()
  readonly #clients: Map<NodeId, Connection> = new Map()

  /** Throws {@link CannotListen} if that would let in whoever comes by. */
  constructor(owner: ConnectionOwner, options: ListenerOptions) {
    this.#owner = owner
    this.#options = options
    checkDoor(options)
    const { tls } = options
    if (tls === undefined) this.#server = createServer({ noDelay: true }, (socket) => this.#accept(socket))
    else this.#server = this.#makeTlsServer(tls)
    this.#server.on('connection', (socket: Socket) => this.#meet(socket))
  }

  #makeTlsServer(tls: TransportTls): Server {
    const options = serverOptions(tls, this.#owner.limits.handshakeMillis)
    const server = createTlsServer(options, (socket) => this.#accept(socket))
    // Most are scanners, and those who speak no TLS. Who is only too slow is not cut off by the server itself.
    server.on('tlsClientError', (_, socket) => {
      this.#owner.counts.problems.untrusted++
      socket.destroy()
    })
    return server
  }

  listen(): Promise<ListenAddress> {
    const { host, port } = this.#options.address
    return new Promise((resolve, reject) => {
      this.#server.once('error', (error) => {
        const detail = `Cannot listen at ${formatEndpoint({ host, port })}: ${error.message}.`
        reject(new CannotListen(detail, { cause: error }))
      })
      this.#server.listen({ host, port }, () => {
        const address = this.#server.address()
        // Only pipes have a text for an address, and only a server that does not listen has none.
        if (address === null || typeof address === 'string') throw new TypeError('The server has no address.')
        resolve({ host, port: address.port })
      })
    })
  }

  // ---- strangers

  /** A socket that has just come, before TLS. The oldest stranger goes if there are too many. */
  #meet(socket: Socket): void {
    const strangers = this.#strangers
    if (strangers.size >= this.#owner.limits.handshakes) {
      const [oldest] = strangers.values()
      this.#owner.counts.problems['slow-handshake']++
      oldest?.destroy()
    }
    const key = addressOf(socket)
    strangers.set(key, socket)
    // A socket without any listener for its errors takes the process with it.
    socket.on('error', () => socket.destroy())
    socket.on('close', () => {
      if (strangers.get(key) === socket) strangers.delete(key)
    })
  }

  #accept(socket: Socket): void {
    const { clientQueueBytes } = this.#owner.limits
    // It takes its first write, the hello, whoever it turns out to be; a member is sent little here.
    new Connection(this.#owner, socket, {
      peer: addressOf(socket),
      dialled: false,
      queueBytes: clientQueueBytes,
    })
  }

  // ---- those who have said who they are

  /** Lets the one who said this in, or throws {@link Refused}. Gives the node that it is from now on. */
  admit(connection: Connection, mine: Identity, hello: Hello): NodeId {
    this.#authenticate(connection.socket, hello.token)
    judge(mine, hello)
    if (hello.wanted !== null && hello.wanted !== mine.member) {
      const detail = `Member ${hello.wanted} was dialled, and this is member ${mine.member}: the address is wrong.`
      throw new Refused('wrong-number', detail)
    }
    return hello.member === null ? this.#admitClient(connection) : this.#admitMember(connection, hello)
  }

  #authenticate(socket: Socket, token: string): void {
    const { tls, token: mine } = this.#options
    if (hasCertificate(socket, tls)) return
    if (mine === '' && tls?.ca === undefined) return
    if (mine !== '' && sameToken(mine, token)) return
    const wanted = [mine === '' ? [] : 'the right token', tls?.ca === undefined ? [] : 'a certificate'].flat()
    throw new Refused('unauthenticated', `This member wants to see ${wanted.join(' or ')}.`)
  }

  #admitMember(connection: Connection, hello: Hello): NodeId {
    const key = `${hello.member}/${hello.store}`
    const old = this.#members.get(key)
    if (old === undefined) this.#checkRoom(this.#members.size, 'members')
    this.#strangers.delete(connection.peer)
    this.#members.set(key, connection)
    this.#owner.counts.members = this.#members.size
    old?.cut()
    return hello.member ?? 0 // whoever calls has seen that it is a member
  }

  #admitClient(connection: Connection): NodeId {
    this.#checkRoom(this.#clients.size, 'clients')
    this.#strangers.delete(connection.peer)
    const node = nextClient++
    this.#clients.set(node, connection)
    this.#owner.counts.clients = this.#clients.size
    return node
  }

  #checkRoom(size: number, which: string): void {
    const { connections } = this.#owner.limits
    if (size < connections) return
    throw new Refused(
      'too-many-connections',
      `${size} ${which} are connected, and there is room for no more.`,
    )
  }

  /** The connection has ended. */
  dismiss(connection: Connection): void {
    this.#clients.delete(connection.node)
    const { hello } = connection
    const key = `${hello?.member}/${hello?.store}`
    if (this.#members.get(key) === connection) this.#members.delete(key)
    this.#owner.counts.clients = this.#clients.size
    this.#owner.counts.members = this.#members.size
  }

  get connections(): readonly Connection[] {
    return [...this.#members.values(), ...this.#clients.values()]
  }

  /** Resolves when every socket is gone. */
  close(): Promise<void> {
    return new Promise((resolve) => {
      // It gives an error if it never listened, and then all is well too.
      this.#server.close(() => resolve())
      for (const socket of this.#strangers.values()) socket.destroy()
      for (const connection of this.connections) connection.cut()
    })
  }
}

/** Where a socket comes from: no two that are open have the same. */
function addressOf({ remoteAddress = 'gone', remotePort = 0 }: Socket): string {
  return formatEndpoint({ host: remoteAddress, port: remotePort })
}

/** Throws {@link CannotListen} if whoever comes by would be let in, or nobody could be. */
export function checkDoor({ address, tls, token }: ListenerOptions): void {
  const where = formatEndpoint(address)
  if (tls !== undefined && (tls.key === undefined || tls.cert === undefined)) {
    throw new CannotListen(`To listen at ${where} with TLS needs a key and a certificate.`)
  }
  if (isLoopback(address.host)) return
  if (tls === undefined) {
    throw new CannotListen(
      `${where} can be reached from other machines: turn TLS on, or listen at 127.0.0.1 or ::1.`,
    )
  }
  if (tls.ca !== undefined || token !== '') return
  throw new CannotListen(
    `Whoever reaches ${where} could command this member: give a token, or a ca that certificates are checked against.`,
  )
}
