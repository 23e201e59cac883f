/** The page in a real browser: Debian's Chromium, or the one that the variable CHROMIUM names. */
import { existsSync, readFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { delimiter, extname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

const PAGE = fileURLToPath(new URL('../../dist/viewer', import.meta.url))
const NAMES = ['chromium', 'chromium-browser', 'google-chrome']

/** Where the browser is; null: there is none here. */
const CHROMIUM: string | null =
  process.env['CHROMIUM'] ??
  (process.env['PATH'] ?? '')
    .split(delimiter)
    .flatMap((folder) => NAMES.map((name) => join(folder, name)))
    .find((path) => existsSync(path)) ??
  null

/** Without a browser its tests are skipped, by their names; where everything must hold, they fail. */
export const describeInBrowser: typeof describe.skip =
  CHROMIUM === null && !process.env['CI'] ? describe.skip : describe

async function launch(): Promise<Browser> {
  if (CHROMIUM === null)
    throw new Error('There is no Chromium: install it, or name it in the variable CHROMIUM.')
  // Root may not have a sandbox, and in a container it has no other.
  const args = process.getuid?.() === 0 ? ['--no-sandbox'] : []
  return await chromium.launch({ executablePath: CHROMIUM, args })
}

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.css': 'text/css',
}

/** Any web server: the page's files below some path, and nothing else. */
export class StaticServer {
  readonly #server: Server
  readonly #more: Readonly<Record<string, string>>

  constructor(path: string, more: Readonly<Record<string, string>> = {}) {
    this.#more = more
    this.#server = createServer((request, response) => {
      const { pathname } = new URL(request.url ?? '/', 'http://page')
      const name = pathname.slice(path.length) || 'index.html'
      const text = pathname.startsWith(path) ? (this.#more[name] ?? read(join(PAGE, name))) : null
      response.setHeader('Content-Type', TYPES[extname(name)] ?? 'application/octet-stream')
      response.statusCode = text === null ? 404 : 200
      response.end(text)
    })
  }

  async listen(): Promise<string> {
    await new Promise<void>((done) => this.#server.listen(0, '127.0.0.1', done))
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  close(): void {
    this.#server.closeAllConnections()
    this.#server.close()
  }
}

function read(path: string): Buffer | null {
  return existsSync(path) ? readFileSync(path) : null
}

const PATH = '/some/where/deep/'

/** One browser and one server for the tests of a file; what the page logs as an error fails the test. */
export class Visit {
  readonly problems: string[] = []
  readonly #more: Readonly<Record<string, string>>
  #browser: Browser | undefined
  #server: StaticServer | undefined
  #base = ''

  constructor(more: Readonly<Record<string, string>> = {}) {
    this.#more = more
    beforeAll(async () => {
      this.#server = new StaticServer(PATH, this.#more)
      this.#base = `${await this.#server.listen()}${PATH}`
      this.#browser = await launch()
    })
    afterAll(async () => {
      await this.#browser?.close()
      this.#server?.close()
    })
  }

  /** A new page at an address, in a window of the smallest size that it is meant for. */
  async open(hash: string, options: BrowserContextOptions = {}, base: string = this.#base): Promise<Page> {
    if (this.#browser === undefined) throw new Error('The browser is not there yet.')
    const context = await this.#browser.newContext({ viewport: { width: 1280, height: 720 }, ...options })
    const page = await context.newPage()
    page.setDefaultTimeout(20_000)
    const asked: string[] = []
    page.on('request', (request) => asked.push(request.url()))
    page.on('pageerror', (error) => this.problems.push(error.message))
    page.on('console', (message) => {
      if (message.type() === 'error') this.problems.push(message.text())
    })
    page.on('close', () => {
      const strange = asked.filter(
        (url) => !url.startsWith(new URL(base).origin) && !/^(data|blob):/.test(url),
      )
      this.problems.push(...strange.map((url) => `asked for ${url}`))
    })
    await page.goto(`${base}${hash}`)
    return page
  }

  /** Closes a page, and sees that nothing went wrong in it. */
  async leave(page: Page): Promise<void> {
    await page.context().close()
    const problems = this.problems.splice(0)
    expect(problems).toEqual([])
  }
}

/** A test with a page of its own. */
export function pageTest(
  visit: Visit,
  name: string,
  hash: string,
  check: (page: Page) => Promise<void>,
  options: BrowserContextOptions = {},
): void {
  test(name, async () => {
    const page = await visit.open(hash, options)
    await check(page)
    await visit.leave(page)
  })
}

/** The event that the page says it looks at. */
export async function eventOf(page: Page): Promise<number> {
  const text = await page.getByLabel('Simulated time').getAttribute('aria-valuetext')
  return Number(/event (\d+)/.exec(text ?? '')?.[1])
}

/** Waits until a run is shown with its moment. */
export async function ready(page: Page): Promise<void> {
  await page.locator('.transcript li[aria-current]').waitFor()
  await page.locator('.hash').waitFor()
}
