/** Bugs of requests: of sessions, answers, and machines. */
import {
  type AnyMachine,
  clonePlain,
  decodeDecree,
  isNoOp,
  type Message,
  Node,
  type NodeId,
  type Observation,
  type Outcome,
  Replica,
  type Request,
  type RequestMessage,
} from 'synod/paxos'
import { classes, type Exhibit, type MakeNode } from '../exhibit.js'

/** Looks at what a decree holds, before it is applied. */
class Reader extends Replica {
  protected beforeRequest(_request: Request): void {
    // nothing
  }

  protected override observe(observation: Observation): void {
    super.observe(observation)
    if (observation.type !== 'applied' || isNoOp(observation.decree)) return
    for (const request of decodeDecree(observation.decree).requests) this.beforeRequest(request)
  }
}

class ForgetsOutcomes extends Reader {
  protected override beforeRequest({ session }: Request): void {
    this.replicated.sessions.live.get(session)?.outcomes.clear()
  }
}

class ExecutesOnlyHigherNumbers extends Reader {
  protected override beforeRequest({ session, sequence }: Request): void {
    const known = this.replicated.sessions.live.get(session)
    if (known === undefined || known.outcomes.has(sequence)) return
    const later = [...known.outcomes].find(([number]) => number > sequence)
    if (later !== undefined) known.outcomes.set(sequence, later[1])
  }
}

class DropsOldSessions extends Reader {
  protected override beforeRequest({ session }: Request): void {
    const { live } = this.replicated.sessions
    const [oldest] = live.keys()
    if (live.size > 2 && oldest !== undefined && oldest !== session) live.delete(oldest)
  }
}

/** When there is no room, those are to go that were used least lately; here it is whoever was used last. */
class ExpiresTheLastUsed extends Reader {
  protected override beforeRequest({ session, sequence }: Request): void {
    const { live, openers } = this.replicated.sessions
    if (session !== 0 || sequence !== 0 || live.size < this.settings.sessionLimit) return
    const used = [...live].sort(([, one], [, other]) => other.lastUsedMicros - one.lastUsedMicros)
    const [last] = used
    if (last === undefined) return
    live.delete(last[0])
    openers.delete(last[1].opener)
  }
}

/** Answers are kept by the number of the request alone. */
class KeepsAnswersByNumber extends Replica {
  kept: Map<number, Outcome> = new Map()

  protected override send(to: NodeId | readonly NodeId[], message: Message): void {
    if (message.type !== 'answer' || message.session === 0) {
      super.send(to, message)
      return
    }
    const outcome = this.kept.get(message.sequence) ?? message.outcome
    this.kept.set(message.sequence, outcome)
    super.send(to, { ...message, outcome })
  }
}

/** Answers as soon as a request was proposed. */
class AnswersBeforeItIsDecided extends Replica {
  protected override tell(...[message]: Parameters<Replica['tell']>): void {
    super.tell(message)
    if (message.type !== 'propose' || message.request.session === 0) return
    const { session, sequence } = message.request
    const outcome: Outcome = { ok: true, output: new TextEncoder().encode('null') }
    this.relayed(this.self, { type: 'relayed', session, sequence, name: '', outcome, slot: this.applied })
  }
}

/** Looks at its own sessions when a request arrives, and may not have applied yet what opened the one in question. */
class KnowsOnlySessionsItApplied extends Replica {
  override request(from: NodeId, message: RequestMessage): void {
    const { session, sequence } = message.request
    if (session === 0 || this.replicated.sessions.live.has(session)) {
      super.request(from, message)
      return
    }
    const outcome: Outcome = { ok: false, error: 'session-unknown', detail: `Session ${session} is unknown.` }
    this.send(from, { type: 'answer', session, sequence, name: '', outcome, slot: this.applied })
  }
}

/** A machine that depends on the member that it runs on. */
function dependsOnItsMember(): MakeNode {
  return (options) => {
    const { machine, self } = options
    const partial: AnyMachine = {
      ...machine,
      apply: (state, command, context) => {
        if (self !== 1 || context.slot % 7 !== 0) return machine.apply(state, command, context)
        return [state, machine.apply(clonePlain(state), command, context)[1]]
      },
    }
    return new Node({ ...options, machine: partial })
  }
}

export const SESSIONS: readonly Exhibit[] = [
  {
    name: 'duplicate-executed-twice',
    wrong: 'A request that is decided twice is executed twice.',
    breaks: 'Raft §6.3: a request is executed once, however often it is decided.',
    verdicts: ['exactly once', 'identical state', 'answers'],
    plant: classes({ replica: ForgetsOutcomes }),
  },
  {
    name: 'earlier-request-dropped',
    wrong: 'Request 4 of a session is not executed when request 5 came first.',
    breaks:
      'Requests are recognised one by one, and may be decided in any order (docs/PROTOCOL.md, requests).',
    verdicts: ['exactly once', 'answers', 'identical state'],
    plant: classes({ replica: ExecutesOnlyHigherNumbers }),
  },
  {
    name: 'session-in-use-dropped',
    wrong: 'A member that holds three sessions drops the oldest, in use or not.',
    breaks: 'Sessions that are used do not expire (docs/PROTOCOL.md, requests).',
    verdicts: ['exactly once', 'answers', 'identical state', 'durability'],
    plant: classes({ replica: DropsOldSessions }),
  },
  {
    name: 'session-used-last-expires',
    wrong: 'When there is no room for another session, the one that was used last goes.',
    breaks: 'Only sessions that no decree has used for long expire (docs/PROTOCOL.md, requests).',
    verdicts: ['exactly once', 'identical state', 'answers', 'durability'],
    plant: classes({ replica: ExpiresTheLastUsed }),
  },
  {
    name: 'answer-of-another-request',
    wrong: 'Answers are kept by the number of the request alone, so that a client gets that of another one.',
    breaks: 'A request is named by its session and its number (docs/PROTOCOL.md, requests).',
    verdicts: ['answers'],
    plant: classes({ replica: KeepsAnswersByNumber }),
  },
  {
    name: 'answered-before-decided',
    wrong: 'A request is answered when it is proposed, not when it is applied.',
    breaks: 'PMMC Fig. 1: a replica answers what it has performed.',
    verdicts: ['durability', 'answers'],
    plant: classes({ replica: AnswersBeforeItIsDecided }),
  },
  {
    name: 'session-unknown-to-who-lags',
    wrong: 'A member that has not applied yet what opened a session tells its client that it is unknown.',
    breaks: 'Only the decrees say which sessions there are (docs/PROTOCOL.md, requests).',
    verdicts: ['answers'],
    plant: classes({ replica: KnowsOnlySessionsItApplied }),
  },
  {
    name: 'machine-depends-on-member',
    wrong: 'The machine of one member makes something else of the same decrees.',
    breaks: 'PMMC §2.1, R3: replicas that applied the same decrees are in the same state.',
    verdicts: ['identical state', 'answers', 'linearizable', 'stale reads', 'agreement'],
    plant: dependsOnItsMember,
  },
]
