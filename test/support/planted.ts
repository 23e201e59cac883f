// Faults to plant: each swaps one role for a variant that is wrong in one way, as the ancestor was or as a careless
// reader of the papers might be. A check that does not find them checks nothing.

import {
  type Accept,
  type Accepted,
  Acceptor,
  type Adopted,
  type Ballot,
  Commander,
  type Confirm,
  compareBallots,
  completesQuorum,
  type DecidedMessage,
  formatBallot,
  isNoOp,
  Leader,
  type LocalMessage,
  type MemberId,
  type MessageOf,
  type NodeId,
  nameOfRequest,
  type Preempted,
  type PrepareRejected,
  Replica,
  type RequestMessage,
  type RoleFactories,
  requestKey,
  Scout,
  type Slot,
  sameBallot,
  type Tender,
} from '../../src/paxos/index.js'

export type Fault = Partial<RoleFactories>

/** Ancestor's fault 2, the half of it: what was accepted is remembered, what was promised is not. */
export const forgetsItsPromise: Fault = {
  acceptor: (context, { votes }) => new Acceptor(context, votes === undefined ? {} : { votes }),
}

/** Ancestor's fault 2. */
export const forgetsEverything: Fault = { acceptor: (context) => new Acceptor(context) }

/** The vote of the leader's own acceptor counts as soon as it is asked for, synced or not. */
export const countsItsOwnVoteAtOnce: Fault = {
  commander: (context, start) =>
    new (class extends Commander {
      override tender(from: NodeId, tender: Tender): void {
        super.tender(from, tender)
        this.accepted(this.self, {
          type: 'accepted',
          ballot: tender.ballot,
          slot: tender.slot,
          written: this.recordsWritten,
        })
      }
    })(context, start),
}

/** Those who vote on the first slot that a leader proposes in vote on all of them, whatever was changed since. */
export const keepsToTheFirstMembers: Fault = {
  commander: (context, start) =>
    new (class extends Commander {
      first: readonly MemberId[] | null = null

      override tender(from: NodeId, tender: Tender): void {
        this.first ??= tender.members
        super.tender(from, { ...tender, members: this.first })
      }
    })(context, start),
}

/** Every acceptance counts for one member more: a quorum is one short. */
export const decidesWithOneVoteLess: Fault = {
  commander: (context, start) =>
    new (class extends Commander {
      override accepted(from: NodeId, accepted: Accepted): void {
        super.accepted(from, accepted)
        super.accepted(this.members.find((member) => member !== from) ?? from, accepted)
      }
    })(context, start),
}

/** The same for promises. */
export const adoptsWithOnePromiseLess: Fault = {
  scout: (context, start) =>
    new (class extends Scout {
      override promise(from: NodeId, promise: MessageOf<'promise'>): void {
        super.promise(from, promise)
        super.promise(this.members.find((member) => member !== from) ?? from, { ...promise, votes: [] })
      }
    })(context, start),
}

/** Of all the votes in a slot the first that arrives counts, whatever its ballot. */
export const ignoresTheHighestBallot: Fault = {
  scout: (context, start) =>
    new (class extends Scout {
      override promise(from: NodeId, promise: MessageOf<'promise'>): void {
        super.promise(from, { ...promise, votes: promise.votes.filter(({ slot }) => !this.votes.has(slot)) })
      }
    })(context, start),
}

/** Ancestor's fault 7: what was accepted under earlier ballots is put aside. */
export const dropsWhatItInherits: Fault = {
  leader: (context, start) =>
    new (class extends Leader {
      override adopted(from: NodeId, adopted: Adopted): void {
        super.adopted(from, { ...adopted, votes: [] })
      }
    })(context, start),
}

/** A watermark decides whatever was accepted, under whichever ballot. */
export const decidesWhateverItAccepted: Fault = {
  acceptor: (context, start) =>
    new (class extends Acceptor {
      override decided(from: NodeId, { decided }: DecidedMessage): void {
        const decisions = [...this.votes.values()].filter(
          ({ slot }) => slot > this.decidedThrough && slot <= decided,
        )
        this.tell({ type: 'learn', decisions, decided, source: from })
      }
    })(context, start),
}

/** It accepts under any ballot, whatever it has promised. */
export const acceptsAnything: Fault = {
  acceptor: (context, start) =>
    new (class extends Acceptor {
      override accept(from: NodeId, accept: Accept): void {
        if (compareBallots(accept.ballot, this.promised) < 0) this.promised = accept.ballot
        super.accept(from, accept)
      }
    })(context, start),
}

/** A leader answers a read without asking whether it still leads. */
export const readsWithoutARound: Fault = {
  leader: (context, start) =>
    new (class extends Leader {
      override confirm(_from: NodeId, { question }: Confirm): void {
        if (this.phase === 'leading') this.tell({ type: 'confirmed', question, slot: this.nextSlot - 1 })
      }
    })(context, start),
}

/** The ancestor's scouts are never told to stop: an earlier one still reports when its promises arrive. */
class UndyingScout extends Scout {
  late: Map<string, MemberId[]> = new Map()

  override promise(from: NodeId, promise: MessageOf<'promise'>): void {
    const { ballot, votes, decided } = promise
    const adopted: Adopted = { type: 'adopted', ballot, version: 1, votes, decided, source: from }
    if (sameBallot(ballot, this.ballot)) {
      super.promise(from, promise)
      return
    }
    const name = formatBallot(ballot)
    const heard = this.late.get(name) ?? []
    this.late.set(name, heard)
    if (completesQuorum(heard, this.members, from)) this.tell(adopted)
  }
}

/** By itself harmless: the leader must know a stale *adopted* when it gets one. */
export const reportsStaleAdoptions: Fault = { scout: (context, start) => new UndyingScout(context, start) }

/** Ancestor's fault 1: any *adopted* activates the ballot of the moment. */
export const believesStaleAdoptions: Fault = {
  ...reportsStaleAdoptions,
  leader: (context, start) =>
    new (class extends Leader {
      override adopted(from: NodeId, adopted: Adopted): void {
        super.adopted(from, { ...adopted, ballot: this.ballot })
      }
    })(context, start),
}

/** Ancestor's faults 3 and 8: any other ballot in a rejection preempts, and sets the leader's own. */
export const yieldsToLowerBallots: Fault = {
  scout: (context, start) =>
    new (class extends Scout {
      override prepareRejected(_from: NodeId, { promised }: PrepareRejected): void {
        if (sameBallot(promised, this.ballot)) return
        this.tell({ type: 'preempted', ballot: this.ballot, promised })
        this.retire('scout')
      }
    })(context, start),
  leader: (context, start) =>
    new (class extends Leader {
      override preempted(from: NodeId, { promised }: Preempted): void {
        const above: Ballot = { ...this.ballot, round: this.ballot.round + 1 }
        super.preempted(from, { type: 'preempted', ballot: this.ballot, promised: above })
        this.highestRound = promised.round
      }
    })(context, start),
}

/** Ancestor's fault 4: a quorum is n / 2 + 1, as a number with a fraction; three members need all three. */
export const needsAFractionMore: Fault = {
  commander: (context, start) =>
    new (class extends Commander {
      heard: Map<Slot, NodeId[]> = new Map()

      override accepted(from: NodeId, accepted: Accepted): void {
        const heard = this.heard.get(accepted.slot) ?? []
        this.heard.set(accepted.slot, heard)
        if (!heard.includes(from)) heard.push(from)
        if (heard.length < this.members.length / 2 + 1) return
        for (const member of heard) super.accepted(member, accepted)
      }
    })(context, start),
}

/** Ancestor's fault 5: the leader time-out is armed only where it ends. */
export const watchesNobody: Fault = {
  leader: (context, start) =>
    new (class extends Leader {
      override timer(timer: string): void {
        if (timer !== 'election' || this.phase !== 'following') super.timer(timer)
      }
    })(context, start),
}

/** Ancestor's fault 9, the first half: what is missing is never fetched. */
export const fetchesNothing: Fault = {
  replica: (context, start, machine) =>
    new (class extends Replica {
      override timer(timer: string): void {
        if (timer !== 'fetch') super.timer(timer)
      }
    })(context, machine, start),
}

/** Ancestor's fault 9, the second half: gaps stay gaps. */
export const leavesGaps: Fault = {
  leader: (context, start) =>
    new (class extends Leader {
      protected override tell(message: LocalMessage): void {
        if (message.type !== 'tender' || !isNoOp(message.decree)) super.tell(message)
      }
    })(context, start),
}

/** Ancestor's fault 10: a request that was seen before is not answered again. */
export const answersOnce: Fault = {
  replica: (context, start, machine) =>
    new (class extends Replica {
      seen: Set<string> = new Set()

      override request(from: NodeId, message: RequestMessage): void {
        const { session, sequence } = message.request
        const key = requestKey(session, sequence, nameOfRequest(message.request))
        if (this.seen.has(key)) return
        this.seen.add(key)
        super.request(from, message)
      }
    })(context, machine, start),
}
