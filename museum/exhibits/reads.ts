/** Bugs of reads, and of what keeps a leader from believing that it leads. */
import {
  Acceptor,
  type Confirm,
  type Confirmed,
  compareBallots,
  containsQuorum,
  type Heartbeat,
  Leader,
  type NodeId,
  type Outcome,
  type Read,
  type ReadIndex,
  type ReadIndexAnswer,
  Replica,
} from 'synod/paxos'
import { classes, type Exhibit } from '../exhibit.js'

/** Stands for a member that nobody is, and counts like one. */
const PHANTOM = -1

class ReadsWithoutARound extends Leader {
  override confirm(_from: NodeId, { question }: Confirm): void {
    if (this.phase === 'leading') this.tell({ type: 'confirmed', question, slot: this.nextSlot - 1 })
  }
}

class NeedsOneAnswerLess extends Leader {
  override confirm(from: NodeId, confirm: Confirm): void {
    super.confirm(from, confirm)
    const isBegun = this.confirming !== null && this.roundHeard.length === 0
    if (isBegun && (this.confirming?.configuration.members.length ?? 0) > 1) this.roundHeard.push(PHANTOM)
  }
}

class BelievesEarlierRounds extends Leader {
  override confirm(from: NodeId, confirm: Confirm): void {
    const horizon = this.nowMicros - this.settings.electionTimeoutMicros
    const heard = this.members.filter((member) => (this.acknowledged.get(member) ?? 0) > horizon)
    const isHeard = this.membership.configurations.every(({ members }) => containsQuorum(heard, members))
    if (this.phase === 'leading' && isHeard)
      this.tell({ type: 'confirmed', question: confirm.question, slot: this.nextSlot - 1 })
    else super.confirm(from, confirm)
  }
}

/** Asks those who vote on the next slot, whether they have promised its ballot or not. */
class AsksWhoHasNotPromised extends Leader {
  override confirm(from: NodeId, confirm: Confirm): void {
    const { preparedVersion } = this
    this.preparedVersion = Number.MAX_SAFE_INTEGER
    super.confirm(from, confirm)
    this.preparedVersion = preparedVersion
  }
}

class IgnoresWhatItInherited extends Leader {
  override confirm(from: NodeId, confirm: Confirm): void {
    super.confirm(from, confirm)
    if (this.confirming !== null) this.confirming = { ...this.confirming, slot: this.decidedThrough }
  }
}

class AnswersUnderAnOlderPromise extends Acceptor {
  override heartbeat(from: NodeId, heartbeat: Heartbeat): void {
    const { ballot, round } = heartbeat
    if (compareBallots(ballot, this.promised) < 0) this.send(from, { type: 'heartbeatAck', ballot, round })
    else super.heartbeat(from, heartbeat)
  }
}

class RejectsItsLeader extends Acceptor {
  override heartbeat(from: NodeId, heartbeat: Heartbeat): void {
    const { ballot } = heartbeat
    if (compareBallots(ballot, this.promised) === 0)
      this.send(from, { type: 'heartbeatRejected', ballot, promised: this.promised })
    else super.heartbeat(from, heartbeat)
  }
}

class ReadsLocally extends Replica {
  override read(from: NodeId, read: Read): void {
    super.read(from, { ...read, consistency: 'stale' })
  }
}

class ReadsOneSlotEarly extends Replica {
  override confirmed(from: NodeId, confirmed: Confirmed): void {
    super.confirmed(from, { ...confirmed, slot: confirmed.slot - 1 })
  }

  override readIndexAnswer(from: NodeId, answer: ReadIndexAnswer): void {
    super.readIndexAnswer(from, { ...answer, slot: answer.slot - 1 })
  }
}

class JoinsTheRoundInFlight extends Replica {
  override read(from: NodeId, read: Read): void {
    super.read(from, read)
    this.#join()
  }

  override readIndex(from: NodeId, readIndex: ReadIndex): void {
    super.readIndex(from, readIndex)
    this.#join()
  }

  #join(): void {
    for (const [key, asker] of this.unasked) this.asked.set(key, asker)
    this.unasked.clear()
  }
}

class ForgetsWhatTheClientSaw extends Replica {
  override read(from: NodeId, read: Read): void {
    super.read(from, { ...read, atLeast: 0 })
  }
}

/** Has no room for one read in five, however few there are. */
class RefusesReads extends Replica {
  #answered = 0

  protected override query(query: Uint8Array): Outcome {
    this.#answered += 1
    if (this.#answered % 5 !== 0) return super.query(query)
    return { ok: false, error: 'overloaded', detail: 'Try again later.' }
  }
}

export const READS: readonly Exhibit[] = [
  {
    name: 'read-without-round',
    wrong: 'A leader answers a linearizable read without asking whether it still leads.',
    breaks: 'Raft §6.4: a leader exchanges heartbeats with a majority before it answers.',
    verdicts: ['linearizable'],
    needsReads: true,
    plant: classes({ leader: ReadsWithoutARound }),
  },
  {
    name: 'read-quorum-one-short',
    wrong: 'A read is confirmed by one answer less than a quorum.',
    breaks: 'Raft §6.4: a majority has promised nobody else.',
    verdicts: ['linearizable'],
    needsReads: true,
    plant: classes({ leader: NeedsOneAnswerLess }),
  },
  {
    name: 'read-confirmed-by-earlier-round',
    wrong: 'A round of heartbeats that was begun earlier, and answered of late, confirms a read.',
    breaks: 'Raft §6.4: the round begins after the read has arrived.',
    verdicts: ['linearizable'],
    needsReads: true,
    plant: classes({ leader: BelievesEarlierRounds }),
  },
  {
    name: 'read-joins-round-in-flight',
    wrong: 'A read that arrives while a question is in flight is answered with it.',
    breaks: 'Raft §6.4: the read index is taken after the read has arrived.',
    verdicts: ['linearizable'],
    needsReads: true,
    plant: classes({ replica: JoinsTheRoundInFlight }),
  },
  {
    name: 'read-confirmed-by-unprepared',
    wrong:
      'A read is confirmed by those who vote after a change, and have not promised the ballot of who asks them.',
    breaks:
      'Raft §6.4; PTP §3.3.6: who has not told its votes may have let another leader decide (docs/PROTOCOL.md).',
    verdicts: ['linearizable', 'stale reads'],
    plant: classes({ leader: AsksWhoHasNotPromised }),
    needsReads: true,
  },
  {
    name: 'read-index-ignores-adopted',
    wrong: 'A read waits for what the leader knows decided, and not for what it adopted or proposed.',
    breaks: 'Raft §6.4: a new leader knows what is committed only when something of its own is.',
    verdicts: ['linearizable'],
    needsReads: true,
    plant: classes({ leader: IgnoresWhatItInherited }),
  },
  {
    name: 'linearizable-read-answered-locally',
    wrong: 'A linearizable read is answered at once, from what is applied.',
    breaks: 'PTP §3.3.4: a ledger that is behind gives an earlier state.',
    verdicts: ['linearizable'],
    needsReads: true,
    plant: classes({ replica: ReadsLocally }),
  },
  {
    name: 'read-one-slot-early',
    wrong: 'A read is answered when all but the last slot that it waits for are applied: < for <=.',
    breaks: 'Raft §6.4: the state machine has advanced at least as far as the read index.',
    verdicts: ['linearizable'],
    needsReads: true,
    plant: classes({ replica: ReadsOneSlotEarly }),
  },
  {
    name: 'stale-read-goes-back',
    wrong: 'A stale read may be older than what its client was told before.',
    breaks: 'PTP §3.3.4: an inquiry names the decree that its answer must not be older than.',
    verdicts: ['stale reads'],
    needsReads: true,
    plant: classes({ replica: ForgetsWhatTheClientSaw }),
  },
  {
    name: 'read-refused',
    wrong: 'One read in five is refused for want of room, and there is room.',
    breaks: 'A read is refused only where as many wait as may (docs/LIMITS.md, settings).',
    verdicts: ['answers'],
    needsReads: true,
    plant: classes({ replica: RefusesReads }),
  },
  {
    name: 'heartbeat-answered-under-older-promise',
    wrong: 'An acceptor acknowledges a heartbeat under a lower ballot than it has promised.',
    breaks: 'Raft §6.4; docs/PROTOCOL.md: a heartbeat is acknowledged by who has promised nothing higher.',
    verdicts: ['ballots', 'linearizable', 'liveness', 'ended'],
    plant: classes({ acceptor: AnswersUnderAnOlderPromise }),
  },
  {
    name: 'heartbeat-must-be-higher',
    wrong: 'A heartbeat under the very ballot that was promised is rejected: > for >=.',
    breaks: 'docs/PROTOCOL.md: a heartbeat is acknowledged by who has promised nothing higher.',
    verdicts: ['liveness', 'ended'],
    plant: classes({ acceptor: RejectsItsLeader }),
  },
]
