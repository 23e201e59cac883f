/**
 * The address book: where members are. Each has what it heard, and tells whoever dialled it.
 *
 * An entry says since when a member has been there, in its own words. The later word wins, whoever brings it, so books
 * that are passed on come to be the same. A member that hears something about itself that is as late as its own word and
 * does not say the same, gives its word anew, as a later one: nobody is believed longer than the member itself.
 */
import { ByteReader, ByteWriter, MalformedBytes, type MemberId } from '../../paxos/index.js'
import { parseEndpoint } from './endpoint.js'

export interface BookEntry {
  readonly member: MemberId
  readonly endpoint: string
  /** When the member began to be there, in milliseconds of its wall clock; 0 if it did not say so itself. */
  readonly sinceMillis: number
}

/** Numbers from here on are clients'. */
export const FIRST_CLIENT: number = 2 ** 40

export class AddressBook {
  readonly #limit: number
  readonly #entries: Map<MemberId, BookEntry> = new Map()
  /** Members that are of no interest any more, whatever is heard. */
  readonly #forgotten: Set<MemberId> = new Set()

  constructor(limit: number) {
    this.#limit = limit
  }

  /** Gives whether that was news. */
  learn(entry: BookEntry): boolean {
    const { member } = entry
    const known = this.#entries.get(member)
    if (this.#forgotten.has(member)) return false
    if (known === undefined ? this.#entries.size >= this.#limit : !isLater(entry, known)) return false
    this.#entries.set(member, entry)
    return true
  }

  /** Hears nothing about the member any more, until it is remembered. */
  forget(member: MemberId): void {
    this.#entries.delete(member)
    this.#forgotten.add(member)
  }

  remember(member: MemberId): void {
    this.#forgotten.delete(member)
  }

  endpointOf(member: MemberId): string | undefined {
    return this.#entries.get(member)?.endpoint
  }

  get entries(): readonly BookEntry[] {
    return [...this.#entries.values()]
  }

  get endpoints(): ReadonlyMap<MemberId, string> {
    return new Map(this.entries.map(({ member, endpoint }) => [member, endpoint]))
  }
}

/** Of two words that are as late, one and the same wins everywhere. */
function isLater(entry: BookEntry, known: BookEntry): boolean {
  if (entry.sinceMillis !== known.sinceMillis) return entry.sinceMillis > known.sinceMillis
  return entry.endpoint > known.endpoint
}

export function encodeBook(entries: readonly BookEntry[]): Uint8Array {
  const writer = new ByteWriter(64 * (entries.length + 1))
  writer.number(entries.length)
  for (const { member, endpoint, sinceMillis } of entries) {
    writer.number(member)
    writer.text(endpoint)
    writer.number(sinceMillis)
  }
  return writer.finish()
}

/** Throws {@link MalformedBytes}. */
export function decodeBook(payload: Uint8Array, limit: number): readonly BookEntry[] {
  const reader = new ByteReader(payload)
  const count = reader.number()
  if (count > limit) throw new MalformedBytes(`A book of ${count} members, and at most ${limit} are taken.`)
  const entries: BookEntry[] = []
  for (let at = 0; at < count; at++) {
    entries.push({ member: readMember(reader), endpoint: readEndpoint(reader), sinceMillis: reader.number() })
  }
  if (!reader.done) throw new MalformedBytes('A book goes on after its last member.')
  return entries
}

export function readMember(reader: ByteReader): MemberId {
  const member = reader.number()
  if (member < FIRST_CLIENT) return member
  throw new MalformedBytes(`${member} is no number of a member: they end at 2^40.`)
}

export function readEndpoint(reader: ByteReader): string {
  const text = reader.text()
  if (parseEndpoint(text) !== null) return text
  throw new MalformedBytes('An address is not of the form host:port.')
}
