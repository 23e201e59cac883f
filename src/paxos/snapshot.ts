/**
 * Snapshots: the replicated state as bytes, and how it travels in chunks.
 *
 * A snapshot replaces the decrees up to its slot: *Paxos Made Live*, section 5.5. It holds everything that they made:
 * the machine's state and its version, the sessions, decree time, and the configurations in force and to come.
 */
import { ByteReader, encodeNumber, joinBytes } from './bytes.js'
import type { Slot } from './decree.js'
import { MachineOutdated } from './errors.js'
import { type AnyMachine, codecsOf, versionOf } from './machine.js'
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

export function takeSnapshot(replicated: Replicated, machine: AnyMachine): Snapshot {
  const { state, ...rest } = replicated
  const { snapshots } = codecsOf(machine)
  const version = replicated.machineVersion
  const parts = snapshots.parts?.(state, version) ?? [snapshots.encode(state, version)]
  const length = parts.reduce((sum, part) => sum + part.length, 0)
  const ofOthers = encodePlain(rest)
  const all = [encodeNumber(length), ...parts, encodeNumber(ofOthers.length), ofOthers]
  const data = joinBytes(all, pagesFor)
  return { slot: replicated.applied, data }
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

/**
 * Thirty-two bits: against mistakes, not against malice. FNV-1a over words of four bytes and not over bytes, with a shift,
 * since a multiplication alone carries nothing downwards.
 */
export function checksumOf(bytes: Uint8Array): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const words = bytes.length - (bytes.length % 4)
  let bits = 0x811c9dc5 ^ bytes.length
  for (let at = 0; at < words; at += 4) bits = mix(bits ^ view.getInt32(at, true))
  for (let at = words; at < bytes.length; at++) bits = mix(bits ^ view.getUint8(at))
  return bits >>> 0
}

function mix(bits: number): number {
  const product = Math.imul(bits, 0x01000193)
  return product ^ (product >>> 15)
}
