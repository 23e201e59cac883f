/**
 * The operations on files that a store is made of, few enough to be put in the place of: tests run the store on files
 * in memory that lose what was not synced.
 */
import { close, constants, fdatasync, open as openFile, write } from 'node:fs'
import { open, readdir, readFile, rename, rm } from 'node:fs/promises'
import { makeFolder } from '../folders.js'
import { lockDirectory } from './lock.js'

/** A file of the log, open for writing. */
export interface LogFile {
  /** Writes all of the bytes at a place, and says when they are durable. They must not change until then. */
  write(bytes: Uint8Array, position: number, done: (error: Error | null) => void): void
  close(): Promise<void>
}

export interface Files {
  /** Makes the folder if it is not there, and keeps every other process from it until `release`. */
  lock(directory: string): Promise<Lock>
  /** The names of what a folder holds. */
  list(directory: string): Promise<readonly string[]>
  read(path: string): Promise<Buffer>
  /** Makes a file of these chunks, or replaces it. What it holds is durable then; its name is not. */
  create(path: string, chunks: Iterable<Uint8Array>): Promise<void>
  /** Adds to the end of a file. All that it holds is durable then. */
  append(path: string, bytes: Uint8Array): Promise<void>
  rename(from: string, to: string): Promise<void>
  remove(path: string): Promise<void>
  /** Makes durable which names the folder holds, and for which files. */
  syncDirectory(directory: string): Promise<void>
  openLog(path: string): Promise<LogFile>
}

export interface Lock {
  release(): Promise<void>
}

/** With this a write ends when it is durable: one way to the thread pool and back in place of two. */
const SYNCED_WRITES = process.platform === 'linux' ? constants.O_DSYNC : 0

/** So much of a large file is synced at a time: a log on the same disk need not wait for more of it. */
const SYNCED_BYTES = 4 * 1_048_576

export const realFiles: Files = {
  async lock(directory) {
    await makeFolder(directory)
    return lockDirectory(directory)
  },
  list: (directory) => readdir(directory),
  read: (path) => readFile(path),
  rename: (from, to) => rename(from, to),
  remove: (path) => rm(path, { force: true }),
  create: createFile,
  append: appendTo,
  syncDirectory,
  openLog,
}

async function createFile(path: string, chunks: Iterable<Uint8Array>): Promise<void> {
  const file = await open(path, 'w')
  try {
    let unsynced = 0
    for (const chunk of chunks) {
      await file.writeFile(chunk) // it goes on where it stopped
      unsynced += chunk.length
      if (unsynced < SYNCED_BYTES) continue
      await file.datasync()
      unsynced = 0
    }
    await file.sync()
  } finally {
    await file.close()
  }
}

async function appendTo(path: string, bytes: Uint8Array): Promise<void> {
  const file = await open(path, 'a')
  try {
    await file.writeFile(bytes)
    await file.sync()
  } finally {
    await file.close()
  }
}

async function syncDirectory(directory: string): Promise<void> {
  if (process.platform === 'win32') return // folders cannot be opened there, and NTFS keeps a journal of names
  const folder = await open(directory, 'r')
  try {
    await folder.sync()
  } finally {
    await folder.close()
  }
}

function openLog(path: string): Promise<LogFile> {
  return new Promise((resolve, reject) => {
    openFile(path, constants.O_RDWR | SYNCED_WRITES, (error, descriptor) => {
      if (error === null) resolve(new RealLogFile(descriptor))
      else reject(error)
    })
  })
}

class RealLogFile implements LogFile {
  readonly #descriptor: number

  constructor(descriptor: number) {
    this.#descriptor = descriptor
  }

  write(bytes: Uint8Array, position: number, done: (error: Error | null) => void): void {
    write(this.#descriptor, bytes, 0, bytes.length, position, (error, written) => {
      if (error !== null) done(error)
      else if (written < bytes.length) this.write(bytes.subarray(written), position + written, done)
      else if (SYNCED_WRITES !== 0) done(null)
      else fdatasync(this.#descriptor, done)
    })
  }

  close(): Promise<void> {
    return new Promise((resolve, reject) => {
      close(this.#descriptor, (error) => (error ? reject(error) : resolve()))
    })
  }
}
