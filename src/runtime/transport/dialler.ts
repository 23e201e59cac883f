/**
 * Dials one member, and again with a wait whenever the connection is gone, until it is closed. The wait is random, so
 * that those who lost a member together do not come back together.
 */
import { connect } from 'node:net'
import type { MemberId } from '../../paxos/index.js'
import { Connection, type ConnectionOwner } from './connection.js'
import { isLoopback, parseEndpoint } from './endpoint.js'
import { HELLO } from './frames.js'
import { encodeHello, type Hello } from './handshake.js'
import { connectTls, type TransportTls } from './tls.js'

export interface DiallerOwner extends ConnectionOwner {
  readonly tls: TransportTls | undefined
  readonly token: string
  /** Where the address book has a member. */
  endpointOf(member: MemberId): string | undefined
  /** Where to dial what is at an address. */
  route(endpoint: string): string
  /** What this side says to whom it wants. */
  makeHello(wanted: MemberId | null, token: string): Hello
  /** A connection is begun. */
  dialled(dialler: Dialler, connection: Connection): void
  /** The member is not dialled, because of this. */
  warn(peer: string, member: MemberId | null, detail: string): void
}

export class Dialler {
  /** Whom it dials; null as long as whoever is at the address will do. */
  member: MemberId | null
  /** The address that the owner of the transport gave. */
  given: string
  readonly #owner: DiallerOwner
  #connection: Connection | null = null
  /** Dials since the last time that somebody answered. */
  #attempts = 0
  #timer: NodeJS.Timeout | null = null
  #closed = false

  constructor(owner: DiallerOwner, member: MemberId | null, given: string) {
    this.#owner = owner
    this.member = member
    this.given = given
  }

  get connection(): Connection | null {
    return this.#connection
  }

  /** Dials now, unless it has done so. */
  dial(): void {
    if (this.#closed || this.#connection !== null) return
    this.#stopWaiting()
    const peer = this.#endpoint()
    this.#attempts++
    const endpoint = parseEndpoint(this.#owner.route(peer))
    // Both sources were looked at before.
    if (endpoint === null) throw new TypeError(`${peer} is no endpoint.`)
    const { tls, token, limits } = this.#owner
    if (token !== '' && tls === undefined && !isLoopback(endpoint.host)) {
      this.#owner.warn(peer, this.member, 'The token would leave this machine in the clear: turn TLS on.')
      this.#wait()
      return
    }
    const socket = tls === undefined ? connect(endpoint) : connectTls(tls, endpoint)
    const connection = new Connection(this.#owner, socket, {
      peer,
      dialled: true,
      queueBytes: limits.queueBytes,
    })
    this.#connection = connection
    this.#owner.dialled(this, connection)
    // What the hello says may be known later than now, so it is asked for when there is somebody to say it to.
    socket.once(tls === undefined ? 'connect' : 'secureConnect', () => {
      connection.sendFrame(HELLO, encodeHello(this.#owner.makeHello(this.member, token)))
    })
  }

  /** Dials without further waiting, where the book has it. */
  dialAtOnce(): void {
    if (this.#connection !== null) return
    this.#attempts = 0
    this.dial()
  }

  /** The address that the book has, and in turns with it the one that was given: either may be out of date. */
  #endpoint(): string {
    const booked = this.member === null ? undefined : this.#owner.endpointOf(this.member)
    return booked === undefined || this.#attempts % 2 === 1 ? this.given : booked
  }

  /** The member has answered. */
  answered(): void {
    this.#attempts = 0
  }

  /** The connection is gone: dials again after a while. */
  lost(): void {
    this.#connection = null
    if (!this.#closed) this.#wait()
  }

  #wait(): void {
    const { backoffMillis, backoffLimitMillis } = this.#owner.limits
    const most = Math.min(backoffLimitMillis, backoffMillis * 2 ** Math.min(this.#attempts, 20))
    this.#timer = setTimeout(() => this.dial(), (most * (1 + Math.random())) / 2)
  }

  #stopWaiting(): void {
    if (this.#timer !== null) clearTimeout(this.#timer)
    this.#timer = null
  }

  close(): void {
    this.#closed = true
    this.#stopWaiting()
    this.#connection?.cut()
  }
}
