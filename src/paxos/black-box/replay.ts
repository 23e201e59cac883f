/** Does a part of a recording once more, turn by turn, and tells where it comes out otherwise. */
import type { Action } from '../actions.js'
import type { AnyMachine } from '../machine.js'
import { Node } from '../node.js'
import { detailOf } from '../replicated.js'
import { digestOf, snapshotChecksum } from './digest.js'
import { type PackedNode, unpackNode, unpackState } from './packed.js'
import type { PartBeginning, RecordedTurn } from './recording.js'
import { Retelling } from './results.js'

export class Replay {
  readonly node: Node
  readonly #retelling: Retelling
  #draws: number[] = []
  /** Something was drawn that cannot have been, or more was than then. */
  #isDrawnOtherwise = false
  /** What the node does otherwise, in a sentence without its full stop; null as long as it does the same. */
  flaw: string | null = null

  /** The machine runs beside if its state is there: what it gives is compared with what was recorded. */
  constructor(beginning: PartBeginning, machine: AnyMachine | null) {
    const { self, purpose, settings, machineVersion } = beginning
    this.#retelling = new Retelling(machineVersion)
    this.node = Node.thaw(unpackNode(beginning.node), {
      self,
      purpose,
      settings,
      machine: this.#retelling.machine,
      draw: (low, high) => this.#draw(low, high),
    })
    if (machine !== null && beginning.node.whole) this.#runBeside(beginning.node, machine)
  }

  #runBeside(packed: PackedNode, machine: AnyMachine): void {
    this.#retelling.runBeside(machine)
    try {
      const state = unpackState(packed, machine)
      const { replica } = this.node.roles
      if (replica !== undefined) replica.replicated.state = state
    } catch (error) {
      this.#retelling.differ(
        `the state that the recording begins with is none of its states: ${detailOf(error)}`,
      )
    }
  }

  /** Whether the machine runs beside, and has given the same so far. */
  get isMachineRun(): boolean {
    return this.#retelling.isCompared
  }

  /** What the machine gives otherwise, in a sentence without its full stop; null if nothing is known of it. */
  get machineFlaw(): string | null {
    return this.#retelling.flaw
  }

  /** What the node does. Nothing, where the turn cannot be done once more. Look at `flaw` afterwards. */
  turn({ event, draws, results, digest, snapshot, outgoing, error }: RecordedTurn): readonly Action[] {
    if (digest === null && error === null) return []
    this.#draws = [...draws]
    this.#isDrawnOtherwise = false
    this.#retelling.begin(results)
    let actions: readonly Action[] = []
    let thrown: string | null = null
    try {
      actions = this.node.step(event)
    } catch (failure) {
      thrown = detailOf(failure)
    }
    const isAskedTheSame = this.#retelling.end()
    if (snapshot !== null && snapshotChecksum(actions) !== snapshot) this.#differ()
    if (outgoing !== null) this.#setChecksum(outgoing)
    if (thrown !== null && error === null) this.flaw = `it throws, and did not then: ${thrown}`
    else if (thrown === null && error !== null) this.flaw = `it does not throw, and did then: ${error}`
    else if (!isAskedTheSame) this.flaw = 'it asks the machine for other things than then'
    else if (this.#isDrawnOtherwise || this.#draws.length > 0) this.flaw = 'it draws other timers than then'
    else if (error === null && digestOf(actions) !== digest) this.flaw = 'it does other things than then'
    return actions
  }

  #draw(low: number, high: number): number {
    const drawn = this.#draws.shift()
    if (drawn !== undefined && drawn >= low && drawn <= high) return drawn
    this.#isDrawnOtherwise = true
    return low
  }

  #differ(): void {
    this.#retelling.differ(`its state after slot ${this.node.roles.replica?.applied} is another one`)
  }

  /** Where the state is not there, the snapshot that the node sends has only the length of the one that it sent then. */
  #setChecksum(checksum: number): void {
    const { replica } = this.node.roles
    if (replica?.outgoing == null) return
    if (replica.outgoing.checksum !== checksum) this.#differ()
    replica.outgoing = { ...replica.outgoing, checksum }
  }
}
