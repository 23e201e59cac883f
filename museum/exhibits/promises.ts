/** Bugs of promises and of what vouches for them: phase 1, and the disk. */
import {
  type Accept,
  Acceptor,
  compareBallots,
  Leader,
  type Message,
  type MessageOf,
  NO_BALLOT,
  Node,
  type NodeEvent,
  type NodeId,
  type Prepare,
  type RoleName,
  Scout,
  type Trim,
} from 'synod/paxos'
import { classes, driver, type Exhibit, roles, store } from '../exhibit.js'

/** A node that lets messages of some kind leave whatever the disk owes. */
class Hasty extends Node {
  #hasty = false

  override get writing(): boolean {
    return !this.#hasty && super.writing
  }

  /** Whether this message need not wait. */
  protected isHasty(_message: Message): boolean {
    return false
  }

  override send(role: RoleName, to: NodeId | readonly NodeId[], message: Message): void {
    this.#hasty = this.isHasty(message)
    super.send(role, to, message)
    this.#hasty = false
  }
}

class PromisesEarly extends Hasty {
  protected override isHasty({ type }: Message): boolean {
    return type === 'promise'
  }
}

class AcceptsEarly extends Hasty {
  protected override isHasty({ type }: Message): boolean {
    return type === 'accepted'
  }
}

class WelcomesEarly extends Hasty {
  protected override isHasty({ type }: Message): boolean {
    return type === 'welcome'
  }
}

class AnswersResentAcceptEarly extends Hasty {
  #answered: Set<string> = new Set()

  protected override isHasty(message: Message): boolean {
    if (message.type !== 'accepted') return false
    const { ballot, slot } = message
    const name = `${ballot.round} ${ballot.member} ${ballot.incarnation} ${slot}`
    const isRepeated = this.#answered.has(name)
    this.#answered.add(name)
    return isRepeated
  }
}

/** Says `durable` as soon as something is written. */
class SyncsNothing extends Node {
  #written = 0

  override step(event: NodeEvent): ReturnType<Node['step']> {
    if (event.type === 'durable') return []
    const { nowMicros, wallMicros } = event
    const all = super.step(event)
    for (let actions = all; actions.some(({ type }) => type === 'persist'); ) {
      this.#written += actions.filter(({ type }) => type === 'persist').length
      actions = super.step({ type: 'durable', nowMicros, wallMicros, count: this.#written })
      all.push(...actions)
    }
    return all
  }
}

class AcceptsAnything extends Acceptor {
  override accept(from: NodeId, accept: Accept): void {
    if (compareBallots(accept.ballot, this.promised) < 0) this.promised = accept.ballot
    super.accept(from, accept)
  }
}

class PromisesAnything extends Acceptor {
  override prepare(from: NodeId, prepare: Prepare): void {
    if (compareBallots(prepare.ballot, this.promised) < 0) this.promised = prepare.ballot
    super.prepare(from, prepare)
  }
}

class RefusesItsOwnPromise extends Acceptor {
  override prepare(from: NodeId, prepare: Prepare): void {
    const { ballot } = prepare
    if (compareBallots(ballot, this.promised) === 0)
      this.send(from, { type: 'prepareRejected', ballot, promised: this.promised })
    else super.prepare(from, prepare)
  }
}

class RefusesWhatItPromised extends Acceptor {
  override accept(from: NodeId, accept: Accept): void {
    const { ballot } = accept
    if (compareBallots(ballot, this.promised) === 0)
      this.send(from, { type: 'acceptRejected', ballot, promised: this.promised })
    else super.accept(from, accept)
  }
}

class LowersItsPromiseWhenItTrims extends Acceptor {
  override trim(from: NodeId, trim: Trim): void {
    super.trim(from, trim)
    const left = [...this.votes.values()].map(({ ballot }) => ballot)
    this.promised = left.sort(compareBallots).at(-1) ?? NO_BALLOT
  }
}

class PrefersTheLowestBallot extends Scout {
  override promise(from: NodeId, promise: MessageOf<'promise'>): void {
    if (compareBallots(promise.ballot, this.ballot) !== 0) return
    for (const vote of promise.votes) {
      const known = this.votes.get(vote.slot)
      if (known && compareBallots(vote.ballot, known.ballot) < 0) this.votes.set(vote.slot, vote)
    }
    super.promise(from, { ...promise, votes: promise.votes.filter(({ slot }) => !this.votes.has(slot)) })
  }
}

class StopsAfterTheFirstChunk extends Scout {
  override promise(from: NodeId, promise: MessageOf<'promise'>): void {
    super.promise(from, { ...promise, nextSlot: null })
  }
}

class IgnoresWatermarksOfPromises extends Scout {
  override promise(from: NodeId, promise: MessageOf<'promise'>): void {
    super.promise(from, { ...promise, decided: this.fromSlot - 1 })
  }
}

class OneIncarnation extends Leader {
  protected override get incarnation(): number {
    return 1
  }
}

export const PROMISES: readonly Exhibit[] = [
  {
    name: 'promise-before-durable',
    wrong: 'A promise leaves before it is on disk.',
    breaks: 'PMS §2.5: an acceptor records its response in stable storage before it sends it.',
    verdicts: ['ballots', 'agreement', 'durability', 'liveness', 'ended'],
    plant: driver(PromisesEarly),
  },
  {
    name: 'accepted-before-durable',
    wrong: 'An acceptor says that it accepted before that is on disk.',
    breaks: 'PMS §2.5: an acceptor records its response in stable storage before it sends it.',
    verdicts: ['ballots', 'durability', 'agreement'],
    plant: driver(AcceptsEarly),
  },
  {
    name: 'durable-before-sync',
    wrong: 'The driver reports records as durable when they are written, not when they are synced.',
    breaks: 'The contract of a driver (ARCHITECTURE.md): `durable` is said when it is true and never before.',
    verdicts: ['ballots', 'durability', 'agreement'],
    plant: driver(SyncsNothing),
  },
  {
    name: 'resent-accept-answered-early',
    wrong: 'An accept that comes again is answered at once, while the vote is still on its way to the disk.',
    breaks: 'PMS §2.5: an acceptor records its response in stable storage before it sends it.',
    verdicts: ['ballots', 'durability', 'agreement'],
    plant: driver(AnswersResentAcceptEarly),
  },
  {
    name: 'welcome-before-durable',
    wrong: 'The seed welcomes the voters before the founding is on its disk, and may found another cluster.',
    breaks: 'The founding is on disk before anybody is told of it (docs/PROTOCOL.md, founding and joining).',
    verdicts: ['membership', 'durability', 'ended', 'liveness'],
    plant: driver(WelcomesEarly),
  },
  {
    name: 'ballot-reused-after-restart',
    wrong: 'A member that starts again leads under the ballot that it promised in its earlier life.',
    breaks: 'PTP §2.2, B1: each ballot has a number of its own.',
    verdicts: ['ballots', 'durability', 'agreement', 'linearizable', 'ended', 'liveness'],
    plant: roles({
      leader: (context, { eager = false, round = 1 }) =>
        new OneIncarnation(context, { eager, round: Math.max(0, round - 1) }),
    }),
  },
  {
    name: 'incarnation-not-raised',
    wrong: 'Every life of a member has the same incarnation.',
    breaks: 'A boot durably raises its incarnation before it sends anything (src/paxos/ballot.ts).',
    verdicts: [
      'ballots',
      'durability',
      'agreement',
      'answers',
      'exactly once',
      'linearizable',
      'liveness',
      'ended',
    ],
    plant: store((options) => ({
      ...options,
      records: [...(options.records ?? [])].map((record) =>
        record.type === 'incarnation' || record.type === 'snapshot' ? { ...record, incarnation: 0 } : record,
      ),
    })),
  },
  {
    name: 'accept-below-promise',
    wrong: 'An acceptor accepts under any ballot, whatever it has promised.',
    breaks: 'PMS P1a: an acceptor accepts a proposal numbered n iff it has not promised a higher number.',
    verdicts: ['ballots', 'agreement', 'durability'],
    plant: classes({ acceptor: AcceptsAnything }),
  },
  {
    name: 'promise-below-promise',
    wrong: 'An acceptor promises any ballot, also a lower one than it has promised.',
    breaks: 'PMMC A1: an acceptor can only adopt strictly increasing ballot numbers.',
    verdicts: ['ballots', 'agreement', 'durability', 'linearizable'],
    plant: classes({ acceptor: PromisesAnything }),
  },
  {
    name: 'prepare-must-be-higher',
    wrong: 'A prepare under the very ballot that was promised is rejected: > for >=.',
    breaks: 'A prepare that is sent again is answered again (docs/PROTOCOL.md, one ballot).',
    verdicts: ['liveness', 'ended'],
    plant: classes({ acceptor: RefusesItsOwnPromise }),
  },
  {
    name: 'accept-must-be-higher',
    wrong: 'An accept under the very ballot that was promised is rejected: > for >=.',
    breaks: 'PMMC Fig. 4: an acceptor accepts if the ballot is the one that it has adopted.',
    verdicts: ['liveness', 'ended'],
    plant: classes({ acceptor: RefusesWhatItPromised }),
  },
  {
    name: 'snapshot-lowers-promise',
    wrong: 'When an acceptor trims its votes, it forgets a promise that no vote is left to show.',
    breaks: 'PMMC A1, and §4.2: what is trimmed are votes, never the promise.',
    verdicts: ['ballots', 'agreement', 'durability', 'linearizable'],
    plant: classes({ acceptor: LowersItsPromiseWhenItTrims }),
  },
  {
    name: 'promise-trimmed-from-store',
    wrong: 'A snapshot holds no promise, and those before it are dropped from the store with the votes.',
    breaks: 'PTP §2.3: nextBal is in the ledger, and is never forgotten.',
    verdicts: ['ballots', 'agreement', 'durability', 'linearizable'],
    plant: store((options) => ({
      ...options,
      records: [...(options.records ?? [])].map((record) =>
        record.type === 'snapshot' ? { ...record, promised: NO_BALLOT } : record,
      ),
    })),
  },
  {
    name: 'highest-ballot-ignored',
    wrong: 'Of all the votes in a slot that with the lowest ballot counts: < for >.',
    breaks: 'PMS P2c; PTP B3: the value of the highest-numbered proposal among the responses.',
    verdicts: ['ballots', 'agreement', 'durability'],
    plant: classes({ scout: PrefersTheLowestBallot }),
  },
  {
    name: 'last-chunk-not-awaited',
    wrong: 'A promise that comes in several chunks counts when the first is there.',
    breaks: 'PTP B3: the leader knows every vote of its quorum.',
    verdicts: ['ballots', 'agreement', 'durability'],
    plant: classes({ scout: StopsAfterTheFirstChunk }),
  },
  {
    name: 'no-op-below-trim',
    wrong: 'A leader does not mind the watermarks in its quorum, and fills decided slots with no-ops.',
    breaks: 'PTP §3.1: decrees that are in the ledger of somebody in the quorum are not proposed again.',
    verdicts: ['ballots', 'agreement', 'durability', 'liveness', 'ended'],
    plant: classes({ scout: IgnoresWatermarksOfPromises }),
  },
]
