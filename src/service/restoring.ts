/**
 * A new cluster with the state of a backup. A member founds it, alone, with a machine that begins with that state, and
 * takes a snapshot. From then on its folder is like any other: it has an identity of its own, and others join.
 *
 * All this happens in a folder beside, which gets its name when everything is durable and was read once more: a restore
 * that is interrupted leaves nothing that could be taken for a member.
 */
import { mkdtemp, readdir, rename, rm } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { keyspace } from '../machines/index.js'
import { versionOf } from '../paxos/index.js'
import { BadOptions, Member, makeFolder } from '../runtime/index.js'
import { BackupError, type BackupHeader, readBackup, syncFolder } from './backup-file.js'
import { IDLE_COMMAND, SERVICE_SETTINGS } from './expiry.js'

/** How often it is looked whether the snapshot was taken. */
const LOOK_MILLIS = 10

/**
 * Whoever joins would begin with an empty keyspace, and apply the decrees to that: there must be none, so that it is given
 * the snapshot.
 */
const KEEP_NO_DECREES = { ...SERVICE_SETTINGS, logBytes: 1 }

export interface Restored extends BackupHeader {
  /** The identity of the new cluster. */
  readonly founded: number
}

/**
 * Rejects with a `BackupError`, a `BadOptions` or a `StoreError`; with the reason of the signal if that fires: then
 * nothing is left of it.
 */
export async function restoreBackup(
  path: string,
  id: string,
  data: string,
  signal?: AbortSignal,
): Promise<Restored> {
  await checkVacant(data)
  const { header, state } = await readBackup(path)
  if (header.version !== versionOf(keyspace))
    throw new BackupError(
      `${path} is of version ${header.version} of the keyspace, and this is ${versionOf(keyspace)}.`,
    )
  const parent = dirname(resolve(data))
  const folder = await makeBeside(data, parent)
  try {
    await found(folder, id, state, signal)
    const founded = await lookAgain(folder, id, header)
    signal?.throwIfAborted()
    await rename(folder, data)
    await syncFolder(parent)
    return { ...header, founded }
  } catch (error) {
    await rm(folder, { recursive: true, force: true })
    throw error
  }
}

async function makeBeside(data: string, parent: string): Promise<string> {
  try {
    await makeFolder(parent)
    return await mkdtemp(`${resolve(data)}.restoring-`)
  } catch (error) {
    const { message } = error as Error // of the system
    throw new BadOptions(`The folder ${data} cannot be made: ${message}.`)
  }
}

async function checkVacant(data: string): Promise<void> {
  const there = await readdir(data).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return []
    throw new BadOptions(`The folder ${data} cannot be used: ${error.message}.`)
  })
  if (there.length > 0)
    throw new BadOptions(
      `The folder ${data} is not empty: a backup is restored into a new folder, and never into that of a member.`,
    )
}

async function found(
  data: string,
  id: string,
  state: Uint8Array,
  signal: AbortSignal | undefined,
): Promise<void> {
  const first = keyspace.snapshots?.decode(state, versionOf(keyspace))
  if (first === undefined) throw new TypeError('The keyspace has snapshots.')
  const machine = { ...keyspace, initial: () => first }
  await using member = await Member.start({ id, data, machine, settings: KEEP_NO_DECREES })
  await member.invoke(IDLE_COMMAND) // there is something to take a snapshot of
  member.snapshot()
  while (member.status().snapshotSlot === 0) {
    signal?.throwIfAborted()
    await pause(LOOK_MILLIS)
  }
}

/** Starts the member as it will be started, and gives the identity of its cluster. */
async function lookAgain(data: string, id: string, { count, revision }: BackupHeader): Promise<number> {
  await using member = await Member.start({ id, data, machine: keyspace, settings: SERVICE_SETTINGS })
  const found = await member.query({ type: 'count' })
  const { cluster } = member.status()
  // Keys that are due by now may have gone, each as a change.
  const isThere =
    found.type === 'count' && found.revision >= revision && found.revision - revision >= count - found.count
  const begins = member.core.node.roles.replica?.trimmed ?? 0
  if (!isThere || cluster === null || begins === 0)
    throw new BackupError('The restored member does not hold what the backup does.')
  return cluster
}
