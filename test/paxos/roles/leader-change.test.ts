// The Leader while the membership changes (The Part-Time Parliament, section 3.3.6), and while it hands over.

import { beforeEach, describe, expect, it } from 'vitest'
import { type Ballot, type MemberId, NO_OP, type Slot } from '../../../src/paxos/index.js'
import { sending } from '../../support/bench.js'
import {
  acknowledge,
  adopted,
  answer,
  at,
  BASE,
  bench,
  heartbeat,
  lead,
  leader,
  learned,
  NOBODY,
  progress,
  propose,
  seat,
  tendered,
  vote,
} from '../../support/seated-leader.js'
import { ballot, changed, changing, opaque, request, storeOf, THREE } from '../../support/words.js'

const ALPHA = 3
const settings = { alpha: ALPHA }

/** It leads, and everything up to this slot is decided and known to its replica. */
function leadFrom(decided: Slot, members: readonly MemberId[] = THREE): Ballot {
  const under = lead({ settings, members }, [], decided)
  learned(decided)
  bench.take()
  return under
}

const learning = (from: MemberId, under: Ballot, decided: Slot, store = storeOf(from)) =>
  leader.learning(from, { type: 'learning', ballot: under, store, decided })

/** The slots that were tendered since the last time, and who votes on each. */
const voters = () => bench.messages('tender').map(({ slot, members }) => [slot, members])

describe('a change that admits nobody', () => {
  it('is proposed at once', () => {
    leadFrom(0)
    propose(changing([0, 1]))
    expect(tendered()).toEqual([[1, [1]]])
  })

  it('is proposed also when one that has to wait comes in the same turn', () => {
    leadFrom(0)
    propose(changing([0, 1]), changing([0, 1, 2, 3]))
    expect(tendered()).toEqual([[1, [1]]])
  })
})

describe('a change that admits somebody', () => {
  it('waits until every newcomer has learned all but the last alpha slots', () => {
    const under = leadFrom(20)
    propose(changing([0, 1, 2, 3, 4]))
    learning(3, under, 20 - ALPHA)
    learning(4, under, 20 - ALPHA - 1)
    expect(tendered()).toEqual([])
    learning(4, under, 20 - ALPHA)
    expect(tendered()).toEqual([[21, [1]]])
  })

  it('waits for every newcomer to say that it has joined, also where there is nothing to learn', () => {
    const under = leadFrom(0)
    propose(changing([0, 1, 2, 3]))
    expect(tendered()).toEqual([])
    learning(3, under, 0)
    expect(tendered()).toEqual([[1, [1]]])
  })

  it('has the heartbeats go to the newcomers too, so that they learn', () => {
    leadFrom(20)
    propose(changing([0, 1, 2, 3]))
    leader.timer('heartbeat')
    expect(bench.sent('heartbeat').map(({ to }) => to)).toEqual([[0, 1, 2, 3]])
  })

  it('does not hold up what others ask', () => {
    leadFrom(20)
    propose(changing([0, 1, 2, 3]))
    propose(request(1, 7, 'x'))
    expect(tendered()).toEqual([[21, [7]]])
  })

  it('is not moved by what a newcomer tells an earlier leader', () => {
    const under = leadFrom(20)
    propose(changing([0, 1, 2, 3]))
    learning(3, ballot(under.round - 1), 20)
    expect(tendered()).toEqual([])
  })

  it('waits for the very store that it names: another one would never vote', () => {
    const under = leadFrom(20)
    propose(changing([0, 1, 2, 3]))
    learning(3, under, 20, storeOf(3) + 1)
    expect(tendered()).toEqual([])
    learning(3, under, 20)
    expect(tendered()).toEqual([[21, [1]]])
  })

  it('that is of another version is proposed at once: its decree will say that it cannot be', () => {
    leadFrom(20)
    propose(changing([0, 1, 2, 3], 9))
    expect(tendered()).toEqual([[21, [1]]])
  })

  it('that is of a later version waits until that is known, and then for its newcomers: its decree might carry it out', () => {
    const under = leadFrom(20)
    propose(request(1, 7, 'x'))
    propose(changing([0, 1, 3], 2))
    expect(tendered()).toEqual([[21, [7]]])
    progress(under, 21)
    bench.membership = changed(29, THREE, [0, 1])
    learned(21)
    const filling = [22, 23, 24].map((slot) => [slot, NO_OP])
    expect(tendered()).toEqual(filling)
    progress(under, 24)
    learned(24)
    expect(tendered()).toEqual([25, 26, 27].map((slot) => [slot, NO_OP]))
    learning(3, under, 24)
    progress(under, 25)
    learned(25)
    expect(tendered()).toEqual([[28, [1]]])
  })

  it('that is of a later version than there is waits until there is nothing left to learn', () => {
    const under = leadFrom(20)
    propose(request(1, 7, 'x'))
    propose(changing([0, 1, 2, 3], 2))
    bench.take()
    progress(under, 21)
    expect(tendered()).toEqual([])
    learned(21)
    expect(tendered()).toEqual([[22, [1]]])
  })

  it('comes after what waited before it, which may be a change that it was not judged after', () => {
    const under = leadFrom(20)
    propose(request(1, 7, 'x'))
    bench.take()
    bench.writing = true
    propose(request(1, 8, 'x'), changing([0, 1]))
    expect(tendered()).toEqual([])
    progress(under, 21)
    expect(tendered()).toEqual([[22, [8, 1]]])
  })

  it.each([
    ['names a number that was used before', [0, 1, 3]],
    ['names a newcomer twice', [0, 1, 4, 4]],
  ])('that %s is proposed at once too, whoever has not learned: its decree refuses it', (_name, members) => {
    leadFrom(20)
    bench.membership = { ...bench.membership, highestMember: 3 }
    propose(changing(members))
    expect(tendered()).toEqual([[21, [1]]])
  })

  it('is forgotten by a leader that steps down, as is all that was only queued', () => {
    const under = leadFrom(20)
    propose(changing([0, 1, 2, 3]))
    heartbeat(1, ballot(under.round + 1))
    expect(leader.change).toBeNull()
    expect(bench.take()).toContainEqual(NOBODY)
  })
})

describe('a change that is decided', () => {
  let under: Ballot

  /** Slot 1 made these the voters from slot 1 + alpha on. */
  function change(members: readonly MemberId[]): void {
    under = leadFrom(0)
    propose(changing(members))
    for (const member of members) if (!THREE.includes(member)) learning(member, under, 0)
    bench.take()
    progress(under, 1)
    bench.membership = changed(ALPHA, THREE, members)
    bench.take()
    learned(1)
  }

  beforeEach(() => change([2, 3, 4]))

  it('is followed by no-ops up to where it comes into force', () => {
    expect(tendered()).toEqual([
      [2, NO_OP],
      [3, NO_OP],
    ])
  })

  it('leaves the slots below it to those who voted before', () => {
    expect(voters()).toEqual([
      [2, THREE],
      [3, THREE],
    ])
  })

  it('has a scout ask the new members for their promise under the same ballot, from where they vote on', () => {
    const [, next] = bench.membership.configurations
    expect(bench.take()).toContainEqual({
      type: 'become',
      role: 'scout',
      start: { ballot: under, fromSlot: 1 + ALPHA, configurations: [next] },
    })
    learned(1)
    expect(bench.take(), 'once').not.toContainEqual(expect.objectContaining({ type: 'become' }))
  })

  it('has nothing proposed at or above it before a quorum of the new members has promised', () => {
    bench.take()
    for (const sequence of [1, 2, 3]) propose(request(1, sequence, 'x'))
    progress(under, 3)
    learned(3)
    expect(tendered()).toEqual([])
    adopted(under, [], 3, 2)
    expect(voters()).toEqual([])
  })

  it('is proposed under by the leader once they have, if it votes with them', () => {
    change([0, 3, 4])
    bench.take()
    progress(under, 3)
    learned(3)
    propose(request(1, 7, 'x'))
    expect(tendered()).toEqual([])
    adopted(under, [], 3, 2)
    expect(voters()).toEqual([[4, [0, 3, 4]]])
  })

  it('inherits what the new members voted for, and fills the gaps', () => {
    change([0, 3, 4])
    progress(under, 3)
    learned(3)
    bench.take()
    adopted(under, [vote(5, opaque(5))], 3, 2)
    expect(tendered()).toEqual([
      [4, NO_OP],
      [5, opaque(5)],
    ])
  })

  it('has only the new members tell what may be chosen there, whatever those before had told', () => {
    // It leads without knowing of the change, which is in slot 1: one of those who vote there too told of slot 5.
    under = lead({ settings }, [vote(1, opaque(1)), vote(5, opaque(8))])
    progress(under, 1)
    bench.membership = changed(ALPHA, THREE, [0, 3, 4])
    learned(1)
    progress(under, 3)
    learned(3)
    bench.take()
    adopted(under, [vote(5, opaque(9))], 3, 2)
    expect(tendered()).toEqual([
      [4, NO_OP],
      [5, opaque(9)],
    ])
  })

  it('beyond which somebody else has led already ends its leading', () => {
    change([0, 3, 4])
    adopted(under, [], 1 + ALPHA, 2)
    expect(leader.phase).toBe('following')
  })

  it('is not extended to by the promises of an earlier ballot', () => {
    change([0, 3, 4])
    progress(under, 3)
    learned(3)
    bench.take()
    propose(request(1, 7, 'x'))
    adopted(ballot(under.round, 0, 99), [], 3, 2)
    expect(tendered()).toEqual([])
  })

  it('that removes the leader has it lead up to there, hand over to one of the new members, and follow', () => {
    progress(under, 2)
    learned(2)
    expect(leader.phase).toBe('leading')
    bench.take()
    progress(under, 3)
    bench.membership = { ...bench.membership, configurations: bench.membership.configurations.slice(1) }
    learned(3)
    expect(leader.phase).toBe('following')
    expect(bench.sent('handOver')).toEqual([{ to: 2, message: { type: 'handOver', ballot: under } }])
  })

  it('that removes it is not acted on before its replica knows that it is in force', () => {
    progress(under, 3)
    expect(leader.phase).toBe('leading')
  })
})

describe('two changes that are decided before the first is in force', () => {
  it('are prepared together', () => {
    const under = leadFrom(0)
    for (const members of [[0, 1], [0]]) propose(changing(members))
    progress(under, 1)
    bench.membership = changed(ALPHA, THREE, [0, 1], [0])
    bench.take()
    learned(2)
    expect(bench.take()).toContainEqual({
      type: 'become',
      role: 'scout',
      start: { ballot: under, fromSlot: 1 + ALPHA, configurations: bench.membership.configurations.slice(1) },
    })
  })
})

describe('a leader that was elected while a change is on its way', () => {
  it('scouts under all configurations that it knows, and proposes under each up to the next', () => {
    seat({ settings })
    bench.membership = changed(ALPHA, THREE, [0, 3, 4])
    learned(1)
    leader.timer('election')
    const [question] = bench.messages('prescout')
    expect(question).toBeDefined()
    for (const member of [0, 1]) {
      leader.prescoutAnswer(member, {
        type: 'prescoutAnswer',
        question: question?.question ?? '',
        leader: null,
        decided: 0,
      })
    }
    expect(bench.take()).toContainEqual({
      type: 'become',
      role: 'scout',
      start: { ballot: leader.ballot, fromSlot: 2, configurations: bench.membership.configurations },
    })
    adopted(leader.ballot, [], 1, 2)
    expect(voters()).toEqual([
      [2, THREE],
      [3, THREE],
    ])
    progress(leader.ballot, 3)
    learned(3)
    propose(request(1, 1, 'x'))
    expect(voters()).toEqual([[4, [0, 3, 4]]])
  })

  it('asks the members of the configuration in force alone whether somebody leads', () => {
    seat({ settings })
    bench.membership = changed(ALPHA, THREE, [0, 3, 4])
    leader.timer('election')
    const [question] = bench.messages('prescout')
    for (const member of [3, 4]) {
      leader.prescoutAnswer(member, {
        type: 'prescoutAnswer',
        question: question?.question ?? '',
        leader: null,
        decided: 0,
      })
    }
    expect(leader.phase).toBe('asking')
  })
})

describe('a member that votes only on slots to come', () => {
  beforeEach(() => {
    seat({ settings })
    const [before] = changed(ALPHA, [1, 2, 3]).configurations
    const [after] = changed(ALPHA, [0, 1, 2, 3]).configurations
    if (before === undefined || after === undefined) throw new Error('Both were founded.')
    const next = { ...after, version: 2, fromSlot: 1 + ALPHA, change: 'to 0,1,2,3' }
    bench.membership = { configurations: [before, next], highestMember: 3 }
    bench.take()
  })

  /** Every member hears no leader. */
  function everybodyAnswers(): void {
    leader.timer('election')
    const [question] = bench.messages('prescout')
    for (const member of [0, 1, 2, 3]) answer(member, question?.question ?? '')
  }

  it('does not lead: it could propose nothing in those before', () => {
    everybodyAnswers()
    expect(leader.phase).toBe('asking')
    leader.handOver(1, { type: 'handOver', ballot: ballot(2, 1) })
    expect(leader.phase).toBe('asking')
  })

  it.each([
    ['once a quorum hears no leader', everybodyAnswers],
    ['when it is asked to', () => leader.handOver(1, { type: 'handOver', ballot: ballot(2, 1) })],
  ])('does when its configuration is in force: %s', (_name, begin) => {
    bench.membership = { ...bench.membership, configurations: bench.membership.configurations.slice(1) }
    begin()
    expect(leader.phase).toBe('scouting')
  })
})

describe('a member that does not vote', () => {
  beforeEach(() => {
    seat({ settings })
    bench.voting = false
    bench.take()
  })

  it('never scouts, though a quorum hears no leader', () => {
    leader.timer('election')
    const [question] = bench.messages('prescout')
    for (const member of THREE) {
      leader.prescoutAnswer(member, {
        type: 'prescoutAnswer',
        question: question?.question ?? '',
        leader: null,
        decided: 0,
      })
    }
    expect(leader.phase).toBe('asking')
  })

  it('learns by the heartbeats, and says how far', () => {
    learned(4)
    bench.take()
    leader.heartbeat(1, { type: 'heartbeat', ballot: ballot(2, 1), decided: 9, round: 0, written: 0 })
    expect(bench.take().slice(0, 2)).toEqual([
      sending(0, { type: 'learn', decisions: [], decided: 9, source: 1 }),
      sending(1, { type: 'learning', ballot: ballot(2, 1), store: bench.store, decided: 4 }),
    ])
  })

  it('does not take over when it is asked to', () => {
    leader.handOver(1, { type: 'handOver', ballot: ballot(2, 1) })
    expect(leader.phase).toBe('following')
  })
})

// ---- reads ---------------------------------------------------------------------------------------------------

describe('a read round while a change is on its way', () => {
  let under: Ballot
  const confirm = () => leader.confirm(0, { type: 'confirm', question: 'q' })
  const confirmed = () => bench.messages('confirmed')

  beforeEach(() => {
    under = leadFrom(0)
    bench.membership = changed(ALPHA, THREE, [0, 3, 4, 5, 6])
    progress(under, 1)
    learned(1)
    bench.take()
  })

  it('needs a quorum of those who vote on the first slot that is not proposed, though those below are not decided', () => {
    confirm()
    expect(bench.take(), 'they have not promised').toEqual([])
    adopted(under, [], 3, 2)
    bench.take()
    confirm()
    for (const from of [0, 1, 2, 3]) acknowledge(from, under, leader.round)
    expect(confirmed(), '0 and 3 are too few of five').toEqual([])
    acknowledge(4, under, leader.round)
    expect(confirmed()).toHaveLength(1)
  })

  it('is not begun while those who vote on that slot have not promised', () => {
    progress(under, 3)
    learned(3)
    bench.take()
    confirm()
    expect(bench.take()).toEqual([])
    adopted(under, [], 3, 2)
    bench.take()
    confirm()
    for (const from of [1, 2, 0, 3]) acknowledge(from, under, leader.round)
    expect(confirmed(), '0 and 3 are too few of five').toEqual([])
    acknowledge(4, under, leader.round)
    expect(confirmed()).toHaveLength(1)
  })

  it('is not begun while its replica is behind, which may not know who votes', () => {
    progress(under, 2)
    bench.take()
    confirm()
    expect(bench.take()).toEqual([])
  })
})

// ---- handing over --------------------------------------------------------------------------------------------

describe('a transfer', () => {
  const transfer = (to: MemberId | null, from = 0) => leader.transfer(from, { type: 'transfer', to })
  const heirs = () => bench.sent('handOver').map(({ to }) => to)

  it('at the leader hands over at once when nothing is in flight', () => {
    const under = leadFrom(0)
    transfer(2)
    expect(bench.sent('handOver')).toEqual([{ to: 2, message: { type: 'handOver', ballot: under } }])
  })

  it('lets what is in flight be decided first, and proposes nothing else', () => {
    const under = leadFrom(0)
    propose(request(1, 1, 'x'))
    bench.take()
    transfer(2)
    propose(request(1, 2, 'y'))
    expect(bench.take()).toEqual([])
    progress(under, 1)
    expect(heirs()).toEqual([2])
  })

  it('without a name goes to the member that was heard last', () => {
    const under = leadFrom(0)
    at(5)
    acknowledge(2, under)
    transfer(null)
    expect(heirs()).toEqual([2])
  })

  it('to somebody who does not vote goes to another', () => {
    leadFrom(0)
    transfer(9)
    expect(heirs()).toEqual([1])
  })

  it('of which nothing comes is given up after a while: it goes on leading', () => {
    const under = leadFrom(0)
    transfer(2)
    at(BASE + 1)
    for (const member of THREE) acknowledge(member, under)
    leader.timer('heartbeat')
    bench.take()
    propose(request(1, 1, 'x'))
    expect(tendered()).toEqual([[1, [1]]])
    expect(leader.handingOver).toBeNull()
  })

  it('elsewhere is passed on to the leader, once', () => {
    seat()
    heartbeat(2, ballot(3, 2))
    bench.take()
    transfer(1)
    expect(bench.take()).toEqual([sending(2, { type: 'transfer', to: 1 })])
    transfer(1, 1)
    expect(bench.take()).toEqual([])
  })

  it('is dropped where no leader is heard', () => {
    seat()
    bench.take()
    transfer(1)
    expect(bench.take()).toEqual([])
  })
})

describe('a member that is asked to take over', () => {
  const handOver = (under: Ballot) => leader.handOver(1, { type: 'handOver', ballot: under })

  beforeEach(() => {
    seat()
    heartbeat(1, ballot(4, 1))
    bench.take()
  })

  it('scouts at once with a higher ballot, though it hears a leader', () => {
    handOver(ballot(4, 1))
    expect(leader).toMatchObject({ phase: 'scouting', ballot: { round: 5, member: 0 } })
  })

  it('by a leader that is none any more does nothing', () => {
    handOver(ballot(3, 1))
    expect(leader.phase).toBe('following')
  })

  it('does nothing while its own disk is stalled', () => {
    bench.stalledMicros = BASE + 1
    handOver(ballot(4, 1))
    expect(leader.phase).toBe('following')
  })

  it('while it scouts already goes on as it is', () => {
    handOver(ballot(4, 1))
    const own = leader.ballot
    handOver(ballot(4, 1))
    expect(leader.ballot).toEqual(own)
  })
})

describe('a leader whose disk is stalled', () => {
  it('hands over to the member that it heard last, and follows', () => {
    const under = leadFrom(0)
    at(7)
    acknowledge(2, under)
    bench.stalledMicros = BASE + 1
    leader.timer('heartbeat')
    expect(leader.phase).toBe('following')
    expect(bench.sent('handOver').map(({ to }) => to)).toEqual([2])
  })
})

describe('a leader that proposes in a slot that was trimmed elsewhere', () => {
  it('follows, to lead again when it knows as much', () => {
    const under = leadFrom(0)
    leader.outrun(0, { type: 'outrun', ballot: ballot(under.round - 1) })
    expect(leader.phase).toBe('leading')
    leader.outrun(0, { type: 'outrun', ballot: under })
    expect(leader.phase).toBe('following')
    expect(bench.take()).toContainEqual(NOBODY)
  })
})

describe('a leader that was frozen and thawed', () => {
  it('goes on with the read round that it had begun', () => {
    leadFrom(0)
    leader.confirm(0, { type: 'confirm', question: 'q' })
    leader.confirming = structuredClone(leader.confirming)
    leader.confirm(0, { type: 'confirm', question: 'q' })
    expect(leader.round).toBe(1)
  })
})
