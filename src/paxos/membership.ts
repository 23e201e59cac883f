/**
 * Configurations: who votes on which slot, and what a quorum of them is.
 *
 * *The Part-Time Parliament*, section 3.3.6 (choosing the members of parliament): membership changes by decree, and the
 * decree of slot s takes effect α slots later. So whoever knows every decree up to s − α knows who votes on slot s.
 * Quorums are the majorities of section 2.1: any two of one configuration share a member.
 */
import type { MemberId, NodeId } from './ballot.js'
import { ByteReader, ByteWriter, encodeNumber, MalformedBytes } from './bytes.js'
import type { Slot } from './decree.js'
import { type Outcome, refuse } from './sessions.js'

/** A member that votes, and the identity of its store: who comes with another store is not that voter. */
export interface Voter {
  readonly member: MemberId
  readonly store: number
}

export interface Configuration {
  /** 1 for that of the founding; each change makes the next. */
  readonly version: number
  /** The first slot that it votes on; it votes on all later ones that no later configuration votes on. */
  readonly fromSlot: Slot
  /** In ascending order of their numbers. */
  readonly voters: readonly Voter[]
  /** Their numbers. */
  readonly members: readonly MemberId[]
  /** The name of the change that made it; empty for that of the founding. */
  readonly change: string
}

export interface Membership {
  /** The configuration of the first slot that is not applied, and those that are still to come, oldest first. */
  readonly configurations: readonly Configuration[]
  /** The highest number that a voter ever had: a new one must be higher, so none is ever issued twice. */
  readonly highestMember: MemberId
}

/** What a decree that changes the membership says. */
export interface Change {
  /** Tells this change from every other, so that it is carried out once however often it is asked for. */
  readonly name: string
  /** The version that it changes: it does nothing to any other. */
  readonly version: number
  /** Everybody who votes afterwards. */
  readonly voters: readonly Voter[]
}

/** The most voters that a configuration may have. */
const MOST_VOTERS = 1_000

/** No node is a member of no cluster yet. */
export const NO_MEMBERSHIP: Membership = { configurations: [], highestMember: -1 }

/** The membership that a cluster begins with. */
export function foundingMembership(voters: readonly Voter[]): Membership {
  const configuration = makeConfiguration(1, 1, voters, '')
  return { configurations: [configuration], highestMember: Math.max(...configuration.members) }
}

function makeConfiguration(
  version: number,
  fromSlot: Slot,
  voters: readonly Voter[],
  change: string,
): Configuration {
  return { version, fromSlot, voters, members: voters.map(({ member }) => member), change }
}

/** The configuration that votes on a slot; undefined below the first of those known: those that were before are gone. */
export function configurationOf(
  configurations: readonly Configuration[],
  slot: Slot,
): Configuration | undefined {
  let found: Configuration | undefined
  for (const configuration of configurations) if (configuration.fromSlot <= slot) found = configuration
  return found
}

/** The members of any of these configurations, in ascending order. */
export function membersOf(configurations: readonly Configuration[]): readonly MemberId[] {
  const [first] = configurations
  if (first === undefined || configurations.length === 1) return first?.members ?? []
  return [...new Set(configurations.flatMap(({ members }) => members))].sort((a, b) => a - b)
}

/** The store that each voter's number is bound to. */
export function storesOf({ configurations }: Membership): Map<MemberId, number> {
  const voters = configurations.flatMap((configuration) => configuration.voters)
  return new Map(voters.map(({ member, store }) => [member, store]))
}

/** Whether a member with this store votes in one of these configurations. */
export function isVoter(configurations: readonly Configuration[], member: MemberId, store: number): boolean {
  return configurations.some(({ voters }) => includesVoter(voters, { member, store }))
}

function includesVoter(voters: readonly Voter[], { member, store }: Voter): boolean {
  return voters.some((voter) => voter.member === member && voter.store === store)
}

// ---- quorums -------------------------------------------------------------------------------------------------

/** How many members make a majority of `members`: 2 of 3, 2 of 2, 8 of 14. */
export function quorumOf(members: readonly MemberId[]): number {
  return Math.floor(members.length / 2) + 1
}

/**
 * Notes in `heard` that this member was heard from. Says whether that completes a quorum: true exactly once, when the
 * last missing voter is added. Who is no voter, or was counted before, never counts.
 */
export function completesQuorum(heard: MemberId[], members: readonly MemberId[], from: NodeId): boolean {
  if (heard.includes(from) || !members.includes(from)) return false
  heard.push(from)
  return heard.length === quorumOf(members)
}

/** Whether those who were heard, whoever else they are, contain a quorum of these members. */
export function containsQuorum(heard: readonly NodeId[], members: readonly MemberId[]): boolean {
  return members.filter((member) => heard.includes(member)).length >= quorumOf(members)
}

// ---- changes -------------------------------------------------------------------------------------------------

export function encodeChange({ name, version, voters }: Change): Uint8Array {
  const writer = new ByteWriter(64)
  writer.text(name)
  writer.number(version)
  writer.number(voters.length)
  for (const { member, store } of voters) {
    writer.number(member)
    writer.number(store)
  }
  return writer.finish()
}

/** Throws a `MalformedBytes` if the bytes are no change. */
export function decodeChange(bytes: Uint8Array): Change {
  const reader = new ByteReader(bytes)
  const name = reader.text()
  const version = reader.number()
  const voters: Voter[] = []
  for (let left = reader.number(); left > 0; left--) {
    voters.push({ member: reader.number(), store: reader.number() })
  }
  if (!reader.done) throw new MalformedBytes('A change goes on after its last voter.')
  if (name === '') throw new MalformedBytes('A change has no name.')
  return { name, version, voters }
}

/** The change of the latest configuration, carried out by the decree of this slot. The outcome gives the new version. */
export function applyChange(
  membership: Membership,
  change: Change,
  slot: Slot,
  alpha: number,
): readonly [Membership, Outcome] {
  const known = rememberedChange(membership, change.name)
  if (known !== undefined) return [membership, known]
  const flaw = flawOf(membership, change)
  if (flaw !== null) return [membership, refuse('change-refused', flaw)]
  const voters = [...change.voters].sort((a, b) => a.member - b.member)
  const next = makeConfiguration(change.version + 1, slot + alpha, voters, change.name)
  return [
    {
      configurations: [...membership.configurations, next],
      highestMember: Math.max(membership.highestMember, ...next.members),
    },
    { ok: true, output: encodeNumber(next.version) },
  ]
}

/** The outcome of a change that was carried out and is still among those known. */
export function rememberedChange({ configurations }: Membership, name: string): Outcome | undefined {
  const made = configurations.find(({ change }) => change === name)
  return made && made.change !== '' ? { ok: true, output: encodeNumber(made.version) } : undefined
}

/** Why a change cannot be, in a sentence; null if it can. The same on every member. */
export function flawOf(
  { configurations, highestMember }: Membership,
  { version, voters }: Change,
): string | null {
  const latest = configurations.at(-1)
  if (latest === undefined) return 'There is no cluster to change.'
  if (version !== latest.version)
    return `The change is of configuration ${version}, and the latest is ${latest.version}: look at it again.`
  if (voters.length === 0 || voters.length > MOST_VOTERS)
    return `A configuration has from 1 to ${MOST_VOTERS} voters, and not ${voters.length}.`
  if (new Set(voters.map(({ member }) => member)).size < voters.length)
    return 'A member is named twice among the voters.'
  const returned = voters.find(
    (voter) => voter.member <= highestMember && !includesVoter(latest.voters, voter),
  )
  if (returned === undefined) return null
  return `Member ${returned.member} cannot be admitted: numbers up to ${highestMember} have been used, and a store that was lost or removed comes back as a new member; give it a higher number.`
}

/** The membership once every slot up to this one is applied: configurations that vote on none of the later ones go. */
export function membershipAfter(membership: Membership, applied: Slot): Membership {
  const { configurations, highestMember } = membership
  if (configurations.length === 1) return membership
  const inForce = configurations.findLastIndex(({ fromSlot }) => fromSlot <= applied + 1)
  return inForce <= 0 ? membership : { configurations: configurations.slice(inForce), highestMember }
}
