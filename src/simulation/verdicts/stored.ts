/** What a store keeps, weighed: how much of it there is of what the settings bound, and of what should not be there. */
import { formatBallot, isObsolete, type Node, type Slot, type StoreRecord } from '../../paxos/index.js'

type Replica = Pick<NonNullable<Node['roles']['replica']>, 'applied' | 'decisions'>

export interface Stored {
  readonly snapshots: number
  /** Records that the snapshot makes needless. */
  readonly needless: number
  /** Votes and decisions that are there twice. */
  readonly repeated: number
  /** The decrees of the slots that are applied, each once, with what one weighs beside its decree. */
  readonly appliedBytes: number
  /** Slots that are not applied. */
  readonly unapplied: number
}

type Told = Extract<StoreRecord, { type: 'accepted' | 'decision' }>

/** Weighs the records of a store whose node has applied so much; a decision weighs so much beside its decree. */
export function weigh(records: readonly StoreRecord[], replica: Replica, decisionBytes: number): Stored {
  const { applied, decisions } = replica
  const latest = new Map<Slot, Told>()
  /** Of the slots of which several records tell, what those say. */
  const names = new Set<string>()
  let [snapshots, repeated, appliedBytes, unapplied] = [0, 0, 0, 0]
  for (const record of records) {
    if (record.type === 'snapshot') snapshots += 1
    if (record.type !== 'accepted' && record.type !== 'decision') continue
    const { slot, decree } = record
    const before = latest.get(slot)
    latest.set(slot, record)
    if (before !== undefined) {
      names.add(nameOf(before))
      if (names.has(nameOf(record))) repeated += 1
      else names.add(nameOf(record))
    } else if (slot > applied) unapplied += 1
    if (slot > applied) continue
    // What was accepted in a slot need not be what was decided there.
    const decided = decisions.get(slot)
    if (before === undefined) appliedBytes += (decided ?? decree).length + decisionBytes
    else if (decided === undefined) appliedBytes += decree.length - before.decree.length
  }
  return { snapshots, needless: needlessIn(records), repeated, appliedBytes, unapplied }
}

function nameOf(record: Told): string {
  return record.type === 'accepted' ? `${record.slot} ${formatBallot(record.ballot)}` : `${record.slot}`
}

function needlessIn(records: readonly StoreRecord[]): number {
  const at = records.findLastIndex(({ type }) => type === 'snapshot')
  const snapshot = records[at]
  if (snapshot?.type !== 'snapshot') return 0
  let needless = 0
  for (let each = 0; each < at; each++) {
    const record = records[each]
    if (record !== undefined && record.type !== 'snapshot' && isObsolete(record, snapshot)) needless += 1
  }
  return needless
}
