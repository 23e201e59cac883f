/** `synod snapshot save | restore`: backups. */
import { Command } from 'commander'
import {
  BACKUP_CALL,
  type BackupHeader,
  CHUNK_CALL,
  restoreBackup,
  writeBackup,
} from '../../service/index.js'
import { EXIT_CODES, windUpOnInterrupt } from '../interruption.js'
import { clientCommand, EXIT_HELP, findCluster, OPERATION_GROUP, orFailure } from './client.js'
import { type Roster, withRoster } from './roster.js'

export function snapshotCommand(): Command {
  return new Command('snapshot')
    .helpGroup(OPERATION_GROUP)
    .summary('save a backup, or restore one')
    .description('Saves all keys of a cluster to a file, or founds a new cluster with those of a file.')
    .addCommand(saveCommand())
    .addCommand(restoreCommand())
    .addHelpText('after', `\n${EXIT_HELP}`)
}

function saveCommand(): Command {
  return clientCommand('save', '')
    .summary('save a backup')
    .description(
      'Saves all keys, as of one moment: what was answered before is in it. The file has a checksum, and is there as a whole or not at all.',
    )
    .argument('<file>', 'one that is there is replaced')
    .action(async (file: string, flags: Readonly<Record<string, unknown>>) => {
      const found = findCluster(flags)
      const over = new AbortController()
      const saving = withRoster(found, (roster) => save(roster, file, found.timeoutMillis, over))
      const saved = await orFailure(() => unlessOver(saving, over.signal))
      if (saved === null) return
      const { count, revision } = saved
      process.stderr.write(`synod: ${file} holds ${keys(count)}, as of revision ${revision}\n`)
    })
}

async function save(
  roster: Roster,
  file: string,
  timeoutMillis: number,
  over: AbortController,
): Promise<BackupHeader> {
  windUpOnInterrupt(() => {
    over.abort()
    void roster.close() // nobody waits for an answer any more
  })
  // Whoever leads has enough to do; the leader comes first.
  const member = roster.contacts.at(-1)
  return await writeBackup(file, async () => {
    const header = (await roster.call(BACKUP_CALL, {}, timeoutMillis, member)) as BackupHeader // what members answer
    return { header, chunks: chunksOf(roster, header.bytes, timeoutMillis, member) }
  })
}

/** Null, and the exit code for it, if it was interrupted: then what it had begun is removed. */
async function unlessOver<Result>(work: Promise<Result>, signal: AbortSignal): Promise<Result | null> {
  try {
    return await work
  } catch (error) {
    if (!signal.aborted) throw error
    process.exitCode = EXIT_CODES.SIGINT
    return null
  }
}

async function* chunksOf(
  roster: Roster,
  bytes: number,
  timeoutMillis: number,
  member: number | undefined,
): AsyncGenerator<Uint8Array> {
  for (let offset = 0; offset < bytes; ) {
    const text = await roster.call(CHUNK_CALL, { offset }, timeoutMillis, member)
    const chunk = Buffer.from(String(text), 'base64')
    if (chunk.length === 0) return
    yield chunk
    offset += chunk.length
  }
}

function restoreCommand(): Command {
  return new Command('restore')
    .summary('found a new cluster with the keys of a backup')
    .description(
      'Makes the folder of a member that is alone in a new cluster, with the keys of a backup. The cluster has a new identity: members of the old one never mix with it. Run the member, then add others.',
    )
    .argument('<file>', 'what synod snapshot save has made')
    .requiredOption('--id <name>', 'the name of the member')
    .requiredOption('--data <folder>', 'its folder, which must be empty or not there')
    .action(async (file: string, { id, data }: { readonly id: string; readonly data: string }) => {
      const over = new AbortController()
      windUpOnInterrupt(() => over.abort())
      const restoring = restoreBackup(file, id, data, over.signal)
      const restored = await orFailure(() => unlessOver(restoring, over.signal))
      if (restored === null) return
      const { count, founded } = restored
      process.stderr.write(
        `synod: ${data} holds ${keys(count)}, in a new cluster with the identity ${founded}\n`,
      )
      process.stdout.write(`synod serve --id ${id} --data ${data}\n`)
    })
}

function keys(count: number): string {
  return count === 1 ? '1 key' : `${count} keys`
}
