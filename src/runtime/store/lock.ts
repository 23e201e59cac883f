/**
 * One process a folder. The lock is a local socket that somebody listens on: the system gives a name to one process
 * only, and takes it back when the process ends, however it ends. So there is no lock to be left behind, and no process
 * number to be mistaken for another's. On Linux and Windows such names are no files; elsewhere the socket is a file in
 * the folder for temporary files, and one that nobody listens on is taken over.
 */
import { createHash } from 'node:crypto'
import { realpath, rm, stat } from 'node:fs/promises'
import { connect, createServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { StoreError } from './errors.js'
import type { Lock } from './files.js'

/** The longest name on Linux. Some versions of Node fill shorter ones up with zeros, which makes other names of them. */
const LINUX_NAME_LENGTH = 108

/** Throws a StoreError if another process, or somebody in this one, has the folder. */
export async function lockDirectory(directory: string): Promise<Lock> {
  const name = await socketName(directory)
  const isFile = name.startsWith('/')
  let server = await listen(name)
  if (server === null && isFile && !(await isAnswered(name))) {
    await rm(name, { force: true })
    server = await listen(name)
  }
  if (server === null)
    throw new StoreError(
      'locked',
      `Another process has the store in ${directory} open: stop it, or choose another folder.`,
    )
  return { release: () => closeServer(server) }
}

/** The same for every path to a folder, and different for every two folders. */
async function socketName(directory: string): Promise<string> {
  if (process.platform === 'win32') return `\\\\.\\pipe\\synod-store-${digest(await realpath(directory))}`
  const { dev, ino } = await stat(directory, { bigint: true })
  const folder = digest(`${dev} ${ino}`)
  if (process.platform === 'linux') return `\0synod-store-${folder}`.padEnd(LINUX_NAME_LENGTH, '.')
  return join(tmpdir(), `synod-store-${folder}.lock`)
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 32)
}

/** Null if the name is taken. */
function listen(name: string): Promise<Server | null> {
  return new Promise((resolve, reject) => {
    const server = createServer((socket) => socket.destroy())
    server.once('error', (error) => {
      if ('code' in error && error.code === 'EADDRINUSE') resolve(null)
      else reject(error)
    })
    // Exclusive: the workers of one cluster of Node's share what they listen on otherwise.
    server.listen({ path: name, exclusive: true }, () => {
      server.unref()
      resolve(server)
    })
  })
}

function isAnswered(name: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(name)
    socket.once('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', () => resolve(false))
  })
}

function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => server.close(() => resolve()))
}
