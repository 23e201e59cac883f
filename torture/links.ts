/**
 * The network between the members: a proxy on each link, which holds back what it is told to. Members are given the
 * proxies' addresses in the place of each other's, so there is no way around them.
 *
 * A link goes one way, from one member to another. What member a dialled to b carries a's words to b, and the few that b
 * says in return go by the link from b to a. Nothing is lost on a link, as nothing is in TCP: it comes later, or the
 * connection ends.
 */
import { connect, createServer, type Server, type Socket } from 'node:net'

/** One way between two members. */
class Link {
  isBlocked = false
  delayMillis = 0
  readonly pipes = new Set<Pipe>()

  set(isBlocked: boolean, delayMillis: number): void {
    this.isBlocked = isBlocked
    this.delayMillis = delayMillis
    for (const pipe of this.pipes) pipe.pump()
  }
}

/** One way of one connection. */
class Pipe {
  readonly #source: Socket
  readonly #target: Socket
  readonly #link: Link
  readonly #held: { readonly chunk: Buffer; readonly dueMillis: number }[] = []
  #timer: NodeJS.Timeout | null = null
  #isOver = false

  constructor(source: Socket, target: Socket, link: Link) {
    this.#source = source
    this.#target = target
    this.#link = link
    link.pipes.add(this)
    source.setNoDelay(true)
    source.on('error', () => {}) // it closes then
    source.on('data', (chunk: Buffer) => {
      this.#held.push({ chunk, dueMillis: performance.now() + link.delayMillis })
      this.pump()
    })
    source.on('close', () => {
      this.#isOver = true
      this.pump()
    })
    target.on('drain', () => this.pump())
    target.on('close', () => {
      this.#drop()
      source.destroy()
    })
  }

  /** Passes on what is due, as far as the link lets it. */
  pump(): void {
    const nowMillis = performance.now()
    while (!this.#link.isBlocked && !this.#target.writableNeedDrain) {
      const [first] = this.#held
      if (first === undefined || first.dueMillis > nowMillis) break
      this.#held.shift()
      this.#target.write(first.chunk)
    }
    const [first] = this.#held
    if (first !== undefined) {
      this.#source.pause()
      if (!this.#link.isBlocked) this.#later(first.dueMillis - nowMillis)
      if (!this.#link.isBlocked && !this.#target.writableNeedDrain) this.#source.resume()
    } else if (this.#link.isBlocked) this.#source.pause()
    else if (this.#isOver) this.#end()
    else this.#source.resume()
  }

  #later(millis: number): void {
    if (this.#timer !== null) return
    this.#timer = setTimeout(
      () => {
        this.#timer = null
        this.pump()
      },
      Math.max(1, millis),
    )
  }

  #end(): void {
    this.#drop()
    this.#target.destroy()
  }

  #drop(): void {
    this.#link.pipes.delete(this)
    if (this.#timer !== null) clearTimeout(this.#timer)
    this.#timer = null
  }

  cut(): void {
    this.#drop()
    this.#source.destroy()
    this.#target.destroy()
  }
}

export class Links {
  /** Where each member listens, by name. */
  readonly #endpoints = new Map<string, number>()
  readonly #links = new Map<string, Link>()
  readonly #servers = new Map<string, Server>()
  readonly #ports = new Map<string, number>()

  /** Makes proxies to and from a member that listens at this port. */
  async add(name: string, port: number): Promise<void> {
    const others = [...this.#endpoints.keys()]
    this.#endpoints.set(name, port)
    for (const other of others) {
      await this.#make(name, other)
      await this.#make(other, name)
    }
  }

  async #make(from: string, to: string): Promise<void> {
    const link = this.#link(from, to)
    const back = this.#link(to, from)
    const server = createServer((dialled) => {
      const onward = connect({ host: '127.0.0.1', port: this.#endpoints.get(to) ?? 0 })
      new Pipe(dialled, onward, link).pump()
      new Pipe(onward, dialled, back).pump()
    })
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject)
      server.listen(0, '127.0.0.1', resolve)
    })
    const address = server.address()
    if (address === null || typeof address === 'string') throw new Error('A proxy has no port.')
    this.#servers.set(`${from} ${to}`, server)
    this.#ports.set(`${from} ${to}`, address.port)
  }

  #link(from: string, to: string): Link {
    const known = this.#links.get(`${from} ${to}`)
    if (known !== undefined) return known
    const link = new Link()
    this.#links.set(`${from} ${to}`, link)
    return link
  }

  /** Where a member finds the others: the proxy for each address. */
  routesOf(name: string): Readonly<Record<string, string>> {
    const entries = [...this.#endpoints].flatMap(([other, port]) => {
      const proxy = this.#ports.get(`${name} ${other}`)
      return proxy === undefined ? [] : [[`127.0.0.1:${port}`, `127.0.0.1:${proxy}`] as const]
    })
    return Object.fromEntries(entries)
  }

  block(from: string, to: string): void {
    const link = this.#link(from, to)
    link.set(true, link.delayMillis)
  }

  unblock(from: string, to: string): void {
    const link = this.#link(from, to)
    link.set(false, link.delayMillis)
  }

  slow(from: string, to: string, delayMillis: number): void {
    const link = this.#link(from, to)
    link.set(link.isBlocked, delayMillis)
  }

  /** Cuts all connections from one member to another. */
  cut(from: string, to: string): void {
    for (const pipe of [...this.#link(from, to).pipes]) pipe.cut()
  }

  healAll(): void {
    for (const link of this.#links.values()) link.set(false, 0)
  }

  close(): void {
    for (const link of this.#links.values()) for (const pipe of [...link.pipes]) pipe.cut()
    for (const server of this.#servers.values()) server.close()
  }
}
