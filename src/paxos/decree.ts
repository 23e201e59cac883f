/**
 * Decrees: what is agreed on, slot by slot. To every role but the Replica a decree is one opaque block of bytes;
 * only the Replica reads it, to feed its machine.
 *
 * A decree holds a stamp (the leader's wall clock when it proposed) and the batch of requests that shares the slot.
 * The no-op, which fills a gap, has no bytes at all: no stamp, no request.
 */
import { ByteReader, ByteWriter, MalformedBytes, numberBytes } from './bytes.js'
import { type Change, decodeChange } from './membership.js'
import type { Micros } from './settings.js'
import { decodeUpgrade, type Upgrade } from './upgrade.js'

/** The number of a decree. Slots start at 1 and stay below 2^53. */
export type Slot = number

/** The bytes of a decree. */
export type Decree = Uint8Array

/** A client's session; numbered by the decree that opened it. 0 is no session. */
export type SessionId = number

/**
 * One request of a client. With session 0 it is one to the cluster itself. Its sequence 0 asks for a session to be
 * opened, and `command` is the opener: a text that no other attempt to open a session shares. Its sequence 1 asks for
 * other members, and `command` is a {@link Change}; its sequence 2 for another version of the machine, and `command` is an
 * {@link Upgrade}.
 */
export interface Request {
  readonly session: SessionId
  /** Numbers the requests of a session: 1, 2, 3 … */
  readonly sequence: number
  /** The client has every answer up to this sequence: they need not be kept. */
  readonly acknowledged: number
  readonly command: Uint8Array
}

export interface DecreeContent {
  readonly stampMicros: Micros
  readonly requests: readonly Request[]
}

export const NO_OP: Decree = new Uint8Array(0)

export function isNoOp(decree: Decree): boolean {
  return decree.length === 0
}

/** A stamp that a decree can hold, whatever a wall clock shows. */
export function clampStamp(wallMicros: Micros): Micros {
  return Math.min(Math.max(0, Math.floor(wallMicros)), Number.MAX_SAFE_INTEGER)
}

/** The longest opener, in bytes. */
const OPENER_BYTES = 64

/** Whether a request is one that a decree can hold; what comes from outside may be anything. */
export function isRequest(request: Request): boolean {
  const { session, sequence, acknowledged, command } = request
  if (!isCount(session) || !isCount(sequence) || !isCount(acknowledged)) return false
  if (session !== 0) return true
  if (sequence === 0) return command.length <= OPENER_BYTES
  return changeOf(request) !== null || upgradeOf(request) !== null
}

function isCount(number: number): boolean {
  return Number.isSafeInteger(number) && number >= 0
}

/** The change that a request asks for; null if it asks for something else, or its bytes are no change. */
export function changeOf({ session, sequence, command }: Request): Change | null {
  return session === 0 && sequence === 1 ? readOrNull(command, decodeChange) : null
}

/** Whether a request asks for another version of the machine; its bytes need not be an upgrade. */
export function asksForUpgrade({ session, sequence }: Request): boolean {
  return session === 0 && sequence === 2
}

/** The upgrade that a request asks for; null if it asks for something else, or its bytes are no upgrade. */
export function upgradeOf(request: Request): Upgrade | null {
  return asksForUpgrade(request) ? readOrNull(request.command, decodeUpgrade) : null
}

function readOrNull<Value>(bytes: Uint8Array, decode: (bytes: Uint8Array) => Value): Value | null {
  try {
    return decode(bytes)
  } catch (error) {
    if (error instanceof MalformedBytes) return null
    throw error
  }
}

export function encodeDecree(stampMicros: Micros, requests: readonly Request[]): Decree {
  const writer = new ByteWriter(decreeBytes(stampMicros, requests))
  writer.number(stampMicros)
  writer.number(requests.length)
  for (const request of requests) {
    writer.number(request.session)
    writer.number(request.sequence)
    writer.number(request.acknowledged)
    writer.bytes(request.command)
  }
  return writer.take()
}

/** How many bytes a decree takes, and as many as a number may have besides: a decree is kept for long, and often large. */
function decreeBytes(stampMicros: Micros, requests: readonly Request[]): number {
  let bytes = 8 + numberBytes(stampMicros) + numberBytes(requests.length)
  for (const { session, sequence, acknowledged, command } of requests) {
    bytes += numberBytes(session) + numberBytes(sequence) + numberBytes(acknowledged)
    bytes += numberBytes(command.length) + command.length
  }
  return bytes
}

/** Reads a decree that is not a no-op. Throws a `MalformedBytes` if the bytes are no decree. */
export function decodeDecree(decree: Decree): DecreeContent {
  const reader = new ByteReader(decree)
  const stampMicros = reader.number()
  const requests: Request[] = []
  for (let left = reader.number(); left > 0; left--) {
    requests.push({
      session: reader.number(),
      sequence: reader.number(),
      acknowledged: reader.number(),
      command: reader.bytes(),
    })
  }
  if (!reader.done) throw new MalformedBytes('A decree goes on after its last request.')
  return { stampMicros, requests }
}

/** What tells one request from every other, as a key of a map. */
export function requestKey(session: SessionId, sequence: number, name: string): string {
  if (session !== 0) return `${session}.${sequence}`
  if (sequence === 0) return `open ${name}`
  return sequence === 1 ? `change ${name}` : `upgrade ${name}`
}

/** The opener of a request for a session, or the name of a change or of an upgrade; empty for every other request. */
export function nameOfRequest(request: Request): string {
  if (request.session !== 0) return ''
  if (request.sequence === 0) return decodeOpener(request.command)
  return (changeOf(request) ?? upgradeOf(request))?.name ?? ''
}

/** The bytes of an opener: one byte a character, so it must be Latin-1. */
export function encodeOpener(opener: string): Uint8Array {
  const bytes = new Uint8Array(opener.length)
  for (let at = 0; at < bytes.length; at++) bytes[at] = opener.charCodeAt(at)
  return bytes
}

/** A loop: to spread bytes takes much longer. */
function decodeOpener(bytes: Uint8Array): string {
  let opener = ''
  for (const byte of bytes) opener += String.fromCharCode(byte)
  return opener
}
