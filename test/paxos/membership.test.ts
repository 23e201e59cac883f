// Who votes on which slot: quorums, of which any two share a member (The Part-Time Parliament, section 2.1, condition
// B2), and changes by decree, in force some slots later (section 3.3.6).

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  applyChange,
  type Change,
  completesQuorum,
  configurationOf,
  containsQuorum,
  decodeChange,
  decodeNumber,
  encodeChange,
  foundingMembership,
  isVoter,
  MalformedBytes,
  type MemberId,
  type Membership,
  membershipAfter,
  membersOf,
  type Outcome,
  quorumOf,
  rememberedChange,
  type Voter,
} from '../../src/paxos/index.js'
import { FIVE, founding, storeOf, THREE } from '../support/words.js'

const members = (count: number) => Array.from({ length: count }, (_, id) => id)

describe('quorums', () => {
  it.each([
    [1, 1],
    [2, 2],
    [3, 2],
    [4, 3],
    [5, 3],
    [13, 7],
    [14, 8],
  ])('of %i members have %i', (count, quorum) => {
    expect(quorumOf(members(count))).toBe(quorum)
  })

  it('of the same members always share one, and are no larger than that needs', () => {
    for (let count = 1; count <= 100; count++) {
      const quorum = quorumOf(members(count))
      expect(2 * quorum).toBeGreaterThan(count)
      expect(2 * (quorum - 1)).toBeLessThanOrEqual(count)
    }
  })

  it('are completed once, by the member that was missing', () => {
    const heard: number[] = []
    expect([4, 0, 2, 3, 1].map((from) => completesQuorum(heard, FIVE, from))).toEqual([
      false,
      false,
      true,
      false,
      false,
    ])
  })

  it('count nobody twice', () => {
    const heard: number[] = []
    expect([1, 1, 1, 1].some((from) => completesQuorum(heard, THREE, from))).toBe(false)
  })

  it('count nobody who is no voter', () => {
    const heard: number[] = []
    expect([7, 8, 9].some((from) => completesQuorum(heard, THREE, from))).toBe(false)
    expect(heard).toEqual([])
  })
})

describe('a quorum among others', () => {
  it.each([
    ['exactly a quorum', [0, 1], true],
    ['one voter too few, whoever else is there', [0, 7, 8, 9], false],
    ['a voter that is named twice', [0, 0], false],
    ['nobody', [], false],
    ['everybody and others', [9, 2, 1, 0], true],
  ])('in %s: %j', (_name, heard, expected) => {
    expect(containsQuorum(heard, THREE)).toBe(expected)
  })
})

// ---- changes -------------------------------------------------------------------------------------------------

const ALPHA = 10
const voters = (members: readonly MemberId[]): Voter[] =>
  members.map((member) => ({ member, store: storeOf(member) }))
const founded = (members: readonly MemberId[] = THREE) => foundingMembership(founding(members).voters)

const change = (members: readonly MemberId[], more: Partial<Change> = {}): Change => ({
  name: 'c',
  version: 1,
  voters: voters(members),
  ...more,
})

const versionOf = (outcome: Outcome) => (outcome.ok ? decodeNumber(outcome.output) : outcome.detail)

/** Applies changes one after the other, each in a slot of its own; gives the last membership. */
function changed(...changes: readonly Change[]): Membership {
  return changes.reduce((before, each, index) => {
    const [after, outcome] = applyChange(before, each, index + 1, ALPHA)
    expect(outcome.ok, JSON.stringify(outcome)).toBe(true)
    return after
  }, founded())
}

/** Why a change is refused; and that it then changes nothing. */
function refusalOf(before: Membership, each: Change): string {
  const [after, outcome] = applyChange(before, each, 5, ALPHA)
  expect(after).toBe(before)
  return outcome.ok ? 'it is not' : outcome.detail
}

describe('a change of the membership', () => {
  it('is in force alpha slots after its own, under the next version, and says that version', () => {
    const [after, outcome] = applyChange(founded(), change([0, 1, 2, 3]), 5, ALPHA)
    expect(versionOf(outcome)).toBe(2)
    expect(
      after.configurations.map(({ version, fromSlot, members }) => [version, fromSlot, members]),
    ).toEqual([
      [1, 1, [0, 1, 2]],
      [2, 15, [0, 1, 2, 3]],
    ])
    expect(after.highestMember).toBe(3)
  })

  it.each([
    ['one more', [0, 1, 2, 3]],
    ['one fewer', [0, 2]],
    ['everybody at once', [3, 4, 5, 6, 7]],
    ['nobody at all', THREE],
    ['all but one', [1]],
  ])('may be of any set: %s', (_name, members) => {
    expect(changed(change(members)).configurations.at(-1)?.members).toEqual(members)
  })

  it('has its voters in ascending order, in whatever order it names them', () => {
    expect(changed(change([5, 0, 3])).configurations.at(-1)?.members).toEqual([0, 3, 5])
  })

  it('that is asked for again is carried out once, and has the outcome of the first time', () => {
    const before = changed(change([0, 1, 2, 3]))
    const [after, outcome] = applyChange(before, change([0, 1, 2, 3]), 7, ALPHA)
    expect(after).toBe(before)
    expect(versionOf(outcome)).toBe(2)
    expect(rememberedChange(before, 'c')).toEqual(outcome)
    expect(rememberedChange(before, 'd')).toBeUndefined()
  })

  it('without a name is never taken for the founding', () => {
    expect(rememberedChange(founded(), '')).toBeUndefined()
  })

  it('may follow another before that one is in force', () => {
    const { configurations } = changed(
      change([0, 1, 2, 3], { name: 'a' }),
      change([1, 2, 3], { name: 'b', version: 2 }),
    )
    expect(configurations.map(({ version, fromSlot }) => [version, fromSlot])).toEqual([
      [1, 1],
      [2, 11],
      [3, 12],
    ])
  })

  it('of a configuration that is not the latest is refused', () => {
    const after = changed(change([0, 1, 2, 3], { name: 'a' }))
    expect(refusalOf(after, change([0], { name: 'b' }))).toBe(
      'The change is of configuration 1, and the latest is 2: look at it again.',
    )
    expect(refusalOf(founded(), change([0], { version: 2 }))).toContain('the latest is 1')
  })

  it.each([
    ['to nobody', []],
    ['to more than a thousand', Array.from({ length: 1001 }, (_, index) => index)],
  ])('%s is refused', (_name, members) => {
    expect(refusalOf(founded(), change(members))).toContain('from 1 to 1000 voters')
  })

  it('that names a member twice is refused, also with two stores', () => {
    const twice = [...voters([0, 1]), { member: 1, store: 999 }]
    expect(refusalOf(founded(), change([], { voters: twice }))).toBe(
      'A member is named twice among the voters.',
    )
  })

  it.each([
    ['that was removed', [0, 1, 2], { version: 3, name: 'b' }],
    ['below the highest that was ever used', [0, 1, 4], { version: 3, name: 'b' }],
  ])('that admits a number %s is refused: none is ever issued twice', (_name, members, more) => {
    const after = changed(change([0, 1, 5], { name: 'x' }), change([0, 1], { name: 'y', version: 2 }))
    expect(after.highestMember).toBe(5)
    expect(refusalOf(after, change(members, more))).toContain('numbers up to 5 have been used')
  })

  it('that gives a voter another store is refused: it would have forgotten its promises', () => {
    const [first, ...rest] = voters(THREE)
    const swapped = [{ member: first?.member ?? 0, store: 999 }, ...rest]
    expect(refusalOf(founded(), change([], { voters: swapped }))).toContain('Member 0 cannot be admitted')
  })

  it('where there is no cluster is refused', () => {
    const none = { configurations: [], highestMember: -1 }
    expect(refusalOf(none, change(THREE))).toBe('There is no cluster to change.')
  })

  const aVoter = fc.record({ member: fc.nat(), store: fc.maxSafeNat() })
  const aChange = fc.record({
    name: fc.string({ unit: 'grapheme', minLength: 1 }),
    version: fc.nat(),
    voters: fc.array(aVoter, { maxLength: 20 }),
  })

  it('comes back from its bytes as it went', () => {
    fc.assert(
      fc.property(aChange, (each) => {
        expect(decodeChange(encodeChange(each))).toEqual(each)
      }),
    )
  })

  it('cut short anywhere is no change', () => {
    fc.assert(
      fc.property(aChange, fc.double({ min: 0, max: 0.999, noNaN: true }), (each, part) => {
        const bytes = encodeChange(each)
        const cut = bytes.subarray(0, Math.floor(bytes.length * part))
        expect(() => decodeChange(cut)).toThrow(MalformedBytes)
      }),
    )
  })
})

describe('who votes on a slot', () => {
  const { configurations } = changed(
    change([0, 1, 2, 3], { name: 'a' }),
    change([4, 5, 6], { name: 'b', version: 2 }),
  )

  it.each([
    [1, 1],
    [10, 1],
    [11, 2],
    [12, 3],
    [1000, 3],
  ])('slot %i: configuration %i', (slot, version) => {
    expect(configurationOf(configurations, slot)?.version).toBe(version)
  })

  it('is somebody only once there is a cluster', () => {
    expect(configurationOf([], 1)).toBeUndefined()
    expect(membersOf([])).toEqual([])
  })

  it('counts every configuration that is in force or to come', () => {
    expect(membersOf(configurations)).toEqual([0, 1, 2, 3, 4, 5, 6])
    expect(isVoter(configurations, 6, storeOf(6))).toBe(true)
    expect(isVoter(configurations, 6, storeOf(5)), 'another store is another voter').toBe(false)
    expect(isVoter(configurations, 7, storeOf(7))).toBe(false)
  })

  it.each([
    [0, [1, 2, 3]],
    [9, [1, 2, 3]],
    [10, [2, 3]],
    [11, [3]],
    [50, [3]],
  ])('once slot %i is applied, is known for later slots alone: configurations %j', (applied, versions) => {
    const after = membershipAfter({ configurations, highestMember: 6 }, applied)
    expect(after.configurations.map(({ version }) => version)).toEqual(versions)
    expect(after.highestMember, 'numbers stay used').toBe(6)
    for (let slot = applied + 1; slot < applied + 20; slot++) {
      expect(configurationOf(after.configurations, slot)).toBe(configurationOf(configurations, slot))
    }
  })

  it('is the same object while nothing changes', () => {
    const before = founded()
    expect(membershipAfter(before, 100)).toBe(before)
  })
})

describe('the bytes of a change', () => {
  it('do not go on after its last voter', () => {
    const bytes = encodeChange(change(THREE))
    expect(() => decodeChange(Uint8Array.of(...bytes, 0))).toThrow(MalformedBytes)
  })

  it('name it', () => {
    expect(() => decodeChange(encodeChange(change(THREE, { name: '' })))).toThrow(MalformedBytes)
  })
})
