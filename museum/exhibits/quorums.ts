/** Bugs of counting and of deciding: phase 2, quorums and watermarks. */
import {
  type Accept,
  type Accepted,
  Acceptor,
  type Ballot,
  Commander,
  compareBallots,
  type DecidedMessage,
  type Heartbeat,
  Leader,
  type Learn,
  NO_OP,
  type NodeId,
  type Propose,
  Replica,
  Scout,
  type Settings,
  type Slot,
  type Tender,
  type Vote,
} from 'synod/paxos'
import { type Scenario, swarm } from 'synod/simulation'
import { classes, type Exhibit } from '../exhibit.js'

/** Stands for a member that nobody is, and counts like one. */
const PHANTOM = -1

class CountsItsOwnVoteAtOnce extends Commander {
  override tender(from: NodeId, tender: Tender): void {
    super.tender(from, tender)
    const { ballot, slot } = tender
    this.accepted(this.self, { type: 'accepted', ballot, slot, written: this.recordsWritten })
  }
}

class NeedsOneVoteLess extends Commander {
  override tender(from: NodeId, tender: Tender): void {
    super.tender(from, tender)
    if (tender.members.length > 1) this.flights.get(tender.slot)?.accepted.push(PHANTOM)
  }
}

class NeedsOnePromiseLess extends Scout {
  override begin(): void {
    super.begin()
    const other = this.members.find((member) => member !== this.self)
    if (other !== undefined) this.promised.push(other)
  }
}

class CountsCopies extends Commander {
  override accepted(from: NodeId, accepted: Accepted): void {
    const flight = this.flights.get(accepted.slot)
    const isCopy = flight?.accepted.includes(from) === true
    const other = flight?.members.find((member) => !flight.accepted.includes(member))
    super.accepted(isCopy ? (other ?? from) : from, accepted)
  }
}

class CountsEarlierBallots extends Commander {
  override accepted(from: NodeId, accepted: Accepted): void {
    super.accepted(from, { ...accepted, ballot: this.ballot })
  }
}

/** Hears a watermark in each way that there is. */
class HearsWatermarks extends Acceptor {
  protected hear(_from: NodeId, _ballot: Ballot, _decided: Slot): void {
    // nothing
  }

  override decided(from: NodeId, message: DecidedMessage): void {
    super.decided(from, message)
    this.hear(from, message.ballot, message.decided)
  }

  override heartbeat(from: NodeId, message: Heartbeat): void {
    super.heartbeat(from, message)
    this.hear(from, message.ballot, message.decided)
  }

  override accept(from: NodeId, message: Accept): void {
    super.accept(from, message)
    this.hear(from, message.ballot, message.decided)
  }

  protected decide(source: NodeId, decided: Slot, isDecided: (vote: Vote) => boolean): void {
    const decisions = [...this.votes.values()].filter(
      (vote) => vote.slot > this.decidedThrough && vote.slot <= decided && isDecided(vote),
    )
    if (decisions.length > 0) this.tell({ type: 'learn', decisions, decided, source })
  }
}

class DecidesWhateverItAccepted extends HearsWatermarks {
  protected override hear(from: NodeId, _ballot: Ballot, decided: Slot): void {
    this.decide(from, decided, () => true)
  }
}

class DecidesOlderVotes extends HearsWatermarks {
  protected override hear(from: NodeId, ballot: Ballot, decided: Slot): void {
    this.decide(from, decided, (vote) => compareBallots(vote.ballot, ballot) < 0)
  }
}

class DecidesOneSlotMore extends Acceptor {
  override decided(from: NodeId, decided: DecidedMessage): void {
    super.decided(from, { ...decided, decided: decided.decided + 1 })
  }
}

class TakesGapsForNoOps extends Replica {
  override learn(from: NodeId, learn: Learn): void {
    super.learn(from, learn)
    if (this.decidedSomewhere <= this.applied) return
    super.learn(from, { ...learn, decisions: [{ ...GAP, slot: this.applied + 1 }] })
  }
}

const GAP = { ballot: { round: 0, member: -1, incarnation: 0 }, decree: NO_OP }

class WindowOneTooWide extends Leader {
  protected override get settings(): Settings {
    return { ...super.settings, alpha: super.settings.alpha + 1 }
  }
}

class WindowWithoutBound extends Leader {
  protected override get settings(): Settings {
    return { ...super.settings, alpha: 1_000_000 }
  }
}

class QueuesEverything extends Leader {
  override propose(from: NodeId, propose: Propose): void {
    if (this.queue.length < this.settings.queueLimit) super.propose(from, propose)
    else this.queue.push(propose.request)
  }
}

class NeverSendsAgain extends Commander {
  override timer(): void {
    // its timer is not set again
  }
}

/**
 * Three members in a slow network that loses nothing and holds much back, for long; and each stands still now and then.
 * So leaders are given up, lead again, and only then hear what they were told before.
 */
function whereMuchComesLate(seed: number): Scenario {
  return {
    ...swarm(seed),
    members: 3,
    clients: 12,
    delayMicros: 25_600,
    jitterMicros: 25_600,
    chunkBytes: 4_000,
    faults: { 'long-tail': 200_000, clog: 24, pause: 24 },
  }
}

export const QUORUMS: readonly Exhibit[] = [
  {
    name: 'own-vote-before-durable',
    wrong: "The vote of the leader's own acceptor counts as soon as it is asked for.",
    breaks: 'PMS §2.5: a vote counts when it is in stable storage, also one for oneself.',
    verdicts: ['ballots', 'durability', 'agreement'],
    plant: classes({ commander: CountsItsOwnVoteAtOnce }),
  },
  {
    name: 'accept-quorum-one-short',
    wrong: 'A decree is decided with one vote less than a quorum.',
    breaks: 'PTP §2.1, B2: any two quorums share a member.',
    verdicts: ['ballots', 'durability', 'agreement'],
    plant: classes({ commander: NeedsOneVoteLess }),
  },
  {
    name: 'promise-quorum-one-short',
    wrong: 'A ballot is adopted with one promise less than a quorum.',
    breaks: 'PTP §2.1, B2: any two quorums share a member.',
    verdicts: ['ballots', 'agreement', 'durability', 'linearizable'],
    plant: classes({ scout: NeedsOnePromiseLess }),
  },
  {
    name: 'duplicate-accepted-counts-twice',
    wrong: 'Two copies of one acceptance count as those of two members.',
    breaks: 'PTP §2.1: a quorum is a set of members.',
    verdicts: ['ballots', 'durability', 'agreement'],
    plant: classes({ commander: CountsCopies }),
  },
  {
    name: 'earlier-acceptance-counted',
    wrong: 'A leader that leads again counts what was accepted under its earlier ballot.',
    breaks: 'PMMC Fig. 6: a commander counts acceptances of its own ballot.',
    verdicts: ['durability', 'ballots', 'agreement'],
    plant: classes({ commander: CountsEarlierBallots }),
    scenario: whereMuchComesLate,
  },
  {
    name: 'watermark-decides-any-ballot',
    wrong: 'A watermark decides whatever was accepted, under whichever ballot.',
    breaks: 'docs/adr/0002: a watermark decides only votes under exactly its ballot.',
    verdicts: ['ballots', 'agreement', 'durability'],
    plant: classes({ acceptor: DecidesWhateverItAccepted }),
  },
  {
    name: 'watermark-decides-older-votes',
    wrong: 'A watermark is applied to what was accepted under an older ballot.',
    breaks: 'docs/adr/0002: the vote under another ballot may be for a decree that lost.',
    verdicts: ['ballots', 'agreement', 'durability'],
    plant: classes({ acceptor: DecidesOlderVotes }),
  },
  {
    name: 'watermark-one-too-far',
    wrong: 'A watermark decides one slot more than it says: <= for <.',
    breaks: 'PMMC R1: two different commands are never decided for one slot.',
    verdicts: ['ballots', 'durability', 'agreement'],
    plant: classes({ acceptor: DecidesOneSlotMore }),
  },
  {
    name: 'gap-taken-for-no-op',
    wrong: 'A replica that misses a decision takes it for a no-op and goes on.',
    breaks: 'PMMC R2: slots are applied in order, each with what was decided in it.',
    verdicts: ['ballots', 'agreement', 'durability', 'identical state'],
    plant: classes({ replica: TakesGapsForNoOps }),
  },
  {
    name: 'window-one-too-wide',
    wrong: 'A slot is proposed when all but α + 1 slots before it are decided: >= for >.',
    breaks: 'PTP §3.3.6: the decree of slot s may change who votes from slot s + α on.',
    verdicts: ['bounds', 'membership', 'durability', 'agreement'],
    plant: classes({ leader: WindowOneTooWide }),
  },
  {
    name: 'window-without-bound',
    wrong: 'A leader has any number of slots in flight.',
    breaks: 'PMMC §2.1, WINDOW; PTP §3.3.6.',
    verdicts: ['bounds', 'membership', 'durability', 'agreement'],
    plant: classes({ leader: WindowWithoutBound }),
  },
  {
    name: 'queue-without-bound',
    wrong: 'A leader takes requests in however many wait already.',
    breaks: 'Every queue has a bound; what is over it is refused before it is proposed (docs/LIMITS.md).',
    verdicts: ['bounds'],
    plant: classes({ leader: QueuesEverything }),
  },
  {
    name: 'lost-wake-up',
    wrong: 'The timer that sends accepts again is not set again.',
    breaks: 'PTP §1.2, the progress condition: messages may be lost, so they are sent again.',
    verdicts: ['liveness', 'ended'],
    plant: classes({ commander: NeverSendsAgain }),
  },
]
