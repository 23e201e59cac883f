/**
 * The handshake. Whoever dials says hello first; the other side answers with its own hello, or with a refusal. Both then
 * speak the highest version that both can.
 *
 * A hello is the same in all versions, except that later ones may say more at its end, which earlier ones do not read.
 */
import { createHash, timingSafeEqual } from 'node:crypto'
import { ByteReader, ByteWriter, MalformedBytes, type MemberId } from '../../paxos/index.js'
import { readEndpoint, readMember } from './book.js'
import { REFUSALS, type RefusalReason, Refused } from './problems.js'

/** No hello is larger, and no other frame comes before it. */
export const HELLO_BYTES = 4096

/** The longest token, in bytes. */
export const TOKEN_BYTES = 1024

/** The longest sentence that is taken from a peer, in characters. */
const SENTENCE_LENGTH = 500

const MAGIC = 'synod'

/** Who a side is. */
export interface Identity {
  /** Null as long as it is not known, before the founding: that matches any. */
  readonly cluster: number | null
  /** Null for a client. */
  readonly member: MemberId | null
  /** The identity of its store; 0 for a client. */
  readonly store: number
  /** Where others can dial it, if they can. */
  readonly endpoint: string | null
}

/** The versions of the wire that a side can speak. */
export interface Versions {
  readonly lowest: number
  readonly highest: number
}

export const VERSIONS: Versions = { lowest: 1, highest: 1 }

export interface Hello extends Identity {
  readonly versions: Versions
  /** Since when it is at its endpoint, see the address book. */
  readonly sinceMillis: number
  /** Empty where none is needed. */
  readonly token: string
  /** Whom it wants to speak to; null if whoever answers will do. */
  readonly wanted: MemberId | null
}

export function encodeHello(hello: Hello): Uint8Array {
  const writer = new ByteWriter(256)
  writer.text(MAGIC)
  writer.number(hello.versions.lowest)
  writer.number(hello.versions.highest)
  writeOptional(writer, hello.cluster)
  writeOptional(writer, hello.member)
  writer.number(hello.store)
  writer.number(hello.endpoint === null ? 0 : 1)
  if (hello.endpoint !== null) writer.text(hello.endpoint)
  writer.number(hello.sinceMillis)
  writer.text(hello.token)
  writeOptional(writer, hello.wanted)
  return writer.finish()
}

/** Throws {@link MalformedBytes}. */
export function decodeHello(payload: Uint8Array): Hello {
  const reader = new ByteReader(payload)
  if (reader.text() !== MAGIC) throw new MalformedBytes('This is no hello of Synod.')
  const versions = { lowest: reader.number(), highest: reader.number() }
  return {
    versions,
    cluster: readOptional(reader, (from) => from.number()),
    member: readOptional(reader, readMember),
    store: reader.number(),
    endpoint: readOptional(reader, readEndpoint),
    sinceMillis: reader.number(),
    token: reader.text(),
    wanted: readOptional(reader, readMember),
  }
}

function writeOptional(writer: ByteWriter, value: number | null): void {
  writer.number(value === null ? 0 : 1)
  if (value !== null) writer.number(value)
}

function readOptional<Value>(reader: ByteReader, read: (reader: ByteReader) => Value): Value | null {
  const present = reader.number()
  if (present > 1) throw new MalformedBytes(`${present} stands where 0 or 1 should.`)
  return present === 1 ? read(reader) : null
}

// ---- judging a hello

/** The version that both sides speak. Throws {@link Refused} if there is none. */
export function commonVersion(mine: Versions, theirs: Versions): number {
  const version = Math.min(mine.highest, theirs.highest)
  if (version >= Math.max(mine.lowest, theirs.lowest)) return version
  const detail = `This side speaks versions ${mine.lowest} to ${mine.highest} of the wire, the other ${theirs.lowest} to ${theirs.highest}: upgrade the older one.`
  throw new Refused('no-common-version', detail)
}

/** Throws {@link Refused} unless the two sides may talk. */
export function judge(mine: Identity, theirs: Identity): void {
  if (mine.cluster !== null && theirs.cluster !== null && mine.cluster !== theirs.cluster) {
    const detail = `This side belongs to cluster ${mine.cluster}, the other to ${theirs.cluster}: one of them has a wrong address.`
    throw new Refused('other-cluster', detail)
  }
  if (mine.member === null || mine.member !== theirs.member) return
  const which = mine.store === theirs.store ? 'the same store: it dialled itself' : 'different stores'
  throw new Refused('self', `Both sides are member ${mine.member}, with ${which}. Each needs its own number.`)
}

/** Throws {@link Refused} unless it is the member that was dialled who answers. */
export function judgeNumber(wanted: MemberId | null, found: MemberId | null): void {
  if (wanted === null ? found !== null : found === wanted) return
  const detail = `Member ${wanted ?? 'of any number'} was dialled, and ${found === null ? 'a client' : `member ${found}`} answered: one of them has a wrong address.`
  throw new Refused('wrong-number', detail)
}

/** Compares in a time that tells nothing, not even the length. */
export function sameToken(mine: string, theirs: string): boolean {
  return timingSafeEqual(digest(mine), digest(theirs))
}

function digest(token: string): Buffer {
  return createHash('sha256').update(token).digest()
}

// ---- refusals

export function encodeRefusal({ reason, message }: Refused): Uint8Array {
  const writer = new ByteWriter(256)
  writer.number(REFUSALS.indexOf(reason))
  writer.text(message)
  return writer.finish()
}

/** Throws {@link MalformedBytes}. What the sentence says is a stranger's: it is cut, and holds nothing but plain text. */
export function decodeRefusal(payload: Uint8Array): {
  readonly reason: RefusalReason
  readonly detail: string
} {
  const reader = new ByteReader(payload)
  const code = reader.number()
  const reason = REFUSALS[code]
  if (reason === undefined) throw new MalformedBytes(`A refusal gives ${code} as its reason.`)
  return {
    reason,
    detail: reader
      .text()
      .slice(0, SENTENCE_LENGTH)
      .replace(/[^\x20-\x7e]/g, '?'),
  }
}
