/**
 * Snapshots: the replicated state as bytes, and how it travels in chunks.
 *
 * A snapshot replaces the decrees up to its slot: *Paxos Made Live*, section 5.5. It holds everything that they made:
 * the machine's state and its version, the sessions, decree time, and the configurations in force and to come.
 */
import { ByteReader, encodeNumber, joinBytes } from './bytes.js'
import type { Slot } from './decree.js'
import { MachineOutdated } from './errors.js'
import { type AnyMachine, codecsOf, type FrozenState, versionOf } from './machine.js'
import { decodePlain, encodePlain } from './plain-bytes.js'
import type { Replicated } from './replicated.js'

/** A snapshot, as it is kept. */
export interface Snapshot {
  /** It holds what every slot up to this one made. */
  readonly slot: Slot
  readonly data: Uint8Array
}

/** A snapshot, as it is sent. */
export interface OutgoingSnapshot extends Snapshot {
  /** Tells it from other bytes of the same slot: chunks of different snapshots never mix. */
  readonly checksum: number
}

/** A snapshot on its way here, chunk by chunk. */
export interface IncomingSnapshot {
  readonly slot: Slot
  readonly checksum: number
  /** How many bytes it has, and the chunks of them that have come, without a gap. */
  readonly total: number
  readonly chunks: Uint8Array[]
  received: number
}

/** Takes one at once. Throws what the machine throws. */
export function takeSnapshot(replicated: Replicated, machine: AnyMachine): Snapshot {
  const { state, ...rest } = replicated
  const { snapshots } = codecsOf(machine)
  const version = replicated.machineVersion
  const parts = snapshots.parts?.(state, version) ?? [snapshots.encode(state, version)]
  const length = parts.reduce((sum, part) => sum + part.length, 0)
  const data = joinBytes([encodeNumber(length), ...parts, ...withLength(encodePlain(rest))], pagesFor)
  return { slot: replicated.applied, data }
}

function withLength(bytes: Uint8Array): readonly [Uint8Array, Uint8Array] {
  return [encodeNumber(bytes.length), bytes]
}

/** Whether a machine goes on while a snapshot of its state is taken. */
export function goesOnMeanwhile(machine: AnyMachine): boolean {
  return codecsOf(machine).snapshots.freeze !== undefined
}

/** A snapshot that is taken bit by bit, of a machine that goes on meanwhile. */
export class SnapshotInProgress implements Snapshot {
  readonly slot: Slot
  /** Not all of its bytes are there before `goOn` says so. */
  readonly data: Uint8Array
  readonly #frozen: FrozenState
  #isCopied = false
  readonly #checksum: RunningChecksum | null

  /** Throws what the machine throws. */
  constructor(
    replicated: Replicated,
    machine: AnyMachine,
    withChecksum: boolean,
    allocate: (length: number) => Uint8Array = pagesFor,
  ) {
    const { state, ...rest } = replicated
    const after = joinBytes(withLength(encodePlain(rest)))
    let data = after
    const place = (length: number): Uint8Array => {
      const before = encodeNumber(length)
      const end = before.length + length
      data = allocate(end + after.length)
      data.set(before)
      data.set(after, end)
      return data.subarray(before.length, end)
    }
    const frozen = codecsOf(machine).snapshots.freeze?.(state, replicated.machineVersion, place)
    if (frozen === undefined) throw new TypeError('The machine cannot go on while a snapshot is taken.')
    this.slot = replicated.applied
    this.data = data
    this.#frozen = frozen
    this.#checksum = withChecksum ? new RunningChecksum(data) : null
  }

  /** Does about so many bytes more of it. Gives whether it is complete. */
  goOn(bytes: number): boolean {
    this.#isCopied ||= this.#frozen.copy(bytes)
    return this.#isCopied && (this.#checksum === null || this.#checksum.goOn(bytes))
  }

  /** Of one that is complete, and was begun with one. */
  get checksum(): number {
    return this.#checksum?.value ?? 0
  }

  /** It is not needed after all. */
  drop(): void {
    this.#frozen.release()
  }
}

/** Memory of up to so many bytes is used again. Of a larger one, to have it all the time would be too much. */
const REUSED_BYTES = 64 * 1_048_576

/**
 * The memory for one snapshot after the other. To write to fresh pages takes ten times as long as to those that were
 * written to before, and a large block that comes and goes makes an engine look for garbage.
 */
export class SnapshotMemory {
  #bytes: Uint8Array | null = null
  #isTaken = false

  /** For so many bytes, which may be anything. */
  take(length: number): Uint8Array {
    if (this.#isTaken || length < PAGED_BYTES || length > REUSED_BYTES) return pagesFor(length)
    this.#isTaken = true
    // Of what is never written to there are no pages: a system does not give them before.
    this.#bytes ??= new Uint8Array(REUSED_BYTES)
    return this.#bytes.subarray(0, length)
  }

  /** Nobody looks at what was taken before. */
  free(): void {
    this.#isTaken = false
  }
}

/** From this size on the memory for a snapshot is pages of its own. */
const PAGED_BYTES = 1_048_576

/**
 * Memory that goes back to the system when it is free. An allocator keeps large blocks too, once some were given back, and
 * the next snapshot is a little larger than the hole of the last. Engines take pages for buffers that can be resized.
 */
function pagesFor(length: number): Uint8Array {
  if (length < PAGED_BYTES) return new Uint8Array(length)
  const Resizable = ArrayBuffer as new (length: number, options: object) => ArrayBuffer // ECMAScript 2024
  return new Uint8Array(new Resizable(length, { maxByteLength: length }))
}

/**
 * What a snapshot holds. Throws a `MalformedBytes` if the bytes are none, and a `MachineOutdated` if the machine does not
 * know the version of the state.
 */
export function readSnapshot({ data }: Snapshot, machine: AnyMachine): Replicated {
  const reader = new ByteReader(data)
  const bytes = reader.bytes()
  const rest = decodePlain(reader.bytes()) as Omit<Replicated, 'state'> // what takeSnapshot has written
  const known = versionOf(machine)
  if (rest.machineVersion > known) throw new MachineOutdated(rest.machineVersion, known)
  return { ...rest, state: codecsOf(machine).snapshots.decode(bytes, rest.machineVersion) }
}

/** The snapshot that has arrived; null if its bytes are not what was promised. */
export function completeSnapshot({ slot, checksum, total, chunks }: IncomingSnapshot): Snapshot | null {
  const data = joinBytes(chunks)
  return data.length === total && checksumOf(data) === checksum ? { slot, data } : null
}

/** Thirty-two bits: against mistakes, not against malice. */
export function checksumOf(bytes: Uint8Array): number {
  const checksum = new RunningChecksum(bytes)
  checksum.goOn(bytes.length)
  return checksum.value
}

/** FNV-1a over words of four bytes and not over bytes, with a shift, since a multiplication alone carries nothing downwards. */
class RunningChecksum {
  readonly #view: DataView
  #bits: number
  #at = 0

  constructor(bytes: Uint8Array) {
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    this.#bits = 0x811c9dc5 ^ bytes.length
  }

  /** Goes on over about so many bytes. Gives whether that was all. */
  goOn(bytes: number): boolean {
    const view = this.#view
    const { byteLength } = view
    const to = Math.min(this.#at + bytes, byteLength) - 3
    let bits = this.#bits
    let at = this.#at
    for (; at < to; at += 4) bits = mix(bits ^ view.getInt32(at, true))
    if (at > byteLength - 4) for (; at < byteLength; at++) bits = mix(bits ^ view.getUint8(at))
    this.#bits = bits
    this.#at = at
    return at === byteLength
  }

  get value(): number {
    return this.#bits >>> 0
  }
}

function mix(bits: number): number {
  const product = Math.imul(bits, 0x01000193)
  return product ^ (product >>> 15)
}
