/**
 * The times and the bounds that the roles use, with unit and default. What is a matter of shape rather than of size,
 * such as how often a wait doubles, is a constant beside its use.
 *
 * The members of one cluster must agree on those marked *agreed*: they decide what a decree does.
 */

/** A point in time, or a length of it, in whole microseconds. */
export type Micros = number

export interface Settings {
  /** How often a leader tells the others that it lives. */
  readonly heartbeatMicros: Micros
  /**
   * A member that hears no leader for this long (and up to twice as long, at random) asks the others. Must exceed the
   * longest round trip of a message together with a sync, or no leader is ever elected.
   */
  readonly electionTimeoutMicros: Micros
  /** How long a prepare, an accept, a fetch or a read round waits for its answer before it is sent again. */
  readonly resendMicros: Micros
  /** The first wait of a requester before it sends a request again; doubles up to four times this. */
  readonly requestResendMicros: Micros
  /** How often a node that is not yet inducted asks to join. */
  readonly joinMicros: Micros
  /**
   * Slots in flight at most: slot s is proposed only when every slot up to s − alpha is decided. And a change of the
   * membership that slot s decides is in force from slot s + alpha on. *Agreed.*
   */
  readonly alpha: number
  /** No decree is proposed while this many bytes of decrees are in flight. */
  readonly windowBytes: number
  /** Bytes of commands that one decree batches at most (one command is always let through). */
  readonly decreeBytes: number
  /** Requests that a leader queues at most; what comes beyond is answered `overloaded`. */
  readonly queueLimit: number
  /** Requests that a replica holds at most while it knows no leader. */
  readonly parkedLimit: number
  /** Messages that wait for the disk at most; further ones are dropped, and asked for again. */
  readonly heldLimit: number
  /** Bytes of decrees in one promise, or of decrees or a snapshot in one answer to a fetch (one decree is always let through). */
  readonly chunkBytes: number
  /**
   * A replica takes a snapshot when the decrees since the last one exceed this many bytes, and keeps a quarter as many
   * before it.
   */
  readonly logBytes: number
  /**
   * A replica takes no snapshot before the decrees since the last one exceed this many percent of that: what is written to
   * disk for snapshots stays in proportion to what is asked for, however large the state is.
   */
  readonly logPercent: number
  /** Unacknowledged requests in one session at most. *Agreed.* */
  readonly sessionWindow: number
  /** Live sessions at most; one more is refused. *Agreed.* */
  readonly sessionLimit: number
  /** A session that no decree has used for this long, in decree time, goes when there is no room for another. *Agreed.* */
  readonly sessionIdleMicros: Micros
  /** A decree moves the machine's time on by this much at most, whatever its stamp. *Agreed.* */
  readonly stampAdvanceMicros: Micros
}

/** Fit for members some tens of milliseconds apart. */
export const DEFAULT_SETTINGS: Settings = {
  heartbeatMicros: 100_000,
  electionTimeoutMicros: 500_000,
  resendMicros: 150_000,
  requestResendMicros: 400_000,
  joinMicros: 200_000,
  alpha: 64,
  windowBytes: 4 * 1024 * 1024,
  decreeBytes: 256 * 1024,
  queueLimit: 10_000,
  parkedLimit: 1_000,
  heldLimit: 10_000,
  chunkBytes: 256 * 1024,
  logBytes: 4 * 1024 * 1024,
  logPercent: 1,
  sessionWindow: 256,
  sessionLimit: 100_000,
  sessionIdleMicros: 3_600_000_000,
  stampAdvanceMicros: 60_000_000,
}

/** The settings with the defaults for those left out. Throws a RangeError unless each is a whole number above 0. */
export function completeSettings(settings: Partial<Settings> = {}): Settings {
  if (COMPLETE.has(settings)) return settings as Settings // it came from here
  const complete = { ...DEFAULT_SETTINGS, ...settings }
  for (const [name, value] of Object.entries(complete)) {
    if (!Object.hasOwn(DEFAULT_SETTINGS, name)) throw new RangeError(`There is no setting ${name}.`)
    if (Number.isSafeInteger(value) && value > 0) continue
    throw new RangeError(`The setting ${name} must be a whole number above 0, and ${value} is not.`)
  }
  COMPLETE.add(Object.freeze(complete))
  return complete
}

/** What was found to be complete: a node that starts often need not be looked at again. */
const COMPLETE: WeakSet<Partial<Settings>> = new WeakSet()
