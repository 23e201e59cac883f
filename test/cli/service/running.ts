// Commands that run until they are told to stop, and clusters made of them: real processes, real disks, real ports.

import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll } from 'vitest'
import { type Child, type Ended, ended, startSynod, synod } from '../command.js'

/** A command, and what it has said so far. */
export class Running {
  readonly child: Child
  readonly ended: Promise<Ended>
  #said = ''
  #isOver = false
  #waiting: (() => void)[] = []

  constructor(args: readonly string[]) {
    this.child = startSynod(args)
    this.ended = ended(this.child)
    const hear = (text: string): void => {
      this.#said += text
      for (const wake of this.#waiting.splice(0)) wake()
    }
    this.child.stdout.on('data', hear)
    this.child.stderr.on('data', hear)
    this.child.on('close', () => {
      this.#isOver = true
      hear('')
    })
  }

  get said(): string {
    return this.#said
  }

  /** The first match in what it says, as soon as there is one; after what was said before, if that is given. */
  async says(pattern: RegExp, from = 0): Promise<RegExpExecArray> {
    for (;;) {
      const match = pattern.exec(this.#said.slice(from))
      if (match !== null) return match
      if (this.#isOver) throw new Error(`It ended without saying ${pattern}: ${this.#said}`)
      await new Promise<void>((resolve) => this.#waiting.push(resolve))
    }
  }

  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<Ended> {
    if (!this.#isOver) this.child.kill(signal)
    return await this.ended
  }
}

/** What a file of tests needs, until its end. */
export class Surroundings {
  readonly folder: string = mkdtempSync(join(tmpdir(), 'synod-cli-'))
  readonly #running: Set<Running> = new Set()

  constructor() {
    afterAll(async () => {
      for (const running of this.#running) await running.stop('SIGKILL')
      rmSync(this.folder, { recursive: true, force: true })
    })
  }

  path(...names: readonly string[]): string {
    return join(this.folder, ...names)
  }

  start(...args: readonly string[]): Running {
    const running = new Running(args)
    this.#running.add(running)
    return running
  }
}

/** So many ports in a row, and those a hundred above, that nobody listens on, below those that are given to whoever dials. */
export async function freePorts(count: number): Promise<number> {
  for (;;) {
    const first = 10_000 + Math.floor(Math.random() * 20_000)
    const ports = Array.from({ length: count }, (_, at) => [first + at, first + at + 100]).flat()
    if ((await Promise.all(ports.map(isFree))).every(Boolean)) return first
  }
}

async function isFree(port: number): Promise<boolean> {
  return await new Promise((resolve) => {
    const server = createServer()
    server.once('error', () => resolve(false))
    server.listen({ host: '127.0.0.1', port }, () => server.close(() => resolve(true)))
  })
}

/** Asks a cluster at these addresses. */
export class Asker {
  readonly #options: readonly string[]

  constructor(...options: readonly string[]) {
    this.#options = options
  }

  async run(...args: readonly string[]): Promise<Ended> {
    return await synod([...args, ...this.#options])
  }

  /** What it prints; it has to succeed. */
  async ask(...args: readonly string[]): Promise<string> {
    const { code, stdout, stderr } = await this.run(...args)
    if (code !== 0) throw new Error(`synod ${args.join(' ')} ended with exit code ${code}: ${stderr}`)
    return stdout
  }

  /** What it says to people; it has to succeed. */
  async tell(...args: readonly string[]): Promise<string> {
    const { code, stderr } = await this.run(...args)
    if (code !== 0) throw new Error(`synod ${args.join(' ')} ended with exit code ${code}: ${stderr}`)
    return stderr
  }
}
