// The verdict of membership is seen to fail: on made-up calls, and on a member that tells something else.

import { describe, expect, it } from 'vitest'
import { type Founding, type Membership as Known, Node, type NodeOptions } from '../../src/paxos/index.js'
import { Membership } from '../../src/simulation/verdicts/membership.js'
import { failuresOf, runWorld } from './worlds.js'

const voter = (member: number, store = member + 100): { member: number; store: number } => ({ member, store })
const founding: Founding = { cluster: 1, voters: [0, 1, 2].map((each) => voter(each)), timeMicros: 0 }
const known = (version: number, fromSlot: number, members: readonly number[]): Known => ({
  configurations: [{ version, fromSlot, members, voters: members.map((each) => voter(each)), change: '' }],
  highestMember: Math.max(...members),
})

function founded(): Membership {
  const verdict = new Membership([0, 1, 2], 10)
  verdict.founded(1, 0, founding)
  return verdict
}

describe('the verdict of membership', () => {
  it('has a change in force α slots later', () => {
    const verdict = founded()
    verdict.changes(5, { name: 'a', version: 1, voters: [voter(4), voter(0), voter(3)] })
    expect(verdict.votersOf(14)).toEqual([0, 1, 2])
    expect(verdict.votersOf(15)).toEqual([0, 3, 4])
    verdict.configured(7, 1, 14, known(2, 15, [0, 3, 4]))
    expect(verdict.result.ok).toBe(true)
  })

  it.each([
    ['of another version', { name: 'a', version: 2, voters: [voter(0)] }],
    ['that leaves nobody', { name: 'a', version: 1, voters: [] }],
    ['that names a member twice', { name: 'a', version: 1, voters: [voter(3), voter(3)] }],
    ['that lets a member vote with another store', { name: 'a', version: 1, voters: [voter(1, 7)] }],
  ])('takes no change %s', (_what, change) => {
    const verdict = founded()
    verdict.changes(5, change)
    expect(verdict.votersOf(100)).toEqual([0, 1, 2])
  })

  it('lets nobody come back under a number that was used', () => {
    const verdict = founded()
    verdict.changes(1, { name: 'a', version: 1, voters: [voter(0), voter(1)] })
    verdict.changes(2, { name: 'b', version: 2, voters: [voter(0), voter(1), voter(2)] })
    expect(verdict.votersOf(100)).toEqual([0, 1])
  })

  it('breaks when a member would take a number that was used for a new one', () => {
    const verdict = founded()
    verdict.changes(5, { name: 'a', version: 1, voters: [voter(0), voter(1)] })
    verdict.configured(6, 2, 15, { ...known(2, 15, [0, 1]), highestMember: 2 })
    expect(verdict.result.ok).toBe(true)
    verdict.configured(7, 2, 15, known(2, 15, [0, 1]))
    const reason = 'NODE_2, after slot 15, would take NODE_2 for a number that nobody had'
    expect(verdict.result).toMatchObject({ ok: false, event: 7, reason })
  })

  it.each([
    ['the wrong members', known(1, 1, [0, 1])],
    ['the right ones from the wrong slot on', known(1, 2, [0, 1, 2])],
  ])('breaks when a member has %s vote', (_what, membership) => {
    const verdict = founded()
    verdict.configured(6, 2, 0, membership)
    expect(verdict.result).toMatchObject({
      ok: false,
      event: 6,
      reason: expect.stringMatching(/^NODE_2 has NODE_0, .* vote from slot \d+ on, and no decree says so$/),
    })
  })

  it.each([
    ['does not know a change that it has applied', known(1, 1, [0, 1, 2]), 5],
    ['knows one that it cannot have applied', known(2, 15, [0, 1, 3]), 4],
  ])('breaks when a member %s', (_what, membership, applied) => {
    const verdict = founded()
    verdict.changes(5, { name: 'a', version: 1, voters: [voter(0), voter(1), voter(3)] })
    verdict.configured(6, 2, applied, membership)
    expect(verdict.result).toMatchObject({
      ok: false,
      event: 6,
      reason: expect.stringMatching(/^NODE_2, after slot \d, does not know configuration \d$/),
    })
  })

  it('breaks when the cluster is founded in two ways', () => {
    const verdict = founded()
    verdict.founded(2, 1, founding)
    expect(verdict.result.ok).toBe(true)
    verdict.founded(3, 2, { ...founding, timeMicros: 1 })
    expect(verdict.result).toMatchObject({
      ok: false,
      event: 3,
      reason: 'NODE_2 has another founding than others have',
    })
  })

  it('breaks when a member that starts again has others vote than before', () => {
    const scenario = { members: 3, faults: { crash: 6 } }
    expect(failuresOf(runWorld({ scenario }))).toEqual([])
    const makeNode = (made: NodeOptions): Node => new Forgetful(made)
    const { result } = runWorld({ scenario, makeNode }).court.membership
    expect(result.reason).toMatch(/^NODE_\d has NODE_0, NODE_1 vote from slot 1 on, and no decree says so$/)
  })
})

/** Says that the last voter does not vote. */
class Forgetful extends Node {
  override step(...args: Parameters<Node['step']>): ReturnType<Node['step']> {
    return super.step(...args).map((action) => {
      if (action.type !== 'observe' || action.observation.type !== 'configured') return action
      const configurations = action.observation.membership.configurations.map((each) => ({
        ...each,
        members: each.members.slice(0, -1),
      }))
      const membership = { ...action.observation.membership, configurations }
      return { ...action, observation: { ...action.observation, membership } }
    })
  }
}
