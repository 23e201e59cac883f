/** The bounds of the transport, with unit and default. */

export interface TransportLimits {
  /** The largest frame that is sent or taken, without its header. Whoever sends a larger one is cut off. */
  readonly frameBytes: number
  /** What is sent to a member while this much waits for it is dropped. One frame may reach beyond. */
  readonly queueBytes: number
  /** The same for a client. */
  readonly clientQueueBytes: number
  /** A connection that is not open after this long is given up: reaching the other side, TLS and both hellos. */
  readonly handshakeMillis: number
  /**
   * A connection on which a write of at most 256 KiB takes longer than this is cut; and one that was dialled, on which
   * nothing comes for so long. Whoever was dialled says something four times as often.
   */
  readonly stallMillis: number
  /** The first wait before a member is dialled again; doubles each time, and half of it is drawn at random. */
  readonly backoffMillis: number
  /** The longest such wait. */
  readonly backoffLimitMillis: number
  /** Accepted connections that have not said who they are. For one more the oldest of them is cut. */
  readonly handshakes: number
  /** Accepted connections of clients, and as many of members. One more is refused. */
  readonly connections: number
  /** Members in the address book. Further ones are not noted. */
  readonly bookEntries: number
}

export const DEFAULT_TRANSPORT_LIMITS: TransportLimits = {
  frameBytes: 16 * 1024 * 1024,
  queueBytes: 16 * 1024 * 1024,
  clientQueueBytes: 1024 * 1024,
  handshakeMillis: 5_000,
  stallMillis: 10_000,
  backoffMillis: 50,
  backoffLimitMillis: 1_000,
  handshakes: 1_024,
  connections: 10_000,
  bookEntries: 1_024,
}

/**
 * The longest command or query, in bytes. A command travels in one frame, together with others and with what is said about
 * them; one that fits no frame would hold up the cluster for ever.
 */
export function commandBytesOf({ frameBytes }: TransportLimits): number {
  return Math.floor(frameBytes / 2)
}

/** The limits with the defaults for those left out. Throws a RangeError unless each is a whole number above 0. */
export function completeLimits(limits: Partial<TransportLimits> = {}): TransportLimits {
  const complete = { ...DEFAULT_TRANSPORT_LIMITS, ...limits }
  for (const [name, value] of Object.entries(complete)) {
    if (!Object.hasOwn(DEFAULT_TRANSPORT_LIMITS, name)) throw new RangeError(`There is no limit ${name}.`)
    if (Number.isSafeInteger(value) && value > 0 && value < 2 ** 31) continue // timers end there
    throw new RangeError(`The limit ${name} must be a whole number from 1 to 2^31 - 1, and ${value} is not.`)
  }
  return complete
}
