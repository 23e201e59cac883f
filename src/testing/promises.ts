/**
 * Promises in virtual time: what is asked of a cluster, and the loop that lets time go on while somebody waits.
 *
 * The loop lets one thing happen a microtask. So whatever an application does in between, as long as it waits for
 * nothing real, falls into the same moments of virtual time in every run. Everything that is waited for ends at some
 * virtual time, one way or the other, so no wait lasts for ever. While nobody waits, time stands still.
 */
import { type ClientRequest, type Micros, type Outcome, OutcomeUnknown, outputOf } from '../paxos/index.js'
import type { Host } from '../simulation/host.js'
import type { Driver } from './driver.js'
import { ClusterClosed, MemberDown, NotSettled } from './errors.js'

/** The only client of each node: all its requests share one session. */
const CLIENT = 0

type Asked<Type> = Omit<Extract<ClientRequest, { type: Type }>, 'client' | 'reference'>

interface Waiting {
  /** The node by way of which something was asked; null if something else is waited for. */
  readonly host: Host | null
  readonly resolve: (outcome: Outcome | null) => void
  readonly reject: (error: unknown) => void
}

export class Promises {
  readonly #driver: Driver
  readonly #timeoutMicros: Micros
  /** All that somebody waits for; requests under their references. */
  readonly #waiting: Map<number, Waiting> = new Map()
  /** What of it waits for the cluster to come to rest. */
  readonly #settling: Set<number> = new Set()
  #last = 0
  /** The loop, while it runs. */
  #loop: Promise<void> | null = null
  #closed = false

  constructor(driver: Driver, timeoutMicros: Micros) {
    this.#driver = driver
    this.#timeoutMicros = timeoutMicros
  }

  /** Asks by way of a node; gives the bytes of the answer. */
  async ask(host: Host, request: Asked<'command'> | Asked<'query'> | Asked<'upgrade'>): Promise<Uint8Array> {
    const outcome = await this.#wait(host, (reference) => {
      if (host.node === null) throw new MemberDown(host.id)
      const late = `No answer came within ${this.#timeoutMicros} microseconds.`
      this.#driver.after(this.#timeoutMicros, () => this.#reject(reference, new OutcomeUnknown(late)))
      this.#driver.request(host, { ...request, client: CLIENT, reference })
    })
    if (outcome === null) throw new Error('A request was answered without an outcome.')
    return outputOf(outcome)
  }

  async advance(micros: Micros): Promise<void> {
    await this.#wait(null, (number) => this.#driver.after(micros, () => this.#resolve(number, null)))
  }

  /** Waits until everything that was asked has its answer, and the cluster is at rest. */
  async settled(): Promise<void> {
    await this.#wait(null, (number) => {
      this.#settling.add(number)
      this.#driver.after(this.#timeoutMicros, () => {
        this.#reject(number, new NotSettled(`After ${this.#timeoutMicros} microseconds: ${this.#unrest}`))
      })
    })
  }

  /** Nothing more can be asked; what was asked comes to its end. */
  async close(): Promise<void> {
    this.#closed = true
    await this.#loop
  }

  answered(reference: number, outcome: Outcome): void {
    this.#resolve(reference, outcome)
  }

  /** Those who asked by way of this node will never be told. */
  crashed(host: Host): void {
    const what = `Member ${host.id} ${this.#driver.failureOf(host) === null ? 'crashed' : 'stopped'}`
    for (const [reference, waiting] of this.#waiting) {
      if (waiting.host !== host) continue
      this.#reject(reference, new OutcomeUnknown(`${what} before the answer came.`))
    }
  }

  get #unrest(): string | null {
    const asked = [...this.#waiting.values()].filter(({ host }) => host !== null).length
    return asked > 0 ? `${asked} requests have no answer.` : this.#driver.unrest
  }

  // ---- the loop ------------------------------------------------------------------------------------------------

  #wait(host: Host | null, begin: (number: number) => void): Promise<Outcome | null> {
    return new Promise((resolve, reject) => {
      if (this.#closed) throw new ClusterClosed()
      const number = ++this.#last
      this.#waiting.set(number, { host, resolve, reject })
      try {
        begin(number)
      } catch (error) {
        this.#reject(number, error)
      }
      if (this.#waiting.size > 0) this.#loop ??= this.#run() // some answers come at once
    })
  }

  async #run(): Promise<void> {
    while (this.#waiting.size > 0) {
      await null // the application's turn
      try {
        if (this.#settling.size > 0 && this.#unrest === null) this.#settle()
        else this.#driver.step()
      } catch (error) {
        // A codec of the machine threw: whoever waits should know.
        for (const number of this.#waiting.keys()) this.#reject(number, error)
      }
    }
    this.#loop = null
  }

  #settle(): void {
    for (const number of this.#settling) this.#resolve(number, null)
  }

  #resolve(number: number, outcome: Outcome | null): void {
    this.#take(number)?.resolve(outcome)
  }

  #reject(number: number, error: unknown): void {
    this.#take(number)?.reject(error)
  }

  #take(number: number): Waiting | undefined {
    const waiting = this.#waiting.get(number)
    this.#waiting.delete(number)
    this.#settling.delete(number)
    return waiting
  }
}
