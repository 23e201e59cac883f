/**
 * The clients: each has a session of its own and does one operation after the other on a few keys, that are used for a
 * while and then judged. Whatever it is told goes into the history.
 */
import type { KeyValueCommand, Value } from 'synod'
import { Client, type Session } from 'synod/client'
import { type History, type KeyHistory, tailOf } from './history.js'
import type { Judge } from './judge.js'
import { type CountedQuery, counted } from './machine.js'
import type { Plant } from './protocol.js'
import { Random } from './random.js'

type AnyClient = Client<KeyValueCommand, Value, CountedQuery, Value>
type AnySession = Session<KeyValueCommand, Value, CountedQuery, Value>

const CLIENTS = 4
const SESSIONS_EACH = 4
const KEYS = 5
/** A key is done with after so many operations, or so long. */
const KEY_OPERATIONS = 300
const KEY_MILLIS = 20_000
const THINK_MILLIS = 12
const TIMEOUT_MILLIS = 5_000
/** How long the last reads may take, each: by then nothing is wrong any more. */
const LAST_MILLIS = 60_000

interface Key extends KeyHistory {
  begun: number
  pending: number
  readonly sinceMillis: number
}

/** One that does operations, under a number that changes whenever an outcome stays unknown. */
interface Actor {
  readonly client: AnyClient
  readonly session: AnySession
  readonly random: Random
  process: number
}

type Operation =
  | { readonly f: 'get'; readonly value: null }
  | { readonly f: 'set'; readonly value: Value }
  | { readonly f: 'cas'; readonly value: readonly [from: Value, to: Value] }
  | { readonly f: 'delete'; readonly value: null }

export interface LoadOptions {
  readonly endpoints: readonly string[]
  readonly seed: number
  readonly plant: Plant | null
  readonly history: History
  readonly judge: Judge
  readonly onFailure: (sentence: string) => void
}

export class Load {
  readonly counts = { ok: 0, failed: 0, unknown: 0 }
  readonly #options: LoadOptions
  readonly #clients: readonly AnyClient[]
  readonly #actors: readonly Actor[]
  readonly #probe: Actor
  #keys: Key[] = []
  /** What is left to be judged of keys that are done with. */
  readonly #tails: KeyHistory[] = []
  readonly #concluding = new Set<Promise<void>>()
  #names = 0
  #values = 0
  /** What was read or written last, by key: what a compare-and-set is tried with. */
  readonly #seen = new Map<string, Value>()
  #served: { readonly sinceMillis: number; readonly resolve: (millis: number) => void }[] = []
  #isOver = false
  #working: Promise<unknown> = Promise.resolve()

  static async start(options: LoadOptions): Promise<Load> {
    const { endpoints } = options
    const connected = Array.from({ length: CLIENTS }, () => Client.connect({ endpoints, machine: counted }))
    const load = new Load(options, await Promise.all(connected))
    load.#working = Promise.all(load.#actors.map((actor) => load.#work(actor)))
    return load
  }

  private constructor(options: LoadOptions, clients: readonly AnyClient[]) {
    this.#options = options
    this.#clients = clients
    const actors = clients.flatMap((client) => Array.from({ length: SESSIONS_EACH }, () => client))
    this.#actors = actors.map((client, number) => this.#actor(client, number))
    this.#probe = this.#actor(clients[0] as AnyClient, actors.length) // there are some
    for (let count = 0; count < KEYS; count++) this.#keys.push(this.#newKey())
  }

  #actor(client: AnyClient, number: number): Actor {
    const random = new Random(this.#options.seed, 1_000 + number)
    return { client, session: client.session(), random, process: this.#options.history.nextProcess() }
  }

  get operations(): number {
    const { ok, failed, unknown } = this.counts
    return ok + failed + unknown
  }

  /** Asks for a change of the members, and gives whether that was answered with yes. */
  async change(version: number, voters: readonly { member: number; store: number }[]): Promise<boolean> {
    const [client] = this.#clients
    try {
      await client?.call('change', { version, voters }, { timeoutMillis: TIMEOUT_MILLIS })
      return true
    } catch {
      return false // whoever asks looks what became of it
    }
  }

  /** Writes at once, and resolves with how long it takes until any write that begins from now on is acknowledged. */
  untilServed(): Promise<number> {
    const sinceMillis = performance.now()
    const served = new Promise<number>((resolve) => {
      this.#served.push({ sinceMillis, resolve })
    })
    const probe = { ...this.#probe, process: this.#options.history.nextProcess() } // several may be under way
    void this.#operate(probe, this.#keyFor(probe), { f: 'set', value: ++this.#values })
    return served
  }

  // ---- operations

  async #work(actor: Actor): Promise<void> {
    while (!this.#isOver) {
      const key = this.#keyFor(actor)
      await this.#operate(actor, key, this.#draw(actor.random, key))
      await new Promise((resolve) => setTimeout(resolve, actor.random.below(2 * THINK_MILLIS)))
    }
  }

  #draw(random: Random, { key }: Key): Operation {
    const draw = random.below(10)
    if (draw < 4) return { f: 'get', value: null }
    if (draw < 7) return { f: 'set', value: ++this.#values }
    if (draw < 9) return { f: 'cas', value: [this.#seen.get(key) ?? null, ++this.#values] }
    return { f: 'delete', value: null }
  }

  /** Gives what a read gave, if it gave something. */
  async #operate(actor: Actor, key: Key, operation: Operation): Promise<{ readonly value: Value } | null> {
    const { history } = this.#options
    const { process } = actor
    const { f, value } = operation
    const sinceMillis = performance.now()
    key.begun += 1
    key.pending += 1
    history.add(key, { process, type: 'invoke', f, value })
    try {
      const output = await this.#ask(actor, key.key, operation)
      this.counts.ok += 1
      history.add(key, { process, type: 'ok', f, value: f === 'get' ? output : value })
      if (f === 'get') this.#seen.set(key.key, output)
      else this.#acknowledged(key, operation, sinceMillis)
      return f === 'get' ? { value: output } : null
    } catch (error) {
      this.#failed(actor, key, operation, error)
      return null
    } finally {
      key.pending -= 1
      if (key.pending === 0 && !this.#keys.includes(key)) this.#beginConclusion(key)
    }
  }

  #acknowledged(key: Key, { f, value }: Operation, sinceMillis: number): void {
    key.acknowledged += 1
    if (f === 'set') this.#seen.set(key.key, value)
    const nowMillis = performance.now()
    const served = this.#served.filter((each) => each.sinceMillis <= sinceMillis)
    if (served.length === 0) return
    this.#served = this.#served.filter((each) => each.sinceMillis > sinceMillis)
    for (const { resolve, sinceMillis: since } of served) resolve(nowMillis - since)
  }

  #failed(actor: Actor, key: Key, { f, value }: Operation, error: unknown): void {
    const { history, onFailure } = this.#options
    const { process } = actor
    const { name, message } = error as Error // whatever it is, it has both
    if (name === 'CommandFailed' || name === 'Overloaded' || name === 'TooManySessions') {
      this.counts.failed += 1
      history.add(key, { process, type: 'fail', f, value })
      return
    }
    this.counts.unknown += 1
    if (f !== 'get') key.unknown += 1
    history.add(key, { process, type: 'info', f, value })
    actor.process = history.nextProcess()
    if (name !== 'OutcomeUnknown' && !this.#isOver) onFailure(`A client was told ${name}: ${message}`)
  }

  async #ask(actor: Actor, key: string, { f, value }: Operation): Promise<Value> {
    const { session } = actor
    const options = { timeoutMillis: this.#isOver ? LAST_MILLIS : TIMEOUT_MILLIS }
    const { plant } = this.#options
    if (f === 'get' && plant === 'stale') return this.#peek(actor, key)
    if (f === 'get') return session.query({ type: 'get', key }, options)
    const command: KeyValueCommand =
      f === 'cas'
        ? { type: 'compareAndSet', key, from: value[0], value: value[1] }
        : f === 'set'
          ? { type: 'set', key, value }
          : { type: 'delete', key }
    if (plant === 'repeat' && f === 'set' && actor.random.percent(5)) await session.invoke(command, options)
    return session.invoke(command, options)
  }

  /** Planted: asks any one member what it has. */
  async #peek({ client, random }: Actor, key: string): Promise<Value> {
    const member = random.pick(client.members)
    return (await client.call('peek', { key }, { timeoutMillis: TIMEOUT_MILLIS, member })) as Value // that is what a member holds
  }

  // ---- keys

  #newKey(): Key {
    const key = `k${this.#names++}`
    return {
      key,
      entries: [],
      acknowledged: 0,
      unknown: 0,
      begun: 0,
      pending: 0,
      sinceMillis: performance.now(),
    }
  }

  /** One of the keys in use; one that was used for long is replaced first. */
  #keyFor({ random }: Actor): Key {
    const at = random.below(KEYS)
    const key = this.#keys[at] as Key // as many as there are
    const isFresh = key.begun < KEY_OPERATIONS && performance.now() - key.sinceMillis < KEY_MILLIS
    if (isFresh) return key
    const next = this.#newKey()
    this.#keys[at] = next
    if (key.pending === 0) this.#beginConclusion(key)
    return next
  }

  #beginConclusion(key: Key): void {
    this.#seen.delete(key.key)
    const actor = this.#actor(this.#clients[0] as AnyClient, 0) // there are some
    const concluding = this.#conclude(actor, key)
    this.#concluding.add(concluding)
    void concluding.finally(() => this.#concluding.delete(concluding))
  }

  /** Reads it for the last time but one, and has it judged. */
  async #conclude(actor: Actor, key: Key): Promise<void> {
    key.pending += 1 // nobody else concludes it
    const { judge, history, onFailure } = this.#options
    for (;;) {
      const read = await this.#operate(actor, key, { f: 'get', value: null })
      if (read !== null) {
        judge.judge(key.key, key.entries)
        this.#tails.push(tailOf(key, read.value, history.nextProcess()))
        return
      }
      if (this.#isOver) {
        onFailure(`Nobody said within ${LAST_MILLIS} ms what ${key.key} holds.`)
        return
      }
    }
  }

  // ---- the end

  /** No operation begins any more. Resolves when those that have begun are over. */
  async stop(): Promise<void> {
    this.#isOver = true
    await this.#working
  }

  /** Reads every key that there ever was once more: nothing may have been lost since, or done twice. */
  async readAll(): Promise<void> {
    for (const key of this.#keys) if (key.pending === 0) this.#beginConclusion(key)
    this.#keys = []
    await Promise.all(this.#concluding)
    const tails = [...this.#tails]
    await Promise.all(
      this.#actors.map(async (actor) => {
        for (let tail = tails.pop(); tail !== undefined; tail = tails.pop()) await this.#readLast(actor, tail)
      }),
    )
  }

  async #readLast(actor: Actor, tail: KeyHistory): Promise<void> {
    const { judge, onFailure } = this.#options
    const key: Key = { ...tail, begun: 0, pending: 1, sinceMillis: 0 }
    const read = await this.#operate(actor, key, { f: 'get', value: null })
    if (read === null) {
      onFailure(`Nobody said within ${LAST_MILLIS} ms what ${key.key} holds.`)
      return
    }
    judge.judge(key.key, key.entries)
    const executed = Number(
      await actor.session.query({ type: 'executed', key: key.key }, { timeoutMillis: LAST_MILLIS }),
    )
    const { acknowledged, unknown } = tail
    if (executed >= acknowledged && executed <= acknowledged + unknown) return
    onFailure(
      `${executed} commands were executed on ${key.key}, and ${acknowledged} acknowledged, with ${unknown} of unknown outcome.`,
    )
  }

  async close(): Promise<void> {
    this.#isOver = true
    await Promise.all(this.#clients.map((client) => client.close()))
  }
}
