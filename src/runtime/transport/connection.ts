/**
 * One connection, dialled or accepted: it reads frames, in the order in which they may come, and writes them. What they
 * mean is up to whoever owns it.
 */
import type { Socket } from 'node:net'
import type { NodeId } from '../../paxos/index.js'
import { BOOK, encodeFrame, FrameReader, type FrameSink, HELLO, MESSAGE, REFUSAL } from './frames.js'
import { decodeHello, decodeRefusal, encodeRefusal, HELLO_BYTES, type Hello } from './handshake.js'
import type { TransportLimits } from './limits.js'
import { Outgoing } from './outgoing.js'
import { type ProblemReason, Refused, refusedBy, type TransportCounts } from './problems.js'
import { tlsSentence } from './tls.js'

/** How long a connection that is turned away is kept, so that the other side can read why. */
const FAREWELL_MILLIS = 1_000

/** Nobody yet. */
const NO_NODE: NodeId = -1

export interface ConnectionOwner {
  readonly limits: TransportLimits
  readonly counts: TransportCounts
  /** The other side has said hello. Calls {@link Connection.open}, or throws {@link Refused}. */
  greeted(connection: Connection, hello: Hello): void
  received(connection: Connection, payloads: readonly Uint8Array[]): void
  /** Addresses came. May throw {@link MalformedBytes}. */
  informed(connection: Connection, book: Uint8Array): void
  /** It is of no use any more. Called once. */
  ended(connection: Connection): void
  /** Called before it ends for this reason. */
  troubled(connection: Connection, reason: ProblemReason, detail: string, told: boolean): void
}

/** What may come on a connection that is open. */
export interface Admitted {
  readonly messages: boolean
  readonly book: boolean
}

export class Connection implements FrameSink {
  readonly socket: Socket
  readonly peer: string
  readonly outgoing: Outgoing
  /** Who the other side is, once it is open. */
  node: NodeId = NO_NODE
  hello: Hello | null = null
  version = 0
  /** The largest frame that is taken now: until it is open, that of a hello. */
  frameBytes: number = HELLO_BYTES
  readonly #owner: ConnectionOwner
  readonly #dialled: boolean
  readonly #reader: FrameReader = new FrameReader(this)
  #admitted: Admitted = { messages: false, book: false }
  /** The messages of the chunk that is being read. */
  #payloads: Uint8Array[] = []
  #timer: NodeJS.Timeout
  #ended = false
  /** How often it was looked at since something came. */
  #silentLooks = 0

  constructor(
    owner: ConnectionOwner,
    socket: Socket,
    about: { readonly peer: string; readonly dialled: boolean; readonly queueBytes: number },
  ) {
    this.#owner = owner
    this.socket = socket
    this.peer = about.peer
    this.#dialled = about.dialled
    this.outgoing = new Outgoing(socket, about.queueBytes, owner.counts)
    const { handshakeMillis } = owner.limits
    const slow = `No handshake within ${handshakeMillis} ms.`
    this.#timer = setTimeout(() => this.#fail('slow-handshake', slow), handshakeMillis)
    socket.setNoDelay(true)
    socket.on('data', (chunk: Buffer) => this.#receive(chunk))
    socket.on('error', (error: NodeJS.ErrnoException) => this.#lose(error))
    socket.on('close', () => this.#lose(null))
  }

  get isOpen(): boolean {
    return this.node !== NO_NODE && !this.#ended
  }

  get hasEnded(): boolean {
    return this.#ended
  }

  /** The other side is who it says: from now on it is heard. */
  open(node: NodeId, hello: Hello, version: number, admitted: Admitted): void {
    clearTimeout(this.#timer)
    this.node = node
    this.hello = hello
    this.version = version
    this.#admitted = admitted
    this.frameBytes = this.#owner.limits.frameBytes
  }

  sendFrame(kind: number, payload: Uint8Array): void {
    this.outgoing.appendFrame(kind, payload)
    this.outgoing.flush()
  }

  // ---- reading

  #receive(chunk: Buffer): void {
    if (this.#ended) return
    this.#silentLooks = 0
    this.#owner.counts.receivedBytes += chunk.length
    let refused: Refused | null = null
    try {
      this.#reader.push(chunk)
    } catch (thrown) {
      refused = refusedBy(thrown)
    }
    const payloads = this.#payloads
    if (payloads.length > 0) {
      this.#payloads = []
      this.#owner.counts.receivedFrames += payloads.length
      this.#owner.received(this, payloads)
    }
    if (refused !== null) this.refuse(refused)
  }

  takeFrame(kind: number, payload: Uint8Array): void {
    if (this.#ended) return
    if (kind === MESSAGE && this.#admitted.messages) this.#payloads.push(payload)
    else this.#takeControl(kind, payload)
  }

  #takeControl(kind: number, payload: Uint8Array): void {
    switch (kind) {
      case HELLO:
        if (this.isOpen) throw new Refused('out-of-order', 'A second hello came.')
        this.#owner.greeted(this, decodeHello(payload))
        return
      case BOOK:
        if (!this.#admitted.book) throw new Refused('out-of-order', 'Addresses came from one who tells none.')
        this.#owner.informed(this, payload)
        return
      case REFUSAL: {
        if (!this.#dialled) throw new Refused('out-of-order', 'A refusal came from the side that dialled.')
        const { reason, detail } = decodeRefusal(payload)
        this.#fail(reason, detail, true)
        return
      }
      case MESSAGE: {
        const why = this.isOpen
          ? 'on a connection that carries none this way'
          : 'before the handshake was over'
        throw new Refused('out-of-order', `A message came ${why}.`)
      }
      default:
        throw new Refused('malformed', `A frame of kind ${kind} came: there is none.`)
    }
  }

  // ---- the end

  /** Turns the other side away. One that was dialled is just left; one that dialled is told why. */
  refuse(refused: Refused): void {
    if (this.#ended) return
    this.#owner.troubled(this, refused.reason, refused.message, false)
    if (this.#dialled) {
      this.cut()
      return
    }
    this.#end()
    const { socket } = this
    socket.end(encodeFrame(REFUSAL, encodeRefusal(refused)))
    const timer = setTimeout(() => socket.destroy(), FAREWELL_MILLIS)
    socket.on('close', () => clearTimeout(timer))
  }

  /** Cuts it off if a write has been going on since before this moment. */
  cutIfStalled(sinceMillis: number): void {
    const since = this.outgoing.stalledSinceMillis
    if (since === null || since >= sinceMillis) return
    const { waitingBytes } = this.outgoing
    const { stallMillis } = this.#owner.limits
    this.#fail('stalled', `Nothing could be written for ${stallMillis} ms; ${waitingBytes} bytes waited.`)
  }

  /**
   * Cuts it off if nothing came since it was looked at so often. Looks are counted, and not the time: after a pause of this
   * process what came meanwhile has yet to be read.
   */
  cutIfSilent(looks: number): void {
    if (this.#silentLooks++ < looks) return
    const { stallMillis } = this.#owner.limits
    this.#fail('silent', `Nothing came for ${stallMillis} ms: is its machine gone, or what lies between?`)
  }

  /** The socket is gone. That is worth a word only where nobody answers: connections come and go. */
  #lose(error: NodeJS.ErrnoException | null): void {
    if (this.isOpen || !this.#dialled) this.cut()
    else if (error === null)
      this.#fail(
        'unreachable',
        'It closed the connection before it said who it is: is TLS on at one side only?',
      )
    // What the system says has an errno; what TLS says has none.
    else if (error.syscall === undefined) this.#fail('untrusted', tlsSentence(error))
    else this.#fail('unreachable', `Nobody answers: ${error.message}.`)
  }

  #fail(reason: ProblemReason, detail: string, told = false): void {
    if (this.#ended) return
    this.#owner.troubled(this, reason, detail, told)
    this.cut()
  }

  /** Ends it here and now. */
  cut(): void {
    this.socket.destroy()
    this.#end()
  }

  #end(): void {
    if (this.#ended) return
    this.#ended = true
    clearTimeout(this.#timer)
    this.#owner.ended(this)
  }
}
