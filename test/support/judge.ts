// What must hold whatever happens, checked while it happens. It knows nothing of roles: only what disks hold, what
// replicas apply, and what clients are told.
//
// Promises: no ballot on the disk of a member is below an earlier one. Agreement: in a slot only one decree is ever
// chosen, that is, accepted under one ballot on the disks of a quorum. A quorum is one of those who vote on the slot, and
// everybody who knows who does agrees. Durability: what a replica applies was chosen. Exactly once: no entry is in a
// ledger twice, and every ledger is the beginning of the longest. Answers: an entry is where its client was told that it
// is, and a linearizable read holds every entry that was answered before the read began.

import {
  type Ballot,
  type Configuration,
  compareBallots,
  configurationOf,
  containsQuorum,
  type Decree,
  formatBallot,
  foundingMembership,
  isNoOp,
  type MemberId,
  NO_BALLOT,
  type NodeId,
  type Outcome,
  type Slot,
  type StoreRecord,
  sameBytes,
} from '../../src/paxos/index.js'
import { decoded } from './ledger.js'
import { founding } from './words.js'

interface Holders {
  readonly decree: Decree
  readonly members: Set<MemberId>
}

type Question = { readonly entry: string } | { readonly mustHold: readonly string[] }

export class Judge {
  /** What was broken, in sentences; empty as long as everything holds. */
  readonly broken: string[] = []
  /** The decree that was chosen in each slot. */
  readonly chosen: Map<Slot, Decree> = new Map()
  /** The longest ledger that any replica has held. */
  readonly ledger: string[] = []
  /** Every configuration that there ever was, oldest first. */
  readonly #configurations: Configuration[]
  readonly #holders: Map<string, Holders> = new Map()
  /** The last ballot on the disk of each member. */
  readonly #promised: Map<MemberId, Ballot> = new Map()
  readonly #applied: Map<NodeId, Slot> = new Map()
  readonly #questions: Map<number, Question> = new Map()
  readonly #answered: string[] = []

  constructor(members: readonly MemberId[]) {
    this.#configurations = [...foundingMembership(founding(members).voters).configurations]
  }

  /** A node starts again, with an empty ledger. */
  started(node: NodeId): void {
    this.#applied.set(node, 0)
  }

  /** A member knows who votes. */
  configured(node: NodeId, configurations: readonly Configuration[]): void {
    for (const { version, fromSlot, members } of configurations) {
      const known = this.#configurations.find((each) => each.version === version)
      if (known === undefined) {
        this.#configurations.push({ version, fromSlot, members, voters: [], change: '' })
        this.#configurations.sort((a, b) => a.version - b.version)
      } else if (known.fromSlot !== fromSlot || known.members.join() !== members.join()) {
        this.#break(`NODE_${node} has other members in configuration ${version} than others`)
      }
    }
  }

  /** A replica has a snapshot of everything up to this slot. */
  installed(node: NodeId, slot: Slot): void {
    const before = this.#applied.get(node) ?? 0
    if (slot <= before) this.#break(`NODE_${node} went back from slot ${before} to ${slot}`)
    for (let each = 1; each <= slot; each++) {
      if (!this.chosen.has(each))
        this.#break(`NODE_${node} has slot ${each} in a snapshot: nothing was chosen`)
    }
    this.#applied.set(node, slot)
  }

  /** A record is on a member's disk for good. */
  synced(member: MemberId, record: StoreRecord): void {
    if (record.type !== 'accepted' && record.type !== 'promised') return
    const promised = this.#promised.get(member) ?? NO_BALLOT
    if (compareBallots(record.ballot, promised) < 0) {
      const what = `${record.type} ${formatBallot(record.ballot)}`
      this.#break(`NODE_${member} ${what}, and had promised ${formatBallot(promised)}`)
    }
    this.#promised.set(member, record.ballot)
    if (record.type === 'promised') return
    const { slot, decree } = record
    const ballot = formatBallot(record.ballot)
    const key = `${slot} ${ballot}`
    const holders = this.#holders.get(key) ?? { decree, members: new Set() }
    this.#holders.set(key, holders)
    if (!sameBytes(holders.decree, decree)) this.#break(`ballot ${ballot} has two decrees in slot ${slot}`)
    holders.members.add(member)
    const members = configurationOf(this.#configurations, slot)?.members ?? []
    if (containsQuorum([...holders.members], members)) this.#choose(slot, decree, ballot)
  }

  #choose(slot: Slot, decree: Decree, ballot: string): void {
    const chosen = this.chosen.get(slot)
    if (chosen === undefined) this.chosen.set(slot, decree)
    else if (!sameBytes(chosen, decree)) {
      this.#break(`slot ${slot} is chosen twice: ballot ${ballot} has another decree`)
    }
  }

  applied(node: NodeId, slot: Slot, decree: Decree): void {
    const expected = (this.#applied.get(node) ?? 0) + 1
    if (slot !== expected) this.#break(`NODE_${node} applied slot ${slot} instead of slot ${expected}`)
    this.#applied.set(node, slot)
    const chosen = this.chosen.get(slot)
    const what = isNoOp(decree) ? 'a no-op' : 'a decree'
    if (chosen === undefined) this.#break(`NODE_${node} applied ${what} in slot ${slot}: none was chosen`)
    else if (!sameBytes(chosen, decree)) {
      this.#break(`NODE_${node} applied ${what} in slot ${slot} that was not chosen there`)
    }
  }

  /** What a replica holds after a turn. */
  holds(node: NodeId, entries: readonly string[]): void {
    for (const [index, entry] of entries.entries()) {
      const known = this.ledger[index]
      if (known === undefined) {
        if (this.ledger.includes(entry)) this.#break(`entry ${entry} was executed twice`)
        this.ledger.push(entry)
      } else if (known !== entry) this.#break(`NODE_${node} has ${entry} where others have ${known}`)
    }
  }

  entered(reference: number, entry: string): void {
    this.#questions.set(reference, { entry })
  }

  read(reference: number): void {
    this.#questions.set(reference, { mustHold: [...this.#answered] })
  }

  answered(reference: number, outcome: Outcome): void {
    const question = this.#questions.get(reference)
    if (question === undefined || !outcome.ok) return
    this.#questions.delete(reference)
    if ('entry' in question) {
      const place = decoded(outcome.output) as number // what the ledger answers
      this.#answered.push(question.entry)
      if (this.ledger[place - 1] !== question.entry) {
        this.#break(`the client was told that ${question.entry} is in place ${place}`)
      }
      return
    }
    const entries = decoded(outcome.output) as string[] // what the ledger answers to a read
    this.holds(-1, entries)
    for (const entry of question.mustHold) {
      if (!entries.includes(entry)) this.#break(`a linearizable read did not see ${entry}`)
    }
  }

  #break(sentence: string): void {
    if (!this.broken.includes(sentence)) this.broken.push(sentence)
  }
}
