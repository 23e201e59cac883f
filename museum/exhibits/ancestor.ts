/** The faults of the ancestor, a Python program of 2021: those of docs/PROTOCOL.md, by their numbers there. */
import {
  type Accepted,
  Acceptor,
  type Action,
  type Adopted,
  type Ballot,
  Commander,
  compareBallots,
  type Heartbeat,
  Initializer,
  isNoOp,
  Leader,
  type LocalMessage,
  type Message,
  type MessageOf,
  Node,
  type NodeEvent,
  type NodeId,
  nameOfRequest,
  type PrepareRejected,
  Replica,
  Requester,
  type RequestMessage,
  type RoleName,
  requestKey,
  Scout,
  type Slot,
  sameBallot,
} from 'synod/paxos'
import { classes, driver, type Exhibit, roles } from '../exhibit.js'

/** Scouts are never told to stop: one that was preempted still reports when a quorum has promised. */
class UndyingScout extends Scout {
  override prepareRejected(_from: NodeId, { ballot, promised }: PrepareRejected): void {
    if (sameBallot(ballot, this.ballot)) this.tell({ type: 'preempted', ballot, promised })
  }
}

/** Whatever was adopted, it leads, under the ballot that comes next. */
class BelievesStaleAdoptions extends Leader {
  protected override retire(role: RoleName): void {
    if (role !== 'scout') super.retire(role)
  }

  override adopted(from: NodeId, adopted: Adopted): void {
    if (this.phase === 'following') {
      this.phase = 'scouting'
      this.highestRound += 1
      this.ballot = { round: this.highestRound, member: this.self, incarnation: this.incarnation }
    }
    super.adopted(from, { ...adopted, ballot: this.ballot })
  }
}

/** Whoever claims to lead preempts it, under whatever ballot. */
class YieldsToLowerBallots extends Leader {
  override heartbeat(from: NodeId, heartbeat: Heartbeat): void {
    const isLower = compareBallots(heartbeat.ballot, this.ballot) < 0
    const isCompeting = this.phase === 'scouting' || this.phase === 'leading'
    if (!isCompeting || !isLower || from === this.self) {
      super.heartbeat(from, heartbeat)
      return
    }
    this.preempted(from, { type: 'preempted', ballot: this.ballot, promised: above(this.ballot) })
    this.highestRound = heartbeat.ballot.round
  }
}

/** A ballot that is higher for sure, so that whoever hears of it believes to be preempted. */
function above(ballot: Ballot): Ballot {
  return { ...ballot, round: ballot.round + 1 }
}

class PreemptedByAnyReply extends Scout {
  override promise(from: NodeId, promise: MessageOf<'promise'>): void {
    if (sameBallot(promise.ballot, this.ballot)) super.promise(from, promise)
    else this.tell({ type: 'preempted', ballot: this.ballot, promised: above(this.ballot) })
  }
}

class NeedsAFractionMore extends Commander {
  heard: Map<Slot, NodeId[]> = new Map()

  override accepted(from: NodeId, accepted: Accepted): void {
    const heard = this.heard.get(accepted.slot) ?? []
    this.heard.set(accepted.slot, heard)
    if (!heard.includes(from)) heard.push(from)
    if (heard.length < this.members.length / 2 + 1) return
    for (const member of heard) super.accepted(member, accepted)
  }
}

class WatchesNobody extends Leader {
  override timer(timer: string): void {
    if (timer !== 'election' || this.phase !== 'following') super.timer(timer)
  }
}

class WelcomesNobody extends Initializer {
  override join(): void {
    // out of reach
  }
}

class DropsWhatItInherits extends Leader {
  override adopted(from: NodeId, adopted: Adopted): void {
    super.adopted(from, { ...adopted, votes: [] })
  }
}

class FetchesNothing extends Replica {
  override timer(timer: string): void {
    if (timer !== 'fetch') super.timer(timer)
  }
}

class LeavesGaps extends Leader {
  protected override tell(message: LocalMessage): void {
    if (message.type !== 'tender' || !isNoOp(message.decree)) super.tell(message)
  }
}

class AnswersOnce extends Replica {
  seen: Set<string> = new Set()

  override request(from: NodeId, message: RequestMessage): void {
    const { session, sequence } = message.request
    const key = requestKey(session, sequence, nameOfRequest(message.request))
    if (this.seen.has(key)) return
    this.seen.add(key)
    super.request(from, message)
  }
}

/** Whoever was outbid tries again, and hardly waits, which is less than a question and its answers take. */
class ScoutsAgainSoon extends Leader {
  override preempted(...preempted: Parameters<Leader['preempted']>): void {
    this.#unlessOutbid(() => super.preempted(...preempted))
  }

  override heartbeat(...heartbeat: Parameters<Leader['heartbeat']>): void {
    this.#unlessOutbid(() => super.heartbeat(...heartbeat))
  }

  override heartbeatRejected(...rejected: Parameters<Leader['heartbeatRejected']>): void {
    this.#unlessOutbid(() => super.heartbeatRejected(...rejected))
  }

  #unlessOutbid(hear: () => void): void {
    const competes = this.phase === 'scouting' || this.phase === 'leading'
    hear()
    if (competes && this.phase === 'following') this.after('again', 10_000, 20_000)
  }

  override timer(timer: string): void {
    if (timer !== 'again') super.timer(timer)
    else this.handOver(this.self, { type: 'handOver', ballot: this.heardBallot })
  }
}

class TrimsNothing extends Replica {
  override takeSnapshot(): void {
    // history is kept for ever
  }
}

/** Stands for the seed of a process's hash tables: it is another one in every run. */
let hashSeed = 0

class IteratesUnordered extends Commander {
  protected override send(to: NodeId | readonly NodeId[], message: Message): void {
    super.send(typeof to === 'number' || hashSeed % 2 === 0 ? to : [...to].reverse(), message)
  }
}

/** What is due at once comes in any order. */
class BreaksNoTies extends Node {
  override step(event: NodeEvent): Action[] {
    const actions = super.step(event)
    const sends = actions.filter(({ type }) => type === 'send')
    const others = actions.filter(({ type }) => type !== 'send')
    return hashSeed % 2 === 0 ? actions : [...others, ...sends.reverse()]
  }
}

/** How many openers were named in this process. */
let openers = 0

class CountsInTheProcess extends Requester {
  override take(...[request]: Parameters<Requester['take']>): void {
    openers += 1
    this.nextOpener = openers
    super.take(request)
  }
}

const LIVENESS = ['liveness', 'ended'] as const

export const ANCESTOR: readonly Exhibit[] = [
  {
    name: 'stale-adoption',
    wrong: 'A late *adopted* activates a newer ballot, which was never prepared. (1)',
    breaks: "PTP §2.3, step 3: a ballot begins when a quorum has answered that very ballot's question.",
    verdicts: ['ballots', 'agreement', 'durability'],
    plant: classes({ scout: UndyingScout, leader: BelievesStaleAdoptions }),
  },
  {
    name: 'acceptor-in-memory',
    wrong: 'An acceptor keeps promises and votes in memory; one that starts again is blank. (2)',
    breaks: 'PTP §2.2; PMS §2.5: what an acceptor promised and accepted survives its failures.',
    verdicts: ['ballots', 'agreement', 'durability', 'linearizable', 'ended'],
    plant: roles({ acceptor: (context) => new Acceptor(context) }),
  },
  {
    name: 'promise-in-memory',
    wrong: 'An acceptor that starts again knows what it accepted, and not what it promised. (2)',
    breaks: 'PTP §2.3, nextBal; PMS §2.5.',
    verdicts: ['ballots', 'agreement', 'durability', 'linearizable'],
    plant: roles({
      acceptor: (context, { votes, trimmed, decided }) =>
        new Acceptor(context, {
          ...(votes && { votes }),
          ...(trimmed !== undefined && { trimmed }),
          ...(decided !== undefined && { decided }),
        }),
    }),
  },
  {
    name: 'preemption-lowers-ballot',
    wrong: "A preemption sets the leader's round to that of whoever preempted it, even if it is lower. (3)",
    breaks: 'PTP §2.2, B1: no ballot is used twice, so its number only rises.',
    verdicts: ['ballots', 'durability', 'agreement', ...LIVENESS],
    plant: classes({ leader: YieldsToLowerBallots }),
  },
  {
    name: 'quorum-is-a-fraction',
    wrong: 'A quorum is n / 2 + 1, as a number with a fraction: three members need all three. (4)',
    breaks: 'PTP §2.1: a majority is enough; §1.2, progress.',
    verdicts: LIVENESS,
    plant: classes({ commander: NeedsAFractionMore }),
  },
  {
    name: 'election-timer-never-fires',
    wrong: "The leader's time-out is armed only where it ends, so a dead leader is never replaced. (5)",
    breaks: 'PTP §1.2, the progress condition; PMMC §3.',
    verdicts: LIVENESS,
    plant: classes({ leader: WatchesNobody }),
  },
  {
    name: 'nobody-joins-later',
    wrong: 'Who asks to join after the founding is not answered. (6)',
    breaks: 'Every Initializer welcomes who comes later (docs/PROTOCOL.md, founding and joining).',
    verdicts: LIVENESS,
    plant: classes({ initializer: WelcomesNobody }),
  },
  {
    name: 'inherited-votes-dropped',
    wrong: 'What was accepted under earlier ballots is put aside, and never proposed again. (7)',
    breaks: 'PMS P2c; PTP B3; PMMC A5.',
    verdicts: ['ballots', 'agreement', 'durability'],
    plant: classes({ leader: DropsWhatItInherits }),
  },
  {
    name: 'any-ballot-preempts',
    wrong: 'A reply to any other ballot preempts, even to an older one. (8)',
    breaks: 'PMMC Fig. 6 and 7: only a higher ballot preempts.',
    verdicts: LIVENESS,
    plant: classes({ scout: PreemptedByAnyReply, leader: ScoutsAgainSoon }),
  },
  {
    name: 'decision-never-fetched',
    wrong: 'A decision that got lost is never fetched. (9)',
    breaks: 'PTP §1.2, the progress condition; PMS §2.3.',
    verdicts: LIVENESS,
    plant: classes({ replica: FetchesNothing }),
  },
  {
    name: 'gaps-not-filled',
    wrong: 'Gaps get no no-ops, so whatever comes after them is never applied. (9)',
    breaks: 'PTP §3.1, the olive-day decree; PMS §3.',
    verdicts: LIVENESS,
    plant: classes({ leader: LeavesGaps }),
  },
  {
    name: 'duplicate-request-not-answered',
    wrong: 'A request that was seen before is not answered again. (10)',
    breaks: 'Raft §6.3: a copy of a request gets the answer of the first.',
    verdicts: LIVENESS,
    plant: classes({ replica: AnswersOnce }),
  },
  {
    name: 'no-back-off',
    wrong: 'A leader that is preempted scouts again within milliseconds, with a higher ballot. (10)',
    breaks: 'PTP §2.4; PMMC §3: leaders that compete back off, or nobody ever leads.',
    verdicts: LIVENESS,
    plant: classes({ leader: ScoutsAgainSoon }),
  },
  {
    name: 'unordered-iteration',
    wrong:
      'A commander goes through the members in the order of a hash table, which differs between runs. (11)',
    breaks: 'The same seed gives the same run (docs/SIMULATION.md).',
    verdicts: ['determinism'],
    check: 'determinism',
    plant: () => {
      hashSeed += 1
      return classes({ commander: IteratesUnordered })()
    },
  },
  {
    name: 'ties-not-broken',
    wrong: 'What a node is to do at the same time is done in an order that differs between runs. (12)',
    breaks: 'Events are ordered by time and then by sequence (docs/SIMULATION.md).',
    verdicts: ['determinism'],
    check: 'determinism',
    plant: () => {
      hashSeed += 1
      return driver(BreaksNoTies)()
    },
  },
  {
    name: 'nothing-trimmed',
    wrong: 'No snapshot is ever taken, so history is kept for ever. (13)',
    breaks: 'PMMC §4.2; PTP §3.3.2: what a snapshot holds is not kept besides.',
    verdicts: ['bounds'],
    plant: classes({ replica: TrimsNothing }),
  },
  {
    name: 'counter-of-the-process',
    wrong: 'Names come from a counter of the process, so a second cluster in it runs otherwise. (14)',
    breaks: 'The same seed gives the same run (docs/SIMULATION.md).',
    verdicts: ['determinism'],
    check: 'determinism',
    plant: classes({ requester: CountsInTheProcess }),
  },
]
