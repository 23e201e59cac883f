/**
 * The Initializer: inducts nodes into the cluster. On a node that belongs to none it asks to join until it is welcome.
 * On one that belongs to a cluster it welcomes those who ask: voters whose welcome was lost, and newcomers, who learn
 * until they are admitted by decree. Who comes under the number of a voter with another store is turned away: it has
 * forgotten what that voter promised.
 *
 * A voter that starts again with the store of its earlier life asks, before it votes, whether anything that the store
 * has vouched for is missing in it. Every voter remembers that of every other, as far as it was told.
 */
import type { MemberId, NodeId } from '../ballot.js'
import { containsQuorum, isVoter } from '../membership.js'
import type {
  Accepted,
  Founding,
  Heartbeat,
  Join,
  LeaderChanged,
  Promise,
  Recognised,
  Returning,
  RolledBack,
  TurnedAway,
  Welcome,
} from '../messages.js'
import { Role, type RoleContext } from '../role.js'
import type { Handles, RoleMessages } from '../routing.js'
import type { Micros } from '../settings.js'
import type { InitializerStart } from '../starts.js'

/** What is known of the store of another member. */
interface Vouched {
  /** The store that came back; null while none did, and it is the one that the member's number is bound to. */
  readonly store: number | null
  /** How many records it has vouched for. */
  written: number
  /** The life of the member that last asked to be recognised; 0 if none did. */
  readonly life: number
}

export class Initializer extends Role implements Handles<RoleMessages['initializer']> {
  readonly contacts: readonly NodeId[]
  readonly founding: Founding | null
  readonly comesBack: boolean
  attempts = 0
  /** The last cluster that did not take it. */
  turnedAwayBy: number | null = null

  vouched: Map<MemberId, Vouched> = new Map()
  /** Whom this node hears leading, or relays to. */
  leader: MemberId | null = null
  /** While it is not recognised: who has answered, and whom each of them heard leading when it did so last. */
  recognisedBy: Map<MemberId, { readonly leader: MemberId | null; readonly micros: Micros }> = new Map()
  done = false

  readonly life: number
  /** How many records its store held when this life had begun. What comes later proves nothing about that. */
  readonly heldAtFirst: number

  constructor(context: RoleContext, start: InitializerStart = {}) {
    super(context, 'initializer')
    this.contacts = (start.contacts ?? []).filter((contact) => contact !== this.self)
    this.founding = start.founding ?? null
    this.comesBack = start.returning ?? false
    this.life = start.life ?? 0
    this.heldAtFirst = start.held ?? 0
  }

  override begin(): void {
    if (this.founding === null) this.#ask()
    else if (this.comesBack) this.#return()
  }

  override timer(): void {
    this.begin()
  }

  // ---- joining -------------------------------------------------------------------------------------------------

  /** Who asks later may have voted, and have a store from before that: it asks what that vouched for. */
  welcome(_from: NodeId, { founding, isNew }: Welcome): void {
    if (this.founding !== null) return
    this.persist({ type: 'founded', founding })
    this.induct(founding, isNew ? 'begins' : 'returns')
  }

  join(from: NodeId, { store }: Join): void {
    const { founding } = this
    if (founding === null) return
    const { configurations, highestMember } = this.membership
    const isNew = from > highestMember
    if (isNew || isVoter(configurations, from, store))
      this.send(from, { type: 'welcome', founding, isNew: false })
    else this.send(from, { type: 'turnedAway', cluster: founding.cluster, store })
  }

  /**
   * A node that has joined no cluster goes on asking: whoever said so may belong to one that it is not waiting for. A
   * member whose number is bound to another store is none any more.
   */
  turnedAway(_from: NodeId, { cluster, store }: TurnedAway): void {
    if (store !== this.store || this.turnedAwayBy === cluster) return
    const detail = `Cluster ${cluster} knows the number of this member with another store, or as used.`
    const advice = 'Admit a new member, with a number that no member ever had and an empty store.'
    if (this.founding === null)
      this.observe({ type: 'refused', reason: 'turned-away', detail: `${detail} ${advice}` })
    else if (this.founding.cluster === cluster) this.refuse('turned-away', detail)
    this.turnedAwayBy = cluster
  }

  /**
   * Asks the first contact, which is the seed of a new cluster, and every other time one of the rest. Where it was admitted
   * before it was welcomed, its contacts may be gone; but who leads is heard.
   */
  #ask(): void {
    const [first, ...others] = this.contacts
    if (first === undefined) return
    if (this.leader !== null) others.unshift(this.leader)
    const other = others[(this.attempts >> 1) % others.length]
    this.send(this.attempts % 2 === 0 ? first : (other ?? first), { type: 'join', store: this.store })
    this.attempts += 1
    this.after('join', this.settings.joinMicros)
  }

  // ---- coming back ---------------------------------------------------------------------------------------------

  /** Asks everybody, also those who have answered: who leads may have changed. */
  #return(): void {
    if (this.done) return
    this.#heard(this.self, null)
    if (this.done) return
    const { life, store, heldAtFirst: written } = this
    this.send(this.others, { type: 'returning', life, store, written })
    this.after('return', this.settings.resendMicros)
  }

  recognised(from: NodeId, { life, leader }: Recognised): void {
    if (life === this.life && !this.done) this.#heard(from, leader)
  }

  /**
   * A quorum misses nothing, nor does any leader that it hears: who leads knows most, because voters vouch to it. Who was
   * heard leading some time ago may be gone.
   */
  #heard(from: MemberId, heardLeader: MemberId | null): void {
    this.recognisedBy.set(from, { leader: heardLeader, micros: this.nowMicros })
    for (const { leader, micros } of this.recognisedBy.values()) {
      const isRecent = this.nowMicros - micros <= this.settings.electionTimeoutMicros
      if (isRecent && leader !== null && !this.recognisedBy.has(leader)) return
    }
    const [inForce] = this.membership.configurations
    if (inForce === undefined || !containsQuorum([...this.recognisedBy.keys()], inForce.members)) return
    this.done = true
    this.cancel('return')
    this.recognise()
  }

  rolledBack(_from: NodeId, { life, written }: RolledBack): void {
    if (life !== this.life || this.done) return
    this.done = true
    this.cancel('return')
    this.refuse(
      'rolled-back',
      `The store held ${this.heldAtFirst} records when it was opened, and has vouched for ${written}: it was put back to an earlier state.`,
    )
  }

  // ---- knowing the others --------------------------------------------------------------------------------------

  returning(from: NodeId, { life, store, written }: Returning): void {
    const { founding } = this
    if (founding === null) return
    if (this.members.includes(from) && !isVoter(this.membership.configurations, from, store)) {
      this.send(from, { type: 'turnedAway', cluster: founding.cluster, store })
      return
    }
    const known = this.#known(from, store) ?? { written: 0, life: 0 }
    // Every boot writes a record: two lives of one store never come back with the same number of them. Within one life
    // a message may overtake another.
    if (known.life !== life && written <= known.written) {
      this.send(from, { type: 'rolledBack', life, written: known.written })
      return
    }
    this.vouched.set(from, { store, written: Math.max(written, known.written), life })
    this.send(from, { type: 'recognised', life, leader: this.leader })
  }

  promise(from: NodeId, { written }: Promise): void {
    this.#vouch(from, written)
  }

  accepted(from: NodeId, { written }: Accepted): void {
    this.#vouch(from, written)
  }

  heartbeat(from: NodeId, { written }: Heartbeat): void {
    if (this.founding === null) this.leader = from
    else this.#vouch(from, written)
  }

  leaderChanged(_from: NodeId, { towards }: LeaderChanged): void {
    this.leader = towards
  }

  /** What this store of a member vouched for. A newcomer may have come with another one, before it was admitted. */
  #known(from: MemberId, store: number): Vouched | undefined {
    const known = this.vouched.get(from)
    return known === undefined || (known.store ?? store) === store ? known : undefined
  }

  /** Only a voter vouches, with the store that its number is bound to. */
  #vouch(from: NodeId, written: number): void {
    const known = this.vouched.get(from)
    if (known !== undefined && written > known.written) known.written = written
    else if (known === undefined || !this.#isBound(from, known))
      this.vouched.set(from, { store: null, written, life: 0 })
  }

  #isBound(from: NodeId, { store }: Vouched): boolean {
    return store === null || isVoter(this.membership.configurations, from, store)
  }
}
