/**
 * Calls: what clients ask of one member itself, and not of the cluster's machine, such as how it is. They travel beside
 * the messages of the protocol, as JSON behind a byte that no message begins with.
 */
import type { MemberId } from '../../paxos/index.js'

/** No message has this code. */
const CALL = 0xff

/** The longest call that a member takes: a change of a thousand members is shorter. */
export const CALL_BYTES: number = 64 * 1024

export interface Call {
  readonly call: string
  /** The caller's own name for it, which comes back. */
  readonly reference: number
  readonly options: unknown
}

export type CallAnswer =
  | { readonly reference: number; readonly result: unknown }
  | { readonly reference: number; readonly error: { readonly name: string; readonly message: string } }

/** A member tells its clients who leads, so that they can turn there. */
export interface LeaderNotice {
  readonly leader: MemberId | null
}

/** A client tells each member, as soon as it is connected, how it names the sessions that it opens: see sessions.ts. */
export interface Introduction {
  readonly opens: string
}

export function isCall(payload: Uint8Array): boolean {
  return payload[0] === CALL
}

export function encodeCall(value: Call | CallAnswer | LeaderNotice | Introduction): Uint8Array {
  const text = Buffer.from(JSON.stringify(value))
  const bytes = new Uint8Array(1 + text.length)
  bytes[0] = CALL
  bytes.set(text, 1)
  return bytes
}

/** What a call, an answer, a notice or an introduction says; null if it is none. */
export function decodeCall(
  payload: Uint8Array,
): Partial<Call & CallAnswer & LeaderNotice & Introduction> | null {
  try {
    const value: unknown = JSON.parse(Buffer.from(payload.subarray(1)).toString())
    return typeof value === 'object' ? value : null
  } catch {
    return null
  }
}
