/**
 * How a member gives a backup to a client: two calls. The first takes the state as of one moment, the second gives it
 * chunk by chunk. The member holds one backup at a time, and not for long.
 */
import { keyspace } from '../machines/index.js'
import { Overloaded } from '../paxos/index.js'
import { type BackupHeader, sha256Of } from './backup-file.js'
import type { KeyspaceMember } from './service.js'

const CHUNK_BYTES = 262_144
/** After this long without a chunk, whoever wanted it is thought to be gone. */
export const HELD_MILLIS = 10_000

/** Begins a backup: gives its header. */
export const BACKUP_CALL = 'backup'
/** With `offset`: gives the bytes from there on, in base64; no more than fit into a chunk. */
export const CHUNK_CALL = 'backup-chunk'

/** Lets the member answer both calls. Gives a function that lets go of what is held. */
export function offerBackups(member: KeyspaceMember): () => void {
  let held: { readonly state: Uint8Array; timer: NodeJS.Timeout } | null = null
  const letGo = (): void => {
    if (held !== null) clearTimeout(held.timer)
    held = null
  }
  const hold = (state: Uint8Array): void => {
    letGo()
    held = { state, timer: setTimeout(letGo, HELD_MILLIS) }
  }
  member.core.desk.handlers.set(BACKUP_CALL, async () => {
    if (held !== null)
      throw new Overloaded('Another backup is being taken from this member: try again when it is through.')
    const [header, state] = await take(member)
    hold(state)
    return header
  })
  member.core.desk.handlers.set(CHUNK_CALL, (options) => {
    const { offset } = options as { readonly offset?: unknown }
    if (held === null) throw new Error('The backup was given up, because nobody asked for more: begin again.')
    if (typeof offset !== 'number' || !(offset >= 0)) throw new TypeError('A chunk begins at an offset.')
    const { state } = held
    const chunk = state.subarray(offset, offset + CHUNK_BYTES)
    if (offset + chunk.length >= state.length) letGo()
    else hold(state)
    return Buffer.from(chunk).toString('base64')
  })
  return letGo
}

/** The state after everything that was answered before. */
async function take(member: KeyspaceMember): Promise<readonly [BackupHeader, Uint8Array]> {
  const { snapshots, query } = keyspace
  const { version } = member
  if (snapshots === undefined || query === undefined)
    throw new TypeError('The keyspace has snapshots and queries.')
  const [state, counted] = await member.query(
    (state) => [snapshots.encode(state, version), query(state, { type: 'count' }, { version })] as const,
  )
  const { count, revision } = counted.type === 'count' ? counted : { count: 0, revision: 0 }
  const cluster = member.status().cluster ?? 0
  const header = {
    cluster,
    version,
    revision,
    count,
    bytes: state.length,
    sha256: sha256Of(state),
  }
  return [header, state]
}
