/**
 * The black box of a member: everything that goes into its node is written down, so that `synod replay` can do it once
 * more. See docs/adr/0026-the-black-box.md.
 *
 * It never fails the member: whatever goes wrong here is logged once, and ends the recording.
 */
import {
  type Action,
  detailOf,
  digestOf,
  lacksIncoming,
  type MachineResult,
  Node,
  type NodeEvent,
  type NodeOptions,
  overhear,
  type PartReason,
  PartWriter,
  packNode,
  type RecordingEntry,
  redact,
  redactResult,
  snapshotChecksum,
} from '../../paxos/index.js'
import type { Logger } from '../member/options.js'
import { synodVersion } from '../version.js'
import {
  BLACK_BOX_BYTES,
  type BlackBoxOptions,
  MOST_PENDING_BYTES,
  type PartBounds,
  partBoundsOf,
} from './options.js'
import { PartFiles } from './part-files.js'

/** What the driver tells of each turn. */
export interface TurnRecorder {
  /** Makes the node that is recorded. */
  makeNode(options: NodeOptions): Node
  turn(event: NodeEvent, actions: readonly Action[]): void
  /** The turn of this event threw, or what came of it could not be carried out. */
  threw(event: NodeEvent, error: unknown): void
}

export class Recorder implements TurnRecorder {
  readonly #name: string
  readonly #logger: Logger
  readonly #redacted: boolean
  readonly #bounds: PartBounds
  #files: PartFiles | null = null
  #options: NodeOptions | null = null
  #node: Node | null = null
  #writer: PartWriter = new PartWriter()
  /** What the part takes, what it may take before the next, and what of it may wait to be written. */
  #bytes = 0
  #fullBytes = 0
  #mostPendingBytes = 0
  /** What was drawn, and what the machine gave, in the turn that goes on. */
  #draws: number[] = []
  #results: MachineResult[] = []
  /** The last event that was recorded. */
  #last: NodeEvent | null = null
  /** What the replica held after the last turn: another object when a snapshot of another member was installed. */
  #replicated: object | undefined
  /** The snapshot that it was sending after the last turn. */
  #outgoing: object | null | undefined
  /** What this part knows of a snapshot that comes from another member is only how long it is. */
  #lacksIncoming = false
  /** The disk was too slow: the next part begins when it has caught up. */
  #isBehind = false
  #isOver = false

  /** Never rejects: a black box that cannot be written is logged, and records nothing. */
  static async open(options: BlackBoxOptions, name: string, logger: Logger): Promise<Recorder> {
    const recorder = new Recorder(options, name, logger)
    const { folder, limitBytes = BLACK_BOX_BYTES } = options
    const { mostBytes } = recorder.#bounds
    try {
      recorder.#files = await PartFiles.open(folder, limitBytes, mostBytes, (error) => recorder.#fail(error))
    } catch (error) {
      recorder.#fail(error)
    }
    return recorder
  }

  private constructor(
    { limitBytes = BLACK_BOX_BYTES, redact = false }: BlackBoxOptions,
    name: string,
    logger: Logger,
  ) {
    this.#name = name
    this.#logger = logger
    this.#redacted = redact
    this.#bounds = partBoundsOf(limitBytes)
  }

  makeNode(options: NodeOptions): Node {
    const { draw, machine } = options
    const node = new Node({
      ...options,
      machine: overhear(machine, (result) => {
        if (!this.#isOver) this.#results.push(result)
      }),
      draw: (low, high, what) => {
        const drawn = draw(low, high, what)
        if (!this.#isOver) this.#draws.push(drawn)
        return drawn
      },
    })
    this.#node = node
    this.#options = options
    this.#safely(() => this.#begin('start'))
    return node
  }

  turn(event: NodeEvent, actions: readonly Action[]): void {
    if (this.#isOver) return
    this.#safely(() => this.#record(event, actions, null))
  }

  threw(event: NodeEvent, error: unknown): void {
    if (this.#isOver) return
    this.#safely(() => {
      const detail = this.#redacted ? 'A turn threw.' : detailOf(error)
      if (event !== this.#last) this.#record(event, [], detail) // or else what came of it could not be carried out
      this.#end(detail, event.wallMicros)
    })
  }

  /** Writes what is to be written. */
  async close(wallMicros: number): Promise<void> {
    if (!this.#isOver) this.#safely(() => this.#end('The member was closed, or failed.', wallMicros))
    this.#isOver = true
    await this.#files?.close()
  }

  // ---- turns -----------------------------------------------------------------------------------------------------

  #record(event: NodeEvent, actions: readonly Action[], error: string | null): void {
    const [draws, results] = [this.#draws, this.#results]
    this.#draws = []
    this.#results = []
    this.#last = event
    const isRepeatable = error !== null || this.#isRepeatable(event, actions, results)
    if (this.#isBehind) {
      if (error === null && this.#files?.pendingBytes === 0) this.#begin('behind')
      return
    }
    this.#write({
      type: 'turn',
      turn: {
        event: this.#redacted ? redact(event) : event,
        draws,
        results: this.#redacted ? results.map(redactResult) : results,
        digest: error === null && isRepeatable ? digestOf(actions) : null,
        snapshot: snapshotChecksum(actions),
        outgoing: this.#newOutgoing(),
        error,
      },
    })
    if (error !== null || this.#isBehind) return
    if (!isRepeatable) this.#begin('installed')
    else if (this.#bytes >= this.#fullBytes) this.#begin('full')
  }

  /** The checksum of the snapshot that it has begun to send in this turn; null if it has not. */
  #newOutgoing(): number | null {
    const outgoing = this.#node?.roles.replica?.outgoing ?? null
    const isNew = outgoing !== this.#outgoing
    this.#outgoing = outgoing
    return isNew && outgoing !== null ? outgoing.checksum : null
  }

  /** What another member's snapshot held is needed when it is installed. */
  #isRepeatable(event: NodeEvent, actions: readonly Action[], results: readonly MachineResult[]): boolean {
    const before = this.#replicated
    this.#replicated = this.#node?.roles.replica?.replicated
    if (!this.#lacksIncoming || event.type !== 'messages' || before === undefined) return true
    const isOutdated = actions.some((each) => each.type === 'observe' && each.observation.type === 'outdated')
    return !isOutdated && this.#replicated === before && !results.some(({ type }) => type === 'made')
  }

  // ---- parts -----------------------------------------------------------------------------------------------------

  #begin(reason: PartReason): void {
    if (this.#node === null || this.#options === null || this.#files === null) return
    const { self, purpose } = this.#options
    const packing = { redacted: this.#redacted, stateBytes: this.#bounds.stateBytes }
    this.#lacksIncoming = lacksIncoming(this.#node, packing)
    this.#isBehind = false
    this.#writer = new PartWriter()
    const beginning = {
      part: this.#files.nextNumber,
      reason,
      synod: synodVersion(),
      self,
      name: this.#name,
      purpose,
      settings: this.#node.settings,
      machineVersion: this.#node.knownVersion,
      redacted: this.#redacted,
      node: packNode(this.#node, packing, this.#options.machine),
    }
    const head = this.#writer.head()
    const entry = this.#writer.entry({ type: 'begins', beginning })
    this.#bytes = head.length + lengthOf(entry)
    if (this.#bytes > this.#bounds.beginningBytes)
      throw new RangeError(
        `the node alone takes ${this.#bytes} bytes, and has a quarter of the limit: raise that above ${4 * this.#bytes}`,
      )
    this.#fullBytes = Math.max(this.#bounds.fullBytes, 2 * this.#bytes)
    this.#mostPendingBytes = MOST_PENDING_BYTES + this.#bytes
    this.#files.begin()
    this.#files.write([head, ...entry])
  }

  #write(entry: RecordingEntry): void {
    const pieces = this.#writer.entry(entry)
    const bytes = this.#bytes + lengthOf(pieces)
    const pendingBytes = this.#files?.pendingBytes ?? 0
    if (bytes > this.#bounds.mostBytes || pendingBytes > this.#mostPendingBytes) {
      this.#isBehind = true
      return
    }
    this.#bytes = bytes
    this.#files?.write(pieces)
  }

  #end(reason: string, wallMicros: number): void {
    if (!this.#isBehind) this.#write({ type: 'ends', end: { reason, wallMicros } })
    this.#isOver = true
  }

  #safely(work: () => void): void {
    try {
      work()
    } catch (error) {
      this.#fail(error)
    }
  }

  #fail(error: unknown): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#draws = []
    this.#results = []
    const why = error instanceof Error ? error.message : String(error)
    this.#logger.error({ error }, `The black box records nothing any more: ${why}.`)
  }
}

function lengthOf(pieces: readonly Uint8Array[]): number {
  return pieces.reduce((sum, { length }) => sum + length, 0)
}
