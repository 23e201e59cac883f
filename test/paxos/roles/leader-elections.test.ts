// The Leader that does not lead: it watches, asks, scouts, backs off and gives way (Paxos Made Moderately Complex,
// figure 7 and section 3). What it does once it leads is in leader.test.ts.

import { beforeEach, describe, expect, it } from 'vitest'
import { DEFAULT_SETTINGS } from '../../../src/paxos/index.js'
import { sending } from '../../support/bench.js'
import {
  adopted,
  answer,
  ask,
  at,
  BASE,
  bench,
  heartbeat,
  lead,
  leader,
  learned,
  NOBODY,
  scout,
  seat,
} from '../../support/seated-leader.js'
import { ballot, FIVE, THREE } from '../../support/words.js'

const HEARTBEAT = DEFAULT_SETTINGS.heartbeatMicros

beforeEach(() => seat())

describe('following', () => {
  it('asks when no leader is heard for the base time, or a little longer', () => {
    const started = bench.armed('election')
    expect(started).toEqual({ low: BASE, high: BASE + BASE / 8 })
    at(BASE)
    leader.timer('election')
    expect(leader.phase).toBe('asking')
  })

  it('does not ask as long as a leader is heard, and waits until it has been silent for the base time', () => {
    at(BASE / 2)
    heartbeat(1, ballot(1, 1))
    at(BASE)
    bench.take()
    leader.timer('election')
    expect(bench.armed('election')?.low).toBe(BASE / 2)
    expect(leader.phase).toBe('following')
  })

  it('does not ask while its own disk owes a sync: it waits for another to lead', () => {
    at(BASE)
    bench.stalledMicros = BASE + 1
    leader.timer('election')
    expect(leader.phase).toBe('following')
    expect(bench.armed('election')?.low).toBe(BASE)
  })

  it('tells its replica and its requester whom it hears, once', () => {
    bench.take()
    heartbeat(1, ballot(1, 1))
    expect(bench.take()).toEqual([sending(0, { type: 'leaderChanged', towards: 1, indirect: false })])
    heartbeat(1, ballot(1, 1))
    expect(bench.take()).toEqual([])
    heartbeat(2, ballot(1, 2))
    expect(bench.messages('leaderChanged')).toMatchObject([{ towards: 2 }])
  })

  it('does not listen to a leader whose ballot is lower than one it heard', () => {
    heartbeat(2, ballot(3, 2))
    bench.take()
    heartbeat(1, ballot(2, 1))
    expect(bench.take()).toEqual([])
    expect(leader.heardBallot).toEqual(ballot(3, 2))
  })

  it('listens to it once nobody leads under the higher one: those who were admitted since never heard of that', () => {
    heartbeat(2, ballot(3, 2))
    at(BASE)
    bench.take()
    heartbeat(1, ballot(2, 1))
    expect(bench.messages('leaderChanged')).toMatchObject([{ towards: 1, indirect: false }])
    expect(leader.heardBallot).toEqual(ballot(2, 1))
  })
})

describe('losing the way to the leader', () => {
  beforeEach(() => {
    heartbeat(1, ballot(1, 1))
    bench.take()
  })

  it('makes it ask within a heartbeat', () => {
    leader.lost(1)
    expect(bench.armed('election')).toEqual({ low: HEARTBEAT / 5, high: HEARTBEAT })
    at(HEARTBEAT / 5)
    leader.timer('election')
    expect(leader.phase).toBe('asking')
  })

  it('makes it tell others who ask that it hears none', () => {
    leader.lost(1)
    leader.prescout(2, { type: 'prescout', question: '9.9', decided: 0 })
    expect(bench.messages('prescoutAnswer')).toMatchObject([{ leader: null }])
  })

  it('is forgotten when the leader is heard again', () => {
    leader.lost(1)
    heartbeat(1, ballot(1, 1))
    at(HEARTBEAT)
    leader.timer('election')
    expect(leader.phase).toBe('following')
  })

  it('means nothing where another one leads', () => {
    leader.lost(2)
    expect(bench.take()).toEqual([])
  })

  it('means nothing to one that leads itself', () => {
    lead()
    bench.take()
    leader.lost(1)
    expect(bench.take()).toEqual([])
  })
})

describe('asking before scouting', () => {
  it('asks every member whether it hears a leader, and says that none is known', () => {
    at(BASE)
    bench.take()
    leader.timer('election')
    expect(bench.take()).toEqual([
      NOBODY,
      { type: 'after', timer: 'election', low: BASE, high: BASE },
      sending(THREE, { type: 'prescout', question: '2s.1.1', decided: 0 }),
      { type: 'after', timer: 'ask', low: 150_000, high: 150_000 },
    ])
  })

  it('scouts when a quorum hears no leader either, and not before', () => {
    seat({ members: FIVE })
    const question = ask()
    answer(0, question)
    answer(0, question)
    answer(3, question)
    expect(leader.phase).toBe('asking')
    answer(4, question)
    expect(leader.phase).toBe('scouting')
  })

  it('does not scout without a quorum: who is cut off raises no ballot, however long it lasts', () => {
    for (let attempt = 1; attempt <= 10; attempt++) {
      answer(0, ask())
      leader.timer('election')
    }
    expect(leader.ballot.round).toBe(0)
    expect(leader.highestRound).toBe(0)
  })

  it('repeats the question until there is an answer, and only while it asks', () => {
    const question = ask()
    leader.timer('ask')
    expect(bench.messages('prescout')).toEqual([{ type: 'prescout', question, decided: 0 }])
    heartbeat(1, ballot(1, 1))
    bench.take()
    leader.timer('ask')
    expect(bench.take()).toEqual([])
  })

  it('counts no answer to an earlier question', () => {
    const first = ask()
    leader.timer('election')
    const second = ask()
    expect(second).not.toBe(first)
    for (const member of THREE) answer(member, first)
    expect(leader.phase).toBe('asking')
  })

  it('counts no answer to a question of an earlier life', () => {
    const before = ask()
    seat({ incarnation: 2 })
    expect(ask()).not.toBe(before)
  })

  it('goes by way of a member that hears a leader', () => {
    const question = ask()
    bench.take()
    answer(2, question, ballot(4, 1))
    expect(bench.take()).toEqual([sending(0, { type: 'leaderChanged', towards: 2, indirect: true })])
    expect(leader.highestRound).toBe(4)
    expect(leader.phase).toBe('asking')
  })

  it('follows a leader that it hears meanwhile', () => {
    ask()
    heartbeat(1, ballot(1, 1))
    expect(leader.phase).toBe('following')
  })

  it('is answered by who it hears or is', () => {
    const hears = () => {
      leader.prescout(2, { type: 'prescout', question: '9.9', decided: 0 })
      return bench.sent('prescoutAnswer')[0]
    }
    expect(hears()).toEqual({
      to: 2,
      message: { type: 'prescoutAnswer', question: '9.9', leader: null, decided: 0 },
    })
    heartbeat(1, ballot(3, 1))
    expect(hears()?.message.leader).toEqual(ballot(3, 1))
    at(BASE)
    expect(hears()?.message.leader).toBeNull()
    const own = lead()
    expect(hears()?.message.leader).toEqual(own)
  })

  it('tells both how far the other is, so that who is behind learns where nobody leads', () => {
    learned(4)
    leader.prescout(2, { type: 'prescout', question: '9.9', decided: 7 })
    expect(bench.take()).toEqual(
      expect.arrayContaining([
        sending(2, { type: 'prescoutAnswer', question: '9.9', leader: null, decided: 4 }),
        sending(0, { type: 'learn', decisions: [], decided: 7, source: 2 }),
      ]),
    )
    leader.prescoutAnswer(1, { type: 'prescoutAnswer', question: 'another', leader: null, decided: 9 })
    expect(bench.messages('learn')).toMatchObject([{ decided: 9, source: 1 }])
    leader.prescout(2, { type: 'prescout', question: '9.9', decided: 4 })
    expect(bench.messages('learn')).toEqual([])
  })

  it('is answered with nobody while it asks or scouts itself', () => {
    const hears = () => {
      leader.prescout(2, { type: 'prescout', question: '9.9', decided: 0 })
      return bench.messages('prescoutAnswer')[0]?.leader
    }
    ask()
    expect(hears()).toBeNull()
    scout()
    expect(hears()).toBeNull()
  })
})

describe('the back-off (Paxos Made Moderately Complex, section 3)', () => {
  it('spreads wider with each election that leads nowhere, up to twice the base and never beyond', () => {
    const spreads: number[] = []
    for (let failure = 0; failure < 8; failure++) {
      ask()
      bench.take()
      leader.timer('election') // nobody answered in time
      const armed = bench.armed('election')
      expect(armed?.low).toBe(0) // the base time went by while it asked
      spreads.push((armed?.high ?? 0) / BASE)
    }
    expect(spreads).toEqual([1 / 4, 1 / 2, 1, 1, 1, 1, 1, 1])
  })

  it('begins anew when a leader is heard', () => {
    for (let failure = 0; failure < 5; failure++) {
      ask()
      leader.timer('election')
    }
    heartbeat(1, ballot(1, 1))
    expect(leader.failures).toBe(0)
  })

  it('applies after a preemption too', () => {
    const under = scout()
    bench.take()
    leader.preempted(0, { type: 'preempted', ballot: under, promised: ballot(7, 1) })
    expect(bench.armed('election')).toEqual({ low: BASE, high: BASE + BASE / 4 })
  })
})

describe('scouting', () => {
  it('uses a ballot above every round that it has heard of, or promised in an earlier life', () => {
    seat({ round: 6, incarnation: 3 })
    expect(scout()).toEqual(ballot(7, 0, 3))
    seat({ round: 6, incarnation: 3 })
    heartbeat(2, ballot(11, 2))
    at(BASE)
    expect(scout()).toEqual(ballot(12, 0, 3))
  })

  it('asks from the first slot that its replica does not know', () => {
    learned(4)
    scout()
    expect(bench.take()).toContainEqual({
      type: 'become',
      role: 'scout',
      start: {
        ballot: leader.ballot,
        fromSlot: 5,
        configurations: bench.membership.configurations,
      },
    })
  })

  it('gives up when no quorum has promised in time', () => {
    scout()
    expect(bench.armed('election')).toEqual({ low: 2 * BASE, high: 2 * BASE })
    leader.timer('election')
    expect(leader.phase).toBe('following')
    expect(bench.take()).toContainEqual({ type: 'retire', role: 'scout' })
  })

  it('prepares a ballot again that was not adopted in time: who promised it late need not write again', () => {
    const first = scout()
    leader.timer('election')
    expect(scout()).toEqual(first)
    bench.take()
    adopted(first)
    expect(leader.phase).toBe('leading')
  })

  it('never scouts again with a ballot under which it led, or that was outbid', () => {
    const led = lead()
    heartbeat(1, ballot(led.round, 1))
    at(BASE)
    const next = scout()
    expect(next.round).toBe(led.round + 1)
    leader.preempted(0, { type: 'preempted', ballot: next, promised: ballot(next.round, 2) })
    expect(scout().round).toBe(next.round + 1)
  })

  it('gives way to a leader with a higher ballot and not to one with a lower', () => {
    seat({ round: 5 })
    scout()
    heartbeat(1, ballot(5, 1))
    expect(leader.phase).toBe('scouting')
    heartbeat(1, ballot(6, 1))
    expect(leader.phase).toBe('following')
  })
})

describe('a preemption', () => {
  it('by a higher ballot ends scouting and leading, and the next ballot is above it', () => {
    for (const begin of [scout, lead]) {
      seat()
      const under = begin()
      leader.preempted(0, { type: 'preempted', ballot: under, promised: ballot(9, 2) })
      expect(leader.phase).toBe('following')
      expect(scout().round).toBe(10)
    }
  })

  it('by a lower ballot is ignored and lowers nothing', () => {
    seat({ round: 4 })
    const under = lead({ round: 4 })
    leader.preempted(0, { type: 'preempted', ballot: under, promised: ballot(2, 2) })
    leader.heartbeatRejected(1, { type: 'heartbeatRejected', ballot: under, promised: ballot(2, 2) })
    expect(leader).toMatchObject({ phase: 'leading', ballot: under, highestRound: under.round })
  })

  it('of an earlier ballot of its own is ignored', () => {
    const under = lead()
    leader.preempted(0, { type: 'preempted', ballot: ballot(0, 0, 1), promised: ballot(9, 2) })
    expect(leader).toMatchObject({ phase: 'leading', ballot: under })
  })

  it('may come as the rejection of a heartbeat', () => {
    const under = lead()
    leader.heartbeatRejected(1, { type: 'heartbeatRejected', ballot: under, promised: ballot(9, 2) })
    expect(leader.phase).toBe('following')
  })
})

describe('the leader of the member that founds the cluster', () => {
  it('scouts at once: nobody else can be leading', () => {
    seat({ eager: true })
    expect(leader).toMatchObject({ phase: 'scouting', ballot: ballot(1) })
  })

  it('scouts as soon as the founding is durable, and only if nobody leads by then', () => {
    seat({ eager: true, writing: true })
    expect(leader.phase).toBe('following')
    bench.writing = false
    leader.written()
    expect(leader.phase).toBe('scouting')

    seat({ eager: true, writing: true })
    heartbeat(1, ballot(1, 1))
    bench.writing = false
    leader.written()
    expect(leader.phase).toBe('following')
    at(10 * BASE)
    leader.written()
    expect(leader.phase).toBe('following')
  })
})
