/** The members as processes: started, killed, paused, closed, started again, and told what to suffer. */
import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, openSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Links } from './links.js'
import type { DiskMode, FromMember, Look, MemberStart, Plant, ToMember } from './protocol.js'

const PROGRAM = fileURLToPath(new URL('member.js', import.meta.url))

/** Below the ports that systems give to whoever dials, so that nobody takes one while its member is down. */
const FIRST_PORT = 10_000
const LAST_PORT = 30_000

const LOOK_MILLIS = 5_000

export type Life = 'down' | 'starting' | 'up'

/** One member, whether its process runs or not. */
export class Host {
  readonly name: string
  readonly port: number
  readonly folder: string
  life: Life = 'down'
  /** Its number and its store, once it was up. */
  number: number | null = null
  store: number | null = null
  child: ChildProcess | null = null
  isPaused = false
  /** Whoever has claimed it does with it what it likes; nobody else stops or starts it. */
  isClaimed = false
  /** It may end by itself: it was removed, or was told to, or its disk is full. */
  mayEnd = false
  wasRemoved = false
  /** For a newcomer that is no member yet: the version that it is to be admitted after. */
  proposedAt: number | null = null
  disk: DiskMode = { type: 'sound' }
  wallShiftMicros = 0
  /** Who leads, as far as it knows. */
  leader: number | null = null

  constructor(name: string, port: number, folder: string) {
    this.name = name
    this.port = port
    this.folder = folder
  }

  get endpoint(): string {
    return `127.0.0.1:${this.port}`
  }

  get leads(): boolean {
    return this.life === 'up' && !this.isPaused && this.number !== null && this.leader === this.number
  }
}

export interface ClusterOptions {
  readonly folder: string
  readonly plant: Plant | null
  /** What must not be has happened. */
  readonly onFailure: (sentence: string) => void
}

export class Cluster {
  readonly hosts: Host[] = []
  readonly links = new Links()
  readonly #options: ClusterOptions
  readonly #looks = new Map<number, (look: Look) => void>()
  readonly #log: number
  #cluster: Readonly<Record<string, string>> = {}
  #references = 0
  #nextPort: number
  #isClosing = false

  constructor(options: ClusterOptions) {
    this.#options = options
    this.#log = openSync(join(options.folder, 'members.log'), 'a')
    this.#nextPort = FIRST_PORT + ((process.pid * 37) % (LAST_PORT - FIRST_PORT - 1_000))
  }

  /** Starts the founders. Resolves when all of them are up. */
  async found(count: number): Promise<void> {
    for (let number = 0; number < count; number++) await this.addHost()
    this.#cluster = Object.fromEntries(this.hosts.map(({ name, endpoint }) => [name, endpoint]))
    await Promise.all(this.hosts.map((host) => this.start(host)))
  }

  /** One more that may become a member: it has a name, a port and its links, and no process yet. */
  async addHost(): Promise<Host> {
    const name = `m${String(this.hosts.length).padStart(3, '0')}`
    const host = new Host(name, await this.#freePort(), join(this.#options.folder, name))
    await this.links.add(name, host.port)
    this.hosts.push(host)
    for (const { name: other } of this.present) {
      const routes = this.links.routesOf(other)
      this.tell(this.host(other), { type: 'routes', routes })
    }
    return host
  }

  async #freePort(): Promise<number> {
    for (; this.#nextPort < LAST_PORT; this.#nextPort++) {
      if (await isFree(this.#nextPort)) return this.#nextPort++
    }
    throw new Error(`No port from ${FIRST_PORT} to ${LAST_PORT} is free.`)
  }

  host(name: string): Host {
    const host = this.hosts.find((each) => each.name === name)
    if (host === undefined) throw new RangeError(`There is no member ${name}.`)
    return host
  }

  /** Members that are not removed. */
  get present(): readonly Host[] {
    return this.hosts.filter(({ wasRemoved }) => !wasRemoved)
  }

  get up(): readonly Host[] {
    return this.present.filter(({ life, isPaused }) => life === 'up' && !isPaused)
  }

  /** Who says of itself that it leads; where several do, the one that most others follow. */
  get leader(): Host | null {
    const claiming = this.present.filter(({ leads }) => leads)
    const followers = ({ number }: Host): number => this.up.filter(({ leader }) => leader === number).length
    return claiming.sort((a, b) => followers(b) - followers(a))[0] ?? null
  }

  // ---- processes

  /** Resolves with whether it came up; it may have ended instead. */
  async start(host: Host, join?: readonly string[]): Promise<boolean> {
    if (host.life !== 'down') throw new Error(`Member ${host.name} runs already.`)
    if (this.#isClosing) return false
    const start: MemberStart = {
      name: host.name,
      folder: host.folder,
      listen: host.endpoint,
      ...(Object.hasOwn(this.#cluster, host.name) && { cluster: this.#cluster }),
      ...(join && { join }),
      routes: this.links.routesOf(host.name),
      disk: host.disk,
      wallShiftMicros: host.wallShiftMicros,
      plant: this.#options.plant,
    }
    const child = spawn(process.execPath, [PROGRAM, JSON.stringify(start)], {
      stdio: ['ignore', this.#log, this.#log, 'ipc'],
    })
    host.child = child
    host.life = 'starting'
    host.leader = null
    return new Promise((resolve) => {
      child.on('message', (message: FromMember) => {
        if (message.type === 'up') resolve(true)
        this.#hear(host, message)
      })
      child.once('exit', (code, signal) => {
        this.#exited(host, child, code, signal)
        resolve(false)
      })
    })
  }

  #hear(host: Host, message: FromMember): void {
    switch (message.type) {
      case 'up':
        host.life = 'up'
        host.number = message.number
        host.store = message.store
        return
      case 'leader':
        host.leader = message.leader
        return
      case 'looked':
        this.#looks.get(message.reference)?.(message.look)
        return
      case 'ended':
        if (message.error !== null && !host.mayEnd && !this.#isClosing)
          this.#options.onFailure(`Member ${host.name} ended by itself: ${message.error}`)
        return
    }
  }

  #exited(host: Host, child: ChildProcess, code: number | null, signal: string | null): void {
    if (host.child !== child) return
    const wasKilled = signal === 'SIGKILL'
    host.child = null
    host.life = 'down'
    host.isPaused = false
    host.leader = null
    // With code 0: it was removed, and nobody is in need of it. If that is wrong, it shows at the end.
    if (wasKilled || code === 0 || host.mayEnd || this.#isClosing) return
    this.#options.onFailure(`Member ${host.name} exited by itself, with ${signal ?? `code ${code}`}.`)
  }

  tell(host: Host, message: ToMember): void {
    if (host.child?.connected) host.child.send(message, () => {}) // who is killed meanwhile hears nothing
  }

  /** kill −9. Resolves when the process is gone. */
  kill(host: Host): Promise<void> {
    const { child } = host
    if (child === null) return Promise.resolve()
    const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()))
    child.kill('SIGKILL')
    host.life = 'down'
    host.leader = null
    return gone
  }

  pause(host: Host): void {
    host.isPaused = host.child?.kill('SIGSTOP') ?? false
  }

  resume(host: Host): void {
    host.child?.kill('SIGCONT')
    host.isPaused = false
  }

  /** Has it close, as one should. Resolves when the process is gone. */
  async close(host: Host): Promise<void> {
    const { child } = host
    if (child === null) return
    host.mayEnd = true
    const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()))
    this.tell(host, { type: 'close' })
    await gone
    host.mayEnd = false
  }

  setDisk(host: Host, disk: DiskMode): void {
    host.disk = disk
    this.tell(host, { type: 'disk', disk })
  }

  setWall(host: Host, shiftMicros: number): void {
    host.wallShiftMicros = shiftMicros
    this.tell(host, { type: 'wall', shiftMicros })
  }

  /** How it is; null if it does not say so in time. */
  look(host: Host): Promise<Look | null> {
    if (host.life !== 'up') return Promise.resolve(null)
    const reference = ++this.#references
    return new Promise((resolve) => {
      const settle = (look: Look | null): void => {
        clearTimeout(timer)
        this.#looks.delete(reference)
        resolve(look)
      }
      const timer = setTimeout(() => settle(null), LOOK_MILLIS)
      this.#looks.set(reference, settle)
      this.tell(host, { type: 'look', reference })
    })
  }

  /** Ends every process that it started, at once. */
  async stop(): Promise<void> {
    this.#isClosing = true
    await Promise.all(this.hosts.map((host) => this.kill(host)))
    this.links.close()
    closeSync(this.#log)
  }

  /** For where nothing can be waited for any more. */
  killAll(): void {
    this.#isClosing = true
    for (const { child } of this.hosts) child?.kill('SIGKILL')
  }
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', () => resolve(false))
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)))
  })
}
