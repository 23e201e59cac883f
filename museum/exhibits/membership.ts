/** Bugs of membership changes, and of who a store belongs to. */
import {
  type Adopted,
  type Configuration,
  changeOf,
  Initializer,
  Leader,
  type LocalMessage,
  type MemberId,
  type Membership,
  NO_BALLOT,
  Node,
  type NodeId,
  type Observation,
  type Propose,
  Replica,
  type Returning,
  type StoreRecord,
} from 'synod/paxos'
import { type Scenario, swarm } from 'synod/simulation'
import { classes, driver, type Exhibit, type MakeNode, store } from '../exhibit.js'

class SkipsTheNewPromise extends Leader {
  override adopted(from: NodeId, adopted: Adopted): void {
    super.adopted(from, adopted)
    this.preparedVersion = Number.MAX_SAFE_INTEGER
  }
}

class CountsOldVoters extends Leader {
  #members: readonly MemberId[] = []

  protected override tell(message: LocalMessage): void {
    const [inForce] = this.membership.configurations
    if (message.type === 'leaderChanged') this.#members = inForce?.members ?? []
    super.tell(message.type === 'tender' ? { ...message, members: this.#members } : message)
  }
}

class AdmitsAtOnce extends Leader {
  override propose(from: NodeId, propose: Propose): void {
    for (const { member, store } of changeOf(propose.request)?.voters ?? [])
      this.newcomers.set(member, { store, decided: Number.MAX_SAFE_INTEGER })
    super.propose(from, propose)
  }
}

class LeadsOn extends Leader {
  protected override get membership(): Membership {
    const { configurations, ...rest } = super.membership
    return { ...rest, configurations: configurations.map((each) => this.#withMyself(each)) }
  }

  #withMyself(configuration: Configuration): Configuration {
    const { members } = configuration
    if (members.includes(this.self)) return configuration
    return { ...configuration, members: [...members, this.self].sort((a, b) => a - b) }
  }
}

/** Says that it is needed no more as soon as it hears that it was removed. */
class StopsAtOnce extends Replica {
  protected override reconfigure(membership: Membership): void {
    super.reconfigure(membership)
    const { configurations, highestMember } = membership
    const isNamed = configurations.some(({ members }) => members.includes(this.self))
    if (!isNamed && this.self <= highestMember && this.applied > 0) this.observe({ type: 'retired' })
  }
}

/** Releases a removed member when it has applied the last slots, be it only in memory. */
class TakesOverInMemory extends Replica {
  protected override persist(record: StoreRecord): void {
    if (record.type !== 'learned') super.persist(record)
  }
}

class ChangesAtOnce extends Replica {
  protected override reconfigure(membership: Membership): void {
    const [latest] = membership.configurations.slice(-1)
    const configurations = latest === undefined ? [] : [{ ...latest, fromSlot: this.applied + 1 }]
    super.reconfigure({ ...membership, configurations })
  }
}

/** Numbers above those of the present members count as new. */
class ForgetsUsedNumbers extends Replica {
  protected override observe(observation: Observation): void {
    super.observe(observation)
    if (observation.type !== 'applied') return
    const { membership } = this.replicated
    const present = membership.configurations.flatMap(({ members }) => members)
    const highestMember = Math.max(-1, ...present)
    if (highestMember !== membership.highestMember)
      this.replicated.membership = { ...membership, highestMember }
  }
}

class VotesBeforeItIsAdmitted extends Node {
  override get voting(): boolean {
    return this.founding !== null
  }
}

class RecognisesEverybody extends Initializer {
  override returning(from: NodeId, { life }: Returning): void {
    this.send(from, { type: 'recognised', life, leader: null })
  }
}

/** The identity of a store is kept beside it, and not in it. */
function storesAreNamedByPlace(): MakeNode {
  const stores = new Map<NodeId, number>()
  return (options) => {
    const records = [...(options.records ?? [])].map((record) => {
      if (record.type !== 'created') return record
      const known = stores.get(options.self) ?? record.store
      stores.set(options.self, known)
      return { ...record, member: options.self, store: known }
    })
    return new Node({ ...options, records })
  }
}

/** The swarm, and one store that is put back to an earlier state; nobody replaces a member that is refused for that. */
function withRollback(seed: number): Scenario {
  const scenario = swarm(seed)
  return { ...scenario, faults: { ...scenario.faults, rollback: 1 }, overBudget: true }
}

export const MEMBERSHIP: readonly Exhibit[] = [
  {
    name: 'new-quorum-unprepared',
    wrong: 'A leader proposes under a new configuration when only the old one has promised its ballot.',
    breaks: 'PTP §2.1, B3, of the quorums of §3.3.6: whoever votes on a slot was asked for its votes.',
    verdicts: ['ballots', 'agreement', 'durability'],
    plant: classes({ leader: SkipsTheNewPromise }),
  },
  {
    name: 'votes-of-old-configuration',
    wrong: 'A leader goes on counting the votes of the configuration that was in force when it proposed.',
    breaks: 'PTP §3.3.6: the decree of slot s is passed by the parliament of slot s.',
    verdicts: ['ballots', 'durability', 'agreement'],
    plant: classes({ leader: CountsOldVoters }),
  },
  {
    name: 'change-in-force-at-once',
    wrong: 'A new configuration counts for the slots that the one before votes on still.',
    breaks: 'PTP §3.3.6: a change is in force α slots later.',
    verdicts: ['membership', 'durability', 'agreement'],
    plant: classes({ replica: ChangesAtOnce }),
  },
  {
    name: 'newcomers-not-awaited',
    wrong:
      'A change is proposed before the newcomers have said that they learn, with the stores that it names.',
    breaks:
      'A change waits until all whom it admits have learned, but for the last α slots (docs/PROTOCOL.md).',
    verdicts: ['liveness', 'ended'],
    plant: classes({ leader: AdmitsAtOnce }),
  },
  {
    name: 'removed-member-leads-on',
    wrong: 'A leader that was removed goes on leading, and counts its own vote.',
    breaks: 'PTP §3.3.6: only those vote on a slot whom the decrees name.',
    verdicts: ['ballots', 'durability', 'membership', 'agreement'],
    plant: classes({ leader: LeadsOn }),
  },
  {
    name: 'removed-member-stops-at-once',
    wrong: 'A member that is removed stops before those who follow have what it knows.',
    breaks: 'A removed member serves until a quorum of the next holds its slots (docs/PROTOCOL.md).',
    verdicts: ['liveness', 'ended', 'durability'],
    plant: classes({ replica: StopsAtOnce }),
  },
  {
    name: 'removed-member-released-early',
    wrong:
      'A voter releases a removed member when its store does not say yet that the last slots are decided.',
    breaks: 'A removed member serves until a quorum of the next holds its slots (docs/PROTOCOL.md).',
    verdicts: ['durability'],
    plant: classes({ replica: TakesOverInMemory }),
  },
  {
    name: 'removed-member-returns',
    wrong: 'A member that was removed may come back under its old number.',
    breaks: 'Member numbers are never issued again (src/paxos/ballot.ts).',
    verdicts: ['membership'],
    plant: classes({ replica: ForgetsUsedNumbers }),
  },
  {
    name: 'joiner-votes-early',
    wrong: 'A joiner votes before it knows that it is a voter.',
    breaks: 'PTP §3.3.6: only those vote on a slot whom the decrees name.',
    verdicts: ['ballots', 'durability', 'agreement', 'membership', 'liveness', 'ended'],
    plant: driver(VotesBeforeItIsAdmitted),
  },
  {
    name: 'rot-read-as-empty',
    wrong: 'A record that cannot be read is taken for one that says nothing.',
    breaks: 'Noticed damage makes a member abstain (docs/adr/0011).',
    verdicts: [
      'agreement',
      'durability',
      'membership',
      'answers',
      'identical state',
      'linearizable',
      'liveness',
    ],
    plant: store((options) => ({
      ...options,
      records: [...(options.records ?? [])].map((record) =>
        record.type === 'damaged' ? { type: 'promised', ballot: NO_BALLOT } : record,
      ),
    })),
  },
  {
    name: 'wiped-store-votes',
    wrong: 'A store is named after its member, so one that was wiped passes for the one before.',
    breaks: 'docs/adr/0011: a voter is its store, and what was lost is another.',
    verdicts: ['ballots', 'agreement', 'durability', 'membership', 'linearizable'],
    plant: store((options) => ({
      ...options,
      draw: (low, high, what) => (what === 'store' ? options.self : options.draw(low, high, what)),
    })),
  },
  {
    name: 'swapped-store-votes',
    wrong: 'The identity of a store is kept beside it, so that of another member passes for the own.',
    breaks: 'docs/adr/0011: a voter is its store.',
    verdicts: ['ballots', 'agreement', 'durability', 'membership', 'linearizable'],
    plant: storesAreNamedByPlace,
  },
  {
    name: 'returning-store-unchecked',
    wrong: 'Nobody looks whether the store of a member that comes back misses what it vouched for.',
    breaks: 'docs/adr/0011: a store that was put back to an earlier state does not vote.',
    verdicts: ['ballots', 'agreement', 'durability', 'linearizable', 'answers'],
    plant: classes({ initializer: RecognisesEverybody }),
    scenario: withRollback,
  },
]
