/** `/metrics`, `/healthz` and `/readyz` over HTTP: it only tells, and takes nothing but the path of a GET. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { Registry } from 'prom-client'
import { CannotListen, formatEndpoint, type MemberStatus, parseEndpoint } from '../runtime/index.js'
import { troubleOf } from './condition.js'

/** Whoever scrapes needs one connection or two. */
export const CONNECTIONS = 64
export const REQUEST_MILLIS = 5_000
export const HEADER_BYTES = 8_192

interface Told {
  readonly status: number
  readonly type?: string
  readonly text: string
}

export class HttpServer {
  readonly #registry: Registry
  readonly #status: () => MemberStatus
  readonly #server: Server

  constructor(registry: Registry, status: () => MemberStatus) {
    this.#registry = registry
    this.#status = status
    const limits = {
      headersTimeout: REQUEST_MILLIS,
      requestTimeout: REQUEST_MILLIS,
      maxHeaderSize: HEADER_BYTES,
    }
    this.#server = createServer(
      { ...limits, connectionsCheckingInterval: REQUEST_MILLIS },
      (request, response) => {
        void this.#answer(request, response)
      },
    )
    this.#server.maxConnections = CONNECTIONS
  }

  /** Gives the address, with the port that was found. Rejects with a `CannotListen`. */
  async listen(address: string): Promise<string> {
    // Port 0 is no endpoint: nobody can be found there.
    const isAny = address.endsWith(':0')
    const { host, port } = parseEndpoint(isAny ? `${address.slice(0, -1)}1` : address) ?? {
      host: '',
      port: 0,
    }
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', (error: NodeJS.ErrnoException) => {
        const reason = error.code === 'EADDRINUSE' ? 'another process listens there' : error.message
        const advice = 'name another address with --http, or --http off'
        reject(
          new CannotListen(`HTTP cannot be served at ${address}: ${reason}; ${advice}.`, { cause: error }),
        )
      })
      this.#server.listen(isAny ? 0 : port, host, resolve)
    })
    const found = this.#server.address()
    return formatEndpoint({ host, port: typeof found === 'object' && found !== null ? found.port : port })
  }

  async close(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#server.close(() => resolve())
      this.#server.closeAllConnections()
    })
  }

  async #answer({ method, url }: IncomingMessage, response: ServerResponse): Promise<void> {
    const { status, type = 'text/plain; charset=utf-8', text } = await this.#tell(method, url)
    response.writeHead(status, { 'content-type': type, 'content-length': Buffer.byteLength(text) })
    response.end(method === 'HEAD' ? undefined : text)
  }

  async #tell(method: string | undefined, url: string | undefined): Promise<Told> {
    if (method !== 'GET' && method !== 'HEAD') return { status: 405, text: 'Only GET is answered here.\n' }
    switch (url?.split('?', 1)[0]) {
      case '/metrics':
        return { status: 200, type: this.#registry.contentType, text: await this.#registry.metrics() }
      case '/healthz':
        return { status: 200, text: 'The process works.\n' }
      case '/readyz': {
        const trouble = troubleOf(this.#status())
        return trouble === null
          ? { status: 200, text: 'The member serves.\n' }
          : { status: 503, text: `The member does not serve: ${trouble.replace(/[^?]$/, '$&.')}\n` }
      }
      default:
        return { status: 404, text: 'There are /metrics, /healthz and /readyz.\n' }
    }
  }
}
