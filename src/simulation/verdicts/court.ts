/** The court: hears what happens in a world, event by event, and keeps the verdicts on it. */
import {
  type Decree,
  type Micros,
  type NodeId,
  type Outcome,
  requestKey,
  type SessionId,
  type Settings,
  type Slot,
  type StoreRecord,
} from '../../paxos/index.js'
import type { AnyApplication } from '../application.js'
import { nameOf } from '../names.js'
import { Agreement } from './agreement.js'
import { Answers } from './answers.js'
import { Conservation } from './conservation.js'
import { Durability } from './durability.js'
import { Ended } from './ended.js'
import { Model } from './model.js'
import type { VerdictResult } from './verdict.js'

/** A member as it is when the run is over. */
export interface Witness {
  readonly id: NodeId
  readonly replica: { readonly state: unknown; readonly applied: Slot } | undefined
  readonly records: readonly StoreRecord[]
}

export class Court {
  readonly agreement: Agreement = new Agreement()
  readonly durability: Durability
  readonly answers: Answers = new Answers()
  readonly conservation: Conservation
  readonly ended: Ended = new Ended()
  readonly #model: Model

  constructor(
    members: readonly NodeId[],
    application: AnyApplication,
    settings: Settings,
    startWallMicros: Micros,
  ) {
    this.durability = new Durability(members)
    this.conservation = new Conservation(application)
    this.#model = new Model(application, settings, startWallMicros)
  }

  get verdicts(): Readonly<Record<string, VerdictResult>> {
    return {
      agreement: this.agreement.result,
      durability: this.durability.result,
      answers: this.answers.result,
      conservation: this.conservation.result,
      ended: this.ended.result,
    }
  }

  /** How many slots are known to be decided. */
  get decided(): number {
    return this.agreement.decrees.length
  }

  started(node: NodeId): void {
    this.agreement.started(node)
  }

  synced(event: number, node: NodeId, records: readonly StoreRecord[]): void {
    for (const record of records) this.durability.synced(event, node, record)
  }

  applied(event: number, node: NodeId, slot: Slot, decree: Decree): void {
    if (!this.agreement.applied(event, node, slot, decree)) return
    this.durability.decided(event, slot, decree)
    this.#model.apply(slot, decree)
    this.agreement.checkMachine(event, this.#model.flaw)
    this.conservation.check(event, `after slot ${slot}`, this.#model.state)
  }

  /** A node has taken over what every slot up to this one made. */
  installed(_event: number, node: NodeId, slot: Slot): void {
    this.agreement.installed(node, slot)
  }

  /** A client was told the outcome of a command. */
  answered(event: number, session: SessionId, sequence: number, outcome: Outcome): void {
    const request = requestKey(session, sequence, '')
    this.answers.answered(event, request, outcome, this.#model)
    if (outcome.ok) this.durability.acknowledged(event, request, this.#model.outcomes.has(request))
  }

  /** The run is over; `cutOff` says why, if it did not come to rest. Over budget, stores may be lost for good. */
  close(event: number, cutOff: string | null, witnesses: readonly Witness[], isOverBudget: boolean): void {
    if (cutOff !== null) this.ended.cutOff(event, cutOff)
    this.#model.compareTwin()
    this.agreement.checkMachine(event, this.#model.flaw)
    for (const { id, replica } of witnesses) {
      if (replica === undefined) continue
      this.conservation.check(event, nameOf(id), replica.state)
      if (replica.applied !== this.#model.applied || this.#model.flaw !== null) continue
      this.agreement.compareStates(event, nameOf(id), replica.state, this.#model.state)
    }
    if (isOverBudget) return
    const disks = witnesses.map(({ records }) => records)
    this.durability.ended(event, this.agreement.decrees, disks)
  }
}
