/** The engine: opens runs, and answers what is asked of them. In the page it runs in a worker; in tests, as it is. */
import { Sentence } from './address.js'
import { causesOf } from './causes.js'
import type {
  Address,
  Cause,
  Engine,
  GivenFile,
  Ledger,
  Moment,
  Opened,
  OrderPicture,
  RunHandle,
  ServedMachine,
  SlotLife,
} from './contract.js'
import { openGiven } from './files/open.js'
import { hashOf } from './hash.js'
import { type Load, loadMachine } from './machine.js'
import type { OpenedRun } from './opened.js'
import { orderOf } from './order.js'
import { partingOf } from './parting.js'
import { type Pause, simulated } from './simulated.js'
import { slotLifeOf } from './slot-life.js'
import { type GivenMachine, toldRun } from './told.js'

export class LocalEngine implements Engine {
  readonly #pause: Pause
  readonly #load: Load
  #machine: GivenMachine | null = null
  readonly #runs: Map<RunHandle, OpenedRun> = new Map()
  #lastHandle: RunHandle = 0
  #cancellations = 0

  /** `load` imports a module by its address. */
  constructor(pause: Pause, load: Load) {
    this.#pause = pause
    this.#load = load
  }

  async useMachine(machine: ServedMachine | null): Promise<void> {
    this.#machine = machine && (await loadMachine(machine, this.#load))
  }

  async open(address: Address, onProgress?: (events: number) => void): Promise<Opened> {
    const told = toldRun(address, this.#machine)
    return this.#keep(await simulated(told, address, this.#opening(), onProgress))
  }

  async openFile(file: GivenFile, onProgress?: (events: number) => void): Promise<Opened> {
    return this.#keep(await openGiven(file, { machine: this.#machine, pause: this.#opening(), onProgress }))
  }

  async cancel(): Promise<void> {
    this.#cancellations += 1
  }

  async close(handle: RunHandle): Promise<void> {
    this.#runs.delete(handle)
  }

  async hash(handle: RunHandle): Promise<string | null> {
    return await hashOf(this.#run(handle), this.#pause)
  }

  async moment(handle: RunHandle, event: number, minds?: readonly number[]): Promise<Moment> {
    return this.#run(handle).moment(event, minds)
  }

  async ledger(handle: RunHandle, event: number, fromSlot: number, count: number): Promise<Ledger> {
    return this.#run(handle).ledger(event, fromSlot, count)
  }

  async lines(handle: RunHandle, from: number, to: number): Promise<readonly string[]> {
    return this.#run(handle).lines(from, to)
  }

  async slotLife(handle: RunHandle, slot: number): Promise<SlotLife> {
    return slotLifeOf(this.#run(handle), slot)
  }

  async order(handle: RunHandle, key: string | null): Promise<OrderPicture> {
    return await orderOf(this.#run(handle), key, this.#pause)
  }

  async causes(handle: RunHandle): Promise<readonly Cause[]> {
    const { told, edits, verdicts } = this.#run(handle).parts
    const failed = verdicts.flatMap(({ name, event }) => (event === null ? [] : [{ name, event }]))
    return told === null ? [] : await causesOf(told, edits, failed, this.#pause)
  }

  async parting(one: RunHandle, other: RunHandle): Promise<number | null> {
    return await partingOf(this.#run(one), this.#run(other), this.#pause)
  }

  /** Pauses, and does not go on if it was given up meanwhile. */
  #opening(): Pause {
    const before = this.#cancellations
    return async () => {
      await this.#pause()
      if (this.#cancellations !== before) throw new Sentence('Opening it was given up.')
    }
  }

  #keep(opened: OpenedRun): Opened {
    this.#lastHandle += 1
    const handle = this.#lastHandle
    this.#runs.set(handle, opened)
    // What cannot be frozen takes longer: it is done once more from its beginning each time.
    this.#prepare(handle, opened).catch(() => {})
    return { handle, run: opened.run }
  }

  /** While nobody waits: whatever makes moments quick. */
  async #prepare(handle: RunHandle, opened: OpenedRun): Promise<void> {
    const { minds } = opened.parts
    for (const life of minds?.diary.lives ?? []) {
      while (this.#runs.has(handle) && minds !== null && life.freezeNext(minds.machine)) await this.#pause()
    }
  }

  #run(handle: RunHandle): OpenedRun {
    const opened = this.#runs.get(handle)
    if (opened === undefined) throw new Sentence('This run was closed: open it once more.')
    return opened
  }
}
