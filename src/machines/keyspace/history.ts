/**
 * The last changes, for watches: bounded, part of the state, one behind the other in chunks of bytes. The oldest chunk
 * goes as a whole when there are too many.
 *
 * A change: a byte that says of which type (0 put, 1 delete, 2 expire), 2 bytes with the length of the key, 4 with that
 * of the value, the key, the value. Its revision is that of the chunk's first plus the number of those before it.
 */
import { isBeingCopied } from './frozen.js'
import { copyBytes, holds, readNumber16, readNumber32, writeNumber16, writeNumber32 } from './records.js'
import {
  ENTRY_BYTES,
  type KeyspaceChange,
  type KeyspaceChangesAnswer,
  type KeyspaceChangeType,
  keyspaceBounds,
  type Revision,
} from './types.js'

/** A chunk takes up to so many bytes, or a single change; and so many changes. */
const CHUNK_BYTES = 65_536
const CHUNK_CHANGES = 1_000
/** The first chunk begins as small as this, and each other as large as the one before it. */
const FIRST_CHUNK_BYTES = 512

const HEADER = 7

export const CHANGE_TYPES: readonly KeyspaceChangeType[] = ['put', 'delete', 'expire']

export interface ChangeChunk {
  /** The revision of its first change. */
  readonly first: Revision
  count: number
  /** How many of the bytes are written. */
  used: number
  bytes: Uint8Array
}

const NOTHING = new Uint8Array(0)

/** Remembers a change, and forgets the oldest if they are too many. */
export function remember(
  history: ChangeChunk[],
  type: number,
  revision: Revision,
  key: Uint8Array,
  value: Uint8Array | null,
): void {
  const { length } = value ?? NOTHING
  const chunk = chunkFor(history, revision, HEADER + key.length + length)
  const { bytes, used } = chunk
  bytes[used] = type
  writeNumber16(bytes, used + 1, key.length)
  writeNumber32(bytes, used + 3, length)
  copyBytes(bytes, used + HEADER, key)
  if (value !== null) copyBytes(bytes, used + HEADER + key.length, value)
  chunk.used += HEADER + key.length + length
  chunk.count += 1
}

/** A chunk with room for so many bytes. */
function chunkFor(history: ChangeChunk[], revision: Revision, more: number): ChangeChunk {
  const last = history.at(-1)
  if (last !== undefined && last.count < CHUNK_CHANGES && last.used + more <= CHUNK_BYTES) {
    if (last.used + more > last.bytes.length) grow(last, more)
    return last
  }
  const spare = forget(history, revision, more)
  const length = Math.max(more, Math.min(last?.bytes.length ?? FIRST_CHUNK_BYTES, CHUNK_BYTES))
  const isFree = spare?.length === length && !isBeingCopied(history)
  const bytes = isFree ? spare.fill(0) : new Uint8Array(length)
  const chunk = { first: revision, count: 0, used: 0, bytes }
  history.push(chunk)
  return chunk
}

function grow(chunk: ChangeChunk, more: number): void {
  const length = Math.min(CHUNK_BYTES, Math.max(2 * chunk.bytes.length, chunk.used + more))
  const grown = new Uint8Array(length)
  grown.set(chunk.bytes.subarray(0, chunk.used))
  chunk.bytes = grown
}

/** Drops the oldest chunks until a full new one is within the bounds; gives the memory of one that is needed no more. */
function forget(history: ChangeChunk[], revision: Revision, more: number): Uint8Array | undefined {
  const room = keyspaceBounds.historyBytes - Math.max(CHUNK_BYTES, more)
  let used = 0
  for (const chunk of history) used += chunk.used
  let spare: Uint8Array | undefined
  for (;;) {
    const [oldest] = history
    if (oldest === undefined) return spare
    if (used <= room && revision - oldest.first + CHUNK_CHANGES <= keyspaceBounds.historyChanges) return spare
    used -= oldest.used
    spare = oldest.bytes
    history.shift()
  }
}

/** The changes after a revision of keys that begin with the prefix. `last` is the last revision there is. */
export function changesAfter(
  history: readonly ChangeChunk[],
  last: Revision,
  prefix: Uint8Array,
  after: Revision,
  limit: number,
): KeyspaceChangesAnswer {
  const oldest = history[0]?.first ?? last + 1
  if (after + 1 < oldest)
    return { type: 'changes', compacted: true, changes: [], more: false, revision: last }
  const changes: KeyspaceChange[] = []
  let room = keyspaceBounds.answerBytes
  for (const chunk of history) {
    if (chunk.first + chunk.count <= after + 1) continue
    for (
      let at = 0, revision = chunk.first;
      at < chunk.used;
      at += sizeOfChange(chunk.bytes, at), revision++
    ) {
      if (revision <= after || !keyBegins(chunk.bytes, at, prefix)) continue
      const size = sizeOfChange(chunk.bytes, at) - HEADER + ENTRY_BYTES
      if (changes.length === limit || (size > room && changes.length > 0))
        return { type: 'changes', compacted: false, changes, more: true, revision: revision - 1 }
      changes.push(changeAt(chunk.bytes, at, revision))
      room -= size
    }
  }
  return { type: 'changes', compacted: false, changes, more: false, revision: Math.max(last, after) }
}

function sizeOfChange(bytes: Uint8Array, at: number): number {
  return HEADER + readNumber16(bytes, at + 1) + readNumber32(bytes, at + 3)
}

function keyBegins(bytes: Uint8Array, at: number, prefix: Uint8Array): boolean {
  return readNumber16(bytes, at + 1) >= prefix.length && holds(bytes, at + HEADER, prefix)
}

function changeAt(bytes: Uint8Array, at: number, revision: Revision): KeyspaceChange {
  const type = CHANGE_TYPES[bytes[at] ?? 0] ?? 'put'
  const valueAt = at + HEADER + readNumber16(bytes, at + 1)
  const key = bytes.subarray(at + HEADER, valueAt)
  return {
    type,
    revision,
    key,
    value: type === 'put' ? bytes.subarray(valueAt, at + sizeOfChange(bytes, at)) : null,
  }
}

/** Whether the written bytes of a chunk are its changes, and no others. */
export function isChunk({ count, used, bytes }: ChangeChunk): boolean {
  let changes = 0
  let at = 0
  for (; at + HEADER <= used; changes++) {
    if ((bytes[at] ?? 0) >= CHANGE_TYPES.length) return false
    at += sizeOfChange(bytes, at)
  }
  return at === used && changes === count
}
