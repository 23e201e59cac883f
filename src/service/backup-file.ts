/**
 * A backup as a file: a line of JSON that says what it is, and then the state of the keyspace, as it is in snapshots.
 */
import { createHash } from 'node:crypto'
import { open, readFile, rename, rm } from 'node:fs/promises'
import { dirname } from 'node:path'

/** What is known of a backup. */
export interface BackupHeader {
  /** The cluster that it was taken of. */
  readonly cluster: number
  /** The version of the machine. */
  readonly version: number
  /** The last revision in it, and how many keys there are. */
  readonly revision: number
  readonly count: number
  readonly bytes: number
  readonly sha256: string
}

/** The file cannot be read or written, or is no backup that is whole. The message says what to do. */
export class BackupError extends Error {
  override readonly name = 'BackupError'
}

const FORMAT = 'synod backup 1'
/** More than a header takes. */
const HEADER_BYTES = 4_096
const NEWLINE = 0x0a

export function sha256Of(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}

/** A backup that has begun. */
export interface Backup {
  readonly header: BackupHeader
  readonly chunks: AsyncIterable<Uint8Array>
}

/**
 * Writes the file under another name first: it is there as a whole, or not at all. `begin` is called once it is known that
 * it can be written: a member holds a backup for a while, and gives nobody else one.
 */
export async function writeBackup(path: string, begin: () => Promise<Backup>): Promise<BackupHeader> {
  const unfinished = `${path}.unfinished`
  const hash = createHash('sha256')
  try {
    const file = await open(unfinished, 'w', 0o600)
    let header: BackupHeader
    try {
      const backup = await begin()
      header = backup.header
      await file.write(`${JSON.stringify({ format: FORMAT, ...header })}\n`)
      for await (const chunk of backup.chunks) {
        hash.update(chunk)
        await file.write(chunk)
      }
      if (hash.digest('hex') !== header.sha256)
        throw new BackupError('What came is not what the member sent: save the backup again.')
      await file.sync()
    } finally {
      await file.close()
    }
    await rename(unfinished, path)
    await syncFolder(dirname(path))
    return header
  } catch (error) {
    await rm(unfinished, { force: true })
    throw isSystemError(error)
      ? new BackupError(`The backup cannot be written to ${path}: ${error.message}.`)
      : error
  }
}

/** Makes a name in the folder last. Windows knows no such thing. */
export async function syncFolder(folder: string): Promise<void> {
  if (process.platform === 'win32') return
  const file = await open(folder, 'r')
  try {
    await file.sync()
  } finally {
    await file.close()
  }
}

function isSystemError(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && 'syscall' in error
}

/** Reads the file, and checks that it is whole. */
export async function readBackup(
  path: string,
): Promise<{ readonly header: BackupHeader; readonly state: Uint8Array }> {
  let bytes: Buffer
  try {
    bytes = await readFile(path)
  } catch (error) {
    throw new BackupError(`The backup cannot be read from ${path}: ${(error as Error).message}.`) // of the system
  }
  const end = bytes.subarray(0, HEADER_BYTES).indexOf(NEWLINE)
  const header = headerOf(bytes.toString('utf8', 0, Math.max(0, end)))
  if (header === null) throw new BackupError(`${path} is no backup of this version of Synod.`)
  const state = bytes.subarray(end + 1)
  if (state.length !== header.bytes || sha256Of(state) !== header.sha256)
    throw new BackupError(
      `${path} is damaged: it does not hold the ${header.bytes} bytes that it says. Take another one.`,
    )
  return { header, state }
}

/** Null if it is none. */
function headerOf(line: string): BackupHeader | null {
  try {
    const { format, ...header } = JSON.parse(line)
    return format === FORMAT ? header : null
  } catch {
    return null
  }
}
