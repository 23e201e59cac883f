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

/** Weighs the records of a store whose node has applied so much; a decision weighs so much beside its decree. */
export function weigh(records: readonly StoreRecord[], replica: Replica, decisionBytes: number): Stored {
  const at = records.findLastIndex(({ type }) => type === 'snapshot')
  const snapshot = records[at]
  const needless =
    snapshot?.type === 'snapshot'
      ? records.slice(0, at).filter((record) => record.type !== 'snapshot' && isObsolete(record, snapshot))
      : []
  const names = new Set<string>()
  const bytes = new Map<Slot, number>()
  let decrees = 0
  for (const record of records) {
    if (record.type !== 'accepted' && record.type !== 'decision') continue
    const { slot, decree } = record
    decrees += 1
    names.add(record.type === 'accepted' ? `${slot} ${formatBallot(record.ballot)}` : `${slot}`)
    // What was accepted in a slot need not be what was decided there.
    bytes.set(slot, (replica.decisions.get(slot) ?? decree).length + decisionBytes)
  }
  const applied = [...bytes].filter(([slot]) => slot <= replica.applied)
  return {
    snapshots: records.filter(({ type }) => type === 'snapshot').length,
    needless: needless.length,
    repeated: decrees - names.size,
    appliedBytes: applied.reduce((sum, [, each]) => sum + each, 0),
    unapplied: bytes.size - applied.length,
  }
}
