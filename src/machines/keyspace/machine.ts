/**
 * The machine of a key-value service. See `docs/KEYSPACE.md`.
 *
 * A key is due when decree time reaches its deadline. Each command first removes what is due, up to a bound; whatever
 * is left is not seen any more, and removed by one of the next commands. A query has no time of its own: it sees the
 * keys as of the last command. So a key goes with the first command after its deadline.
 *
 * What a command or a query gives shares the memory of the state: it is good until the next command, and encoded
 * before.
 */
import { CommandFailed, defineMachine, type Machine } from '../../paxos/index.js'
import { countDue, firstDeadline } from './deadlines.js'
import { CHANGE_TYPES, changesAfter, remember } from './history.js'
import { bytesOfCharacters, characters } from './order.js'
import { deadlineAt, keyViewAt, revisionAt, valueIs, valueViewAt } from './records.js'
import { answers, outputs } from './replies.js'
import { commands, hashOfPut, queries } from './requests.js'
import { snapshots } from './snapshots.js'
import { emptyState, type Finder, finderOf, type KeyspaceState } from './state.js'
import { allKeys, bytesOf, findKey, isFull, remove, write } from './store.js'
import { NOWHERE, offsetOf, type Reference } from './table.js'
import {
  ENTRY_BYTES,
  type KeyspaceAnswer,
  type KeyspaceCommand,
  type KeyspaceCompareAndSet,
  type KeyspaceCompareRevisionAndSet,
  type KeyspaceEntry,
  type KeyspaceOutput,
  type KeyspaceQuery,
  type KeyspaceScanAnswer,
  type KeyspaceValue,
  keyspaceBounds,
} from './types.js'

/** Of fewer commands each has what it touches as soon by itself. */
const FEWEST_PREFETCHED = 4

/** How many due keys one command removes. */
export const EXPIRED_BY_COMMAND = 100

const PUT = CHANGE_TYPES.indexOf('put')
const DELETE = CHANGE_TYPES.indexOf('delete')
const EXPIRE = CHANGE_TYPES.indexOf('expire')

export const keyspace: Machine<
  KeyspaceState,
  KeyspaceCommand,
  KeyspaceOutput,
  KeyspaceQuery,
  KeyspaceAnswer
> = defineMachine({
  commands,
  outputs,
  queries,
  answers,
  snapshots,
  initial: emptyState,
  apply: (state: KeyspaceState, command: KeyspaceCommand, { timeMicros }) => {
    checkCommand(state, command)
    const finder = finderOf(state)
    state.timeMicros = timeMicros
    expireDue(state, finder)
    return [state, execute(state, finder, command)] as const
  },
  prefetch: (state: KeyspaceState, requests) => {
    if (requests.length < FEWEST_PREFETCHED) return
    const hashes: number[] = []
    for (const { command } of requests) {
      const hash = hashOfPut(command)
      if (hash !== null) hashes.push(hash)
    }
    finderOf(state).table.prefetch(state.segments, hashes)
  },
  query: (state: KeyspaceState, query: KeyspaceQuery) => {
    switch (query.type) {
      case 'get':
        return { type: 'get', entry: entryOf(state, finderOf(state), query.key) }
      case 'scan':
        return scan(state, query.prefix, query.after, limitOf(query.limit))
      case 'changes':
        return changesAfter(state.history, state.revision, query.prefix, query.after, limitOf(query.limit))
      case 'count':
        return {
          type: 'count',
          count: state.count - countDue(state, state.timeMicros),
          revision: state.revision,
        }
    }
  },
})

// ---- commands ------------------------------------------------------------------------------------------------

/** Before anything is changed: a command that fails leaves all as it was. */
function checkCommand(state: KeyspaceState, command: KeyspaceCommand): void {
  const { length } = command.key
  if (length === 0 || length > keyspaceBounds.keyBytes)
    throw new CommandFailed(`A key has from 1 to ${keyspaceBounds.keyBytes} bytes, and not ${length}.`)
  if (command.type === 'delete' || command.value === null) return
  const { value, ttlMillis = 1 } = command
  if (value.length > keyspaceBounds.valueBytes)
    throw new CommandFailed(`A value has up to ${keyspaceBounds.valueBytes} bytes, and not ${value.length}.`)
  if (!Number.isSafeInteger(ttlMillis) || ttlMillis < 1 || ttlMillis > keyspaceBounds.ttlMillis)
    throw new CommandFailed(
      `A time to live is from 1 to ${keyspaceBounds.ttlMillis} ms, and not ${ttlMillis}.`,
    )
  if (isFull(state)) throw new CommandFailed('The keyspace is full: delete what is not needed.')
}

function execute(state: KeyspaceState, finder: Finder, command: KeyspaceCommand): KeyspaceOutput {
  const { key } = command
  const place = livingPlace(state, finder, key)
  switch (command.type) {
    case 'put':
      put(state, finder, place, key, command.value, command.ttlMillis)
      return { type: 'put', revision: state.revision }
    case 'delete':
      if (place !== NOWHERE) removeAt(state, finder, place, DELETE)
      return { type: 'delete', existed: place !== NOWHERE, revision: state.revision }
    case 'compareAndSet':
      return compareAndSet(state, finder, place, command)
  }
}

function compareAndSet(
  state: KeyspaceState,
  finder: Finder,
  place: number,
  command: KeyspaceCompareAndSet | KeyspaceCompareRevisionAndSet,
): KeyspaceOutput {
  const { key, value, ttlMillis } = command
  if (!isExpected(state, finder, place, command)) {
    if (place === NOWHERE) return { type: 'compareAndSet', succeeded: false, value: null, revision: 0 }
    const [bytes, at] = recordOf(state, finder.table.referenceAt(place))
    return {
      type: 'compareAndSet',
      succeeded: false,
      value: valueViewAt(bytes, at),
      revision: revisionAt(bytes, at),
    }
  }
  if (value !== null) put(state, finder, place, key, value, ttlMillis)
  else if (place !== NOWHERE) removeAt(state, finder, place, DELETE)
  return { type: 'compareAndSet', succeeded: true, revision: state.revision }
}

function isExpected(
  state: KeyspaceState,
  finder: Finder,
  place: number,
  command: KeyspaceCompareAndSet | KeyspaceCompareRevisionAndSet,
): boolean {
  if (place === NOWHERE)
    return 'expected' in command ? command.expected === null : command.expectedRevision === 0
  const [bytes, at] = recordOf(state, finder.table.referenceAt(place))
  if ('expected' in command) return command.expected !== null && valueIs(bytes, at, command.expected)
  return command.expectedRevision === revisionAt(bytes, at)
}

function put(
  state: KeyspaceState,
  finder: Finder,
  place: number,
  key: Uint8Array,
  value: Uint8Array,
  ttlMillis: number | undefined,
): void {
  state.revision += 1
  const { revision, timeMicros } = state
  const deadlineMicros =
    ttlMillis === undefined ? 0 : Math.min(timeMicros + ttlMillis * 1_000, Number.MAX_SAFE_INTEGER)
  write(state, finder, place, { key, value, revision, deadlineMicros })
  remember(state.history, PUT, revision, key, value)
}

function removeAt(state: KeyspaceState, finder: Finder, place: number, change: number): void {
  state.revision += 1
  const [bytes, at] = recordOf(state, finder.table.referenceAt(place))
  remember(state.history, change, state.revision, keyViewAt(bytes, at), null)
  remove(state, finder, place)
}

// ---- expiry --------------------------------------------------------------------------------------------------

function expireDue(state: KeyspaceState, finder: Finder): void {
  for (let left = EXPIRED_BY_COMMAND; left > 0 && firstDeadline(state) <= state.timeMicros; left--) {
    const [bytes, at] = recordOf(state, state.deadlines[0] ?? 0)
    removeAt(state, finder, findKey(state, finder, keyViewAt(bytes, at)), EXPIRE)
  }
}

/** Where a key is. If it is due and was left over, it expires now. */
function livingPlace(state: KeyspaceState, finder: Finder, key: Uint8Array): number {
  const place = findKey(state, finder, key)
  if (place === NOWHERE || !isDue(state, finder.table.referenceAt(place))) return place
  removeAt(state, finder, place, EXPIRE)
  return NOWHERE
}

function isDue(state: KeyspaceState, reference: Reference): boolean {
  const deadlineMicros = deadlineAt(...recordOf(state, reference))
  return deadlineMicros > 0 && deadlineMicros <= state.timeMicros
}

// ---- queries -------------------------------------------------------------------------------------------------

function limitOf(limit: number | undefined): number {
  if (limit === undefined) return keyspaceBounds.answerEntries
  if (limit >= 1) return limit
  throw new CommandFailed('A limit is at least 1.')
}

function recordOf(state: KeyspaceState, reference: Reference): readonly [bytes: Uint8Array, at: number] {
  return [bytesOf(state, reference), offsetOf(reference)]
}

function entryOf(state: KeyspaceState, finder: Finder, key: Uint8Array): KeyspaceValue | null {
  const place = findKey(state, finder, key)
  if (place === NOWHERE) return null
  const reference = finder.table.referenceAt(place)
  if (isDue(state, reference)) return null
  const [bytes, at] = recordOf(state, reference)
  const deadlineMicros = deadlineAt(bytes, at)
  const ttlMillis = deadlineMicros === 0 ? null : Math.ceil((deadlineMicros - state.timeMicros) / 1_000)
  return { value: valueViewAt(bytes, at), revision: revisionAt(bytes, at), ttlMillis }
}

function scan(
  state: KeyspaceState,
  prefix: Uint8Array,
  after: Uint8Array | undefined,
  limit: number,
): KeyspaceScanAnswer {
  const { revision } = state
  const { keyBytes } = keyspaceBounds
  if (prefix.length > keyBytes || (after?.length ?? 0) > keyBytes)
    throw new CommandFailed(`Keys have up to ${keyBytes} bytes: so do a prefix and what to scan on after.`)
  const finder = finderOf(state)
  const beginning = characters(prefix)
  const behind = after === undefined ? '' : `${characters(after)}\0`
  const entries: KeyspaceEntry[] = []
  let room = keyspaceBounds.answerBytes
  for (const name of finder.order.from(behind > beginning ? behind : beginning, () => allKeys(state))) {
    if (!name.startsWith(beginning)) break
    const key = bytesOfCharacters(name)
    const entry = entryOf(state, finder, key)
    if (entry === null) continue
    const size = key.length + entry.value.length + ENTRY_BYTES
    if (entries.length === limit || (size > room && entries.length > 0))
      return { type: 'scan', entries, more: true, revision }
    entries.push({ key, ...entry })
    room -= size
  }
  return { type: 'scan', entries, more: false, revision }
}
