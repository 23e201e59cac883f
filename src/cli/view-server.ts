/**
 * The page, served on loopback: its own files, and what was named on the command line beside it. A module of a user's
 * own runs in the browser, so what it imports of this package is served too.
 */
import { createReadStream, statSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { basename, dirname, extname, join, resolve, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Failure, UsageError } from './errors.js'

const HOST = '127.0.0.1'
const DIST = fileURLToPath(new URL('..', import.meta.url))
const PAGE = join(DIST, 'viewer')

/** What the page is to show. */
export interface Given {
  /** What follows the address of the page. */
  readonly hash: string
  /** A file to open; null: none. */
  readonly file: string | null
  /** A module with a machine; null: none. */
  readonly module: string | null
}

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.mjs': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json',
}

/** What the page asks for stays here, whatever a file that it shows may contain. */
const POLICY = "default-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'none'"

export class PageServer {
  readonly #given: Given
  readonly #server: Server
  #port = 0

  constructor(given: Given) {
    if (!isFile(join(PAGE, 'index.html')))
      throw new Failure('the page is not there: in a clone, npm run viewer:build makes it')
    this.#given = given
    this.#server = createServer((request, response) => {
      this.#answer(request, response).catch(() => refuse(response, 404))
    })
  }

  /** Gives the address. Throws a UsageError when the port cannot be used. */
  async listen(port: number): Promise<string> {
    await new Promise<void>((done, fail) => {
      this.#server.once('error', (error: NodeJS.ErrnoException) => {
        const reason = error.code === 'EADDRINUSE' ? 'is taken' : `cannot be used (${error.code})`
        fail(new UsageError(`port ${port} ${reason}: name another one with --port`))
      })
      this.#server.listen(port, HOST, done)
    })
    const address = this.#server.address()
    this.#port = typeof address === 'object' && address !== null ? address.port : port
    return `http://${HOST}:${this.#port}/`
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections()
    await new Promise<void>((done) => this.#server.close(() => done()))
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    // A page of somebody else's that has its name lead here is not to read what was named on the command line.
    const hosts = [HOST, 'localhost'].map((host) => `${host}:${this.#port}`)
    if (!hosts.includes(request.headers.host ?? '')) return refuse(response, 403)
    if (request.method !== 'GET' && request.method !== 'HEAD') return refuse(response, 405)
    const path = decodeURIComponent(new URL(request.url ?? '/', 'http://page').pathname)
    const file = this.#fileOf(path)
    if (file === null || !isFile(file)) return refuse(response, 404)
    response.setHeader('Content-Security-Policy', POLICY)
    response.setHeader('X-Content-Type-Options', 'nosniff')
    response.setHeader('Cache-Control', 'no-store')
    response.setHeader('Content-Type', TYPES[extname(file)] ?? 'application/octet-stream')
    if (path.startsWith('/machine/') || path.startsWith('/synod/')) {
      response.end(withImports(await readFile(file, 'utf8')))
    } else createReadStream(file).pipe(response)
  }

  /** The file of a path; null: there is none. */
  #fileOf(path: string): string | null {
    const { file, module } = this.#given
    if (path.startsWith('/given/'))
      return file !== null && path.slice('/given/'.length) === basename(file) ? file : null
    if (path.startsWith('/machine/'))
      return module === null ? null : moduleIn(dirname(resolve(module)), path.slice('/machine/'.length))
    if (path.startsWith('/synod/')) return moduleIn(DIST, path.slice('/synod/'.length))
    if (path.startsWith('/noble/')) return moduleIn(NOBLE, path.slice('/noble/'.length))
    return inside(PAGE, path === '/' ? 'index.html' : path)
  }
}

const NOBLE = dirname(fileURLToPath(import.meta.resolve('@noble/hashes/sha2.js')))

/** Only what a module can import: nothing else in its folder is anybody's affair. */
function moduleIn(folder: string, path: string): string | null {
  const isHidden = /(^|\/)\./.test(path)
  return /\.(m?js|json)$/.test(path) && !isHidden ? inside(folder, path) : null
}

function inside(folder: string, path: string): string | null {
  const file = resolve(folder, `.${sep}${path}`)
  return file.startsWith(folder + sep) || (folder.endsWith(sep) && file.startsWith(folder)) ? file : null
}

const isFile = (path: string): boolean => statSync(path, { throwIfNoEntry: false })?.isFile() === true

function refuse(response: ServerResponse, status: number): void {
  response.statusCode = status
  response.end()
}

/** Names of packages, where a browser looks for paths. A browser has no members: `synod` is the protocol there. */
const PACKAGES: Readonly<Record<string, string>> = {
  synod: '/synod/paxos/index.js',
  'synod/paxos': '/synod/paxos/index.js',
  'synod/simulation': '/synod/simulation/index.js',
  'synod/machines': '/synod/machines/index.js',
}

function withImports(code: string): string {
  return code.replaceAll(
    /(\bfrom\s*|\bimport\s*\(?\s*)(['"])(synod(?:\/\w+)?|@noble\/hashes\/[\w./-]+)\2/g,
    (all, before: string, mark: string, name: string) => {
      const path = name.startsWith('@noble/hashes/')
        ? `/noble/${name.slice('@noble/hashes/'.length)}`
        : PACKAGES[name]
      return path === undefined ? all : `${before}${mark}${path}${mark}`
    },
  )
}
