// Partial partitions: who can talk to a quorum leads, whoever cannot talk to whom. The three of the Omni-Paxos paper
// (section 2), each of which stops some other protocol for ever; and reads across them.

import { describe, expect, it } from 'vitest'
import type { NodeId } from '../../src/paxos/index.js'
import { type Fault, readsWithoutARound } from '../support/planted.js'
import { Theatre } from '../support/theatre.js'

const LATENCY = { latencyMicros: 10_000 }

type Link = readonly [NodeId, NodeId]

/** From now on only these pairs of members hear each other. */
function onlyBetween(theatre: Theatre, links: readonly Link[]): void {
  theatre.apart = (from, to) => !links.some(([a, b]) => (a === from && b === to) || (a === to && b === from))
}

/** Five members, of which this one leads. */
function ledBy(leader: NodeId, roles: Fault = {}): Theatre {
  const draw = (id: NodeId, low: number, high: number) => (id === leader ? low : high)
  const theatre = new Theatre({ members: 5, draw, roles }).open()
  expect(theatre.elect(LATENCY)).toBe(leader)
  return theatre
}

/** Clients at these members get answers within a few elections. */
function serves(theatre: Theatre, at: readonly NodeId[]): void {
  const references = at.map((id) => theatre.enter(id, `from ${id}`))
  const answered = () => references.every((reference) => theatre.answers.has(reference))
  theatre.run(answered, { ...LATENCY, limitMicros: 15_000_000 })
  expect(theatre.judge.broken).toEqual([])
}

/** How often anybody began to scout while time went by. */
function scoutingsIn(theatre: Theatre, micros: number): number {
  theatre.lines.splice(0)
  theatre.runFor(micros, LATENCY)
  return theatre.lines.filter((line) => line.includes('begins    scout')).length
}

describe('a cluster of which one member alone still talks to a quorum', () => {
  const star: readonly Link[] = [
    [0, 1],
    [0, 2],
    [0, 3],
    [0, 4],
  ]

  it('(quorum loss) is led by that member, though every other hears the old leader or none', () => {
    const theatre = ledBy(2)
    onlyBetween(theatre, star)
    serves(theatre, [0, 1, 3, 4])
    expect(theatre.leaders).toContain(0)
    expect(scoutingsIn(theatre, 10_000_000)).toBe(0)
  })

  it('(constrained election) is led by that member, though it knows less than the others', () => {
    const theatre = ledBy(2)
    theatre.apart = (_from, to) => to === 0
    const reference = theatre.enter(2, 'member 0 has not heard of it')
    theatre.run(() => theatre.answers.has(reference), LATENCY)
    theatre.crash(2)
    onlyBetween(theatre, star)
    serves(theatre, [0, 1, 3, 4])
    expect(theatre.entries(0)[0]).toBe('member 0 has not heard of it')
  })
})

describe('a chain, in which the leader and one member do not hear each other', () => {
  it('(chained) keeps its leader, and serves whoever hears it only by way of another', () => {
    const draw = (id: NodeId, low: number, high: number) => (id === 2 ? low : high)
    const theatre = new Theatre({ draw }).open()
    expect(theatre.elect(LATENCY)).toBe(2)
    onlyBetween(theatre, [
      [0, 1],
      [1, 2],
    ])
    expect(scoutingsIn(theatre, 10_000_000)).toBe(0)
    expect(theatre.leaders).toEqual([2])
    serves(theatre, [0, 1, 2])
    theatre.runFor(2_000_000, LATENCY)
    expect(theatre.entries(0)).toHaveLength(3)
  })
})

describe('a member that is cut off', () => {
  it('raises no ballot while it is away, and disturbs nobody when it comes back', () => {
    const theatre = ledBy(2)
    theatre.apart = (from, to) => from === 4 || to === 4
    expect(scoutingsIn(theatre, 20_000_000)).toBe(0)
    theatre.apart = () => false
    expect(scoutingsIn(theatre, 5_000_000)).toBe(0)
    expect(theatre.leaders).toEqual([2])
  })

  it('and led stops leading, and answers no read from what it knew', () => {
    const theatre = ledBy(2)
    serves(theatre, [2, 3])
    theatre.apart = (from, to) => (from === 2) !== (to === 2)
    const stale = theatre.read(2)
    const entered = theatre.enter(3, 'decided without it')
    theatre.run(() => theatre.answers.has(entered), LATENCY)
    expect(theatre.answers.has(stale)).toBe(false)
    expect(theatre.leaders).not.toContain(2)
    theatre.apart = () => false
    theatre.run(() => theatre.answers.has(stale), LATENCY)
    expect(theatre.answer(stale)).toContain('decided without it')
  })
})

describe('a leader that was deposed and does not know it', () => {
  /** What is wrong with a read at it. */
  function readAt(roles: Fault): readonly string[] {
    const theatre = ledBy(2, roles)
    serves(theatre, [0, 2])
    theatre.apart = (from, to) => from === 2 || to === 2
    const entered = theatre.enter(0, 'under another leader')
    // Only the time of the others goes by: what should ring at member 2 rings later.
    while (!theatre.answers.has(entered)) {
      for (const id of theatre.members) theatre.sync(id)
      const [letter] = theatre.letters
      const alarm = theatre.alarms.find(({ actor }) => actor.id !== 2)
      if (letter !== undefined) theatre.deliverLetter(letter)
      else if (alarm !== undefined) theatre.ring(alarm)
    }
    expect(theatre.node(2).roles.leader?.phase).toBe('leading')
    theatre.apart = () => false
    const read = theatre.read(2)
    theatre.run(() => theatre.answers.has(read), LATENCY)
    return theatre.judge.broken
  }

  it('confirms no read: a quorum has promised another', () => {
    expect(readAt({})).toEqual([])
  })

  it('would give a stale answer if it did', () => {
    expect(readAt(readsWithoutARound)).toEqual(['a linearizable read did not see under another leader'])
  })
})
